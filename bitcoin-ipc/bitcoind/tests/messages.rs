//! What a user reads on standard error who starts a node by hand.
//!
//! In: options, wallets to load. Out: Bitcoin Core's lines, each once.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use bitcoin::Network;
use bitcoin_ipc::{ConnectOptions, blocking};
use serde_json::json;

/// How long a node may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a node until `done`, which it is stopped after, or until it ends by itself.
fn run(folder: &Path, options: &[&str], done: impl FnOnce(&blocking::Client)) -> Output {
    let socket = folder.join("socket");
    let mut node = Command::new(env!("CARGO_BIN_EXE_bitcoind"))
        .args(["-regtest", "-server=0", "-listen=0", "-connect=0", "-keypool=1"])
        .arg(format!("-datadir={}", folder.display()))
        .arg(format!("-ipcbind=unix:{}", socket.display()))
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let until = Instant::now() + PATIENCE;
    let mut done = Some(done);
    while node.try_wait().unwrap().is_none() && done.is_some() {
        assert!(Instant::now() < until, "{options:?}: it neither answers nor ends");
        let options = ConnectOptions::new().network(Network::Regtest).call_timeout(Some(PATIENCE));
        let client = futures::executor::block_on(options.connect(socket.as_path()));
        let client = client.ok().map(blocking::Client::from);
        // Before its wallets are there it says so.
        if let Some(client) =
            client.filter(|client| client.execute_rpc("getblockcount", json!([]), None).is_ok())
        {
            done.take().unwrap()(&client);
            client.execute_rpc("stop", json!([]), None).unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    node.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn warnings_of_wallets_are_shown_once_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let made = run(folder.path(), &[], |client| {
        let wallet = json!(["w", false, false, "", false, true, true]);
        client.execute_rpc("createwallet", wallet, None).unwrap();
    });
    assert_eq!((made.status.code(), said(&made)), (Some(0), String::new()));

    let high = run(folder.path(), &["-fallbackfee=0.01000001", "-walletrbf=1"], |_| ());
    let lines = "Warning: -fallbackfee is set very high! This is the transaction fee you may pay when fee estimates are \
                 not available.\n\
                 -walletrbf is deprecated and will be fully removed in the next release.\n";
    assert_eq!((high.status.code(), said(&high)), (Some(0), lines.to_owned()));

    let usual = run(folder.path(), &["-fallbackfee=0.01"], |_| ());
    assert_eq!((usual.status.code(), said(&usual)), (Some(0), String::new()));
}

#[test]
fn an_error_of_wallets_is_shown_once() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("regtest/wallets/broken");
    std::fs::create_dir_all(&broken).unwrap();
    std::fs::write(broken.join("wallet.sqlite"), "this is no database, and long enough to be seen as one")
        .unwrap();
    let mut started = false;
    let ended = run(folder.path(), &["-wallet=broken"], |_| started = true);
    assert!(!started);
    let said = said(&ended);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(
        said.starts_with("Error: Wallet file verification failed. Failed to load database path "),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");

    let skipped = run(folder.path(), &["-wallet=nowhere"], |_| ());
    let text = String::from_utf8(skipped.stderr).unwrap();
    assert!(text.starts_with("Warning: Skipping -wallet path that doesn't exist. "), "{text}");
    assert_eq!((skipped.status.code(), text.lines().count()), (Some(0), 1));
}
