//! The log of a whole process: what comes before it is open, and how it is rotated with SIGHUP.
//!
//! In: events and a signal. Out: two files.

use std::fs;

use bitcoin_init::arguments::{Invocation, LOG_OPTIONS, NETWORK_OPTIONS, Program, SHARED_OPTIONS, parse};
use bitcoin_init::config::Settings;
use bitcoin_init::datadir;
use bitcoin_init::logging::{EarlyLog, Log, LogOptions};

#[test]
fn early_lines_are_written_and_a_hangup_opens_the_log_anew() {
    // The same event counts or not, by when it comes.
    let detail = || tracing::debug!(target: "node", "detail");
    let other = || tracing::debug!(target: "wallet", "not wanted");
    let early = EarlyLog::start().expect("a log");
    tracing::info!(target: "node", "early");
    detail();
    other();
    let dir = tempfile::tempdir().expect("a directory");
    let program = Program::new("bitcoin-node", "1", "A node.");
    let program = program.options(SHARED_OPTIONS).options(NETWORK_OPTIONS).options(LOG_OPTIONS);
    let args = ["bitcoin-node", &format!("-datadir={}", dir.path().display()), "-regtest", "-debug=node"];
    let Ok(Invocation::Run(arguments)) = parse(&program, args) else { panic!("good arguments") };
    let settings = Settings::load(&program, arguments).expect("good settings");
    let network = datadir::prepare(&settings).expect("a directory");
    let options = LogOptions::new(&settings, "", false).expect("good options");
    let log = early.open(&options).expect("a log");
    assert!(Log::start(&options).is_err() && early.open(&options).is_err(), "a process has one log");

    detail();
    other();
    tracing::debug!(target: "node", "before");
    let (path, old) = (network.join("debug.log"), network.join("debug.log.1"));
    fs::rename(&path, &old).expect("a move");
    signal_hook::low_level::raise(signal_hook::consts::SIGHUP).expect("a signal to ourselves");
    tracing::debug!(target: "node", "after");

    let text = |path| fs::read_to_string(path).expect("a log");
    let lines = |path| text(path).lines().map(|line| line[28..].to_owned()).collect::<Vec<_>>();
    let [detail, before] = ["[node:debug] detail", "[node:debug] before"];
    assert_eq!(lines(&old), ["[node:info] early", detail, detail, before]);
    assert_eq!(lines(&path), ["[node:debug] after"]);
    assert_eq!(log.dropped(), 0);
}
