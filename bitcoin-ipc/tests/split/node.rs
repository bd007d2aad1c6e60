//! Node: what it says of its chain, and transactions.

use std::collections::BTreeMap;
use std::sync::Arc;

use bitcoin::{Amount, BlockHash, OutPoint, Transaction};
use bitcoin_ipc::Result;
use bitcoin_ipc::interfaces::{
    BannedListChangedFn, BroadcastFailure, ExternalSigner, Handler, HeaderTip, InitMessageFn, InitWalletFn,
    MessageBoxFn, Node, NotifyAlertChangedFn, NotifyBlockTipFn, NotifyHeaderTipFn,
    NotifyNetworkActiveChangedFn, NotifyNumConnectionsChangedFn, QuestionFn, ShowNodeProgressFn,
    WalletLoader,
};
use bitcoin_ipc::types::{
    BanMap, BilingualStr, BlockAndHeaderTipInfo, Coin, ConnectionDirection, GlobalArgs, Json,
    LocalServiceInfo, NetAddr, Network, NodeStats, ProxyInfo, RpcFailure, SubNet, TransactionError,
    WireFeeRate,
};
use serde_json::Value;

use crate::ends::Ends;
use crate::peer::{Peer, kept};
use crate::sample::{block_hash, coin, outpoint, rate, text, transaction};
use crate::script::{played, same};
use crate::wallet_client::Loader;

impl Node for Peer {
    played! {
        fn init_logging(&self) -> ();
        fn init_parameter_interaction(&self) -> ();
        fn get_warnings(&self) -> BilingualStr;
        fn get_log_categories(&self) -> u64;
        fn get_exit_status(&self) -> i32;
        fn base_initialize(&self, global_args: &GlobalArgs) -> Result<bool, String>;
        fn app_init_main(&self) -> Result<Option<BlockAndHeaderTipInfo>, String>;
        fn app_shutdown(&self) -> ();
        fn start_shutdown(&self) -> ();
        fn shutdown_requested(&self) -> bool;
        fn is_setting_ignored(&self, name: &str) -> bool;
        fn get_persistent_setting(&self, name: &str) -> Value;
        fn update_rw_setting(&self, name: &str, value: &Value) -> ();
        fn force_setting(&self, name: &str, value: &Value) -> ();
        fn reset_settings(&self) -> ();
        fn map_port(&self, enable: bool) -> ();
        fn get_proxy(&self, net: Network) -> Option<ProxyInfo>;
        fn get_node_count(&self, flags: ConnectionDirection) -> u64;
        fn get_nodes_stats(&self) -> Option<Vec<NodeStats>>;
        fn get_banned(&self) -> Option<BanMap>;
        fn ban(&self, net_addr: NetAddr, ban_time_offset: i64) -> bool;
        fn unban(&self, ip: SubNet) -> bool;
        fn disconnect_by_address(&self, address: NetAddr) -> bool;
        fn disconnect_by_id(&self, id: i64) -> bool;
        fn list_external_signers(&self) -> Vec<Box<dyn ExternalSigner>>;
        fn get_total_bytes_recv(&self) -> i64;
        fn get_total_bytes_sent(&self) -> i64;
        fn get_mempool_size(&self) -> u64;
        fn get_mempool_dynamic_usage(&self) -> u64;
        fn get_mempool_max_usage(&self) -> u64;
        fn get_header_tip(&self) -> Option<HeaderTip>;
        fn get_num_blocks(&self) -> i32;
        fn get_net_local_addresses(&self) -> BTreeMap<NetAddr, LocalServiceInfo>;
        fn get_best_block_hash(&self) -> BlockHash;
        fn get_last_block_time(&self) -> i64;
        fn get_verification_progress(&self) -> f64;
        fn is_initial_block_download(&self) -> bool;
        fn is_loading_blocks(&self) -> bool;
        fn set_network_active(&self, active: bool) -> ();
        fn get_network_active(&self) -> bool;
        fn get_dust_relay_fee(&self) -> WireFeeRate;
        fn execute_rpc(&self, command: &str, params: &Json, uri: &str) -> Result<Value, RpcFailure>;
        fn list_rpc_commands(&self) -> Vec<String>;
        fn get_unspent_output(&self, output: OutPoint) -> Option<Coin>;
        fn broadcast_transaction(&self, tx: &Transaction, max_tx_fee: Amount) -> Result<(), BroadcastFailure>;
    }

    fn wallet_loader(&self) -> Result<Arc<dyn WalletLoader>> {
        Ok(Arc::new(Loader::new(self.clone(), Arc::new(self.clone()))))
    }

    kept! {
        fn handle_init_message(&self, callback: InitMessageFn);
        fn handle_message_box(&self, callback: MessageBoxFn);
        fn handle_question(&self, callback: QuestionFn);
        fn handle_show_progress(&self, callback: ShowNodeProgressFn);
        fn handle_init_wallet(&self, callback: InitWalletFn);
        fn handle_notify_num_connections_changed(&self, callback: NotifyNumConnectionsChangedFn);
        fn handle_notify_network_active_changed(&self, callback: NotifyNetworkActiveChangedFn);
        fn handle_notify_alert_changed(&self, callback: NotifyAlertChangedFn);
        fn handle_banned_list_changed(&self, callback: BannedListChangedFn);
        fn handle_notify_block_tip(&self, callback: NotifyBlockTipFn);
        fn handle_notify_header_tip(&self, callback: NotifyHeaderTipFn);
    }
}

pub(crate) fn the_node_says_what_it_knows(ends: &Ends) {
    let (node, script) = (ends.node(), &ends.peer.script);
    same!(script, node.get_warnings(), text("a version for tests"));
    same!(script, node.get_log_categories(), u64::MAX);
    same!(script, node.get_exit_status(), -1);
    same!(script, node.shutdown_requested(), true);
    same!(script, node.get_total_bytes_recv(), 1_000_000_000_001);
    same!(script, node.get_total_bytes_sent(), 1_000_000_000_002);
    same!(script, node.get_mempool_size(), 300_003);
    same!(script, node.get_mempool_dynamic_usage(), 1 << 40);
    same!(script, node.get_mempool_max_usage(), 1 << 41);
    same!(script, node.get_header_tip(), Some(HeaderTip { height: 8, block_time: 1_700_000_008 }));
    same!(script, node.get_header_tip(), Some(HeaderTip { height: 0, block_time: 0 }));
    same!(script, node.get_num_blocks(), 800_000);
    same!(script, node.get_best_block_hash(), block_hash(8));
    same!(script, node.get_last_block_time(), 5_000_000_000);
    same!(script, node.get_verification_progress(), 0.999);
    same!(script, node.is_initial_block_download(), true);
    same!(script, node.is_loading_blocks(), true);
    same!(script, node.get_dust_relay_fee(), rate(5));
    same!(script, node.get_unspent_output(outpoint(6)), Some(coin(6)));
    same!(script, node.get_unspent_output(outpoint(7)), None);
}

pub(crate) fn a_node_without_network_says_so(ends: &Ends) {
    let (node, script) = (ends.node(), &ends.peer.script);
    same!(script, node.get_nodes_stats(), None);
    same!(script, node.get_nodes_stats(), Some(Vec::new()));
    same!(script, node.get_banned(), None);
    same!(script, node.get_banned(), Some(BanMap::default()));
    same!(script, node.get_proxy(Network::I2p), None);
    same!(script, node.get_header_tip(), None);
    same!(script, node.list_rpc_commands(), Vec::new());
    same!(script, node.get_net_local_addresses(), BTreeMap::new());
}

pub(crate) fn a_transaction_is_sent_or_not(ends: &Ends) {
    let (node, script) = (ends.node(), &ends.peer.script);
    let (tx, max_tx_fee) = (transaction(1), Amount::from_sat(7));
    same!(script, node.broadcast_transaction(&tx, max_tx_fee), Ok(()));
    for (error, message) in [
        (TransactionError::MissingInputs, ""),
        (TransactionError::MaxFeeExceeded, "8 is too much"),
        (TransactionError::PrivateBroadcastFull, "later"),
    ] {
        let failure = BroadcastFailure { error, message: message.into() };
        same!(script, node.broadcast_transaction(&tx, max_tx_fee), Err(failure));
    }
}
