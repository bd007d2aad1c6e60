//! What the peer can call, by the address of its hook.
//!
//! In: objects, threads and what makes threads. Out: capnp-rpc's hooks for them; calls on them go to the
//! [`Dispatcher`], and what the peer has let go of is dropped off the loop.
//!
//! Invariant: a server is in the table from the making of its hook until capnp-rpc has dropped the last one.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ops::Deref;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use capnp::any_pointer;
use capnp::capability::{
    DispatchCallResult, FromClientHook, FromServer, Params, Promise, Results, Server as CapnpServer,
};
use capnp::private::capability::ClientHook;

use super::budget::Budget;
use super::object::LocalObject;
use super::promise::innermost;
use super::serving_thread::ServingThread;
use crate::cleanup::Cleanup;
use crate::error::Result;
use crate::event_loop::EventLoop;
use crate::thread::{ThreadContext, Worker};

type Hook = Box<dyn ClientHook>;

/// A call of the peer, as it arrives.
pub(crate) struct Request {
    pub(crate) interface: u64,
    pub(crate) ordinal: u16,
    pub(crate) params: Params<any_pointer::Owned>,
    pub(crate) results: Results<any_pointer::Owned>,
}

/// Who answers the peer's calls.
pub(crate) trait Dispatcher {
    fn dispatch(self: Rc<Self>, server: Rc<Server>, request: Request) -> Promise<(), capnp::Error>;
}

/// Something of ours that the peer can call.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    servers: Rc<Servers>,
    /// Grows with every server of the connection.
    number: u64,
    address: Cell<usize>,
}

pub(crate) enum Kind {
    /// An implementation of an interface.
    Object(Arc<LocalObject>),
    /// A thread that serves calls.
    Thread(Rc<ServingThread>),
    /// What makes such threads.
    ThreadMap,
}

/// The table.
pub(crate) struct Servers {
    dispatcher: Weak<dyn Dispatcher>,
    event_loop: EventLoop,
    budget: Arc<Budget>,
    cleanup: Cleanup,
    by_address: RefCell<HashMap<usize, Weak<Server>>>,
    made: Cell<u64>,
    /// Objects about to be dropped, with their numbers.
    dying: RefCell<Vec<(u64, Arc<LocalObject>)>>,
}

impl Servers {
    pub(crate) fn new(
        dispatcher: Weak<dyn Dispatcher>,
        event_loop: EventLoop,
        budget: Arc<Budget>,
        cleanup: Cleanup,
    ) -> Rc<Self> {
        Rc::new(Servers {
            dispatcher,
            event_loop,
            budget,
            cleanup,
            by_address: RefCell::default(),
            made: Cell::new(0),
            dying: RefCell::default(),
        })
    }

    /// Makes an object reachable for the peer.
    pub(crate) fn object(self: &Rc<Self>, object: Arc<LocalObject>) -> Hook {
        object.is_served();
        self.serve(Kind::Object(object))
    }

    /// Makes a thread reachable that makes calls.
    pub(crate) fn caller(self: &Rc<Self>, thread: Arc<ThreadContext>) -> Hook {
        self.thread(ServingThread::Caller(thread))
    }

    /// Makes a thread reachable for callbacks of one asynchronous call of ours.
    pub(crate) fn callbacks(self: &Rc<Self>) -> Hook {
        self.thread(ServingThread::Callbacks(self.worker("(async callbacks)".into())))
    }

    /// Makes a thread reachable.
    pub(crate) fn thread(self: &Rc<Self>, thread: ServingThread) -> Hook {
        self.serve(Kind::Thread(Rc::new(thread)))
    }

    /// Makes that reachable which makes threads.
    pub(crate) fn thread_map(self: &Rc<Self>) -> Hook {
        self.serve(Kind::ThreadMap)
    }

    /// A thread for calls of the peer, which starts with the first of them.
    ///
    /// # Errors
    ///
    /// When the peer has too many.
    pub(crate) fn peers_thread(&self, suffix: String) -> Result<ServingThread> {
        let permit = self.budget.admit_thread()?;
        Ok(ServingThread::Peers(self.worker(suffix), permit))
    }

    fn worker(&self, suffix: String) -> Worker {
        Worker::new(self.event_loop.name(), suffix, self.budget.limits().process_threads())
    }

    fn serve(self: &Rc<Self>, kind: Kind) -> Hook {
        let number = self.made.get();
        self.made.set(number + 1);
        let server = Rc::new(Server { kind, servers: self.clone(), number, address: Cell::new(0) });
        let client: ServerClient = capnp_rpc::new_client_from_rc(server.clone());
        let hook = client.into_client_hook();
        server.address.set(hook.get_ptr());
        self.by_address.borrow_mut().insert(hook.get_ptr(), Rc::downgrade(&server));
        hook
    }

    /// How many the peer can reach.
    pub(crate) fn len(&self) -> usize {
        self.by_address.borrow().len()
    }

    /// The server behind a hook, if it is one of ours.
    pub(crate) fn find(&self, hook: &dyn ClientHook) -> Option<Rc<Server>> {
        let address = innermost(hook.add_ref())?.get_ptr();
        self.by_address.borrow().get(&address).and_then(Weak::upgrade)
    }

    /// The thread behind a hook, if it is one of ours.
    pub(crate) fn find_thread(&self, hook: &dyn ClientHook) -> Option<Rc<ServingThread>> {
        match &self.find(hook)?.kind {
            Kind::Thread(thread) => Some(thread.clone()),
            _ => None,
        }
    }

    /// Has an object dropped, after what runs on the loop now. Of the objects that go together,
    /// as when a peer vanishes, the one that was made first is dropped first.
    fn bury(self: &Rc<Self>, number: u64, object: Arc<LocalObject>) {
        self.dying.borrow_mut().push((number, object));
        if self.dying.borrow().len() == 1 {
            let servers = self.clone();
            self.event_loop.spawn(async move { servers.bury_all() });
        }
    }

    /// Drops the objects that are to be dropped, away from the event loop and in the order in which they were made.
    pub(crate) fn bury_all(&self) {
        let mut dying = self.dying.take();
        dying.sort_by_key(|(number, _)| *number);
        let first = dying.first().map(|(_, object)| object.node.name);
        let forgotten = Arc::new(AtomicUsize::new(0));
        for (_, object) in dying {
            let forgotten = forgotten.clone();
            self.cleanup.run(move || {
                if drop_object(&object) && object.node.destroyer().is_some() {
                    forgotten.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // One line, however many they were.
        let Some(interface) = first else { return };
        self.cleanup.run(move || {
            let count = forgotten.load(Ordering::Relaxed);
            if count > 0 {
                tracing::info!(target: "ipc", interface, count, "IPC server object dropped that its peer has not destroyed");
            }
        });
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // What an event loop that has ended did not come to.
        self.bury_all();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.servers.by_address.borrow_mut().remove(&self.address.get());
        // The peer has usually called `destroy`; then there is nothing to drop.
        let Kind::Object(object) = &self.kind else { return };
        if object.is_released() && !object.is_gone() {
            self.servers.bury(self.number, object.clone());
        }
    }
}

/// Drops an object that no peer can call any more. Returns whether it was still there.
fn drop_object(object: &LocalObject) -> bool {
    let Some(inner) = object.take() else { return false };
    tracing::debug!(target: "ipc", interface = object.node.name, "IPC server destroy");
    drop(inner);
    true
}

/// capnp-rpc's client for a [`Server`].
struct ServerClient(Hook);

impl FromClientHook for ServerClient {
    fn new(hook: Hook) -> Self {
        ServerClient(hook)
    }

    fn into_client_hook(self) -> Hook {
        self.0
    }

    fn as_client_hook(&self) -> &dyn ClientHook {
        self.0.as_ref()
    }
}

/// capnp-rpc's dispatcher for a [`Server`].
#[derive(Clone)]
struct Dispatch(Rc<Server>);

impl Deref for Dispatch {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

impl FromServer<Server> for ServerClient {
    type Dispatch = Dispatch;

    fn from_server(server: Rc<Server>) -> Dispatch {
        Dispatch(server)
    }
}

impl CapnpServer for Dispatch {
    fn dispatch_call(
        self,
        interface: u64,
        ordinal: u16,
        params: Params<any_pointer::Owned>,
        results: Results<any_pointer::Owned>,
    ) -> DispatchCallResult {
        let promise = match self.servers.dispatcher.upgrade() {
            // The server stays as long as it is called, although the peer may release it at once.
            Some(dispatcher) => dispatcher.dispatch(self.0, Request { interface, ordinal, params, results }),
            None => Promise::err(capnp::Error::disconnected("the connection is closed".into())),
        };
        DispatchCallResult::new(promise, false)
    }

    fn as_ptr(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }
}
