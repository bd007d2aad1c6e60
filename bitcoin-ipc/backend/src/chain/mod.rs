//! What the node offers wallets.
//!
//! In: calls of [`Chain`]. Out: answers, made of what the node's JSON-RPC says.

mod fees;
mod found;
pub(crate) mod sending;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use bitcoin::{Amount, BlockHash, OutPoint, Transaction, TxOut, Txid};
use bitcoin_init::signals::Style;
use bitcoin_ipc::interfaces::{
    AncestryCounts, Chain, ChainNotifications, CommonAncestor, Handler, PackageLimits, RpcCommand, SmartFee,
    UpdateSetting,
};
use bitcoin_ipc::types::{
    BilingualStr, BlockFilterType, BlockLocator, Coin, FoundBlock, FoundBlockRequest, RbfTransactionState,
    SettingsAction, TxBroadcast, WireFeeRate,
};
use bitcoin_ipc::{Error, Result};
use bitcoin_mempool::MEMPOOL_HEIGHT;
use mp_runtime::ipc_interface;
use serde_json::{Value, json};

use crate::answer::Fields;
use crate::ask::{Ask, if_known};
use crate::blocks::script;
use crate::core::Core;
use crate::follow::{News, Registration};
use crate::listeners::{Ear, parents_first};
use crate::method::Method;

/// How many blocks an estimate may be for, by Bitcoin Core's longest horizon.
const MOST_BLOCKS: u32 = 1008;

/// Somebody who hears of everything.
struct Hearing(Registration);

#[ipc_interface]
impl Handler for Hearing {
    fn disconnect(&self) -> Result<()> {
        self.0.end();
        Ok(())
    }
}

impl Core {
    fn ask(&self) -> &Ask {
        &self.0.ask
    }

    /// Whether blocks were pruned, and the lowest one that was not.
    fn pruned(&self) -> Result<Option<i32>> {
        let info = self.ask().fields(Method::GetBlockchainInfo, json!([]))?;
        match info.flag("pruned")? && info.value("pruneheight").is_some() {
            true => Ok(Some(info.int("pruneheight")?).filter(|height| *height > 0)),
            false => Ok(None),
        }
    }

    fn setting(&self, name: &str, default: u32) -> Result<u32> {
        self.0.options.settings.count(name, default)
    }
}

/// The coin that `gettxout` has answered with, in a chain of this height.
pub(crate) fn coin(answer: Value, tip: i32) -> Result<Option<Coin>> {
    if answer.is_null() {
        return Ok(None);
    }
    let fields = Fields::of(Method::GetTxOut, answer)?;
    let deep: i32 = fields.int("confirmations")?;
    let output =
        TxOut { value: fields.amount("value")?, script_pubkey: script(&fields.object("scriptPubKey")?)? };
    let height = u32::try_from(tip.saturating_add(1).saturating_sub(deep)).unwrap_or_default();
    Ok(Some(Coin { output, height, coinbase: fields.flag("coinbase")? }))
}

#[ipc_interface]
impl Chain for Core {
    fn get_height(&self) -> Result<Option<i32>> {
        Ok(Some(self.ask().tip()?.height))
    }

    fn get_block_hash(&self, height: i32) -> Result<BlockHash> {
        let hash = self.ask().hash_at(height)?;
        hash.ok_or_else(|| Error::failed(format!("the chain has no block {height}")))
    }

    fn have_block_on_disk(&self, height: i32) -> Result<bool> {
        Ok(self.pruned()?.is_none_or(|lowest| height >= lowest) && self.ask().hash_at(height)?.is_some())
    }

    fn find_locator_fork(&self, locator: &BlockLocator) -> Result<Option<i32>> {
        // The first that is in the chain; mostly that is one of the first.
        for some in locator.hashes.chunks(16) {
            let headers = self.ask().headers(some)?;
            if let Some(header) = headers.into_iter().flatten().find(|header| header.active) {
                return Ok(Some(header.height));
            }
        }
        // As Bitcoin Core, whose chains have the first block in common at least.
        Ok((!locator.hashes.is_empty()).then_some(0))
    }

    fn has_block_filter_index(&self, filter_type: BlockFilterType) -> Result<bool> {
        Ok(filter_type == BlockFilterType::Basic && self.ask().has_filters()?)
    }

    fn block_filter_matches_any(
        &self,
        filter_type: BlockFilterType,
        block_hash: BlockHash,
        filter_set: &HashSet<Vec<u8>>,
    ) -> Result<Option<bool>> {
        if filter_type != BlockFilterType::Basic {
            return Ok(None);
        }
        let Some(filter) = self.ask().filters(&[block_hash])?.pop().flatten() else { return Ok(None) };
        if filter_set.is_empty() {
            return Ok(Some(false));
        }
        let matched = filter.match_any(&block_hash, filter_set.iter().map(Vec::as_slice));
        matched.map(Some).map_err(|error| Error::bad_value(format!("the filter of {block_hash}: {error}")))
    }

    fn find_block(&self, hash: BlockHash, block: &FoundBlockRequest) -> Result<Option<FoundBlock>> {
        found::found(self.ask(), Some(hash), block)
    }

    fn find_first_block_with_time_and_height(
        &self,
        min_time: i64,
        min_height: i32,
        block: &FoundBlockRequest,
    ) -> Result<Option<FoundBlock>> {
        found::found(self.ask(), self.ask().first_from(min_time, min_height)?, block)
    }

    fn find_ancestor_by_height(
        &self,
        block_hash: BlockHash,
        ancestor_height: i32,
        ancestor: &FoundBlockRequest,
    ) -> Result<Option<FoundBlock>> {
        found::found(self.ask(), self.ask().ancestor(block_hash, ancestor_height)?, ancestor)
    }

    fn find_ancestor_by_hash(
        &self,
        block_hash: BlockHash,
        ancestor_hash: BlockHash,
        ancestor: &FoundBlockRequest,
    ) -> Result<Option<FoundBlock>> {
        let Some(header) = self.ask().header(ancestor_hash)? else { return Ok(None) };
        let at_height = self.ask().ancestor(block_hash, header.height)?;
        found::found(self.ask(), at_height.filter(|hash| *hash == ancestor_hash), ancestor)
    }

    fn find_common_ancestor(
        &self,
        block_hash1: BlockHash,
        block_hash2: BlockHash,
        ancestor: &FoundBlockRequest,
        block1: &FoundBlockRequest,
        block2: &FoundBlockRequest,
    ) -> Result<CommonAncestor> {
        let ask = self.ask();
        let ancestor = found::found(ask, ask.common_ancestor(block_hash1, block_hash2)?, ancestor)?;
        let block1 = found::found(ask, Some(block_hash1), block1)?;
        let block2 = found::found(ask, Some(block_hash2), block2)?;
        Ok(CommonAncestor {
            result: ancestor.is_some() && block1.is_some() && block2.is_some(),
            ancestor: ancestor.unwrap_or_default(),
            block1: block1.unwrap_or_default(),
            block2: block2.unwrap_or_default(),
        })
    }

    fn find_coins(&self, coins: &mut BTreeMap<OutPoint, Option<Coin>>) -> Result<()> {
        let ask = self.ask();
        let params = coins.keys().map(|coin| json!([coin.txid, coin.vout, false])).collect();
        let answers = ask.ask_all(Method::GetTxOut, params)?;
        let tip = ask.tip()?.height;
        for ((outpoint, coin), answer) in coins.iter_mut().zip(answers) {
            *coin = match self::coin(answer?, tip)? {
                Some(coin) => Some(coin),
                None if if_known(ask.ask(Method::GetMempoolEntry, json!([outpoint.txid])))?.is_some() => {
                    let output =
                        |tx: Transaction| tx.output.get(usize::try_from(outpoint.vout).ok()?).cloned();
                    let output = ask.mempool_transaction(outpoint.txid)?.and_then(output);
                    output.map(|output| Coin { output, height: MEMPOOL_HEIGHT, coinbase: false })
                }
                None => None,
            };
        }
        Ok(())
    }

    fn guess_verification_progress(&self, block_hash: BlockHash) -> Result<f64> {
        let info = self.ask().fields(Method::GetBlockchainInfo, json!([]))?;
        let (all, tip) = (info.float("verificationprogress")?, info.text::<BlockHash>("bestblockhash")?);
        if tip == block_hash {
            return Ok(all);
        }
        let count = |hash: BlockHash| -> Result<Option<f64>> {
            let Some(header) = self.ask().header(hash)?.filter(|header| header.active) else {
                return Ok(None);
            };
            // It counts over a window, which is not larger than the chain below.
            let window = i64::from(header.height > 0);
            let stats = self.ask().fields(Method::GetChainTxStats, json!([window, hash]))?;
            stats.value("txcount").map(|_| stats.float("txcount")).transpose()
        };
        Ok(match (count(block_hash)?, count(tip)?) {
            (Some(below), Some(total)) if total > 0.0 => (all * below / total).clamp(0.0, 1.0),
            _ => 0.0,
        })
    }

    fn has_blocks(&self, block_hash: BlockHash, min_height: i32, max_height: Option<i32>) -> Result<bool> {
        let Some(header) = self.ask().header(block_hash)? else { return Ok(false) };
        let within = max_height.is_none_or(|height| height >= min_height) && min_height <= header.height;
        Ok(!within || self.pruned()?.is_none_or(|lowest| min_height >= lowest))
    }

    fn is_rbf_opt_in(&self, tx: &Transaction) -> Result<RbfTransactionState> {
        if tx.is_explicitly_rbf() {
            return Ok(RbfTransactionState::ReplaceableBip125);
        }
        let asked = self.ask().ask(Method::GetMempoolAncestors, json!([tx.compute_txid()]));
        let Some(ancestors) = if_known(asked)? else { return Ok(RbfTransactionState::Unknown) };
        let ancestors: Vec<Txid> = ancestors
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|txid| txid.as_str()?.parse().ok())
            .collect();
        let signals = self.ask().mempool_transactions(&ancestors)?;
        let any = signals.iter().flatten().any(Transaction::is_explicitly_rbf);
        Ok(if any { RbfTransactionState::ReplaceableBip125 } else { RbfTransactionState::Final })
    }

    fn is_in_mempool(&self, txid: Txid) -> Result<bool> {
        Ok(if_known(self.ask().ask(Method::GetMempoolEntry, json!([txid])))?.is_some())
    }

    fn has_descendants_in_mempool(&self, txid: Txid) -> Result<bool> {
        let entry = if_known(self.ask().fields(Method::GetMempoolEntry, json!([txid])))?;
        Ok(entry.map(|entry| entry.int::<u64>("descendantcount")).transpose()?.is_some_and(|count| count > 1))
    }

    fn broadcast_transaction(
        &self,
        tx: &Transaction,
        max_tx_fee: Amount,
        broadcast_method: TxBroadcast,
    ) -> Result<Result<(), String>> {
        sending::send(self, tx, max_tx_fee, broadcast_method)
    }

    fn get_transaction_ancestry(&self, txid: Txid) -> Result<AncestryCounts> {
        let entry = if_known(self.ask().fields(Method::GetMempoolEntry, json!([txid])))?;
        let Some(entry) = entry else { return Ok(AncestryCounts::default()) };
        Ok(AncestryCounts {
            ancestors: entry.int("ancestorcount")?,
            descendants: u64::try_from(fees::relatives(self.ask(), [txid])?.len()).unwrap_or(u64::MAX),
            ancestorsize: entry.int("ancestorsize")?,
            ancestorfees: entry.object("fees")?.signed_amount("ancestor")?,
        })
    }

    fn calculate_individual_bump_fees(
        &self,
        outpoints: &[OutPoint],
        target_feerate: &WireFeeRate,
    ) -> Result<BTreeMap<OutPoint, Amount>> {
        Ok(fees::of_coins(self.ask(), outpoints)?
            .individual_bump_fees(outpoints, fees::rate(target_feerate)?))
    }

    fn calculate_combined_bump_fee(
        &self,
        outpoints: &[OutPoint],
        target_feerate: &WireFeeRate,
    ) -> Result<Option<Amount>> {
        Ok(fees::of_coins(self.ask(), outpoints)?.combined_bump_fee(outpoints, fees::rate(target_feerate)?))
    }

    fn get_package_limits(&self) -> Result<PackageLimits> {
        // Only wallets keep to them: the mempool limits clusters instead, or refuses.
        Ok(PackageLimits {
            ancestors: self.setting("limitancestorcount", 25)?,
            descendants: self.setting("limitdescendantcount", 25)?,
        })
    }

    fn check_chain_limits(&self, tx: &Transaction) -> Result<Result<(), BilingualStr>> {
        let refused = sending::verdict(self.ask(), tx)?.err();
        let chain = ["too-large-cluster", "too-long-mempool-chain"];
        Ok(match refused {
            Some(reason) if chain.iter().any(|name| reason.contains(name)) => {
                Err(BilingualStr::untranslated("too many unconfirmed transactions in cluster"))
            }
            _ => Ok(()),
        })
    }

    fn estimate_smart_fee(&self, num_blocks: i32, conservative: bool, want_calc: bool) -> Result<SmartFee> {
        fees::estimate(self.ask(), num_blocks, conservative, want_calc)
    }

    fn estimate_max_blocks(&self) -> Result<u32> {
        Ok(MOST_BLOCKS)
    }

    fn mempool_min_fee(&self) -> Result<WireFeeRate> {
        fees::of_mempool(self.ask(), "mempoolminfee")
    }

    fn relay_min_fee(&self) -> Result<WireFeeRate> {
        fees::of_mempool(self.ask(), "minrelaytxfee")
    }

    fn relay_incremental_fee(&self) -> Result<WireFeeRate> {
        fees::of_mempool(self.ask(), "incrementalrelayfee")
    }

    fn relay_dust_fee(&self) -> Result<WireFeeRate> {
        Ok(self.0.options.dust_rate)
    }

    fn have_pruned(&self) -> Result<bool> {
        Ok(self.pruned()?.is_some())
    }

    fn get_prune_height(&self) -> Result<Option<i32>> {
        Ok(self.pruned()?.map(|lowest| lowest - 1))
    }

    fn is_ready_to_broadcast(&self) -> Result<bool> {
        Ok(!self.is_initial_block_download()?)
    }

    fn is_initial_block_download(&self) -> Result<bool> {
        self.ask().fields(Method::GetBlockchainInfo, json!([]))?.flag("initialblockdownload")
    }

    fn shutdown_requested(&self) -> Result<bool> {
        Ok(self.0.options.shutdown.requested())
    }

    fn init_message(&self, message: &str) -> Result<()> {
        tracing::info!(target: "node", "{message}");
        self.0.options.signals.loading(message);
        Ok(())
    }

    fn init_warning(&self, message: &BilingualStr) -> Result<()> {
        tracing::warn!(target: "node", "{}", message.original);
        self.0.options.signals.message(message, Style::Warning);
        Ok(())
    }

    fn init_error(&self, message: &BilingualStr) -> Result<()> {
        tracing::error!(target: "node", "{}", message.original);
        self.0.options.signals.message(message, Style::Error);
        Ok(())
    }

    fn show_progress(&self, title: &str, progress: i32, resume_possible: bool) -> Result<()> {
        tracing::info!(target: "node", "{title} {progress} %");
        self.0.options.signals.progress(title, progress, resume_possible);
        Ok(())
    }

    fn handle_notifications(&self, notifications: Arc<dyn ChainNotifications>) -> Result<Box<dyn Handler>> {
        Ok(Box::new(Hearing(self.0.follow.register(Ear::All(notifications)))))
    }

    fn wait_for_notifications_if_tip_changed(&self, old_tip: BlockHash) -> Result<()> {
        let _ = old_tip;
        // What the mempool has is to be told too, and both cost one question where nothing has changed.
        self.wait_for_notifications()
    }

    fn wait_for_notifications(&self) -> Result<()> {
        self.0.follow.catch_up(News::All)
    }

    fn handle_rpc(&self, command: RpcCommand) -> Result<Box<dyn Handler>> {
        Ok(self.0.commands.add(command))
    }

    fn rpc_enable_deprecated(&self, method: &str) -> Result<bool> {
        Ok(self.0.options.settings.lock().list("deprecatedrpc").iter().any(|enabled| enabled == method))
    }

    fn get_setting(&self, name: &str) -> Result<Value> {
        Ok(self.0.options.settings.lock().value(name).unwrap_or_default())
    }

    fn get_settings_list(&self, name: &str) -> Result<Vec<Value>> {
        Ok(self.0.options.settings.lock().list(name).into_iter().map(Value::String).collect())
    }

    fn get_rw_setting(&self, name: &str) -> Result<Value> {
        Ok(self.0.options.settings.saved(name))
    }

    fn update_rw_setting(&self, name: &str, update: UpdateSetting) -> Result<bool> {
        self.0.options.settings.update(name, update)
    }

    fn overwrite_rw_setting(&self, name: &str, value: &Value, action: SettingsAction) -> Result<bool> {
        Ok(self.0.options.settings.overwrite(name, value, action))
    }

    fn delete_rw_settings(&self, name: &str, action: SettingsAction) -> Result<bool> {
        Ok(self.0.options.settings.overwrite(name, &Value::Null, action))
    }

    fn request_mempool_transactions(&self, notifications: &dyn ChainNotifications) -> Result<()> {
        let all = self.ask().ask(Method::GetRawMempool, json!([]))?;
        let txids: Vec<Txid> =
            all.as_array().into_iter().flatten().filter_map(|txid| txid.as_str()?.parse().ok()).collect();
        let found = self.ask().mempool_transactions(&txids)?.into_iter().flatten().map(Arc::new).collect();
        parents_first(found).iter().try_for_each(|tx| notifications.transaction_added_to_mempool(tx))
    }

    fn has_assumed_valid_chain(&self) -> Result<bool> {
        let states = self.ask().fields(Method::GetChainStates, json!([]))?;
        let unverified = |state: Fields| Ok(!state.flag("validated")?);
        let states: Vec<bool> = states.list("chainstates")?.map(unverified).collect::<Result<_>>()?;
        Ok(states.contains(&true))
    }
}
