//! JSON-RPC, as Bitcoin Core v32 speaks it.
//!
//! In: requests, from [`Rpc`] or from commands of wallets. Out: responses. Requests run on threads of
//! their own, so that one that takes long holds up nobody.
//!
//! The framework is in `envelope`, `command`, `registry` and `workers`; each other file holds the
//! commands of its name. What there is no command for is answered with "Method not found", and what there was one
//! for until its wallets' process ended, with the words that this is so.

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
mod envelope;
mod fees;
mod generate;
mod header;
mod logging;
mod mempool;
mod mempool_file;
mod mining;
mod network;
mod package;
mod psbt;
mod psbt_analyze;
mod psbt_combine;
mod psbt_decode;
mod psbt_input;
mod psbt_join;
mod psbt_keys;
mod psbt_satisfy;
mod psbt_solve;
mod psbt_update;
mod rate;
mod raw_transaction;
mod registry;
mod scan;
mod scan_blocks;
mod sign;
mod signatures;
mod testing;
mod tx_out_proof;
mod util;
mod workers;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bitcoin_common::json_rpc::arguments::positional;
pub use bitcoin_common::json_rpc::{Answer, Code, RpcError};
use bitcoin_common::json_rpc::{Params, address, amount, construct, error, help, script, transaction, value};
use bitcoin_ipc::interfaces::{Handler, Rpc};
use bitcoin_ipc::types::{Json, JsonRpcRequest, JsonRpcRequestMode, RpcCommand};
use mp_runtime::{Error, Result, ipc_interface};
use serde_json::Value;
use tokio::sync::oneshot;

use command::{Call, Command};
use envelope::{ReplyTo, Request};
use registry::{Asked, Entry, Registry};
use workers::{Job, Workers};

use crate::state::State;
use crate::template::SelectOptions;

/// All commands of the node.
const GROUPS: &[&[Command]] = &[
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
    fees::COMMANDS,
    generate::COMMANDS,
    logging::COMMANDS,
    mempool::COMMANDS,
    mempool_file::COMMANDS,
    mining::COMMANDS,
    network::COMMANDS,
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
    /// Limits of the blocks that are made here.
    pub mining: SelectOptions,
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
            mining: SelectOptions::default(),
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
    running: Mutex<Vec<Running>>,
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

/// A request that is being run.
struct Running {
    method: String,
    since: Instant,
}

/// A JSON-RPC server. Clones are the same server.
#[derive(Clone)]
pub struct RpcServer {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    workers: Workers,
}

impl Drop for Inner {
    /// Ends commands that wait, then waits for all that run.
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RpcServer {
    /// A server that answers every request with an error of code -28 until [`RpcServer::set_ready`].
    ///
    /// # Errors
    ///
    /// The system has no threads to give.
    pub fn new(options: RpcOptions) -> Result<Self> {
        let (threads, queue) = (options.threads.max(1), options.queue.max(1));
        let shared = Arc::new(Shared {
            options,
            registry: Arc::default(),
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
        let run = {
            let shared = shared.clone();
            move |job: &Job| shared.answer(job)
        };
        let workers = Workers::start(threads, queue, run)
            .map_err(|error| Error::failed(format!("no threads for RPC: {error}")))?;
        Ok(RpcServer { inner: Arc::new(Inner { shared, workers }) })
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
        registry::register(&self.inner.shared.registry, command)
    }

    /// Runs one command on this thread, for callers within the process. Parameters are a list or an
    /// object of names.
    ///
    /// # Errors
    ///
    /// As the command says; -28 while the node starts.
    pub fn execute(&self, method: &str, params: impl Into<Json>, uri: &str) -> Answer {
        let to = ReplyTo { id: None, version: bitcoin_ipc::types::JsonRpcVersion::V2 };
        let request = Request { method: method.to_owned(), params: params.into() };
        self.inner.shared.execute(&to, request, &Caller { uri, user: "", wanted: &|| true })
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
        let (reply, receiver) = oneshot::channel();
        let job = Job { request: request.clone(), uri: uri.to_owned(), user: user.to_owned(), reply };
        let refuse = |request: &Json, message: &str| {
            let error = RpcError::new(Code::InternalError, message);
            Ok(envelope::answer(request, |_, _| Err(error.clone())))
        };
        if let Err(job) = self.inner.workers.give(Box::new(job)) {
            return refuse(&job.request, "Work queue depth exceeded");
        }
        match receiver.await {
            Ok(response) => Ok(response),
            Err(_) => refuse(request, "The request could not be answered"),
        }
    }
}

/// Who asks.
struct Caller<'a> {
    uri: &'a str,
    user: &'a str,
    wanted: &'a dyn Fn() -> bool,
}

impl Shared {
    fn answer(&self, job: &Job) -> Value {
        let wanted = || !job.reply.is_closed();
        let caller = Caller { uri: &job.uri, user: &job.user, wanted: &wanted };
        envelope::answer(&job.request, |to, request| self.execute(to, request, &caller))
    }

    fn execute(&self, to: &ReplyTo, request: Request, caller: &Caller<'_>) -> Answer {
        if self.stopping.load(Ordering::Relaxed) {
            return Err(RpcError::new(Code::ClientNotConnected, "Shutting down"));
        }
        let Some(state) = self.state.get() else {
            return Err(RpcError::new(Code::InWarmup, lock(&self.warmup).clone()));
        };
        tracing::debug!(target: "rpc", "method={} user={}", request.method, caller.user);
        let entries = self.registry.entries(&request.method);
        let count = entries.len();
        let mut response = Value::Null;
        for (position, entry) in entries.into_iter().enumerate() {
            let params = match &request.params {
                Json::Object(named) => positional(named, &entry.argument_names())?,
                Json::Array(params) => params.clone(),
                _ => Vec::new(),
            };
            let _running = self.begin(&request.method);
            match entry {
                Entry::Own(command) => {
                    let given = params.len();
                    let params = Params(command.check(params)?);
                    let call = Call { shared: self, state, params, given, wanted: caller.wanted };
                    return (command.run)(&call);
                }
                Entry::Added(command) => {
                    let request = JsonRpcRequest {
                        id: to.id.clone().unwrap_or_default(),
                        method: request.method.clone(),
                        params: Json::Array(params),
                        mode: JsonRpcRequestMode::Execute,
                        uri: caller.uri.to_owned(),
                        auth_user: caller.user.to_owned(),
                        peer_addr: String::new(),
                        version: to.version,
                    };
                    let last = position + 1 == count;
                    match self.registry.ask(&command, request, response, last)? {
                        Asked::Handled(answer) => return Ok(answer),
                        Asked::Left(so_far) => response = so_far,
                    }
                }
            }
        }
        Err(self.registry.unanswered(&request.method))
    }

    /// Notes that a request is being run, until the guard is dropped.
    fn begin(&self, method: &str) -> RunningGuard<'_> {
        let since = Instant::now();
        lock(&self.running).push(Running { method: method.to_owned(), since });
        RunningGuard { running: &self.running, since }
    }
}

struct RunningGuard<'a> {
    running: &'a Mutex<Vec<Running>>,
    since: Instant,
}

impl Drop for RunningGuard<'_> {
    fn drop(&mut self) {
        let mut running = lock(self.running);
        if let Some(place) = running.iter().position(|running| running.since == self.since) {
            running.remove(place);
        }
    }
}
