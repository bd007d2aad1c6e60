//! Scripts and signatures, checked by the kernel.
//!
//! In: a transaction and its coins. Out: whether each input's script lets it be spent.

use std::ops::Range;

use bitcoin::{Transaction, consensus};
use bitcoin_ipc::types::Coin;
use bitcoinkernel::{
    KernelError, PrecomputedTransactionData, ScriptPubkey, ScriptVerificationFlags, TxOut, VERIFY_ALL,
    VERIFY_ALL_PRE_TAPROOT,
};

use crate::mempool::{ScriptCheck, ScriptCheckError};

/// The first input whose script does not let it be spent.
///
/// # Errors
///
/// The kernel cannot say.
pub(crate) fn first_failure(
    tx: &Transaction,
    coins: &[Coin],
    flags: ScriptVerificationFlags,
) -> Result<Option<usize>, KernelError> {
    let kernel_tx = bitcoinkernel::Transaction::new(&consensus::serialize(tx))?;
    let mut outputs = Vec::with_capacity(coins.len());
    for coin in coins {
        let script = ScriptPubkey::new(coin.output.script_pubkey.as_bytes())?;
        outputs.push((script, i64::try_from(coin.output.value.to_sat()).unwrap_or(i64::MAX)));
    }
    let spent: Vec<_> = outputs.iter().map(|(script, value)| TxOut::new(script, *value)).collect();
    let data = PrecomputedTransactionData::new(&kernel_tx, &spent)?;
    let fails = |(index, (script, value)): (usize, &(ScriptPubkey, i64))| {
        bitcoinkernel::verify(script, Some(*value), &kernel_tx, index, Some(flags), &data).is_err()
    };
    Ok(outputs.iter().enumerate().position(fails))
}

/// Which inputs, of those in the range, may spend their outputs by the consensus rules of today. Where an output is not
/// known, its input may not, nor may those that sign all outputs.
///
/// # Errors
///
/// The kernel cannot say.
pub(crate) fn valid_inputs(
    tx: &Transaction,
    spent: &[Option<&bitcoin::TxOut>],
    wanted: Range<usize>,
) -> Result<Vec<bool>, KernelError> {
    let kernel_tx = bitcoinkernel::Transaction::new(&consensus::serialize(tx))?;
    let mut outputs = Vec::with_capacity(spent.len());
    for output in spent {
        let Some(output) = output else {
            outputs.push(None);
            continue;
        };
        let script = ScriptPubkey::new(output.script_pubkey.as_bytes())?;
        outputs.push(Some((script, i64::try_from(output.value.to_sat()).unwrap_or(i64::MAX))));
    }
    let all: Option<Vec<_>> = outputs
        .iter()
        .map(|known| known.as_ref().map(|(script, value)| TxOut::new(script, *value)))
        .collect();
    let flags = if all.is_some() { VERIFY_ALL } else { VERIFY_ALL_PRE_TAPROOT };
    let data = PrecomputedTransactionData::new(&kernel_tx, &all.unwrap_or_default())?;
    let valid = |index: usize| {
        let taproot = || spent[index].is_some_and(|output| output.script_pubkey.is_p2tr());
        outputs.get(index).and_then(Option::as_ref).is_some_and(|(script, value)| {
            (flags == VERIFY_ALL || !taproot())
                && bitcoinkernel::verify(script, Some(*value), &kernel_tx, index, Some(flags), &data).is_ok()
        })
    };
    Ok(wanted.map(valid).collect())
}

/// The kernel as a mempool asks it: all consensus rules of today.
#[derive(Clone, Copy, Debug, Default)]
pub struct KernelScripts;

impl ScriptCheck for KernelScripts {
    fn first_failure(&self, tx: &Transaction, coins: &[Coin]) -> Result<Option<usize>, ScriptCheckError> {
        Ok(first_failure(tx, coins, VERIFY_ALL)?)
    }
}

#[cfg(test)]
mod tests;
