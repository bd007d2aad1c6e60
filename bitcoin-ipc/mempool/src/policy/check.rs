//! Consensus rules of a transaction by itself, of its locks, and of its coins.
//!
//! In: a transaction, its coins, the chain. Out: its fee, or the rule that it breaks.

use std::collections::HashSet;

use bitcoin::{Amount, Transaction};
use bitcoin_ipc::types::Coin;

use crate::reject::{RejectKind, Rejected};
use crate::view::{MEMPOOL_HEIGHT, View, ViewError};

const LOCK_TIME_THRESHOLD: u32 = 500_000_000;
const SEQUENCE_DISABLE: u32 = 1 << 31;
const SEQUENCE_IS_TIME: u32 = 1 << 22;
const COINBASE_MATURITY: u32 = 100;

/// Rules that need nothing but the transaction, by the word for the one that it breaks: Bitcoin Core's
/// `CheckTransaction`.
///
/// # Errors
///
/// It breaks one.
pub fn transaction(tx: &Transaction) -> Result<(), &'static str> {
    if tx.input.is_empty() {
        return Err("bad-txns-vin-empty");
    }
    if tx.output.is_empty() {
        return Err("bad-txns-vout-empty");
    }
    if tx.base_size() * 4 > 4_000_000 {
        return Err("bad-txns-oversize");
    }
    let mut total = Amount::ZERO;
    for output in &tx.output {
        // On the wire amounts are signed.
        if output.value.to_sat() > i64::MAX as u64 {
            return Err("bad-txns-vout-negative");
        }
        if output.value > Amount::MAX_MONEY {
            return Err("bad-txns-vout-toolarge");
        }
        total += output.value;
        if total > Amount::MAX_MONEY {
            return Err("bad-txns-txouttotal-toolarge");
        }
    }
    let mut seen = HashSet::new();
    if !tx.input.iter().all(|input| seen.insert(input.previous_output)) {
        return Err("bad-txns-inputs-duplicate");
    }
    if tx.is_coinbase() {
        let fits = tx.input.iter().all(|input| (2..=100).contains(&input.script_sig.len()));
        return if fits { Ok(()) } else { Err("bad-cb-length") };
    }
    if tx.input.iter().any(|input| input.previous_output.is_null()) {
        return Err("bad-txns-prevout-null");
    }
    Ok(())
}

/// Rules of a transaction that is not in a block, which need nothing else.
pub(crate) fn alone(tx: &Transaction) -> Result<(), Rejected> {
    let broken = |reason| Rejected::plain(RejectKind::Consensus, reason);
    transaction(tx).map_err(broken)?;
    if tx.is_coinbase() { Err(broken("coinbase")) } else { Ok(()) }
}

/// Whether the lock time lets a transaction into a block at a height, with the median time of the
/// block before: Bitcoin Core's `IsFinalTx`, with BIP 113.
#[must_use]
pub fn is_final(tx: &Transaction, height: u32, median_time_past: u32) -> bool {
    let lock = tx.lock_time.to_consensus_u32();
    let reached = if lock < LOCK_TIME_THRESHOLD { height } else { median_time_past };
    lock == 0 || lock < reached || tx.input.iter().all(|input| input.sequence.0 == u32::MAX)
}

/// Whether the inputs' relative locks let a transaction into the next block (BIP 68).
///
/// # Errors
///
/// The chain cannot be read.
pub fn relative_locks_open(tx: &Transaction, coins: &[Coin], view: &dyn View) -> Result<bool, ViewError> {
    // The version counts as unsigned here.
    if tx.version.0.cast_unsigned() < 2 {
        return Ok(true);
    }
    let next = view.height() + 1;
    let median = i64::from(view.median_time_past()?);
    for (input, coin) in tx.input.iter().zip(coins) {
        let sequence = input.sequence.0;
        if sequence & SEQUENCE_DISABLE != 0 {
            continue;
        }
        let value = sequence & 0xffff;
        let height = if coin.height == MEMPOOL_HEIGHT { next } else { coin.height };
        if sequence & SEQUENCE_IS_TIME != 0 {
            let since = view.median_time_past_at(height.saturating_sub(1))?;
            if i64::from(since) + (i64::from(value) << 9) > median {
                return Ok(false);
            }
        } else if u64::from(height) + u64::from(value) > u64::from(next) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a block at a height may spend a coin: coinbases have to be 100 blocks deep.
pub(crate) fn is_mature(coin: &Coin, height: u32) -> bool {
    !coin.coinbase || height.saturating_sub(coin.height) >= COINBASE_MATURITY
}

/// The fee, where amounts add up and coinbases are old enough: Bitcoin Core's `CheckTxInputs`.
///
/// # Errors
///
/// They do not, or one is not.
pub fn inputs(tx: &Transaction, coins: &[Coin], height: u32) -> Result<Amount, Rejected> {
    let mut total = Amount::ZERO;
    for coin in coins {
        if !is_mature(coin, height) {
            let depth = height.saturating_sub(coin.height);
            let details = format!("tried to spend coinbase at depth {depth}");
            let reason = "bad-txns-premature-spend-of-coinbase";
            return Err(Rejected::new(RejectKind::PrematureSpend, reason, details));
        }
        total = total.checked_add(coin.output.value).unwrap_or(Amount::MAX);
        if total > Amount::MAX_MONEY {
            return Err(Rejected::plain(RejectKind::Consensus, "bad-txns-inputvalues-outofrange"));
        }
    }
    // Outputs were added up before.
    let spent: Amount = tx.output.iter().map(|output| output.value).sum();
    total.checked_sub(spent).ok_or_else(|| {
        let details = format!("value in ({}) < value out ({})", money(total), money(spent));
        Rejected::new(RejectKind::Consensus, "bad-txns-in-belowout", details)
    })
}

/// An amount as Bitcoin Core's `FormatMoney` has it: at least two decimals.
pub(crate) fn money(amount: Amount) -> String {
    let (whole, rest) = (amount.to_sat() / 100_000_000, amount.to_sat() % 100_000_000);
    let mut text = format!("{whole}.{rest:08}");
    while text.ends_with('0') && text.len() - text.find('.').unwrap_or(0) > 3 {
        text.pop();
    }
    text
}
