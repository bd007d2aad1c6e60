//! Rules of a block's transactions and their coins.
//!
//! In: a block at its place. Out: the first rule that it breaks, as Bitcoin Core's `ConnectBlock`.

use std::collections::{HashMap, HashSet};

use bitcoin::{Amount, Block, OutPoint, Transaction, TxOut};
use bitcoin_ipc::types::Coin;
use mp_runtime::Error;

use super::body::MAX_SIGOPS_COST;
use super::next::Next;
use super::{Failure, Scripts, broken};
use crate::mempool::View;
use crate::mempool::policy::check;
use crate::mempool::scripts::describe;
use crate::scripts;
use crate::template::subsidy;

/// The coins while the block's transactions come one after the other.
struct Coins<'a> {
    next: &'a Next<'a>,
    new: HashMap<OutPoint, Coin>,
    spent: HashSet<OutPoint>,
}

impl Coins<'_> {
    /// The coins that a transaction spends; `None` if one is missing.
    fn of(&self, tx: &Transaction) -> Result<Option<Vec<Coin>>, Failure> {
        let mut coins = Vec::with_capacity(tx.input.len());
        for input in &tx.input {
            let outpoint = input.previous_output;
            let coin = match self.new.get(&outpoint) {
                _ if self.spent.contains(&outpoint) => None,
                Some(coin) => Some(coin.clone()),
                None => self.next.coin(&outpoint)?,
            };
            let Some(coin) = coin else { return Ok(None) };
            coins.push(coin);
        }
        Ok(Some(coins))
    }

    fn apply(&mut self, tx: &Transaction) {
        let (txid, coinbase) = (tx.compute_txid(), tx.is_coinbase());
        self.spent.extend(tx.input.iter().map(|input| input.previous_output));
        for (output, vout) in tx.output.iter().zip(0..) {
            if !crate::index::is_unspendable(&output.script_pubkey) {
                let coin = Coin { output: output.clone(), height: self.next.height, coinbase };
                self.new.insert(OutPoint::new(txid, vout), coin);
            }
        }
    }
}

/// Checks what the transactions spend, what they pay, and their scripts.
pub(super) fn connect(next: &Next<'_>, block: &Block, run: Scripts) -> Result<(), Failure> {
    no_overwriting(next, block)?;
    let mut coins = Coins { next, new: HashMap::new(), spent: HashSet::new() };
    let (mut fees, mut sigops) = (Amount::ZERO, 0_usize);
    let mut spenders = Vec::with_capacity(block.txdata.len());
    for tx in &block.txdata {
        let mut spent = Vec::new();
        if !tx.is_coinbase() {
            spent = inputs(&coins, tx, &mut fees)?;
            if next.height >= next.active.csv && !check::relative_locks_open(tx, &spent, next)? {
                let debug = format!("contains a non-BIP68-final transaction {}", tx.compute_txid());
                return broken("bad-txns-nonfinal", debug);
            }
        }
        sigops = sigops.saturating_add(sigops_cost(tx, &spent));
        if sigops > MAX_SIGOPS_COST {
            return broken("bad-blk-sigops", "too many sigops");
        }
        coins.apply(tx);
        spenders.push((tx, spent));
    }
    let paid: Amount = block.txdata.iter().take(1).flat_map(|tx| &tx.output).map(|output| output.value).sum();
    let reward = fees + subsidy(next.network, next.height);
    if paid > reward {
        let (actual, limit) = (paid.to_sat(), reward.to_sat());
        return broken("bad-cb-amount", format!("coinbase pays too much (actual={actual} vs limit={limit})"));
    }
    if run == Scripts::Run {
        run_scripts(next, &spenders)?;
    }
    Ok(())
}

/// No transaction may take the id of another one that has coins (BIP 30).
fn no_overwriting(next: &Next<'_>, block: &Block) -> Result<(), Failure> {
    for tx in &block.txdata {
        let txid = tx.compute_txid();
        for (_, vout) in tx.output.iter().zip(0..) {
            if next.coin(&OutPoint::new(txid, vout))?.is_some() {
                return broken("bad-txns-BIP30", "tried to overwrite transaction");
            }
        }
    }
    Ok(())
}

/// The coins of a transaction's inputs, once its fee has been added to the others.
fn inputs(coins: &Coins<'_>, tx: &Transaction, fees: &mut Amount) -> Result<Vec<Coin>, Failure> {
    let within = || format!(" in transaction {}", tx.compute_txid());
    let Some(spent) = coins.of(tx)? else {
        let debug = format!("CheckTxInputs: inputs missing/spent{}", within());
        return broken("bad-txns-inputs-missingorspent", debug);
    };
    let fee = match check::inputs(tx, &spent, coins.next.height) {
        Ok(fee) => fee,
        Err(rejected) => return broken(&rejected.reason, rejected.details + &within()),
    };
    // Each is at most all bitcoin.
    *fees += fee;
    if *fees > Amount::MAX_MONEY {
        let debug = "accumulated fee in the block out of range";
        return broken("bad-txns-accumulated-fee-outofrange", debug);
    }
    Ok(spent)
}

/// Bitcoin Core's `GetTransactionSigOpCost`.
fn sigops_cost(tx: &Transaction, spent: &[Coin]) -> usize {
    let outputs: HashMap<OutPoint, &TxOut> = tx
        .input
        .iter()
        .map(|input| input.previous_output)
        .zip(spent.iter().map(|coin| &coin.output))
        .collect();
    tx.total_sigop_cost(|outpoint| outputs.get(outpoint).map(|output| (*output).clone()))
}

fn run_scripts(next: &Next<'_>, spenders: &[(&Transaction, Vec<Coin>)]) -> Result<(), Failure> {
    let flags = next.active.script_flags(next.height);
    for (tx, coins) in spenders.iter().filter(|(tx, _)| !tx.is_coinbase()) {
        let failure = scripts::first_failure(tx, coins, flags)
            .map_err(|error| Error::failed(format!("the kernel cannot check scripts: {error}")))?;
        if let Some(index) = failure {
            return broken("block-script-verify-flag-failed (unknown error)", describe(tx, index));
        }
    }
    Ok(())
}
