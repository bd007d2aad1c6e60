//! `info`: the node at a glance.

use serde_json::json;

use crate::failure::Failure;
use crate::node::Node;
use crate::output::Output;
use crate::progress::waiting;
use crate::table::Fields;

/// Asks the node about itself and prints it.
pub(crate) async fn run(node: &Node, output: Output) -> Result<(), Failure> {
    let socket = node.socket()?;
    let client = node.client().await?;
    let mining = client.mining();
    let release = waiting("asking the node for its release", client.release()).await?;
    let (test, ibd, tip) = waiting("asking the node for its highest block", async {
        tokio::try_join!(mining.is_test_chain(), mining.is_initial_block_download(), mining.get_tip())
    })
    .await?;
    let chain = node.network().await?.map(bitcoin::Network::to_core_arg);
    let name = match (chain, test) {
        (Some(chain), _) => chain,
        (None, true) => "one for tests",
        (None, false) => "main",
    };
    let peer = client.peer();
    let human = Fields::default()
        .with("release", release)
        .with("chain", name)
        .with("downloading", if ibd { "yes (initial block download)" } else { "no" })
        .with(
            "highest block",
            tip.map_or("none yet, the node loads its chain".into(), |tip| {
                format!("{} {}", tip.height, tip.hash)
            }),
        )
        .with("socket", socket.display())
        .with(
            "connections",
            format!("{}, {}", client.connections(), if client.is_connected() { "open" } else { "lost" }),
        )
        .with(
            "served by",
            peer.map_or("nobody now".into(), |peer| {
                let process = peer.pid.map_or("a process that is not to be seen from here".into(), |pid| {
                    format!("process {pid}")
                });
                format!("{process} of user {}, group {}", peer.uid, peer.gid)
            }),
        );
    output.result(human, || {
        json!({
            "release": release.to_string(),
            "chain": chain,
            "test_chain": test,
            "initial_block_download": ibd,
            "tip": tip.map(|tip| json!({ "height": tip.height, "hash": tip.hash })),
            "socket": socket,
            "peer": peer.map(|peer| json!({ "uid": peer.uid, "gid": peer.gid, "pid": peer.pid })),
            "connections": client.connections(),
            "connected": client.is_connected(),
        })
    })
}
