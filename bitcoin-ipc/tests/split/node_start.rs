//! Node: its start and end, its settings, and RPC.

use bitcoin_ipc::types::{BlockAndHeaderTipInfo, GlobalArgs, Json, RpcFailure};
use serde_json::json;

use crate::ends::Ends;
use crate::script::same;

pub(crate) fn a_node_starts_stops_and_fails(ends: &Ends) {
    let (node, script) = (ends.node(), &ends.peer.script);
    same!(script, node.init_logging(), ());
    same!(script, node.init_parameter_interaction(), ());
    let args = GlobalArgs { config_path: "/etc/bitcoin.conf".into(), ..GlobalArgs::default() };
    for outcome in [Ok(true), Ok(false), Err("the folder is in use".into()), Err(String::new())] {
        same!(script, node.base_initialize(&args), outcome);
    }
    let tip = BlockAndHeaderTipInfo {
        block_height: 1,
        block_time: 1_700_000_001,
        header_height: 2,
        header_time: 1_700_000_002,
        verification_progress: 0.5,
    };
    let nothing = BlockAndHeaderTipInfo::default();
    for outcome in [Ok(Some(tip)), Ok(Some(nothing)), Ok(None), Err("bad block".into()), Err(String::new())] {
        same!(script, node.app_init_main(), outcome);
    }
    same!(script, node.start_shutdown(), ());
    same!(script, node.app_shutdown(), ());
}

pub(crate) fn settings_of_the_gui(ends: &Ends) {
    let (node, script) = (ends.node(), &ends.peer.script);
    same!(script, node.is_setting_ignored("dbcache"), true);
    for value in [json!(null), json!(true), json!("450"), json!({"a": [null]})] {
        same!(script, node.get_persistent_setting("dbcache"), value.clone());
        same!(script, node.update_rw_setting("dbcache", &value), ());
        same!(script, node.force_setting("dbcache", &value), ());
    }
    same!(script, node.reset_settings(), ());
    same!(script, node.map_port(true), ());
}

pub(crate) fn rpc_methods_answer_and_fail(ends: &Ends) {
    let (node, script) = (ends.node(), &ends.peer.script);
    let (params, uri) =
        (r#"{"verbose": true, "b": 1, "b": 2}"#.parse::<Json>().expect("it is JSON"), "/wallet/hot");
    for outcome in [
        Ok(json!(["address"])),
        Ok(json!(null)),
        Ok(json!("")),
        Err(RpcFailure::Failed("out of memory".into())),
        Err(RpcFailure::Failed(String::new())),
        Err(RpcFailure::RpcError(json!({"code": -32601, "message": "Method not found"}))),
    ] {
        same!(script, node.execute_rpc("listwallets", &params, uri), outcome);
    }
    let commands: Vec<String> = vec!["help".into(), "stop".into()];
    same!(script, node.list_rpc_commands(), commands);
}
