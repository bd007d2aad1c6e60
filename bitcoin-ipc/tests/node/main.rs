//! The client against a real node.
//!
//! `BITCOIN_NODE` names a `bitcoin-node` of v30, v31 or v32, `BITCOIN_CLI` a `bitcoin-cli` of v32;
//! without them the tests here are ignored and say so. Each starts a node of its own on regtest in a
//! temporary directory.

mod calls;
mod lifetimes;
mod node;
mod solve;
mod split;
mod waits;

use libtest_mimic::{Arguments, Trial};

/// The tests by name.
const TESTS: &[(&str, fn())] = &[
    ("every_method_answers", calls::every_method_answers),
    ("blocks_are_checked_submitted_and_refused", calls::blocks_are_checked_submitted_and_refused),
    ("transactions_come_into_templates", calls::transactions_come_into_templates),
    ("rpc_answers_and_fails", calls::rpc_answers_and_fails),
    ("errors_of_the_node_arrive", calls::errors_of_the_node_arrive),
    ("waits_end_with_a_block_or_in_time", waits::waits_end_with_a_block_or_in_time),
    ("a_dropped_wait_does_not_end_the_next_one", waits::a_dropped_wait_does_not_end_the_next_one),
    ("fifty_calls_while_a_wait_is_open", waits::fifty_calls_while_a_wait_is_open),
    ("streams_follow_the_chain", waits::streams_follow_the_chain),
    ("two_hundred_templates_leave_nothing_behind", lifetimes::two_hundred_templates_leave_nothing_behind),
    ("a_node_that_is_restarted_comes_back", lifetimes::a_node_that_is_restarted_comes_back),
    ("a_killed_node_comes_back", lifetimes::a_killed_node_comes_back),
    (
        "a_node_that_is_stopped_is_noticed_and_comes_back",
        lifetimes::a_node_that_is_stopped_is_noticed_and_comes_back,
    ),
    ("a_client_that_vanishes_harms_nobody", lifetimes::a_client_that_vanishes_harms_nobody),
    ("a_node_knows_of_watching_or_goes_on_without", split::a_node_knows_of_watching_or_goes_on_without),
];

/// Those of Bitcoin Core's command line.
const CLI_TESTS: &[(&str, fn())] =
    &[("the_command_line_does_not_notice_watching", split::the_command_line_does_not_notice_watching)];

/// The tests that need the program of a variable, ignored without it.
fn trials(variable: &str, what: &str, tests: &'static [(&'static str, fn())]) -> Vec<Trial> {
    let skipped = std::env::var_os(variable).is_none();
    if skipped {
        println!("SKIPPED: set {variable} to {what} to run {} of these tests", tests.len());
    }
    let trial = |(name, test): &'static (&'static str, fn())| {
        let trial = Trial::test(*name, || {
            test();
            Ok(())
        });
        trial.with_ignored_flag(skipped)
    };
    tests.iter().map(trial).collect()
}

fn main() {
    let mut all = trials("BITCOIN_NODE", "a bitcoin-node of v30, v31 or v32", TESTS);
    all.extend(trials("BITCOIN_CLI", "a bitcoin-cli of v32", CLI_TESTS));
    libtest_mimic::run(&Arguments::from_args(), all).exit();
}
