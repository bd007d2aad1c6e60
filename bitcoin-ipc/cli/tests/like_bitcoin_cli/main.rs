//! `rpc` beside Bitcoin Core's bitcoin-cli: the same words make the same requests, and the same answers are
//! printed alike, with the same exit codes.
//!
//! In: command lines. Out: what a node hears of both programs, and what they say. `BITCOIN_CLI` names the other
//! program; without it the tests here are ignored and say so. `BITCOIN_NODE` names a node whose methods are
//! compared with the table.

#[path = "../common/mod.rs"]
mod common;
mod lines;
mod node;
mod recorder;

use std::io::Write;
use std::process::{Command, Stdio};

use libtest_mimic::{Arguments, Trial};
use recorder::Recorder;

/// What a run made of its words.
#[derive(Debug, PartialEq)]
struct Outcome {
    /// Requests, with their paths and users.
    heard: Vec<String>,
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn finish(mut command: Command, recorder: &Recorder, input: &str) -> Outcome {
    let mut child = command
        .env("HOME", recorder.directory())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    // Who does not read its input may have ended.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("an end");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Outcome {
        heard: recorder.take(),
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// Runs both programs with the same words and the same input.
fn both(recorder: &Recorder, words: &[&str], input: &str) -> (Outcome, Outcome) {
    let socket = format!("-ipcconnect=unix:{}", recorder.socket().display());
    let place = format!("-datadir={}", recorder.directory().display());
    let start = ["-regtest", place.as_str(), socket.as_str()];
    let mut theirs = Command::new(std::env::var_os("BITCOIN_CLI").expect("BITCOIN_CLI"));
    theirs.args(start).args(words);
    let mut ours = Command::new(env!("CARGO_BIN_EXE_bitcoin-ipc"));
    ours.arg("rpc").args(start).args(words);
    (finish(ours, recorder, input), finish(theirs, recorder, input))
}

fn every_line_is_read_alike() {
    let recorder = Recorder::start();
    let mut wrong = Vec::new();
    for line in lines::ALIKE {
        for named in [false, true] {
            let words = [if named { &["-named"][..] } else { &[] }, line].concat();
            let (ours, theirs) = both(&recorder, &words, "");
            if ours != theirs {
                wrong.push(format!("{words:?}\n  ours   {ours:?}\n  theirs {theirs:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), lines::ALIKE.len() * 2, wrong.join("\n"));
}

fn standard_input_is_read_alike() {
    let recorder = Recorder::start();
    for (words, input) in lines::INPUT {
        let (ours, theirs) = both(&recorder, words, input);
        assert_eq!(ours, theirs, "{words:?} {input:?}");
    }
}

/// Both fail, and say the beginning of it alike.
fn mistakes_are_failures_of_both() {
    let recorder = Recorder::start();
    for (words, begins) in lines::MISTAKES {
        let (ours, theirs) = both(&recorder, words, "");
        assert_eq!((ours.code, &ours.stdout), (theirs.code, &theirs.stdout), "{words:?} {ours:?} {theirs:?}");
        for said in [&ours.stderr, &theirs.stderr] {
            assert!(said.starts_with(begins), "{words:?}: {said}");
        }
    }
}

fn an_overview_is_the_same() {
    let recorder = Recorder::start();
    for words in lines::OVERVIEWS {
        let (ours, theirs) = both(&recorder, words, "");
        assert_eq!(
            (ours.code, &ours.stdout, &ours.stderr),
            (theirs.code, &theirs.stdout, &theirs.stderr),
            "{words:?}"
        );
    }
}

const CLI_TESTS: &[(&str, fn())] = &[
    ("every_line_is_read_alike", every_line_is_read_alike),
    ("standard_input_is_read_alike", standard_input_is_read_alike),
    ("mistakes_are_failures_of_both", mistakes_are_failures_of_both),
    ("an_overview_is_the_same", an_overview_is_the_same),
];

const NODE_TESTS: &[(&str, fn())] = &[("the_table_is_that_of_the_node", node::the_table_is_that_of_the_node)];

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
    let mut all = trials("BITCOIN_CLI", "a bitcoin-cli of v32", CLI_TESTS);
    all.extend(trials("BITCOIN_NODE", "a bitcoin-node of v32", NODE_TESTS));
    libtest_mimic::run(&Arguments::from_args(), all).exit();
}
