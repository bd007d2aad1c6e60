//! Help for what waits, on a real node and a real wallet, to the satoshi.

use std::sync::Arc;

use bitcoin_demo::programs::Node;
use eframe::egui::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use serde_json::{Value, json};

use super::Gui;
use super::real::{choose, mine, node, pay};
use crate::model::review::{Bump, Prepared};
use crate::text::amount::{Unit, plain};

/// An amount of an answer, in satoshi.
fn sat(value: &Value) -> u64 {
    bitcoin::Amount::from_str_in(&value.to_string(), bitcoin::Denomination::Bitcoin)
        .expect("an amount")
        .to_sat()
}

/// A wallet that is not shown, and an address of it.
fn shop(node: &Node) -> String {
    node.rpc("createwallet", json!(["shop", false, false, "", false, true, true])).expect("a wallet");
    let address = node.wallet_rpc("shop", "getnewaddress", json!([])).expect("an address");
    address.as_str().expect("a text").to_owned()
}

/// Opens the help for the row that begins so, asks for a rate, and gives what is to be reviewed.
fn prepare(gui: &mut Gui, row: &str, button: &str, field: &str, rate: &str, make: &str) -> Arc<Prepared> {
    gui.page("Overview");
    gui.wait_for(row);
    gui.settle();
    let row = gui
        .harness
        .get_all_by_role(Role::Row)
        .find_map(|node| node.accesskit_node().label().filter(|label| label.starts_with(row)));
    gui.click(Role::Row, &row.expect("a row"));
    gui.wait_for(button);
    gui.settle();
    gui.press(button);
    gui.type_in(field, rate);
    gui.press(make);
    gui.wait(|gui| {
        let model = gui.model();
        matches!(model.sessions[0].wallet().map(|wallet| &wallet.bump), Some(Bump::Review(_)))
    });
    let model = gui.model();
    let Some(Bump::Review(prepared)) = model.sessions[0].wallet().map(|wallet| &wallet.bump) else {
        panic!("nothing to review")
    };
    prepared.clone()
}

fn send(gui: &mut Gui, button: &str, sent: &str) {
    gui.wait(|gui| gui.is_enabled(button));
    gui.press(button);
    gui.wait_for(sent);
    gui.settle();
    gui.press("Close this dialog");
    gui.settle();
}

#[test]
fn a21_a_real_payment_is_taken_back() {
    let Some(mut node) = node() else { return };
    let to = shop(&node);
    let mut gui = Gui::attach(&node.socket());
    gui.wait(|gui| gui.model().sessions[0].wallets.len() == 2);
    choose(&mut gui, "miner");
    gui.wait_for("Available 50.00000000 BTC");
    let txid = pay(&mut gui, &to, "1.5", None);
    let old = sat(&node.rpc("getmempoolentry", json!([txid])).expect("it waits")["fees"]["base"]);
    let prepared = prepare(
        &mut gui,
        "Sent -1.50000000 BTC",
        "Take it back…",
        "New fee rate (sat/vB)",
        "30",
        "Make the cancellation",
    );
    assert_eq!(prepared.old_fee, old);
    let (fee, id) = (prepared.fee, prepared.tx.compute_txid().to_string());
    assert!(gui.sees(&plain(fee, Unit::Btc)) && gui.sees(&plain(5_000_000_000 - fee, Unit::Btc)));
    send(&mut gui, "Send the cancellation", "The cancellation is sent.");

    assert_eq!(node.rpc("getrawmempool", json!([])).expect("an answer"), json!([id]), "it alone waits");
    let entry = node.rpc("getmempoolentry", json!([id])).expect("it waits");
    assert_eq!(sat(&entry["fees"]["base"]), fee);
    let size = entry["vsize"].as_u64().expect("a size");
    assert!((30 * size..=30 * (size + 2)).contains(&fee), "{fee} for {size}");
    let sent = node.wallet_rpc("miner", "gettransaction", json!([id, false, true])).expect("an answer");
    assert_eq!(sent["replaces_txid"], json!(txid));
    assert_eq!(sent["decoded"]["vout"].as_array().map(Vec::len), Some(1));
    gui.wait_for("Replaced");
    mine(&node, 1);
    gui.wait_for("Height 102,");
    gui.wait_for(&format!("Available {}", plain(10_000_000_000 - fee, Unit::Btc)));
    let has = node.wallet_rpc("shop", "getbalances", json!([])).expect("an answer");
    assert_eq!((sat(&has["mine"]["trusted"]), sat(&has["mine"]["untrusted_pending"])), (0, 0));
    node.stop().expect("an end in order");
}

#[test]
fn a21_a_real_child_pays_for_what_came_in() {
    let Some(mut node) = node() else { return };
    let to = shop(&node);
    let options = json!({"address": to, "amount": 1, "fee_rate": 1});
    let txid = node.wallet_rpc("miner", "sendtoaddress", options).expect("a payment");
    let parent = node.rpc("getmempoolentry", json!([txid])).expect("it waits");
    let (old, old_size) = (sat(&parent["fees"]["base"]), parent["vsize"].as_u64().expect("a size"));
    let mut gui = Gui::attach(&node.socket());
    gui.wait(|gui| gui.model().sessions[0].wallets.len() == 2);
    choose(&mut gui, "shop");
    gui.wait_for("Pending 1.00000000 BTC");
    let prepared = prepare(
        &mut gui,
        "Received 1.00000000 BTC",
        "Pay for it…",
        "Fee rate of both together (sat/vB)",
        "20",
        "Make the child",
    );
    assert_eq!((prepared.old_fee, prepared.ancestors), (old, Some((old, old_size))));
    let (fee, id) = (prepared.fee, prepared.tx.compute_txid().to_string());
    assert!(gui.sees(&plain(100_000_000 - fee, Unit::Btc)), "{}", gui.tree());
    send(&mut gui, "Send the child", "The child is sent.");

    let entry = node.rpc("getmempoolentry", json!([id])).expect("it waits");
    assert_eq!(entry["depends"], json!([txid]));
    assert_eq!(sat(&entry["fees"]["base"]), fee);
    let all = (sat(&entry["fees"]["ancestor"]), entry["ancestorsize"].as_u64().expect("a size"));
    assert_eq!(all.0, old + fee);
    assert!((20 * all.1..=20 * (all.1 + 2)).contains(&all.0), "{all:?}");
    mine(&node, 1);
    gui.wait_for("Height 102,");
    gui.wait_for(&format!("Available {}", plain(100_000_000 - fee, Unit::Btc)));
    let block = node.rpc("getblock", json!([node.rpc("getbestblockhash", json!([])).expect("a hash")]));
    let mined = block.expect("a block")["tx"].to_string();
    assert!(mined.contains(&id) && mined.contains(txid.as_str().expect("an id")));
    node.stop().expect("an end in order");
}
