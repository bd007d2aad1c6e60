//! Chain: what a node offers its wallets.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use bitcoin::{Amount, BlockHash, OutPoint, SignedAmount, Transaction, Txid};
use mp_runtime::{IpcStruct, Result, ipc_interface};
use serde_json::Value;

use super::{ChainNotifications, Handler};
use crate::files::CHAIN;
use crate::interfaces::RpcCommand;
use crate::types::{
    BilingualStr, Bitcoin, BlockFilterType, BlockLocator, Coin, FeeCalculation, FoundBlock,
    FoundBlockRequest, RbfTransactionState, SettingsAction, TxBroadcast, WireFeeRate,
};

/// Changes a setting in place and says whether to write it; `None` leaves everything as it was.
pub type UpdateSetting = Box<dyn FnMut(&mut Value) -> Result<Option<SettingsAction>> + Send>;

/// What a node offers its wallets: the chain, the mempool, fees, settings and RPC.
#[ipc_interface(file = CHAIN, types = Bitcoin, cxx = "interfaces::Chain")]
pub trait Chain: Send + Sync {
    /// The height of the chain; `None` without a block, 0 with the first one only.
    fn get_height(&self) -> Result<Option<i32>>;

    /// The block at a height, which must be one of the chain: Core aborts otherwise.
    fn get_block_hash(&self, height: i32) -> Result<BlockHash>;

    /// Whether the block at a height is on disk with its transactions.
    fn have_block_on_disk(&self, height: i32) -> Result<bool>;

    /// The height of the highest block that a locator and the chain have in common.
    fn find_locator_fork(&self, locator: &BlockLocator) -> Result<Option<i32>>;

    /// Whether there is an index of block filters.
    fn has_block_filter_index(&self, filter_type: BlockFilterType) -> Result<bool>;

    /// Whether a block's filter matches one of the scripts; `None` without a filter. False is
    /// certain, true is not (BIP 158).
    fn block_filter_matches_any(
        &self,
        filter_type: BlockFilterType,
        block_hash: BlockHash,
        filter_set: &HashSet<Vec<u8>>,
    ) -> Result<Option<bool>>;

    /// Finds a block by its hash.
    #[ipc(results = found_block)]
    fn find_block(&self, hash: BlockHash, block: &FoundBlockRequest) -> Result<Option<FoundBlock>>;

    /// Finds the lowest block of the chain from a time (seconds since 1970) and a height on.
    #[ipc(results = found_block)]
    fn find_first_block_with_time_and_height(
        &self,
        min_time: i64,
        min_height: i32,
        block: &FoundBlockRequest,
    ) -> Result<Option<FoundBlock>>;

    /// Finds the block at a height below another one.
    #[ipc(results = found_ancestor)]
    fn find_ancestor_by_height(
        &self,
        block_hash: BlockHash,
        ancestor_height: i32,
        ancestor: &FoundBlockRequest,
    ) -> Result<Option<FoundBlock>>;

    /// Finds a block, if it is below another one.
    #[ipc(results = found_ancestor)]
    fn find_ancestor_by_hash(
        &self,
        block_hash: BlockHash,
        ancestor_hash: BlockHash,
        ancestor: &FoundBlockRequest,
    ) -> Result<Option<FoundBlock>>;

    /// Finds the highest block below two others, and facts of all three.
    #[ipc(results)]
    fn find_common_ancestor(
        &self,
        block_hash1: BlockHash,
        block_hash2: BlockHash,
        ancestor: &FoundBlockRequest,
        block1: &FoundBlockRequest,
        block2: &FoundBlockRequest,
    ) -> Result<CommonAncestor>;

    /// Looks up coins in the chain and the mempool. Those that are spent or missing are `None`.
    fn find_coins(&self, coins: &mut BTreeMap<OutPoint, Option<Coin>>) -> Result<()>;

    /// Guesses how much of all transactions lies below a block, from 0 to 1.
    fn guess_verification_progress(&self, block_hash: BlockHash) -> Result<f64>;

    /// Whether the blocks between two heights below a block are on disk.
    fn has_blocks(&self, block_hash: BlockHash, min_height: i32, max_height: Option<i32>) -> Result<bool>;

    /// Whether a transaction may be replaced (BIP 125).
    #[ipc(name = "isRBFOptIn")]
    fn is_rbf_opt_in(&self, tx: &Transaction) -> Result<RbfTransactionState>;

    /// Whether a transaction is in the mempool.
    fn is_in_mempool(&self, txid: Txid) -> Result<bool>;

    /// Whether the mempool has transactions that spend from this one.
    fn has_descendants_in_mempool(&self, txid: Txid) -> Result<bool>;

    /// Sends a transaction, unless its fee is higher than `max_tx_fee`. The text says why it was
    /// not accepted.
    #[ipc(results = broadcast)]
    fn broadcast_transaction(
        &self,
        tx: &Transaction,
        max_tx_fee: Amount,
        broadcast_method: TxBroadcast,
    ) -> Result<Result<(), String>>;

    /// The unconfirmed transactions that a transaction spends from and is spent by.
    #[ipc(results)]
    fn get_transaction_ancestry(&self, txid: Txid) -> Result<AncestryCounts>;

    /// What each coin needs in fees for its unconfirmed ancestors to reach a rate, by itself.
    fn calculate_individual_bump_fees(
        &self,
        outpoints: &[OutPoint],
        target_feerate: &WireFeeRate,
    ) -> Result<BTreeMap<OutPoint, Amount>>;

    /// What the coins need in fees for their unconfirmed ancestors to reach a rate, together.
    fn calculate_combined_bump_fee(
        &self,
        outpoints: &[OutPoint],
        target_feerate: &WireFeeRate,
    ) -> Result<Option<Amount>>;

    /// How many ancestors and descendants the mempool allows.
    #[ipc(results)]
    fn get_package_limits(&self) -> Result<PackageLimits>;

    /// Whether a transaction keeps to these limits.
    fn check_chain_limits(&self, tx: &Transaction) -> Result<Result<(), BilingualStr>>;

    /// Estimates the fee rate for confirmation within a number of blocks, with the calculation if
    /// it is wanted.
    #[ipc(results)]
    fn estimate_smart_fee(&self, num_blocks: i32, conservative: bool, want_calc: bool) -> Result<SmartFee>;

    /// The most blocks that an estimate can be for.
    fn estimate_max_blocks(&self) -> Result<u32>;

    /// The lowest fee rate that the mempool takes now.
    fn mempool_min_fee(&self) -> Result<WireFeeRate>;

    /// The lowest fee rate that is relayed at all.
    fn relay_min_fee(&self) -> Result<WireFeeRate>;

    /// How much the fee rate of a replacement has to be higher.
    fn relay_incremental_fee(&self) -> Result<WireFeeRate>;

    /// The fee rate that decides which outputs are dust.
    fn relay_dust_fee(&self) -> Result<WireFeeRate>;

    /// Whether blocks were pruned.
    fn have_pruned(&self) -> Result<bool>;

    /// The height of the highest pruned block.
    fn get_prune_height(&self) -> Result<Option<i32>>;

    /// Whether the node is ready to send transactions.
    fn is_ready_to_broadcast(&self) -> Result<bool>;

    /// Whether the node is still downloading the chain.
    fn is_initial_block_download(&self) -> Result<bool>;

    /// Whether the node is to shut down.
    fn shutdown_requested(&self) -> Result<bool>;

    /// Tells the user what is being loaded.
    fn init_message(&self, message: &str) -> Result<()>;

    /// Tells the user of something doubtful.
    fn init_warning(&self, message: &BilingualStr) -> Result<()>;

    /// Tells the user of an error.
    fn init_error(&self, message: &BilingualStr) -> Result<()>;

    /// Tells the user how far something is, in hundredths.
    fn show_progress(&self, title: &str, progress: i32, resume_possible: bool) -> Result<()>;

    /// Registers for notifications, until the handler is dropped. Some may still arrive then.
    fn handle_notifications(&self, notifications: Arc<dyn ChainNotifications>) -> Result<Box<dyn Handler>>;

    /// Waits until all notifications are delivered, unless the chain still ends at `old_tip`. The
    /// hash of zeros always waits.
    fn wait_for_notifications_if_tip_changed(&self, old_tip: BlockHash) -> Result<()>;

    /// Waits until all notifications are delivered.
    fn wait_for_notifications(&self) -> Result<()>;

    /// Adds an RPC command, until the handler is dropped.
    fn handle_rpc(&self, command: RpcCommand) -> Result<Box<dyn Handler>>;

    /// Whether a deprecated part of RPC is switched on.
    fn rpc_enable_deprecated(&self, method: &str) -> Result<bool>;

    /// A setting, from wherever it is set; null where it is not.
    fn get_setting(&self, name: &str) -> Result<Value>;

    /// All values of a setting.
    fn get_settings_list(&self, name: &str) -> Result<Vec<Value>>;

    /// A setting of the settings file; null where it is not there.
    fn get_rw_setting(&self, name: &str) -> Result<Value>;

    /// Changes a setting of the settings file. Gives false when it could not be written.
    fn update_rw_setting(
        &self,
        name: &str,
        #[ipc(callback = super::SettingsUpdateCallback)] update: UpdateSetting,
    ) -> Result<bool>;

    /// Replaces a setting of the settings file; null takes it out.
    fn overwrite_rw_setting(&self, name: &str, value: &Value, action: SettingsAction) -> Result<bool>;

    /// Takes a setting out of the settings file.
    fn delete_rw_settings(&self, name: &str, action: SettingsAction) -> Result<bool>;

    /// Calls [`transaction_added_to_mempool`](ChainNotifications::transaction_added_to_mempool) for
    /// every transaction of the mempool, before it returns.
    fn request_mempool_transactions(&self, notifications: &dyn ChainNotifications) -> Result<()>;

    /// Whether the chain begins with a snapshot that is not verified yet.
    fn has_assumed_valid_chain(&self) -> Result<bool>;
}

/// What [`Chain::find_common_ancestor`] finds. Each says itself whether it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, IpcStruct)]
#[ipc(types = Bitcoin)]
pub struct CommonAncestor {
    /// The highest block below both.
    pub ancestor: FoundBlock,
    /// The first block.
    pub block1: FoundBlock,
    /// The second block.
    pub block2: FoundBlock,
    /// Whether there is a common ancestor.
    pub result: bool,
}

/// What hangs together with a transaction in the mempool, itself included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, IpcStruct)]
#[ipc(types = Bitcoin)]
pub struct AncestryCounts {
    /// Transactions that it spends from.
    pub ancestors: u64,
    /// Transactions of its cluster. The field is named after what Bitcoin Core counted before it had clusters.
    pub descendants: u64,
    /// The virtual bytes of the ancestors.
    pub ancestorsize: u64,
    /// The fees of the ancestors.
    pub ancestorfees: SignedAmount,
}

/// How many transactions may depend on each other in the mempool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, IpcStruct)]
pub struct PackageLimits {
    /// Above.
    pub ancestors: u32,
    /// Below.
    pub descendants: u32,
}

/// An estimated fee rate.
#[derive(Clone, Debug, PartialEq, IpcStruct)]
#[ipc(types = Bitcoin)]
pub struct SmartFee {
    /// How it was found, if that was wanted.
    pub calc: Option<FeeCalculation>,
    /// The rate; 0 where there is no estimate.
    pub result: WireFeeRate,
}

/// A block with its facts, and whether it was found.
macro_rules! found {
    ($module:ident, $field:ident) => {
        mod $module {
            use mp_runtime::{IpcStruct, Result};

            use crate::types::{Bitcoin, FoundBlock};

            #[derive(Debug, IpcStruct)]
            #[ipc(types = Bitcoin)]
            pub(super) struct Wire {
                $field: FoundBlock,
                result: bool,
            }

            pub(super) fn build(found: &Option<FoundBlock>) -> Result<Wire> {
                Ok(Wire { $field: found.clone().unwrap_or_default(), result: found.is_some() })
            }

            pub(super) fn read(wire: Wire) -> Result<Option<FoundBlock>> {
                Ok(wire.result.then_some(wire.$field))
            }
        }
    };
}

found!(found_block, block);
found!(found_ancestor, ancestor);

/// Whether a transaction was sent, or else why not.
mod broadcast {
    use mp_runtime::{IpcStruct, Result};

    #[derive(Debug, IpcStruct)]
    pub(super) struct Wire {
        error: String,
        result: bool,
    }

    pub(super) fn build(sent: &Result<(), String>) -> Result<Wire> {
        Ok(Wire { error: sent.as_ref().err().cloned().unwrap_or_default(), result: sent.is_ok() })
    }

    pub(super) fn read(wire: Wire) -> Result<Result<(), String>> {
        Ok(if wire.result { Ok(()) } else { Err(wire.error) })
    }
}
