//! Commands about peers, of which this node has none.
//!
//! In: calls. Out: what Bitcoin Core answers with no connection, or that there is no network.

use serde_json::{Value, json};

use super::command::Kind::{Bool, Number, Text};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, Code, RpcError};
use super::rate;

const NETWORK: &str = "network";
/// The release whose commands these are, as `getnetworkinfo` writes versions.
const VERSION: u32 = 320_000;

pub(super) const COMMANDS: &[Command] = &[
    command(NETWORK, "getnetworkinfo", "Tells about the state of the network, which is off.", network_info),
    command(NETWORK, "getconnectioncount", "Gives the number of peers, which is 0.", |_| Ok(0.into())),
    command(NETWORK, "getpeerinfo", "Lists peers, of which there are none.", |_| Ok(json!([]))),
    command(NETWORK, "getnettotals", "Tells how much was sent and received.", net_totals),
    command(NETWORK, "ping", "Measures the distance of peers, which this node has not.", disabled),
    command(NETWORK, "addnode", "Adds a peer, which this node cannot.", disabled).args(&[
        arg("node", Text, "The address."),
        arg("command", Text, "What to do."),
        arg("v2transport", Bool, "Whether to talk in secret.").optional(),
    ]),
    command(NETWORK, "disconnectnode", "Lets go of a peer, which this node has not.", disabled).args(&[
        arg("address", Text, "The address.").optional(),
        arg("nodeid", Number, "The number.").optional(),
    ]),
    command(NETWORK, "setnetworkactive", "Switches the network, which this node has not.", disabled)
        .args(&[arg("state", Bool, "On or off.")]),
];

fn disabled(_: &Call<'_>) -> Answer {
    let text = "Error: Peer-to-peer functionality missing or disabled";
    Err(RpcError::new(Code::ClientP2pDisabled, text))
}

fn network_info(call: &Call<'_>) -> Answer {
    let options = call.state.mempool().options().clone();
    Ok(json!({
        "version": VERSION,
        "subversion": concat!("/bitcoin-ipc:", env!("CARGO_PKG_VERSION"), "/"),
        "protocolversion": bitcoin::p2p::PROTOCOL_VERSION,
        "localservices": "0000000000000000",
        "localservicesnames": [],
        "localrelay": false,
        "timeoffset": 0,
        "networkactive": false,
        "connections": 0,
        "connections_in": 0,
        "connections_out": 0,
        "networks": [],
        "relayfee": rate::to_json(options.min_relay_rate),
        "incrementalfee": rate::to_json(options.incremental_relay_rate),
        "localaddresses": [],
        "warnings": [],
    }))
}

fn net_totals(call: &Call<'_>) -> Answer<Value> {
    Ok(json!({
        "totalbytesrecv": 0,
        "totalbytessent": 0,
        "timemillis": call.state.clock().now() * 1000,
        "uploadtarget": {
            "timeframe": 86400,
            "target": 0,
            "target_reached": false,
            "serve_historical_blocks": true,
            "bytes_left_in_cycle": 0,
            "time_left_in_cycle": 0,
        },
    }))
}
