//! Node: what a node offers its GUI.

use std::collections::BTreeMap;
use std::sync::Arc;

use bitcoin::{Amount, BlockHash, OutPoint, Transaction};
use mp_runtime::{Json, Result, ipc_interface};
use serde_json::Value;

use super::{
    BannedListChangedFn, ExternalSigner, Handler, InitMessageFn, InitWalletFn, MessageBoxFn,
    NotifyAlertChangedFn, NotifyBlockTipFn, NotifyHeaderTipFn, NotifyNetworkActiveChangedFn,
    NotifyNumConnectionsChangedFn, QuestionFn, ShowNodeProgressFn, WalletLoader,
};
use crate::files::NODE;
use crate::types::{
    BanMap, BilingualStr, Bitcoin, BlockAndHeaderTipInfo, Coin, ConnectionDirection, GlobalArgs,
    LocalServiceInfo, NetAddr, Network, NodeStats, ProxyInfo, RpcFailure, SubNet, TransactionError,
    WireFeeRate, executed, initialized, started,
};

/// What a node offers its GUI: starting and stopping it, its settings, its peers, its chain, RPC and
/// wallets.
///
/// Each `handle_` method calls back until its handler is dropped.
#[ipc_interface(file = NODE, types = Bitcoin, cxx = "interfaces::Node")]
pub trait Node: Send + Sync {
    /// Opens the log.
    fn init_logging(&self) -> Result<()>;

    /// Lets settings change the defaults of others.
    fn init_parameter_interaction(&self) -> Result<()>;

    /// What the user should know of, such as a version for tests; empty for nothing.
    fn get_warnings(&self) -> Result<BilingualStr>;

    /// What is logged: bits of Core's `BCLog::LogFlags`.
    fn get_log_categories(&self) -> Result<u64>;

    /// What the process will exit with: 0 if nothing went wrong.
    fn get_exit_status(&self) -> Result<i32>;

    /// Takes over the settings and prepares the start, without anything that takes long. Gives false
    /// when the node cannot start, and an error's text when preparing it failed.
    #[ipc(results = initialized)]
    fn base_initialize(&self, #[ipc(secret)] global_args: &GlobalArgs) -> Result<Result<bool, String>>;

    /// Starts the node, and gives the highest block and header. `None` when it cannot start; an
    /// error's text when starting it failed.
    #[ipc(results = started)]
    fn app_init_main(&self) -> Result<Result<Option<BlockAndHeaderTipInfo>, String>>;

    /// Ends all that the node does. Only then may the process end.
    fn app_shutdown(&self) -> Result<()>;

    /// Tells the node to shut down, and does not wait for it.
    fn start_shutdown(&self) -> Result<()>;

    /// Whether the node is to shut down.
    fn shutdown_requested(&self) -> Result<bool>;

    /// Whether something stronger, such as the command line, hides a setting of the settings file.
    #[ipc(no_context)]
    fn is_setting_ignored(&self, name: &str) -> Result<bool>;

    /// A setting as it is after the next start, without those of the command line; null where it is
    /// not set.
    #[ipc(no_context)]
    fn get_persistent_setting(&self, name: &str) -> Result<Value>;

    /// Writes a setting to the settings file; null takes it out.
    #[ipc(no_context)]
    fn update_rw_setting(&self, name: &str, value: &Value) -> Result<()>;

    /// Sets a setting for this process, whatever else says; null undoes that.
    #[ipc(no_context)]
    fn force_setting(&self, name: &str, value: &Value) -> Result<()>;

    /// Takes everything out of the settings file and keeps a copy of it.
    #[ipc(no_context)]
    fn reset_settings(&self) -> Result<()>;

    /// Switches on or off that the router is asked to forward the node's port.
    fn map_port(&self, #[ipc(name = "useNatPnP")] enable: bool) -> Result<()>;

    /// The proxy for a network, if there is one.
    #[ipc(results = proxy)]
    fn get_proxy(&self, net: Network) -> Result<Option<ProxyInfo>>;

    /// How many peers there are.
    fn get_node_count(&self, flags: ConnectionDirection) -> Result<u64>;

    /// All peers; `None` before the network is up.
    #[ipc(results = nodes_stats)]
    fn get_nodes_stats(&self) -> Result<Option<Vec<NodeStats>>>;

    /// Who is banned; `None` before the network is up.
    #[ipc(results = banned)]
    fn get_banned(&self) -> Result<Option<BanMap>>;

    /// Bans an address for so many seconds from now, or for the usual time if they are not above 0.
    /// Gives false before the network is up.
    fn ban(&self, net_addr: NetAddr, ban_time_offset: i64) -> Result<bool>;

    /// Lifts a ban. Gives false if there was none.
    fn unban(&self, ip: SubNet) -> Result<bool>;

    /// Disconnects all peers of an address. Gives false if there was none.
    fn disconnect_by_address(&self, address: NetAddr) -> Result<bool>;

    /// Disconnects the peer with this number, [`NodeStats::nodeid`]. Gives false if there was none.
    fn disconnect_by_id(&self, id: i64) -> Result<bool>;

    /// The hardware wallets that are plugged in.
    fn list_external_signers(&self) -> Result<Vec<Box<dyn ExternalSigner>>>;

    /// How many bytes all peers have sent.
    fn get_total_bytes_recv(&self) -> Result<i64>;

    /// How many bytes all peers were sent.
    fn get_total_bytes_sent(&self) -> Result<i64>;

    /// How many transactions the mempool has.
    fn get_mempool_size(&self) -> Result<u64>;

    /// How much memory the mempool uses, in bytes.
    fn get_mempool_dynamic_usage(&self) -> Result<u64>;

    /// How much memory the mempool may use, in bytes.
    fn get_mempool_max_usage(&self) -> Result<u64>;

    /// The highest header; `None` before there is one.
    #[ipc(results = header_tip)]
    fn get_header_tip(&self) -> Result<Option<HeaderTip>>;

    /// The height of the highest block.
    fn get_num_blocks(&self) -> Result<i32>;

    /// The node's own addresses.
    fn get_net_local_addresses(&self) -> Result<BTreeMap<NetAddr, LocalServiceInfo>>;

    /// The hash of the highest block.
    fn get_best_block_hash(&self) -> Result<BlockHash>;

    /// The time of the highest block, in seconds since 1970.
    fn get_last_block_time(&self) -> Result<i64>;

    /// Guesses how much of all transactions is verified, from 0 to 1.
    fn get_verification_progress(&self) -> Result<f64>;

    /// Whether the node is still downloading the chain.
    fn is_initial_block_download(&self) -> Result<bool>;

    /// Whether the node is reading blocks from its own files.
    fn is_loading_blocks(&self) -> Result<bool>;

    /// Switches the network on or off.
    fn set_network_active(&self, active: bool) -> Result<()>;

    /// Whether the network is switched on.
    fn get_network_active(&self) -> Result<bool>;

    /// The fee rate that decides which outputs are dust.
    fn get_dust_relay_fee(&self) -> Result<WireFeeRate>;

    /// Runs an RPC method with parameters, a list or an object. The path says which wallet is meant,
    /// as that of an HTTP request does.
    #[ipc(results = executed)]
    fn execute_rpc(
        &self,
        command: &str,
        #[ipc(secret)] params: &Json,
        uri: &str,
    ) -> Result<Result<Value, RpcFailure>>;

    /// The names of all RPC methods.
    fn list_rpc_commands(&self) -> Result<Vec<String>>;

    /// An output that is not spent.
    fn get_unspent_output(&self, output: OutPoint) -> Result<Option<Coin>>;

    /// Sends a transaction, unless its fee is higher than `max_tx_fee`.
    #[ipc(results = broadcast)]
    fn broadcast_transaction(
        &self,
        tx: &Transaction,
        max_tx_fee: Amount,
    ) -> Result<Result<(), BroadcastFailure>>;

    /// The node's wallets. A node without wallet support has none to give: Core aborts.
    #[ipc(name = "customWalletLoader", cxx_name = "walletLoader")]
    fn wallet_loader(&self) -> Result<Arc<dyn WalletLoader>>;

    /// Tells what is being loaded.
    fn handle_init_message(
        &self,
        #[ipc(callback = super::InitMessageCallback)] callback: InitMessageFn,
    ) -> Result<Box<dyn Handler>>;

    /// Passes messages for the user.
    fn handle_message_box(
        &self,
        #[ipc(callback = super::MessageBoxCallback)] callback: MessageBoxFn,
    ) -> Result<Box<dyn Handler>>;

    /// Passes questions for the user.
    fn handle_question(
        &self,
        #[ipc(callback = super::QuestionCallback)] callback: QuestionFn,
    ) -> Result<Box<dyn Handler>>;

    /// Tells how far something is.
    fn handle_show_progress(
        &self,
        #[ipc(callback = super::ShowNodeProgressCallback)] callback: ShowNodeProgressFn,
    ) -> Result<Box<dyn Handler>>;

    /// Tells when wallets can be used.
    fn handle_init_wallet(
        &self,
        #[ipc(callback = super::InitWalletCallback)] callback: InitWalletFn,
    ) -> Result<Box<dyn Handler>>;

    /// Tells when there are more or fewer peers.
    fn handle_notify_num_connections_changed(
        &self,
        #[ipc(callback = super::NotifyNumConnectionsChangedCallback)] callback: NotifyNumConnectionsChangedFn,
    ) -> Result<Box<dyn Handler>>;

    /// Tells when the network is switched on or off.
    fn handle_notify_network_active_changed(
        &self,
        #[ipc(callback = super::NotifyNetworkActiveChangedCallback)] callback: NotifyNetworkActiveChangedFn,
    ) -> Result<Box<dyn Handler>>;

    /// Tells when the warnings change.
    fn handle_notify_alert_changed(
        &self,
        #[ipc(callback = super::NotifyAlertChangedCallback)] callback: NotifyAlertChangedFn,
    ) -> Result<Box<dyn Handler>>;

    /// Tells when the ban list changes.
    fn handle_banned_list_changed(
        &self,
        #[ipc(callback = super::BannedListChangedCallback)] callback: BannedListChangedFn,
    ) -> Result<Box<dyn Handler>>;

    /// Tells when there is another highest block.
    fn handle_notify_block_tip(
        &self,
        #[ipc(callback = super::NotifyBlockTipCallback)] callback: NotifyBlockTipFn,
    ) -> Result<Box<dyn Handler>>;

    /// Tells when there is another highest header.
    fn handle_notify_header_tip(
        &self,
        #[ipc(callback = super::NotifyHeaderTipCallback)] callback: NotifyHeaderTipFn,
    ) -> Result<Box<dyn Handler>>;
}

/// The highest header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderTip {
    /// Its height.
    pub height: i32,
    /// Its time, in seconds since 1970.
    pub block_time: i64,
}

/// Why a transaction was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroadcastFailure {
    /// The reason.
    pub error: TransactionError,
    /// More about it, which may be empty.
    pub message: String,
}

/// A proxy, and whether there is one.
mod proxy {
    use mp_runtime::{IpcStruct, Result};

    use crate::types::{Bitcoin, ProxyInfo};

    #[derive(Debug, IpcStruct)]
    #[ipc(types = Bitcoin)]
    pub(super) struct Wire {
        proxy_info: Option<ProxyInfo>,
        result: bool,
    }

    pub(super) fn build(proxy: &Option<ProxyInfo>) -> Result<Wire> {
        Ok(Wire { proxy_info: proxy.clone(), result: proxy.is_some() })
    }

    pub(super) fn read(wire: Wire) -> Result<Option<ProxyInfo>> {
        Ok(wire.proxy_info.filter(|_| wire.result))
    }
}

/// All peers, and whether the network is up.
mod nodes_stats {
    use mp_runtime::{IpcStruct, Result};

    use crate::types::{Bitcoin, NodeStats};

    #[derive(Debug, IpcStruct)]
    #[ipc(types = Bitcoin)]
    pub(super) struct Wire {
        stats: Vec<NodeStats>,
        result: bool,
    }

    pub(super) fn build(stats: &Option<Vec<NodeStats>>) -> Result<Wire> {
        Ok(Wire { stats: stats.clone().unwrap_or_default(), result: stats.is_some() })
    }

    pub(super) fn read(wire: Wire) -> Result<Option<Vec<NodeStats>>> {
        Ok(wire.result.then_some(wire.stats))
    }
}

/// The ban list, and whether the network is up.
mod banned {
    use mp_runtime::{IpcStruct, Result};

    use crate::types::{BanMap, Bitcoin};

    #[derive(Debug, IpcStruct)]
    #[ipc(types = Bitcoin)]
    pub(super) struct Wire {
        banmap: BanMap,
        result: bool,
    }

    pub(super) fn build(banned: &Option<BanMap>) -> Result<Wire> {
        Ok(Wire { banmap: banned.clone().unwrap_or_default(), result: banned.is_some() })
    }

    pub(super) fn read(wire: Wire) -> Result<Option<BanMap>> {
        Ok(wire.result.then_some(wire.banmap))
    }
}

/// The highest header, and whether there is one.
mod header_tip {
    use mp_runtime::{IpcStruct, Result};

    use super::HeaderTip;

    #[derive(Debug, Default, IpcStruct)]
    pub(super) struct Wire {
        height: i32,
        block_time: i64,
        result: bool,
    }

    pub(super) fn build(tip: &Option<HeaderTip>) -> Result<Wire> {
        Ok(tip.map_or_else(Wire::default, |HeaderTip { height, block_time }| Wire {
            height,
            block_time,
            result: true,
        }))
    }

    pub(super) fn read(wire: Wire) -> Result<Option<HeaderTip>> {
        let Wire { height, block_time, result } = wire;
        Ok(result.then_some(HeaderTip { height, block_time }))
    }
}

/// Why a transaction was not sent, or that it was.
mod broadcast {
    use mp_runtime::{IpcStruct, Result};

    use super::BroadcastFailure;
    use crate::types::{Bitcoin, TransactionError};

    #[derive(Debug, IpcStruct)]
    #[ipc(types = Bitcoin)]
    pub(super) struct Wire {
        error: String,
        result: TransactionError,
    }

    pub(super) fn build(sent: &Result<(), BroadcastFailure>) -> Result<Wire> {
        Ok(match sent {
            Ok(()) => Wire { error: String::new(), result: TransactionError::Ok },
            Err(failure) => Wire { error: failure.message.clone(), result: failure.error },
        })
    }

    pub(super) fn read(wire: Wire) -> Result<Result<(), BroadcastFailure>> {
        Ok(match wire.result {
            TransactionError::Ok => Ok(()),
            error => Err(BroadcastFailure { error, message: wire.error }),
        })
    }
}
