//! Addresses of peers, and bans.

use std::collections::BTreeMap;
use std::sync::Arc;

use bitcoin_ipc::Result;
use bitcoin_ipc::types::{BanEntry, BanMap, Bitcoin, NetAddr, PeerAddress, Service, SubNet};
use mp_runtime::IpcStruct;
use serde_json::json;

use crate::ends::{Bytes, Ends, Mirror, echoes};
use crate::vectors::hex;

echoes! {
    Peers, PeersWire, Bytes, 0x9a1c_4e07_55d2_8b03;
    address: NetAddr,
    service: Service,
    peer: PeerAddress,
    subnet: SubNet,
}

echoes! {
    Bans, BansWire, BansText, 0x9a1c_4e07_55d2_8b04;
    bans: BanMap,
}

/// The ban list as it travels.
#[derive(Clone, Debug, PartialEq, IpcStruct)]
pub(crate) struct BansText {
    json: String,
}

fn ends() -> Ends<dyn Peers, dyn PeersWire, Bytes> {
    Ends::<dyn Peers, dyn PeersWire, Bytes>::new(Arc::new(Mirror), |tape| tape)
}

fn ip(text: &str) -> NetAddr {
    NetAddr::from(text.parse::<std::net::IpAddr>().expect("an IP address"))
}

#[test]
fn an_address_is_its_network_a_length_and_its_bytes() {
    let ends = ends();
    let cjdns = <[u8; 16]>::try_from(hex("fc000001000200030004000500060007")).expect("16 bytes");
    for (address, bytes) in [
        (ip("1.2.3.4"), hex("010401020304")),
        (ip("2001:db8::1"), hex("021020010db8000000000000000000000001")),
        (NetAddr::TorV3([0x5a; 32]), [&[4, 32][..], &[0x5a; 32]].concat()),
        (NetAddr::I2p([0xa5; 32]), [&[5, 32][..], &[0xa5; 32]].concat()),
        (NetAddr::Cjdns(cjdns), [&[6, 16][..], &cjdns].concat()),
        (NetAddr::Internal([3; 10]), [&hex("0210fd6b88c08724")[..], &[3; 10]].concat()),
    ] {
        ends.only(Peers::address, PeersWire::address, &address, &bytes);
    }
    // A length that is not that of the network.
    ends.refused(Peers::address, PeersWire::address, &ip("::"), &hex("01050102030405"));
    // A network that nobody knows yet is no address.
    ends.reads(Peers::address, &ip("::"), &hex("aa0401020304"));
}

#[test]
fn a_service_is_an_address_and_a_port_with_its_high_byte_first() {
    let service = Service { address: ip("1.2.3.4"), port: 8333 };
    ends().only(Peers::service, PeersWire::service, &service, &hex("010401020304208d"));
}

#[test]
fn a_peer_is_a_time_services_and_a_service() {
    let ends = ends();
    let service = Service { address: ip("1.2.3.4"), port: 8333 };
    let peer = PeerAddress { time: 0x6000_0001, services: 0x0409, service };
    ends.only(Peers::peer, PeersWire::peer, &peer, &hex("01000060fd0904010401020304208d"));
    let most = PeerAddress { services: u64::MAX, ..peer };
    let bytes = hex("01000060ffffffffffffffffff010401020304208d");
    ends.only(Peers::peer, PeersWire::peer, &most, &bytes);
}

#[test]
fn a_subnet_is_text_as_bytes() {
    let ends = ends();
    for text in ["1.2.3.0/24", "0.0.0.0/0", "2001:db8::/32", "fc00:1:2:3:4:5:6:7"] {
        let subnet: SubNet = text.parse().expect("a subnet");
        ends.same(Peers::subnet, PeersWire::subnet, &subnet, &text.as_bytes().to_vec());
    }
    let subnet: SubNet = "1.2.3.0/24".parse().expect("a subnet");
    for bad in [&b""[..], b"1.2.3.0/", b"1.2.3.0/24x", b"1.2.3.0/24\0", b"1.2.3.0/33", b"1.2.3", b"\xff/8"] {
        ends.refused(Peers::subnet, PeersWire::subnet, &subnet, &bad.to_vec());
    }
    ends.same(Peers::subnet, PeersWire::subnet, &subnet, &b"1.2.3.0/24".to_vec());
}

#[test]
fn bans_are_json_in_a_struct() {
    let ends = Ends::<dyn Bans, dyn BansWire, BansText>::new(Arc::new(Mirror), |tape| tape);
    let entry = BanEntry { version: 1, ban_created: 1_600_000_000, banned_until: 1_700_000_000 };
    let bans = BanMap(BTreeMap::from([("1.2.3.0/24".parse().expect("a subnet"), entry)]));
    let text = |value: serde_json::Value| BansText { json: value.to_string() };
    let object = json!({
        "version": 1, "ban_created": 1_600_000_000, "banned_until": 1_700_000_000, "address": "1.2.3.0/24"
    });
    ends.same(Bans::bans, BansWire::bans, &bans, &text(json!([object])));
    ends.same(Bans::bans, BansWire::bans, &BanMap::default(), &text(json!([])));
    ends.reads(Bans::bans, &BanMap::default(), &text(json!(null)));
    for bad in ["", "[", "{}", "[1]", "[{\"version\":1}]"] {
        ends.refused(Bans::bans, BansWire::bans, &bans, &BansText { json: bad.into() });
    }
    ends.same(Bans::bans, BansWire::bans, &bans, &text(json!([object])));
}
