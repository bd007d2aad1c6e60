//! The node.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bitcoin::{Amount, BlockHash, OutPoint, Transaction, hashes::Hash as _};
use bitcoin_ipc::interfaces::*;
use bitcoin_ipc::types::*;
use mp_runtime::callbacks::{Callbacks, News};
use mp_runtime::{Error, Json, Result};
use serde_json::{Value, json};

use super::wallet::btc;
use super::{FakeLoader, Gate, absent, lock};

/// The node.
pub(crate) struct FakeNode {
    pub(crate) gate: Gate,
    pub(crate) height: Mutex<i32>,
    pub(crate) warnings: Mutex<String>,
    pub(crate) sent: Mutex<Vec<Transaction>>,
    /// The file of settings.
    pub(crate) settings: Mutex<BTreeMap<String, Value>>,
    /// What loads wallets, in their process.
    pub(crate) wallets: Mutex<Option<Arc<dyn WalletLoader>>>,
    /// The same wallets, for RPC.
    loader: Arc<FakeLoader>,
    pub(crate) init_wallet: Callbacks<InitWalletFn>,
    /// Those whom it is connected to, and those who are kept away.
    pub(crate) peers: Mutex<Vec<NodeStats>>,
    pub(crate) bans: Mutex<BanMap>,
    pub(crate) active: Mutex<bool>,
    /// Whether somebody wants it to end.
    pub(crate) stopping: Mutex<bool>,
    connections: Callbacks<NotifyNumConnectionsChangedFn>,
    banned: Callbacks<BannedListChangedFn>,
    network: Callbacks<NotifyNetworkActiveChangedFn>,
    alert: Callbacks<NotifyAlertChangedFn>,
    tip: Callbacks<NotifyBlockTipFn>,
    header: Callbacks<NotifyHeaderTipFn>,
    loading: Callbacks<InitMessageFn>,
    progress: Callbacks<ShowNodeProgressFn>,
    message: Callbacks<MessageBoxFn>,
    question: Callbacks<QuestionFn>,
}

const OF: &str = "a fake";

/// When the blocks of the fake are.
pub(crate) const GENESIS: i64 = 1_700_000_000;

impl FakeNode {
    pub(super) fn new(loader: Arc<FakeLoader>) -> FakeNode {
        FakeNode {
            gate: Gate::default(),
            height: Mutex::new(200),
            warnings: Mutex::default(),
            sent: Mutex::default(),
            settings: Mutex::default(),
            wallets: Mutex::default(),
            loader,
            init_wallet: Callbacks::new(OF),
            peers: Mutex::default(),
            bans: Mutex::default(),
            active: Mutex::new(true),
            stopping: Mutex::default(),
            connections: Callbacks::new(OF),
            banned: Callbacks::new(OF),
            network: Callbacks::new(OF),
            alert: Callbacks::new(OF),
            tip: Callbacks::new(OF),
            header: Callbacks::new(OF),
            loading: Callbacks::new(OF),
            progress: Callbacks::new(OF),
            message: Callbacks::new(OF),
            question: Callbacks::new(OF),
        }
    }

    /// Another block.
    pub(crate) fn mine(&self) {
        let height = {
            let mut height = lock(&self.height);
            *height += 1;
            *height
        };
        let block_time = GENESIS + 600 * i64::from(height);
        let tip = BlockTip { block_height: height, block_time, block_hash: BlockHash::all_zeros() };
        self.tip.tell(News::Each, move |hear| hear(SynchronizationState::PostInit, tip, 1.0));
    }

    /// Others connect, or go.
    pub(crate) fn connect(&self, peers: Vec<NodeStats>) {
        let count = i32::try_from(peers.len()).unwrap_or_default();
        *lock(&self.peers) = peers;
        self.connections.tell(News::Each, move |hear| hear(count));
    }

    /// Something is being loaded, or it is to end.
    pub(crate) fn load(&self, text: &str) {
        let text = text.to_owned();
        self.loading.tell(News::Each, move |hear| hear(&text));
    }

    /// A message for the user.
    pub(crate) fn say(&self, text: &str) {
        let text = BilingualStr::untranslated(text);
        self.message.tell(News::Each, move |hear| hear(&text, 1 << 1).map(|_| ()));
    }

    /// How far it is with something.
    pub(crate) fn go_on(&self, title: &str, percent: i32) {
        let title = title.to_owned();
        self.progress.tell(News::Each, move |hear| hear(&title, percent, false));
    }

    /// Other warnings.
    pub(crate) fn warn(&self, text: &str) {
        *lock(&self.warnings) = text.to_owned();
        self.alert.tell(News::Each, |hear| hear());
    }

    fn rpc(&self, command: &str, params: &Value, uri: &str) -> Result<Value, RpcFailure> {
        let refused =
            |code: i64, text: &str| Err(RpcFailure::RpcError(json!({"code": code, "message": text})));
        if let Some(name) = uri.strip_prefix("/wallet/") {
            let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned();
            // It goes through the process of the wallets.
            if lock(&self.wallets).is_none() {
                return refused(-18, "Requested wallet does not exist or is not loaded");
            }
            let wallet = lock(&self.loader.wallets).get(&name).cloned();
            let Some(wallet) = wallet else {
                return refused(-18, "Requested wallet does not exist or is not loaded");
            };
            if let Some(answer) = wallet.rpc(command, params, *lock(&self.height)) {
                return Ok(answer);
            }
        }
        match command {
            "getblockcount" => Ok(json!(*lock(&self.height))),
            "getblockhash" => Ok(json!(BlockHash::all_zeros().to_string())),
            "getblockchaininfo" => Ok(json!({"chain": "regtest"})),
            "getmempoolinfo" => Ok(json!({
                "size": 3, "bytes": 450, "usage": 4_000, "maxmempool": 300_000_000, "mempoolminfee": 0.00001,
                "incrementalrelayfee": btc(100)
            })),
            "estimatesmartfee" => Ok(match params[0].as_i64() {
                Some(1..=6) => json!({"feerate": 0.00025, "blocks": 6}),
                _ => json!({"errors": ["Insufficient data or no feerate found"], "blocks": 144}),
            }),
            "getmempoolfeeratediagram" => Ok(json!([
                {"weight": 0, "fee": 0.0}, {"weight": 600, "fee": 0.00001}, {"weight": 1_800, "fee": 0.000015}
            ])),
            "getmempoolentry" => {
                let id = params[0].as_str().unwrap_or_default();
                let wallets = lock(&self.loader.wallets);
                let Some((size, fee)) = wallets.values().find_map(|wallet| wallet.waits(id)) else {
                    return refused(-5, "Transaction not in mempool");
                };
                let fee = btc(i64::try_from(fee).unwrap_or_default());
                Ok(json!({"vsize": size, "ancestorsize": size, "fees": {"base": fee, "ancestor": fee}}))
            }
            "waitfornewblock" => {
                self.gate.pass("waiting");
                Ok(Value::Null)
            }
            "help" => Ok(json!("== Blockchain ==\ngetblockcount\ngetblockhash height")),
            "walletpassphrase" => Ok(Value::Null),
            "finalizepsbt" => {
                let bytes = data_encoding::BASE64.decode(params[0].as_str().unwrap_or_default().as_bytes());
                let psbt = bitcoin_ipc::types::psbt::decode(&bytes.unwrap_or_default());
                let Ok(psbt) = psbt else { return refused(-22, "TX decode failed") };
                let hex = bitcoin::consensus::encode::serialize_hex(&psbt.extract_tx_unchecked_fee_rate());
                Ok(json!({"hex": hex, "complete": true}))
            }
            _ => refused(-32601, "Method not found"),
        }
    }
}

/// The node, as it is given to one window.
pub(super) struct Handle(pub(super) Arc<FakeNode>);

macro_rules! heard {
    ($($method:ident($callbacks:ident): $callback:ty;)*) => {$(
        fn $method(&self, callback: $callback) -> Result<Box<dyn Handler>> {
            self.0.gate.pass("subscribe");
            Ok(Box::new(self.0.$callbacks.add(callback)))
        }
    )*};
}

impl Node for Handle {
    heard! {
        handle_init_message(loading): InitMessageFn;
        handle_message_box(message): MessageBoxFn;
        handle_question(question): QuestionFn;
        handle_show_progress(progress): ShowNodeProgressFn;
        handle_init_wallet(init_wallet): InitWalletFn;
        handle_notify_alert_changed(alert): NotifyAlertChangedFn;
        handle_notify_block_tip(tip): NotifyBlockTipFn;
        handle_notify_header_tip(header): NotifyHeaderTipFn;
        handle_notify_num_connections_changed(connections): NotifyNumConnectionsChangedFn;
        handle_notify_network_active_changed(network): NotifyNetworkActiveChangedFn;
        handle_banned_list_changed(banned): BannedListChangedFn;
    }

    fn get_nodes_stats(&self) -> Result<Option<Vec<NodeStats>>> {
        self.0.gate.pass("getNodesStats");
        Ok(Some(lock(&self.0.peers).clone()))
    }

    fn get_banned(&self) -> Result<Option<BanMap>> {
        self.0.gate.pass("getBanned");
        Ok(Some(lock(&self.0.bans).clone()))
    }

    fn ban(&self, net_addr: NetAddr, ban_time_offset: i64) -> Result<bool> {
        self.0.gate.pass("ban");
        let entry = BanEntry {
            version: BanEntry::CURRENT_VERSION,
            ban_created: GENESIS,
            banned_until: GENESIS + ban_time_offset,
        };
        lock(&self.0.bans).0.insert(SubNet::single(net_addr)?, entry);
        self.0.banned.tell(News::Each, |hear| hear());
        Ok(true)
    }

    fn unban(&self, ip: SubNet) -> Result<bool> {
        self.0.gate.pass("unban");
        let lifted = lock(&self.0.bans).0.remove(&ip).is_some();
        self.0.banned.tell(News::Each, |hear| hear());
        Ok(lifted)
    }

    fn disconnect_by_address(&self, address: NetAddr) -> Result<bool> {
        self.0.gate.pass("disconnectByAddress");
        let (stay, go): (Vec<_>, Vec<_>) =
            lock(&self.0.peers).clone().into_iter().partition(|peer| peer.addr.service.address != address);
        self.0.connect(stay);
        Ok(!go.is_empty())
    }

    fn disconnect_by_id(&self, id: i64) -> Result<bool> {
        self.0.gate.pass("disconnectById");
        let (stay, go): (Vec<_>, Vec<_>) =
            lock(&self.0.peers).clone().into_iter().partition(|peer| peer.nodeid != id);
        self.0.connect(stay);
        Ok(!go.is_empty())
    }

    fn get_total_bytes_recv(&self) -> Result<i64> {
        self.0.gate.pass("getTotalBytesRecv");
        Ok(1_234_567)
    }

    fn get_total_bytes_sent(&self) -> Result<i64> {
        self.0.gate.pass("getTotalBytesSent");
        Ok(7_654_321)
    }

    fn set_network_active(&self, active: bool) -> Result<()> {
        self.0.gate.pass("setNetworkActive");
        *lock(&self.0.active) = active;
        self.0.network.tell(News::Each, move |hear| hear(active));
        Ok(())
    }

    fn get_network_active(&self) -> Result<bool> {
        self.0.gate.pass("getNetworkActive");
        Ok(*lock(&self.0.active))
    }

    fn init_logging(&self) -> Result<()> {
        Ok(())
    }

    fn init_parameter_interaction(&self) -> Result<()> {
        Ok(())
    }

    fn base_initialize(&self, _: &GlobalArgs) -> Result<Result<bool, String>> {
        Ok(Ok(true))
    }

    fn app_init_main(&self) -> Result<Result<Option<BlockAndHeaderTipInfo>, String>> {
        let height = *lock(&self.0.height);
        Ok(Ok(Some(BlockAndHeaderTipInfo {
            block_height: height,
            block_time: GENESIS,
            header_height: height,
            header_time: GENESIS,
            verification_progress: 1.0,
        })))
    }

    fn app_shutdown(&self) -> Result<()> {
        Ok(())
    }

    fn get_exit_status(&self) -> Result<i32> {
        Ok(0)
    }

    fn shutdown_requested(&self) -> Result<bool> {
        self.0.gate.pass("shutdownRequested");
        Ok(*lock(&self.0.stopping))
    }

    fn get_warnings(&self) -> Result<BilingualStr> {
        self.0.gate.pass("getWarnings");
        Ok(BilingualStr::untranslated(lock(&self.0.warnings).clone()))
    }

    fn get_header_tip(&self) -> Result<Option<HeaderTip>> {
        self.0.gate.pass("getHeaderTip");
        Ok(Some(HeaderTip { height: *lock(&self.0.height), block_time: GENESIS }))
    }

    fn get_num_blocks(&self) -> Result<i32> {
        self.0.gate.pass("getNumBlocks");
        Ok(*lock(&self.0.height))
    }

    fn get_last_block_time(&self) -> Result<i64> {
        self.0.gate.pass("getLastBlockTime");
        Ok(GENESIS + 600 * i64::from(*lock(&self.0.height)))
    }

    fn get_verification_progress(&self) -> Result<f64> {
        self.0.gate.pass("getVerificationProgress");
        Ok(1.0)
    }

    fn is_initial_block_download(&self) -> Result<bool> {
        self.0.gate.pass("isInitialBlockDownload");
        Ok(false)
    }

    fn execute_rpc(&self, command: &str, params: &Json, uri: &str) -> Result<Result<Value, RpcFailure>> {
        self.0.gate.pass(command);
        Ok(self.0.rpc(command, &params.clone().into(), uri))
    }

    fn is_setting_ignored(&self, name: &str) -> Result<bool> {
        Ok(name == "maxmempool")
    }

    fn get_persistent_setting(&self, name: &str) -> Result<Value> {
        Ok(lock(&self.0.settings).get(name).cloned().unwrap_or_default())
    }

    fn update_rw_setting(&self, name: &str, value: &Value) -> Result<()> {
        self.0.gate.pass("updateRwSetting");
        lock(&self.0.settings).insert(name.to_owned(), value.clone());
        Ok(())
    }

    fn reset_settings(&self) -> Result<()> {
        lock(&self.0.settings).clear();
        Ok(())
    }

    fn broadcast_transaction(&self, tx: &Transaction, _: Amount) -> Result<Result<(), BroadcastFailure>> {
        self.0.gate.pass("broadcastTransaction");
        lock(&self.0.sent).push(tx.clone());
        Ok(Ok(()))
    }

    fn list_rpc_commands(&self) -> Result<Vec<String>> {
        self.0.gate.pass("listRpcCommands");
        Ok(["getblockcount", "getblockhash", "getblockchaininfo", "help", "waitfornewblock"]
            .map(String::from)
            .into())
    }

    fn wallet_loader(&self) -> Result<Arc<dyn WalletLoader>> {
        self.0.gate.pass("walletLoader");
        lock(&self.0.wallets).clone().ok_or_else(|| Error::failed("this node has no wallets now"))
    }

    absent! {
        fn get_log_categories(&self) -> u64;
        fn start_shutdown(&self) -> ();
        fn force_setting(&self, name: &str, value: &Value) -> ();
        fn map_port(&self, enable: bool) -> ();
        fn get_proxy(&self, net: Network) -> Option<ProxyInfo>;
        fn get_node_count(&self, flags: ConnectionDirection) -> u64;
        fn list_external_signers(&self) -> Vec<Box<dyn ExternalSigner>>;
        fn get_mempool_size(&self) -> u64;
        fn get_mempool_dynamic_usage(&self) -> u64;
        fn get_mempool_max_usage(&self) -> u64;
        fn get_net_local_addresses(&self) -> BTreeMap<NetAddr, LocalServiceInfo>;
        fn get_best_block_hash(&self) -> BlockHash;
        fn is_loading_blocks(&self) -> bool;
        fn get_dust_relay_fee(&self) -> WireFeeRate;
        fn get_unspent_output(&self, output: OutPoint) -> Option<Coin>;
    }
}
