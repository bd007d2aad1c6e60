//! What of the mempool concerns the scripts.
//!
//! In: the mempool, and a listener that wants to hear of it. Out: the transactions that pay or spend the
//! scripts.

use std::sync::Arc;

use bitcoin::Transaction;
use bitcoin_ipc::interfaces::watch::WatchedNotifications;
use mp_runtime::Result;

use super::notices::{Notices, spends};
use crate::state::State;

/// How many transactions are looked at before others may have the mempool in between.
const PIECE: usize = 1000;

/// Tells a listener of all transactions of the mempool that concern the scripts, and has their removals
/// told to the watch's own one.
pub(super) fn request(state: &State, notices: &Notices, to: &dyn WatchedNotifications) -> Result<()> {
    let all: Vec<Arc<Transaction>> = state.mempool().entries().iter().map(|entry| entry.tx.clone()).collect();
    for piece in all.chunks(PIECE) {
        let concerned = look(state, notices, piece)?;
        concerned.iter().try_for_each(|tx| to.transaction_added(tx))?;
    }
    Ok(())
}

/// Those of some transactions that are in the mempool and concern the scripts. They are noted as told
/// before they can leave, so that a removal is told after this.
fn look(state: &State, notices: &Notices, piece: &[Arc<Transaction>]) -> Result<Vec<Arc<Transaction>>> {
    let mempool = state.mempool();
    let view = state.view();
    let mut concerned = Vec::new();
    for tx in piece {
        if mempool.get(&tx.compute_txid()).is_none() {
            continue;
        }
        let spent = spends(&mempool, &view, tx)?;
        let mut heard = notices.heard();
        if heard.knows(tx) || spent.iter().any(|script| heard.scripts.contains(script)) {
            heard.tell(tx);
            concerned.push(tx.clone());
        }
    }
    Ok(concerned)
}
