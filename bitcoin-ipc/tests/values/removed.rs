//! Methods that are kept for their place only answer with Bitcoin Core's text.

use std::sync::Arc;

use bitcoin_ipc::mock::MemoryNode;
use bitcoin_ipc::release::v32;
use bitcoin_ipc::types::BlockCreateOptions;
use bitcoin_ipc::{Error, Result};
use mp_runtime::{EventLoop, Origin, connect_stream, ipc_interface, pair, serve_stream};

use crate::vectors::{SIGNED, hex};

/// The first interface as an older client knows it.
#[ipc_interface(file = "init.capnp", file_id = 0xf2c5_cfa3_1940_6aa6, name = "Init", construct)]
trait OldInit: Send + Sync {
    #[ipc(ordinal = 1, name = "makeEcho")]
    fn make_echo(&self) -> Result<()>;
    #[ipc(ordinal = 2, name = "makeMining", no_context)]
    fn make_mining(&self) -> Result<()>;
}

fn refused(error: &Error, text: &str) {
    assert_eq!(error.origin(), Origin::Remote, "{error}");
    assert_eq!(error.text(), text);
}

#[test]
fn the_first_way_to_mining_is_gone() {
    let text = "Old mining interface (@2) not supported. Please update your client!";
    let event_loop = EventLoop::new("old").expect("a loop");
    let services = Arc::new(MemoryNode::new().services());
    let (client, _served) = pair::<dyn v32::Init>(&event_loop, services.clone());
    let call = async { client.make_mining_old2().await };
    refused(&futures::executor::block_on(call).expect_err("an error"), text);
    let (old, server) = std::os::unix::net::UnixStream::pair().expect("sockets");
    let _served = serve_stream::<dyn v32::Init>(&event_loop, server, services);
    let old = connect_stream::<dyn OldInit>(&event_loop, old);
    refused(&old.make_mining().expect_err("an error"), text);
    // The connection goes on.
    assert_eq!(old.make_echo(), Ok(()));
}

#[test]
fn solutions_without_a_reason_are_gone() {
    let event_loop = EventLoop::new("old").expect("a loop");
    let node = MemoryNode::new();
    let (client, _served) = pair::<dyn v32::Init>(&event_loop, Arc::new(node.services()));
    futures::executor::block_on(async {
        let mining = client.make_mining().await.expect("an answer").expect("mining");
        let options = BlockCreateOptions::default();
        let template =
            mining.create_new_block(&options, false).await.expect("an answer").expect("a template");
        let coinbase = bitcoin::consensus::deserialize(&hex(SIGNED)).expect("a transaction");
        let error = template.submit_solution_old7(1, 2, 3, Some(&coinbase)).await.expect_err("an error");
        refused(&error, "Old submitSolution (@7) not supported. Please update your client!");
        template.get_block_header().await.expect("a header");
    });
}
