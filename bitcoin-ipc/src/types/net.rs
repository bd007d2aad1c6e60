//! Addresses of peers.
//!
//! In: the bytes of Bitcoin Core's `CNetAddr`, `CService` and `CAddress`. Out: [`NetAddr`],
//! [`Service`] and [`PeerAddress`], and back. The bytes are those of BIP 155; the text forms are in
//! `net_text`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use mp_runtime::Result;

use super::cursor::{Reader, push_compact_size, push_count};

/// The longest address that BIP 155 allows, in bytes.
const MAX_LENGTH: usize = 512;

/// Network ids of BIP 155.
const IPV4: u8 = 1;
const IPV6: u8 = 2;
const TOR_V3: u8 = 4;
const I2P: u8 = 5;
const CJDNS: u8 = 6;

/// What an IPv4 address begins with when it is given as IPv6: `::ffff:0:0/96`.
const IPV4_IN_IPV6: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
/// What a Tor address of version 2 begins with when it is given as IPv6: OnionCat.
const TOR_V2_IN_IPV6: [u8; 6] = [0xfd, 0x87, 0xd8, 0x7e, 0xeb, 0x43];
/// What Bitcoin Core puts before an internal address to give it as IPv6.
const INTERNAL_IN_IPV6: [u8; 6] = [0xfd, 0x6b, 0x88, 0xc0, 0x87, 0x24];

/// An address in one of the networks that Bitcoin Core knows: its `CNetAddr`.
///
/// Its bytes are the form of BIP 155: a network id, a compact-size length of at most 512, and the
/// address. As in Bitcoin Core, an address of a network that is unknown, or no longer used, is read as
/// the unspecified IPv6 address `::`, which stands for no address. The order is Bitcoin Core's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NetAddr {
    /// An IPv4 address.
    Ipv4(Ipv4Addr),
    /// An IPv6 address. One that holds an IPv4 or OnionCat address is read back as `::`, one with
    /// Bitcoin Core's internal prefix as [`NetAddr::Internal`]; `NetAddr::from` makes none of them.
    Ipv6(Ipv6Addr),
    /// The public key of a Tor onion service, version 3.
    TorV3([u8; 32]),
    /// The SHA-256 hash of an I2P destination.
    I2p([u8; 32]),
    /// A CJDNS address; all that are valid begin with `fc`.
    Cjdns([u8; 16]),
    /// The beginning of the SHA-256 hash of a name, by which Bitcoin Core remembers where it got
    /// addresses from. It is written as IPv6 with the prefix `fd6b:88c0:8724::/48`.
    Internal([u8; 10]),
}

impl NetAddr {
    /// The address's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.push(&mut out);
        out
    }

    /// Reads an address's bytes.
    ///
    /// # Errors
    ///
    /// The bytes end early or late, the address is longer than 512 bytes, or its length is not that
    /// of its network.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new("network address", bytes);
        let address = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(address)
    }

    fn push(&self, out: &mut Vec<u8>) {
        let internal;
        let (network, address): (u8, &[u8]) = match self {
            NetAddr::Ipv4(ip) => (IPV4, &ip.octets()),
            NetAddr::Ipv6(ip) => (IPV6, &ip.octets()),
            NetAddr::TorV3(key) => (TOR_V3, key),
            NetAddr::I2p(hash) => (I2P, hash),
            NetAddr::Cjdns(ip) => (CJDNS, ip),
            NetAddr::Internal(hash) => {
                internal = [&INTERNAL_IN_IPV6[..], hash].concat();
                (IPV6, &internal)
            }
        };
        out.push(network);
        push_count(out, address.len());
        out.extend(address);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let network = reader.byte()?;
        let length = reader.count()?;
        if length > MAX_LENGTH {
            return Err(reader.error(format_args!("{length} bytes of address; the limit is {MAX_LENGTH}")));
        }
        let expected = match network {
            IPV4 => 4,
            IPV6 | CJDNS => 16,
            TOR_V3 | I2P => 32,
            _ => length,
        };
        if length != expected {
            let text = format!("an address of network {network} has {expected} bytes, not {length}");
            return Err(reader.error(text));
        }
        Ok(match network {
            IPV4 => NetAddr::Ipv4(reader.array::<4>()?.into()),
            IPV6 => match NetAddr::from(Ipv6Addr::from(reader.array::<16>()?)) {
                // BIP 155 has a form of its own for IPv4, so this is not one.
                NetAddr::Ipv4(_) => NetAddr::Ipv6(Ipv6Addr::UNSPECIFIED),
                address => address,
            },
            TOR_V3 => NetAddr::TorV3(reader.array()?),
            I2P => NetAddr::I2p(reader.array()?),
            CJDNS => NetAddr::Cjdns(reader.array()?),
            _ => {
                reader.take(length)?;
                NetAddr::Ipv6(Ipv6Addr::UNSPECIFIED)
            }
        })
    }
}

impl From<Ipv4Addr> for NetAddr {
    fn from(ip: Ipv4Addr) -> Self {
        NetAddr::Ipv4(ip)
    }
}

impl From<Ipv6Addr> for NetAddr {
    /// Takes addresses of other networks that are given as IPv6 for what they are, as Bitcoin Core's
    /// `CNetAddr::SetLegacyIPv6` does it: IPv4, internal, and Tor version 2, which becomes `::`.
    fn from(ip: Ipv6Addr) -> Self {
        let octets = ip.octets();
        if octets.starts_with(&TOR_V2_IN_IPV6) {
            return NetAddr::Ipv6(Ipv6Addr::UNSPECIFIED);
        }
        if let Some(hash) = octets.strip_prefix(&INTERNAL_IN_IPV6).and_then(|rest| rest.try_into().ok()) {
            return NetAddr::Internal(hash);
        }
        match octets.strip_prefix(&IPV4_IN_IPV6) {
            Some(&[a, b, c, d]) => NetAddr::Ipv4(Ipv4Addr::new(a, b, c, d)),
            _ => NetAddr::Ipv6(ip),
        }
    }
}

impl From<IpAddr> for NetAddr {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => ip.into(),
            IpAddr::V6(ip) => ip.into(),
        }
    }
}

/// An address and a port: Bitcoin Core's `CService`.
///
/// Its bytes are those of the address and the port, two bytes, big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service {
    /// The address.
    pub address: NetAddr,
    /// The TCP port; 0 for I2P.
    pub port: u16,
}

impl Service {
    /// The service's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.push(&mut out);
        out
    }

    /// Reads a service's bytes.
    ///
    /// # Errors
    ///
    /// The bytes end early or late, or the address is malformed as in [`NetAddr::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new("network service", bytes);
        let service = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(service)
    }

    fn push(&self, out: &mut Vec<u8>) {
        self.address.push(out);
        out.extend(self.port.to_be_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(Service { address: NetAddr::read(reader)?, port: u16::from_be_bytes(reader.array()?) })
    }
}

/// What a node tells about another one: Bitcoin Core's `CAddress`.
///
/// Its bytes are an entry of BIP 155's `addrv2` message: the time, four bytes, little-endian; the
/// services as compact-size; and the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerAddress {
    /// When the node was last seen, in seconds since 1970.
    pub time: u32,
    /// What the node offers: the bits of Bitcoin Core's `ServiceFlags`.
    pub services: u64,
    /// Where the node is.
    pub service: Service,
}

impl PeerAddress {
    /// The entry's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.time.to_le_bytes().to_vec();
        push_compact_size(&mut out, self.services);
        self.service.push(&mut out);
        out
    }

    /// Reads an entry's bytes.
    ///
    /// # Errors
    ///
    /// The bytes end early or late, or the address is malformed as in [`NetAddr::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new("peer address", bytes);
        let time = u32::from_le_bytes(reader.array()?);
        let services = reader.compact_size()?;
        let service = Service::read(&mut reader)?;
        reader.finish()?;
        Ok(PeerAddress { time, services, service })
    }
}

#[cfg(test)]
mod tests {
    use super::super::cursor::assert_exact_length;
    use super::*;
    use bitcoin::hex::FromHex;
    use proptest::prelude::*;

    const UNSPECIFIED: NetAddr = NetAddr::Ipv6(Ipv6Addr::UNSPECIFIED);

    fn hex(text: &str) -> Vec<u8> {
        Vec::from_hex(text).unwrap()
    }

    #[test]
    fn exact_bytes_of_every_network() {
        let cjdns = "fc000001000200030004000500060007";
        for (address, bytes) in [
            (NetAddr::Ipv4([1, 2, 3, 4].into()), "010401020304".into()),
            (
                NetAddr::Ipv6("102:304:506:708:90a:b0c:d0e:f10".parse().unwrap()),
                "02100102030405060708090a0b0c0d0e0f10".into(),
            ),
            (NetAddr::TorV3([0x79; 32]), format!("0420{}", "79".repeat(32))),
            (NetAddr::I2p([0xa2; 32]), format!("0520{}", "a2".repeat(32))),
            (NetAddr::Cjdns(hex(cjdns).try_into().unwrap()), format!("0610{cjdns}")),
            (NetAddr::Internal([7; 10]), format!("0210fd6b88c08724{}", "07".repeat(10))),
        ] {
            let bytes = hex(&bytes);
            assert_eq!(address.to_bytes(), bytes);
            assert_eq!(NetAddr::from_bytes(&bytes).unwrap(), address);
            assert_exact_length(&bytes, NetAddr::from_bytes);
        }
    }

    #[test]
    fn what_stands_for_no_address() {
        for bytes in [
            // IPv4 in IPv6, OnionCat in IPv6.
            "021000000000000000000000ffff01020304",
            "0210fd87d87eeb430102030405060708090a",
            // Tor version 2; Yggdrasil; networks to come, even with an empty address.
            "030af1f2f3f4f5f6f7f8f9fa",
            "071002010000000000000000000000000001",
            "aa0401020304",
            "aa00",
        ] {
            assert_eq!(NetAddr::from_bytes(&hex(bytes)).unwrap(), UNSPECIFIED, "{bytes}");
            assert_exact_length(&hex(bytes), NetAddr::from_bytes);
        }
        let longest = [&hex("aafd0002")[..], &[0; 512]].concat();
        assert_eq!(NetAddr::from_bytes(&longest).unwrap(), UNSPECIFIED);
    }

    #[test]
    fn wrong_lengths_are_refused() {
        for bytes in ["01050102030405", "0204aabbccdd", "0400", "05021234", "060100", "010000"] {
            let error = NetAddr::from_bytes(&hex(bytes)).unwrap_err();
            assert!(error.text().contains(" bytes, not "), "{error}");
        }
        let too_long = [&hex("aafd0102")[..], &[0; 513]].concat();
        let error = NetAddr::from_bytes(&too_long).unwrap_err();
        assert!(error.text().contains("the limit is 512"), "{error}");
        NetAddr::from_bytes(&hex("01fd0400")).unwrap_err();
        NetAddr::from_bytes(&hex("aafeffffffff")).unwrap_err();
    }

    #[test]
    fn ip_addresses_are_taken_for_what_they_are() {
        let from = |text: &str| NetAddr::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(from("1.2.3.4"), NetAddr::Ipv4([1, 2, 3, 4].into()));
        assert_eq!(from("::ffff:1.2.3.4"), NetAddr::Ipv4([1, 2, 3, 4].into()));
        assert_eq!(from("fd87:d87e:eb43::1"), UNSPECIFIED);
        assert_eq!(from("fd6b:88c0:8724::"), NetAddr::Internal([0; 10]));
        assert_eq!(from("2001:db8::1"), NetAddr::Ipv6("2001:db8::1".parse().unwrap()));
    }

    #[test]
    fn service_and_peer_address() {
        let service = Service { address: NetAddr::Ipv4([1, 2, 3, 4].into()), port: 8333 };
        let bytes = hex("010401020304208d");
        assert_eq!(service.to_bytes(), bytes);
        assert_exact_length(&bytes, Service::from_bytes);

        // NODE_NETWORK, NODE_WITNESS and NODE_NETWORK_LIMITED.
        let peer = PeerAddress { time: 0x4966_bc61, services: 0x409, service };
        let bytes = hex("61bc6649fd0904010401020304208d");
        assert_eq!(peer.to_bytes(), bytes);
        assert_eq!(PeerAddress::from_bytes(&bytes).unwrap(), peer);
        assert_exact_length(&bytes, PeerAddress::from_bytes);
    }

    proptest! {
        #[test]
        fn round_trip(ip: IpAddr, port: u16, time: u32, services: u64) {
            let peer = PeerAddress { time, services, service: Service { address: ip.into(), port } };
            prop_assert_eq!(PeerAddress::from_bytes(&peer.to_bytes()).unwrap(), peer);
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = NetAddr::from_bytes(&bytes);
        }
    }
}
