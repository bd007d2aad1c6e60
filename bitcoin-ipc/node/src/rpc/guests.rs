//! Commands that others have added, which run in their process: that of the wallets.
//!
//! In: requests. Out: answers, each from a thread that waits for the other process; no worker does. A
//! process that hangs is noticed, because it is asked for a help text meanwhile, which takes no time: those
//! who wait for it are told so, and so is at once whoever asks it later, until it answers again.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use bitcoin_ipc::interfaces::RpcCommand;
use bitcoin_ipc::types::{Json, JsonRpcRequest, JsonRpcRequestMode, JsonRpcVersion};
use serde_json::Value;
use tokio::sync::oneshot;

use super::error::{Answer, Code, RpcError};
use super::registry::{Asked, Registry};
use bitcoin_rpc::pool::Pool;

/// The most calls of other processes at once.
const MOST: usize = 64;
/// How long a call lasts before anybody doubts that the process lives.
const DOUBT: Duration = Duration::from_secs(2);
/// How often whoever watches looks, and how long it stays without anything to watch.
const LOOK: Duration = Duration::from_millis(100);
const STAY: Duration = Duration::from_secs(10);

/// A command that a process has added.
pub(super) struct Guest {
    pub(super) command: RpcCommand,
    pub(super) peer: Arc<Peer>,
}

/// A process, or what else adds commands.
#[derive(Default)]
pub(crate) struct Peer(Mutex<Calls>);

#[derive(Default)]
struct Calls {
    waiting: BTreeMap<u64, Waiting>,
    number: u64,
    /// Since when it has been asked whether it lives, without an answer yet.
    asked: Option<Instant>,
}

struct Waiting {
    since: Instant,
    guest: Weak<Guest>,
    reply: oneshot::Sender<Answer<Asked>>,
}

/// What asks other processes.
pub(super) struct Guests {
    pool: Pool,
    registry: Arc<Registry>,
    watch: Arc<Watch>,
}

struct Watch {
    patience: Duration,
    state: Mutex<Watched>,
    changed: Condvar,
}

#[derive(Default)]
struct Watched {
    /// Those that have calls.
    peers: Vec<Weak<Peer>>,
    /// Whether a thread watches them.
    running: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn silent(patience: Duration) -> RpcError {
    let seconds = patience.as_secs_f32();
    let text = format!(
        "The wallet process has not answered for {seconds} s. It may hang, or be stopped; what it was asked \
         before may still be done"
    );
    RpcError::new(Code::WalletError, text)
}

impl Peer {
    /// Whether it has been asked whether it lives, and has not answered for so long.
    fn is_silent(&self, patience: Duration) -> bool {
        lock(&self.0).asked.is_some_and(|since| since.elapsed() >= patience)
    }

    /// Notes a call, and gives its number.
    fn begin(&self, guest: &Arc<Guest>, reply: oneshot::Sender<Answer<Asked>>) -> u64 {
        let mut calls = lock(&self.0);
        calls.number += 1;
        let number = calls.number;
        let waiting = Waiting { since: Instant::now(), guest: Arc::downgrade(guest), reply };
        calls.waiting.insert(number, waiting);
        number
    }

    /// Whether anybody waits for a call's answer.
    fn is_wanted(&self, number: u64) -> bool {
        lock(&self.0).waiting.get(&number).is_some_and(|call| !call.reply.is_closed())
    }

    /// Answers a call, if nobody has answered it.
    fn end(&self, number: u64, answer: Answer<Asked>) {
        let waiting = lock(&self.0).waiting.remove(&number);
        if let Some(waiting) = waiting {
            // Nobody may be left to take it.
            let _ = waiting.reply.send(answer);
        }
    }

    /// Doubts a process that lets callers wait, and answers in its place once it has been silent for long.
    /// Gives whether anybody waits for it.
    fn look(self: &Arc<Self>, patience: Duration) -> bool {
        let mut calls = lock(&self.0);
        let oldest = calls.waiting.values().next();
        let Some((since, guest)) = oldest.map(|call| (call.since, call.guest.clone())) else {
            return false;
        };
        match calls.asked {
            Some(since) if since.elapsed() >= patience => {
                let waiting = std::mem::take(&mut calls.waiting);
                drop(calls);
                tracing::warn!(
                    target: "rpc",
                    "The wallet process does not answer; {} calls are given up.", waiting.len()
                );
                for call in waiting.into_values() {
                    let _ = call.reply.send(Err(silent(patience)));
                }
                false
            }
            Some(_) => true,
            None => {
                if since.elapsed() >= DOUBT.min(patience)
                    && let Some(guest) = guest.upgrade()
                {
                    calls.asked = Some(Instant::now());
                    drop(calls);
                    self.ask_for_a_sign(guest);
                }
                true
            }
        }
    }

    /// Asks for a help text, on a thread that waits for it as long as it takes.
    fn ask_for_a_sign(self: &Arc<Self>, guest: Arc<Guest>) {
        let peer = self.clone();
        let thread = std::thread::Builder::new().name("rpc-sign".to_owned()).spawn(move || {
            let _sign = Sign(peer);
            // Whatever it says, it is there; or it is gone, which its callers hear by themselves.
            let request = bare(&guest.command.name, JsonRpcRequestMode::GetHelp);
            let _ = (guest.command.actor)(request, None, true);
        });
        if thread.is_err() {
            lock(&self.0).asked = None;
        }
    }
}

/// Notes that a process lives, when this is dropped.
struct Sign(Arc<Peer>);

impl Drop for Sign {
    fn drop(&mut self) {
        lock(&self.0.0).asked = None;
    }
}

/// A request for what a command says of itself.
pub(super) fn bare(name: &str, mode: JsonRpcRequestMode) -> JsonRpcRequest {
    JsonRpcRequest {
        id: Value::Null,
        method: name.to_owned(),
        params: Json::Null,
        mode,
        uri: String::new(),
        auth_user: String::new(),
        peer_addr: String::new(),
        version: JsonRpcVersion::V2,
    }
}

impl Guests {
    /// Asks processes by these commands. So many requests may wait for a thread; a process is silent after
    /// so long.
    pub(super) fn new(registry: Arc<Registry>, room: usize, patience: Duration) -> Self {
        let watch = Watch { patience, state: Mutex::default(), changed: Condvar::new() };
        Guests { pool: Pool::new("rpc-wallet", MOST, room), registry, watch: Arc::new(watch) }
    }

    /// Whether a command's process is known to be silent.
    pub(super) fn is_silent(&self, guest: &Guest) -> bool {
        guest.peer.is_silent(self.watch.patience)
    }

    /// Asks a command; its answer, or that it is silent, comes later.
    pub(super) fn ask(
        &self,
        guest: &Arc<Guest>,
        request: JsonRpcRequest,
        response: Value,
        last: bool,
    ) -> Answer<oneshot::Receiver<Answer<Asked>>> {
        if self.is_silent(guest) {
            return Err(silent(self.watch.patience));
        }
        let (reply, answer) = oneshot::channel();
        let peer = guest.peer.clone();
        let number = peer.begin(guest, reply);
        let (registry, asked) = (self.registry.clone(), guest.clone());
        let wanting = peer.clone();
        let begun = self.pool.run_alone(
            move || wanting.is_wanted(number),
            move || {
                let _end = End { peer: &asked.peer, number };
                let answer = registry.ask(&asked, request, response, last);
                asked.peer.end(number, answer);
            },
        );
        if begun.is_err() {
            lock(&peer.0).waiting.remove(&number);
            return Err(RpcError::new(Code::InternalError, "Work queue depth exceeded"));
        }
        self.watch.add(&peer);
        Ok(answer)
    }
}

/// Lets go of a call whose command panicked.
struct End<'a> {
    peer: &'a Peer,
    number: u64,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        lock(&self.peer.0).waiting.remove(&self.number);
    }
}

impl Watch {
    /// Watches a process as long as it has calls.
    fn add(self: &Arc<Self>, peer: &Arc<Peer>) {
        let mut state = lock(&self.state);
        if !state.peers.iter().any(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(peer))) {
            state.peers.push(Arc::downgrade(peer));
            self.changed.notify_all();
        }
        if !state.running {
            let watch = Arc::downgrade(self);
            let thread = std::thread::Builder::new().name("rpc-watch".to_owned()).spawn(move || run(&watch));
            // Without one nobody is noticed to be silent, until there is one.
            state.running = thread.is_ok();
        }
    }

    /// One look at all; false when there has been nobody to look at for long.
    fn look(&self) -> bool {
        let mut state = lock(&self.state);
        if state.peers.is_empty() {
            let waited = self.changed.wait_timeout(state, STAY).unwrap_or_else(PoisonError::into_inner);
            state = waited.0;
            if state.peers.is_empty() {
                state.running = false;
                return false;
            }
        }
        let peers = std::mem::take(&mut state.peers);
        drop(state);
        let mut left: Vec<_> = peers.into_iter().filter_map(|peer| peer.upgrade()).collect();
        left.retain(|peer| peer.look(self.patience));
        let mut state = lock(&self.state);
        for peer in left {
            if !state.peers.iter().any(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(&peer))) {
                state.peers.push(Arc::downgrade(&peer));
            }
        }
        true
    }
}

fn run(watch: &Weak<Watch>) {
    while let Some(watch) = watch.upgrade() {
        if !watch.look() {
            return;
        }
        drop(watch);
        std::thread::sleep(LOOK);
    }
}
