//! Those whom a node is connected to, where it has any; and the processes that work together.

use std::net::Ipv4Addr;

use bitcoin_ipc::types::{
    ConnectionType, NetAddr, Network, NodeStats, PeerAddress, Service, TransportProtocolType,
};
use eframe::egui::Role;
use egui_kittest::kittest::Queryable as _;

use super::fake::lock;
use super::rich;

/// A peer with this number, of a node that tells times in this unit.
fn peer(number: u8, unit: i64) -> NodeStats {
    let address = |last| PeerAddress {
        time: 0,
        services: 0,
        service: Service { address: NetAddr::Ipv4(Ipv4Addr::new(1, 2, 3, last)), port: 8_333 },
    };
    NodeStats {
        nodeid: number.into(),
        last_send: 0,
        last_recv: 0,
        last_tx_time: 0,
        last_block_time: 0,
        time_connected: 1_700_000_000 * unit,
        addr_name: format!("1.2.3.{number}:8333"),
        version: 70_016,
        clean_sub_ver: "/Satoshi:31.0.0/".to_owned(),
        inbound: number.is_multiple_of(2),
        bip152_highbandwidth_to: false,
        bip152_highbandwidth_from: false,
        starting_height: 199,
        send_bytes: 2_500_000,
        send_bytes_per_msg_type: Default::default(),
        recv_bytes: 1_500,
        recv_bytes_per_msg_type: Default::default(),
        permission_flags: 0,
        ping_time: if unit == 1 { 42_000 } else { 42_000_000 },
        min_ping_time: 0,
        addr_local: String::new(),
        addr: address(number),
        addr_bind: address(200),
        network: Network::Ipv4,
        mapped_as: 0,
        conn_type: ConnectionType::OutboundFullRelay,
        transport_type: TransportProtocolType::V2,
        session_id: String::new(),
        state_stats: None,
    }
}

#[test]
pub(super) fn a_node_without_peers_has_no_page_of_them() {
    let mut gui = rich();
    assert!(gui.harness.query_by_role_and_label(Role::Tab, "Peers").is_none());
    gui.world().node.connect(vec![peer(1, 1), peer(2, 1_000_000_000)]);
    gui.wait(|gui| gui.harness.query_by_role_and_label(Role::Tab, "Peers").is_some());
    gui.page("Peers");
    for text in [
        "1: 1.2.3.1:8333",
        "/Satoshi:31.0.0/, the node has connected, since 14 Nov 2023 22:13, ping 42 ms",
        // Whichever unit the node has.
        "/Satoshi:31.0.0/, it has connected, since 14 Nov 2023 22:13, ping 42 ms",
        "2,500 kB sent, 1 kB received, 199 blocks at the start",
        "7,654 kB",
    ] {
        assert!(gui.sees(text), "{text} in\n{}", gui.tree());
    }
}

#[test]
pub(super) fn peers_are_disconnected_kept_away_and_let_in_again() {
    let mut gui = rich();
    gui.world().node.connect(vec![peer(1, 1), peer(2, 1), peer(3, 1)]);
    gui.wait(|gui| gui.harness.query_by_role_and_label(Role::Tab, "Peers").is_some());
    gui.page("Peers");
    gui.press("Disconnect 1.2.3.3:8333");
    gui.wait(|gui| !gui.sees("1.2.3.3:8333"));
    gui.settle();
    gui.press("Keep 1.2.3.1:8333 away for a day");
    gui.wait_for("Kept away");
    gui.wait(|gui| !gui.sees("1.2.3.1:8333"));
    gui.settle();
    assert!(gui.sees("until 15 Nov 2023 22:13"), "{}", gui.tree());
    let node = gui.world().node.clone();
    assert_eq!((node.gate.count("ban"), node.gate.count("disconnectByAddress")), (1, 1));
    gui.press("Keep 1.2.3.1/32 away no more");
    gui.wait(|gui| !gui.sees("Kept away"));
    gui.settle();
    assert!(lock(&node.bans).0.is_empty());
    gui.press("Switch the network off");
    gui.wait_for("Switch the network on");
    gui.settle();
    assert!(!*lock(&node.active));
    // Who has gone meanwhile is told of, and nothing else happens.
    gui.press("Disconnect 1.2.3.2:8333");
    gui.wait_for("The node is connected to nobody.");
}

#[test]
pub(super) fn the_processes_are_shown_with_what_the_system_tells() {
    let mut gui = rich();
    gui.page("Processes");
    gui.wait_for("This window:");
    let own = format!("process {}, ", std::process::id());
    assert!(gui.sees(&own) && gui.sees(" MB in memory, ") && gui.sees(" threads"), "{}", gui.tree());
    let before = gui.world().node.gate.total();
    gui.press("Look again");
    gui.settle();
    assert_eq!(gui.world().node.gate.total(), before, "the system is asked, and nobody else");
}
