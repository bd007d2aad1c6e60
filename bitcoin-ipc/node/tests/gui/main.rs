//! A GUI and its node: one that it found running, and one that it spawned.

#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "blocks are all that is needed here")]
#[path = "../mine/mod.rs"]
mod mine;
mod running;
mod scheduler;
mod spawned;
mod starting;
mod warnings;

use std::path::Path;
use std::time::{Duration, Instant};

use bitcoin_ipc::types::{GlobalArgs, Settings};
use serde_json::{Value, json};

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for something that has to come.
fn wait_until(mut is: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is() {
        assert!(Instant::now() < until, "it did not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What a parent process sends: regtest in a directory, without wallets.
fn global_args(directory: &Path, options: &[(&str, Value)]) -> GlobalArgs {
    let mut settings = Settings::default();
    let datadir = json!(directory.to_str().unwrap());
    let always = [("datadir", datadir), ("regtest", json!("1")), ("disablewallet", json!("1"))];
    for (name, value) in always.iter().chain(options) {
        settings.command_line_options.insert((*name).to_owned(), vec![value.clone()]);
    }
    GlobalArgs { settings, config_path: directory.join("bitcoin.conf") }
}
