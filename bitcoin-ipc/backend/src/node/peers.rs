//! Those whom the node is connected to.
//!
//! In: `getpeerinfo`, `listbanned`, `getnetworkinfo`. Out: the same as Bitcoin Core's own windows have it. What a
//! release does not say is zero, as it is for a peer that has just connected.

use std::collections::BTreeMap;

use bitcoin_ipc::Result;
use bitcoin_ipc::types::{
    BanEntry, BanMap, ConnectionType, LocalServiceInfo, NetAddr, Network, NodeStateStats, NodeStats,
    PeerAddress, ProxyInfo, Service, SubNet, TransportProtocolType,
};
use serde_json::{Value, json};

use crate::answer::Fields;
use crate::ask::Ask;
use crate::method::Method;

/// A second, in the unit of times and durations of peers since v32.
const SECOND: i64 = 1_000_000_000;

/// The bits of Bitcoin Core's `NetPermissionFlags`, by the names that `getpeerinfo` has for them.
const PERMISSIONS: [(&str, i32); 7] = [
    ("bloomfilter", 1 << 1),
    ("forcerelay", 1 << 2 | 1 << 3),
    ("relay", 1 << 3),
    ("noban", 1 << 4 | 1 << 6),
    ("mempool", 1 << 5),
    ("download", 1 << 6),
    ("addr", 1 << 7),
];

/// All peers.
pub(super) fn peers(ask: &Ask) -> Result<Vec<NodeStats>> {
    list(Method::GetPeerInfo, ask.ask(Method::GetPeerInfo, json!([]))?)?.iter().map(peer).collect()
}

/// The bans that have not ended.
pub(super) fn bans(ask: &Ask) -> Result<BanMap> {
    let mut bans = BTreeMap::new();
    for ban in list(Method::ListBanned, ask.ask(Method::ListBanned, json!([]))?)? {
        let Ok(subnet) = ban.text::<String>("address")?.parse::<SubNet>() else { continue };
        let (ban_created, banned_until) = (ban.int("ban_created")?, ban.int("banned_until")?);
        bans.insert(subnet, BanEntry { version: BanEntry::CURRENT_VERSION, ban_created, banned_until });
    }
    Ok(BanMap(bans))
}

/// The node's own addresses.
pub(super) fn own_addresses(info: &Fields) -> Result<BTreeMap<NetAddr, LocalServiceInfo>> {
    let mut own = BTreeMap::new();
    for place in info.list("localaddresses")? {
        own.insert(
            place.text("address")?,
            LocalServiceInfo { score: place.int("score")?, port: place.int("port")? },
        );
    }
    Ok(own)
}

/// The proxy for a network.
pub(super) fn proxy(info: &Fields, net: Network) -> Result<Option<ProxyInfo>> {
    for network in info.list("networks")? {
        let place: String = network.text("proxy")?;
        if self::network(&network.text::<String>("name")?) == net && !place.is_empty() {
            return Ok(Some(ProxyInfo {
                proxy: service(&place),
                tor_stream_isolation: network.flag("proxy_randomize_credentials")?,
            }));
        }
    }
    Ok(None)
}

fn list(method: Method, answer: Value) -> Result<Vec<Fields>> {
    answer.as_array().into_iter().flatten().map(|value| Fields::of(method, value.clone())).collect()
}

fn network(name: &str) -> Network {
    match name {
        "ipv4" => Network::Ipv4,
        "ipv6" => Network::Ipv6,
        "onion" => Network::Onion,
        "i2p" => Network::I2p,
        "cjdns" => Network::Cjdns,
        "internal" => Network::Internal,
        _ => Network::Unroutable,
    }
}

/// An address with its port; that of nobody where it is a name, which only the node has looked up.
fn service(text: &str) -> Service {
    text.parse()
        .unwrap_or_else(|_| Service { address: NetAddr::from(std::net::Ipv6Addr::UNSPECIFIED), port: 0 })
}

fn peer(peer: &Fields) -> Result<NodeStats> {
    let text =
        |name: &str| Ok::<_, bitcoin_ipc::Error>(peer.text_if_there::<String>(name)?.unwrap_or_default());
    let int = |name: &str| peer.value(name).map_or(Ok(0), |_| peer.int::<i64>(name));
    let flag = |name: &str| peer.value(name).map_or(Ok(false), |_| peer.flag(name));
    let time = |name: &str| Ok::<_, bitcoin_ipc::Error>(int(name)?.saturating_mul(SECOND));
    let span = |name: &str| {
        let seconds = peer.value(name).map_or(Ok(0.0), |_| peer.float(name))?;
        Ok::<_, bitcoin_ipc::Error>((seconds * SECOND as f64) as i64)
    };
    let per_type = |name: &str| -> BTreeMap<String, u64> {
        let all = peer.value(name).and_then(Value::as_object).into_iter().flatten();
        all.filter_map(|(kind, bytes)| Some((kind.clone(), bytes.as_u64()?))).collect()
    };
    let services = u64::from_str_radix(&text("services")?, 16).unwrap_or_default();
    let address = |name: &str| {
        Ok::<_, bitcoin_ipc::Error>(PeerAddress { time: 0, services, service: service(&text(name)?) })
    };
    let starting_height = i32::try_from(int("startingheight")?).unwrap_or_default();
    Ok(NodeStats {
        nodeid: peer.int("id")?,
        last_send: time("lastsend")?,
        last_recv: time("lastrecv")?,
        last_tx_time: time("last_transaction")?,
        last_block_time: time("last_block")?,
        time_connected: time("conntime")?,
        addr_name: text("addr")?,
        version: i32::try_from(int("version")?).unwrap_or_default(),
        clean_sub_ver: text("subver")?,
        inbound: flag("inbound")?,
        bip152_highbandwidth_to: flag("bip152_hb_to")?,
        bip152_highbandwidth_from: flag("bip152_hb_from")?,
        starting_height,
        send_bytes: peer.int("bytessent")?,
        send_bytes_per_msg_type: per_type("bytessent_per_msg"),
        recv_bytes: peer.int("bytesrecv")?,
        recv_bytes_per_msg_type: per_type("bytesrecv_per_msg"),
        permission_flags: permissions(peer),
        ping_time: span("pingtime")?,
        min_ping_time: span("minping")?,
        addr_local: text("addrlocal")?,
        addr: address("addr")?,
        addr_bind: address("addrbind")?,
        network: network(&text("network")?),
        mapped_as: u32::try_from(int("mapped_as")?).unwrap_or_default(),
        conn_type: connection_type(&text("connection_type")?),
        transport_type: match text("transport_protocol_type")?.as_str() {
            "v1" => TransportProtocolType::V1,
            "v2" => TransportProtocolType::V2,
            _ => TransportProtocolType::Detecting,
        },
        session_id: text("session_id")?,
        state_stats: Some(NodeStateStats {
            sync_height: height(int("synced_headers")?),
            common_height: height(int("synced_blocks")?),
            starting_height,
            ping_wait: span("pingwait")?,
            height_in_flight: peer.value("inflight").map_or_else(Vec::new, heights),
            relay_txs: flag("relaytxes")?,
            inv_to_send: i32::try_from(int("inv_to_send")?).unwrap_or(i32::MAX),
            last_inv_seq: u64::try_from(int("last_inv_sequence")?).unwrap_or_default(),
            fee_filter_received: peer
                .value("minfeefilter")
                .map_or(Ok(0), |_| peer.signed_amount("minfeefilter").map(bitcoin::SignedAmount::to_sat))?,
            addresses_processed: u64::try_from(int("addr_processed")?).unwrap_or_default(),
            addresses_rate_limited: u64::try_from(int("addr_rate_limited")?).unwrap_or_default(),
            address_relay_enabled: flag("addr_relay_enabled")?,
            their_services: services,
            presync_height: int("presynced_headers")?,
            time_offset: time("timeoffset")?,
        }),
    })
}

fn height(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(-1)
}

fn heights(list: &Value) -> Vec<i32> {
    list.as_array().into_iter().flatten().filter_map(Value::as_i64).map(height).collect()
}

fn permissions(peer: &Fields) -> i32 {
    let names = peer.value("permissions").and_then(Value::as_array).into_iter().flatten();
    let bits = |name: &Value| {
        PERMISSIONS.iter().find(|(known, _)| name.as_str() == Some(known)).map(|(_, bits)| *bits)
    };
    names.filter_map(bits).fold(0, |all, bits| all | bits)
}

fn connection_type(name: &str) -> ConnectionType {
    match name {
        "outbound-full-relay" => ConnectionType::OutboundFullRelay,
        "manual" => ConnectionType::Manual,
        "feeler" => ConnectionType::Feeler,
        "block-relay-only" => ConnectionType::BlockRelay,
        "addr-fetch" => ConnectionType::AddrFetch,
        "private-broadcast" => ConnectionType::PrivateBroadcast,
        _ => ConnectionType::Inbound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a node of v32 says of one that has connected to it, but for what each message took.
    fn recorded() -> Value {
        json!({
            "id": 3, "addr": "127.0.0.1:59048", "addrbind": "127.0.0.1:18555", "network": "not_publicly_routable",
            "services": "0000000000000c09", "servicesnames": ["NETWORK", "WITNESS", "NETWORK_LIMITED", "P2P_V2"],
            "relaytxes": true, "last_inv_sequence": 1, "inv_to_send": 0, "lastsend": 1796026586,
            "lastrecv": 1796026587, "last_transaction": 0, "last_block": 0, "bytessent": 1909, "bytesrecv": 679,
            "conntime": 1796026585, "timeoffset": -2, "pingtime": 0.000936, "minping": 0.0009, "version": 70017,
            "subver": "/Satoshi:31.99.0/", "inbound": true, "bip152_hb_to": false, "bip152_hb_from": false,
            "presynced_headers": -1, "synced_headers": -1, "synced_blocks": -1, "inflight": [7],
            "addr_relay_enabled": true, "addr_processed": 0, "addr_rate_limited": 0,
            "permissions": ["noban", "download"], "minfeefilter": 0.09936506,
            "bytessent_per_msg": { "ping": 29 }, "bytesrecv_per_msg": { "pong": 29, "verack": 33 },
            "connection_type": "inbound", "transport_protocol_type": "v2", "session_id": "16779b"
        })
    }

    fn read(value: Value) -> Result<NodeStats> {
        peer(&Fields::of(Method::GetPeerInfo, value)?)
    }

    #[test]
    fn a_peer_is_as_the_node_has_it() {
        let stats = read(recorded()).unwrap();
        let place = |port| Service { address: NetAddr::Ipv4([127, 0, 0, 1].into()), port };
        assert_eq!(
            (stats.nodeid, stats.addr.service, stats.addr_bind.service),
            (3, place(59048), place(18555))
        );
        assert_eq!((stats.time_connected, stats.last_recv), (1_796_026_585 * SECOND, 1_796_026_587 * SECOND));
        assert_eq!((stats.ping_time, stats.min_ping_time), (936_000, 900_000));
        assert_eq!((stats.send_bytes, stats.recv_bytes), (1909, 679));
        assert_eq!(stats.recv_bytes_per_msg_type["verack"], 33);
        assert_eq!(
            (stats.conn_type, stats.transport_type),
            (ConnectionType::Inbound, TransportProtocolType::V2)
        );
        assert_eq!((stats.permission_flags, stats.addr.services), (1 << 4 | 1 << 6, 0xc09));
        let state = stats.state_stats.unwrap();
        assert_eq!((state.sync_height, state.height_in_flight, state.presync_height), (-1, vec![7], -1));
        assert_eq!((state.fee_filter_received, state.time_offset), (9_936_506, -2 * SECOND));
    }

    #[test]
    fn what_a_release_does_not_say_is_zero_and_what_it_says_wrongly_is_an_error() {
        let stats = read(json!({ "id": 0, "bytessent": 0, "bytesrecv": 0, "addr": "seed.example.org:8333" }))
            .unwrap();
        assert_eq!(stats.addr_name, "seed.example.org:8333");
        assert_eq!(stats.addr.service, service(""));
        let mut wrong = recorded();
        wrong["inbound"] = json!("yes");
        let error = read(wrong).unwrap_err();
        assert!(error.text().contains("getpeerinfo is not as expected: inbound"), "{error}");
        assert!(read(json!({ "addr": "127.0.0.1:1" })).is_err());
    }

    #[test]
    fn a_proxy_is_that_of_its_network() {
        let info = json!({ "networks": [
            { "name": "ipv4", "proxy": "", "proxy_randomize_credentials": false },
            { "name": "onion", "proxy": "127.0.0.1:9050", "proxy_randomize_credentials": true },
        ]});
        let info = Fields::of(Method::GetNetworkInfo, info).unwrap();
        assert_eq!(proxy(&info, Network::Ipv4).unwrap(), None);
        let tor = proxy(&info, Network::Onion).unwrap().unwrap();
        assert_eq!((tor.proxy.port, tor.tor_stream_isolation), (9050, true));
    }
}
