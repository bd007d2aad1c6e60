//! Those whom a node is connected to.
//!
//! In: what the node tells of them. Out: the same, as far as it is shown. Nodes of this project have none.

use crate::text::words::mark;
use bitcoin_ipc::types::{NetAddr, SubNet};

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// What the node calls it.
    pub(crate) id: i64,
    /// Its address as it was asked for.
    pub(crate) name: String,
    /// The address, which can be kept away.
    pub(crate) address: NetAddr,
    /// The program that it says it is.
    pub(crate) program: String,
    /// Whether it opened the connection.
    pub(crate) inbound: bool,
    /// When the connection was opened, in seconds since 1970.
    pub(crate) since: i64,
    /// Bytes sent to it.
    pub(crate) sent: u64,
    /// Bytes received from it.
    pub(crate) received: u64,
    /// How long the last ping took, in microseconds; 0 before there was one.
    pub(crate) ping: i64,
    /// The height of its chain when it connected.
    pub(crate) height: i32,
}

/// Addresses that the node does not connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ban {
    /// Which ones.
    pub(crate) of: SubNet,
    /// Until when, in seconds since 1970.
    pub(crate) until: i64,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Peers {
    /// Those who are connected, in the order of their numbers.
    pub(crate) peers: Vec<Peer>,
    /// Those who are kept away.
    pub(crate) bans: Vec<Ban>,
    /// Bytes sent to all since the start.
    pub(crate) sent: u64,
    /// Bytes received from all since the start.
    pub(crate) received: u64,
    /// Whether the network is switched on.
    pub(crate) active: bool,
}

impl Peers {
    /// Whether there is nobody, and nobody is kept away.
    pub(crate) fn is_empty(&self) -> bool {
        self.peers.is_empty() && self.bans.is_empty()
    }
}

/// For how long somebody is kept away, and how long that is in seconds, as in Bitcoin Core.
pub(crate) const BANS: [(&str, i64); 4] = [
    (mark!("an hour"), 3_600),
    (mark!("a day"), 86_400),
    (mark!("a week"), 7 * 86_400),
    (mark!("a year"), 365 * 86_400),
];
