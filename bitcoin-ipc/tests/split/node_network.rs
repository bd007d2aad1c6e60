//! Node: its peers, its addresses and whom it bans.

use std::collections::BTreeMap;

use bitcoin_ipc::types::{
    BanEntry, BanMap, ConnectionDirection, ConnectionType, LocalServiceInfo, NetAddr, Network,
    NodeStateStats, NodeStats, PeerAddress, ProxyInfo, Service, TransportProtocolType,
};

use crate::ends::Ends;
use crate::script::same;

const ADDRESS: NetAddr = NetAddr::TorV3([7; 32]);

fn peer_address(number: u8) -> PeerAddress {
    let service =
        Service { address: NetAddr::Ipv4([10, 0, 0, number].into()), port: 8000 + u16::from(number) };
    PeerAddress { time: 1_700_000_000 + u32::from(number), services: 1 << number, service }
}

fn stats() -> NodeStats {
    let bytes = |bytes| BTreeMap::from([("inv".to_owned(), bytes), ("tx".to_owned(), bytes + 1)]);
    NodeStats {
        nodeid: 1,
        last_send: 2,
        last_recv: 3,
        last_tx_time: 4,
        last_block_time: 5,
        time_connected: 6,
        addr_name: "seed.example:8333".into(),
        version: 70016,
        clean_sub_ver: "/Satoshi:32.0.0/".into(),
        inbound: true,
        bip152_highbandwidth_to: true,
        bip152_highbandwidth_from: true,
        starting_height: 7,
        send_bytes: 8,
        send_bytes_per_msg_type: bytes(100),
        recv_bytes: 9,
        recv_bytes_per_msg_type: bytes(200),
        permission_flags: i32::MIN,
        ping_time: 10,
        min_ping_time: 11,
        addr_local: "10.0.0.3:8333".into(),
        addr: peer_address(1),
        addr_bind: peer_address(2),
        network: Network::Onion,
        mapped_as: 12,
        conn_type: ConnectionType::AddrFetch,
        transport_type: TransportProtocolType::V2,
        session_id: "0123".into(),
        state_stats: Some(NodeStateStats {
            sync_height: 13,
            common_height: 14,
            starting_height: 15,
            ping_wait: 16,
            height_in_flight: vec![17, 18],
            relay_txs: true,
            inv_to_send: 19,
            last_inv_seq: 20,
            fee_filter_received: 21,
            addresses_processed: 22,
            addresses_rate_limited: 23,
            address_relay_enabled: true,
            their_services: 24,
            presync_height: -25,
            time_offset: -26,
        }),
    }
}

pub(crate) fn peers_are_listed_with_all_their_facts(ends: &Ends) {
    let (node, script) = (ends.node(), &ends.peer.script);
    let busy = NodeStats { nodeid: 2, state_stats: None, ..stats() };
    same!(script, node.get_nodes_stats(), Some(vec![stats(), busy]));
    for flags in [ConnectionDirection::In, ConnectionDirection::Out, ConnectionDirection::Both] {
        same!(script, node.get_node_count(flags), 125);
    }
    same!(script, node.disconnect_by_address(ADDRESS), true);
    same!(script, node.disconnect_by_id(7_000_000_000_i64), true);
    same!(script, node.set_network_active(true), ());
    same!(script, node.get_network_active(), true);
}

pub(crate) fn bans_and_addresses(ends: &Ends) {
    let (node, script) = (ends.node(), &ends.peer.script);
    let entry = BanEntry { version: BanEntry::CURRENT_VERSION, ban_created: 5, banned_until: 9_000_000_000 };
    let subnet = "10.1.0.0/16".parse().expect("a subnet");
    let single = bitcoin_ipc::types::SubNet::single(ADDRESS).expect("a subnet");
    let bans = BanMap(BTreeMap::from([(subnet, entry), (single, BanEntry { ban_created: 6, ..entry })]));
    same!(script, node.get_banned(), Some(bans));
    same!(script, node.ban(ADDRESS, -86_400_i64), true);
    same!(script, node.unban(subnet), true);
    let proxy = Service { address: NetAddr::Ipv4([127, 0, 0, 1].into()), port: 9050 };
    let proxy = ProxyInfo { proxy, tor_stream_isolation: true };
    same!(script, node.get_proxy(Network::Onion), Some(proxy));
    let own = BTreeMap::from([
        (NetAddr::Ipv4([10, 0, 0, 4].into()), LocalServiceInfo { score: 4, port: 8333 }),
        (ADDRESS, LocalServiceInfo { score: -1, port: u16::MAX }),
    ]);
    same!(script, node.get_net_local_addresses(), own);
}
