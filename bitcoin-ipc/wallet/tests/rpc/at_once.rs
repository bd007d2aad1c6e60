//! Payments that are made at the same time.

use std::sync::Barrier;

use bitcoin::consensus::encode::deserialize_hex;
use bitcoin::{Transaction, Txid};
use serde_json::{Value, json};

use super::chain::elsewhere;
use super::node::{Node, foreign};

const PAYERS: usize = 8;
const PAYMENTS: usize = 5;

/// How a payment of so many satoshi is made; gives its id.
type Pay = fn(&Node, u64) -> Result<Value, (i64, String)>;

fn amount(satoshi: u64) -> String {
    format!("{}.{:08}", satoshi / 100_000_000, satoshi % 100_000_000)
}

fn satoshi(value: &Value) -> i64 {
    value.to_string().replace('.', "").parse().unwrap()
}

fn to_address(node: &Node, satoshi: u64) -> Result<Value, (i64, String)> {
    let rate = 1 + satoshi % 7;
    node.ask(
        "sendtoaddress",
        json!({ "address": foreign(), "amount": amount(satoshi), "fee_rate": rate }),
        "",
    )
}

fn send(node: &Node, satoshi: u64) -> Result<Value, (i64, String)> {
    let rate = 1 + satoshi % 7;
    let sent =
        node.ask("send", json!({ "outputs": { foreign(): amount(satoshi) }, "fee_rate": rate }), "")?;
    assert_eq!(sent["complete"], true);
    Ok(sent["txid"].clone())
}

fn to_many(node: &Node, satoshi: u64) -> Result<Value, (i64, String)> {
    let rate = 1 + satoshi % 7;
    let amounts = json!({ foreign(): amount(satoshi) });
    node.ask("sendmany", json!({ "dummy": "", "amounts": amounts, "fee_rate": rate }), "")
}

/// A coin is locked while others choose theirs, so that the transaction can be signed later.
fn fund(node: &Node, satoshi: u64) -> Result<Value, (i64, String)> {
    let outputs = json!([{ foreign(): amount(satoshi) }]);
    let options = json!({ "lockUnspents": true, "fee_rate": 1 + satoshi % 7 });
    let made = node.ask("walletcreatefundedpsbt", json!([[], outputs, 0, options]), "")?;
    let signed = node.ask("walletprocesspsbt", json!([made["psbt"]]), "")?;
    let tx: Transaction = deserialize_hex(signed["hex"].as_str().unwrap()).unwrap();
    node.chain.submit(&tx).map_err(|reason| (-26, reason))?;
    Ok(json!(tx.compute_txid().to_string()))
}

fn at_once(coins: usize, pay: Pay) -> usize {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    for _ in 0..coins {
        node.chain.mine(1, &node.new_script());
    }
    node.chain.mine(100, &elsewhere());
    let begin = Barrier::new(PAYERS);
    let paid: Vec<(u64, Txid)> = std::thread::scope(|scope| {
        let payers: Vec<_> = (0..PAYERS)
            .map(|payer| {
                let (node, begin) = (&node, &begin);
                scope.spawn(move || {
                    begin.wait();
                    let amounts = (0..PAYMENTS).map(|turn| 1_000_000 + (payer * PAYMENTS + turn) as u64);
                    let paid = amounts.filter_map(|satoshi| match pay(node, satoshi) {
                        Ok(txid) => Some((satoshi, txid.as_str().unwrap().parse().unwrap())),
                        Err((code, text)) => {
                            assert!([-6, -4].contains(&code), "{code} {text}");
                            None
                        }
                    });
                    paid.collect::<Vec<_>>()
                })
            })
            .collect();
        payers.into_iter().flat_map(|payer| payer.join().unwrap()).collect()
    });
    let mut left = coins as i64 * 5_000_000_000;
    for (satoshi, txid) in &paid {
        assert!(node.chain.in_mempool(*txid), "{txid} was acknowledged and is nowhere");
        let told = node.ok("gettransaction", json!([txid.to_string()]));
        assert_eq!(self::satoshi(&told["amount"]), -(*satoshi as i64));
        left -= *satoshi as i64 - self::satoshi(&told["fee"]);
    }
    assert_eq!(node.chain.state().mempool.len(), paid.len(), "what was not acknowledged is not paid");
    let balances = node.ok("getbalances", json!([]))["mine"].clone();
    assert_eq!(
        ["trusted", "untrusted_pending", "nonmempool"].map(|name| satoshi(&balances[name])),
        [left, 0, 0]
    );
    node.chain.mine(1, &elsewhere());
    assert_eq!(satoshi(&node.ok("getbalance", json!([]))), left);
    assert_eq!(node.ok("listlockunspent", json!([])), json!([]));
    paid.len()
}

#[test]
fn of_few_coins_each_is_spent_once() {
    assert!(at_once(1, to_address) >= 25);
    assert!(at_once(3, send) >= 25);
    assert!(at_once(2, to_many) >= 25);
}

#[test]
fn of_many_coins_each_is_spent_once() {
    assert_eq!(at_once(45, to_address), PAYERS * PAYMENTS);
    assert_eq!(at_once(45, send), PAYERS * PAYMENTS);
}

#[test]
fn coins_that_are_locked_for_later_are_nobody_elses() {
    assert_eq!(at_once(45, fund), PAYERS * PAYMENTS);
}

/// Runs something in as many threads as there are payers, and gives what came of it.
fn together<T: Send>(work: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let begin = Barrier::new(PAYERS);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..PAYERS as u64)
            .map(|number| {
                let (begin, work) = (&begin, &work);
                scope.spawn(move || {
                    begin.wait();
                    work(number)
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    })
}

fn in_mempool(node: &Node, txid: &Value) -> bool {
    node.chain.in_mempool(txid.as_str().unwrap().parse().unwrap())
}

#[test]
fn everything_is_sent_once() {
    let node = Node::rich("w");
    let answers = together(|number| {
        node.ask("sendall", json!({ "recipients": [foreign()], "fee_rate": 1 + number }), "")
    });
    let sent: Vec<_> = answers.iter().flatten().collect();
    assert_eq!((sent.len(), node.chain.state().mempool.len()), (1, 1), "{answers:?}");
    assert!(in_mempool(&node, &sent[0]["txid"]));
    for error in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert_eq!(error.0, -6, "{error:?}");
    }
    assert_eq!(satoshi(&node.ok("getbalance", json!([]))), 0);
}

#[test]
fn a_fee_is_raised_once_while_others_pay() {
    let node = Node::rich("w");
    node.chain.mine(PAYERS, &node.new_script());
    node.chain.mine(100, &elsewhere());
    let old = node.ok("sendtoaddress", json!({ "address": foreign(), "amount": 60, "fee_rate": 1 }));
    let answers = together(|number| {
        let options = json!({ "fee_rate": 20 + number });
        let bumped = node.ask("bumpfee", json!([old, options]), "");
        (bumped, to_address(&node, 1_000_000 + number).unwrap())
    });
    let bumped: Vec<_> = answers.iter().filter_map(|(bumped, _)| bumped.as_ref().ok()).collect();
    assert_eq!(bumped.len(), 1, "{answers:?}");
    assert!(in_mempool(&node, &bumped[0]["txid"]) && !in_mempool(&node, &old));
    assert!(answers.iter().all(|(_, paid)| in_mempool(&node, paid)));
    assert_eq!(node.chain.state().mempool.len(), 1 + PAYERS);
    let fees: u64 = {
        let state = node.chain.state();
        state.mempool.iter().map(|tx| state.fee(tx).unwrap()).sum()
    };
    let paid = 6_000_000_000 + (0..PAYERS as u64).map(|number| 1_000_000 + number).sum::<u64>();
    let left = (PAYERS as u64 + 1) * 5_000_000_000 - paid - fees;
    let balances = node.ok("getbalances", json!([]))["mine"].clone();
    let sum = satoshi(&balances["trusted"]) + satoshi(&balances["untrusted_pending"]);
    assert_eq!(sum, i64::try_from(left).unwrap());
}

#[test]
fn a_wallet_that_is_locked_meanwhile_pays_all_or_nothing() {
    let node = Node::new();
    node.ok("createwallet", json!({ "wallet_name": "w", "passphrase": "x" }));
    let coins = 12;
    for _ in 0..coins {
        node.chain.mine(1, &node.new_script());
    }
    node.chain.mine(100, &elsewhere());
    let answers = together(|number| {
        let mut paid = Vec::new();
        for turn in 0..PAYMENTS as u64 {
            if number % 4 == 0 {
                node.ok("walletpassphrase", json!(["x", 60]));
                node.ok("walletlock", json!([]));
                continue;
            }
            let satoshi = 1_000_000 + number * PAYMENTS as u64 + turn;
            let params = json!({ "outputs": { foreign(): amount(satoshi) }, "fee_rate": 2 });
            match number % 2 {
                0 => match node.ask("send", params, "") {
                    Ok(sent) if sent["complete"] == true => paid.push(sent["txid"].clone()),
                    Ok(sent) => assert!(sent["psbt"].is_string() && sent.get("txid").is_none(), "{sent}"),
                    Err(error) => assert_eq!(error.0, -13, "{error:?}"),
                },
                _ => match to_address(&node, satoshi) {
                    Ok(txid) => paid.push(txid),
                    Err(error) => assert_eq!(error.0, -13, "{error:?}"),
                },
            }
        }
        paid
    });
    let paid: Vec<_> = answers.into_iter().flatten().collect();
    assert!(paid.iter().all(|txid| in_mempool(&node, txid)));
    assert_eq!(node.chain.state().mempool.len(), paid.len());
    node.chain.mine(1, &elsewhere());
    let fees_and_payments: i64 =
        paid.iter().map(|txid| satoshi(&node.ok("gettransaction", json!([txid]))["amount"])).sum::<i64>()
            + paid.iter().map(|txid| satoshi(&node.ok("gettransaction", json!([txid]))["fee"])).sum::<i64>();
    assert_eq!(satoshi(&node.ok("getbalance", json!([]))), coins * 5_000_000_000 + fees_and_payments);
    assert_eq!(node.ok("listlockunspent", json!([])), json!([]));
}
