//! The chain in memory as a wallet sees it.
//!
//! In: calls of [`Chain`]. Out: what a node would say. What wallets do not ask is unimplemented.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bitcoin::bip158::BlockFilter;
use bitcoin::{Amount, BlockHash, OutPoint, Transaction, Txid};
use bitcoin_ipc::interfaces::{
    AncestryCounts, Chain, ChainNotifications, CommonAncestor, Handler, PackageLimits, RpcCommand, SmartFee,
    UpdateSetting,
};
use bitcoin_ipc::types::{
    BilingualStr, BlockFilterType, BlockLocator, Coin, FoundBlock, FoundBlockRequest, RbfTransactionState,
    SettingsAction, TxBroadcast, WireFeeRate,
};
use bitcoin_ipc::{Error, Result};
use serde_json::Value;

use super::{Asked, TestChain};

struct Registration(TestChain, u64);

impl Handler for Registration {
    fn disconnect(&self) -> Result<()> {
        self.0.unlisten(self.1);
        Ok(())
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.0.unlisten(self.1);
    }
}

struct RpcRegistration(TestChain, u64);

impl Handler for RpcRegistration {
    fn disconnect(&self) -> Result<()> {
        self.0.remove_command(self.1);
        Ok(())
    }
}

impl Drop for RpcRegistration {
    fn drop(&mut self) {
        self.0.remove_command(self.1);
    }
}

impl TestChain {
    pub(super) fn here(&self) -> Result<()> {
        if self.0.lost.load(Ordering::SeqCst) { Err(Error::disconnected("the node is gone")) } else { Ok(()) }
    }

    fn found(&self, hash: BlockHash, wanted: &FoundBlockRequest) -> Option<FoundBlock> {
        let state = self.state();
        let (block, height) = state.all.get(&hash)?.clone();
        let active = state.blocks.get(height).is_some_and(|found| found.block_hash() == hash);
        let next = state.blocks.get(height + 1).filter(|_| active).map(|next| next.block_hash());
        drop(state);
        if wanted.want_data {
            self.asked(Asked::Block(height));
            self.0.blocks_read.fetch_add(1, Ordering::SeqCst);
        }
        let next_block = wanted
            .next_block
            .as_ref()
            .map(|wanted| Box::new(next.and_then(|next| self.found(next, wanted)).unwrap_or_default()));
        Some(FoundBlock {
            hash: Some(hash),
            height: height as i32,
            time: block.header.time.into(),
            mtp_time: block.header.time.into(),
            max_time: block.header.time.into(),
            in_active_chain: active,
            next_block,
            data: (wanted.want_data && self.is_readable(height)).then_some(block),
            found: true,
            ..FoundBlock::default()
        })
    }
}

macro_rules! unasked {
    ($(fn $method:ident(&self $(, $argument:ident: $type:ty)*) -> $result:ty;)*) => {$(
        fn $method(&self $(, $argument: $type)*) -> Result<$result> {
            $(let _ = $argument;)*
            Err(Error::unimplemented(stringify!($method)))
        }
    )*};
}

impl Chain for TestChain {
    fn get_height(&self) -> Result<Option<i32>> {
        self.here()?;
        Ok(Some(self.height() as i32))
    }

    fn get_block_hash(&self, height: i32) -> Result<BlockHash> {
        self.here()?;
        Ok(self.state().blocks[height as usize].block_hash())
    }

    fn find_locator_fork(&self, locator: &BlockLocator) -> Result<Option<i32>> {
        self.here()?;
        let state = self.state();
        let mut places = locator.hashes.iter().filter_map(|hash| {
            let (_, height) = state.all.get(hash)?;
            (state.blocks.get(*height)?.block_hash() == *hash).then_some(*height as i32)
        });
        Ok(places.next())
    }

    fn has_block_filter_index(&self, _: BlockFilterType) -> Result<bool> {
        self.here()?;
        Ok(self.0.filters.load(Ordering::SeqCst))
    }

    fn block_filter_matches_any(
        &self,
        _: BlockFilterType,
        block_hash: BlockHash,
        filter_set: &HashSet<Vec<u8>>,
    ) -> Result<Option<bool>> {
        self.here()?;
        let state = self.state();
        let (block, height) = state.all[&block_hash].clone();
        drop(state);
        self.asked(Asked::Block(height));
        let (state, block) = (self.state(), &block);
        let missing = bitcoin::bip158::Error::UtxoMissing;
        let script = |outpoint: &OutPoint| {
            state.output(*outpoint).map(|output| output.script_pubkey).ok_or(missing(*outpoint))
        };
        let filter = BlockFilter::new_script_filter(block, script).unwrap();
        let matches = filter.match_any(&block_hash, filter_set.iter().map(Vec::as_slice)).unwrap();
        Ok(Some(matches))
    }

    fn find_block(&self, hash: BlockHash, block: &FoundBlockRequest) -> Result<Option<FoundBlock>> {
        self.here()?;
        Ok(self.found(hash, block))
    }

    fn find_first_block_with_time_and_height(
        &self,
        min_time: i64,
        min_height: i32,
        block: &FoundBlockRequest,
    ) -> Result<Option<FoundBlock>> {
        self.here()?;
        let state = self.state();
        let mut blocks = state.blocks.iter().skip(min_height as usize);
        let first =
            blocks.find(|block| i64::from(block.header.time) >= min_time).map(|block| block.block_hash());
        drop(state);
        Ok(first.and_then(|hash| self.found(hash, block)))
    }

    fn find_coins(&self, coins: &mut BTreeMap<OutPoint, Option<Coin>>) -> Result<()> {
        self.here()?;
        let state = self.state();
        for (outpoint, coin) in coins {
            // What the mempool spends is there until a block spends it.
            let output = state.output(*outpoint).filter(|_| !state.spent_in_chain(*outpoint));
            *coin = output.map(|output| Coin { coinbase: false, height: 1, output });
        }
        Ok(())
    }

    fn is_in_mempool(&self, txid: Txid) -> Result<bool> {
        self.here()?;
        Ok(TestChain::in_mempool(self, txid))
    }

    fn has_descendants_in_mempool(&self, txid: Txid) -> Result<bool> {
        self.here()?;
        let state = self.state();
        Ok(state.mempool.iter().flat_map(|tx| &tx.input).any(|input| input.previous_output.txid == txid))
    }

    fn broadcast_transaction(
        &self,
        tx: &Transaction,
        _: Amount,
        _: TxBroadcast,
    ) -> Result<Result<(), String>> {
        self.here()?;
        Ok(self.submit(tx))
    }

    fn check_chain_limits(&self, _: &Transaction) -> Result<Result<(), BilingualStr>> {
        self.here()?;
        Ok(Ok(()))
    }

    fn estimate_smart_fee(&self, _: i32, _: bool, _: bool) -> Result<SmartFee> {
        self.here()?;
        Ok(SmartFee { calc: None, result: WireFeeRate::from_sat_per_kvb(2000) })
    }

    fn mempool_min_fee(&self) -> Result<WireFeeRate> {
        self.here()?;
        Ok(WireFeeRate::from_sat_per_kvb(100))
    }

    fn relay_min_fee(&self) -> Result<WireFeeRate> {
        self.here()?;
        Ok(WireFeeRate::from_sat_per_kvb(100))
    }

    fn relay_incremental_fee(&self) -> Result<WireFeeRate> {
        self.here()?;
        Ok(WireFeeRate::from_sat_per_kvb(100))
    }

    fn relay_dust_fee(&self) -> Result<WireFeeRate> {
        self.here()?;
        Ok(WireFeeRate::from_sat_per_kvb(3000))
    }

    fn is_initial_block_download(&self) -> Result<bool> {
        self.here()?;
        Ok(false)
    }

    fn init_message(&self, _: &str) -> Result<()> {
        self.here()
    }

    fn init_warning(&self, message: &BilingualStr) -> Result<()> {
        self.here()?;
        self.0.warned.lock().unwrap().push(message.original.clone());
        Ok(())
    }

    fn init_error(&self, _: &BilingualStr) -> Result<()> {
        self.here()
    }

    fn handle_notifications(&self, notifications: Arc<dyn ChainNotifications>) -> Result<Box<dyn Handler>> {
        self.here()?;
        Ok(Box::new(Registration(self.clone(), self.listen(notifications))))
    }

    fn get_settings_list(&self, name: &str) -> Result<Vec<Value>> {
        self.here()?;
        Ok(self.settings().get(name).and_then(Value::as_array).cloned().unwrap_or_default())
    }

    fn update_rw_setting(&self, name: &str, mut update: UpdateSetting) -> Result<bool> {
        self.here()?;
        let mut value = self.settings().get(name).cloned().unwrap_or_default();
        if update(&mut value)?.is_some() {
            self.settings().insert(name.to_owned(), value);
        }
        Ok(true)
    }

    fn request_mempool_transactions(&self, notifications: &dyn ChainNotifications) -> Result<()> {
        self.here()?;
        let mempool = self.state().mempool.clone();
        mempool.iter().try_for_each(|tx| notifications.transaction_added_to_mempool(tx))
    }

    fn find_ancestor_by_height(
        &self,
        hash: BlockHash,
        height: i32,
        ancestor: &FoundBlockRequest,
    ) -> Result<Option<FoundBlock>> {
        self.here()?;
        let found = self.state().branch(hash).get(height as usize).copied();
        Ok(found.and_then(|hash| self.found(hash, ancestor)))
    }

    fn find_ancestor_by_hash(
        &self,
        hash: BlockHash,
        other: BlockHash,
        ancestor: &FoundBlockRequest,
    ) -> Result<Option<FoundBlock>> {
        self.here()?;
        let below = self.state().branch(hash).contains(&other);
        Ok(if below { self.found(other, ancestor) } else { None })
    }

    fn rpc_enable_deprecated(&self, name: &str) -> Result<bool> {
        self.here()?;
        Ok(self.0.deprecated.lock().unwrap().contains(name))
    }

    fn is_rbf_opt_in(&self, tx: &Transaction) -> Result<RbfTransactionState> {
        self.here()?;
        Ok(match TestChain::in_mempool(self, tx.compute_txid()) {
            _ if tx.is_explicitly_rbf() => RbfTransactionState::ReplaceableBip125,
            true => RbfTransactionState::Final,
            false => RbfTransactionState::Unknown,
        })
    }

    fn find_common_ancestor(
        &self,
        hash: BlockHash,
        other: BlockHash,
        ancestor: &FoundBlockRequest,
        block1: &FoundBlockRequest,
        block2: &FoundBlockRequest,
    ) -> Result<CommonAncestor> {
        self.here()?;
        let (one, two) = {
            let state = self.state();
            (state.branch(hash), state.branch(other))
        };
        let common = one.iter().zip(&two).take_while(|(one, two)| one == two).last().map(|(one, _)| *one);
        Ok(CommonAncestor {
            ancestor: common.and_then(|hash| self.found(hash, ancestor)).unwrap_or_default(),
            block1: self.found(hash, block1).unwrap_or_default(),
            block2: self.found(other, block2).unwrap_or_default(),
            result: common.is_some(),
        })
    }

    fn has_blocks(&self, _: BlockHash, _: i32, _: Option<i32>) -> Result<bool> {
        self.here()?;
        Ok(true)
    }

    fn get_transaction_ancestry(&self, txid: Txid) -> Result<AncestryCounts> {
        self.here()?;
        let state = self.state();
        let above = state.ancestors(&[txid]);
        let fees: u64 = above.iter().filter_map(|tx| state.fee(tx)).sum();
        Ok(AncestryCounts {
            ancestors: above.len() as u64,
            descendants: state.cluster(txid).len() as u64,
            ancestorsize: above.iter().map(|tx| tx.vsize() as u64).sum(),
            ancestorfees: Amount::from_sat(fees).to_signed().unwrap(),
        })
    }

    fn calculate_individual_bump_fees(
        &self,
        outpoints: &[OutPoint],
        target: &WireFeeRate,
    ) -> Result<BTreeMap<OutPoint, Amount>> {
        self.here()?;
        let rate = target.sat_per_kvb().unwrap();
        Ok(outpoints.iter().map(|outpoint| (*outpoint, self.missing_fee(&[outpoint.txid], rate))).collect())
    }

    fn calculate_combined_bump_fee(
        &self,
        outpoints: &[OutPoint],
        target: &WireFeeRate,
    ) -> Result<Option<Amount>> {
        self.here()?;
        let txids: Vec<Txid> = outpoints.iter().map(|outpoint| outpoint.txid).collect();
        Ok(Some(self.missing_fee(&txids, target.sat_per_kvb().unwrap())))
    }

    fn get_package_limits(&self) -> Result<PackageLimits> {
        self.here()?;
        Ok(PackageLimits { ancestors: 25, descendants: 25 })
    }

    fn estimate_max_blocks(&self) -> Result<u32> {
        self.here()?;
        Ok(1008)
    }

    fn wait_for_notifications_if_tip_changed(&self, _: BlockHash) -> Result<()> {
        self.here()
    }

    fn handle_rpc(&self, command: RpcCommand) -> Result<Box<dyn Handler>> {
        self.here()?;
        Ok(Box::new(RpcRegistration(self.clone(), self.add_command(command))))
    }

    fn have_pruned(&self) -> Result<bool> {
        self.here()?;
        Ok(false)
    }

    fn has_assumed_valid_chain(&self) -> Result<bool> {
        self.here()?;
        Ok(false)
    }

    unasked! {
        fn have_block_on_disk(&self, height: i32) -> bool;
        fn guess_verification_progress(&self, block_hash: BlockHash) -> f64;
        fn get_prune_height(&self) -> Option<i32>;
        fn is_ready_to_broadcast(&self) -> bool;
        fn shutdown_requested(&self) -> bool;
        fn show_progress(&self, title: &str, progress: i32, resume_possible: bool) -> ();
        fn wait_for_notifications(&self) -> ();
        fn get_setting(&self, name: &str) -> Value;
        fn get_rw_setting(&self, name: &str) -> Value;
        fn overwrite_rw_setting(&self, name: &str, value: &Value, action: SettingsAction) -> bool;
        fn delete_rw_settings(&self, name: &str, action: SettingsAction) -> bool;
    }
}
