//! The models.
//!
//! In: one part of the runtime, and threads that use it as the runtime does. Out: nothing, or a panic.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loom::sync::Mutex;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread::spawn;

use crate::callbacks::{Callbacks, News};
use crate::cleanup::Cleanup;
use crate::context::{ReplySlot, ThreadContext};
use crate::gate::Gate;
use crate::life::Life;
use crate::loan::Loan;
use crate::turns::{Turn, Turns};

/// Tries all orders in which threads are interrupted no more often than this, which keeps a model to seconds;
/// `LOOM_MAX_PREEMPTIONS` has it try others.
fn in_each_order(interruptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(interruptions);
    builder.check(model);
}

/// Something that is used up: it is run or dropped, once in all.
struct Once(Arc<AtomicUsize>);

impl Drop for Once {
    fn drop(&mut self) {
        assert_eq!(self.0.fetch_add(1, Ordering::Relaxed), 0, "used up twice");
    }
}

/// A job, and how often it was run or dropped.
fn once() -> (Once, Arc<AtomicUsize>) {
    let uses = Arc::new(AtomicUsize::new(0));
    (Once(uses.clone()), uses)
}

/// A thread that waits for its call hears of the answer, whenever it comes.
pub fn an_answer_wakes_the_thread_that_waits_for_it() {
    in_each_order(3, || {
        let slot = ReplySlot::new(ThreadContext::new());
        let answer = slot.clone();
        let answering = spawn(move || answer.fill(7));
        assert_eq!(slot.wait(None), Some(7));
        answering.join().expect("an answer");
    });
}

/// A callback runs on the thread that waits for the call, and the answer comes after it.
pub fn a_callback_runs_while_its_caller_waits() {
    in_each_order(3, || {
        let caller = ThreadContext::new();
        let slot = ReplySlot::new(caller.clone());
        let called = slot.clone();
        let peer = spawn(move || {
            let callback = ReplySlot::new(ThreadContext::new());
            let returned = callback.clone();
            assert!(caller.post(Box::new(move || returned.fill(3))).is_ok(), "the caller has not ended");
            called.fill(callback.wait(None));
        });
        assert_eq!(slot.wait(None), Some(Some(3)));
        peer.join().expect("a callback");
    });
}

/// What is queued on a worker runs in order; what does not run when the worker ends is dropped, and nothing later is
/// taken.
pub fn a_worker_that_ends_runs_a_job_or_drops_it() {
    in_each_order(3, || {
        let worker = ThreadContext::new();
        let ran = Arc::new(Mutex::new(Vec::new()));
        let (running, closing) = (worker.clone(), worker.clone());
        let runs = spawn(move || running.run());
        let closes = spawn(move || closing.close());
        let uses: Vec<_> = (0..2)
            .map(|number| {
                let ((job, uses), ran) = (once(), ran.clone());
                let posted = worker.post(Box::new(move || {
                    ran.lock().expect("a list").push(number);
                    drop(job);
                }));
                drop(posted);
                uses
            })
            .collect();
        closes.join().expect("an end");
        runs.join().expect("an end of the worker");
        assert!(uses.iter().all(|uses| uses.load(Ordering::Relaxed) == 1), "a job was lost");
        assert!(ran.lock().expect("a list").is_sorted(), "jobs ran in another order");
        assert!(worker.post(Box::new(|| ())).is_err(), "a worker that has ended takes a job");
    });
}

/// Whoever waits at the gate goes on when there is room, although room is made without a lock.
pub fn room_that_is_made_lets_those_go_on_who_wait() {
    in_each_order(3, || {
        let gate = Arc::new(Gate::new());
        let held = Arc::new(AtomicUsize::new(2));
        let (other, left) = (gate.clone(), held.clone());
        let waits = spawn(move || other.wait_while(|| left.load(Ordering::Relaxed) > 1));
        let (third, left) = (gate.clone(), held.clone());
        let makes = spawn(move || {
            left.fetch_sub(1, Ordering::Relaxed);
            third.has_room();
        });
        gate.wait_while(|| held.load(Ordering::Relaxed) > 1);
        waits.join().expect("room");
        makes.join().expect("room");
    });
}

/// Nobody waits at a gate that is closed, however full it is.
pub fn a_closed_gate_holds_up_nobody() {
    in_each_order(3, || {
        let gate = Arc::new(Gate::new());
        let other = gate.clone();
        let closes = spawn(move || other.close());
        gate.wait_while(|| true);
        closes.join().expect("an end");
    });
}

/// Threads and tasks that wait for the end of a connection hear of it; calls end before.
pub fn whoever_waits_for_the_end_of_a_connection_hears_of_it() {
    in_each_order(3, || {
        let life = Arc::new(Life::new());
        let (ends, awaits) = (life.clone(), life.clone());
        let ends = spawn(move || {
            assert!(ends.close(), "it was open");
            assert!(!ends.close(), "it is closed once");
            ends.end();
        });
        let task = spawn(move || {
            let mut ended = pin!(awaits.ended());
            let mut cx = Context::from_waker(Waker::noop());
            let early = ended.as_mut().poll(&mut cx).is_ready();
            assert!(awaits.wait(None) && awaits.is_closed());
            // What wakes the task comes after what wakes threads.
            ends.join().expect("an end");
            assert!(early || ended.poll(&mut cx).is_ready(), "a task waits for ever");
        });
        assert!(life.wait(None) && life.is_closed());
        task.join().expect("an end");
    });
}

/// What is lent: gone once the loan has ended.
#[derive(Clone)]
struct Thing(Arc<AtomicBool>);

impl Thing {
    fn new() -> Self {
        Thing(Arc::new(AtomicBool::new(false)))
    }

    fn is_used(&self) {
        assert!(!self.0.load(Ordering::Relaxed), "used after the end of the loan");
    }

    fn is_gone(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A task that uses what is lent when it is polled, the second time with a result, and when it is dropped.
struct UsesIt(Thing, bool);

impl Future for UsesIt {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.0.is_used();
        let done = std::mem::replace(&mut self.1, true);
        self.0.is_used();
        if done { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for UsesIt {
    fn drop(&mut self) {
        self.0.is_used();
    }
}

/// No call uses what is lent once the loan has ended.
pub fn the_end_of_a_loan_waits_for_calls() {
    in_each_order(3, || {
        let (loan, thing) = (Loan::<(), UsesIt>::new(()), Thing::new());
        let calls = [(); 2].map(|()| {
            let (loan, thing) = (loan.clone(), thing.clone());
            spawn(move || {
                if let Some(entered) = loan.enter() {
                    thing.is_used();
                    drop(entered);
                }
            })
        });
        loan.end();
        thing.is_gone();
        assert!(loan.enter().is_none(), "a loan that has ended is used");
        for call in calls {
            call.join().expect("a call");
        }
    });
}

/// No task uses what is lent once the loan has ended, be it polled, done or dropped meanwhile.
pub fn the_end_of_a_loan_drops_its_tasks() {
    for polls in 0..=2 {
        in_each_order(3, move || {
            let (loan, thing) = (Loan::<(), UsesIt>::new(()), Thing::new());
            let (lent, used) = (loan.clone(), thing.clone());
            let task = spawn(move || {
                let Some(mut running) = lent.start(|()| UsesIt(used, false)) else { return };
                let mut cx = Context::from_waker(Waker::noop());
                for _ in 0..polls {
                    if Pin::new(&mut running).poll(&mut cx).is_ready() {
                        return;
                    }
                }
            });
            loan.end();
            thing.is_gone();
            task.join().expect("a task");
        });
    }
}

/// Everything that is given to be dropped is, on a thread that is there as long as there is something.
pub fn nothing_that_is_let_go_is_forgotten() {
    in_each_order(2, || {
        let cleanup = Cleanup::default();
        let slots = [(); 2].map(|()| ReplySlot::new(ThreadContext::new()));
        let [first, second] = slots.clone();
        let other = cleanup.clone();
        let lets_go = spawn(move || other.run(move || first.fill(())));
        cleanup.run(move || second.fill(()));
        for slot in slots {
            assert!(slot.wait(None).is_some());
        }
        lets_go.join().expect("an end");
    });
}

/// A function hears all news in their order, from whichever thread they come.
pub fn a_callback_hears_all_news() {
    in_each_order(2, || {
        let callbacks = Callbacks::<Box<dyn Fn(u32) + Send + Sync>>::new("model");
        let slots = [(); 2].map(|()| ReplySlot::new(ThreadContext::new()));
        let heard = slots.clone();
        let registration = callbacks.add(Box::new(move |number| heard[number as usize].fill(())));
        let other = callbacks.clone();
        let tells = spawn(move || {
            other.tell(News::Each, |call| {
                call(1);
                Ok(())
            });
        });
        callbacks.tell(News::Each, |call| {
            call(0);
            Ok(())
        });
        for slot in slots {
            assert!(slot.wait(None).is_some());
        }
        tells.join().expect("news");
        drop(registration);
    });
}

/// A registration that ends while there is news: the function is told it or not, and let go once.
pub fn a_callback_that_ends_is_let_go_once() {
    in_each_order(3, || {
        let callbacks = Callbacks::<Once>::new("model");
        let (function, uses) = once();
        let registration = callbacks.add(function);
        let ends = spawn(move || drop(registration));
        callbacks.tell(News::Each, |_| Ok(()));
        callbacks.wait(std::time::Duration::from_secs(3_600));
        ends.join().expect("an end");
        assert!(!callbacks.is_connected());
        drop(uses);
    });
}

/// What is wanted of an event loop is done by whoever wants it, by whoever works for the loop then, or by the loop's
/// own thread, which is told to come.
pub fn what_is_wanted_of_an_event_loop_is_done() {
    struct Loop {
        turns: Turns<usize>,
        wanted: AtomicUsize,
        is_told: AtomicBool,
    }

    impl Loop {
        fn work(&self, mut turn: Turn<'_, usize>) {
            if turn.is_requested() {
                *turn.inside += self.wanted.swap(0, Ordering::Relaxed);
            }
            if turn.end() {
                self.is_told.store(true, Ordering::Relaxed);
            }
        }

        fn step(&self) {
            self.wanted.fetch_add(1, Ordering::Relaxed);
            let to_be_found = self.turns.request();
            match self.turns.try_take() {
                Some(turn) => self.work(turn),
                None if to_be_found => self.is_told.store(true, Ordering::Relaxed),
                None => {}
            }
        }
    }

    in_each_order(3, || {
        let all = Arc::new(Loop {
            turns: Turns::new(0),
            wanted: AtomicUsize::new(0),
            is_told: AtomicBool::new(false),
        });
        let others = [(); 2].map(|()| {
            let own = all.clone();
            spawn(move || own.step())
        });
        all.step();
        for other in others {
            other.join().expect("a step");
        }
        if all.is_told.load(Ordering::Relaxed) {
            all.work(all.turns.take());
        }
        assert!(!all.turns.is_open());
        assert_eq!(*all.turns.take().inside, 3);
    });
}
