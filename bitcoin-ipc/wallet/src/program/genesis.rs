//! Whether a node is of our network.
//!
//! In: a node, a network. Out: yes, or the names of both networks.

use bitcoin::Network;
use bitcoin::constants::genesis_block;
use bitcoin_ipc::interfaces::Chain;
use bitcoin_ipc::{Error, Result};

const NETWORKS: [Network; 5] =
    [Network::Bitcoin, Network::Testnet, Network::Testnet4, Network::Signet, Network::Regtest];

/// Compares the node's first block with that of our network.
pub(super) fn check(chain: &dyn Chain, network: Network) -> Result<()> {
    let found = chain.get_block_hash(0)?;
    let first = |network: &Network| genesis_block(network).block_hash();
    if found == first(&network) {
        return Ok(());
    }
    let other = NETWORKS.iter().find(|other| first(other) == found);
    let other = other.map_or_else(|| format!("a network that begins with {found}"), Network::to_string);
    Err(Error::failed(format!(
        "the node is of {other}, and the wallets are of {network}: choose one network for both (-chain)"
    )))
}
