//! Where a node is, and how it lets one in.
//!
//! In: the text of `-core`, a user or a cookie. Out: a [`CoreAddress`] and a [`Login`].

use std::path::{Path, PathBuf};
use std::str::FromStr;

use bitcoin::Network;
use bitcoin_ipc::client::Address;
use bitcoin_ipc::{Error, Result};
use zeroize::Zeroizing;

/// The ways to a Bitcoin Core: `unix`, `unix:PATH` or `http://HOST:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CoreAddress {
    /// Over IPC, by the node's socket.
    Ipc(Address),
    /// Over HTTP.
    Http {
        /// A name or an address; one of IPv6 has its brackets.
        host: String,
        /// The port; that of the network where it is not said.
        port: Option<u16>,
    },
}

impl CoreAddress {
    /// The machine on which it is.
    pub(crate) fn host(&self) -> &str {
        match self {
            CoreAddress::Ipc(_) => "127.0.0.1",
            CoreAddress::Http { host, .. } => host,
        }
    }
}

impl FromStr for CoreAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = |why: &str| {
            let text = format!("{why}; write `unix`, `unix:<path>` or `http://<host>:<port>`");
            Err(Error::bad_value(text))
        };
        if text.starts_with("https:") {
            return bad(
                "Bitcoin Core speaks HTTP without encryption, for this machine or a tunnel to another",
            );
        }
        let Some(rest) = text.strip_prefix("http:") else {
            let address: Result<Address> = text.parse();
            return match address {
                Ok(address) if text != "auto" => Ok(CoreAddress::Ipc(address)),
                _ => bad(&format!("unrecognized address `{text}`")),
            };
        };
        let rest = rest.trim_start_matches('/').trim_end_matches('/');
        if rest.contains('@') {
            return bad(
                "a password in an address is seen by everybody on this machine: use -rpccookiefile, or \
                        -rpcuser and -rpcpassword in a configuration file",
            );
        }
        if rest.contains('/') {
            return bad("the address of a node has no path");
        }
        // The colons of an address of IPv6 are inside its brackets.
        let after = rest.rfind(']').map_or(0, |end| end + 1);
        let (host, port) = match rest[after..].split_once(':') {
            Some((name, port)) => match port.parse() {
                Ok(port) if port > 0 => (format!("{}{name}", &rest[..after]), Some(port)),
                _ => return bad(&format!("`{port}` is no port")),
            },
            None => (rest.to_owned(), None),
        };
        let host = if host.is_empty() { "127.0.0.1".to_owned() } else { host };
        Ok(CoreAddress::Http { host, port })
    }
}

impl std::fmt::Display for CoreAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CoreAddress::Ipc(address) => address.fmt(f),
            CoreAddress::Http { host, port: Some(port) } => write!(f, "http://{host}:{port}"),
            CoreAddress::Http { host, port: None } => write!(f, "http://{host}"),
        }
    }
}

/// The port on which Bitcoin Core answers JSON-RPC, by network.
#[must_use]
pub fn default_port(network: Network) -> u16 {
    match network {
        Network::Bitcoin => 8332,
        Network::Testnet => 18332,
        Network::Testnet4 => 48332,
        Network::Signet => 38332,
        Network::Regtest => 18443,
    }
}

/// How a node knows who asks it over HTTP.
#[derive(Clone)]
pub enum Login {
    /// By the file that the node writes anew at each start, and deletes at its end.
    Cookie(PathBuf),
    /// By a name and a password of its configuration.
    User {
        /// The name.
        name: String,
        /// The password.
        password: Zeroizing<String>,
    },
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Login::Cookie(path) => write!(f, "Cookie({})", path.display()),
            Login::User { name, .. } => write!(f, "User({name})"),
        }
    }
}

impl Login {
    /// The cookie of a node whose files for its network are here.
    #[must_use]
    pub fn cookie_in(network_dir: &Path) -> Self {
        Login::Cookie(network_dir.join(".cookie"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_or_refused_with_a_way_out() {
        let http = |host: &str, port| CoreAddress::Http { host: host.to_owned(), port };
        for (text, address) in [
            ("unix", CoreAddress::Ipc(Address::Unix)),
            ("unix:/run/node.sock", CoreAddress::Ipc(Address::Path("/run/node.sock".into()))),
            ("http://127.0.0.1:8332", http("127.0.0.1", Some(8332))),
            ("http://127.0.0.1:8332/", http("127.0.0.1", Some(8332))),
            ("http://node", http("node", None)),
            ("http:", http("127.0.0.1", None)),
            ("http://[::1]:18443", http("[::1]", Some(18443))),
            ("http://[::1]", http("[::1]", None)),
        ] {
            assert_eq!(text.parse::<CoreAddress>().expect("an address"), address, "{text}");
        }
        for (text, part) in [
            ("https://node", "without encryption"),
            ("http://me:secret@node", "-rpccookiefile"),
            ("http://node:x", "no port"),
            ("http://node:0", "no port"),
            ("http://node/wallet/a", "no path"),
            ("auto", "unrecognized"),
            ("node", "write `unix`"),
            ("", "unrecognized"),
        ] {
            let error = text.parse::<CoreAddress>().expect_err(text);
            assert!(error.text().contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        let login = Login::User { name: "me".into(), password: "secret".to_owned().into() };
        assert_eq!(format!("{login:?}"), "User(me)");
    }
}
