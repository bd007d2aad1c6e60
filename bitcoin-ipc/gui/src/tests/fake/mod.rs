//! A node and wallets in memory.
//!
//! In: what a test wants them to have and to do. Out: objects that are called as real ones are, by two connections: the
//! window's to the node, and the node's to its wallets. They count their calls, can be stopped, and can be killed.

mod loader;
mod node;
mod transactions;
mod wallet;
mod wallet_calls;

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use bitcoin_ipc::interfaces::{ChainClient, Echo, Init, Node, WalletLoader};
use mp_runtime::callbacks::News;
use mp_runtime::monitor::CallCounts;
use mp_runtime::{Connection, EventLoop, Result, ipc_interface, pair};

pub(crate) use loader::FakeLoader;
pub(crate) use node::FakeNode;
pub(crate) use transactions::{CHANGE, FEE, of_entry};
pub(crate) use wallet::{FakeWallet, own_script, script};

/// Locks, also after a panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts calls, and holds them up while it is shut.
#[derive(Default)]
pub(crate) struct Gate {
    calls: Mutex<BTreeMap<String, u64>>,
    /// For which methods, all of them if there is no name.
    shut: Mutex<Option<&'static str>>,
    opened: Condvar,
}

impl Gate {
    /// A call comes: it is counted, and waits while the gate is shut.
    pub(crate) fn pass(&self, method: &str) {
        *lock(&self.calls).entry(method.to_owned()).or_default() += 1;
        let shut = lock(&self.shut);
        drop(self.opened.wait_while(shut, |shut| shut.is_some_and(|only| only.is_empty() || only == method)));
    }

    /// Holds up what comes from now on, or lets it go on.
    pub(crate) fn shut(&self, shut: bool) {
        *lock(&self.shut) = shut.then_some("");
        self.opened.notify_all();
    }

    /// Holds up one method.
    pub(crate) fn shut_for(&self, method: &'static str) {
        *lock(&self.shut) = Some(method);
    }

    /// How often a method was called.
    pub(crate) fn count(&self, method: &str) -> u64 {
        lock(&self.calls).get(method).copied().unwrap_or_default()
    }

    /// How many calls there were.
    pub(crate) fn total(&self) -> u64 {
        lock(&self.calls).values().sum()
    }
}

thread_local! {
    static COUNTS: std::cell::RefCell<Option<Arc<CallCounts>>> = const { std::cell::RefCell::new(None) };
}

/// Counts the calls of all nodes in memory that this thread makes from now on.
pub(crate) fn count_calls() -> Arc<CallCounts> {
    let counts = Arc::new(CallCounts::default());
    COUNTS.set(Some(counts.clone()));
    counts
}

/// Implements methods that no test needs.
macro_rules! absent {
    ($(fn $method:ident(&self $(, $argument:ident: $ty:ty)* $(,)?) -> $answer:ty;)*) => {$(
        fn $method(&self $(, $argument: $ty)*) -> bitcoin_ipc::Result<$answer> {
            $(let _ = $argument;)*
            Err(bitcoin_ipc::Error::unimplemented(concat!("the fake has no ", stringify!($method))))
        }
    )*};
}
pub(crate) use absent;

/// A node with its wallets, and the processes that they would be in.
pub(crate) struct World {
    event_loop: EventLoop,
    pub(crate) node: Arc<FakeNode>,
    pub(crate) loader: Arc<FakeLoader>,
    wallets: Mutex<Option<Connection>>,
    windows: Mutex<Vec<Connection>>,
}

/// What the node offers a window.
struct Root(Arc<FakeNode>);

#[ipc_interface]
impl Init for Root {
    fn make_echo(&self) -> Result<Option<Arc<dyn Echo>>> {
        Ok(None)
    }

    fn make_node(&self) -> Result<Option<Box<dyn Node>>> {
        Ok(Some(Box::new(node::Handle(self.0.clone()))))
    }
}

impl World {
    /// A node with these wallets.
    pub(crate) fn new(wallets: Vec<Arc<FakeWallet>>) -> Arc<World> {
        let event_loop = EventLoop::new("fake").expect("a thread");
        if let Some(counts) = COUNTS.with_borrow(Clone::clone) {
            event_loop.set_monitor(counts);
        }
        let loader = Arc::new(FakeLoader::new(wallets));
        let world = Arc::new(World {
            event_loop,
            node: Arc::new(FakeNode::new(loader.clone())),
            loader,
            wallets: Mutex::default(),
            windows: Mutex::default(),
        });
        world.start_wallets();
        world
    }

    /// The node, as a window gets it, and the connection to it.
    pub(crate) fn connect(&self) -> (Arc<dyn Node>, Connection) {
        let (init, served) = pair::<dyn Init>(&self.event_loop, Arc::new(Root(self.node.clone())));
        lock(&self.windows).push(served);
        let node = init.make_node().expect("an answer").expect("a node");
        (node.into(), init.connection().clone())
    }

    /// The node itself, for a window of the same process.
    pub(crate) fn host(&self) -> Arc<dyn Node> {
        Arc::new(node::Handle(self.node.clone()))
    }

    /// Starts the process of the wallets, and tells the windows.
    pub(crate) fn start_wallets(&self) {
        let (remote, served) = pair::<dyn WalletLoader>(&self.event_loop, self.loader.clone());
        *lock(&self.wallets) = Some(served);
        *lock(&self.node.wallets) = Some(remote.object());
        self.node.init_wallet.tell(News::Each, |hear| hear());
        // Wallets load after that.
        for wallet in lock(&self.loader.wallets).values() {
            self.loader.tell_loaded(wallet);
        }
    }

    /// Kills the process of the wallets. Encrypted ones are locked when they come back.
    pub(crate) fn kill_wallets(&self) {
        *lock(&self.node.wallets) = None;
        if let Some(connection) = lock(&self.wallets).take() {
            connection.close();
        }
        for wallet in lock(&self.loader.wallets).values() {
            wallet.end();
        }
    }

    /// Kills the node, as far as its windows can tell.
    pub(crate) fn kill_node(&self) {
        for connection in lock(&self.windows).drain(..) {
            connection.close();
        }
    }
}

/// Something that is started and stopped with the node, as far as a fake is.
impl ChainClient for FakeLoader {
    absent! {
        fn register_rpcs(&self) -> ();
        fn verify(&self) -> bool;
        fn load(&self) -> bool;
        fn start(&self, scheduler: ()) -> ();
        fn stop(&self) -> ();
        fn set_mock_time(&self, time: i64) -> ();
        fn scheduler_mock_forward(&self, delta_seconds: std::time::Duration) -> ();
    }
}
