//! Which peers are banned.
//!
//! In: the text of Bitcoin Core's `CSubNet` and the JSON of its `banmap_t`. Out: [`SubNet`] and
//! [`BanMap`], and back.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use mp_runtime::{Error, Result};
use serde_json::{Value, json};

use super::net::NetAddr;

/// A set of addresses: Bitcoin Core's `CSubNet`.
///
/// Either an IP address with the number of its leading bits that count, the others being zero, or one
/// address of another network. Its bytes are its text: `1.2.3.0/24`, `2001:db8::/32`, or a name
/// without a slash. The order is Bitcoin Core's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubNet {
    address: NetAddr,
    /// There for IP addresses and only for them.
    prefix: Option<u8>,
}

impl SubNet {
    /// The IP addresses that have their first `prefix` bits in common with `address`; its other bits
    /// are cleared.
    ///
    /// # Errors
    ///
    /// The address is no IP address, or one of another network in the form of IPv6; or the prefix is
    /// longer than 32 for IPv4, 128 for IPv6.
    pub fn new(address: NetAddr, prefix: u8) -> Result<Self> {
        let cleared = match address {
            NetAddr::Ipv4(ip) if prefix <= 32 => {
                let host = u32::MAX.checked_shr(prefix.into()).unwrap_or(0);
                NetAddr::Ipv4((ip.to_bits() & !host).into())
            }
            NetAddr::Ipv6(ip) if prefix <= 128 => {
                let host = u128::MAX.checked_shr(prefix.into()).unwrap_or(0);
                // This sees to it that the text is read back as the same.
                NetAddr::from(std::net::Ipv6Addr::from(ip.to_bits() & !host))
            }
            _ => return Err(wrong(format_args!("{address}/{prefix}"))),
        };
        if std::mem::discriminant(&cleared) != std::mem::discriminant(&address) {
            return Err(wrong(format_args!("{address}/{prefix}")));
        }
        Ok(SubNet { address: cleared, prefix: Some(prefix) })
    }

    /// The one address.
    ///
    /// # Errors
    ///
    /// The address is internal, is IPv6 in form only, or is of CJDNS and does not begin with `fc`.
    pub fn single(address: NetAddr) -> Result<Self> {
        match address {
            NetAddr::Ipv4(_) => SubNet::new(address, 32),
            NetAddr::Ipv6(_) => SubNet::new(address, 128),
            NetAddr::TorV3(_) | NetAddr::I2p(_) | NetAddr::Cjdns([0xfc, ..]) => {
                Ok(SubNet { address, prefix: None })
            }
            NetAddr::Cjdns(_) | NetAddr::Internal(_) => Err(wrong(address)),
        }
    }

    /// The first address, or the only one.
    #[must_use]
    pub fn address(&self) -> NetAddr {
        self.address
    }

    /// How many leading bits of an IP address count; nothing for other networks.
    #[must_use]
    pub fn prefix(&self) -> Option<u8> {
        self.prefix
    }

    /// The bytes of the subnet's text.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    /// Reads the bytes of a subnet's text.
    ///
    /// # Errors
    ///
    /// The bytes are no text, or the text is no subnet, see `from_str`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        std::str::from_utf8(bytes).map_err(|_| Error::bad_value("subnet: not a text"))?.parse()
    }
}

fn wrong(text: impl fmt::Display) -> Error {
    Error::bad_value(format!("subnet: {text} is none"))
}

impl fmt::Display for SubNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)?;
        self.prefix.map_or(Ok(()), |prefix| write!(f, "/{prefix}"))
    }
}

impl FromStr for SubNet {
    type Err = Error;

    /// Reads a subnet's text, as Bitcoin Core's `LookupSubNet` does it: an IP address, a slash and a
    /// prefix length or a netmask, or an address alone. One that begins with `fc` is of CJDNS when it
    /// stands alone. Addresses with an IPv6 zone, `fe80::1%2`, are not read.
    ///
    /// # Errors
    ///
    /// The text is no address; or what follows the slash is neither a prefix length nor a netmask of
    /// the same network, with its ones before its zeros.
    fn from_str(text: &str) -> Result<Self> {
        let Some((address, mask)) = text.rsplit_once('/') else {
            return SubNet::single(text.parse()?);
        };
        let address = NetAddr::from(address.parse::<IpAddr>().map_err(|_| wrong(text))?);
        let prefix = if mask.bytes().all(|byte| byte.is_ascii_digit()) {
            mask.parse().ok()
        } else {
            mask.parse().ok().and_then(|mask| netmask_length(address, mask))
        };
        SubNet::new(address, prefix.ok_or_else(|| wrong(text))?)
    }
}

/// How many leading ones `mask` has, when it is of the network of `address` and only zeros follow.
fn netmask_length(address: NetAddr, mask: IpAddr) -> Option<u8> {
    let (ones, all) = match (address, mask) {
        (NetAddr::Ipv4(_), IpAddr::V4(mask)) => (mask.to_bits().leading_ones(), mask.to_bits().count_ones()),
        (NetAddr::Ipv6(_), IpAddr::V6(mask)) => (mask.to_bits().leading_ones(), mask.to_bits().count_ones()),
        _ => return None,
    };
    u8::try_from(ones).ok().filter(|_| ones == all)
}

/// How long a subnet is banned: Bitcoin Core's `CBanEntry`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BanEntry {
    /// The version of the entry's form, [`BanEntry::CURRENT_VERSION`].
    pub version: i32,
    /// When the ban began, in seconds since 1970.
    pub ban_created: i64,
    /// When the ban ends, in seconds since 1970.
    pub banned_until: i64,
}

impl BanEntry {
    /// The only version there is.
    pub const CURRENT_VERSION: i32 = 1;
}

/// The bans: Bitcoin Core's `banmap_t`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct BanMap(pub BTreeMap<SubNet, BanEntry>);

impl BanMap {
    /// The bans as Bitcoin Core's `BanMapToJson` gives them: an array of objects with the numbers
    /// `version`, `ban_created` and `banned_until` and the text `address`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let object = |(subnet, entry): (&SubNet, &BanEntry)| {
            json!({
                "version": entry.version,
                "ban_created": entry.ban_created,
                "banned_until": entry.banned_until,
                "address": subnet.to_string(),
            })
        };
        self.0.iter().map(object).collect()
    }

    /// Reads the bans from what [`BanMap::to_json`] gives.
    ///
    /// As in Bitcoin Core's `BanMapFromJson`, entries of another version are left out, so are those
    /// whose address is a text but no subnet, and the last entry of a subnet is the one that counts.
    ///
    /// # Errors
    ///
    /// The value is not an array, or an entry lacks a key or has another type there.
    pub fn from_json(value: &Value) -> Result<Self> {
        let entries = value.as_array().ok_or_else(|| Error::bad_value("bans: not a JSON array"))?;
        let mut bans = BTreeMap::new();
        for entry in entries {
            let version = i32::try_from(number(entry, "version")?)
                .map_err(|_| Error::bad_value("bans: \"version\" is out of range"))?;
            if version != BanEntry::CURRENT_VERSION {
                continue;
            }
            let address = entry.get("address").and_then(Value::as_str);
            let address = address.ok_or_else(|| Error::bad_value("bans: \"address\" is not a text"))?;
            let Ok(subnet) = address.parse() else { continue };
            let ban_created = number(entry, "ban_created")?;
            let banned_until = number(entry, "banned_until")?;
            bans.insert(subnet, BanEntry { version, ban_created, banned_until });
        }
        Ok(BanMap(bans))
    }
}

fn number(entry: &Value, key: &str) -> Result<i64> {
    let number = entry.get(key).and_then(Value::as_i64);
    number.ok_or_else(|| Error::bad_value(format!("bans: {key:?} is not a whole number of 64 bits")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ONION: &str = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion";

    #[test]
    fn texts_are_brought_to_one_form() {
        for (text, normal) in [
            ("1.2.3.0/24", "1.2.3.0/24"),
            ("1.2.3.4/24", "1.2.3.0/24"),
            ("1.2.3.4/255.255.255.0", "1.2.3.0/24"),
            ("1.2.3.4/255.255.255.255", "1.2.3.4/32"),
            ("1.2.3.4/0.0.0.0", "0.0.0.0/0"),
            ("1.2.3.4", "1.2.3.4/32"),
            ("::ffff:1.2.3.4/16", "1.2.0.0/16"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("2001:DB8:0:1::1/ffff:ffff:fffe::", "2001:db8::/47"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("::1/0", "::/0"),
            ("fc00:1::2/16", "fc00::/16"),
            ("fc00:1:2:3:4:5:6:7", "fc00:1:2:3:4:5:6:7"),
            (ONION, ONION),
        ] {
            let subnet = SubNet::from_bytes(text.as_bytes()).unwrap();
            assert_eq!(subnet.to_string(), normal);
            assert_eq!(SubNet::from_bytes(&subnet.to_bytes()).unwrap(), subnet);
        }
    }

    #[test]
    fn texts_that_are_no_subnet() {
        for text in [
            "",
            "/",
            "/24",
            "1.2.3.4/",
            "1.2.3.4/33",
            "1.2.3.4/+8",
            "1.2.3.4/-1",
            "1.2.3.4/256",
            "1.2.3.4/255.0.255.0",
            "1.2.3.4/ffff::",
            "1.2.3.4/8/8",
            "1.2.3.4/24\0",
            "::/129",
            "::/255.0.0.0",
            "::/ffff:0:ffff::",
            "fe80::1%2/128",
            "fd6b:88c0:8724::1",
            "fd6b:88c0:8727::/46",
            "name.example",
        ] {
            SubNet::from_bytes(text.as_bytes()).unwrap_err();
        }
        SubNet::from_bytes(format!("{ONION}/32").as_bytes()).unwrap_err();
        SubNet::from_bytes(&[0xff]).unwrap_err();
        SubNet::single(NetAddr::Internal([0; 10])).unwrap_err();
        SubNet::single(NetAddr::Cjdns([0; 16])).unwrap_err();
        SubNet::single(NetAddr::Ipv6("::ffff:1.2.3.4".parse().unwrap())).unwrap_err();
    }

    #[test]
    fn bans_as_json() {
        let value = json!([
            {"version": 1, "ban_created": 1, "banned_until": 9_000_000_000_i64, "address": "1.2.3.0/24"},
            {"version": 1, "ban_created": -1, "banned_until": 0, "address": ONION},
        ]);
        let bans = BanMap::from_json(&value).unwrap();
        assert_eq!(bans.to_json(), value);
        let entry = BanEntry { version: 1, ban_created: 1, banned_until: 9_000_000_000 };
        assert_eq!(bans.0[&"1.2.3.0/24".parse::<SubNet>().unwrap()], entry);
        assert_eq!(BanMap::from_json(&json!([])).unwrap(), BanMap::default());
        assert_eq!(BanMap::default().to_json(), json!([]));
    }

    #[test]
    fn bans_that_bitcoin_core_leaves_out() {
        let value = json!([
            {"version": 2},
            {"version": 1, "address": "here"},
            {"version": 1, "ban_created": 1, "banned_until": 2, "address": "1.2.3.4"},
            {"version": 1, "ban_created": 3, "banned_until": 4, "address": "1.2.3.4/32"},
        ]);
        let bans = BanMap::from_json(&value).unwrap();
        assert_eq!(bans.0.len(), 1);
        assert_eq!(bans.0[&"1.2.3.4".parse().unwrap()].ban_created, 3);
    }

    #[test]
    fn bans_of_another_shape() {
        for value in [
            json!(null),
            json!({}),
            json!([1]),
            json!([{}]),
            json!([{"version": "1"}]),
            json!([{"version": 1.0}]),
            json!([{"version": 4_294_967_297_i64}]),
            json!([{"version": 1}]),
            json!([{"version": 1, "address": 5}]),
            json!([{"version": 1, "address": "1.2.3.4", "ban_created": 1}]),
            json!([{"version": 1, "address": "1.2.3.4", "ban_created": u64::MAX, "banned_until": 1}]),
        ] {
            BanMap::from_json(&value).unwrap_err();
        }
    }

    proptest! {
        #[test]
        fn round_trip(ip: IpAddr, prefix in 0..=32u8) {
            let subnet = SubNet::new(ip.into(), prefix).unwrap();
            prop_assert_eq!(SubNet::from_bytes(&subnet.to_bytes()).unwrap(), subnet);
        }
    }
}
