//! Where a node listens, as Bitcoin Core writes it.
//!
//! In: the text of `-ipcbind` or `-ipcconnect`, a network, a data directory. Out: the path of a
//! socket.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use bitcoin::Network;
use mp_runtime::{Error, ErrorKind, Result};

/// The most bytes that the path of a socket has on Linux, without the zero at its end.
const LONGEST_PATH: usize = 107;

/// An address as Bitcoin Core writes it: `unix`, `unix:`, `unix:path` or `auto`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Address {
    /// `auto`: the default path. Bitcoin Core's own programs do without a connection where nothing
    /// answers there.
    #[default]
    Auto,
    /// `unix` or `unix:`: the default path.
    Unix,
    /// `unix:path`: a path, which counts from the network's directory unless it is absolute.
    Path(PathBuf),
}

impl Address {
    /// The path of the socket, for a node whose files for this network are in `network_dir`.
    ///
    /// # Errors
    ///
    /// When the path is longer than that of a socket may be.
    pub fn socket(&self, network_dir: &Path) -> Result<PathBuf> {
        let path = match self {
            Address::Auto | Address::Unix => network_dir.join("node.sock"),
            Address::Path(path) => network_dir.join(path),
        };
        let length = path.as_os_str().len();
        if length > LONGEST_PATH {
            return Err(Error::bad_value(format!(
                "the path {} has {length} bytes, and that of a socket at most {LONGEST_PATH}; have the \
                 node listen on a shorter one (-ipcbind=unix:/short/path)",
                path.display()
            )));
        }
        Ok(path)
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(Address::Auto),
            "unix" | "unix:" => Ok(Address::Unix),
            "" | "0" => Err(Error::bad_value("an empty address means no connection at all")),
            _ => match text.strip_prefix("unix:") {
                Some(path) => Ok(Address::Path(path.into())),
                None => Err(Error::bad_value(format!(
                    "unrecognized address `{text}`; write `unix`, `unix:path` or `auto`"
                ))),
            },
        }
    }
}

impl TryFrom<&str> for Address {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

impl TryFrom<&String> for Address {
    type Error = Error;

    fn try_from(text: &String) -> Result<Self> {
        text.parse()
    }
}

impl From<&Path> for Address {
    fn from(path: &Path) -> Self {
        Address::Path(path.to_owned())
    }
}

impl From<&PathBuf> for Address {
    fn from(path: &PathBuf) -> Self {
        Address::Path(path.clone())
    }
}

impl From<PathBuf> for Address {
    fn from(path: PathBuf) -> Self {
        Address::Path(path)
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Address::Auto => f.write_str("auto"),
            Address::Unix => f.write_str("unix"),
            Address::Path(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// The data directory that Bitcoin Core uses unless told otherwise.
///
/// # Errors
///
/// When there is no home directory.
pub fn default_data_dir() -> Result<PathBuf> {
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty()).ok_or_else(|| {
        Error::new(ErrorKind::Io, "there is no home directory; give the node's data directory (-datadir)")
    })?;
    let below = if cfg!(target_os = "macos") { "Library/Application Support/Bitcoin" } else { ".bitcoin" };
    Ok(home.join(below))
}

/// The directory of a network inside a data directory.
#[must_use]
pub fn network_dir(data_dir: &Path, network: Network) -> PathBuf {
    match network {
        Network::Bitcoin => data_dir.to_owned(),
        Network::Testnet => data_dir.join("testnet3"),
        Network::Testnet4 => data_dir.join("testnet4"),
        Network::Signet => data_dir.join("signet"),
        Network::Regtest => data_dir.join("regtest"),
    }
}

/// The socket on which a node listens with `-ipcbind=unix` and no other options.
///
/// # Errors
///
/// When there is no home directory, or its path is too long for a socket.
pub fn default_socket(network: Network) -> Result<PathBuf> {
    Address::Unix.socket(&network_dir(&default_data_dir()?, network))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_as_in_bitcoin_core() {
        let dir = network_dir(Path::new("/data"), Network::Regtest);
        for (text, path) in [
            ("auto", "/data/regtest/node.sock"),
            ("unix", "/data/regtest/node.sock"),
            ("unix:", "/data/regtest/node.sock"),
            ("unix:my.sock", "/data/regtest/my.sock"),
            ("unix:/run/my.sock", "/run/my.sock"),
        ] {
            let address: Address = text.parse().expect("an address");
            assert_eq!(address.socket(&dir), Ok(PathBuf::from(path)), "{text}");
        }
        for text in ["", "0", "tcp:localhost", "node.sock"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
        let long = Address::Path("x".repeat(200).into());
        assert!(long.socket(&dir).expect_err("too long").text().contains("at most 107"));
        assert_eq!(Address::Path("a".into()).to_string(), "unix:a");
    }

    #[test]
    fn each_network_has_its_directory() {
        let dir = |network| network_dir(Path::new("/d"), network);
        assert_eq!(dir(Network::Bitcoin), PathBuf::from("/d"));
        assert_eq!(dir(Network::Testnet), PathBuf::from("/d/testnet3"));
        assert_eq!(dir(Network::Testnet4), PathBuf::from("/d/testnet4"));
        assert_eq!(dir(Network::Signet), PathBuf::from("/d/signet"));
    }
}
