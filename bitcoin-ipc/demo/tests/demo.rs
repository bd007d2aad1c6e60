//! The program `bitcoin-demo`: to its end, interrupted, and where there is nothing to show.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use bitcoin_demo::programs::Programs;
use rustix::process::{Pid, Signal, kill_process};

const DEMO: &str = env!("CARGO_BIN_EXE_bitcoin-demo");

/// The output of a run, which has to end well.
fn run(args: &[&str]) -> String {
    Programs::built().unwrap();
    let Output { status, stdout, stderr } = Command::new(DEMO).args(args).output().unwrap();
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(status.success() && stderr.is_empty(), "{args:?}: {status}\n{stderr}\n{stdout}");
    assert!(!stdout.contains('\u{1b}'), "colours where no terminal is");
    stdout
}

#[test]
fn one_process_is_shown() {
    let shown = run(&["--one-process"]);
    assert!(shown.starts_with("Starting bitcoind: a node and its wallets in one process.\n"), "{shown}");
    assert!(shown.ends_with("All of it went well.\n"), "{shown}");
}

#[test]
fn two_processes_are_shown_with_their_calls() {
    let shown = run(&["--ipc"]);
    assert!(shown.starts_with("Starting bitcoin-node, which starts bitcoin-wallet.\n"), "{shown}");
    let (story, payment) = shown.split_once("What one payment takes").unwrap();
    for part in
        ["node   ", "wallet ", "client send WatchedNotifications.blockConnected", "us of them at the server}"]
    {
        assert!(story.contains(part), "`{part}` is not in\n{story}");
    }
    assert!(payment.contains("client send Chain."), "{payment}");
    assert!(payment.ends_with("All of it went well.\n"), "{payment}");
}

#[test]
fn ctrl_c_stops_everything() {
    Programs::built().unwrap();
    let mut demo = Command::new(DEMO).arg("--keep").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    let directory = first.strip_prefix("The data directory is ").unwrap().trim_end_matches('.');
    let directory = Path::new(directory);
    assert!(lines.next().unwrap().starts_with("Starting bitcoin-node"));
    // It is in the middle of the first step.
    assert!(lines.next().unwrap().starts_with("A wallet for a miner"));
    kill_process(Pid::from_child(&demo), Signal::INT).unwrap();
    let rest: Vec<String> = lines.collect();
    assert_eq!(demo.wait().unwrap().code(), Some(130), "{rest:?}");
    assert_eq!(rest.last().unwrap(), "Interrupted; everything that was started has been stopped.");
    let log = fs::read_to_string(directory.join("regtest/debug.log")).unwrap();
    assert!(log.ends_with("Shutdown: done\n") && !directory.join("node.sock").exists(), "{log}");
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_missing_program_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let alone = folder.path().join("bitcoin-demo");
    // Not by this process: what it forks meanwhile would have the copy open for writing, which then cannot be run.
    assert!(Command::new("cp").args([DEMO.as_ref(), alone.as_os_str()]).status().unwrap().success());
    let Output { status, stderr, .. } = Command::new(alone).output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(
        stderr.starts_with("Error: there is no bitcoin-node nor bitcoin-wallet nor bitcoind in "),
        "{stderr}"
    );
    assert!(stderr.contains("build what is missing with `cargo build"), "{stderr}");
    assert!(stderr.ends_with("-p bitcoin-node -p bitcoin-wallet -p bitcoind`\n"), "{stderr}");
}
