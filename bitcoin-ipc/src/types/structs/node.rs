//! The structs of `node.capnp`.

use std::collections::BTreeMap;

use bitcoin::BlockHash;
use mp_runtime::wire::build::{BuildContext, FieldBuilder};
use mp_runtime::wire::node::Type;
use mp_runtime::wire::read::{FieldReader, ReadContext};
use mp_runtime::wire::slot::Slots;
use mp_runtime::wire::traits::{BuildField, ReadField, WireType};
use mp_runtime::{IpcStruct, Result};
use serde_json::Value;

use crate::files::NODE;
use crate::types::{BanMap, Bitcoin, ConnectionType, Network, PeerAddress, Service, TransportProtocolType};

/// A SOCKS5 proxy.
#[derive(Clone, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(file = NODE, types = Bitcoin, cxx = "::Proxy")]
pub struct ProxyInfo {
    /// Where it is.
    pub proxy: Service,
    /// Whether each connection has its own name and password, so that Tor gives it its own circuit.
    #[ipc(cxx_name = "m_tor_stream_isolation")]
    pub tor_stream_isolation: bool,
}

/// A connection to a peer. Times and durations are counts of the unit that the node's version has
/// for them: seconds or microseconds before April 2026, nanoseconds since.
#[derive(Clone, Debug, PartialEq, IpcStruct)]
#[ipc(file = NODE, types = Bitcoin, cxx = "CNodeStats")]
pub struct NodeStats {
    /// What the node calls it.
    pub nodeid: i64,
    /// When something was last sent.
    #[ipc(cxx_name = "m_last_send")]
    pub last_send: i64,
    /// When something was last received.
    #[ipc(cxx_name = "m_last_recv")]
    pub last_recv: i64,
    /// When it last sent a new transaction.
    #[ipc(name = "lastTXTime", cxx_name = "m_last_tx_time")]
    pub last_tx_time: i64,
    /// When it last sent a new block.
    #[ipc(cxx_name = "m_last_block_time")]
    pub last_block_time: i64,
    /// When it was opened.
    #[ipc(cxx_name = "m_connected")]
    pub time_connected: i64,
    /// Its address as it was asked for.
    #[ipc(cxx_name = "m_addr_name")]
    pub addr_name: String,
    /// The version of the protocol that it speaks.
    #[ipc(cxx_name = "nVersion")]
    pub version: i32,
    /// The program that it says it is.
    pub clean_sub_ver: String,
    /// Whether the peer opened the connection.
    #[ipc(cxx_name = "fInbound")]
    pub inbound: bool,
    /// Whether the node asked it for compact blocks at once (BIP 152).
    #[ipc(cxx_name = "m_bip152_highbandwidth_to")]
    pub bip152_highbandwidth_to: bool,
    /// Whether it asked the node for compact blocks at once.
    #[ipc(cxx_name = "m_bip152_highbandwidth_from")]
    pub bip152_highbandwidth_from: bool,
    /// The height of its chain when it connected.
    #[ipc(cxx_name = "m_starting_height")]
    pub starting_height: i32,
    /// Bytes sent.
    #[ipc(cxx_name = "nSendBytes")]
    pub send_bytes: u64,
    /// Bytes sent, by type of message.
    #[ipc(cxx_name = "mapSendBytesPerMsgType")]
    pub send_bytes_per_msg_type: BTreeMap<String, u64>,
    /// Bytes received.
    #[ipc(cxx_name = "nRecvBytes")]
    pub recv_bytes: u64,
    /// Bytes received, by type of message.
    #[ipc(cxx_name = "mapRecvBytesPerMsgType")]
    pub recv_bytes_per_msg_type: BTreeMap<String, u64>,
    /// What it may do: bits of `NetPermissionFlags`, of which the highest is the sign here.
    #[ipc(cxx_name = "m_permission_flags")]
    pub permission_flags: i32,
    /// How long the last ping took.
    #[ipc(cxx_name = "m_last_ping_time")]
    pub ping_time: i64,
    /// How long the shortest ping took.
    #[ipc(cxx_name = "m_min_ping_time")]
    pub min_ping_time: i64,
    /// The node's address as the peer sees it.
    pub addr_local: String,
    /// The peer's address.
    pub addr: PeerAddress,
    /// The node's own end of the connection.
    pub addr_bind: PeerAddress,
    /// The network of the peer's address.
    #[ipc(cxx_name = "m_network")]
    pub network: Network,
    /// The autonomous system of the peer's address; 0 where it is not known.
    #[ipc(cxx_name = "m_mapped_as")]
    pub mapped_as: u32,
    /// Why the connection was opened.
    #[ipc(cxx_name = "m_conn_type")]
    pub conn_type: ConnectionType,
    /// How it is spoken. (The stray semicolon in the C++ name is Core's.)
    #[ipc(cxx_name = "m_transport_type;")]
    pub transport_type: TransportProtocolType,
    /// What both ends can compare to know that nobody is between them (BIP 324).
    #[ipc(cxx_name = "m_session_id")]
    pub session_id: String,
    /// More, unless the node was busy.
    pub state_stats: Option<NodeStateStats>,
}

/// What a node knows of a peer's chain and transactions.
#[derive(Clone, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(file = NODE, types = Bitcoin, cxx = "CNodeStateStats")]
pub struct NodeStateStats {
    /// The highest header in common.
    #[ipc(cxx_name = "nSyncHeight")]
    pub sync_height: i32,
    /// The highest block in common.
    #[ipc(cxx_name = "nCommonHeight")]
    pub common_height: i32,
    /// The height of its chain when it connected.
    #[ipc(cxx_name = "m_starting_height")]
    pub starting_height: i32,
    /// How long a ping has been waited for.
    #[ipc(cxx_name = "m_ping_wait")]
    pub ping_wait: i64,
    /// The heights of the blocks that it was asked for.
    #[ipc(cxx_name = "vHeightInFlight")]
    pub height_in_flight: Vec<i32>,
    /// Whether it is sent transactions.
    #[ipc(cxx_name = "m_relay_txs")]
    pub relay_txs: bool,
    /// How many transactions are waiting to be announced to it.
    #[ipc(cxx_name = "m_inv_to_send")]
    pub inv_to_send: i32,
    /// The mempool's number when the last ones were announced.
    #[ipc(cxx_name = "m_last_inv_seq")]
    pub last_inv_seq: u64,
    /// The lowest fee rate that it wants, in satoshis for 1000 virtual bytes.
    #[ipc(cxx_name = "m_fee_filter_received")]
    pub fee_filter_received: i64,
    /// How many addresses of it were taken in.
    #[ipc(cxx_name = "m_addr_processed")]
    pub addresses_processed: u64,
    /// How many addresses of it were too many.
    #[ipc(cxx_name = "m_addr_rate_limited")]
    pub addresses_rate_limited: u64,
    /// Whether addresses are exchanged with it.
    #[ipc(cxx_name = "m_addr_relay_enabled")]
    pub address_relay_enabled: bool,
    /// What it offers (`ServiceFlags`).
    #[ipc(cxx_name = "their_services")]
    pub their_services: u64,
    /// The height of headers that are checked before they are kept; -1 for none.
    #[ipc(cxx_name = "presync_height")]
    pub presync_height: i64,
    /// How far its clock is ahead.
    #[ipc(cxx_name = "time_offset")]
    pub time_offset: i64,
}

/// The ban list, as the JSON text of all of it.
#[derive(Debug, IpcStruct)]
#[ipc(name = "Banmap", file = NODE, types = Bitcoin)]
struct Banmap {
    json: Value,
}

impl WireType<Bitcoin> for BanMap {
    const SLOTS: Slots = <Banmap as WireType<Bitcoin>>::SLOTS;
    const TYPE: Type = <Banmap as WireType<Bitcoin>>::TYPE;
    const STRUCT: Option<(u16, u16)> = <Banmap as WireType<Bitcoin>>::STRUCT;
}

impl BuildField<Bitcoin> for BanMap {
    fn build_field(&self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        BuildField::<Bitcoin>::build_owned(Banmap { json: self.to_json() }, cx, out)
    }
}

impl<'a> ReadField<'a, Bitcoin> for BanMap {
    fn read_field(cx: &ReadContext<'a>, input: FieldReader<'a>) -> Result<BanMap> {
        let wire = <Banmap as ReadField<'a, Bitcoin>>::read_field(cx, input)?;
        if wire.json.is_null() { Ok(BanMap::default()) } else { BanMap::from_json(&wire.json) }
    }
}

/// The highest block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(file = NODE, types = Bitcoin, cxx = "interfaces::BlockTip")]
pub struct BlockTip {
    /// Its height.
    #[ipc(cxx_name = "block_height")]
    pub block_height: i32,
    /// Its time, in seconds since 1970.
    #[ipc(cxx_name = "block_time")]
    pub block_time: i64,
    /// Its hash.
    #[ipc(cxx_name = "block_hash")]
    pub block_hash: BlockHash,
}

/// The highest block and the highest header.
#[derive(Clone, Copy, Debug, Default, PartialEq, IpcStruct)]
#[ipc(file = NODE, types = Bitcoin, cxx = "interfaces::BlockAndHeaderTipInfo")]
pub struct BlockAndHeaderTipInfo {
    /// The block's height.
    #[ipc(cxx_name = "block_height")]
    pub block_height: i32,
    /// The block's time, in seconds since 1970.
    #[ipc(cxx_name = "block_time")]
    pub block_time: i64,
    /// The header's height.
    #[ipc(cxx_name = "header_height")]
    pub header_height: i32,
    /// The header's time, in seconds since 1970.
    #[ipc(cxx_name = "header_time")]
    pub header_time: i64,
    /// How much of the chain is verified, from 0 to 1.
    #[ipc(cxx_name = "verification_progress")]
    pub verification_progress: f64,
}

/// An address of the node's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(file = NODE, types = Bitcoin, cxx = "LocalServiceInfo")]
pub struct LocalServiceInfo {
    /// How sure the node is of it.
    #[ipc(cxx_name = "nScore")]
    pub score: i32,
    /// The port.
    #[ipc(cxx_name = "nPort")]
    pub port: u16,
}

/// What came of starting a node.
#[derive(Debug, IpcStruct)]
pub(crate) struct InitWire {
    #[ipc(exception = "std::exception")]
    error: Option<String>,
    result: bool,
}

/// The results of [`Node::base_initialize`](crate::interfaces::Node::base_initialize).
pub(crate) mod initialized {
    use mp_runtime::Result;

    pub(crate) use super::InitWire as Wire;

    pub(crate) fn build(outcome: &Result<bool, String>) -> Result<Wire> {
        Ok(Wire { error: outcome.as_ref().err().cloned(), result: *outcome.as_ref().unwrap_or(&false) })
    }

    pub(crate) fn read(wire: Wire) -> Result<Result<bool, String>> {
        Ok(wire.error.map_or(Ok(wire.result), Err))
    }
}

/// The results of [`Node::app_init_main`](crate::interfaces::Node::app_init_main).
pub(crate) mod started {
    use mp_runtime::{IpcStruct, Result};

    use super::{Bitcoin, BlockAndHeaderTipInfo};

    #[derive(Debug, Default, IpcStruct)]
    #[ipc(types = Bitcoin)]
    pub(crate) struct Wire {
        tip_info: BlockAndHeaderTipInfo,
        #[ipc(exception = "std::exception")]
        error: Option<String>,
        result: bool,
    }

    type Outcome = Result<Option<BlockAndHeaderTipInfo>, String>;

    pub(crate) fn build(outcome: &Outcome) -> Result<Wire> {
        Ok(match outcome {
            Ok(tip) => Wire { tip_info: tip.unwrap_or_default(), error: None, result: tip.is_some() },
            Err(error) => Wire { error: Some(error.clone()), ..Wire::default() },
        })
    }

    pub(crate) fn read(wire: Wire) -> Result<Outcome> {
        Ok(match wire.error {
            Some(error) => Err(error),
            None => Ok(wire.result.then_some(wire.tip_info)),
        })
    }
}

/// Why an RPC method gave no result.
#[derive(Clone, Debug, PartialEq)]
pub enum RpcFailure {
    /// It failed with a text.
    Failed(String),
    /// It failed with an error object of JSON-RPC.
    RpcError(Value),
}

/// The results of [`Node::execute_rpc`](crate::interfaces::Node::execute_rpc).
pub(crate) mod executed {
    use mp_runtime::{IpcStruct, Result};
    use serde_json::Value;

    use super::RpcFailure;

    #[derive(Debug, Default, IpcStruct)]
    pub(crate) struct Wire {
        #[ipc(exception = "std::exception")]
        error: Option<String>,
        #[ipc(exception = "UniValue")]
        rpc_error: Option<Value>,
        #[ipc(secret)]
        result: Option<Value>,
    }

    pub(crate) fn build(outcome: &Result<Value, RpcFailure>) -> Result<Wire> {
        Ok(match outcome.clone() {
            Ok(result) => Wire { result: Some(result), ..Wire::default() },
            Err(RpcFailure::Failed(text)) => Wire { error: Some(text), ..Wire::default() },
            Err(RpcFailure::RpcError(error)) => Wire { rpc_error: Some(error), ..Wire::default() },
        })
    }

    pub(crate) fn read(wire: Wire) -> Result<Result<Value, RpcFailure>> {
        Ok(match wire {
            Wire { error: Some(text), .. } => Err(RpcFailure::Failed(text)),
            Wire { rpc_error: Some(error), .. } => Err(RpcFailure::RpcError(error)),
            Wire { result, .. } => Ok(result.unwrap_or_default()),
        })
    }
}
