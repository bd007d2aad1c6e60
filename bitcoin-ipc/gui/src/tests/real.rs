//! The window on a real node with a real wallet process, on regtest. Without the programs these tests say that they are
//! skipped.

use std::path::PathBuf;

use bitcoin_demo::programs::{Form, Node, NodeOptions, Programs};
use eframe::egui::{self, Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use rustix::process::{Signal, kill_process};
use serde_json::json;

use super::Gui;

/// Where the programs are, beside this test.
pub(super) fn programs() -> Option<Programs> {
    let own = std::env::current_exe().expect("a path");
    let folder: PathBuf = own.ancestors().nth(2).expect("a folder").to_owned();
    let there = ["bitcoin-node", "bitcoin-wallet"].iter().all(|name| folder.join(name).exists());
    if !there {
        eprintln!("SKIPPED: no bitcoin-node and bitcoin-wallet in {}", folder.display());
    }
    there.then(|| Programs::at(folder))
}

/// A node whose wallet `miner` has 50 bitcoin.
pub(super) fn node() -> Option<Node> {
    let options = NodeOptions::new(Form::TwoProcesses)
        .arg("-fallbackfee=0.0002")
        .arg("-debug=1")
        .arg("-loglevel=trace");
    let node = Node::start(&programs()?, options).expect("a node");
    node.rpc("createwallet", json!(["miner", false, false, "", false, true, true])).expect("a wallet");
    let address = node.wallet_rpc("miner", "getnewaddress", json!([])).expect("an address");
    node.rpc("generatetoaddress", json!([101, address])).expect("blocks");
    Some(node)
}

pub(super) fn mine(node: &Node, count: u32) {
    let address = node.wallet_rpc("miner", "getnewaddress", json!([])).expect("an address");
    node.rpc("generatetoaddress", json!([count, address])).expect("blocks");
}

/// Chooses a wallet.
pub(super) fn choose(gui: &mut Gui, name: &str) {
    gui.click(Role::ComboBox, "Wallet");
    gui.press(name);
    gui.page("Overview");
    gui.wait_for(&format!("Overview of {name}"));
    gui.settle();
}

/// The address that the page shows.
pub(super) fn shown_address(gui: &Gui) -> String {
    let nodes = gui.harness.root().children_recursive();
    let mut values = nodes.filter_map(|node| node.accesskit_node().value());
    values
        .find_map(|value| value.strip_prefix("Address bcrt1").map(|rest| format!("bcrt1{rest}")))
        .expect("an address")
}

/// Fills in a payment and sends it; gives its id.
pub(super) fn pay(gui: &mut Gui, address: &str, amount: &str, passphrase: Option<&str>) -> String {
    gui.page("Send");
    gui.type_in("Pay to", address);
    gui.type_in("Amount (BTC)", amount);
    gui.press("Review");
    gui.wait_for("Review this payment");
    gui.wait(|gui| gui.is_enabled("Send"));
    gui.press("Send");
    if let Some(passphrase) = passphrase {
        gui.type_in("Passphrase", passphrase);
        gui.harness.key_press(egui::Key::Enter);
    }
    gui.wait_for("The payment is sent.");
    let shown = gui.harness.state_mut().state().session.expect("a node");
    let model = gui.model();
    let sent = model.session(shown).and_then(|session| session.wallet()).map(|wallet| wallet.send.clone());
    let Some(crate::model::review::SendState::Sent { txid }) = sent else { panic!("{sent:?}") };
    gui.press("Another payment");
    gui.settle();
    txid.to_string()
}

#[test]
fn a2_a_payment_from_the_first_click_to_its_block() {
    let Some(mut node) = node() else { return };
    let mut gui = Gui::attach(&node.socket());
    gui.wait_for("Available 50.00000000 BTC");
    assert!(gui.sees("Height 101,"));

    gui.press("Wallets…");
    gui.settle();
    gui.press("Create…");
    gui.type_in("Wallet name", "shop");
    gui.press("Create");
    gui.wait_for("Overview of shop");
    gui.page("Receive");
    gui.wait_for("QR code of bcrt1");
    let address = shown_address(&gui);
    let info = node.wallet_rpc("shop", "getaddressinfo", json!([address])).expect("an answer");
    assert_eq!(info["ismine"], json!(true));

    choose(&mut gui, "miner");
    let txid = pay(&mut gui, &address, "1.5", None);
    let entry = node.rpc("getmempoolentry", json!([txid])).expect("it is in the mempool");
    assert!(entry["vsize"].as_u64().is_some());
    let told = node.wallet_rpc("miner", "gettransaction", json!([txid])).expect("the wallet has it");
    assert_eq!(told["amount"].to_string(), "-1.50000000");

    // What the window shows is what the wallet says.
    gui.page("Overview");
    gui.wait_for("Sent -1.50000000 BTC");
    gui.wait_for("Unconfirmed");
    choose(&mut gui, "shop");
    gui.wait_for("Pending 1.50000000 BTC");
    mine(&node, 1);
    gui.wait_for("Height 102,");
    gui.wait_for("Available 1.50000000 BTC");
    gui.wait_for("1 confirmation,");

    // The window leaves, and the node stays.
    drop(gui);
    assert_eq!(node.rpc("getblockcount", json!([])).expect("an answer"), json!(102));
    node.stop().expect("an end in order");
}

#[test]
fn a21_a_real_fee_is_raised() {
    let Some(mut node) = node() else { return };
    let mut gui = Gui::attach(&node.socket());
    gui.wait_for("Available 50.00000000 BTC");
    let address = node.wallet_rpc("miner", "getnewaddress", json!([])).expect("an address");
    let txid = pay(&mut gui, address.as_str().expect("a text"), "1", None);
    gui.page("Overview");
    gui.wait_for("Sent -1.00000000 BTC");
    let row = gui.harness.get_all_by_role(Role::Row).find_map(|node| {
        node.accesskit_node().label().filter(|label| label.starts_with("Sent -1.00000000 BTC"))
    });
    gui.click(Role::Row, &row.expect("a row"));
    gui.wait_for("Raise the fee…");
    gui.settle();
    gui.press("Raise the fee…");
    gui.type_in("New fee rate (sat/vB)", "1");
    gui.press("Make the replacement");
    gui.wait_for("Insufficient total fee");
    gui.clear("New fee rate (sat/vB)");
    gui.type_in("New fee rate (sat/vB)", "50");
    gui.press("Make the replacement");
    gui.wait(|gui| gui.is_enabled("Send the replacement"));
    gui.press("Send the replacement");
    gui.wait_for("The replacement is sent.");
    assert!(node.rpc("getmempoolentry", json!([txid])).is_err(), "it is replaced");
    let mempool = node.rpc("getrawmempool", json!([])).expect("an answer");
    assert_eq!(mempool.as_array().map(Vec::len), Some(1));
    let entry = node.rpc("getmempoolentry", json!([mempool[0]])).expect("an entry");
    let (fee, size) = (entry["fees"]["base"].to_string(), entry["vsize"].as_u64().expect("a size"));
    let fee: f64 = fee.parse().expect("a number");
    let rate = fee * 1e8 / size as f64;
    assert!((49.0..52.0).contains(&rate), "{rate} sat/vB");
    gui.press("Close this dialog");
    gui.settle();
    gui.wait_for("Replaced");
    node.stop().expect("an end in order");
}

#[test]
fn a36_a38_processes_die_and_come_back() {
    let Some(mut node) = node() else { return };
    let mut gui = Gui::attach(&node.socket());
    gui.wait_for("Available 50.00000000 BTC");
    gui.page("Send");
    gui.type_in("Pay to", "a draft");
    node.kill_wallet().expect("a wallet process");
    gui.wait_for("The wallet process has ended.");
    gui.wait(|gui| !gui.sees("The wallet process has ended.") && gui.is_enabled("Review"));
    assert_eq!(gui.field("Pay to").value(), Some("a draft".to_owned()));

    // A node that is stopped is told of, and nothing waits for it.
    let pid = node.process().expect("a process").pid();
    kill_process(pid, Signal::STOP).expect("a stop");
    gui.click(Role::Tab, "Node");
    gui.click(Role::Tab, "Coins");
    gui.wait_for("not answer (");
    gui.click(Role::Tab, "Send");
    kill_process(pid, Signal::CONT).expect("it goes on");
    gui.wait(|gui| !gui.sees("not answer ("));

    node.kill().expect("an end");
    gui.wait_for("Waiting for it at");
    assert!(!gui.is_enabled("Review"));
    node.start_again().expect("a start");
    node.rpc("loadwallet", json!(["miner"]))
        .or_else(|_| node.rpc("listwallets", json!([])))
        .expect("the wallet");
    gui.wait(|gui| gui.is_enabled("Review"));
    assert_eq!(gui.field("Pay to").value(), Some("a draft".to_owned()));
    gui.page("Overview");
    gui.wait_for("Available 50.00000000 BTC");
    node.stop().expect("an end in order");
    gui.wait_for("Waiting for it at");
}

#[test]
fn a54_no_log_has_a_passphrase() {
    const CANARY: &str = "Zq7!canary-7f3a";
    let Some(mut node) = node() else { return };
    let mut gui = Gui::attach(&node.socket());
    gui.wait_for("Available 50.00000000 BTC");
    gui.press("Wallets…");
    gui.settle();
    gui.press("Encrypt…");
    gui.type_in("New passphrase", CANARY);
    gui.type_in("New passphrase again", CANARY);
    gui.press("Encrypt");
    gui.wait_for("The wallet is encrypted, and locked.");
    gui.settle();
    gui.press("Close this dialog");
    gui.wait(|gui| gui.is_enabled("Unlock"));
    let address = node.wallet_rpc("miner", "getnewaddress", json!([])).expect("an address");
    pay(&mut gui, address.as_str().expect("a text"), "2", Some(CANARY));
    let info = node.wallet_rpc("miner", "getwalletinfo", json!([])).expect("an answer");
    assert_eq!(info["unlocked_until"], json!(0), "it is locked again");
    gui.page("Node");
    gui.type_in("Command", "walletpassphrase ");
    gui.field("Command").type_text(&format!("\"{CANARY}\" 1"));
    gui.harness.run_steps(3);
    gui.press("Run");
    gui.wait_for("> walletpassphrase …");
    gui.settle();
    assert!(!gui.tree().contains(CANARY));
    assert!(!format!("{:?}", gui.model()).contains(CANARY));
    let logs = [node.log(), node.wallet_log()];
    assert!(logs.iter().all(|log| log.len() > 1_000), "the logs are there");
    for log in logs {
        let line = log.lines().find(|line| line.contains(CANARY));
        assert_eq!(line, None);
    }
    node.stop().expect("an end in order");
}

#[test]
fn a23_a25_what_watches_makes_a_psbt_that_the_wallet_signs() {
    let Some(mut node) = node() else { return };
    let mut gui = Gui::attach(&node.socket());
    gui.wait_for("Available 50.00000000 BTC");
    let file = node.directory().join("watch.dat").display().to_string();
    gui.press("Wallets…");
    gui.settle();
    gui.press("Export what watches this wallet…");
    gui.type_in("File", &file);
    gui.press("Go on");
    gui.wait_for("is written: a wallet that watches this one.");
    gui.settle();
    gui.press("Restore…");
    gui.type_in("Wallet name", "watch");
    gui.type_in("Backup file", &file);
    gui.press("Restore");
    gui.wait_for("Overview of watch");
    gui.wait_for("Available 50.00000000 BTC");
    assert!(gui.sees("This wallet has no private keys"));
    let info = node.wallet_rpc("watch", "getwalletinfo", json!([])).expect("an answer");
    assert_eq!(info["private_keys_enabled"], json!(false));

    let address = node.wallet_rpc("miner", "getnewaddress", json!([])).expect("an address");
    gui.page("Send");
    gui.type_in("Pay to", address.as_str().expect("a text"));
    gui.type_in("Amount (BTC)", "3");
    gui.press("Review");
    gui.wait_for("Review this payment");
    gui.press("As PSBT");
    gui.wait(|gui| gui.model().sessions[0].wallets["watch"].psbt.is_some());
    gui.settle();
    assert!(gui.sees("3.00000000 BTC to ") && gui.sees("not signed"));
    let bytes = gui.model().sessions[0].wallets["watch"].psbt.clone().expect("a PSBT").bytes.clone();
    gui.press("Close this dialog");

    choose(&mut gui, "miner");
    gui.page("Send");
    gui.press("PSBT…");
    gui.type_in("PSBT in base64, or a file", &data_encoding::BASE64.encode(&bytes));
    gui.press("Read it");
    gui.wait_for("It is not complete.");
    gui.settle();
    gui.press("Sign the PSBT");
    gui.wait_for("It is complete, and can be sent.");
    gui.settle();
    gui.press("Send its transaction");
    gui.wait_for("The transaction is sent: ");
    let mempool = node.rpc("getrawmempool", json!([])).expect("an answer");
    assert_eq!(mempool.as_array().map(Vec::len), Some(1));
    assert!(gui.sees(mempool[0].as_str().expect("an id")));
    node.stop().expect("an end in order");
}

#[test]
fn a20_a27_coins_and_settings_of_a_real_node() {
    let Some(mut node) = node() else { return };
    let mut gui = Gui::attach(&node.socket());
    gui.wait_for("Available 50.00000000 BTC");
    gui.page("Coins");
    gui.wait_for("1 coins; 0 chosen");
    gui.settle();
    let freeze = gui.harness.get_all_by_role(Role::Button).find_map(|node| {
        node.accesskit_node().label().filter(|label| label.starts_with("Freeze 50.00000000 BTC"))
    });
    gui.press(&freeze.expect("a button"));
    gui.wait_for("The coin is frozen.");
    gui.settle();
    let frozen = node.wallet_rpc("miner", "listlockunspent", json!([])).expect("an answer");
    assert_eq!(frozen.as_array().map(Vec::len), Some(1));

    gui.page("Settings");
    assert!(gui.sees("(fallbackfee): set by the command line, which counts."), "{}", gui.tree());
    gui.type_in("Threads that check scripts (par)", "2");
    gui.press("Keep par");
    let file = node.directory().join("regtest/settings.json");
    let saved = |name: &str| {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        serde_json::from_str::<serde_json::Value>(&text).ok().and_then(|value| value.get(name).cloned())
    };
    // What can be pressed moves once it is known to be kept.
    gui.wait(|gui| saved("par") == Some(json!("2")) && !gui.sees("Undo par"));
    gui.settle();
    gui.press("Reset the node's settings…");
    gui.press("Reset");
    gui.wait(|_| saved("par").is_none());
    assert!(node.directory().join("regtest/settings.json.bak").exists());
    node.stop().expect("an end in order");
}

/// The process of this name that this test's window has started last.
fn started(name: &str) -> Option<rustix::process::Pid> {
    let tasks = std::fs::read_dir("/proc/self/task").expect("tasks");
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok());
    let lists: Vec<String> = lists.collect();
    let pids =
        lists.iter().flat_map(|list| list.split_whitespace()).filter_map(|pid| pid.parse::<i32>().ok());
    let of_name = |pid: &i32| {
        let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        // Nodes of other tests have a directory on their command line.
        line.split('\0').next().is_some_and(|first| first.ends_with(name)) && line.contains("-ipcfd")
    };
    pids.filter(of_name).max().and_then(rustix::process::Pid::from_raw)
}

#[test]
fn a34_a_node_that_does_not_end_is_ended_by_force() {
    let Some(programs) = programs() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let datadir = format!("-datadir={}", folder.path().display());
    let mut gui = Gui::spawn(
        programs.path("bitcoin-node"),
        vec![datadir, "-regtest".to_owned(), "-disablewallet".to_owned()],
    );
    gui.wait_for("Height 0,");
    gui.settle();
    let node = started("bitcoin-node").expect("a node");
    kill_process(node, Signal::STOP).expect("a stop");
    gui.harness.state_mut().state().closing = true;
    gui.engine.send(crate::engine::Msg::Command(0, crate::engine::Command::Close));
    gui.wait_for("Do not switch off the machine.");
    gui.press("End Own node by force");
    gui.wait(|gui| gui.harness.state().is_over());
    assert_eq!(gui.harness.state().exit_code(), 1);
}
