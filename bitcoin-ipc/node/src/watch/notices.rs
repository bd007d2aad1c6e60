//! What is told of what happens.
//!
//! In: everything that the node tells, in its order. Out: of that, what concerns the scripts, in the same
//! order.
//!
//! Whether a block concerns the scripts is decided under the lock under which scripts are added, and that
//! it was decided is noted there too. So whoever adds scripts knows the last block without them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bitcoin::transaction::Version;
use bitcoin::{OutPoint, ScriptBuf, Transaction, Txid};
use bitcoin_ipc::interfaces::ChainNotifications;
use bitcoin_ipc::interfaces::watch::{
    MAX_WATCHED_SCRIPTS, ScriptSet, WatchedBlock, WatchedNotifications, WatchedTransaction,
};
use bitcoin_ipc::types::{
    BlockInfo, BlockLocator, BlockRef, BlockUndo, ChainstateRole, MempoolRemovalReason,
};
use mp_runtime::{Error, Result, ipc_interface};

use crate::mempool::{Mempool, View};
use crate::state::State;

/// What a listener is told of, and what it knows.
pub(super) struct Notices {
    state: Weak<State>,
    heard: Mutex<Heard>,
}

/// Hears the node for a listener. The listener goes with it, so that its process notices when it is told no more.
pub(super) struct NotificationsReceiver {
    pub(super) notices: Arc<Notices>,
    pub(super) to: Arc<dyn WatchedNotifications>,
}

/// What the listener knows. Whoever locks it may hold the mempool; while it is locked, nothing else may be
/// locked and nobody called. (The start of a watch may, as nobody else has it yet.)
#[derive(Default)]
pub(super) struct Heard {
    pub(super) scripts: ScriptSet,
    /// The transactions of the mempool that were told, or soon will be.
    told: HashSet<Txid>,
    /// Outputs that paid the scripts. The coins themselves are what counts, but those that a transaction
    /// spends can be gone by the time that it is told.
    outputs: HashSet<OutPoint>,
    /// What transactions of the mempool spend that were told, also after they left it: who else spends it is
    /// their rival, whom the listener has to know.
    contested: HashSet<OutPoint>,
    /// The last block that was told, or passed over.
    last: Option<BlockRef>,
}

impl Heard {
    /// Notes the block below the first one that will be told.
    pub(super) fn begin(&mut self, tip: BlockRef) {
        self.last = Some(tip);
    }

    /// Whether a transaction pays or spends a script, as far as that is known without its coins.
    pub(super) fn knows(&self, tx: &Transaction) -> bool {
        self.scripts.is_paid_by(tx)
            || tx.input.iter().any(|input| self.outputs.contains(&input.previous_output))
    }

    /// Whether a transaction spends what one spends that was told.
    fn is_rival(&self, tx: &Transaction) -> bool {
        tx.input.iter().any(|input| self.contested.contains(&input.previous_output))
    }

    /// Whether a transaction spends from one of the mempool that was told, and is the only one that may (BIP 431).
    fn is_sibling(&self, tx: &Transaction) -> bool {
        tx.version == Version(3)
            && tx.input.iter().any(|input| self.told.contains(&input.previous_output.txid))
    }

    /// Notes that a transaction of the mempool is told.
    pub(super) fn tell(&mut self, tx: &Transaction) {
        let txid = tx.compute_txid();
        self.told.insert(txid);
        self.note_outputs(txid, tx);
        if self.contested.len() > MAX_WATCHED_SCRIPTS {
            self.contested.clear();
        }
        self.contested.extend(tx.input.iter().map(|input| input.previous_output));
    }

    fn note_outputs(&mut self, txid: Txid, tx: &Transaction) {
        if self.outputs.len() > MAX_WATCHED_SCRIPTS {
            self.outputs.clear();
        }
        let paid = (0..).zip(&tx.output).filter(|(_, output)| self.scripts.contains(&output.script_pubkey));
        self.outputs.extend(paid.map(|(vout, _)| OutPoint::new(txid, vout)));
    }
}

impl Notices {
    pub(super) fn new(state: &Arc<State>) -> Self {
        Notices { state: Arc::downgrade(state), heard: Mutex::default() }
    }

    pub(super) fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds scripts, and gives the last block that was told without them.
    pub(super) fn add(&self, scripts: &[ScriptBuf]) -> Result<Option<BlockRef>> {
        let mut heard = self.heard();
        heard.scripts.add(scripts)?;
        Ok(heard.last)
    }

    fn concerns(&self, tx: &Transaction) -> Result<bool> {
        {
            let mut heard = self.heard();
            if heard.scripts.is_empty() {
                return Ok(false);
            }
            if heard.knows(tx) {
                heard.tell(tx);
                return Ok(true);
            }
        }
        let state = self.state.upgrade().ok_or_else(|| Error::disconnected("the node has stopped"))?;
        let spent = spends(&state.mempool(), &state.view(), tx)?;
        drop(state);
        let mut heard = self.heard();
        let concerns = heard.knows(tx) || spent.iter().any(|script| heard.scripts.contains(script));
        if concerns {
            heard.tell(tx);
            return Ok(true);
        }
        let rival = heard.is_rival(tx) || heard.is_sibling(tx);
        if rival {
            heard.told.insert(tx.compute_txid());
        }
        Ok(rival)
    }

    /// What of a block is told, and that it is `last` now.
    fn watched(&self, info: &BlockInfo, last: Option<BlockRef>) -> Result<WatchedBlock> {
        let missing = || Error::failed(format!("block {} is not at hand", info.hash));
        let block = info.data.as_ref().ok_or_else(missing)?;
        let none = BlockUndo::default();
        let undo = match &info.undo_data {
            Some(undo) => undo,
            None if info.height == 0 => &none,
            None => return Err(missing()),
        };
        let mut heard = self.heard();
        let mut transactions = heard.scripts.concerned(block, undo);
        if !heard.contested.is_empty() {
            let known: HashSet<u32> = transactions.iter().map(|found| found.index).collect();
            let rivals =
                (0..).zip(&block.txdata).filter(|(index, tx)| !known.contains(index) && heard.is_rival(tx));
            transactions.extend(rivals.map(|(index, tx)| WatchedTransaction { index, tx: tx.clone() }));
            transactions.sort_unstable_by_key(|found| found.index);
        }
        for WatchedTransaction { tx, .. } in &transactions {
            let txid = tx.compute_txid();
            heard.told.remove(&txid);
            heard.note_outputs(txid, tx);
        }
        heard.last = last;
        drop(heard);
        Ok(WatchedBlock {
            hash: info.hash,
            prev_hash: info.prev_hash,
            height: info.height,
            time: block.header.time,
            max_time: info.chain_time_max,
            transactions,
        })
    }
}

#[ipc_interface]
impl ChainNotifications for NotificationsReceiver {
    fn transaction_added_to_mempool(&self, tx: &Transaction) -> Result<()> {
        if self.notices.concerns(tx)? { self.to.transaction_added(tx) } else { Ok(()) }
    }

    fn transaction_removed_from_mempool(&self, tx: &Transaction, reason: MempoolRemovalReason) -> Result<()> {
        let told = self.notices.heard().told.remove(&tx.compute_txid());
        if told { self.to.transaction_removed(tx, reason) } else { Ok(()) }
    }

    fn block_connected(&self, role: ChainstateRole, block: &BlockInfo) -> Result<()> {
        if role.historical {
            return Ok(());
        }
        let last = BlockRef { hash: block.hash, height: block.height };
        self.to.block_connected(&self.notices.watched(block, Some(last))?)
    }

    fn block_disconnected(&self, block: &BlockInfo) -> Result<()> {
        let last = block.prev_hash.map(|hash| BlockRef { hash, height: block.height - 1 });
        self.to.block_disconnected(&self.notices.watched(block, last)?)
    }

    fn updated_block_tip(&self) -> Result<()> {
        self.to.updated_block_tip()
    }

    fn chain_state_flushed(&self, role: ChainstateRole, locator: &BlockLocator) -> Result<()> {
        if role.historical { Ok(()) } else { self.to.chain_state_flushed(locator) }
    }
}

/// The scripts that a transaction spends from, as far as the coins are there.
pub(super) fn spends(mempool: &Mempool, view: &dyn View, tx: &Transaction) -> Result<Vec<ScriptBuf>> {
    let coin = |input: &bitcoin::TxIn| mempool.coin(view, &input.previous_output).transpose();
    let coins = tx.input.iter().filter_map(coin);
    coins
        .map(|coin| Ok(coin.map_err(|error| Error::failed(error.to_string()))?.output.script_pubkey))
        .collect()
}
