//! Chain: the chain, transactions, fees and messages.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use bitcoin::{Amount, BlockHash, OutPoint, Transaction, Txid};
use bitcoin_ipc::interfaces::{
    AncestryCounts, Chain, ChainNotifications, CommonAncestor, Handler, PackageLimits, RpcCommand, SmartFee,
    UpdateSetting,
};
use bitcoin_ipc::types::{
    BilingualStr, BlockFilterType, BlockLocator, Coin, FoundBlock, FoundBlockRequest, RbfTransactionState,
    SettingsAction, TxBroadcast, WireFeeRate,
};
use bitcoin_ipc::{ErrorKind, Result};
use serde_json::Value;

use crate::blocks::Tree;
use crate::ends::Ends;
use crate::peer::Peer;
use crate::sample::{block_hash, fee_calculation, outpoint, rate, sat, text, transaction, txid};
use crate::script::{played, same};

impl Chain for Peer {
    played! {
        fn get_height(&self) -> Option<i32>;
        fn get_block_hash(&self, height: i32) -> BlockHash;
        fn have_block_on_disk(&self, height: i32) -> bool;
        fn find_locator_fork(&self, locator: &BlockLocator) -> Option<i32>;
        fn has_block_filter_index(&self, filter_type: BlockFilterType) -> bool;
        fn guess_verification_progress(&self, block_hash: BlockHash) -> f64;
        fn has_blocks(&self, block_hash: BlockHash, min_height: i32, max_height: Option<i32>) -> bool;
        fn is_rbf_opt_in(&self, tx: &Transaction) -> RbfTransactionState;
        fn is_in_mempool(&self, txid: Txid) -> bool;
        fn has_descendants_in_mempool(&self, txid: Txid) -> bool;
        fn broadcast_transaction(&self, tx: &Transaction, max_tx_fee: Amount, broadcast_method: TxBroadcast)
            -> Result<(), String>;
        fn get_transaction_ancestry(&self, txid: Txid) -> AncestryCounts;
        fn calculate_individual_bump_fees(&self, outpoints: &[OutPoint], target_feerate: &WireFeeRate)
            -> BTreeMap<OutPoint, Amount>;
        fn calculate_combined_bump_fee(&self, outpoints: &[OutPoint], target_feerate: &WireFeeRate)
            -> Option<Amount>;
        fn get_package_limits(&self) -> PackageLimits;
        fn check_chain_limits(&self, tx: &Transaction) -> Result<(), BilingualStr>;
        fn estimate_smart_fee(&self, num_blocks: i32, conservative: bool, want_calc: bool) -> SmartFee;
        fn estimate_max_blocks(&self) -> u32;
        fn mempool_min_fee(&self) -> WireFeeRate;
        fn relay_min_fee(&self) -> WireFeeRate;
        fn relay_incremental_fee(&self) -> WireFeeRate;
        fn relay_dust_fee(&self) -> WireFeeRate;
        fn have_pruned(&self) -> bool;
        fn get_prune_height(&self) -> Option<i32>;
        fn is_ready_to_broadcast(&self) -> bool;
        fn is_initial_block_download(&self) -> bool;
        fn init_message(&self, message: &str) -> ();
        fn init_warning(&self, message: &BilingualStr) -> ();
        fn init_error(&self, message: &BilingualStr) -> ();
        fn show_progress(&self, title: &str, progress: i32, resume_possible: bool) -> ();
        fn wait_for_notifications_if_tip_changed(&self, old_tip: BlockHash) -> ();
        fn wait_for_notifications(&self) -> ();
        fn rpc_enable_deprecated(&self, method: &str) -> bool;
        fn get_setting(&self, name: &str) -> Value;
        fn get_settings_list(&self, name: &str) -> Vec<Value>;
        fn get_rw_setting(&self, name: &str) -> Value;
        fn overwrite_rw_setting(&self, name: &str, value: &Value, action: SettingsAction) -> bool;
        fn delete_rw_settings(&self, name: &str, action: SettingsAction) -> bool;
        fn has_assumed_valid_chain(&self) -> bool;
    }

    fn shutdown_requested(&self) -> Result<bool> {
        self.script.play("shutdown_requested", "()".into())
    }

    fn block_filter_matches_any(
        &self,
        filter_type: BlockFilterType,
        block_hash: BlockHash,
        filter_set: &HashSet<Vec<u8>>,
    ) -> Result<Option<bool>> {
        let in_order: BTreeSet<_> = filter_set.iter().collect();
        let arguments = format!("{:?}", (filter_type, block_hash, in_order));
        Ok(self.script.play("block_filter_matches_any", arguments))
    }

    fn find_block(&self, hash: BlockHash, block: &FoundBlockRequest) -> Result<Option<FoundBlock>> {
        Ok(Tree::new().find(hash, block))
    }

    fn find_first_block_with_time_and_height(
        &self,
        min_time: i64,
        min_height: i32,
        block: &FoundBlockRequest,
    ) -> Result<Option<FoundBlock>> {
        Ok(Tree::new().first(min_time, min_height, block))
    }

    fn find_ancestor_by_height(
        &self,
        block_hash: BlockHash,
        ancestor_height: i32,
        ancestor: &FoundBlockRequest,
    ) -> Result<Option<FoundBlock>> {
        Ok(Tree::new().below(block_hash, ancestor_height, ancestor))
    }

    fn find_ancestor_by_hash(
        &self,
        block_hash: BlockHash,
        ancestor_hash: BlockHash,
        ancestor: &FoundBlockRequest,
    ) -> Result<Option<FoundBlock>> {
        Ok(Tree::new().ancestor(block_hash, ancestor_hash, ancestor))
    }

    fn find_common_ancestor(
        &self,
        block_hash1: BlockHash,
        block_hash2: BlockHash,
        ancestor: &FoundBlockRequest,
        block1: &FoundBlockRequest,
        block2: &FoundBlockRequest,
    ) -> Result<CommonAncestor> {
        Ok(Tree::new().common([block_hash1, block_hash2], [ancestor, block1, block2]))
    }

    fn find_coins(&self, coins: &mut BTreeMap<OutPoint, Option<Coin>>) -> Result<()> {
        *coins = self.script.play("find_coins", format!("{coins:?}"));
        Ok(())
    }

    fn handle_notifications(&self, notifications: Arc<dyn ChainNotifications>) -> Result<Box<dyn Handler>> {
        Ok(self.keep("handle_notifications", notifications))
    }

    fn handle_rpc(&self, command: RpcCommand) -> Result<Box<dyn Handler>> {
        Ok(self.keep(&format!("handle_rpc {} {}", command.name, command.unique_id), command))
    }

    fn update_rw_setting(&self, name: &str, update: UpdateSetting) -> Result<bool> {
        self.update(name, update)
    }

    fn request_mempool_transactions(&self, notifications: &dyn ChainNotifications) -> Result<()> {
        [7, 8].iter().try_for_each(|number| notifications.transaction_added_to_mempool(&transaction(*number)))
    }
}

pub(crate) fn the_chain_is_looked_at(ends: &Ends) {
    let (chain, script) = (ends.chain(), &ends.peer.script);
    for height in [None, Some(0), Some(800_000)] {
        same!(script, chain.get_height(), height);
        same!(script, chain.get_prune_height(), height);
        let locator = BlockLocator { hashes: vec![block_hash(1), block_hash(2)] };
        same!(script, chain.find_locator_fork(&locator), height);
        same!(script, chain.has_blocks(block_hash(1), 2, height), true);
    }
    same!(script, chain.get_block_hash(7), block_hash(7));
    same!(script, chain.have_block_on_disk(7), true);
    same!(script, chain.has_block_filter_index(BlockFilterType::Invalid), true);
    same!(script, chain.guess_verification_progress(block_hash(3)), 0.75);
    same!(script, chain.have_pruned(), true);
    same!(script, chain.is_ready_to_broadcast(), true);
    same!(script, chain.is_initial_block_download(), true);
    same!(script, chain.has_assumed_valid_chain(), true);
    same!(script, chain.wait_for_notifications_if_tip_changed(block_hash(4)), ());
    same!(script, chain.wait_for_notifications(), ());
    let filter_set = [vec![], vec![1], vec![2, 3]];
    let arguments = (BlockFilterType::Invalid, block_hash(5), BTreeSet::from(filter_set.clone()));
    for matches in [None, Some(false), Some(true)] {
        script.expect("block_filter_matches_any", format!("{arguments:?}"), matches);
        let set = HashSet::from(filter_set.clone());
        let answer = chain.block_filter_matches_any(BlockFilterType::Invalid, block_hash(5), &set);
        assert_eq!(answer, Ok(matches));
    }
}

pub(crate) fn transactions_are_judged_and_sent(ends: &Ends) {
    let (chain, script) = (ends.chain(), &ends.peer.script);
    let tx = transaction(1);
    for state in
        [RbfTransactionState::Unknown, RbfTransactionState::ReplaceableBip125, RbfTransactionState::Final]
    {
        same!(script, chain.is_rbf_opt_in(&tx), state);
    }
    same!(script, chain.is_in_mempool(txid(1)), true);
    same!(script, chain.has_descendants_in_mempool(txid(2)), true);
    let method = TxBroadcast::NoMempoolPrivateBroadcast;
    same!(script, chain.broadcast_transaction(&tx, Amount::from_sat(5), method), Ok(()));
    for reason in ["", "min relay fee not met"] {
        let refused = Err(reason.into());
        same!(
            script,
            chain.broadcast_transaction(&tx, Amount::MAX_MONEY, TxBroadcast::MempoolNoBroadcast),
            refused
        );
    }
    let ancestry = AncestryCounts { ancestors: 2, descendants: 3, ancestorsize: 4, ancestorfees: sat(-5) };
    same!(script, chain.get_transaction_ancestry(txid(3)), ancestry);
    same!(script, chain.get_package_limits(), PackageLimits { ancestors: 25, descendants: 26 });
    same!(script, chain.check_chain_limits(&tx), Ok(()));
    same!(script, chain.check_chain_limits(&tx), Err(text("too long")));
}

pub(crate) fn fees_are_estimated(ends: &Ends) {
    let (chain, script) = (ends.chain(), &ends.peer.script);
    let estimate = SmartFee { calc: Some(fee_calculation()), result: rate(9) };
    same!(script, chain.estimate_smart_fee(6, true, true), estimate);
    // C++ leaves out what is not wanted.
    same!(script, chain.estimate_smart_fee(7, true, false), SmartFee { calc: None, result: rate(10) });
    same!(script, chain.estimate_max_blocks(), 1008);
    same!(script, chain.mempool_min_fee(), rate(1));
    same!(script, chain.relay_min_fee(), rate(2));
    same!(script, chain.relay_incremental_fee(), rate(3));
    same!(script, chain.relay_dust_fee(), rate(4));
    let outpoints = [outpoint(1), outpoint(2)];
    let fees = BTreeMap::from([(outpoint(1), Amount::from_sat(1)), (outpoint(2), Amount::from_sat(2))]);
    same!(script, chain.calculate_individual_bump_fees(&outpoints, &rate(5)), fees);
    for fee in [None, Some(Amount::ZERO), Some(Amount::from_sat(3))] {
        same!(script, chain.calculate_combined_bump_fee(&outpoints, &rate(6)), fee);
    }
}

pub(crate) fn the_user_is_told(ends: &Ends) {
    let (chain, script) = (ends.chain(), &ends.peer.script);
    same!(script, chain.init_message("Loading wallet…"), ());
    same!(script, chain.init_warning(&text("odd")), ());
    same!(script, chain.init_error(&text("wrong")), ());
    same!(script, chain.show_progress("Rescanning…", 42, true), ());
    same!(script, chain.rpc_enable_deprecated("create_bdb"), true);
}

pub(crate) fn an_error_of_the_chain_arrives(ends: &Ends) {
    let (chain, script) = (ends.chain(), &ends.peer.script);
    let failed: Result<bool> = Err(bitcoin_ipc::Error::failed("the disk is full"));
    script.expect("shutdown_requested", "()".into(), failed);
    let error = chain.shutdown_requested().expect_err("an error");
    assert_eq!((error.kind(), error.text()), (ErrorKind::Failed, "the disk is full"));
    let answer: Result<bool> = Ok(true);
    script.expect("shutdown_requested", "()".into(), answer);
    assert_eq!(chain.shutdown_requested(), Ok(true));
}
