//! Init and Node.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use bitcoin::{Amount, OutPoint};
use bitcoin_ipc::interfaces::Handler;
use bitcoin_ipc::types::{ConnectionDirection, GlobalArgs, NetAddr, Network, SubNet};
use serde_json::{Value, json};

use crate::setup::Setup;

pub(crate) fn of_the_process(setup: &Setup) {
    let init = &setup.init;
    let echo = setup.note(init.make_echo()).flatten().unwrap();
    assert_eq!(setup.note(setup.wait(echo.echo("here"))).as_deref(), Some("here"));
    setup.note(init.make_mining_old2());
    let chain = init.make_chain().unwrap().unwrap();
    setup.note(init.make_wallet_loader(&GlobalArgs::default(), chain.into()));
    let rpc = setup.note(init.make_rpc()).flatten().unwrap();
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "getblockcount", "params": [] });
    let response = setup.note(setup.wait(rpc.execute_rpc(&request.into(), "/", ""))).unwrap();
    assert_eq!(response["result"], json!(0));

    let node = &setup.node;
    setup.note(node.init_logging());
    setup.note(node.init_parameter_interaction());
    assert_eq!(setup.note(node.base_initialize(&GlobalArgs::default())), Some(Ok(true)));
    assert!(setup.note(node.app_init_main()).unwrap().unwrap().is_some());
    setup.note(node.get_warnings());
    setup.note(node.get_log_categories());
    assert_eq!(setup.note(node.get_exit_status()), Some(0));
    assert_eq!(setup.note(node.shutdown_requested()), Some(false));
}

/// Hears all that a GUI can hear.
pub(crate) fn hear(setup: &Setup) -> Vec<Box<dyn Handler>> {
    let node = &setup.node;
    let handlers = [
        node.handle_init_message(Box::new(|_| Ok(()))),
        node.handle_message_box(Box::new(|_, _| Ok(true))),
        node.handle_question(Box::new(|_, _, _| Ok(true))),
        node.handle_show_progress(Box::new(|_, _, _| Ok(()))),
        node.handle_init_wallet(Box::new(|| Ok(()))),
        node.handle_notify_num_connections_changed(Box::new(|_| Ok(()))),
        node.handle_notify_network_active_changed(Box::new(|_| Ok(()))),
        node.handle_notify_alert_changed(Box::new(|| Ok(()))),
        node.handle_banned_list_changed(Box::new(|| Ok(()))),
        node.handle_notify_block_tip(Box::new(|_, _, _| Ok(()))),
        node.handle_notify_header_tip(Box::new(|_, _, _| Ok(()))),
    ];
    handlers.into_iter().filter_map(|handler| setup.note(handler)).collect()
}

pub(crate) fn read(setup: &Setup) {
    let node = &setup.node;
    setup.note(node.get_mempool_size());
    setup.note(node.get_mempool_dynamic_usage());
    setup.note(node.get_mempool_max_usage());
    assert!(setup.note(node.get_header_tip()).flatten().is_some());
    assert!(setup.note(node.get_num_blocks()) > Some(100));
    assert_eq!(setup.note(node.get_best_block_hash()), Some(setup.tip()));
    setup.note(node.get_last_block_time());
    assert!(setup.note(node.get_verification_progress()) > Some(0.0));
    setup.note(node.is_initial_block_download());
    setup.note(node.is_loading_blocks());
    setup.note(node.get_dust_relay_fee());
    assert!(!setup.note(node.list_rpc_commands()).unwrap().is_empty());
    let state = &setup.running().offer().state;
    let tip = state.chain().block(setup.tip()).unwrap().unwrap();
    let coinbase = &tip.txdata[0];
    let output = OutPoint::new(coinbase.compute_txid(), 0);
    assert!(setup.note(node.get_unspent_output(output)).flatten().is_some());
    let refused = setup.note(node.broadcast_transaction(coinbase, Amount::ZERO)).unwrap();
    assert!(refused.is_err(), "it is in the chain already");
}

pub(crate) fn settings_and_network(setup: &Setup) {
    let node = &setup.node;
    assert_eq!(setup.note(node.is_setting_ignored("regtest")), Some(true));
    setup.note(node.update_rw_setting("par", &json!("2")));
    assert_eq!(setup.note(node.get_persistent_setting("par")), Some(json!("2")));
    setup.note(node.force_setting("par", &Value::Null));
    setup.note(node.reset_settings());
    setup.note(node.map_port(true));
    setup.note(node.get_proxy(Network::Ipv4));
    setup.note(node.get_node_count(ConnectionDirection::Both));
    setup.note(node.get_nodes_stats());
    setup.note(node.get_banned());
    let address = NetAddr::from(Ipv4Addr::LOCALHOST);
    setup.note(node.ban(address, 0));
    setup.note(node.unban(SubNet::single(address).unwrap()));
    setup.note(node.disconnect_by_address(address));
    setup.note(node.disconnect_by_id(0));
    setup.note(node.list_external_signers());
    setup.note(node.get_total_bytes_recv());
    setup.note(node.get_total_bytes_sent());
    assert_eq!(setup.note(node.get_net_local_addresses()), Some(BTreeMap::new()));
    setup.note(node.set_network_active(true));
    assert_eq!(setup.note(node.get_network_active()), Some(true));
}

pub(crate) fn end(setup: &Setup) {
    setup.note(setup.node.start_shutdown());
    setup.note(setup.node.app_shutdown());
    assert!(setup.node.shutdown_requested().unwrap());
}
