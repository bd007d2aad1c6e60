//! ChainClient: what a node asks of a wallet process, by way of its loader.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use bitcoin_ipc::Result;
use bitcoin_ipc::interfaces::{Chain, ChainClient, Handler, WalletLoader};
use mp_runtime::monitor::Side;

use crate::ends::Ends;
use crate::peer::Peer;
use crate::rpc_command::command;
use crate::script::{played, same};

/// A wallet process: it uses a chain and registers commands with it.
pub(crate) struct Loader {
    peer: Peer,
    chain: Arc<dyn Chain>,
    commands: Mutex<Vec<Box<dyn Handler>>>,
}

impl Loader {
    pub(crate) fn new(peer: Peer, chain: Arc<dyn Chain>) -> Self {
        Loader { peer, chain, commands: Mutex::default() }
    }
}

impl std::ops::Deref for Loader {
    type Target = Peer;

    fn deref(&self) -> &Peer {
        &self.peer
    }
}

impl ChainClient for Loader {
    fn register_rpcs(&self) -> Result<()> {
        let (say, hear) = mpsc::channel();
        self.peer.listen(hear);
        for (name, id) in [("getbalance", 1), ("getbalance", 2), ("send", 3)] {
            let handler = self.chain.handle_rpc(command(name, id, say.clone()))?;
            self.commands.lock().expect("a lock").push(handler);
        }
        Ok(())
    }

    played! {
        fn verify(&self) -> bool;
        fn load(&self) -> bool;
        fn start(&self, scheduler: ()) -> ();
        fn stop(&self) -> ();
        fn set_mock_time(&self, time: i64) -> ();
        fn scheduler_mock_forward(&self, delta_seconds: Duration) -> ();
    }
}

pub(crate) fn a_loader_is_a_client_of_the_chain_and_is_destroyed_once(ends: &Ends) {
    let script = &ends.peer.script;
    let destroyed = || {
        let counts = ends.counts.snapshot();
        let of_loaders = counts.iter().filter(|count| {
            count.side == Side::Server && count.method == "destroy" && count.interface == "ChainClient"
        });
        of_loaders.map(|count| count.calls).sum::<u64>()
    };
    let before = destroyed();
    let loader: Arc<dyn WalletLoader> = ends.loader(Arc::new(ends.peer.clone()));
    let client: Arc<dyn ChainClient> = loader.clone();
    assert_eq!(client.register_rpcs(), Ok(()));
    same!(script, client.verify(), true);
    same!(script, client.load(), true);
    same!(script, client.start(()), ());
    for time in [0, 1_700_000_000, i64::MAX] {
        same!(script, client.set_mock_time(time), ());
    }
    // Whole seconds travel.
    for (sent, arrives) in [(Duration::from_millis(90_999), 90), (Duration::from_secs(3600), 3600)] {
        script.expect("scheduler_mock_forward", format!("({:?},)", Duration::from_secs(arrives)), ());
        assert_eq!(client.scheduler_mock_forward(sent), Ok(()));
    }
    same!(script, client.stop(), ());
    drop(loader);
    same!(script, client.verify(), false);
    assert_eq!(destroyed(), before, "it is still in use");
    drop(client);
    assert_eq!(destroyed(), before + 1);
}
