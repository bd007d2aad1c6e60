//! Processes that know of watching with others that do not.

use std::os::unix::net::UnixStream;
use std::sync::Arc;

use bitcoin_ipc::interfaces::watch::{AnyChain, SplitInit};
use bitcoin_ipc::interfaces::{Chain, Echo, Init, WalletLoader};
use bitcoin_ipc::mock::MemoryNode;
use bitcoin_ipc::release::{Services, v32};
use bitcoin_ipc::types::GlobalArgs;
use bitcoin_ipc::{ErrorKind, Result};
use futures::executor::block_on;
use mp_runtime::{Connection, EventLoop, Interface, Remote, connect_stream, serve_stream};

use crate::peer::Peer;
use crate::script::same;

/// An object served as `S` to a client that knows it as `C`.
fn between<C, S>(object: Arc<S>) -> (Remote<C>, Connection)
where
    C: Interface + ?Sized + 'static,
    S: Interface + ?Sized + 'static,
{
    let (near, far) = UnixStream::pair().expect("sockets");
    let event_loop = EventLoop::new("peers").expect("a loop");
    let served = serve_stream::<S>(&event_loop, far, object);
    (connect_stream::<C>(&event_loop, near), served)
}

#[test]
fn both_know_of_it() {
    let peer = Peer::new();
    let (init, _served) = between::<dyn SplitInit, dyn SplitInit>(Arc::new(peer.clone()));
    let chain = init.any_chain().expect("an answer").expect("a chain");
    assert!(matches!(chain, AnyChain::Watching(_)));
    let chain = chain.chain();
    same!(peer.script, chain.get_height(), Some(7));
}

#[test]
fn a_server_without_it_says_so_and_is_used_as_it_is() {
    let peer = Peer::new();
    let (init, _served) = between::<dyn SplitInit, dyn Init>(Arc::new(peer.clone()));
    let error = init.make_watching_chain().err().expect("an error");
    assert_eq!(error.kind(), ErrorKind::Unimplemented, "{error}");
    let args = GlobalArgs::default();
    let wallet_side = Arc::new(Peer::new());
    let error = init.make_watching_wallet_loader(&args, wallet_side.clone()).err().expect("an error");
    assert_eq!(error.kind(), ErrorKind::Unimplemented, "{error}");
    // The connection goes on.
    let chain = init.any_chain().expect("an answer").expect("a chain");
    assert!(matches!(chain, AnyChain::Plain(_)));
    let chain = chain.chain();
    same!(peer.script, chain.get_height(), Some(7));
    peer.script.expect("make_wallet_loader", format!("{args:?}"), ());
    let loader = init.any_wallet_loader(&args, wallet_side.clone()).expect("an answer").expect("a loader");
    // The loader has the chain that it was given, as one of Bitcoin Core's.
    assert_eq!(loader.register_rpcs(), Ok(()));
    assert_eq!(peer.last_request(), None);
}

/// A node whose chain does not watch, though the process knows of it.
struct Blind(Peer);

impl Init for Blind {
    fn make_echo(&self) -> Result<Option<Arc<dyn Echo>>> {
        self.0.make_echo()
    }

    fn make_chain(&self) -> Result<Option<Box<dyn Chain>>> {
        self.0.make_chain()
    }

    fn make_wallet_loader(
        &self,
        global_args: &GlobalArgs,
        chain: Arc<dyn Chain>,
    ) -> Result<Option<Box<dyn WalletLoader>>> {
        self.0.make_wallet_loader(global_args, chain)
    }
}

impl SplitInit for Blind {}

#[test]
fn a_server_that_knows_of_it_may_have_none() {
    let peer = Peer::new();
    let (init, _served) = between::<dyn SplitInit, dyn SplitInit>(Arc::new(Blind(peer.clone())));
    assert!(init.make_watching_chain().expect("an answer").is_none());
    assert!(matches!(init.any_chain(), Ok(Some(AnyChain::Plain(_)))));
    let args = GlobalArgs::default();
    peer.script.expect("make_wallet_loader", format!("{args:?}"), ());
    assert!(init.any_wallet_loader(&args, Arc::new(Peer::new())).expect("an answer").is_some());
}

#[test]
fn a_client_without_it_does_not_notice() {
    let peer = Peer::new();
    let (init, _served) = between::<dyn Init, dyn SplitInit>(Arc::new(peer.clone()));
    let echo = init.make_echo().expect("an answer").expect("an echo");
    assert_eq!(block_on(echo.echo("here")), Ok("here".into()));
    let chain = init.make_chain().expect("an answer").expect("a chain");
    same!(peer.script, chain.get_height(), Some(7));
    let args = GlobalArgs::default();
    peer.script.expect("make_wallet_loader", format!("{args:?}"), ());
    // It registers commands with our chain, so threads were exchanged.
    let loader = init.make_wallet_loader(&args, Arc::new(Peer::new())).expect("an answer").expect("a loader");
    assert_eq!(loader.register_rpcs(), Ok(()));
}

#[test]
fn a_client_of_the_release_does_not_notice() {
    let (init, _served) = between::<dyn v32::Init, dyn SplitInit>(Arc::new(Peer::new()));
    let echo = block_on(init.make_echo()).expect("an answer").expect("an echo");
    assert_eq!(block_on(echo.echo("here")), Ok("here".into()));
    assert!(block_on(init.make_mining()).expect("an answer").is_some());
    assert!(block_on(init.make_rpc()).expect("an answer").is_some());
}

#[test]
fn a_server_of_the_release_has_no_chain_at_all() {
    let services = Services { echo: Some(Arc::new(MemoryNode::new())), ..Services::default() };
    let (init, _served) = between::<dyn SplitInit, dyn v32::Init>(Arc::new(services));
    let error = init.any_chain().expect_err("an error");
    assert_eq!(error.kind(), ErrorKind::Unimplemented, "{error}");
    let echo = init.make_echo().expect("an answer").expect("an echo");
    assert_eq!(block_on(echo.echo("here")), Ok("here".into()));
}
