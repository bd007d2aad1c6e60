//! Real processes that somebody else starts and ends.

use bitcoin_demo::programs::{Caller, Form, Node, NodeOptions, Wallet};
use eframe::egui::Role;
use serde_json::json;

use super::Gui;
use super::real::{mine, node, pay, programs};

#[test]
fn a41_wallets_that_have_attached_by_themselves_are_there() {
    let Some(programs) = programs() else { return };
    let options = NodeOptions::new(Form::TwoProcesses).arg("-disablewallet").arg("-fallbackfee=0.0002");
    let mut node = Node::start(&programs, options).expect("a node");
    let mut gui = Gui::attach(&node.socket());
    gui.wait_for("No wallets are there: the wallets of this node are disabled (-disablewallet).");
    let folder = tempfile::tempdir().expect("a folder");
    let connect = format!("unix:{}", node.socket().display());
    let mut wallet = Wallet::start(&programs, folder.path(), &connect, &[]).expect("a process");
    wallet.wait_for_log("Attached to the node").expect("it attaches");
    gui.wait_for("No wallet is loaded.");
    gui.wait(|gui| gui.is_enabled("Create a wallet…"));
    gui.press("Create a wallet…");
    gui.type_in("Wallet name", "own");
    gui.press("Create");
    gui.wait_for("Overview of own");
    let address = node.wallet_rpc("own", "getnewaddress", json!([])).expect("an address");
    node.rpc("generatetoaddress", json!([101, address])).expect("blocks");
    gui.wait_for("Available 50.00000000 BTC");

    // Their process ends, and the node has none again; when it comes back they are the same.
    wallet.stop().expect("an end in order");
    gui.wait_for("The wallet process has ended.");
    let mut wallet = Wallet::start(&programs, folder.path(), &connect, &["-wallet=own"]).expect("a process");
    wallet.wait_for_log("Attached to the node").expect("it attaches");
    gui.wait(|gui| gui.model().sessions[0].has_wallets());
    gui.wait_for("Available 50.00000000 BTC");
    // The node ends, and they go on without it.
    node.stop().expect("an end in order");
    gui.wait_for("Waiting for it at");
    wallet.wait_for_log("The node has gone").expect("it waits for the next one");
    wallet.stop().expect("an end in order");
}

#[test]
fn a39_a_real_nodes_pause_is_counted_down() {
    let Some(programs) = programs() else { return };
    let mut node = Node::start(&programs, NodeOptions::new(Form::TwoProcesses)).expect("a node");
    let mut gui = Gui::attach(&node.socket());
    gui.wait_for("No wallet is loaded.");
    // The first pause is short, and each one is longer than the one before.
    let seen = std::cell::Cell::new(false);
    for _ in 0..10 {
        gui.wait(|_| node.wallet_pid().is_some());
        let old = node.kill_wallet().expect("a process");
        gui.wait(|gui| {
            seen.set(seen.get() || gui.sees("The wallet process has ended. The node starts it again in "));
            seen.get() || node.wallet_pid().is_some_and(|pid| pid != old)
        });
        if seen.get() {
            break;
        }
    }
    assert!(seen.get(), "{}", node.log());
    // It comes back, and the banner goes.
    gui.wait(|gui| gui.model().sessions[0].has_wallets() && !gui.sees("The wallet process has ended."));
    assert!(gui.sees("No wallet is loaded."));
    node.stop().expect("an end in order");
}

#[test]
fn a37_a_window_ends_its_own_node_when_another_program_says_stop() {
    let Some(programs) = programs() else { return };
    let folder = tempfile::Builder::new().prefix("gui-").tempdir_in("/tmp").expect("a folder");
    let datadir = format!("-datadir={}", folder.path().display());
    let args = vec![datadir, "-regtest".to_owned(), "-ipcbind=unix".to_owned()];
    let mut gui = Gui::spawn(programs.path("bitcoin-node"), args);
    gui.wait_for("Height 0,");
    gui.settle();
    let node = Caller::connect(&folder.path().join("regtest/node.sock")).expect("a node that listens");
    node.call(None, "stop", json!([])).expect("an answer");
    drop(node);
    gui.wait(|gui| gui.harness.state().is_over());
    assert_eq!(gui.harness.state().exit_code(), 0);
    let log = std::fs::read_to_string(folder.path().join("regtest/debug.log")).expect("a log");
    assert_eq!(log.matches("Shutdown: done").count(), 1, "{log}");
}

#[test]
fn a10_two_windows_on_a_real_node_show_the_same() {
    let Some(mut node) = node() else { return };
    let (mut first, mut second) = (Gui::attach(&node.socket()), Gui::attach(&node.socket()));
    for gui in [&mut first, &mut second] {
        gui.wait_for("Available 50.00000000 BTC");
    }
    let address = node.wallet_rpc("miner", "getnewaddress", json!([])).expect("an address");
    let txid = pay(&mut first, address.as_str().expect("a text"), "1.25", None);
    // Whoever has not sent it hears of it as well.
    second.wait_for("Sent -1.25000000 BTC");
    let known = second.model().sessions[0].wallets["miner"].history.clone();
    assert!(known.rows.iter().any(|row| row.txid.to_string() == txid));
    drop(first);
    mine(&node, 1);
    second.wait_for("Height 102,");
    second.wait_for("1 confirmation,");
    second.settle();
    assert!(second.is_enabled("Wallets…"));
    node.stop().expect("an end in order");
}

#[test]
fn a11_one_window_shows_two_real_nodes() {
    let (Some(mut one), Some(mut other)) = (node(), node()) else { return };
    mine(&other, 4);
    let mut gui = Gui::attach(&one.socket());
    gui.wait_for("Height 101,");
    gui.attach_also(&other.socket(), "second");
    gui.wait(|gui| gui.model().sessions[1].has_wallets());
    gui.click(Role::ComboBox, "Node");
    gui.press("second");
    gui.wait_for("Height 105,");
    gui.wait_for("Available 250.00000000 BTC");
    // One ends, and the other one can be used as before.
    one.kill().expect("an end");
    gui.wait(|gui| !gui.model().sessions[0].is_up());
    let address = other.wallet_rpc("miner", "getnewaddress", json!([])).expect("an address");
    pay(&mut gui, address.as_str().expect("a text"), "2", None);
    mine(&other, 1);
    gui.wait_for("Height 106,");
    assert!(!gui.sees("Waiting for it at"), "what is of the other one is not said here");
    let place = one.socket().display().to_string();
    gui.click(Role::ComboBox, "Node");
    gui.press(&place);
    gui.wait_for("Waiting for it at");
    assert!(gui.sees("Height 101,"));
    one.start_again().expect("a start");
    gui.wait(|gui| gui.model().sessions[0].is_up() && !gui.sees("Waiting for it at"));
    for node in [&mut one, &mut other] {
        node.stop().expect("an end in order");
    }
}
