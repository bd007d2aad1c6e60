//! Scenario 1 with programs of Bitcoin Core.
//!
//! `BITCOIN_CLI` names a `bitcoin-cli`, which tells our node the story; `BITCOIN_NODE` a
//! `bitcoin-node`, to which our client tells it. Without them the tests count as ignored.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod checked;

use std::path::PathBuf;

use bitcoin_demo::programs::{Form, Node, NodeOptions, Programs};
use bitcoin_demo::scenario::story;
use checked::check;
use libtest_mimic::{Arguments, Trial};

const CLI: &str = "BITCOIN_CLI";
const NODE: &str = "BITCOIN_NODE";

/// A test's name, the variable that it needs, and what to do with the program that it names.
type Test = (&'static str, &'static str, fn(PathBuf));

fn main() {
    let tests: [Test; 3] = [
        ("bitcoin_cli_tells_one_process_the_story", CLI, |cli| by_cli(cli, Form::OneProcess)),
        ("bitcoin_cli_tells_two_processes_the_story", CLI, |cli| by_cli(cli, Form::TwoProcesses)),
        ("bitcoin_cores_node_tells_the_same_story", NODE, of_core),
    ];
    let trials = tests.map(|(name, variable, test)| {
        let program = std::env::var_os(variable).map(PathBuf::from);
        if program.is_none() {
            println!("SKIPPED: {name}; set {variable} to the path of Bitcoin Core's program");
        }
        let ready = program.is_some();
        Trial::test(name, move || {
            test(program.unwrap_or_default());
            Ok(())
        })
        .with_ignored_flag(!ready)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit();
}

fn tell(programs: &Programs, options: NodeOptions) {
    let mut node = Node::start(programs, options.arg("-fallbackfee=0.0002")).unwrap();
    check(&story(&mut node, &mut |line| println!("{line}")).unwrap());
    node.stop().unwrap();
}

fn by_cli(cli: PathBuf, form: Form) {
    let mut options = NodeOptions::new(form);
    options.cli = Some(cli);
    tell(&Programs::built().unwrap(), options);
}

/// Core's node has its wallets in its own process.
fn of_core(node: PathBuf) {
    let programs = Programs::at(node.parent().unwrap());
    tell(&programs, NodeOptions::new(Form::TwoProcesses).arg("-listen=0").arg("-server=0"));
}
