//! Those whom a node is connected to.
//!
//! In: a node. Out: its peers and bans; and what the user wants of them, done.

use bitcoin_ipc::types::NodeStats;
use mp_runtime::{ErrorKind, within};

use super::{Held, NODE_PATIENCE};
use crate::engine::{Failure, PeerCommand};
use crate::model::peers::{Ban, Peer, Peers};
use crate::text::words::mark;

/// Asks for all of them. A node that knows no network has none.
pub(super) fn read(held: &Held) -> Result<Peers, Failure> {
    let node = held.node()?;
    let asked: mp_runtime::Result<Peers> = within(NODE_PATIENCE, || {
        let peers: Vec<Peer> = node.get_nodes_stats()?.unwrap_or_default().iter().map(peer).collect();
        let bans = node.get_banned()?.unwrap_or_default();
        let bans = bans.0.into_iter().map(|(of, ban)| Ban { of, until: ban.banned_until });
        let mut found = Peers { peers, bans: bans.collect(), ..Peers::default() };
        // Without anybody nobody sees the rest.
        if !found.is_empty() {
            found.sent = node.get_total_bytes_sent()?.try_into().unwrap_or_default();
            found.received = node.get_total_bytes_recv()?.try_into().unwrap_or_default();
            found.active = node.get_network_active()?;
        }
        found.peers.sort_by_key(|peer| peer.id);
        Ok(found)
    });
    match asked {
        Err(error) if error.kind() == ErrorKind::Unimplemented => Ok(Peers::default()),
        asked => asked.map_err(|error| held.failure(&error)),
    }
}

/// More seconds than these are no time of day, but one in nanoseconds.
const NANOSECONDS: i64 = 100_000_000_000_000;

fn peer(stats: &NodeStats) -> Peer {
    // Nodes since April 2026 tell nanoseconds; those before told seconds, and of pings microseconds.
    let nanoseconds = stats.time_connected >= NANOSECONDS;
    let (since, ping) = match nanoseconds {
        true => (stats.time_connected / 1_000_000_000, stats.ping_time / 1_000),
        false => (stats.time_connected, stats.ping_time),
    };
    Peer {
        id: stats.nodeid,
        name: stats.addr_name.clone(),
        address: stats.addr.service.address,
        program: stats.clean_sub_ver.clone(),
        inbound: stats.inbound,
        since,
        sent: stats.send_bytes,
        received: stats.recv_bytes,
        ping,
        height: stats.starting_height,
    }
}

/// Does what the user wants, and says what came of it.
pub(super) fn perform(held: &Held, command: PeerCommand) -> Result<String, Failure> {
    let node = held.node()?;
    let call = |call: &dyn Fn() -> mp_runtime::Result<bool>| {
        within(NODE_PATIENCE, call).map_err(|error| held.failure(&error))
    };
    let (done, well, badly) = match command {
        PeerCommand::Disconnect(id) => (
            call(&|| node.disconnect_by_id(id))?,
            mark!("The connection is ended."),
            mark!("There is no such connection any more."),
        ),
        PeerCommand::Ban(address, seconds) => {
            let banned = call(&|| node.ban(address, seconds))?;
            if banned {
                // As in Bitcoin Core, whoever is kept away is not left connected.
                call(&|| node.disconnect_by_address(address))?;
            }
            (banned, mark!("The address is kept away."), mark!("The address cannot be kept away now."))
        }
        PeerCommand::Unban(subnet) => {
            (call(&|| node.unban(subnet))?, mark!("It is kept away no more."), mark!("It was not kept away."))
        }
        PeerCommand::Network(active) => {
            let text = if active {
                mark!("The network is switched on.")
            } else {
                mark!("The network is switched off.")
            };
            (call(&|| node.set_network_active(active).map(|()| true))?, text, "")
        }
    };
    if done { Ok(well.to_owned()) } else { Err(Failure::refused(badly)) }
}
