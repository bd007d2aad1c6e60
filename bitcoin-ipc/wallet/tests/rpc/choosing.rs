//! Which coins payments take, and what they cost.

use bitcoin::consensus::encode::deserialize_hex;
use bitcoin::{Amount, OutPoint, ScriptBuf, Transaction, TxIn, TxOut, Txid};
use serde_json::{Value, json};

use super::chain::elsewhere;
use super::node::{Node, foreign, script};

pub(crate) fn satoshi(value: &Value) -> i64 {
    value.to_string().replace('.', "").parse().unwrap()
}

/// A node with a wallet `w` that got these amounts, each at an address of its own, six blocks deep.
fn with_coins(amounts: &[u64]) -> Node {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    let outputs = amounts.iter().map(|satoshi| (node.new_script(), *satoshi)).collect();
    node.chain.mine_block(vec![gift(outputs)], &elsewhere());
    node.chain.mine(6, &elsewhere());
    node
}

/// A transaction from nowhere; only blocks have such.
pub(crate) fn gift(outputs: Vec<(ScriptBuf, u64)>) -> Transaction {
    Transaction {
        version: bitcoin::transaction::Version::TWO,
        lock_time: bitcoin::absolute::LockTime::ZERO,
        input: vec![TxIn { previous_output: OutPoint::new(any_txid(), 7), ..TxIn::default() }],
        output: outputs
            .into_iter()
            .map(|(script_pubkey, satoshi)| TxOut { value: Amount::from_sat(satoshi), script_pubkey })
            .collect(),
    }
}

fn any_txid() -> Txid {
    use bitcoin::hashes::Hash as _;
    use bitcoin::key::rand::Rng as _;
    Txid::from_byte_array(bitcoin::key::rand::rngs::OsRng.r#gen())
}

/// A transaction of the wallet and its fee.
fn told(node: &Node, txid: &Value) -> (Transaction, i64) {
    let told = node.ok("gettransaction", json!([txid]));
    (deserialize_hex(told["hex"].as_str().unwrap()).unwrap(), -satoshi(&told["fee"]))
}

fn pay(node: &Node, amount: &str, rate: u64) -> (Transaction, i64) {
    let txid = node.ok("sendtoaddress", json!({ "address": foreign(), "amount": amount, "fee_rate": rate }));
    told(node, &txid)
}

#[test]
fn coins_that_cost_more_than_they_hold_are_left_alone() {
    let dust = vec![1_000; 100];
    for rate in [1_u64, 20, 100, 300] {
        let node = with_coins(&[&[1_000_000][..], &dust].concat());
        let (tx, fee) = pay(&node, "0.005", rate);
        assert_eq!(tx.input.len(), 1, "{rate}");
        // One coin of P2WPKH, an output of P2WSH, change of P2TR.
        assert_eq!(fee, 165 * rate as i64);
        // One signature in 64 is a byte shorter.
        assert!([164, 165].contains(&tx.vsize()), "the fee is reckoned by the size that it has");
    }
    // Nor where the recipient pays for them, unless everything is to go.
    let node = with_coins(&[&[1_000_000][..], &dust].concat());
    let all =
        json!({ "address": foreign(), "amount": "0.0099", "fee_rate": 50, "subtractfeefromamount": true });
    let (tx, _) = told(&node, &node.ok("sendtoaddress", all));
    assert_eq!(tx.input.len(), 1);
    let node = with_coins(&[1_000_000, 1_000, 1_000]);
    let all =
        json!({ "address": foreign(), "amount": "0.01002", "fee_rate": 50, "subtractfeefromamount": true });
    let (tx, _) = told(&node, &node.ok("sendtoaddress", all));
    assert_eq!(tx.input.len(), 3);
}

#[test]
fn one_coin_is_taken_rather_than_hundreds() {
    let node = with_coins(&[&[100_000_000][..], &[10_000; 899]].concat());
    for rate in [1_u64, 100, 200, 300] {
        let raw =
            node.ok("walletcreatefundedpsbt", json!([[], [{ foreign(): "0.5" }], 0, { "fee_rate": rate }]));
        assert_eq!(satoshi(&raw["fee"]), 165 * rate as i64);
    }
}

#[test]
fn the_weight_that_is_allowed_decides_about_the_coins() {
    let node = with_coins(&[&[1_000_000][..], &[1_000; 100]].concat());
    let bare = |satoshi: u64| {
        let output = TxOut { value: Amount::from_sat(satoshi), script_pubkey: elsewhere() };
        let tx = Transaction { input: Vec::new(), output: vec![output], ..gift(Vec::new()) };
        bitcoin::consensus::encode::serialize_hex(&tx)
    };
    for _ in 0..10 {
        let options = json!({ "fee_rate": 1, "max_tx_weight": 4000 });
        let funded = node.ok("fundrawtransaction", json!([bare(500_000), options]));
        assert_eq!(satoshi(&funded["fee"]), 165);
    }
    let refused = |weight: i64, satoshi: u64| {
        node.error("fundrawtransaction", json!([bare(satoshi), { "fee_rate": 1, "max_tx_weight": weight }]))
    };
    let between = "Maximum transaction weight must be between 260 and 400000";
    assert_eq!(refused(259, 500_000), (-4, between.into()));
    assert_eq!(refused(400_001, 500_000), (-4, between.into()));
    let heavy = "The inputs size exceeds the maximum weight. Please try sending a smaller amount or manually consolidating your wallet's UTXOs";
    assert_eq!(refused(4000, 1_020_000), (-4, heavy.into()));
    let less = "Maximum transaction weight is less than transaction weight without inputs";
    assert_eq!(refused(260, 500_000).0, -4);
    let many = Transaction {
        input: Vec::new(),
        output: vec![TxOut { value: Amount::from_sat(1_000), script_pubkey: elsewhere() }; 5],
        ..gift(Vec::new())
    };
    let many = bitcoin::consensus::encode::serialize_hex(&many);
    let small = node.error("fundrawtransaction", json!([many, { "max_tx_weight": 700 }]));
    assert_eq!(small, (-4, less.into()));
}

#[test]
fn coins_that_are_long_confirmed_come_first() {
    let node = with_coins(&[2_000_000]);
    // One that came in the last block, and one that is not confirmed.
    node.chain.mine_block(vec![gift(vec![(node.new_script(), 1_500_000)])], &elsewhere());
    let (tx, _) = pay(&node, "0.01", 1);
    let first = node.chain.state().blocks[1].txdata[1].compute_txid();
    assert_eq!(tx.input[0].previous_output.txid, first);
    // With more than the old one has, the new one is taken too; change that waits is the last.
    let (tx, _) = pay(&node, "0.014", 1);
    assert_eq!(tx.input.len(), 1);
    let (tx, _) = pay(&node, "0.009", 1);
    assert_eq!(tx.input.len(), 1);
    assert!(node.chain.in_mempool(tx.input[0].previous_output.txid));
}

#[test]
fn unconfirmed_transactions_below_are_lifted_to_the_rate() {
    let node = with_coins(&[10_000_000]);
    let (parent, low) = pay(&node, "0.01", 1);
    let (child, fee) = pay(&node, "0.01", 100);
    // It spends change of P2TR, for which 155 virtual bytes are reckoned with.
    assert_eq!(child.input[0].previous_output.txid, parent.compute_txid());
    assert_eq!(fee, 100 * (parent.vsize() as i64 + 155) - low);
    // Two coins of one parent pay for it once.
    let node = with_coins(&[10_000_000]);
    let (one, two) = (node.ok("getnewaddress", json!([])), node.ok("getnewaddress", json!([])));
    let amounts = json!({ one.as_str().unwrap(): "0.049", two.as_str().unwrap(): "0.049" });
    let txid = node.ok("sendmany", json!({ "dummy": "", "amounts": amounts, "fee_rate": 1 }));
    let (parent, low) = told(&node, &txid);
    let (child, fee) = pay(&node, "0.09", 50);
    assert_eq!(child.input.len(), 2);
    assert_eq!(fee, 50 * (parent.vsize() as i64 + 232) - low);
    // Also where everything goes, and where the coins are the user's choice.
    let node = with_coins(&[10_000_000]);
    let (parent, low) = pay(&node, "0.01", 1);
    let sent = node.ok("sendall", json!({ "recipients": [foreign()], "fee_rate": 40 }));
    let (_, fee) = told(&node, &sent["txid"]);
    assert_eq!(fee, 40 * (parent.vsize() as i64 + 155 - 43) - low);
    let node = with_coins(&[10_000_000]);
    let (parent, low) = pay(&node, "0.01", 1);
    let place = parent.output.iter().position(|output| output.script_pubkey != elsewhere()).unwrap();
    let input = json!({ "txid": parent.compute_txid().to_string(), "vout": place });
    let funded =
        node.ok("walletcreatefundedpsbt", json!([[input], [{ foreign(): "0.01" }], 0, { "fee_rate": 40 }]));
    assert_eq!(satoshi(&funded["fee"]), 40 * (parent.vsize() as i64 + 155) - low);
}

#[test]
fn chains_of_unconfirmed_transactions_end_before_nodes_do() {
    let node = with_coins(&[100_000_000]);
    for _ in 0..24 {
        pay(&node, "0.001", 1);
    }
    // The next one would have 25 above it.
    let (_, _) = pay(&node, "0.001", 1);
    let refused = node.error("sendtoaddress", json!([foreign(), "0.001"]));
    let text = "Unconfirmed UTXOs are available, but spending them creates a chain of transactions that will be rejected by the mempool";
    assert_eq!(refused, (-6, text.into()));
}

#[test]
fn what_hangs_together_with_too_many_is_not_spent_either() {
    let node = with_coins(&[2_600_000_000]);
    // Each of them leaves a coin behind that has few above it, but all are of one cluster.
    let mut inputs = json!([]);
    for number in 0..25 {
        let own = node.ok("getnewaddress", json!([]));
        let options = json!({ "inputs": inputs, "add_inputs": number == 0, "change_position": 0 });
        let outputs = json!({ own.as_str().unwrap(): 25 - number });
        let sent = node.ok("send", json!({ "outputs": [outputs], "fee_rate": 2, "options": options }));
        inputs = json!([{ "txid": sent["txid"], "vout": 1 }]);
    }
    let options = json!({ "minconf": 0, "include_unsafe": true, "add_inputs": true });
    let refused =
        node.error("send", json!({ "outputs": [{ foreign(): "0.3" }], "fee_rate": 2, "options": options }));
    let text = "Unconfirmed UTXOs are available, but spending them creates a chain of transactions that will be rejected by the mempool";
    assert_eq!(refused, (-4, text.into()));
}

#[test]
fn transactions_of_version_3_keep_to_themselves() {
    let send = |node: &Node, amount: &str, version: u32| {
        node.ask("send", json!([{ foreign(): amount }, null, "unset", null, { "fee_rate": 5 }, version]), "")
    };
    let short = (-4, "Insufficient funds".to_owned());
    let node = with_coins(&[10_000_000]);
    let first = send(&node, "0.01", 3).unwrap();
    assert_eq!(told(&node, &first["txid"]).0.version.0, 3);
    assert_eq!(node.error("sendtoaddress", json!([foreign(), "0.01"])), (-6, short.1.clone()));
    assert_eq!(send(&node, "0.01", 2), Err(short.clone()));
    let all =
        |version: u32| node.ask("sendall", json!({ "recipients": [foreign()], "version": version }), "");
    assert_eq!(all(2).unwrap_err().0, -6);
    assert_eq!(node.chain.state().mempool.len(), 1);
    // One child it may have, but no grandchild.
    let child = send(&node, "0.01", 3).unwrap();
    assert_eq!(
        told(&node, &child["txid"]).0.input[0].previous_output.txid.to_string(),
        first["txid"].as_str().unwrap()
    );
    assert_eq!(send(&node, "0.01", 3), Err(short.clone()));
    assert_eq!(all(3).unwrap_err().0, -6);
    // Confirmed, they are coins like others.
    node.chain.mine(1, &elsewhere());
    send(&node, "0.01", 2).unwrap();
    assert_eq!(send(&node, "0.01", 3), Err(short));
    assert_eq!(all(3).unwrap_err().0, -6);
    let waiting = node.chain.state().mempool[0].clone();
    let place = waiting.output.iter().position(|output| output.script_pubkey != elsewhere()).unwrap();
    let input = json!({ "txid": waiting.compute_txid().to_string(), "vout": place });
    let mixed = node.error(
        "send",
        json!([{ foreign(): "0.01" }, null, "unset", null, { "inputs": [input], "fee_rate": 5 }, 3]),
    );
    let text = "Can't spend unconfirmed version 2 pre-selected input with a version 3 tx";
    assert_eq!(mixed, (-4, text.into()));
    let mixed = node.error("sendall", json!({ "recipients": [foreign()], "inputs": [input], "version": 3 }));
    assert_eq!(mixed, (-8, text.into()));
    assert_eq!(node.chain.state().mempool.len(), 1);
}

#[test]
fn a_child_of_version_3_is_small() {
    // Twenty unconfirmed outputs of one parent would make it too heavy.
    let node = with_coins(&[10_000_000]);
    let addresses: Vec<Value> = (0..20).map(|_| node.ok("getnewaddress", json!([]))).collect();
    let outputs: Vec<Value> =
        addresses.iter().map(|address| json!({ address.as_str().unwrap(): "0.0049" })).collect();
    node.ok("send", json!([outputs, null, "unset", null, { "fee_rate": 5 }, 3]));
    let send = |amount: &str| {
        node.ask("send", json!([{ foreign(): amount }, null, "unset", null, { "fee_rate": 5 }, 3]), "")
    };
    let heavy = send("0.09").unwrap_err();
    assert!(heavy.0 == -4 && heavy.1.starts_with("The inputs size exceeds the maximum weight."), "{heavy:?}");
    let all = node.error("sendall", json!({ "recipients": [foreign()], "version": 3 }));
    assert_eq!(all, (-4, "Transaction too large.".into()));
    let sent = send("0.04").unwrap();
    assert!(told(&node, &sent["txid"]).0.weight().to_wu() <= 4000);
}

#[test]
fn coins_of_one_address_go_together_where_that_costs_nothing() {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    let address = node.ok("getnewaddress", json!([]));
    let (same, other) = (script(&address), node.new_script());
    let outputs = vec![(same.clone(), 300_000), (same, 200_000), (other, 600_000)];
    node.chain.mine_block(vec![gift(outputs)], &elsewhere());
    node.chain.mine(6, &elsewhere());
    // The coin of the other address does as well as one of the two.
    let (tx, fee) = pay(&node, "0.0015", 1);
    assert_eq!((tx.input.len(), fee), (1, 165));
    let parent = &node.chain.state().blocks[1].txdata[1].clone();
    let spent = &parent.output[tx.input[0].previous_output.vout as usize];
    assert_eq!(spent.value.to_sat(), 600_000);
}

#[test]
fn kinds_are_not_mixed_for_nothing() {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    let of = |kind: &str| script(&node.ok("getnewaddress", json!(["", kind])));
    let outputs = vec![
        (of("bech32"), 300_000),
        (of("bech32"), 300_000),
        (of("bech32m"), 290_000),
        (of("bech32m"), 290_000),
    ];
    node.chain.mine_block(vec![gift(outputs)], &elsewhere());
    node.chain.mine(6, &elsewhere());
    let kinds = |tx: &Transaction| {
        let parent = node.chain.state().blocks[1].txdata[1].clone();
        let of = |input: &TxIn| parent.output[input.previous_output.vout as usize].script_pubkey.is_p2tr();
        let mut kinds: Vec<bool> = tx.input.iter().map(of).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds.len()
    };
    let funded = |amount: &str| {
        let options = json!({ "fee_rate": 5, "add_to_wallet": false });
        let made = node.ok("send", json!([{ foreign(): amount }, null, "unset", null, options]));
        deserialize_hex::<Transaction>(made["hex"].as_str().unwrap()).unwrap()
    };
    assert_eq!(kinds(&funded("0.005")), 1);
    assert_eq!(kinds(&funded("0.0065")), 2, "there are not enough of one kind");
}

#[test]
fn ten_thousand_coins_are_chosen_from_in_a_moment() {
    use bitcoin::key::rand::rngs::StdRng;
    use bitcoin::key::rand::{Rng as _, SeedableRng as _};
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    let mut random = StdRng::seed_from_u64(3);
    let scripts: Vec<ScriptBuf> = (0..100).map(|_| node.new_script()).collect();
    let mut any = || 10_f64.powf(random.gen_range(3.0..8.0)) as u64;
    let outputs: Vec<_> = (0..10_000).map(|place| (scripts[place % 100].clone(), any())).collect();
    node.chain.mine_block(vec![gift(outputs)], &elsewhere());
    node.chain.mine(6, &elsewhere());
    for (amount, rate) in [("0.001", 1), ("0.05", 20), ("5", 2), ("1", 150)] {
        let begun = std::time::Instant::now();
        let options = json!({ "fee_rate": rate });
        node.ok("walletcreatefundedpsbt", json!([[], [{ foreign(): amount }], 0, options]));
        println!("{amount} {rate} {:?}", begun.elapsed());
        assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    }
}
