//! `serve`: a node in memory on a socket, with a monitor beside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bitcoin::hashes::Hash;
use bitcoin::{
    Amount, Network, OutPoint, PubkeyHash, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness,
};
use bitcoin_ipc::client::{Address, default_data_dir, network_dir};
use bitcoin_ipc::mock::MemoryNode;
use bitcoin_ipc::monitor::{SOCKET_NAME, serve_monitor};
use bitcoin_ipc::mp_runtime::EventLoop;
use bitcoin_ipc::mp_runtime::monitor::CallCounts;
use bitcoin_ipc::{Release, Result};
use serde_json::json;

use crate::arguments::{Global, Serve};
use crate::failure::Failure;
use crate::node::Node;
use crate::output::Output;
use crate::progress::progress_bar;

/// How long the sockets may take to go.
const TIDYING: Duration = Duration::from_millis(500);

/// Serves until the future is dropped.
pub(crate) async fn run(
    command: &Serve,
    global: &Global,
    node: &Node,
    output: Output,
) -> Result<(), Failure> {
    let socket = socket(command, global, node)?;
    let monitor_socket = socket.with_file_name(SOCKET_NAME);
    let release = global.release.unwrap_or(Release::V32);
    let memory = MemoryNode::new();
    mine(&memory, command.blocks).await?;
    let mut invented = 0..;
    let mut fill = || {
        let missing = command.transactions;
        invented.by_ref().take(usize::try_from(missing).unwrap_or(usize::MAX)).for_each(|number| {
            memory.add_transaction(transaction(number), Amount::from_sat(1_000 + u64::from(number)));
        });
    };
    fill();

    let event_loop = EventLoop::new("bitcoin-ipc serve")?;
    let counts = Arc::new(CallCounts::default());
    event_loop.set_monitor(counts.clone());
    // On a loop of its own, so that looking at the numbers does not change them.
    let monitor_loop = EventLoop::new("bitcoin-ipc monitor")?;
    let sockets = Sockets(vec![socket.clone(), monitor_socket.clone()]);
    let _sockets = (
        memory.listen(&event_loop, &socket, release)?,
        serve_monitor(&monitor_loop, &monitor_socket, counts)?,
        sockets,
    );

    let human = format!(
        "serving Bitcoin Core {release} at block {}; Ctrl-C ends it\n  bitcoin-ipc --connect unix:{} info\n  \
         bitcoin-ipc top --socket {}",
        memory.tip().height,
        socket.display(),
        monitor_socket.display()
    );
    output.result(human, || {
        json!({ "socket": socket, "monitor": monitor_socket, "release": release.to_string(), "height": memory.tip().height })
    })?;
    let Some(seconds) = command.every else { return std::future::pending().await };
    loop {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        memory.mine(1)?;
        fill();
    }
}

/// Mines so many blocks, and lets others run now and then, such as who waits for Ctrl-C.
async fn mine(memory: &MemoryNode, blocks: u32) -> Result<()> {
    let progress = progress_bar(blocks.into());
    for number in 0..blocks {
        memory.mine(1)?;
        if number.is_multiple_of(64) {
            progress.set_position(number.into());
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}

/// Where to listen, in a directory that is there.
fn socket(command: &Serve, global: &Global, node: &Node) -> Result<PathBuf, Failure> {
    let socket = match (&command.socket, &global.connect) {
        (Some(socket), _) => socket.clone(),
        (None, Some(Address::Path(_))) => node.socket()?,
        (None, _) => {
            let data_dir = match &global.datadir {
                Some(data_dir) => data_dir.clone(),
                None => default_data_dir()?,
            };
            Address::Unix.socket(&network_dir(&data_dir, global.network().unwrap_or(Network::Regtest)))?
        }
    };
    let socket = std::path::absolute(&socket).unwrap_or(socket);
    let directory = socket.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(directory).map_err(|error| {
        Failure::other(
            format!("cannot make the directory {}: {error}", directory.display()),
            "choose another path with --socket",
        )
    })?;
    Ok(socket)
}

/// The files of the sockets, which go when the servers have ended: on their own threads, for which the
/// program has to wait.
struct Sockets(Vec<PathBuf>);

impl Drop for Sockets {
    fn drop(&mut self) {
        let start = std::time::Instant::now();
        while self.0.iter().any(|socket| socket.exists()) && start.elapsed() < TIDYING {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// An invented transaction, each another one.
fn transaction(number: u32) -> Transaction {
    let hash = |text: &str| {
        bitcoin::hashes::sha256d::Hash::hash(format!("{text} {number}").as_bytes()).to_byte_array()
    };
    let owner = PubkeyHash::hash(&hash("owner"));
    Transaction {
        version: bitcoin::transaction::Version::TWO,
        lock_time: bitcoin::absolute::LockTime::ZERO,
        input: vec![TxIn {
            previous_output: OutPoint { txid: Txid::from_byte_array(hash("spent")), vout: number },
            script_sig: ScriptBuf::new(),
            sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
            witness: Witness::from_slice(&[hash("signature")]),
        }],
        output: vec![TxOut {
            value: Amount::from_sat(50_000 + u64::from(number)),
            script_pubkey: ScriptBuf::new_p2pkh(&owner),
        }],
    }
}
