//! What the node offers its wallets.
//!
//! In: calls of wallets, of this process or another one. Out: answers from the [`State`].

mod found;
mod watching;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use bitcoin::bip158::BlockFilter;
use bitcoin::{Amount, BlockHash, OutPoint, Transaction, Txid};
use bitcoin_init::config::SharedSettings;
use bitcoin_ipc::interfaces::{
    AncestryCounts, BroadcastFailure, Chain, ChainNotifications, CommonAncestor, Handler, PackageLimits,
    RpcCommand, SmartFee, UpdateSetting,
};
use bitcoin_ipc::types::{
    BilingualStr, BlockFilterType, BlockLocator, Coin, FoundBlock, FoundBlockRequest, RbfTransactionState,
    SettingsAction, TransactionError, TxBroadcast, WireFeeRate,
};
use mp_runtime::{Error, Result, ipc_interface};
use serde_json::Value;

use crate::fees::Rate;
use crate::rpc::{Peer, RpcServer};
use crate::state::{State, Watcher, signed};
use bitcoin_init::signals::Style;
use found::{common_ancestor, first_from, found};

/// How many coins are looked up while the mempool and the chain stand still.
const COINS_AT_ONCE: usize = 256;

/// The [`Chain`] of one client. Give each its own: they wait for their own notifications only.
pub struct NodeChain {
    state: Arc<State>,
    rpc: RpcServer,
    settings: SharedSettings,
    registrations: Mutex<Vec<Watcher>>,
    /// Whose commands it adds.
    peer: Arc<Peer>,
}

impl NodeChain {
    /// What a node offers one client.
    #[must_use]
    pub fn new(state: Arc<State>, rpc: RpcServer, settings: SharedSettings) -> Self {
        NodeChain { state, rpc, settings, registrations: Mutex::default(), peer: Arc::default() }
    }

    /// Has this client's waiting for its notifications include one more registration.
    fn wait_also_for(&self, watcher: Watcher) {
        let mut registrations = self.registrations.lock().unwrap_or_else(PoisonError::into_inner);
        registrations.retain(Watcher::is_there);
        registrations.push(watcher);
    }

    fn filter(&self, kind: BlockFilterType, hash: BlockHash) -> Result<Option<BlockFilter>> {
        match kind {
            BlockFilterType::Basic => Ok(self.state.index().filter(hash)?),
            BlockFilterType::Invalid => Ok(None),
        }
    }
}

#[ipc_interface]
impl Chain for NodeChain {
    fn get_height(&self) -> Result<Option<i32>> {
        signed(self.state.tip().height).map(Some)
    }

    fn get_block_hash(&self, height: i32) -> Result<BlockHash> {
        let hash = u32::try_from(height).ok().and_then(|height| self.state.chain().hash_at(height));
        hash.ok_or_else(|| Error::failed(format!("the chain has no block {height}")))
    }

    fn have_block_on_disk(&self, height: i32) -> Result<bool> {
        let hash = u32::try_from(height).ok().and_then(|height| self.state.chain().hash_at(height));
        Ok(hash.is_some())
    }

    fn find_locator_fork(&self, locator: &BlockLocator) -> Result<Option<i32>> {
        if locator.hashes.is_empty() {
            return Ok(None);
        }
        self.state.chain().fork(locator).map(|fork| signed(fork.height)).transpose()
    }

    fn has_block_filter_index(&self, filter_type: BlockFilterType) -> Result<bool> {
        Ok(filter_type == BlockFilterType::Basic && self.state.index().has_filters())
    }

    fn block_filter_matches_any(
        &self,
        filter_type: BlockFilterType,
        block_hash: BlockHash,
        filter_set: &HashSet<Vec<u8>>,
    ) -> Result<Option<bool>> {
        let Some(filter) = self.filter(filter_type, block_hash)? else { return Ok(None) };
        let scripts = filter_set.iter().map(Vec::as_slice);
        let matched = !filter_set.is_empty() && matches_any(&filter, block_hash, scripts)?;
        Ok(Some(matched))
    }

    fn find_block(&self, hash: BlockHash, block: &FoundBlockRequest) -> Result<Option<FoundBlock>> {
        found(&self.state, Some(hash), block)
    }

    fn find_first_block_with_time_and_height(
        &self,
        min_time: i64,
        min_height: i32,
        block: &FoundBlockRequest,
    ) -> Result<Option<FoundBlock>> {
        found(&self.state, first_from(&self.state, min_time, min_height)?, block)
    }

    fn find_ancestor_by_height(
        &self,
        block_hash: BlockHash,
        ancestor_height: i32,
        ancestor: &FoundBlockRequest,
    ) -> Result<Option<FoundBlock>> {
        let height = u32::try_from(ancestor_height).ok();
        let hash = height.and_then(|height| self.state.chain().ancestor(block_hash, height));
        found(&self.state, hash, ancestor)
    }

    fn find_ancestor_by_hash(
        &self,
        block_hash: BlockHash,
        ancestor_hash: BlockHash,
        ancestor: &FoundBlockRequest,
    ) -> Result<Option<FoundBlock>> {
        let chain = self.state.chain();
        let height = chain.height(ancestor_hash);
        let at_height = height.and_then(|height| chain.ancestor(block_hash, height));
        found(&self.state, at_height.filter(|hash| *hash == ancestor_hash), ancestor)
    }

    fn find_common_ancestor(
        &self,
        block_hash1: BlockHash,
        block_hash2: BlockHash,
        ancestor: &FoundBlockRequest,
        block1: &FoundBlockRequest,
        block2: &FoundBlockRequest,
    ) -> Result<CommonAncestor> {
        let common = common_ancestor(&self.state, block_hash1, block_hash2);
        let ancestor = found(&self.state, common, ancestor)?;
        let block1 = found(&self.state, Some(block_hash1), block1)?;
        let block2 = found(&self.state, Some(block_hash2), block2)?;
        Ok(CommonAncestor {
            result: ancestor.is_some() && block1.is_some() && block2.is_some(),
            ancestor: ancestor.unwrap_or_default(),
            block1: block1.unwrap_or_default(),
            block2: block2.unwrap_or_default(),
        })
    }

    fn find_coins(&self, coins: &mut BTreeMap<OutPoint, Option<Coin>>) -> Result<()> {
        // Each coin may be a read from the disk, for which others need not wait all the time.
        let mut coins: Vec<_> = coins.iter_mut().collect();
        for some in coins.chunks_mut(COINS_AT_ONCE) {
            let mempool = self.state.mempool();
            let view = self.state.view();
            for (outpoint, coin) in some {
                **coin = mempool.coin(&view, outpoint).map_err(|error| Error::failed(error.to_string()))?;
            }
        }
        Ok(())
    }

    fn guess_verification_progress(&self, block_hash: BlockHash) -> Result<f64> {
        self.state.verification_progress(block_hash)
    }

    fn has_blocks(&self, block_hash: BlockHash, min_height: i32, max_height: Option<i32>) -> Result<bool> {
        // Blocks come with their transactions here, and none is ever pruned.
        let _ = (min_height, max_height);
        Ok(self.state.chain().height(block_hash).is_some())
    }

    fn is_rbf_opt_in(&self, tx: &Transaction) -> Result<RbfTransactionState> {
        Ok(self.state.mempool().is_rbf_opt_in(tx))
    }

    fn is_in_mempool(&self, txid: Txid) -> Result<bool> {
        Ok(self.state.mempool().get(&txid).is_some())
    }

    fn has_descendants_in_mempool(&self, txid: Txid) -> Result<bool> {
        Ok(self.state.mempool().descendant_totals(&txid).count > 1)
    }

    fn broadcast_transaction(
        &self,
        tx: &Transaction,
        max_tx_fee: Amount,
        broadcast_method: TxBroadcast,
    ) -> Result<Result<(), String>> {
        if broadcast_method == TxBroadcast::NoMempoolPrivateBroadcast {
            return Ok(Err("private broadcast is not supported: this node has no peers".to_owned()));
        }
        let text = |failure: BroadcastFailure| {
            if failure.message.is_empty() { explain(failure.error).to_owned() } else { failure.message }
        };
        Ok(self.state.broadcast(tx, max_tx_fee, broadcast_method)?.map_err(text))
    }

    fn get_transaction_ancestry(&self, txid: Txid) -> Result<AncestryCounts> {
        let mempool = self.state.mempool();
        if mempool.get(&txid).is_none() {
            return Ok(AncestryCounts::default());
        }
        let ancestors = mempool.ancestor_totals(&txid);
        Ok(AncestryCounts {
            ancestors: ancestors.count,
            descendants: u64::try_from(mempool.cluster(&txid).len()).unwrap_or(u64::MAX),
            ancestorsize: ancestors.vsize,
            ancestorfees: ancestors.fees,
        })
    }

    fn calculate_individual_bump_fees(
        &self,
        outpoints: &[OutPoint],
        target_feerate: &WireFeeRate,
    ) -> Result<BTreeMap<OutPoint, Amount>> {
        Ok(self.state.mempool().relatives(outpoints).individual_bump_fees(outpoints, rate(target_feerate)?))
    }

    fn calculate_combined_bump_fee(
        &self,
        outpoints: &[OutPoint],
        target_feerate: &WireFeeRate,
    ) -> Result<Option<Amount>> {
        Ok(self.state.mempool().relatives(outpoints).combined_bump_fee(outpoints, rate(target_feerate)?))
    }

    fn get_package_limits(&self) -> Result<PackageLimits> {
        // Only wallets keep to them: the mempool limits clusters instead.
        let names = ["limitancestorcount", "limitdescendantcount"];
        let [ancestors, descendants] = names.map(|name| self.settings.count(name, 25));
        Ok(PackageLimits { ancestors: ancestors?, descendants: descendants? })
    }

    fn check_chain_limits(&self, tx: &Transaction) -> Result<Result<(), BilingualStr>> {
        let kept = self.state.mempool().keeps_cluster_limits(tx);
        let text = "too many unconfirmed transactions in cluster";
        Ok(if kept { Ok(()) } else { Err(BilingualStr::untranslated(text)) })
    }

    fn estimate_smart_fee(&self, num_blocks: i32, conservative: bool, want_calc: bool) -> Result<SmartFee> {
        let (rate, calc) = self.state.estimator().estimate_smart_fee(num_blocks, conservative);
        Ok(SmartFee {
            calc: want_calc.then_some(calc),
            result: rate.map_or_else(WireFeeRate::default, WireFeeRate::from),
        })
    }

    fn estimate_max_blocks(&self) -> Result<u32> {
        Ok(self.state.estimator().max_target())
    }

    fn mempool_min_fee(&self) -> Result<WireFeeRate> {
        let now = self.state.clock().now();
        Ok(self.state.mempool().min_rate(now).into())
    }

    fn relay_min_fee(&self) -> Result<WireFeeRate> {
        Ok(self.state.mempool().options().min_relay_rate.into())
    }

    fn relay_incremental_fee(&self) -> Result<WireFeeRate> {
        Ok(self.state.mempool().options().incremental_relay_rate.into())
    }

    fn relay_dust_fee(&self) -> Result<WireFeeRate> {
        Ok(self.state.mempool().options().dust_relay_rate.into())
    }

    fn have_pruned(&self) -> Result<bool> {
        Ok(false)
    }

    fn get_prune_height(&self) -> Result<Option<i32>> {
        Ok(None)
    }

    fn is_ready_to_broadcast(&self) -> Result<bool> {
        Ok(!self.state.is_initial_block_download())
    }

    fn is_initial_block_download(&self) -> Result<bool> {
        Ok(self.state.is_initial_block_download())
    }

    fn shutdown_requested(&self) -> Result<bool> {
        Ok(self.state.shutdown().requested())
    }

    fn init_message(&self, message: &str) -> Result<()> {
        tracing::info!(target: "node", "{message}");
        self.state.signals().loading(message);
        Ok(())
    }

    fn init_warning(&self, message: &BilingualStr) -> Result<()> {
        tracing::warn!(target: "node", "{}", message.original);
        self.state.signals().message(message, Style::Warning);
        Ok(())
    }

    fn init_error(&self, message: &BilingualStr) -> Result<()> {
        tracing::error!(target: "node", "{}", message.original);
        self.state.signals().message(message, Style::Error);
        Ok(())
    }

    fn show_progress(&self, title: &str, progress: i32, resume_possible: bool) -> Result<()> {
        self.state.signals().progress(title, progress, resume_possible);
        Ok(())
    }

    fn handle_notifications(&self, notifications: Arc<dyn ChainNotifications>) -> Result<Box<dyn Handler>> {
        let registration = self.state.notify(notifications)?;
        self.wait_also_for(registration.watcher());
        Ok(Box::new(registration))
    }

    fn wait_for_notifications_if_tip_changed(&self, old_tip: BlockHash) -> Result<()> {
        if self.state.settled_tip().hash == old_tip {
            return Ok(());
        }
        self.wait_for_notifications()
    }

    fn wait_for_notifications(&self) -> Result<()> {
        // What is told of a change waits for its end.
        self.state.settled_tip();
        let registrations = self.registrations.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // For all, also where one hears nothing more.
        let waits: Vec<Result<()>> = registrations.iter().map(Watcher::drain).collect();
        waits.into_iter().collect()
    }

    fn handle_rpc(&self, command: RpcCommand) -> Result<Box<dyn Handler>> {
        Ok(self.rpc.register_for(&self.peer, command))
    }

    fn rpc_enable_deprecated(&self, method: &str) -> Result<bool> {
        Ok(self.settings.lock().list("deprecatedrpc").iter().any(|enabled| enabled == method))
    }

    fn get_setting(&self, name: &str) -> Result<Value> {
        Ok(self.settings.lock().value(name).unwrap_or_default())
    }

    fn get_settings_list(&self, name: &str) -> Result<Vec<Value>> {
        Ok(self.settings.lock().list(name).into_iter().map(Value::String).collect())
    }

    fn get_rw_setting(&self, name: &str) -> Result<Value> {
        Ok(self.settings.saved(name))
    }

    fn update_rw_setting(&self, name: &str, update: UpdateSetting) -> Result<bool> {
        self.settings.update(name, update)
    }

    fn overwrite_rw_setting(&self, name: &str, value: &Value, action: SettingsAction) -> Result<bool> {
        Ok(self.settings.overwrite(name, value, action))
    }

    fn delete_rw_settings(&self, name: &str, action: SettingsAction) -> Result<bool> {
        Ok(self.settings.overwrite(name, &Value::Null, action))
    }

    fn request_mempool_transactions(&self, notifications: &dyn ChainNotifications) -> Result<()> {
        // Told without holding the mempool: a transaction may come twice, or after its removal was
        // told to those who are registered already.
        let transactions: Vec<_> =
            self.state.mempool().entries().iter().map(|entry| entry.tx.clone()).collect();
        transactions.iter().try_for_each(|tx| notifications.transaction_added_to_mempool(tx))
    }

    fn has_assumed_valid_chain(&self) -> Result<bool> {
        Ok(false)
    }
}

/// What a transaction that was not sent has done wrong, where the mempool gave no words.
fn explain(error: TransactionError) -> &'static str {
    match error {
        TransactionError::AlreadyInUtxoSet => "Transaction outputs already in utxo set",
        TransactionError::MaxFeeExceeded => {
            "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)"
        }
        TransactionError::MissingInputs => "Inputs missing or spent",
        _ => "Transaction rejected by mempool",
    }
}

/// A rate as wallets send it.
fn rate(rate: &WireFeeRate) -> Result<Rate> {
    let satoshi = rate.sat_per_kvb().ok_or_else(|| Error::bad_value("a fee rate for no size"))?;
    Ok(Rate::from_sat_per_kvb(u64::try_from(satoshi).unwrap_or(0)))
}

/// Whether a filter matches a script; an empty one is no error but matches nothing.
fn matches_any<'a>(
    filter: &BlockFilter,
    hash: BlockHash,
    scripts: impl Iterator<Item = &'a [u8]> + Clone,
) -> Result<bool> {
    filter.match_any(&hash, scripts).map_err(|error| Error::failed(format!("the filter of {hash}: {error}")))
}
