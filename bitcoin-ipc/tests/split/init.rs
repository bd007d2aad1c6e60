//! Init: the objects of a process, those that it does not have, and what a wallet process is given.

use std::collections::BTreeMap;
use std::sync::Arc;

use bitcoin_ipc::Result;
use bitcoin_ipc::interfaces::{Echo, Init};
use bitcoin_ipc::mock::MemoryNode;
use bitcoin_ipc::types::{GlobalArgs, Settings};
use mp_runtime::{ErrorKind, EventLoop, pair};
use serde_json::json;

use crate::ends::Ends;
use crate::peer::Peer;

pub(crate) fn the_first_interface_gives_the_others(ends: &Ends) {
    let echo = ends.init.make_echo().expect("an answer").expect("an echo");
    assert_eq!(futures::executor::block_on(echo.echo("here")), Ok("here".into()));
    assert!(ends.init.make_mining().expect("an answer").is_some());
    assert!(ends.init.make_rpc().expect("an answer").is_some());
    assert!(ends.init.make_chain().expect("an answer").is_some());
    assert!(ends.init.make_node().expect("an answer").is_some());
    let error = ends.init.make_mining_old2().expect_err("an error");
    assert_eq!(error.text(), "Old mining interface (@2) not supported. Please update your client!");
}

fn named<T>(name: &str, value: T) -> BTreeMap<String, T> {
    BTreeMap::from([(name.to_owned(), value)])
}

pub(crate) fn settings_reach_the_wallet_process(ends: &Ends) {
    let settings = Settings {
        forced_settings: named("server", json!(false)),
        command_line_options: named("wallet", vec![json!("hot"), json!("cold")]),
        rw_settings: named("prune", json!("550")),
        ro_config: named("regtest", named("rpcport", vec![json!(18443)])),
    };
    let args = GlobalArgs { settings, config_path: "/etc/bitcoin/bitcoin.conf".into() };
    ends.peer.script.expect("make_wallet_loader", format!("{args:?}"), ());
    let chain = Arc::new(Peer::new());
    assert!(ends.init.make_wallet_loader(&args, chain).expect("an answer").is_some());
}

/// A process that offers nothing.
struct Nobody;

impl Init for Nobody {
    fn make_echo(&self) -> Result<Option<Arc<dyn Echo>>> {
        Ok(None)
    }
}

#[test]
fn what_a_process_does_not_have_is_none() {
    let event_loop = EventLoop::new("split").expect("a loop");
    let (init, _served) = pair::<dyn Init>(&event_loop, Arc::new(Nobody));
    assert!(init.make_echo().expect("an answer").is_none());
    assert!(init.make_mining().expect("an answer").is_none());
    assert!(init.make_rpc().expect("an answer").is_none());
    assert!(init.make_chain().expect("an answer").is_none());
    assert!(init.make_node().expect("an answer").is_none());
    let chain = Arc::new(Peer::new());
    assert!(init.make_wallet_loader(&GlobalArgs::default(), chain).expect("an answer").is_none());
    assert_eq!(init.make_mining_old2().expect_err("an error").kind(), ErrorKind::Failed);
}

#[test]
fn a_first_interface_without_the_split_does_not_know_it() {
    use bitcoin_ipc::release::{Services, v32};
    let event_loop = EventLoop::new("split").expect("a loop");
    let (client, server) = std::os::unix::net::UnixStream::pair().expect("sockets");
    let services = Services { echo: Some(Arc::new(MemoryNode::new())), ..Services::default() };
    let _served = mp_runtime::serve_stream::<dyn v32::Init>(&event_loop, server, Arc::new(services));
    let init = mp_runtime::connect_stream::<dyn Init>(&event_loop, client);
    assert!(init.make_echo().expect("an answer").is_some());
    assert_eq!(init.make_chain().err().expect("an error").kind(), ErrorKind::Unimplemented);
    assert_eq!(init.make_node().err().expect("an error").kind(), ErrorKind::Unimplemented);
}
