//! What the node offers windows.
//!
//! In: calls of [`Node`]. Out: answers, made of what the node's JSON-RPC says. Its settings and its peers are its
//! owner's, and not changed from here; while it is gone what was seen of its chain last remains.

mod host;
mod peers;
mod told;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bitcoin::{Amount, BlockHash, OutPoint, Transaction};
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::signals::Signals;
use bitcoin_ipc::interfaces::{
    BannedListChangedFn, BroadcastFailure, ExternalSigner, Handler, HeaderTip, InitMessageFn, InitWalletFn,
    MessageBoxFn, Node, NotifyAlertChangedFn, NotifyBlockTipFn, NotifyHeaderTipFn,
    NotifyNetworkActiveChangedFn, NotifyNumConnectionsChangedFn, QuestionFn, ShowNodeProgressFn,
    WalletLoader,
};
use bitcoin_ipc::types::{
    BanMap, BilingualStr, BlockAndHeaderTipInfo, BlockTip, Coin, ConnectionDirection, GlobalArgs,
    LocalServiceInfo, NetAddr, Network, NodeStats, ProxyInfo, RpcFailure, SubNet, TransactionError,
    TxBroadcast, WireFeeRate,
};
use bitcoin_ipc::{Error, Result};
use mp_runtime::{Json, ipc_interface};
use serde_json::{Value, json};

use crate::answer::Fields;
use crate::ask::lock;
use crate::chain::sending;
use crate::core::Core;
use crate::method::Method;
use crate::present::Present;
use crate::rpc::CoreRpc;
pub use host::Host;
use told::{ChainView, NetworkView};

/// The [`Node`] of windows on whichever node there is. Clones are the same.
#[derive(Clone)]
pub struct GuiNode(Arc<Shared>);

struct Shared {
    host: Arc<dyn Host>,
    present: Present,
    rpc: Arc<CoreRpc>,
    signals: Signals,
    shutdown: Shutdown,
    /// The chain as it was seen last.
    seen: Mutex<ChainView>,
}

impl Shared {
    fn is_heard(&self) -> bool {
        let Signals { block_tip, header_tip, alert, num_connections, network_active, .. } = &self.signals;
        block_tip.is_connected()
            || header_tip.is_connected()
            || alert.is_connected()
            || num_connections.is_connected()
            || network_active.is_connected()
    }

    fn see(&self, chain: &ChainView) {
        lock(&self.seen).clone_from(chain);
    }
}

impl GuiNode {
    /// What windows find: the node that is present, its JSON-RPC and that of the wallets, what they hear, and what
    /// ends this process. A thread tells them what is new until all of this is dropped.
    ///
    /// # Errors
    ///
    /// The thread cannot be made.
    pub fn new(
        host: Arc<dyn Host>,
        present: Present,
        rpc: Arc<CoreRpc>,
        signals: Signals,
        shutdown: Shutdown,
    ) -> Result<Self> {
        let shared = Arc::new(Shared { host, present, rpc, signals, shutdown, seen: Mutex::default() });
        let weak = Arc::downgrade(&shared);
        std::thread::Builder::new().name("core-windows".to_owned()).spawn(move || told::tell(&weak))?;
        Ok(GuiNode(shared))
    }

    fn core(&self) -> Result<Core> {
        self.0.present.core().map_err(|why| Error::failed(format!("the node is not there: {why}")))
    }

    fn network(&self) -> Result<Fields> {
        Ok(self.core()?.0.ask.fields(Method::GetNetworkInfo, json!([]))?)
    }

    /// The chain as it is, or as it was seen last where the node is gone.
    fn chain(&self) -> Result<ChainView> {
        let asked = self.core().and_then(|core| ChainView::ask(&core.0.ask));
        match asked {
            Ok(chain) => {
                self.0.see(&chain);
                Ok(chain)
            }
            Err(error) => Some(lock(&self.0.seen).clone()).filter(|seen| seen.tip.is_some()).ok_or(error),
        }
    }

    fn tip(&self) -> Result<BlockTip> {
        self.chain()?.tip.ok_or_else(|| Error::failed("the node has not told its chain yet"))
    }
}

/// The node is somebody's own: where it is changed is said.
fn not_from_here<T>(what: &str) -> Result<T> {
    Err(Error::unimplemented(format!("not from here: this node is only read; {what}")))
}

#[ipc_interface]
impl Node for GuiNode {
    fn init_logging(&self) -> Result<()> {
        Ok(())
    }

    fn init_parameter_interaction(&self) -> Result<()> {
        Ok(())
    }

    fn get_warnings(&self) -> Result<BilingualStr> {
        let warnings = match self.0.present.core() {
            Ok(_) => self.chain()?.warnings,
            Err(why) => vec![format!("Bitcoin Core is not there, what is shown may be old: {why}")],
        };
        Ok(BilingualStr::untranslated(warnings.join("<hr />")))
    }

    fn get_log_categories(&self) -> Result<u64> {
        not_from_here("its categories are in the answer to logging")
    }

    fn get_exit_status(&self) -> Result<i32> {
        Ok(self.0.host.exit_status())
    }

    fn base_initialize(&self, global_args: &GlobalArgs) -> Result<Result<bool, String>> {
        Ok(self.0.host.base_initialize(global_args).map(|()| true))
    }

    fn app_init_main(&self) -> Result<Result<Option<BlockAndHeaderTipInfo>, String>> {
        if let Err(error) = self.0.host.app_init_main() {
            return Ok(Err(error));
        }
        let chain = match self.chain() {
            Ok(chain) => chain,
            Err(error) => return Ok(Err(error.text().to_owned())),
        };
        let Some(tip) = chain.tip else { return Ok(Ok(None)) };
        let header = self.get_header_tip()?;
        Ok(Ok(Some(BlockAndHeaderTipInfo {
            block_height: tip.block_height,
            block_time: tip.block_time,
            header_height: header.map_or(tip.block_height, |header| header.height),
            header_time: header.map_or(tip.block_time, |header| header.block_time),
            verification_progress: chain.progress,
        })))
    }

    fn app_shutdown(&self) -> Result<()> {
        self.0.host.app_shutdown()
    }

    fn start_shutdown(&self) -> Result<()> {
        // Of this process; the node is the user's own, and stays.
        self.0.shutdown.request();
        Ok(())
    }

    fn shutdown_requested(&self) -> Result<bool> {
        Ok(self.0.shutdown.requested())
    }

    fn is_setting_ignored(&self, name: &str) -> Result<bool> {
        Ok(self.0.host.settings()?.lock().on_command_line(name))
    }

    fn get_persistent_setting(&self, name: &str) -> Result<Value> {
        Ok(self.0.host.settings()?.lock().persistent(name).unwrap_or_default())
    }

    fn update_rw_setting(&self, _name: &str, _value: &Value) -> Result<()> {
        not_from_here(
            "its settings are in its bitcoin.conf, those of the wallets in that of their own directory",
        )
    }

    fn force_setting(&self, _name: &str, _value: &Value) -> Result<()> {
        not_from_here("its settings are in its bitcoin.conf")
    }

    fn reset_settings(&self) -> Result<()> {
        not_from_here("its settings are in its bitcoin.conf")
    }

    fn map_port(&self, _enable: bool) -> Result<()> {
        not_from_here("its port is mapped with natpmp=1 in its bitcoin.conf")
    }

    fn get_proxy(&self, net: Network) -> Result<Option<ProxyInfo>> {
        peers::proxy(&self.network()?, net)
    }

    fn get_node_count(&self, flags: ConnectionDirection) -> Result<u64> {
        let NetworkView { inbound, outbound, .. } = NetworkView::read(&self.network()?)?;
        Ok(match flags {
            ConnectionDirection::None => 0,
            ConnectionDirection::In => inbound,
            ConnectionDirection::Out => outbound,
            ConnectionDirection::Both => inbound + outbound,
        })
    }

    fn get_nodes_stats(&self) -> Result<Option<Vec<NodeStats>>> {
        peers::peers(&self.core()?.0.ask).map(Some)
    }

    fn get_banned(&self) -> Result<Option<BanMap>> {
        peers::bans(&self.core()?.0.ask).map(Some)
    }

    fn ban(&self, net_addr: NetAddr, _ban_time_offset: i64) -> Result<bool> {
        not_from_here(&format!("in its console: setban {net_addr} add"))
    }

    fn unban(&self, ip: SubNet) -> Result<bool> {
        not_from_here(&format!("in its console: setban {ip} remove"))
    }

    fn disconnect_by_address(&self, address: NetAddr) -> Result<bool> {
        not_from_here(&format!("in its console: disconnectnode {address}"))
    }

    fn disconnect_by_id(&self, id: i64) -> Result<bool> {
        not_from_here(&format!("in its console: disconnectnode \"\" {id}"))
    }

    fn list_external_signers(&self) -> Result<Vec<Box<dyn ExternalSigner>>> {
        // As in Bitcoin Core without `-signer`: these wallets know none.
        Ok(Vec::new())
    }

    fn get_total_bytes_recv(&self) -> Result<i64> {
        self.core()?.0.ask.fields(Method::GetNetTotals, json!([]))?.int("totalbytesrecv")
    }

    fn get_total_bytes_sent(&self) -> Result<i64> {
        self.core()?.0.ask.fields(Method::GetNetTotals, json!([]))?.int("totalbytessent")
    }

    fn get_mempool_size(&self) -> Result<u64> {
        self.core()?.0.ask.fields(Method::GetMempoolInfo, json!([]))?.int("size")
    }

    fn get_mempool_dynamic_usage(&self) -> Result<u64> {
        self.core()?.0.ask.fields(Method::GetMempoolInfo, json!([]))?.int("usage")
    }

    fn get_mempool_max_usage(&self) -> Result<u64> {
        self.core()?.0.ask.fields(Method::GetMempoolInfo, json!([]))?.int("maxmempool")
    }

    fn get_header_tip(&self) -> Result<Option<HeaderTip>> {
        let chain = self.chain()?;
        let Some(tip) = chain.tip else { return Ok(None) };
        let own = HeaderTip { height: tip.block_height, block_time: tip.block_time };
        if chain.headers <= tip.block_height {
            return Ok(Some(own));
        }
        let ask = &self.core()?.0.ask;
        let tips = ask.ask(Method::GetChainTips, json!([]))?;
        for tip in tips.as_array().into_iter().flatten() {
            let tip = Fields::of(Method::GetChainTips, tip.clone())?;
            if tip.int::<i32>("height")? == chain.headers
                && let Some(header) = ask.header(tip.text("hash")?)?
            {
                return Ok(Some(HeaderTip { height: header.height, block_time: header.time.into() }));
            }
        }
        // It has gone on meanwhile.
        Ok(Some(HeaderTip { height: chain.headers, ..own }))
    }

    fn get_num_blocks(&self) -> Result<i32> {
        Ok(self.tip()?.block_height)
    }

    fn get_net_local_addresses(&self) -> Result<BTreeMap<NetAddr, LocalServiceInfo>> {
        peers::own_addresses(&self.network()?)
    }

    fn get_best_block_hash(&self) -> Result<BlockHash> {
        Ok(self.tip()?.block_hash)
    }

    fn get_last_block_time(&self) -> Result<i64> {
        Ok(self.tip()?.block_time)
    }

    fn get_verification_progress(&self) -> Result<f64> {
        Ok(self.chain()?.progress)
    }

    fn is_initial_block_download(&self) -> Result<bool> {
        Ok(self.chain()?.initial)
    }

    fn is_loading_blocks(&self) -> Result<bool> {
        // While it does it answers nothing, and is not there.
        Ok(false)
    }

    fn set_network_active(&self, active: bool) -> Result<()> {
        not_from_here(&format!("in its console: setnetworkactive {active}"))
    }

    fn get_network_active(&self) -> Result<bool> {
        Ok(NetworkView::read(&self.network()?)?.active)
    }

    fn get_dust_relay_fee(&self) -> Result<WireFeeRate> {
        self.0.host.dust_rate()
    }

    fn execute_rpc(&self, command: &str, params: &Json, uri: &str) -> Result<Result<Value, RpcFailure>> {
        let answer = self.0.rpc.execute(command, params.clone(), uri);
        Ok(answer.map_err(|error| RpcFailure::RpcError(error.into_object())))
    }

    fn list_rpc_commands(&self) -> Result<Vec<String>> {
        self.core()?.list_commands()
    }

    fn get_unspent_output(&self, output: OutPoint) -> Result<Option<Coin>> {
        let core = self.core()?;
        let tip = core.0.ask.tip()?.height;
        let answer = core.0.ask.ask(Method::GetTxOut, json!([output.txid, output.vout, false]))?;
        crate::chain::coin(answer, tip)
    }

    fn broadcast_transaction(
        &self,
        tx: &Transaction,
        max_tx_fee: Amount,
    ) -> Result<Result<(), BroadcastFailure>> {
        let sent = sending::send(&self.core()?, tx, max_tx_fee, TxBroadcast::MempoolAndBroadcastToAll)?;
        Ok(sent.map_err(|message| {
            let error = match message.as_str() {
                sending::TOO_DEAR => TransactionError::MaxFeeExceeded,
                sending::IN_CHAIN => TransactionError::AlreadyInUtxoSet,
                text if text.contains("missing-inputs") || text.contains("missingorspent") => {
                    TransactionError::MissingInputs
                }
                _ => TransactionError::MempoolRejected,
            };
            BroadcastFailure { error, message }
        }))
    }

    fn wallet_loader(&self) -> Result<Arc<dyn WalletLoader>> {
        self.0.host.wallet_loader()
    }

    fn handle_init_message(&self, callback: InitMessageFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.0.signals.init_message.add(callback)))
    }

    fn handle_message_box(&self, callback: MessageBoxFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.0.signals.message_box.add(callback)))
    }

    fn handle_question(&self, callback: QuestionFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.0.signals.question.add(callback)))
    }

    fn handle_show_progress(&self, callback: ShowNodeProgressFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.0.signals.show_progress.add(callback)))
    }

    fn handle_init_wallet(&self, callback: InitWalletFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.0.signals.init_wallet.add(callback)))
    }

    fn handle_notify_num_connections_changed(
        &self,
        callback: NotifyNumConnectionsChangedFn,
    ) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.0.signals.num_connections.add(callback)))
    }

    fn handle_notify_network_active_changed(
        &self,
        callback: NotifyNetworkActiveChangedFn,
    ) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.0.signals.network_active.add(callback)))
    }

    fn handle_notify_alert_changed(&self, callback: NotifyAlertChangedFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.0.signals.alert.add(callback)))
    }

    fn handle_banned_list_changed(&self, callback: BannedListChangedFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.0.signals.banned_list.add(callback)))
    }

    fn handle_notify_block_tip(&self, callback: NotifyBlockTipFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.0.signals.block_tip.add(callback)))
    }

    fn handle_notify_header_tip(&self, callback: NotifyHeaderTipFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.0.signals.header_tip.add(callback)))
    }
}
