//! A node that runs by itself, and that a GUI has connected to.

use std::path::Path;
use std::sync::{Mutex, mpsc};

use bitcoin::constants::genesis_block;
use bitcoin::{Amount, Network, OutPoint};
use bitcoin_init::arguments::{
    LOG_OPTIONS, NETWORK_OPTIONS, NODE_OPTIONS, Program, SHARED_OPTIONS, WALLET_OPTIONS,
};
use bitcoin_init::config::Settings;
use bitcoin_init::shutdown::Shutdown;
use bitcoin_ipc::interfaces::{Init, Node};
use bitcoin_ipc::types::{GlobalArgs, NetAddr, RpcFailure, TransactionError};
use bitcoin_node::chainstate::Verdict;
use bitcoin_node::program::{NoWallets, Running};
use mp_runtime::{ErrorKind, EventLoop, pair};
use serde_json::{Value, json};

use crate::{PATIENCE, global_args, mine};

pub(crate) fn settings(directory: &Path, options: &[(&str, Value)]) -> Settings {
    let program = Program::new("bitcoin-node", "1", "A node.")
        .options(SHARED_OPTIONS)
        .options(NETWORK_OPTIONS)
        .options(NODE_OPTIONS)
        .options(WALLET_OPTIONS)
        .options(LOG_OPTIONS);
    Settings::from_global_args(&program, global_args(directory, options)).unwrap()
}

/// Runs a test with a node's interface, through a connection.
pub(crate) fn with_node(options: &[(&str, Value)], test: impl FnOnce(&Running, &dyn Node, &Path)) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("regtest")).unwrap();
    let settings = settings(directory.path(), options);
    let running = Running::start("node", settings, Box::new(NoWallets), Shutdown::new()).unwrap();
    let event_loop = EventLoop::new("gui").unwrap();
    let (init, connection) = pair::<dyn Init>(&event_loop, std::sync::Arc::new(running.door().clone()));
    let node = init.make_node().unwrap().unwrap();
    test(&running, &*node, directory.path());
    drop((node, init));
    connection.close();
    connection.wait_closed(None).unwrap();
    running.stop().unwrap();
}

#[test]
fn a_gui_need_not_start_a_node_that_runs() {
    with_node(&[], |running, node, _| {
        assert_eq!(node.base_initialize(&GlobalArgs::default()).unwrap(), Ok(true));
        let tip = node.app_init_main().unwrap().unwrap().unwrap();
        assert_eq!(tip.block_height, 0);
        let header = node.get_header_tip().unwrap().unwrap();
        assert_eq!((header.height, header.block_time), (tip.header_height, tip.header_time));
        assert!(!node.shutdown_requested().unwrap());
        node.app_shutdown().unwrap();
        assert!(node.shutdown_requested().unwrap());
        running.wait();
    });
}

#[test]
fn the_node_answers_as_one_without_peers() {
    with_node(&[], |_, node, _| {
        assert_eq!(node.get_nodes_stats().unwrap(), Some(Vec::new()));
        assert!(node.get_banned().unwrap().is_some());
        let (told, changes) = mpsc::channel();
        let handler = node
            .handle_notify_network_active_changed(Box::new(move |active| {
                let _ = told.send(active);
                Ok(())
            }))
            .unwrap();
        assert!(!node.get_network_active().unwrap());
        for active in [true, true, false] {
            node.set_network_active(active).unwrap();
            assert_eq!(node.get_network_active().unwrap(), active);
        }
        let heard = [changes.recv_timeout(PATIENCE), changes.recv_timeout(PATIENCE)];
        assert_eq!(heard, [Ok(true), Ok(false)]);
        handler.disconnect().unwrap();
        node.set_network_active(true).unwrap();
        // Its end was dropped, so that nothing comes any more.
        assert!(changes.recv_timeout(PATIENCE).is_err());
        let address = NetAddr::from(std::net::Ipv4Addr::LOCALHOST);
        for error in [node.map_port(true).unwrap_err(), node.ban(address, 0).unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Unimplemented);
            assert_eq!(error.text(), "not supported: this node has no peer-to-peer network");
        }
        node.map_port(false).unwrap();
    });
}

/// A window that is stopped, or asks its user something, must not keep the node from going on.
#[test]
fn a_window_that_hangs_holds_up_neither_the_node_nor_another_window() {
    with_node(&[], |running, node, _| {
        let ((_stuck, free), (told, tips)) = (mpsc::channel::<()>(), mpsc::channel());
        let free = Mutex::new(free);
        let _hangs = node
            .handle_notify_block_tip(Box::new(move |_, _, _| {
                let _ = free.lock().unwrap().recv();
                Ok(())
            }))
            .unwrap();
        let _other = node
            .handle_notify_block_tip(Box::new(move |_, tip, _| {
                let _ = told.send(tip.block_height);
                Ok(())
            }))
            .unwrap();
        let state = &running.offer().state;
        for height in 1..=30 {
            let block = mine::block(state.tip().hash, height, 0, mine::REWARD, &[]);
            assert_eq!(state.process_block(&block).unwrap(), Verdict::Valid);
            // Of those between, only the newest has to be told.
            while tips.recv_timeout(PATIENCE).unwrap() < i32::try_from(height).unwrap() {}
        }
        assert_eq!(node.get_num_blocks().unwrap(), 30);
    });
}

#[test]
fn settings_are_changed_and_reset() {
    with_node(&[("par", json!("2"))], |_, node, directory| {
        let saved = |name: &str| {
            let text = std::fs::read_to_string(directory.join("regtest").join(name)).unwrap();
            let mut values: serde_json::Map<_, _> = serde_json::from_str(&text).unwrap();
            values.remove("_warning_");
            Value::Object(values)
        };
        node.update_rw_setting("par", &json!("3")).unwrap();
        assert!(node.is_setting_ignored("par").unwrap());
        assert!(!node.is_setting_ignored("txindex").unwrap());
        assert_eq!(node.get_persistent_setting("par").unwrap(), json!("3"));
        node.force_setting("txindex", &json!(true)).unwrap();
        assert_eq!(node.get_persistent_setting("txindex").unwrap(), Value::Null);
        node.force_setting("txindex", &Value::Null).unwrap();
        assert_eq!(saved("settings.json"), json!({"par": "3"}));
        node.reset_settings().unwrap();
        assert_eq!(saved("settings.json"), json!({}));
        assert_eq!(saved("settings.json.bak"), json!({"par": "3"}));
        assert_eq!(node.get_persistent_setting("par").unwrap(), Value::Null);
    });
}

#[test]
fn rpc_and_transactions() {
    with_node(&[], |running, node, _| {
        let commands = node.list_rpc_commands().unwrap();
        assert!(commands.iter().any(|name| name == "getblockcount"), "{commands:?}");
        let answer = node.execute_rpc("nonesuch", &json!([]).into(), "/").unwrap();
        let Err(RpcFailure::RpcError(error)) = answer else { panic!("{answer:?}") };
        assert_eq!(error["code"], json!(-32601));
        let set = node.execute_rpc("setmocktime", &json!([1_900_000_000]).into(), "/").unwrap();
        assert_eq!(set, Ok(Value::Null));
        assert_eq!(running.offer().state.clock().now(), 1_900_000_000);

        let coinbase = genesis_block(Network::Regtest).txdata.remove(0);
        let output = OutPoint::new(coinbase.compute_txid(), 0);
        assert!(node.get_unspent_output(output).unwrap().is_none(), "nobody can spend it");
        let failure = node.broadcast_transaction(&coinbase, Amount::ZERO).unwrap().unwrap_err();
        assert_eq!(failure.error, TransactionError::MempoolRejected);
        assert_eq!(node.get_mempool_size().unwrap(), 0);
        assert_eq!(node.get_mempool_max_usage().unwrap(), 300_000_000);
    });
}

#[test]
fn one_rate_alone_raises_the_other() {
    with_node(&[("incrementalrelayfee", json!("0.00002"))], |running, _, _| {
        let options = running.offer().state.mempool().options().clone();
        assert_eq!(options.min_relay_rate, options.incremental_relay_rate);
        assert_eq!(options.min_relay_rate.to_sat_per_kvb(), 2000);
    });
}
