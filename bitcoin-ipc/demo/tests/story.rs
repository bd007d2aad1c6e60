//! Scenario 1: two wallets from their first coins to a restart with a passphrase, with a node and its
//! wallets in one process and in two.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod checked;

use bitcoin_demo::programs::{Form, Node, NodeOptions, Programs};
use bitcoin_demo::scenario::story;
use checked::check;

fn told(form: Form) {
    let programs = Programs::built().unwrap();
    let mut node = Node::start(&programs, NodeOptions::new(form).arg("-fallbackfee=0.0002")).unwrap();
    let story = story(&mut node, &mut |line| println!("{line}")).unwrap();
    check(&story);
    node.stop().unwrap();
}

#[test]
fn in_one_process() {
    told(Form::OneProcess);
}

#[test]
fn in_two_processes() {
    told(Form::TwoProcesses);
}
