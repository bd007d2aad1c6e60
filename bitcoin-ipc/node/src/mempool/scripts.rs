//! Scripts and signatures, checked by the kernel.
//!
//! In: a transaction and its coins. Out: whether each input's script lets it be spent.

use bitcoin::{Transaction, consensus};
use bitcoin_ipc::types::Coin;
use bitcoinkernel::{PrecomputedTransactionData, ScriptPubkey, TxOut, VERIFY_ALL};

use super::{RejectKind, Rejected, standard};

/// Checks all inputs by the consensus rules of today.
pub(super) fn verify(tx: &Transaction, coins: &[Coin]) -> Result<(), Rejected> {
    let unread = |error: bitcoinkernel::KernelError| {
        Rejected::new(RejectKind::Unread, "the kernel cannot check scripts", error.to_string())
    };
    let kernel_tx = bitcoinkernel::Transaction::new(&consensus::serialize(tx)).map_err(unread)?;
    let mut outputs = Vec::with_capacity(coins.len());
    for coin in coins {
        let script = ScriptPubkey::new(coin.output.script_pubkey.as_bytes()).map_err(unread)?;
        outputs.push((script, i64::try_from(coin.output.value.to_sat()).unwrap_or(i64::MAX)));
    }
    let spent: Vec<_> = outputs.iter().map(|(script, value)| TxOut::new(script, *value)).collect();
    let data = PrecomputedTransactionData::new(&kernel_tx, &spent).map_err(unread)?;
    for (index, (script, value)) in outputs.iter().enumerate() {
        let verified =
            bitcoinkernel::verify(script, Some(*value), &kernel_tx, index, Some(VERIFY_ALL), &data);
        if verified.is_err() {
            let stripped =
                tx.input.iter().all(|input| input.witness.is_empty()) && standard::needs_witness(tx, coins);
            let kind = if stripped { RejectKind::WitnessStripped } else { RejectKind::Consensus };
            let (txid, wtxid) = (tx.compute_txid(), tx.compute_wtxid());
            let outpoint = tx.input.get(index).map(|input| input.previous_output).unwrap_or_default();
            // The kernel does not say which rule of scripts it was; these are Bitcoin Core's words
            // for a rule without a name.
            return Err(Rejected::new(
                kind,
                "mempool-script-verify-flag-failed (unknown error)",
                format!("input {index} of {txid} (wtxid {wtxid}), spending {outpoint}"),
            ));
        }
    }
    Ok(())
}
