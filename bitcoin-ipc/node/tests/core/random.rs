//! Packages that nobody has thought of.
//!
//! In: numbers that are always the same. Out: the verdicts of both nodes on packages made from them,
//! and what their mempools hold then, in the order of mining.

use std::collections::BTreeSet;

use bitcoin::{Amount, Transaction, TxOut};
use serde_json::json;

use super::answers::ADDRESS;
use super::both::Both;
use super::spending::{Coin, anchor, coins_of, data, list, output, reward, spend};

/// How many packages, and how many coins are kept for them.
const PACKAGES: usize = 300;
const COINS: usize = 90;
/// Any but zero.
const SEED: u64 = 7;

/// Marsaglia's xorshift.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % end
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

/// Spends coins, in one to three parts, and sometimes with dust or more bytes.
fn made(numbers: &mut Numbers, inputs: &[Coin]) -> Transaction {
    let version = numbers.pick(&[2, 2, 2, 3]);
    let fee = numbers.pick(&[0, 0, 0, 5, 100, 300, 1000, 2500, 9000, 20_000]);
    let parts = numbers.pick(&[1, 2, 3]);
    let total: u64 = inputs.iter().map(|coin| coin.value).sum();
    let paid = total.saturating_sub(fee);
    let mut outputs = vec![output(paid / parts); usize::try_from(parts).unwrap()];
    outputs[0].value += Amount::from_sat(paid % parts);
    if numbers.one_in(8) {
        outputs.push(TxOut { value: Amount::ZERO, script_pubkey: anchor() });
    }
    if numbers.one_in(6) {
        outputs.push(data(numbers.pick(&[10, 300, 1100])));
    }
    spend(version, inputs, outputs, 0)
}

/// Up to three parents, which may spend the same, and what mostly is their child.
fn package(numbers: &mut Numbers, coins: &[Coin]) -> Vec<Transaction> {
    let (mut txs, mut inputs) = (Vec::new(), Vec::new());
    for _ in 0..numbers.pick(&[0, 1, 1, 1, 2, 2, 3]) {
        let mut of_parent = vec![numbers.pick(coins)];
        if numbers.one_in(4) {
            of_parent.push(numbers.pick(coins));
        }
        of_parent.dedup_by_key(|coin| coin.outpoint);
        let parent = made(numbers, &of_parent);
        let outputs: Vec<_> = coins_of(&parent).collect();
        inputs.push(numbers.pick(&outputs));
        if !numbers.one_in(4) {
            inputs.extend(outputs.into_iter().filter(|coin| !coin.signed));
        }
        txs.push(parent);
    }
    if inputs.is_empty() || numbers.one_in(5) {
        inputs.push(numbers.pick(coins));
    }
    let mut seen = BTreeSet::new();
    inputs.retain(|coin| seen.insert(coin.outpoint));
    txs.push(made(numbers, &inputs));
    txs
}

pub(crate) fn packages_by_chance_are_judged_the_same() {
    let both = Both::start();
    both.generate(145, ADDRESS);
    let mut numbers = Numbers(SEED);
    let mut coins: Vec<Coin> = (1..=45).map(|height| reward(&both, height)).collect();
    let mut settled: BTreeSet<String> = coins.iter().map(|coin| coin.outpoint.txid.to_string()).collect();
    let mut taken = 0;
    for _ in 0..PACKAGES {
        let txs = package(&mut numbers, &coins);
        let txs: Vec<_> = txs.iter().collect();
        both.same("testmempoolaccept", json!([list(&txs)])).unwrap();
        let answer = both.same("submitpackage", json!([list(&txs)]));
        taken += usize::from(answer.is_ok_and(|answer| answer["package_msg"] == "success"));
        let held = both.same("getrawmempool", json!([])).unwrap();
        let held: Vec<_> = held.as_array().unwrap().iter().map(|txid| txid.as_str().unwrap()).collect();
        both.same("getmempoolfeeratediagram", json!([])).unwrap();
        if !held.is_empty() {
            let txid = numbers.pick(&held);
            both.same("getmempoolcluster", json!([txid])).unwrap();
            if numbers.one_in(10) {
                let delta = numbers.pick(&[-500, 300, 2000]);
                // Not for one with dust.
                let _ = both.same("prioritisetransaction", json!([txid, null, delta]));
            }
        }
        let here: BTreeSet<String> = held.into_iter().map(str::to_owned).collect();
        if numbers.one_in(40) {
            both.generate(1, ADDRESS);
            settled.extend(here.iter().cloned());
        }
        for tx in txs {
            coins.extend(coins_of(tx).filter(|coin| !coin.signed || coin.value > 1000));
        }
        // Most coins are there, and some are spent or were never made.
        coins.retain(|coin| {
            let txid = coin.outpoint.txid.to_string();
            settled.contains(&txid) || here.contains(&txid) || numbers.one_in(4)
        });
        while coins.len() > COINS {
            let place = numbers.below(coins.len());
            coins.swap_remove(place);
        }
    }
    assert!(taken > PACKAGES / 20, "{taken} packages were taken as a whole");
    both.finish();
}
