//! A connection on the event loop's thread.
//!
//! In: keys and messages from other threads. Out: calls on capnp-rpc's objects, which never leave
//! this thread. Nothing outside `connection` sees this type.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::Weak as WeakArc;
use std::sync::atomic::AtomicUsize;

use super::Shared;
use super::budget::Budget;
use super::capability::{Capability, LocalObject, RemoteCap};
use super::network::Wire;
use super::pairs::{PeerThread, ThreadPairs};
use super::payload::Payload;
use super::quota::Quota;
use super::server::{Server, ServerClient};
use crate::cleanup::Cleanup;
use crate::error::{Error, ErrorKind, Result};
use crate::event_loop::EventLoop;
use crate::thread::ThreadContext;
use capnp::private::capability::ClientHook;

type Hook = Box<dyn ClientHook>;
/// More promises than the network lets the peer string together, each of which may pass through one of capnp-rpc's.
const STEPS: usize = 1_000;
/// The peer's handle, and the thread that serves its calls.
type ImpliedThread = (Option<Hook>, Rc<Server>);
/// A thread of the pool, and how many calls it has.
type PoolThread = (Rc<Server>, Arc<AtomicUsize>);

/// One connection, with everything that must stay on the loop's thread.
pub(crate) struct State {
    pub(crate) id: u64,
    pub(crate) event_loop: EventLoop,
    shared: WeakArc<Shared>,
    /// Keeps a served connection until its peer leaves.
    kept: RefCell<Option<Arc<Shared>>>,
    /// Objects of the peer, by the key that other threads hold.
    caps: RefCell<HashMap<u64, Hook>>,
    /// Our own objects that the peer can reach, by the address of their hook.
    pub(crate) servers: RefCell<HashMap<usize, Weak<Server>>>,
    /// The peer's thread map, once thread maps were exchanged.
    pub(crate) thread_map: RefCell<Option<Hook>>,
    /// What the peer makes this process hold.
    pub(crate) budget: Arc<Budget>,
    /// What it makes this process write into the log.
    pub(crate) quota: Rc<Quota>,
    /// Where objects are dropped that the peer leaves behind.
    pub(crate) cleanup: Cleanup,
    wire: OnceCell<Rc<Wire>>,
    /// Whether the two sides exchange thread maps, so that every call names its thread.
    pub(crate) exchanges_threads: Cell<bool>,
    /// Where no thread maps are exchanged: the thread that serves each of the peer's threads, with
    /// the peer's handle, by that one's address.
    pub(crate) implied_threads: RefCell<HashMap<usize, ImpliedThread>>,
    /// The peer's thread that serves each of our threads.
    pub(crate) request_threads: RefCell<HashMap<u64, PeerThread>>,
    /// Our threads as the peer sees them, which tell us when they end.
    pub(crate) callback_threads: RefCell<HashMap<u64, (Hook, WeakArc<ThreadContext>)>>,
    /// Pairs of threads that serve asynchronous calls, and the calls that wait for one.
    pub(crate) pairs: ThreadPairs,
    pub(crate) waiting: RefCell<VecDeque<super::outgoing::Outgoing>>,
    /// Whether somebody looks after idle pairs.
    pub(crate) shrinking: Cell<bool>,
    /// Threads that serve calls which name none, with the number of calls each has.
    pub(crate) pool: RefCell<Vec<PoolThread>>,
    /// The peer's threads that wait for calls which are running here, by token.
    pub(crate) scopes: RefCell<HashMap<u64, (Hook, Hook)>>,
    /// Objects about to be dropped, with their numbers.
    dying: RefCell<Vec<(u64, Arc<LocalObject>)>>,
    pub(crate) cancels: RefCell<HashMap<u64, super::outgoing::Cancellable>>,
    next_token: Cell<u64>,
    closed: Cell<bool>,
}

thread_local! {
    static CONNECTIONS: RefCell<HashMap<u64, Rc<State>>> = RefCell::new(HashMap::new());
}

impl State {
    pub(crate) fn new(shared: &Arc<Shared>, keep: bool) -> Rc<Self> {
        let state = Rc::new(State {
            id: shared.id(),
            event_loop: shared.event_loop().clone(),
            shared: Arc::downgrade(shared),
            kept: RefCell::new(keep.then(|| shared.clone())),
            caps: RefCell::default(),
            servers: RefCell::default(),
            thread_map: RefCell::default(),
            budget: shared.budget.clone(),
            cleanup: shared.cleanup.clone(),
            quota: Rc::new(Quota::new(shared.id())),
            wire: OnceCell::new(),
            exchanges_threads: Cell::new(false),
            implied_threads: RefCell::default(),
            request_threads: RefCell::default(),
            callback_threads: RefCell::default(),
            pairs: ThreadPairs::default(),
            waiting: RefCell::default(),
            shrinking: Cell::new(false),
            pool: RefCell::default(),
            scopes: RefCell::default(),
            dying: RefCell::default(),
            cancels: RefCell::default(),
            next_token: Cell::new(1),
            closed: Cell::new(false),
        });
        CONNECTIONS.with(|all| all.borrow_mut().insert(state.id, state.clone()));
        state
    }

    /// The connection of this id, unless it is closed.
    pub(crate) fn find(id: u64) -> Option<Rc<State>> {
        CONNECTIONS.try_with(|all| all.borrow().get(&id).cloned()).ok().flatten()
    }

    /// Names the stream.
    pub(crate) fn set_wire(&self, wire: &Rc<Wire>) {
        // It has one only.
        let _ = self.wire.set(wire.clone());
    }

    /// The stream.
    ///
    /// # Errors
    ///
    /// When there is none any more.
    pub(crate) fn wire(&self) -> Result<&Rc<Wire>> {
        self.wire.get().ok_or_else(|| Error::disconnected("the connection was not opened"))
    }

    pub(crate) fn shared(&self) -> Option<Arc<Shared>> {
        self.shared.upgrade()
    }

    pub(crate) fn token(&self) -> u64 {
        let token = self.next_token.get();
        self.next_token.set(token + 1);
        token
    }

    /// Files an object of the peer under the key of `cap`.
    pub(crate) fn file(&self, cap: &RemoteCap, hook: Hook) {
        self.file_key(cap.key(), hook);
    }

    /// Files an object of the peer under a key that somebody holds.
    pub(crate) fn file_key(&self, key: u64, hook: Hook) {
        if !self.closed.get() {
            self.caps.borrow_mut().insert(key, hook);
        }
    }

    /// The object filed under a key.
    pub(crate) fn cap(&self, key: u64) -> Option<Hook> {
        self.caps.borrow().get(&key).map(|hook| hook.add_ref())
    }

    /// Releases the object filed under a key.
    pub(crate) fn release(&self, key: u64) {
        let hook = self.caps.borrow_mut().remove(&key);
        drop(hook);
    }

    /// Files a received capability for other threads: one of our own objects as itself, one of the
    /// peer's under a new key.
    pub(crate) fn receive(&self, hook: Hook) -> Capability {
        if let Some(object) = self.own_object(hook.as_ref()) {
            return Capability::Local(object.keep());
        }
        let Some(shared) = self.shared() else { return Capability::Null };
        let cap = RemoteCap::new(shared);
        self.file(&cap, hook);
        Capability::Remote(cap)
    }

    /// The server behind a hook, if it is one of ours.
    pub(crate) fn own_server(&self, hook: &dyn ClientHook) -> Option<Rc<Server>> {
        let address = innermost(hook.add_ref())?.get_ptr();
        self.servers.borrow().get(&address).and_then(Weak::upgrade)
    }

    /// Waits until a capability is no promise of this side any more: the answer to another call, or an object that a
    /// promise of the peer has led home. Nobody beyond the connection ever holds one of those.
    pub(crate) async fn settle(&self, mut hook: Hook) -> Hook {
        for _ in 0..STEPS {
            let Some(inner) = innermost(hook) else { break };
            // What belongs to the connection is the peer's, promise or not.
            let promise = if inner.get_brand() == 0 { inner.when_more_resolved() } else { None };
            match promise {
                None => return inner,
                Some(promise) => match promise.await {
                    Ok(next) => hook = next,
                    Err(error) => return capnp_rpc::new_broken_cap(error).hook,
                },
            }
        }
        let endless =
            capnp::Error::failed(format!("promises lead to each other over more than {STEPS} steps"));
        capnp_rpc::new_broken_cap(endless).hook
    }

    /// Why a capability that is neither the peer's nor one of our objects stands for nothing.
    pub(crate) async fn why_broken(&self, hook: Hook) -> Option<capnp::Error> {
        let hook = innermost(hook)?;
        if hook.get_brand() != 0 || self.own_server(hook.as_ref()).is_some() {
            return None;
        }
        // It says so to whoever calls it.
        hook.new_call(0, 0, None).send().promise.await.err()
    }

    fn own_object(&self, hook: &dyn ClientHook) -> Option<Arc<LocalObject>> {
        self.own_server(hook)?.object()
    }

    /// Makes a server reachable for the peer.
    pub(crate) fn serve(self: &Rc<Self>, server: Rc<Server>) -> Hook {
        let client: ServerClient = capnp_rpc::new_client_from_rc(server.clone());
        let hook = capnp::capability::FromClientHook::into_client_hook(client);
        self.servers.borrow_mut().insert(hook.get_ptr(), Rc::downgrade(&server));
        server.set_address(hook.get_ptr());
        hook
    }

    /// Refuses results with more objects than the peer may hold.
    ///
    /// # Errors
    ///
    /// When there are too many.
    pub(crate) fn check_exports(&self, results: &Payload) -> Result<()> {
        let ours =
            results.caps.iter().filter(|cap| matches!(Capability::of(cap), Capability::Local(_))).count();
        let most = self.budget.limits().exported_objects();
        let held = self.servers.borrow().len();
        if ours > 0 && held + ours > most {
            let text =
                format!("the peer holds {held} objects of this process, as many as it may; release some");
            return Err(Error::new(ErrorKind::Overloaded, text));
        }
        Ok(())
    }

    /// The form of a capability on this connection.
    pub(crate) fn hook(self: &Rc<Self>, cap: &Capability) -> Option<Hook> {
        match cap {
            Capability::Null => None,
            Capability::Remote(cap) | Capability::Given(cap, _) => self.cap(cap.key()),
            Capability::Local(object) => Some(self.serve(Server::for_object(self, object.clone()))),
        }
    }

    /// Takes everything down after the connection broke or was closed, in an order in which
    /// nothing can call out any more before objects are dropped.
    pub(crate) fn close(&self) {
        if self.closed.replace(true) {
            return;
        }
        let _ = CONNECTIONS.try_with(|all| all.borrow_mut().remove(&self.id));
        if let Some(shared) = self.shared() {
            shared.mark_closing();
        }
        // Each is taken out before it is dropped: what is in it may come back here.
        drop(self.cancels.take());
        drop(self.waiting.take());
        drop(self.caps.take());
        drop(self.thread_map.take());
        drop(self.implied_threads.take());
        drop(self.request_threads.take());
        for (_, (hook, thread)) in self.callback_threads.take() {
            drop(hook);
            if let Some(thread) = thread.upgrade() {
                thread.forget(self.id);
            }
        }
        self.pairs.clear();
        drop(self.scopes.take());
        drop(self.pool.take());
        drop(self.kept.take());
        self.budget.close();
    }

    /// Has an object dropped, after what runs on the loop now. Of the objects that go together,
    /// as when a peer vanishes, the one that was made first is dropped first.
    pub(crate) fn bury(self: Rc<Self>, number: u64, object: Arc<LocalObject>) {
        self.dying.borrow_mut().push((number, object));
        if self.dying.borrow().len() == 1 {
            let event_loop = self.event_loop.clone();
            event_loop.spawn(async move { self.bury_all() });
        }
    }

    /// Has the objects dropped that are to be.
    pub(crate) fn bury_all(&self) {
        let dying = std::mem::take(&mut *self.dying.borrow_mut());
        super::server::drop_objects(&self.cleanup, dying);
    }

    /// Whether no call is under way, in either direction, and everything is written.
    pub(crate) fn is_idle(&self) -> bool {
        self.cancels.borrow().is_empty()
            && self.budget.calls() == 0
            && self.wire.get().is_none_or(|wire| wire.is_settled())
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }
}

/// What a hook stands for by now, or nothing if there is no end of it.
pub(crate) fn innermost(mut hook: Hook) -> Option<Hook> {
    for _ in 0..STEPS {
        match hook.get_resolved() {
            Some(next) => hook = next,
            None => return Some(hook),
        }
    }
    None
}

impl Drop for State {
    fn drop(&mut self) {
        // What an event loop that has ended did not come to.
        self.bury_all();
    }
}
