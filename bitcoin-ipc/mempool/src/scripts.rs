//! Scripts and signatures, which somebody else runs.
//!
//! In: a transaction and its coins. Out: whether each input's script lets it be spent, in Bitcoin Core's
//! words.

use std::fmt;

use bitcoin::Transaction;
use bitcoin_ipc::types::Coin;

use crate::policy::standard;
use crate::reject::{RejectKind, Rejected};

/// Why scripts could not be run.
pub type ScriptCheckError = Box<dyn std::error::Error + Send + Sync>;

/// Who runs the scripts of inputs for a mempool: Bitcoin Core's `CheckInputScripts`.
pub trait ScriptCheck: fmt::Debug + Send + Sync {
    /// The first input whose script does not let it be spent by the rules of today; `None` where all do.
    /// `coins` are those of the inputs, in their order.
    ///
    /// # Errors
    ///
    /// Scripts cannot be run, which says nothing of the transaction.
    fn first_failure(&self, tx: &Transaction, coins: &[Coin]) -> Result<Option<usize>, ScriptCheckError>;
}

/// Which input it was, in Bitcoin Core's words.
#[must_use]
pub fn describe(tx: &Transaction, index: usize) -> String {
    let (txid, wtxid) = (tx.compute_txid(), tx.compute_wtxid());
    let outpoint = tx.input.get(index).map(|input| input.previous_output).unwrap_or_default();
    format!("input {index} of {txid} (wtxid {wtxid}), spending {outpoint}")
}

/// Checks all inputs.
pub(crate) fn verify(scripts: &dyn ScriptCheck, tx: &Transaction, coins: &[Coin]) -> Result<(), Rejected> {
    let unread = |error: ScriptCheckError| {
        Rejected::new(RejectKind::Unread, "scripts cannot be checked", error.to_string())
    };
    let Some(index) = scripts.first_failure(tx, coins).map_err(unread)? else { return Ok(()) };
    let stripped =
        tx.input.iter().all(|input| input.witness.is_empty()) && standard::needs_witness(tx, coins);
    let kind = if stripped { RejectKind::WitnessStripped } else { RejectKind::Consensus };
    // Which rule of scripts it was is not said; these are Bitcoin Core's words for a rule without a name.
    let reason = "mempool-script-verify-flag-failed (unknown error)";
    Err(Rejected::new(kind, reason, describe(tx, index)))
}
