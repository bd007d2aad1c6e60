//! What a node offers its GUI.
//!
//! In: calls of GUIs, of this process or another one. Out: answers of the node and of the program
//! around it. What concerns peers answers as a node of Bitcoin Core without any; what would only
//! pretend to work is an error.

mod host;
mod log;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bitcoin::{Amount, BlockHash, OutPoint, Transaction};
use bitcoin_ipc::interfaces::{
    BannedListChangedFn, BroadcastFailure, ExternalSigner, Handler, HeaderTip, InitMessageFn, InitWalletFn,
    MessageBoxFn, Node, NotifyAlertChangedFn, NotifyBlockTipFn, NotifyHeaderTipFn,
    NotifyNetworkActiveChangedFn, NotifyNumConnectionsChangedFn, QuestionFn, ShowNodeProgressFn,
    WalletLoader,
};
use bitcoin_ipc::types::{
    BanMap, BilingualStr, BlockAndHeaderTipInfo, Coin, ConnectionDirection, GlobalArgs, LocalServiceInfo,
    NetAddr, Network, NodeStats, ProxyInfo, RpcFailure, SubNet, TxBroadcast, WireFeeRate,
};
use mp_runtime::callbacks::News;
use mp_runtime::{Error, Json, Result, ipc_interface};
use serde_json::Value;

use crate::mempool::MempoolOptions;
use crate::state::State;
pub use host::{Host, Parts};

/// The [`Node`] of a GUI.
pub struct GuiNode {
    host: Arc<dyn Host>,
}

impl GuiNode {
    /// What a program offers a GUI.
    #[must_use]
    pub fn new(host: Arc<dyn Host>) -> Self {
        GuiNode { host }
    }

    fn parts(&self) -> Result<Parts> {
        self.host.started().ok_or_else(|| Error::failed("the node is not running"))
    }

    fn state(&self) -> Result<Arc<State>> {
        Ok(self.parts()?.state)
    }

    /// The height and the time of the highest block.
    fn tip(&self) -> Result<HeaderTip> {
        let state = self.state()?;
        let tip = state.tip();
        let header = state.chain().header(tip.hash)?;
        let header = header.ok_or_else(|| Error::failed(format!("there is no header of {}", tip.hash)))?;
        let height = i32::try_from(tip.height).map_err(|_| Error::failed("a height above 31 bits"))?;
        Ok(HeaderTip { height, block_time: header.time.into() })
    }
}

fn no_network<T>() -> Result<T> {
    Err(Error::unimplemented("not supported: this node has no peer-to-peer network"))
}

fn user(error: bitcoin_init::Error) -> Error {
    Error::failed(error.text())
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[ipc_interface]
impl Node for GuiNode {
    fn init_logging(&self) -> Result<()> {
        // The log is opened with the settings, in `base_initialize`.
        Ok(())
    }

    fn init_parameter_interaction(&self) -> Result<()> {
        // Options are read with their influence on each other; they need no step of their own.
        Ok(())
    }

    fn get_warnings(&self) -> Result<BilingualStr> {
        // Before the start there is nothing to warn of.
        let warnings = self.host.started().map(|node| node.state.warnings()).unwrap_or_default();
        Ok(BilingualStr::untranslated(warnings.join("<hr />")))
    }

    fn get_log_categories(&self) -> Result<u64> {
        let settings = self.host.settings()?.lock().clone();
        log::categories(&settings)
    }

    fn get_exit_status(&self) -> Result<i32> {
        Ok(self.host.exit_status())
    }

    fn base_initialize(&self, global_args: &GlobalArgs) -> Result<Result<bool, String>> {
        Ok(self.host.base_initialize(global_args))
    }

    fn app_init_main(&self) -> Result<Result<Option<BlockAndHeaderTipInfo>, String>> {
        match self.host.app_init_main() {
            Ok(true) => {}
            Ok(false) => return Ok(Ok(None)),
            Err(error) => return Ok(Err(error)),
        }
        let HeaderTip { height, block_time } = self.tip()?;
        // Blocks come whole here, so the highest header is that of the highest block.
        Ok(Ok(Some(BlockAndHeaderTipInfo {
            block_height: height,
            block_time,
            header_height: height,
            header_time: block_time,
            verification_progress: self.get_verification_progress()?,
        })))
    }

    fn app_shutdown(&self) -> Result<()> {
        self.host.app_shutdown()
    }

    fn start_shutdown(&self) -> Result<()> {
        self.host.shutdown().request();
        Ok(())
    }

    fn shutdown_requested(&self) -> Result<bool> {
        Ok(self.host.shutdown().requested())
    }

    fn is_setting_ignored(&self, name: &str) -> Result<bool> {
        Ok(self.host.settings()?.lock().on_command_line(name))
    }

    fn get_persistent_setting(&self, name: &str) -> Result<Value> {
        Ok(self.host.settings()?.lock().persistent(name).unwrap_or_default())
    }

    fn update_rw_setting(&self, name: &str, value: &Value) -> Result<()> {
        let value = Some(value.clone()).filter(|value| !value.is_null());
        self.host.settings()?.lock().save(name, value).map_err(user)
    }

    fn force_setting(&self, name: &str, value: &Value) -> Result<()> {
        let settings = self.host.settings()?;
        if value.is_null() {
            settings.lock().unforce(name);
        } else {
            settings.lock().force(name, value.clone());
        }
        Ok(())
    }

    fn reset_settings(&self) -> Result<()> {
        self.host.settings()?.lock().reset_saved().map_err(user)
    }

    fn map_port(&self, enable: bool) -> Result<()> {
        if enable { no_network() } else { Ok(()) }
    }

    fn get_proxy(&self, _net: Network) -> Result<Option<ProxyInfo>> {
        Ok(None)
    }

    fn get_node_count(&self, _flags: ConnectionDirection) -> Result<u64> {
        Ok(0)
    }

    fn get_nodes_stats(&self) -> Result<Option<Vec<NodeStats>>> {
        Ok(self.host.started().map(|_| Vec::new()))
    }

    fn get_banned(&self) -> Result<Option<BanMap>> {
        Ok(self.host.started().map(|_| BanMap::default()))
    }

    fn ban(&self, _net_addr: NetAddr, _ban_time_offset: i64) -> Result<bool> {
        no_network()
    }

    fn unban(&self, _ip: SubNet) -> Result<bool> {
        Ok(false)
    }

    fn disconnect_by_address(&self, _address: NetAddr) -> Result<bool> {
        Ok(false)
    }

    fn disconnect_by_id(&self, _id: i64) -> Result<bool> {
        Ok(false)
    }

    fn list_external_signers(&self) -> Result<Vec<Box<dyn ExternalSigner>>> {
        // As in Bitcoin Core without `-signer`, an option that this node does not have.
        Ok(Vec::new())
    }

    fn get_total_bytes_recv(&self) -> Result<i64> {
        Ok(0)
    }

    fn get_total_bytes_sent(&self) -> Result<i64> {
        Ok(0)
    }

    fn get_mempool_size(&self) -> Result<u64> {
        Ok(self.host.started().map_or(0, |node| count(node.state.mempool().len())))
    }

    fn get_mempool_dynamic_usage(&self) -> Result<u64> {
        let usage = |state: Arc<State>| state.mempool().info(state.clock().now()).usage;
        Ok(self.host.started().map_or(0, |node| count(usage(node.state))))
    }

    fn get_mempool_max_usage(&self) -> Result<u64> {
        Ok(self.host.started().map_or(0, |node| count(node.state.mempool().options().max_bytes)))
    }

    fn get_header_tip(&self) -> Result<Option<HeaderTip>> {
        self.tip().map(Some)
    }

    fn get_num_blocks(&self) -> Result<i32> {
        Ok(self.tip()?.height)
    }

    fn get_net_local_addresses(&self) -> Result<BTreeMap<NetAddr, LocalServiceInfo>> {
        Ok(BTreeMap::new())
    }

    fn get_best_block_hash(&self) -> Result<BlockHash> {
        Ok(self.state()?.tip().hash)
    }

    fn get_last_block_time(&self) -> Result<i64> {
        Ok(self.tip()?.block_time)
    }

    fn get_verification_progress(&self) -> Result<f64> {
        let state = self.state()?;
        state.verification_progress(state.tip().hash)
    }

    fn is_initial_block_download(&self) -> Result<bool> {
        Ok(self.state()?.is_initial_block_download())
    }

    fn is_loading_blocks(&self) -> Result<bool> {
        // All blocks are there once the node has started.
        self.state().map(|_| false)
    }

    fn set_network_active(&self, active: bool) -> Result<()> {
        if let Some(node) = self.host.started()
            && node.network_active.swap(active, Ordering::Relaxed) != active
        {
            self.host.signals().network_active.tell(News::Each, move |hear| hear(active));
        }
        Ok(())
    }

    fn get_network_active(&self) -> Result<bool> {
        Ok(self.host.started().is_some_and(|node| node.network_active.load(Ordering::Relaxed)))
    }

    fn get_dust_relay_fee(&self) -> Result<WireFeeRate> {
        let rate = match self.host.started() {
            Some(node) => node.state.mempool().options().dust_relay_rate,
            None => MempoolOptions::default().dust_relay_rate,
        };
        Ok(rate.into())
    }

    fn execute_rpc(&self, command: &str, params: &Json, uri: &str) -> Result<Result<Value, RpcFailure>> {
        let answer = self.parts()?.rpc.execute(command, params.clone(), uri);
        Ok(answer.map_err(|error| RpcFailure::RpcError(error.into_object())))
    }

    fn list_rpc_commands(&self) -> Result<Vec<String>> {
        Ok(self.parts()?.rpc.commands())
    }

    fn get_unspent_output(&self, output: OutPoint) -> Result<Option<Coin>> {
        Ok(self.state()?.index().coin(&output)?)
    }

    fn broadcast_transaction(
        &self,
        tx: &Transaction,
        max_tx_fee: Amount,
    ) -> Result<Result<(), BroadcastFailure>> {
        self.state()?.broadcast(tx, max_tx_fee, TxBroadcast::MempoolAndBroadcastToAll)
    }

    fn wallet_loader(&self) -> Result<Arc<dyn WalletLoader>> {
        self.host.wallet_loader()
    }

    fn handle_init_message(&self, callback: InitMessageFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.host.signals().init_message.add(callback)))
    }

    fn handle_message_box(&self, callback: MessageBoxFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.host.signals().message_box.add(callback)))
    }

    fn handle_question(&self, callback: QuestionFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.host.signals().question.add(callback)))
    }

    fn handle_show_progress(&self, callback: ShowNodeProgressFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.host.signals().show_progress.add(callback)))
    }

    fn handle_init_wallet(&self, callback: InitWalletFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.host.signals().init_wallet.add(callback)))
    }

    fn handle_notify_num_connections_changed(
        &self,
        callback: NotifyNumConnectionsChangedFn,
    ) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.host.signals().num_connections.add(callback)))
    }

    fn handle_notify_network_active_changed(
        &self,
        callback: NotifyNetworkActiveChangedFn,
    ) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.host.signals().network_active.add(callback)))
    }

    fn handle_notify_alert_changed(&self, callback: NotifyAlertChangedFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.host.signals().alert.add(callback)))
    }

    fn handle_banned_list_changed(&self, callback: BannedListChangedFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.host.signals().banned_list.add(callback)))
    }

    fn handle_notify_block_tip(&self, callback: NotifyBlockTipFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.host.signals().block_tip.add(callback)))
    }

    fn handle_notify_header_tip(&self, callback: NotifyHeaderTipFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.host.signals().header_tip.add(callback)))
    }
}
