//! Runs the models: each order in which threads may come to what they share, up to a number of interruptions.

macro_rules! models {
    ($($model:ident)*) => {
        $(
            #[test]
            fn $model() {
                mp_interleavings::models::$model();
            }
        )*
    };
}

models! {
    an_answer_wakes_the_thread_that_waits_for_it
    a_callback_runs_while_its_caller_waits
    a_worker_that_ends_runs_a_job_or_drops_it
    room_that_is_made_lets_those_go_on_who_wait
    a_closed_gate_holds_up_nobody
    whoever_waits_for_the_end_of_a_connection_hears_of_it
    the_end_of_a_loan_waits_for_calls
    the_end_of_a_loan_drops_its_tasks
    nothing_that_is_let_go_is_forgotten
    a_callback_hears_all_news
    a_callback_that_ends_is_let_go_once
    what_is_wanted_of_an_event_loop_is_done
}
