//! The calls.
//!
//! In: tasks, and a node to call. Out: messages for the engine. Each call has a thread to wait on and a time after
//! which it is given up; callbacks only send.

mod act;
mod guard;
mod labels;
mod lanes;
mod loader;
mod node;
mod peers;
mod processes;
mod psbt;
mod read;
mod remedy;
mod rpc;
mod send;
mod settings;
mod wallet;
mod words;

use std::collections::HashMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bitcoin::Network;
use bitcoin_init::owner;
use bitcoin_ipc::interfaces::{Handler, Node, Wallet, WalletLoader};
use bitcoin_ipc::types::Secret;
use mp_runtime::within;

use crate::engine::{Answer, Answered, Event, Failure, FailureKind, Msg, Run, Sender, Task};
use crate::model::{Key, Level, SessionId};
use crate::text::words::{mark, say};
use guard::Arm;
use lanes::{Lane, Lanes};
#[cfg(test)]
pub(crate) use loader::LISTEN_PAUSE;
pub(crate) use processes::Around;

/// How long the node may take for a short answer.
const NODE_PATIENCE: Duration = Duration::from_secs(15);
/// How long a wallet may take.
const WALLET_PATIENCE: Duration = Duration::from_secs(30);
/// How long somebody who is left may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// Says whether the connection to a node is gone. For a node of this process it never is.
pub(crate) type Gone = Arc<dyn Fn() -> bool + Send + Sync>;

/// Ends a node, or leaves it; gives the exit code.
pub(crate) type End = Box<dyn FnOnce() -> i32 + Send>;

/// Ends a node at once.
pub(crate) type Force = Box<dyn Fn() + Send>;

/// All nodes that the window calls. Clones are the same.
#[derive(Clone)]
pub(crate) struct Links {
    sessions: Arc<Mutex<HashMap<SessionId, Arc<Held>>>>,
    sender: Sender,
}

/// What is held of a node.
pub(crate) struct Held {
    id: SessionId,
    network: Network,
    sender: Sender,
    objects: Mutex<Objects>,
    lanes: Lanes,
    /// How often a process of wallets was found; each time counts as another one.
    processes: AtomicU64,
    end: Mutex<Option<End>>,
    force: Mutex<Option<Force>>,
    /// The last thing that went wrong, in the node's words.
    error: Mutex<Option<String>>,
    /// The processes around.
    around: Mutex<Around>,
}

/// Objects of other processes.
#[derive(Default)]
struct Objects {
    node: Option<Arc<dyn Node>>,
    gone: Option<Gone>,
    /// What keeps the node telling.
    told: Vec<Box<dyn Handler>>,
    loader: Option<Loader>,
    wallets: HashMap<String, Arc<wallet::Loaded>>,
}

/// What loads wallets, and keeps telling of them.
struct Loader {
    object: Arc<dyn WalletLoader>,
    arm: Arm,
    _told: Option<Box<dyn Handler>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Links {
    /// No nodes yet.
    pub(crate) fn new(sender: Sender) -> Links {
        Links { sessions: Arc::default(), sender }
    }

    /// What is held of a session, whose node may come later.
    pub(crate) fn hold(&self, id: SessionId, network: Network) -> Arc<Held> {
        let new = || {
            let lanes = Lanes::new(id);
            let (sender, objects) = (self.sender.clone(), Mutex::default());
            Arc::new(Held {
                id,
                network,
                sender,
                objects,
                lanes,
                processes: AtomicU64::default(),
                end: Mutex::default(),
                force: Mutex::default(),
                error: Mutex::default(),
                around: Mutex::default(),
            })
        };
        lock(&self.sessions).entry(id).or_insert_with(new).clone()
    }
}

impl Run for Links {
    fn run(&self, session: SessionId, task: Task) {
        let held = lock(&self.sessions).get(&session).cloned();
        if let Some(held) = held {
            held.run(task);
        }
    }
}

impl Held {
    /// What went wrong last, in the node's words.
    pub(crate) fn last_error(&self) -> Option<String> {
        lock(&self.error).clone()
    }

    /// Takes note of the processes around.
    pub(crate) fn note(&self, change: impl FnOnce(&mut Around)) {
        change(&mut lock(&self.around));
    }

    /// Says what happened.
    pub(crate) fn tell(&self, event: Event) {
        if let Event::Message(Level::Error, text) = &event {
            *lock(&self.error) = Some(text.clone());
        }
        // Without an engine nobody wants to know.
        let _ = self.sender.send(Msg::Event(self.id, event));
    }

    fn answer(&self, key: Key, answer: Answer) {
        let _ = self.sender.send(Msg::Answered(self.id, Answered { key, answer }));
    }

    /// The node is there: it is listened to from now on, and called once it is up.
    ///
    /// # Errors
    ///
    /// It does not answer.
    pub(crate) fn open(self: &Arc<Self>, node: Arc<dyn Node>, gone: Gone) -> mp_runtime::Result<()> {
        let told = within(NODE_PATIENCE, || node::listen(self, &*node))?;
        let mut objects = lock(&self.objects);
        objects.node = Some(node);
        objects.gone = Some(gone);
        objects.told = told;
        Ok(())
    }

    /// How the node is ended when the window is closed.
    pub(crate) fn ends_by(&self, end: End, force: Option<Force>) {
        *lock(&self.end) = Some(end);
        *lock(&self.force) = force;
    }

    /// The node is gone: nothing is held of it any more.
    pub(crate) fn let_go(&self) {
        let objects = std::mem::take(&mut *lock(&self.objects));
        if let Some(loader) = &objects.loader {
            loader.arm.disarm();
        }
        within(GOODBYE, || drop(objects));
    }

    fn node(&self) -> Result<Arc<dyn Node>, Failure> {
        let missing =
            || Failure { kind: FailureKind::NodeGone, text: mark!("The node is not there.").to_owned() };
        lock(&self.objects).node.clone().ok_or_else(missing)
    }

    /// The number of a process of wallets that was found.
    fn next_process(&self) -> u64 {
        self.processes.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The number of the process of wallets that was found last.
    fn process(&self) -> u64 {
        self.processes.load(Ordering::Relaxed)
    }

    fn loader(&self) -> Result<Arc<dyn WalletLoader>, Failure> {
        let loader = lock(&self.objects).loader.as_ref().map(|loader| loader.object.clone());
        loader.ok_or_else(wallets_missing)
    }

    fn wallet(&self, name: &str) -> Result<Arc<dyn Wallet>, Failure> {
        let loaded = lock(&self.objects).wallets.get(name).map(|loaded| loaded.object.clone());
        loaded.ok_or_else(wallets_missing)
    }

    /// What a call's error means to the user.
    fn failure(&self, error: &mp_runtime::Error) -> Failure {
        let gone = lock(&self.objects).gone.clone();
        words::failure(error, gone.is_none_or(|gone| gone()))
    }

    /// Runs a task on the thread that it belongs to.
    fn run(self: &Arc<Self>, task: Task) {
        let held = self.clone();
        let key = task.key();
        let lane = match &task {
            Task::Read(read) => Lane::of(read),
            Task::Console { id, .. } => Lane::Console(*id),
            Task::CancelConsole(id) => return self.lanes.leave(&Lane::Console(*id)),
            Task::CreateWallet { .. } | Task::LoadWallet(_) | Task::RestoreWallet { .. } => Lane::Long,
            Task::Write { .. } => Lane::Files,
            Task::Set(..) | Task::ResetSettings | Task::Peer(_) => Lane::Node,
            Task::Stop => Lane::Stop,
            Task::Force => Lane::Files,
            Task::Wallet(wallet, _) => Lane::Wallet(wallet.clone()),
        };
        let job = Box::new(move || {
            let answer = held.perform(task);
            if let Some(key) = key {
                held.answer(key, answer);
            }
        });
        if !self.lanes.run(lane, job) {
            self.tell(Event::Message(Level::Error, mark!("There can be no more threads.").to_owned()));
        }
    }

    fn perform(self: &Arc<Self>, task: Task) -> Answer {
        match task {
            Task::Read(read) => read::perform(self, read),
            Task::Console { id, line, wallet } => Answer::Console(id, self.console(&line, wallet.as_deref())),
            Task::CancelConsole(_) => Answer::Stopped,
            Task::CreateWallet { name, passphrase, flags } => {
                let made = loader::create(self, &name, &passphrase, flags);
                Answer::Loaded(name, made)
            }
            Task::LoadWallet(name) => {
                let loaded = loader::load(self, &name);
                Answer::Loaded(name, loaded)
            }
            Task::RestoreWallet { name, file } => {
                let restored = loader::restore(self, &name, &file);
                Answer::Loaded(name, restored)
            }
            Task::Set(name, value) => Answer::Set(settings::set(self, name, value)),
            Task::ResetSettings => Answer::Set(settings::reset(self)),
            Task::Peer(command) => Answer::PeerDone(peers::perform(self, command)),
            Task::Write { path, contents } => {
                let (level, text) = match write(Path::new(&path), &contents.make()) {
                    Ok(()) => (Level::Information, say!("{path} is written.", path)),
                    Err(error) => (Level::Error, say!("{path} is not written: {error}", path, error)),
                };
                self.tell(Event::Message(level, text));
                Answer::Stopped
            }
            Task::Stop => self.stop(),
            Task::Force => {
                if let Some(force) = &*lock(&self.force) {
                    force();
                }
                Answer::Stopped
            }
            Task::Wallet(name, task) => {
                let answer = act::perform(self, &name, task);
                Answer::Wallet(name, answer)
            }
        }
    }

    /// Ends the node, or leaves it.
    fn stop(&self) -> Answer {
        let end = lock(&self.end).take();
        self.let_go();
        self.tell(match end {
            Some(end) => Event::Closed(end()),
            None => Event::Left,
        });
        Answer::Stopped
    }

    fn console(&self, line: &Secret, wallet: Option<&str>) -> Result<String, String> {
        let node = self.node().map_err(|failure| failure.text)?;
        let text = std::str::from_utf8(line.expose()).map_err(|_| mark!("This is not text.").to_owned())?;
        rpc::console(&*node, text, wallet, &|error| self.failure(error).text)
    }
}

/// Writes a file that is not there yet, for its owner alone.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = owner::options().write(true).create_new(true).open(path)?;
    file.write_all(bytes)
}

fn wallets_missing() -> Failure {
    Failure { kind: FailureKind::WalletsGone, text: mark!("The wallet is not there.").to_owned() }
}
