//! The log of a whole process, which is rotated with SIGHUP.
//!
//! In: events and a signal. Out: two files.

use std::fs;

use bitcoin_common::arguments::{Invocation, LOG_OPTIONS, NETWORK_OPTIONS, Program, SHARED_OPTIONS, parse};
use bitcoin_common::config::Settings;
use bitcoin_common::datadir;
use bitcoin_common::logging::{Log, LogOptions};

#[test]
fn a_hangup_opens_the_log_anew() {
    let dir = tempfile::tempdir().expect("a directory");
    let program = Program::new("bitcoin-node", "1", "A node.");
    let program = program.options(SHARED_OPTIONS).options(NETWORK_OPTIONS).options(LOG_OPTIONS);
    let args = ["bitcoin-node", &format!("-datadir={}", dir.path().display()), "-regtest", "-debug=node"];
    let Ok(Invocation::Run(arguments)) = parse(&program, args) else { panic!("good arguments") };
    let settings = Settings::load(&program, arguments).expect("good settings");
    let network = datadir::prepare(&settings).expect("a directory");
    let options = LogOptions::new(&settings, "", false).expect("good options");
    let log = Log::start(&options).expect("a log");
    assert!(Log::start(&options).is_err(), "a process has one log");

    tracing::debug!(target: "node", "before");
    let (path, old) = (network.join("debug.log"), network.join("debug.log.1"));
    fs::rename(&path, &old).expect("a move");
    signal_hook::low_level::raise(signal_hook::consts::SIGHUP).expect("a signal to ourselves");
    tracing::debug!(target: "node", "after");

    let text = |path| fs::read_to_string(path).expect("a log");
    assert!(text(&old).ends_with("Z [node:debug] before\n"), "{}", text(&old));
    assert!(text(&path).ends_with("Z [node:debug] after\n"), "{}", text(&path));
    assert_eq!(log.dropped(), 0);
}
