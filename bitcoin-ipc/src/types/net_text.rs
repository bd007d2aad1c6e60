//! The text forms of addresses, as Bitcoin Core prints and reads them.
//!
//! In: a [`NetAddr`] or a [`Service`], or text. Out: text, or a [`NetAddr`].

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use data_encoding::Encoding;
use data_encoding_macro::new_encoding;
use mp_runtime::{Error, Result};
use sha3::{Digest, Sha3_256};

use super::net::{NetAddr, Service};

/// Base 32 of RFC 4648 in lower case without padding, as in names of Tor and I2P.
const BASE32: Encoding = new_encoding! { symbols: "abcdefghijklmnopqrstuvwxyz234567", };

/// The version of onion services that are left.
const ONION_VERSION: u8 = 3;

/// What follows the public key in an onion service's name: two bytes of checksum and the version, by
/// Tor's rend-spec-v3, section 6.
fn onion_tail(key: &[u8; 32]) -> [u8; 3] {
    let hash = Sha3_256::new()
        .chain_update(b".onion checksum")
        .chain_update(key)
        .chain_update([ONION_VERSION])
        .finalize();
    [hash[0], hash[1], ONION_VERSION]
}

impl fmt::Display for NetAddr {
    /// Writes the address as Bitcoin Core's `CNetAddr::ToStringAddr` does it: IPv6 and CJDNS by RFC
    /// 5952, names that end in `.onion`, `.b32.i2p` or `.internal` in lower case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NetAddr::Ipv4(ip) => ip.fmt(f),
            NetAddr::Ipv6(ip) => ip.fmt(f),
            NetAddr::TorV3(key) => {
                let name = [&key[..], &onion_tail(key)].concat();
                write!(f, "{}.onion", BASE32.encode(&name))
            }
            NetAddr::I2p(hash) => write!(f, "{}.b32.i2p", BASE32.encode(hash)),
            NetAddr::Cjdns(ip) => Ipv6Addr::from(*ip).fmt(f),
            NetAddr::Internal(hash) => write!(f, "{}.internal", BASE32.encode(hash)),
        }
    }
}

impl FromStr for NetAddr {
    type Err = Error;

    /// Reads an address's text, names in either case.
    ///
    /// An IPv6 text that begins with `fc` is a CJDNS address, as it is for a node that can reach
    /// these: no other network uses them. Other IPv6 texts are taken as `NetAddr::from` takes them.
    ///
    /// # Errors
    ///
    /// The text is no address, its checksum is wrong, or it is the name of an internal address, which
    /// has no way in from outside.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = |why: &str| Error::bad_value(format!("network address {text:?}: {why}"));
        let lower = text.to_ascii_lowercase();
        if let Some(name) = lower.strip_suffix(".onion") {
            return onion(name).ok_or_else(|| wrong("not an onion service's name of version 3"));
        }
        if let Some(name) = lower.strip_suffix(".b32.i2p") {
            let hash = BASE32.decode(name.as_bytes()).ok().and_then(|hash| hash.try_into().ok());
            return hash.map(NetAddr::I2p).ok_or_else(|| wrong("not an I2P name"));
        }
        match lower.parse::<IpAddr>() {
            Ok(IpAddr::V6(ip)) if ip.octets()[0] == 0xfc => Ok(NetAddr::Cjdns(ip.octets())),
            Ok(ip) => Ok(ip.into()),
            Err(_) => Err(wrong("not an address")),
        }
    }
}

/// The address of an onion service's name without its suffix.
fn onion(name: &str) -> Option<NetAddr> {
    let bytes = BASE32.decode(name.as_bytes()).ok()?;
    let (key, tail) = bytes.split_first_chunk()?;
    (*tail == onion_tail(key)).then_some(NetAddr::TorV3(*key))
}

impl fmt::Display for Service {
    /// Writes address and port as Bitcoin Core's `CService::ToStringAddrPort` does it, with brackets
    /// around IPv6 and CJDNS.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            NetAddr::Ipv6(_) | NetAddr::Cjdns(_) => write!(f, "[{}]:{}", self.address, self.port),
            _ => write!(f, "{}:{}", self.address, self.port),
        }
    }
}

impl FromStr for Service {
    type Err = Error;

    /// Reads what `fmt` writes: an address, with brackets around one with colons, a colon and a port.
    ///
    /// # Errors
    ///
    /// The text has no port from 0 to 65535, or what is before it is no address.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::bad_value(format!("network service {text:?}: not an address and a port"));
        let (address, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let inside = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let address = match inside {
            Some(inside) => inside,
            None if address.contains(':') => return Err(wrong()),
            None => address,
        };
        let port = port.bytes().all(|byte| byte.is_ascii_digit()).then(|| port.parse().ok()).flatten();
        Ok(Service { address: address.parse()?, port: port.ok_or_else(wrong)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitcoin::hex::FromHex;
    use proptest::prelude::*;

    const ONION: &str = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion";
    const I2P: &str = "ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p";

    fn key(text: &str) -> [u8; 32] {
        <[u8; 32]>::from_hex(text).unwrap()
    }

    #[test]
    fn known_names() {
        let tor = NetAddr::TorV3(key("79bcc625184b05194975c28b66b66b0469f7f6556fb1ac3189a79b40dda32f1f"));
        let i2p = NetAddr::I2p(key("a2894dabaec08c0051a481a6dac88b64f98232ae42d4b6fd2fa81952dfe36a87"));
        let cjdns = NetAddr::Cjdns([0xfc, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7]);
        let ipv6 = NetAddr::Ipv6("2001:db8::1".parse().unwrap());
        for (address, text, with_port) in [
            (NetAddr::Ipv4([1, 2, 3, 4].into()), "1.2.3.4", "1.2.3.4:8333".into()),
            (ipv6, "2001:db8::1", "[2001:db8::1]:8333".into()),
            (tor, ONION, format!("{ONION}:8333")),
            (i2p, I2P, format!("{I2P}:8333")),
            (cjdns, "fc00:1:2:3:4:5:6:7", "[fc00:1:2:3:4:5:6:7]:8333".into()),
        ] {
            assert_eq!(address.to_string(), text);
            assert_eq!(text.parse::<NetAddr>().unwrap(), address);
            assert_eq!(text.to_uppercase().parse::<NetAddr>().unwrap(), address);
            let service = Service { address, port: 8333 };
            assert_eq!(service.to_string(), with_port);
            assert_eq!(with_port.parse::<Service>().unwrap(), service);
        }
        assert_eq!(NetAddr::Internal([0; 10]).to_string(), "aaaaaaaaaaaaaaaa.internal");
    }

    #[test]
    fn texts_that_are_no_address() {
        let other_checksum = ONION.replacen("pg6", "pg7", 1);
        let version_2 = "6hzph5hv6337r6p2.onion";
        for text in [&other_checksum, version_2, &I2P[1..], "", ".onion", ".b32.i2p", "1.2.3", "a.internal"] {
            text.parse::<NetAddr>().unwrap_err();
        }
        for text in [
            "1.2.3.4",
            "1.2.3.4:",
            "1.2.3.4:65536",
            "1.2.3.4:+1",
            "2001:db8::1:8333",
            "[1.2.3.4:1",
            "a:1",
            ":1",
        ] {
            text.parse::<Service>().unwrap_err();
        }
    }

    proptest! {
        #[test]
        fn round_trip(bytes: [u8; 32], ip: IpAddr) {
            for address in [NetAddr::TorV3(bytes), NetAddr::I2p(bytes)] {
                prop_assert_eq!(address.to_string().parse::<NetAddr>().unwrap(), address);
            }
            let address = NetAddr::from(ip);
            prop_assume!(!ip.to_string().starts_with("fc"));
            prop_assert_eq!(address.to_string().parse::<NetAddr>().unwrap(), address);
        }
    }
}
