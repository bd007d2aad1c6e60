//! Commands about peers, of which this node has none.
//!
//! In: calls. Out: what Bitcoin Core answers with no connection, or that there is no network.

use std::time::{SystemTime, UNIX_EPOCH};

use bitcoin::Network;
use bitcoin::hex::FromHex;
use serde_json::{Value, json};

use super::command::Kind::{Any, Bool, Hex, Number, Text};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, Code, RpcError, failed, invalid, wrong_type};
use super::rate;

const NETWORK: &str = "network";
const HIDDEN: &str = "hidden";
const PRIVATE: &str = "rawtransactions";
/// The networks that Bitcoin Core knows.
const NETWORKS: &[&str] = &["ipv4", "ipv6", "onion", "i2p", "cjdns"];
/// The most letters of a kind of message.
const MESSAGE_TYPE_SIZE: usize = 12;
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
    command(
        NETWORK,
        "getaddednodeinfo",
        "Tells about peers that were added, of which there are none.",
        added,
    )
    .args(&[arg("node", Text, "Only this one.").default("all nodes")]),
    command(NETWORK, "getnodeaddresses", "Lists addresses of peers, of which none is known.", addresses)
        .args(&[
            arg("count", Number, "At most so many; 0 for all.").default("1"),
            arg("network", Text, "Only those of this network.").default("all networks"),
        ]),
    command(NETWORK, "getaddrmaninfo", "Counts addresses of peers, of which none is known.", address_counts),
    command(HIDDEN, "getrawaddrman", "Lists addresses of peers by their places.", |_| {
        Ok(json!({ "new": {}, "tried": {} }))
    }),
    command(HIDDEN, "getorphantxs", "Lists transactions whose parents are not here; none is kept.", orphans)
        .args(&[arg("verbosity", Any, "0 to 2: how much to tell.").default("0").shape("verbosity")]),
    command(NETWORK, "listbanned", "Lists banned peers, of which there are none.", |_| Ok(json!([]))),
    command(NETWORK, "clearbanned", "Takes all bans back.", |_| Ok(Value::Null)),
    command(NETWORK, "setban", "Bans a peer, which this node cannot.", |_| {
        Err(RpcError::new(Code::DatabaseError, "Error: Ban database not loaded"))
    })
    .args(&[
        arg("subnet", Text, "The address."),
        arg("command", Text, "\"add\" or \"remove\"."),
        arg("bantime", Number, "For how many seconds.").default("0"),
        arg("absolute", Bool, "Whether that is a time since 1970.").default("false"),
    ]),
    command(HIDDEN, "addconnection", "Connects to a peer, on regtest, which this node cannot.", |call| {
        if call.state.network() != Network::Regtest {
            return failed("addconnection is for regression testing (-regtest mode) only.");
        }
        disabled(call)
    })
    .args(&[
        arg("address", Text, "The address and port."),
        arg("connection_type", Text, "What the peer is for."),
        arg("v2transport", Bool, "Whether to talk in secret."),
    ]),
    command(HIDDEN, "addpeeraddress", "Keeps a peer's address, which this node cannot.", |_| {
        let text = "Error: Address manager functionality missing or disabled";
        Err(RpcError::new(Code::ClientP2pDisabled, text))
    })
    .args(&[
        arg("address", Text, "The address."),
        arg("port", Number, "The port."),
        arg("tried", Bool, "Whether it has worked before.").default("false"),
    ]),
    command(HIDDEN, "sendmsgtopeer", "Sends to a peer, which this node has not.", send).args(&[
        arg("peer_id", Number, "The peer."),
        arg("msg_type", Text, "The kind of message."),
        arg("msg", Hex, "Its bytes."),
    ]),
    command("blockchain", "getblockfrompeer", "Asks a peer for a block, which this node cannot.", disabled)
        .args(&[arg("blockhash", Hex, "The block."), arg("peer_id", Number, "The peer.")]),
    command(PRIVATE, "getprivatebroadcastinfo", "Lists transactions that are sent in secret.", not_in_secret),
    command(PRIVATE, "abortprivatebroadcast", "Sends a transaction no more in secret.", not_in_secret)
        .args(&[arg("id", Hex, "The transaction, with or without its witness.")]),
    command(NETWORK, "exportasmap", "Writes the map of networks, which this program does not have.", |_| {
        failed("No embedded ASMap data available")
    })
    .args(&[arg("path", Text, "The file.")]),
    command(NETWORK, "setnetworkactive", "Switches the network, which this node has not.", disabled)
        .args(&[arg("state", Bool, "On or off.")]),
];

fn disabled(_: &Call<'_>) -> Answer {
    let text = "Error: Peer-to-peer functionality missing or disabled";
    Err(RpcError::new(Code::ClientP2pDisabled, text))
}

/// Nothing is ever sent in secret here; these are Bitcoin Core's words for that.
fn not_in_secret(_: &Call<'_>) -> Answer {
    let text =
        "Private broadcast is not enabled. Ensure you're running Bitcoin Core with -privatebroadcast=1.";
    Err(RpcError::new(Code::MethodNotFound, text))
}

fn added(call: &Call<'_>) -> Answer {
    match call.get(0) {
        Some(_) => Err(RpcError::new(Code::ClientNodeNotAdded, "Error: Node has not been added.")),
        None => Ok(json!([])),
    }
}

fn addresses(call: &Call<'_>) -> Answer {
    if call.int_or::<i32>(0, 1)? < 0 {
        return invalid("Address count out of range");
    }
    let network = call.text_or(1, "ipv4")?;
    if !NETWORKS.contains(&network.to_ascii_lowercase().as_str()) {
        return invalid(format!("Network not recognized: {network}"));
    }
    Ok(json!([]))
}

fn address_counts(_: &Call<'_>) -> Answer {
    let names = NETWORKS.iter().chain(&["all_networks"]);
    Ok(names.map(|name| ((*name).to_owned(), json!({ "new": 0, "tried": 0, "total": 0 }))).collect())
}

fn orphans(call: &Call<'_>) -> Answer {
    if call.value(0).is_boolean() {
        return wrong_type("Verbosity was boolean but only integer allowed");
    }
    match call.int_or::<i32>(0, 0)? {
        0..=2 => Ok(json!([])),
        other => invalid(format!("Invalid verbosity value {other}")),
    }
}

fn send(call: &Call<'_>) -> Answer {
    let _peer: i64 = call.int(0)?;
    if call.text(1)?.len() > MESSAGE_TYPE_SIZE {
        return invalid(format!("Error: msg_type too long, max length is {MESSAGE_TYPE_SIZE}"));
    }
    match Vec::<u8>::from_hex(call.text(2)?) {
        Ok(_) => disabled(call),
        Err(_) => invalid("Error parsing input for msg"),
    }
}

fn network_info(call: &Call<'_>) -> Answer {
    let options = call.state.mempool().options().clone();
    let bucket = json!({ "backlog": 0, "count_tok": 0, "size_tok": 0 });
    Ok(json!({
        "version": VERSION,
        "subversion": concat!("/bitcoin-ipc:", env!("CARGO_PKG_VERSION"), "/"),
        "protocolversion": bitcoin::p2p::PROTOCOL_VERSION,
        "localservices": "0000000000000000",
        "localservicesnames": [],
        "localrelay": false,
        "timeoffset": 0,
        "tx_send_rate": 0,
        "inv_buckets": { "inbound": bucket, "outbound": bucket },
        "networkactive": false,
        "connections": 0,
        "connections_in": 0,
        "connections_out": 0,
        "networks": [],
        "relayfee": rate::to_json(options.min_relay_rate),
        "incrementalfee": rate::to_json(options.incremental_relay_rate),
        "localaddresses": [],
        "warnings": call.warnings(),
    }))
}

fn net_totals(_: &Call<'_>) -> Answer<Value> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(json!({
        "totalbytesrecv": 0,
        "totalbytessent": 0,
        // The real time, whatever a test has set.
        "timemillis": u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
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
