//! Commands that need no node.

use crate::process::{error, printed, run};

#[test]
fn wallets_are_made_shown_and_listed() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| run(folder.path(), args);
    assert_eq!(printed(&run(&["list"])), "");
    let made = printed(&run(&["-noipcconnect", "-wallet=savings", "create"]));
    assert!(made.contains("\nName: savings\n") && made.contains("\nEncrypted: no\n"), "{made}");
    assert_eq!(printed(&run(&["-wallet=savings", "info"])), made);
    printed(&run(&["-wallet=cash", "create"]));
    assert_eq!(printed(&run(&["list"])), "cash\nsavings\n");
    let place = folder.path().join("regtest/wallets");
    for (args, text) in [
        (
            &["-wallet=cash", "create"][..],
            format!(
                "Wallet file verification failed. Failed to create database path '{}/cash'. Database already exists.",
                place.display()
            ),
        ),
        (&["create"], "the new wallet needs a name: -wallet=<name>".into()),
        (
            &["-wallet=none", "info"],
            format!(
                "Wallet file verification failed. Failed to load database path '{}/none'. Path does not exist.",
                place.display()
            ),
        ),
        (&["sell"], "unknown command sell; it is info, create, list or doctor".into()),
        (&["info", "cash"], "unexpected `cash`: info takes options before it only".into()),
        (&["-noipcconnect"], "without a node there has to be a command: info, create or list".into()),
        (
            &["-ipcconnect=unix", "list"],
            "list works on files and needs no node: leave -ipcconnect and -core out; with a node, use its RPC".into(),
        ),
    ] {
        assert_eq!(error(&run(args)), format!("Error: {text}"), "{args:?}");
    }
    assert!(error(&run(&["dump"])).starts_with("Error: dump is not supported: "));
    assert!(!folder.path().join("regtest/debug.log.wallet").exists(), "a command needs no log");
}

#[test]
fn a_look_at_a_node_leaves_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    let look = std::process::Command::new(crate::process::PROGRAM)
        .env("HOME", home.path())
        // Nobody listens at a port that cannot be had.
        .args(["-regtest", "-core=http://127.0.0.1:1", "doctor"])
        .output()
        .unwrap();
    assert_eq!(error(&look), "Error: wallets cannot work with this node yet; see the lines with FAIL");
    let found = String::from_utf8(look.stdout).unwrap();
    assert!(found.starts_with("FAIL  http://127.0.0.1:1: ") && found.contains("-> server=1"), "{found}");
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}
