//! The wallet at one moment, for whoever tells about it.
//!
//! In: which transactions, outputs or scripts. Out: what the wallet knows of them, all at the same moment; nothing
//! is locked any more when it is told.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use bdk_wallet::chain::BlockId;
use bitcoin::{OutPoint, ScriptBuf, SignedAmount, Transaction, TxIn, TxOut, Txid};

use super::balances::{Trust, signed, total};
use super::weights::InputWeight;
use super::{Solution, Wallet, WalletState};
use crate::Result;
use crate::keys::{Descriptor, Range, Unused};
use crate::ledger::{TxState, View};
use crate::storage::{SetAside, TxMetadata};

/// What there is to know of a wallet as a whole.
pub(crate) struct Summary {
    pub(crate) tip: BlockId,
    pub(crate) flags: u64,
    pub(crate) tx_count: usize,
    /// How many new addresses are derived, and how many for change.
    pub(crate) keypool: [u64; 2],
    /// When an encrypted wallet is locked, in seconds since 1970; 0 without a timer.
    pub(crate) unlocked_until: Option<i64>,
    /// The time of its oldest key or transaction.
    pub(crate) birth: Option<i64>,
    pub(crate) warnings: Vec<String>,
}

/// The descriptors of a wallet.
pub(crate) struct Descriptors {
    pub(crate) used: Vec<(Descriptor, Range)>,
    pub(crate) unused: Vec<Unused>,
    pub(crate) aside: Vec<SetAside>,
}

/// What is known of a script.
pub(crate) struct ScriptInfo {
    /// The descriptors that have it, first the one that speaks for it; none for one that is not the wallet's.
    pub(crate) descriptors: Vec<Descriptor>,
    pub(crate) label: Option<String>,
    pub(crate) is_change: bool,
}

impl ScriptInfo {
    pub(crate) fn is_mine(&self) -> bool {
        !self.descriptors.is_empty()
    }

    /// The texts of its descriptors.
    pub(crate) fn parents(&self) -> Vec<String> {
        self.descriptors.iter().map(Descriptor::text).collect()
    }
}

/// What is known of an output.
pub(crate) struct OutputInfo {
    /// The output, if it is the wallet's.
    pub(crate) own: Option<TxOut>,
    /// What an input weighs that spends it, if it is the wallet's and can be spent.
    pub(crate) weight: Option<InputWeight>,
    /// Its transaction, if that is the wallet's.
    pub(crate) tx: Option<Arc<Transaction>>,
    /// The state of its transaction.
    pub(crate) state: TxState,
    /// The confirmations of its transaction.
    pub(crate) depth: i32,
    pub(crate) is_spent: bool,
}

/// What is known of a transaction.
pub(crate) struct TxInfo {
    pub(crate) txid: Txid,
    pub(crate) tx: Arc<Transaction>,
    /// The highest block that this takes into account.
    pub(crate) tip: BlockId,
    pub(crate) state: TxState,
    /// Its confirmations, negative for one in conflict.
    pub(crate) depth: i32,
    pub(crate) is_trusted: bool,
    pub(crate) blocks_to_maturity: i32,
    pub(crate) metadata: TxMetadata,
    /// How much of the wallet's coins each input spends.
    pub(crate) inputs: Vec<Option<SignedAmount>>,
    pub(crate) conflicts: Vec<Txid>,
    pub(crate) mempool_conflicts: BTreeSet<Txid>,
    /// Of its outputs.
    pub(crate) outputs: Vec<ScriptInfo>,
}

impl TxInfo {
    /// How much of the wallet's coins it spends.
    pub(crate) fn debit(&self) -> SignedAmount {
        total(self.inputs.iter().flatten().copied())
    }

    /// How much it pays the wallet, as far as that can be spent.
    pub(crate) fn credit(&self) -> SignedAmount {
        self.sum(|script| self.blocks_to_maturity == 0 && script.is_mine())
    }

    /// How much it pays to some scripts.
    pub(super) fn sum(&self, counts: impl Fn(&ScriptInfo) -> bool) -> SignedAmount {
        let counted = self.tx.output.iter().zip(&self.outputs).filter(|(_, script)| counts(script));
        total(counted.map(|(output, _)| signed(output.value)))
    }
}

impl Wallet {
    /// What there is to know of the wallet as a whole.
    pub(crate) fn summary(&self, scanning: bool) -> Result<Summary> {
        let state = self.state()?;
        let keypool = [false, true].map(|internal| {
            let active = state.descriptors.iter().filter(|one| one.active && one.internal == internal);
            let ranges = active.map(|one| state.ledger.scripts().range(one.id));
            ranges.map(|range| u64::from(range.end.saturating_sub(range.next))).sum()
        });
        let births = state.descriptors.iter().map(|descriptor| descriptor.birth);
        Ok(Summary {
            tip: state.ledger.tip(),
            flags: state.flags,
            tx_count: state.ledger.txs().count(),
            keypool,
            unlocked_until: state.wrapped.as_ref().map(|_| state.unlocked_until),
            // A transaction that is older than all keys says that they are older.
            birth: births.chain(state.metadata.values().map(TxMetadata::time)).min(),
            warnings: state.warnings(scanning),
        })
    }

    /// All descriptors.
    pub(crate) fn listed_descriptors(&self) -> Result<Descriptors> {
        let state = self.state()?;
        let used = state.descriptors.iter().map(|one| (one.clone(), state.ledger.scripts().range(one.id)));
        Ok(Descriptors { used: used.collect(), unused: state.unused.clone(), aside: state.aside.clone() })
    }

    /// What is known of scripts, and how they are spent.
    pub(crate) fn script_infos<'a>(
        &self,
        scripts: impl IntoIterator<Item = &'a ScriptBuf>,
    ) -> Result<Vec<(ScriptInfo, Option<Solution>)>> {
        let state = self.state()?;
        let scripts = scripts.into_iter();
        Ok(scripts.map(|script| (state.script_info(script), state.solution(script))).collect())
    }

    /// The scripts whose coins are left aside; `None` in a wallet that does not avoid the reuse of addresses.
    pub(crate) fn reused(&self) -> Result<Option<HashSet<ScriptBuf>>> {
        let state = self.state()?;
        Ok(state.avoids_reuse().then(|| state.reused()))
    }

    /// Whether a transaction pays the wallet.
    pub(crate) fn is_paid_by(&self, tx: &Transaction) -> Result<bool> {
        let state = self.state()?;
        Ok(tx.output.iter().any(|output| state.is_mine(&output.script_pubkey)))
    }

    /// What is known of outputs.
    pub(crate) fn output_infos(
        &self,
        outpoints: impl IntoIterator<Item = OutPoint>,
    ) -> Result<Vec<OutputInfo>> {
        let mut state = self.state()?;
        let view = state.ledger.view();
        Ok(outpoints.into_iter().map(|outpoint| state.output_info(&view, outpoint)).collect())
    }

    /// What is known of a transaction of the wallet.
    pub(crate) fn tx_info(&self, txid: Txid) -> Result<Option<TxInfo>> {
        Ok(self.state()?.tx_info(txid))
    }

    /// Shows what is known of the wallet's transactions to a visitor, the latest one first, as long as it wants more;
    /// only those that are wanted by their id and confirmations. The visitor must not ask the wallet.
    pub(crate) fn visit_txs(
        &self,
        wanted: impl Fn(Txid, i32) -> bool,
        mut visitor: impl FnMut(TxInfo) -> bool,
    ) -> Result<()> {
        let mut state = self.state()?;
        let mut trust = Trust::new(&mut state);
        let mut txs = trust.state().ordered_txs();
        txs.retain(|(txid, _)| wanted(*txid, trust.view.depth(*txid)));
        let mut latest = txs.into_iter().rev();
        latest.all(|(txid, tx)| visitor(trust.tx_info(txid, tx)));
        Ok(())
    }
}

impl WalletState {
    pub(super) fn tx_info(&mut self, txid: Txid) -> Option<TxInfo> {
        let tx = self.ledger.tx(txid)?;
        Some(Trust::new(self).tx_info(txid, tx))
    }

    fn script_info(&self, script: &ScriptBuf) -> ScriptInfo {
        let descriptors =
            self.ledger.scripts().origins(script).filter_map(|(id, _)| self.descriptor(id)).cloned();
        ScriptInfo {
            descriptors: descriptors.collect(),
            label: self.book.get(script).map(|entry| entry.label.clone()),
            is_change: self.is_change(script),
        }
    }

    fn output_info(&self, view: &View, outpoint: OutPoint) -> OutputInfo {
        OutputInfo {
            own: self.ledger.own_txout(outpoint).cloned(),
            weight: self.input_weight(outpoint),
            tx: self.ledger.tx(outpoint.txid),
            state: view.state(outpoint.txid),
            depth: view.depth(outpoint.txid),
            is_spent: view.spender(outpoint).is_some(),
        }
    }
}

impl Trust<'_> {
    fn tx_info(&mut self, txid: Txid, tx: Arc<Transaction>) -> TxInfo {
        let state = self.state();
        let own = |input: &TxIn| Some(signed(state.ledger.own_txout(input.previous_output)?.value));
        TxInfo {
            txid,
            tip: self.view.tip,
            state: self.view.state(txid),
            depth: self.view.depth(txid),
            is_trusted: self.is_trusted(txid),
            blocks_to_maturity: self.blocks_to_maturity(txid),
            metadata: state.metadata.get(&txid).cloned().unwrap_or_default(),
            inputs: tx.input.iter().map(own).collect(),
            conflicts: state.ledger.conflicts(&tx),
            mempool_conflicts: state.ledger.mempool_conflicts(&tx),
            outputs: tx.output.iter().map(|output| state.script_info(&output.script_pubkey)).collect(),
            tx,
        }
    }
}
