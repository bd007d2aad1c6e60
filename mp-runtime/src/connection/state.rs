//! A connection on the event loop's thread.
//!
//! In: keys and messages from other threads. Out: calls on capnp-rpc's objects, which never leave
//! this thread. Nothing outside `connection` sees this type.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::Weak as WeakArc;

use super::Shared;
use super::capability::{Capability, LocalObject, RemoteCap};
use super::server::{Server, ServerClient};
use crate::event_loop::EventLoop;
use capnp::private::capability::ClientHook;

type Hook = Box<dyn ClientHook>;
/// The peer's handle, and the thread that serves its calls.
type ImpliedThread = (Option<Hook>, Rc<Server>);
/// A thread of the pool, and how many calls it has.
type PoolThread = (Rc<Server>, Rc<Cell<usize>>);

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
    pub(crate) load: super::limits::Load,
    /// Whether the two sides exchange thread maps, so that every call names its thread.
    pub(crate) exchanges_threads: Cell<bool>,
    /// Where no thread maps are exchanged: the thread that serves each of the peer's threads, with
    /// the peer's handle, by that one's address.
    pub(crate) implied_threads: RefCell<HashMap<usize, ImpliedThread>>,
    /// The peer's thread that serves each of our threads.
    pub(crate) request_threads: RefCell<HashMap<u64, Hook>>,
    /// Our threads as the peer sees them.
    pub(crate) callback_threads: RefCell<HashMap<u64, Hook>>,
    /// Pairs of threads that serve asynchronous calls; see `threads`.
    pub(crate) idle_lanes: RefCell<Vec<super::threads::Lane>>,
    pub(crate) doubtful_lanes: RefCell<VecDeque<super::threads::Lane>>,
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
            load: super::limits::Load::default(),
            exchanges_threads: Cell::new(false),
            implied_threads: RefCell::default(),
            request_threads: RefCell::default(),
            callback_threads: RefCell::default(),
            idle_lanes: RefCell::default(),
            doubtful_lanes: RefCell::default(),
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
        let mut resolved = hook.get_resolved();
        while let Some(next) = resolved.as_ref().and_then(|hook| hook.get_resolved()) {
            resolved = Some(next);
        }
        let address = resolved.as_deref().unwrap_or(hook).get_ptr();
        self.servers.borrow().get(&address).and_then(Weak::upgrade)
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

    /// The form of a capability on this connection.
    pub(crate) fn hook(self: &Rc<Self>, cap: &Capability) -> Option<Hook> {
        match cap {
            Capability::Null => None,
            Capability::Remote(cap) => self.cap(cap.key()),
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
            shared.mark_closed();
        }
        drop(std::mem::take(&mut *self.cancels.borrow_mut()));
        drop(std::mem::take(&mut *self.caps.borrow_mut()));
        drop(self.thread_map.borrow_mut().take());
        drop(std::mem::take(&mut *self.implied_threads.borrow_mut()));
        drop(std::mem::take(&mut *self.request_threads.borrow_mut()));
        drop(std::mem::take(&mut *self.callback_threads.borrow_mut()));
        drop(std::mem::take(&mut *self.idle_lanes.borrow_mut()));
        drop(std::mem::take(&mut *self.doubtful_lanes.borrow_mut()));
        drop(std::mem::take(&mut *self.scopes.borrow_mut()));
        drop(std::mem::take(&mut *self.pool.borrow_mut()));
        drop(self.kept.borrow_mut().take());
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

    fn bury_all(&self) {
        let dying = std::mem::take(&mut *self.dying.borrow_mut());
        super::server::drop_objects(&self.event_loop, dying);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // What an event loop that has ended did not come to.
        self.bury_all();
    }
}
