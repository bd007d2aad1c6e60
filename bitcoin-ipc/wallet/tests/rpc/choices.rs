//! What a choice of coins costs next to what Bitcoin Core's wallet pays for the same coins.
//!
//! In: `tests/recorded/choices.json`, which `tests/like_core/choices.rs` records. Out: fees and costs, which are never
//! higher in sum than Bitcoin Core's.

use serde_json::{Value, json};

use super::chain::elsewhere;
use super::choosing::{gift, satoshi};
use super::node::Node;

const RECORDED: &str = include_str!("../recorded/choices.json");
const STRANGER: &str = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";

fn text(satoshi: u64) -> String {
    format!("{}.{:08}", satoshi / 100_000_000, satoshi % 100_000_000)
}

#[test]
fn fees_are_no_higher_than_bitcoin_cores() {
    let recorded: Value = serde_json::from_str(RECORDED).unwrap();
    let amounts: Vec<u64> =
        recorded["amounts"].as_array().unwrap().iter().map(|amount| amount.as_u64().unwrap()).collect();
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    let outputs = amounts.iter().map(|satoshi| (node.new_script(), *satoshi)).collect();
    let paid = gift(outputs);
    let txid = paid.compute_txid().to_string();
    node.chain.mine_block(vec![paid], &elsewhere());
    node.chain.mine(6, &elsewhere());
    let mut ratios = Vec::new();
    let (mut lower, mut sums) = (0, (0, 0));
    for case in recorded["cases"].as_array().unwrap() {
        let chosen: Vec<usize> =
            case["coins"].as_array().unwrap().iter().map(|place| place.as_u64().unwrap() as usize).collect();
        let others = (0..amounts.len()).filter(|place| !chosen.contains(place));
        let locked: Vec<Value> = others.map(|place| json!({ "txid": txid, "vout": place })).collect();
        node.ok("lockunspent", json!([false, locked]));
        let options = json!({ "fee_rate": case["rate"] });
        let pay = text(case["pay"].as_u64().unwrap());
        let made = node.ok("walletcreatefundedpsbt", json!([[], [{ STRANGER: pay }], 0, options]));
        node.ok("lockunspent", json!([true]));
        let (ours, theirs) = (satoshi(&made["fee"]), case["fee"].as_i64().unwrap());
        // To spend change takes 68 virtual bytes, here at 3 satoshi each.
        let cost = |fee: i64, change: bool| fee + if change { 68 * 3 } else { 0 };
        let ours_all = cost(ours, made["changepos"] != -1);
        let theirs_all = cost(theirs, case["change"] == true);
        assert!(ours_all <= theirs_all, "{ours} with change {}, in {case}", made["changepos"]);
        lower += usize::from(ours_all < theirs_all);
        sums = (sums.0 + ours, sums.1 + theirs);
        ratios.push(ours as f64 / theirs as f64);
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ratios.len() / 2];
    println!("median {median}, lower in {lower} of {} cases, {} of {} satoshi", ratios.len(), sums.0, sums.1);
    assert!(ratios.len() == 200 && median <= 1.0 && sums.0 <= sums.1);
}
