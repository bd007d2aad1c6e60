//! Bitcoin Core's programs and a process that has more than they know of.

use std::process::Command;
use std::sync::Arc;

use bitcoin_ipc::interfaces::watch::{AnyChain, SplitInit, WatchingChain};
use bitcoin_ipc::interfaces::{Echo, Init, Rpc};
use bitcoin_ipc::mock::MemoryNode;
use bitcoin_ipc::{ErrorKind, Result};
use futures::executor::block_on;
use mp_runtime::{EventLoop, connect, listen};

use super::node::Node;

pub(crate) fn a_node_knows_of_watching_or_goes_on_without() {
    let node = Node::fresh();
    let init = connect::<dyn SplitInit>(&EventLoop::new("split").expect("a loop"), node.socket());
    let init = init.expect("a connection");
    match init.make_watching_chain() {
        Ok(_) => {
            let chain = init.any_chain().expect("an answer").expect("a chain");
            assert!(matches!(chain, AnyChain::Watching(_)), "the node watches");
            chain.chain().get_height().expect("an answer").expect("a block");
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Unimplemented, "{error}");
            // A released node has no other chain either.
            assert_eq!(init.any_chain().expect_err("an error").kind(), ErrorKind::Unimplemented);
        }
    }
    let echo = init.make_echo().expect("an answer").expect("an echo");
    assert_eq!(block_on(echo.echo("here")), Ok("here".into()));
}

/// A process with RPC, that knows of watching.
struct Process(MemoryNode);

impl Init for Process {
    fn make_echo(&self) -> Result<Option<Arc<dyn Echo>>> {
        Ok(None)
    }

    fn make_rpc(&self) -> Result<Option<Arc<dyn Rpc>>> {
        Ok(self.0.services().rpc)
    }
}

impl SplitInit for Process {
    fn make_watching_chain(&self) -> Result<Option<Arc<dyn WatchingChain>>> {
        Ok(None)
    }
}

pub(crate) fn the_command_line_does_not_notice_watching() {
    let program = std::env::var_os("BITCOIN_CLI").expect("BITCOIN_CLI");
    let node = MemoryNode::new();
    node.mine(7).expect("blocks");
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("node.sock");
    let process: Arc<dyn SplitInit> = Arc::new(Process(node));
    let event_loop = EventLoop::new("split").expect("a loop");
    let _server = listen(&event_loop, &socket, process, None).expect("a server");
    let output = Command::new(program)
        .arg("-regtest")
        .arg(format!("-datadir={}", folder.path().display()))
        .arg(format!("-ipcconnect=unix:{}", socket.display()))
        .arg("getblockcount")
        .output()
        .expect("BITCOIN_CLI names a program that starts");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "7\n");
}
