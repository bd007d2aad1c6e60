//! Wallets that attach themselves to a node.

use std::sync::{Arc, Condvar, Mutex};

use bitcoin_ipc::Result;
use bitcoin_ipc::interfaces::{Chain, Echo, Init};
use bitcoin_ipc::mp_runtime::{EventLoop, ipc_interface, listen};

use crate::chain::{TestChain, elsewhere};
use crate::process::{Running, printed, run};
use crate::{PATIENCE, TestNode, eventually};

#[test]
fn a_wallet_may_be_there_before_its_node_and_after_it() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), TestChain::default());
    for name in ["of_the_node", "own"] {
        printed(&run(folder.path(), &[&format!("-wallet={name}"), "create"]));
    }
    chain.settings().insert("wallet".into(), ["of_the_node", "missing"].as_slice().into());
    chain.mine(3, &elsewhere());

    let wallet = Running::start(folder.path(), &["-wallet=own"]);
    let socket = folder.path().join("regtest/node.sock");
    let waits = format!("Waiting for a node at unix:{}: there is no socket.", socket.display());
    wallet.wait_for_log(&waits, 1);

    let event_loop = EventLoop::new("node").unwrap();
    let node = TestNode::listen(Some(&chain), &event_loop, folder.path());
    wallet.wait_for_log("Attached to the node at unix:", 1);
    assert_eq!(chain.listeners(), 2);
    assert_eq!(wallet.log().matches("Skipping -wallet path that doesn't exist.").count(), 1);

    node.close(PATIENCE).unwrap();
    let gone =
        format!("The node has gone: its connection is closed; waiting for it at unix:{}.", socket.display());
    wallet.wait_for_log(&gone, 1);
    eventually("the node is rid of the wallets", || chain.listeners() == 0);
    chain.mine(2, &elsewhere());

    // Something else at the same place is waited out.
    let other = TestNode::listen(None, &event_loop, folder.path());
    wallet.wait_for_log("offers no chain to wallets (makeChain)", 1);
    other.close(PATIENCE).unwrap();

    let node = TestNode::listen(Some(&chain), &event_loop, folder.path());
    wallet.wait_for_log("Attached again to the node at unix:", 1);
    assert_eq!(chain.listeners(), 2);
    chain.mine(1, &elsewhere());
    wallet.stop();
    assert_eq!(chain.listeners(), 0, "the wallets said goodbye");
    assert_eq!(node.accepted(), 1);

    let tip = chain.state().blocks[6].block_hash();
    for name in ["of_the_node", "own"] {
        let info = printed(&run(folder.path(), &[&format!("-wallet={name}"), "info"]));
        assert!(info.ends_with(&format!("\nLast block: 6, {tip}\n")), "{info}");
    }
}

#[test]
fn two_processes_with_directories_of_their_own_share_a_node() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), TestChain::default());
    let event_loop = EventLoop::new("node").unwrap();
    let node = TestNode::listen(Some(&chain), &event_loop, folder.path());
    let start = |name: &str| {
        let place = folder.path().join(name);
        std::fs::create_dir(&place).unwrap();
        let walletdir = format!("-walletdir={}", place.display());
        printed(&run(folder.path(), &[&walletdir, "-wallet=w", "create"]));
        Running::start(folder.path(), &[&walletdir, "-wallet=w", &format!("-debuglogfile={name}.log")])
    };
    let (one, two) = (start("one"), start("two"));
    eventually("both follow", || chain.listeners() == 2);
    assert_eq!(node.connections(), 2);
    drop(one);
    eventually("the node is rid of the one that was killed", || chain.listeners() == 1);
    drop(two);
}

/// A node that takes its time, until it is told not to.
#[derive(Default)]
struct Slow(Arc<(Mutex<bool>, Condvar)>);

#[ipc_interface]
impl Init for Slow {
    fn make_echo(&self) -> Result<Option<Arc<dyn Echo>>> {
        Ok(None)
    }

    fn make_chain(&self) -> Result<Option<Box<dyn Chain>>> {
        let (done, changed) = &*self.0;
        drop(changed.wait_while(done.lock().unwrap(), |done| !*done).unwrap());
        Ok(None)
    }
}

#[test]
fn a_node_that_does_not_answer_does_not_keep_it_from_ending() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("regtest")).unwrap();
    let event_loop = EventLoop::new("node").unwrap();
    let slow = Slow::default();
    let answer = slow.0.clone();
    let node: Arc<dyn Init> = Arc::new(slow);
    let node = listen(&event_loop, folder.path().join("slow.sock"), node, None).unwrap();
    let connect = format!("-ipcconnect=unix:{}", folder.path().join("slow.sock").display());
    let wallet = Running::start(folder.path(), &[&connect]);
    eventually("it asks", || node.accepted() == 1);
    wallet.stop();
    *answer.0.lock().unwrap() = true;
    answer.1.notify_all();
}
