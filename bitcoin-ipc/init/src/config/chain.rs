//! Which network the settings choose.
//!
//! In: `-chain` and the options that name a network. Out: the network, and the names of networks'
//! sections.

use bitcoin::Network;
use bitcoin_ipc::types::Settings;
use serde_json::Value;

use super::lookup::{self, Scope};
use super::value::{as_bool, as_text};
use crate::error::{Error, Result};

const NETWORKS: [(&str, Network); 5] = [
    ("main", Network::Bitcoin),
    ("test", Network::Testnet),
    ("testnet4", Network::Testnet4),
    ("signet", Network::Signet),
    ("regtest", Network::Regtest),
];

const OPTIONS: [(&str, Network); 4] = [
    ("regtest", Network::Regtest),
    ("signet", Network::Signet),
    ("testnet", Network::Testnet),
    ("testnet4", Network::Testnet4),
];

/// The name of a network in `-chain` and as a section.
pub(super) fn name(network: Network) -> &'static str {
    NETWORKS.iter().find(|(_, known)| *known == network).map_or("main", |(name, _)| name)
}

/// Whether a section of the configuration belongs to a network.
pub(super) fn is_section(section: &str) -> bool {
    section.is_empty() || NETWORKS.iter().any(|(name, _)| *name == section)
}

/// The network that is chosen.
pub(super) fn chosen(settings: &Settings) -> Result<Network> {
    let scope = Scope { section: "", default_section: true, chooses_network: true };
    let value = |name| lookup::value(settings, scope, name).filter(|value| *value != Value::Bool(false));
    let chain = match value("chain").map(|value| as_text(&value)) {
        Some(text) => {
            let known = NETWORKS.iter().find(|(name, _)| *name == text);
            let known = known.ok_or_else(|| {
                Error::new(format!(
                    "-chain={text}: no such chain; it is main, test, testnet4, signet or regtest"
                ))
            })?;
            Some(known.1)
        }
        None => None,
    };
    let options = OPTIONS.iter().filter(|(name, _)| value(name).is_some_and(|value| as_bool(&value)));
    let chosen: Vec<Network> = options.map(|(_, network)| *network).chain(chain).collect();
    match chosen[..] {
        [] => Ok(Network::Bitcoin),
        [network] => Ok(network),
        _ => Err(Error::new("use only one of -regtest, -signet, -testnet, -testnet4 and -chain")),
    }
}
