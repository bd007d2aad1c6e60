//! What windows get from an unmodified node, beside what our node offers them itself.

use std::fmt::Debug;
use std::path::Path;
use std::sync::{Arc, Mutex};

use bitcoin::{Amount, OutPoint, Transaction};
use bitcoin_backend::{CoreRpc, GuiNode, Host, Present};
use bitcoin_demo::programs::{Form, Node as Running, NodeOptions, Programs, wait_for};
use bitcoin_demo::scenario::text;
use bitcoin_init::config::SharedSettings;
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::signals::Signals;
use bitcoin_ipc::interfaces::watch::SplitInit;
use bitcoin_ipc::interfaces::{BroadcastFailure, Handler, Node, WalletLoader};
use bitcoin_ipc::types::{
    ConnectionDirection, GlobalArgs, Json, NetAddr, Network, RpcFailure, SubNet, TransactionError,
    WireFeeRate,
};
use bitcoin_ipc::{Error, ErrorKind, Result};
use mp_runtime::{EventLoop, connect_stream};
use serde_json::json;

use crate::table::Table;
use crate::{core, pay, settings, transaction};

/// A program without wallets around the node.
struct Alone(SharedSettings);

impl Host for Alone {
    fn base_initialize(&self, _args: &GlobalArgs) -> Result<(), String> {
        Ok(())
    }

    fn app_init_main(&self) -> Result<(), String> {
        Ok(())
    }

    fn app_shutdown(&self) -> Result<()> {
        Ok(())
    }

    fn exit_status(&self) -> i32 {
        0
    }

    fn settings(&self) -> Result<SharedSettings> {
        Ok(self.0.clone())
    }

    fn dust_rate(&self) -> Result<WireFeeRate> {
        Ok(WireFeeRate::from_sat_per_kvb(3000))
    }

    fn wallet_loader(&self) -> Result<Arc<dyn WalletLoader>> {
        Err(Error::failed("there are none"))
    }
}

/// Both ways to one node.
struct Both {
    own: Box<dyn Node>,
    by_rpc: GuiNode,
    core: bitcoin_backend::Core,
    table: Table,
}

impl Both {
    fn made_of<T>(
        &mut self,
        method: &'static str,
        limit: &str,
        call: impl FnOnce(&dyn Node) -> Result<T>,
    ) -> Result<T> {
        self.table.made_of(&self.core, method, limit, || call(&self.by_rpc))
    }

    /// Asks both; they have to say the same.
    fn same<T: Debug>(&mut self, method: &'static str, call: impl Fn(&dyn Node) -> Result<T>) -> T {
        self.near(method, "", call)
    }

    fn near<T: Debug>(
        &mut self,
        method: &'static str,
        limit: &str,
        call: impl Fn(&dyn Node) -> Result<T>,
    ) -> T {
        let by_rpc = self.made_of(method, limit, &call).unwrap();
        let own = call(&*self.own).unwrap();
        assert_eq!(
            format!("{by_rpc:?}"),
            format!("{own:?}"),
            "{method}: by JSON-RPC, and by the node itself"
        );
        by_rpc
    }

    /// Asks only by way of JSON-RPC, as it is about the program around the wallets.
    fn own_affair<T>(
        &mut self,
        method: &'static str,
        limit: &str,
        call: impl FnOnce(&dyn Node) -> Result<T>,
    ) -> Result<T> {
        self.made_of(method, limit, call)
    }

    /// It is the owner's to change.
    fn refused<T: Debug>(&mut self, method: &'static str, call: impl FnOnce(&dyn Node) -> Result<T>) {
        let error = self.made_of(method, "", call).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unimplemented, "{method}: {error}");
        self.table.note(method, [], &format!("refused: {}", error.text()));
    }
}

#[test]
fn windows_are_told_the_same_of_everything() {
    let options = NodeOptions::new(Form::TwoProcesses).arg("-fallbackfee=0.0002").arg("-keypool=20");
    let mut node = Running::start(&Programs::built().unwrap(), options).unwrap();
    node.rpc("createwallet", json!(["w"])).unwrap();
    let to = node.wallet_rpc("w", "getnewaddress", json!([])).unwrap();
    node.rpc("generatetoaddress", json!([110, to])).unwrap();
    let paid = pay(&node, "1");
    let event_loop = EventLoop::new("test").unwrap();
    let stream = std::os::unix::net::UnixStream::connect(node.socket()).unwrap();
    let init = connect_stream::<dyn SplitInit>(&event_loop, stream);
    let folder = tempfile::tempdir().unwrap();
    let mut both = both(&node, &*init, folder.path());

    chain(&mut both, &node, paid);
    network(&mut both);
    commands(&mut both);
    sending(&mut both, &node, paid);
    program(&mut both);
    told(&mut both, &node);
    let table = std::mem::take(&mut both.table);
    drop(both);
    drop(init);
    node.stop().unwrap();
    table.kept::<dyn Node>("NODE.md", HEAD, END);
}

fn both(node: &Running, init: &dyn SplitInit, folder: &Path) -> Both {
    let core = core(node, folder);
    let (present, shutdown) = (Present::default(), Shutdown::new());
    present.come(core.clone());
    let host = Arc::new(Alone(settings(folder)));
    let rpc = Arc::new(CoreRpc::new(present.clone(), shutdown.clone()));
    let by_rpc = GuiNode::new(host, present, rpc, Signals::default(), shutdown).unwrap();
    Both { own: init.make_node().unwrap().unwrap(), by_rpc, core, table: Table::default() }
}

fn chain(both: &mut Both, node: &Running, paid: bitcoin::Txid) {
    both.same("getWarnings", |node| node.get_warnings());
    assert_eq!(both.same("getNumBlocks", |node| node.get_num_blocks()), 110);
    both.same("getBestBlockHash", |node| node.get_best_block_hash());
    both.same("getLastBlockTime", |node| node.get_last_block_time());
    both.same("getHeaderTip", |node| node.get_header_tip());
    both.same("getVerificationProgress", |node| node.get_verification_progress());
    both.same("isInitialBlockDownload", |node| node.is_initial_block_download());
    both.near("isLoadingBlocks", "while it does it is not there", |node| node.is_loading_blocks());
    assert_eq!(both.same("getMempoolSize", |node| node.get_mempool_size()), 1);
    both.same("getMempoolDynamicUsage", |node| node.get_mempool_dynamic_usage());
    both.same("getMempoolMaxUsage", |node| node.get_mempool_max_usage());
    let rate = "as -dustrelayfee of this program says";
    both.near("getDustRelayFee", rate, |node| node.get_dust_relay_fee());
    // One that there is, one that the mempool spends, one that it makes, one that was never there.
    let spent = transaction(node, paid).input[0].previous_output;
    let there = node.wallet_rpc("w", "listunspent", json!([])).unwrap()[0].clone();
    let there = OutPoint::new(
        text(&there["txid"]).unwrap().parse().unwrap(),
        u32::try_from(there["vout"].as_u64().unwrap()).unwrap(),
    );
    for coin in [there, spent, OutPoint::new(paid, 0), OutPoint::new(paid, 77)] {
        both.same("getUnspentOutput", |node| node.get_unspent_output(coin));
    }
    assert!(both.by_rpc.get_unspent_output(there).unwrap().is_some());
}

fn network(both: &mut Both) {
    use ConnectionDirection::{Both as All, In, None, Out};
    for direction in [None, In, Out, All] {
        both.same("getNodeCount", |node| node.get_node_count(direction));
    }
    both.near("getNodesStats", "what a release does not say is zero", |node| node.get_nodes_stats());
    both.same("getBanned", |node| node.get_banned());
    both.same("getNetLocalAddresses", |node| node.get_net_local_addresses());
    both.same("getNetworkActive", |node| node.get_network_active());
    both.same("getTotalBytesRecv", |node| node.get_total_bytes_recv());
    both.same("getTotalBytesSent", |node| node.get_total_bytes_sent());
    for network in [Network::Ipv4, Network::Ipv6, Network::Onion, Network::I2p, Network::Cjdns] {
        both.near("getProxy", "without the address of a proxy that has a name", |node| {
            node.get_proxy(network)
        });
    }
    let signers = "these wallets know none";
    assert_eq!(both.near("listExternalSigners", signers, |node| Ok(node.list_external_signers()?.len())), 0);
    let address = NetAddr::from(std::net::Ipv4Addr::new(192, 0, 2, 1));
    let subnet: SubNet = "192.0.2.0/24".parse().unwrap();
    both.refused("ban", |node| node.ban(address, 60));
    both.refused("unban", |node| node.unban(subnet));
    both.refused("disconnectByAddress", |node| node.disconnect_by_address(address));
    both.refused("disconnectById", |node| node.disconnect_by_id(3));
    both.refused("setNetworkActive", |node| node.set_network_active(false));
    both.refused("mapPort", |node| node.map_port(true));
}

fn commands(both: &mut Both) {
    let passed_on = "wallets' methods are theirs, the rest is passed on";
    for (method, params) in [
        ("getblockcount", json!([])),
        ("getblockhash", json!([110])),
        ("getblockhash", json!([111])),
        ("getblockhash", json!(["110"])),
        ("nothing", json!([])),
        ("getmempoolinfo", json!([1])),
    ] {
        let _ = both.near("executeRpc", passed_on, |node| {
            let answer = node.execute_rpc(method, &Json::from(params.clone()), "/")?;
            Ok(answer.map_err(|failure| match failure {
                // The usage of a method is a page.
                RpcFailure::RpcError(error) => {
                    error.to_string().lines().next().unwrap_or_default().to_owned()
                }
                other => format!("{other:?}"),
            }))
        });
    }
    let own: Vec<String> = both.own.list_rpc_commands().unwrap();
    let listed = "those that help shows";
    let by_rpc = both.own_affair("listRpcCommands", listed, |node| node.list_rpc_commands()).unwrap();
    let unknown: Vec<_> = by_rpc.iter().filter(|name| !own.contains(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(by_rpc.len() > 50 && by_rpc.is_sorted(), "{by_rpc:?}");
}

fn sending(both: &mut Both, node: &Running, paid: bitcoin::Txid) {
    let limit = "the reason of a refusal in the node's words";
    let mut refused = |tx: &Transaction, max_fee: Amount| {
        let sent = both.near("broadcastTransaction", limit, |node| {
            let sent = node.broadcast_transaction(tx, max_fee)?;
            Ok(sent.map_err(|BroadcastFailure { error, .. }| error))
        });
        sent.unwrap_err()
    };
    let mut poor = transaction(node, paid);
    poor.input[0].previous_output.vout = 77;
    assert_eq!(refused(&poor, Amount::ONE_BTC), TransactionError::MissingInputs);
    let block = node.rpc("getblockhash", json!([1])).unwrap();
    let block = node.rpc("getblock", json!([block, 2])).unwrap();
    let raw = text(&block["tx"][0]["hex"]).unwrap();
    let confirmed = bitcoin::consensus::encode::deserialize_hex(raw).unwrap();
    assert_eq!(refused(&confirmed, Amount::ONE_BTC), TransactionError::AlreadyInUtxoSet);
    let own = |amount: &str| signed(node, amount);
    assert_eq!(refused(&own("2"), Amount::from_sat(1)), TransactionError::MaxFeeExceeded);
    let mut unsigned = own("2");
    unsigned.input[0].witness.clear();
    assert_eq!(refused(&unsigned, Amount::ONE_BTC), TransactionError::MempoolRejected);
    // Zero is no limit; and what is there already is no failure.
    let tx = own("3");
    for _ in 0..2 {
        let sent =
            both.made_of("broadcastTransaction", limit, |node| node.broadcast_transaction(&tx, Amount::ZERO));
        assert_eq!(sent.unwrap(), Ok(()));
    }
    assert_eq!(both.own.broadcast_transaction(&tx, Amount::from_sat(1)).unwrap(), Ok(()));
    assert_eq!(both.own.get_mempool_size().unwrap(), 2);
}

/// A payment that nobody has seen.
fn signed(node: &Running, amount: &str) -> Transaction {
    let to = node.wallet_rpc("w", "getnewaddress", json!([])).unwrap();
    let options = json!({ "add_to_wallet": false, "fee_rate": 20 });
    let params = json!({ "outputs": [{ text(&to).unwrap(): amount }], "options": options });
    let made = node.wallet_rpc("w", "send", params).unwrap();
    bitcoin::consensus::encode::deserialize_hex(text(&made["hex"]).unwrap()).unwrap()
}

fn program(both: &mut Both) {
    let own = "of this program";
    both.own_affair("initLogging", own, |node| node.init_logging()).unwrap();
    both.own_affair("initParameterInteraction", own, |node| node.init_parameter_interaction()).unwrap();
    assert_eq!(both.own_affair("getExitStatus", own, |node| node.get_exit_status()).unwrap(), 0);
    let args = GlobalArgs::default();
    let wallets = "starts the wallets";
    assert_eq!(
        both.own_affair("baseInitialize", wallets, |node| node.base_initialize(&args)).unwrap(),
        Ok(true)
    );
    let started = both.own_affair("appInitMain", wallets, |node| node.app_init_main()).unwrap();
    let tip = started.unwrap().unwrap();
    assert_eq!((tip.block_height, tip.header_height), (110, 110));
    assert_eq!(tip.block_time, both.own.get_last_block_time().unwrap());
    both.own_affair("appShutdown", "ends the wallets; the node stays", |node| node.app_shutdown()).unwrap();
    assert!(!both.own_affair("shutdownRequested", own, |node| node.shutdown_requested()).unwrap());
    both.own_affair("startShutdown", "of this program; the node stays", |node| node.start_shutdown())
        .unwrap();
    assert!(both.by_rpc.shutdown_requested().unwrap());
    assert!(!both.own.shutdown_requested().unwrap());
    let settings = "of this program's own settings";
    assert!(
        both.own_affair("isSettingIgnored", settings, |node| node.is_setting_ignored("datadir")).unwrap()
    );
    both.own_affair("getPersistentSetting", settings, |node| node.get_persistent_setting("wallet")).unwrap();
    both.own_affair("customWalletLoader", "those of this program", |node| node.wallet_loader().map(drop))
        .unwrap_err();
    both.refused("updateRwSetting", |node| node.update_rw_setting("wallet", &json!(["a"])));
    both.refused("forceSetting", |node| node.force_setting("wallet", &json!(["a"])));
    both.refused("resetSettings", |node| node.reset_settings());
    both.refused("getLogCategories", |node| node.get_log_categories());
}

/// Has somebody hear of something at a node.
type Listen<'a> = &'a dyn Fn(&dyn Node) -> Result<Box<dyn Handler>>;

/// Hears of tips at a node.
fn listen(node: &dyn Node) -> (Arc<Mutex<Vec<String>>>, Box<dyn Handler>) {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let ear = heard.clone();
    let handler = node.handle_notify_block_tip(Box::new(move |state, tip, progress| {
        ear.lock().unwrap().push(format!("{state:?} {tip:?} {progress}"));
        Ok(())
    }));
    (heard, handler.unwrap())
}

fn told(both: &mut Both, node: &Running) {
    let at_once = "at once";
    let (by_rpc, _one) = both.own_affair("handleNotifyBlockTip", at_once, |node| Ok(listen(node))).unwrap();
    let (own, _other) = listen(&*both.own);
    let to = node.wallet_rpc("w", "getnewaddress", json!([])).unwrap();
    node.rpc("generatetoaddress", json!([1, to])).unwrap();
    let last = |heard: &Mutex<Vec<String>>| heard.lock().unwrap().last().cloned();
    let told = wait_for(|| Ok((last(&own).is_some() && last(&by_rpc) == last(&own)).then_some(())));
    assert!(told.unwrap().is_some(), "{:?}, and by the node itself {:?}", last(&by_rpc), last(&own));

    let seconds = "at most ten seconds later";
    let nobody = "never: the node says it to nobody; whoever shows it asks again";
    let own = "what this program does";
    let mut hear = |method, limit, listen: Listen<'_>| {
        both.own_affair(method, limit, listen).unwrap().disconnect().unwrap();
    };
    hear("handleNotifyHeaderTip", seconds, &|node| node.handle_notify_header_tip(Box::new(|_, _, _| Ok(()))));
    hear("handleNotifyNumConnectionsChanged", seconds, &|node| {
        node.handle_notify_num_connections_changed(Box::new(|_| Ok(())))
    });
    hear("handleNotifyNetworkActiveChanged", seconds, &|node| {
        node.handle_notify_network_active_changed(Box::new(|_| Ok(())))
    });
    hear("handleNotifyAlertChanged", seconds, &|node| node.handle_notify_alert_changed(Box::new(|| Ok(()))));
    hear("handleBannedListChanged", nobody, &|node| node.handle_banned_list_changed(Box::new(|| Ok(()))));
    hear("handleInitMessage", own, &|node| node.handle_init_message(Box::new(|_| Ok(()))));
    hear("handleMessageBox", own, &|node| node.handle_message_box(Box::new(|_, _| Ok(false))));
    hear("handleQuestion", own, &|node| node.handle_question(Box::new(|_, _, _| Ok(false))));
    hear("handleShowProgress", own, &|node| node.handle_show_progress(Box::new(|_, _, _| Ok(()))));
    hear("handleInitWallet", own, &|node| node.handle_init_wallet(Box::new(|| Ok(()))));
}

const HEAD: &str = "\
# The node of windows on an unmodified Bitcoin Core

What each method of `Node` is made of there; the node's settings and its peers are its owner's. A test (`chain_on_core` of
`bitcoin-demo`) has made this file by asking all of them, and compared each answer about the node with what our own node
offers windows itself; after a change write it with

    MP_METHODS=write cargo test -p bitcoin-demo --test chain_on_core
";

const END: &str = "
All that is asked of a node is in [`CHAIN.md`](CHAIN.md).
";
