//! Scripts and signatures, checked by the kernel.
//!
//! In: a transaction and its coins. Out: whether each input's script lets it be spent.

use bitcoin::{Transaction, consensus};
use bitcoin_ipc::types::Coin;
use bitcoinkernel::{
    KernelError, PrecomputedTransactionData, ScriptPubkey, ScriptVerificationFlags, TxOut, VERIFY_ALL,
};

use super::{RejectKind, Rejected, standard};

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

/// Which input it was, in Bitcoin Core's words.
pub(crate) fn describe(tx: &Transaction, index: usize) -> String {
    let (txid, wtxid) = (tx.compute_txid(), tx.compute_wtxid());
    let outpoint = tx.input.get(index).map(|input| input.previous_output).unwrap_or_default();
    format!("input {index} of {txid} (wtxid {wtxid}), spending {outpoint}")
}

/// Checks all inputs by the consensus rules of today.
pub(super) fn verify(tx: &Transaction, coins: &[Coin]) -> Result<(), Rejected> {
    let unread = |error: KernelError| {
        Rejected::new(RejectKind::Unread, "the kernel cannot check scripts", error.to_string())
    };
    let Some(index) = first_failure(tx, coins, VERIFY_ALL).map_err(unread)? else { return Ok(()) };
    let stripped =
        tx.input.iter().all(|input| input.witness.is_empty()) && standard::needs_witness(tx, coins);
    let kind = if stripped { RejectKind::WitnessStripped } else { RejectKind::Consensus };
    // The kernel does not say which rule of scripts it was; these are Bitcoin Core's words for a rule
    // without a name.
    let reason = "mempool-script-verify-flag-failed (unknown error)";
    Err(Rejected::new(kind, reason, describe(tx, index)))
}
