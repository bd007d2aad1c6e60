//! JSON-RPC, as Bitcoin Core v32 speaks it.
//!
//! In: requests, from [`Rpc`] or from commands of wallets. Out: responses. Requests run on threads of
//! their own, so that one that takes long holds up nobody; those that wait need none.
//!
//! The framework is in `serve`, `command`, `registry` and `guests`; each other file holds the
//! commands of its name. What there is no command for is answered with "Method not found", and what there was one
//! for until its wallets' process ended, with the words that this is so.

mod absent;
mod activity;
mod block_stats;
mod block_template;
mod blockchain;
mod blocks;
mod chain_states;
mod chain_tips;
mod coins;
mod command;
mod control;
mod decode;
mod deployments;
mod descriptor;
mod dump_coins;
mod fees;
mod generate;
mod guests;
mod header;
mod logging;
mod mempool;
mod mempool_file;
mod mining;
mod mu_hash;
mod network;
mod open_rpc;
mod package;
mod psbt;
mod psbt_analyze;
mod psbt_combine;
mod psbt_decode;
mod psbt_join;
mod psbt_update;
mod rate;
mod raw_transaction;
mod registry;
mod scan;
mod scan_blocks;
mod serve;
mod sign;
mod testing;
mod tx_out_proof;
mod util;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bitcoin_init::shutdown::Shutdown;
use bitcoin_ipc::interfaces::{Handler, Rpc, RpcCommand};
use bitcoin_ipc::types::Json;
pub use bitcoin_rpc::{Answer, Code, RpcError};
use bitcoin_rpc::{Params, address, amount, construct, error, help, script, transaction, value};
use mp_runtime::{Result, ipc_interface};
use serde_json::Value;

use bitcoin_rpc::envelope::Request;
use command::Command;
use guests::Guests;
pub(crate) use guests::Peer;
use registry::Registry;
use serve::{Caller, Running};

use crate::state::State;
use crate::template::SelectOptions;
use bitcoin_rpc::pool::Pool;

/// All commands of the node.
const GROUPS: &[&[Command]] = &[
    absent::COMMANDS,
    activity::COMMANDS,
    block_stats::COMMANDS,
    block_template::COMMANDS,
    blockchain::COMMANDS,
    blocks::COMMANDS,
    chain_states::COMMANDS,
    chain_tips::COMMANDS,
    coins::COMMANDS,
    control::COMMANDS,
    decode::COMMANDS,
    deployments::COMMANDS,
    descriptor::COMMANDS,
    dump_coins::COMMANDS,
    fees::COMMANDS,
    generate::COMMANDS,
    logging::COMMANDS,
    mempool::COMMANDS,
    mempool_file::COMMANDS,
    mining::COMMANDS,
    network::COMMANDS,
    open_rpc::COMMANDS,
    package::COMMANDS,
    psbt::COMMANDS,
    psbt_analyze::COMMANDS,
    psbt_combine::COMMANDS,
    psbt_decode::COMMANDS,
    psbt_join::COMMANDS,
    psbt_update::COMMANDS,
    raw_transaction::COMMANDS,
    scan_blocks::COMMANDS,
    sign::COMMANDS,
    testing::COMMANDS,
    tx_out_proof::COMMANDS,
    util::COMMANDS,
];

/// What a server is like.
#[derive(Clone, Debug)]
pub struct RpcOptions {
    /// Requests that run at once: `-rpcthreads`.
    pub threads: usize,
    /// Requests that may wait for a thread: `-rpcworkqueue`.
    pub queue: usize,
    /// The log file, which `getrpcinfo` names.
    pub log_file: PathBuf,
    /// The network's directory, whose files `getblockchaininfo` measures.
    pub directory: PathBuf,
    /// What answers show although it is deprecated: `-deprecatedrpc`.
    pub deprecated: Vec<String>,
    /// Limits of the blocks that are made here.
    pub mining: SelectOptions,
    /// What `stop` sets, besides that of the node once there is one.
    pub shutdown: Shutdown,
    /// How long a process that has added commands may give no sign of life before those who wait for it
    /// are told so.
    pub patience: Duration,
}

impl RpcOptions {
    /// Bitcoin Core's defaults, for a network's directory.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        let directory = directory.into();
        RpcOptions {
            threads: 16,
            queue: 64,
            log_file: directory.join("debug.log"),
            directory,
            deprecated: Vec::new(),
            mining: SelectOptions::default(),
            shutdown: Shutdown::new(),
            patience: serve::PATIENCE,
        }
    }
}

/// What all requests share.
struct Shared {
    options: RpcOptions,
    registry: Arc<Registry>,
    state: OnceLock<Arc<State>>,
    /// What is being done before the first request can be answered.
    warmup: Mutex<String>,
    started: Instant,
    running: Mutex<BTreeMap<u64, Running>>,
    workers: Pool,
    guests: Guests,
    stopping: AtomicBool,
    /// Told when a test sets the clock.
    mock_time: Mutex<Option<MockTimeFn>>,
    /// Told when a test wants what is due later.
    mock_forward: Mutex<Option<MockForwardFn>>,
    /// Echoes through another process.
    echo: Mutex<Option<EchoFn>>,
    block_scan: scan::Progress,
    coin_scan: scan::Progress,
}

/// Passes on a clock that was set, in seconds since 1970; 0 is the real time.
pub type MockTimeFn = Box<dyn Fn(i64) + Send + Sync>;

/// Has schedulers go forward by so much.
pub type MockForwardFn = Box<dyn Fn(Duration) + Send + Sync>;

/// Gives back a text, by way of another process.
pub type EchoFn = Box<dyn Fn(&str) -> Result<String> + Send + Sync>;

/// A JSON-RPC server. Clones are the same server.
#[derive(Clone)]
pub struct RpcServer {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
}

impl Drop for Inner {
    /// Ends commands that wait.
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RpcServer {
    /// A server that answers requests that need the node with an error of code -28 until
    /// [`RpcServer::set_ready`].
    #[must_use]
    pub fn new(options: RpcOptions) -> Self {
        let (threads, queue, patience) = (options.threads.max(1), options.queue.max(1), options.patience);
        let registry = Arc::<Registry>::default();
        let shared = Arc::new(Shared {
            options,
            workers: Pool::new("rpc", threads, queue),
            guests: Guests::new(registry.clone(), queue, patience),
            registry,
            state: OnceLock::new(),
            warmup: Mutex::new("RPC server started".to_owned()),
            started: Instant::now(),
            running: Mutex::default(),
            stopping: AtomicBool::new(false),
            mock_time: Mutex::default(),
            mock_forward: Mutex::default(),
            echo: Mutex::default(),
            block_scan: scan::Progress::default(),
            coin_scan: scan::Progress::default(),
        });
        RpcServer { inner: Arc::new(Inner { shared }) }
    }

    /// What requests are told until the node is ready, such as `Loading block index…`.
    pub fn set_warmup(&self, status: &str) {
        status.clone_into(&mut lock(&self.inner.shared.warmup));
    }

    /// From now on requests are answered, from this node. Further calls change nothing.
    pub fn set_ready(&self, state: Arc<State>) {
        let _ = self.inner.shared.state.set(state);
    }

    /// Has `setmocktime` tell others too, such as wallets.
    pub fn on_mock_time(&self, tell: MockTimeFn) {
        *lock(&self.inner.shared.mock_time) = Some(tell);
    }

    /// Has `mockscheduler` tell those who have something to do later, such as wallets.
    pub fn on_mock_forward(&self, tell: MockForwardFn) {
        *lock(&self.inner.shared.mock_forward) = Some(tell);
    }

    /// Has `echoipc` use another process.
    pub fn on_echo(&self, echo: EchoFn) {
        *lock(&self.inner.shared.echo) = Some(echo);
    }

    /// Ends commands that wait for something, and answers no more requests.
    pub fn stop(&self) {
        self.inner.shared.stopping.store(true, Ordering::Relaxed);
    }

    /// Adds a command, until the handler is dropped or disconnected. Those of one name are asked in
    /// the order in which they came, until one handles the request.
    #[must_use = "the command is removed when the handler is dropped"]
    pub fn register(&self, command: RpcCommand) -> Box<dyn Handler> {
        self.register_for(&Arc::default(), command)
    }

    /// As [`RpcServer::register`], for a process that adds several.
    #[must_use = "the command is removed when the handler is dropped"]
    pub(crate) fn register_for(&self, peer: &Arc<Peer>, command: RpcCommand) -> Box<dyn Handler> {
        registry::register(&self.inner.shared.registry, peer, command)
    }

    /// Runs one command on this thread, for callers within the process. Parameters are a list or an
    /// object of names.
    ///
    /// # Errors
    ///
    /// As the command says; -28 while the node starts.
    pub fn execute(&self, method: &str, params: impl Into<Json>, uri: &str) -> Answer {
        let request = Request { method: method.to_owned(), params: params.into() };
        self.inner.shared.run_here(&request, Caller { uri, user: "" })
    }

    /// The names of all commands.
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        self.inner.shared.registry.names()
    }
}

#[ipc_interface]
impl Rpc for RpcServer {
    async fn execute_rpc(&self, request: &Json, uri: &str, user: &str) -> Result<Value> {
        Ok(self.inner.shared.serve(request, Caller { uri, user }).await)
    }
}
