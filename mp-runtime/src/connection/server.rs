//! The one kind of object that capnp-rpc serves for us.
//!
//! In: calls of the peer, by interface id and ordinal. Out: they go to an object's dispatcher, to
//! a thread, or to the thread map.

use std::cell::Cell;
use std::ops::Deref;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use capnp::any_pointer;
use capnp::capability::{
    DispatchCallResult, FromClientHook, FromServer, Params, Promise, Results, Server as CapnpServer,
};
use capnp::private::capability::ClientHook;
use capnp::private::layout::StructSize;

use super::budget::{Budget, ThreadPermit};
use super::capability::LocalObject;
use super::incoming;
use super::proxy_schema::{GET_NAME, MAKE_POOL, MAKE_THREAD, THREAD, THREAD_MAP};
use super::state::State;
use crate::cleanup::Cleanup;
use crate::error::{Error, ErrorKind, Result};
use crate::thread::{ThreadContext, Worker};
use crate::wire::raw::{RawPointerBuilder, RawPointerReader};

/// Something of ours that the peer can call.
pub(crate) struct Server {
    kind: Kind,
    connection: Weak<State>,
    cleanup: Cleanup,
    budget: Arc<Budget>,
    /// Grows with every server of the connection.
    number: u64,
    address: Cell<usize>,
}

enum Kind {
    /// An implementation of an interface.
    Object(Arc<LocalObject>),
    /// A thread of ours that makes calls, and serves callbacks while it waits for them.
    Caller(Arc<ThreadContext>),
    /// A thread that only serves calls; one of the peer's counts.
    Worker(Worker, Option<ThreadPermit>),
    /// What makes workers.
    ThreadMap,
}

fn worker(state: &State, suffix: String) -> Worker {
    Worker::new(state.event_loop.name(), suffix, state.budget.limits().process_threads())
}

impl Server {
    fn new(state: &Rc<State>, kind: Kind) -> Rc<Self> {
        Rc::new(Server {
            kind,
            connection: Rc::downgrade(state),
            cleanup: state.cleanup.clone(),
            budget: state.budget.clone(),
            number: state.token(),
            address: Cell::new(0),
        })
    }

    pub(crate) fn for_object(state: &Rc<State>, object: Arc<LocalObject>) -> Rc<Self> {
        object.is_served();
        Self::new(state, Kind::Object(object))
    }

    pub(crate) fn for_caller(state: &Rc<State>, thread: Arc<ThreadContext>) -> Rc<Self> {
        Self::new(state, Kind::Caller(thread))
    }

    /// A thread for calls of the peer.
    ///
    /// # Errors
    ///
    /// When the peer has too many.
    pub(crate) fn for_worker(state: &Rc<State>, suffix: String) -> Result<Rc<Self>> {
        let permit = state.budget.admit_thread()?;
        Ok(Self::new(state, Kind::Worker(worker(state, suffix), Some(permit))))
    }

    /// A thread for callbacks of one asynchronous call of ours.
    pub(crate) fn for_callbacks(state: &Rc<State>) -> Rc<Self> {
        Self::new(state, Kind::Worker(worker(state, "(async callbacks)".into()), None))
    }

    pub(crate) fn for_thread_map(state: &Rc<State>) -> Rc<Self> {
        Self::new(state, Kind::ThreadMap)
    }

    pub(crate) fn set_address(&self, address: usize) {
        self.address.set(address);
    }

    /// The object, if the server is one.
    pub(crate) fn object(&self) -> Option<Arc<LocalObject>> {
        match &self.kind {
            Kind::Object(object) => Some(object.clone()),
            _ => None,
        }
    }

    /// Whether the server is a thread.
    pub(crate) fn is_thread(&self) -> bool {
        matches!(self.kind, Kind::Caller(_) | Kind::Worker(..))
    }

    /// Queues a job on the thread that the server is.
    pub(crate) fn post(&self, job: Box<dyn FnOnce() + Send>) -> Result<()> {
        match &self.kind {
            Kind::Caller(thread) => thread
                .post(job)
                .map_err(|_| Error::new(ErrorKind::Failed, "the thread that made the call has ended")),
            Kind::Worker(worker, permit) => {
                let gate = permit.is_some().then(|| self.budget.clone());
                worker.post(Box::new(move || {
                    if let Some(budget) = gate {
                        budget.wait_for_room();
                    }
                    job();
                }))
            }
            _ => Err(Error::new(ErrorKind::Protocol, "invalid thread handle")),
        }
    }

    /// Serves a call of a thread or of what makes threads.
    fn serve_thread(
        &self,
        state: &Rc<State>,
        interface: u64,
        method: u16,
        params: &Params<any_pointer::Owned>,
        results: Results<any_pointer::Owned>,
    ) -> Result<()> {
        match (&self.kind, interface, method) {
            (Kind::Caller(_) | Kind::Worker(..), THREAD, GET_NAME) => {
                put_text(results, &self.thread_name(state)?)
            }
            (Kind::ThreadMap, THREAD_MAP, MAKE_THREAD) => make_thread(state, params, results),
            (Kind::ThreadMap, THREAD_MAP, MAKE_POOL) => make_pool(state, params),
            _ => Err(incoming::unknown_method("this object", interface, method)),
        }
    }

    fn thread_name(&self, state: &State) -> Result<String> {
        match &self.kind {
            Kind::Caller(thread) => Ok(thread.name(state.event_loop.name()).to_owned()),
            Kind::Worker(worker, _) => worker.name(),
            _ => Err(Error::new(ErrorKind::Protocol, "invalid thread handle")),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let state = self.connection.upgrade();
        if let Some(state) = &state {
            state.servers.borrow_mut().remove(&self.address.get());
        }
        // The peer has usually called `destroy`; then there is nothing to drop.
        let Kind::Object(object) = &self.kind else { return };
        if !object.is_released() || object.is_gone() {
            return;
        }
        match state {
            Some(state) => state.bury(self.number, object.clone()),
            None => drop_objects(&self.cleanup, vec![(self.number, object.clone())]),
        }
    }
}

/// Drops objects that their peer has released without `destroy`, or has left behind, away from the
/// event loop and in the order in which they were made.
pub(super) fn drop_objects(cleanup: &Cleanup, mut objects: Vec<(u64, Arc<LocalObject>)>) {
    objects.sort_by_key(|(number, _)| *number);
    let first = objects.first().map(|(_, object)| object.node.name);
    let forgotten = Arc::new(AtomicUsize::new(0));
    for (_, object) in objects {
        let forgotten = forgotten.clone();
        cleanup.run(move || {
            if drop_object(&object) && object.node.destroyer().is_some() {
                forgotten.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    // One line, however many they were.
    let Some(interface) = first else { return };
    cleanup.run(move || {
        let count = forgotten.load(Ordering::Relaxed);
        if count > 0 {
            tracing::info!(target: "ipc", interface, count, "IPC server object dropped that its peer has not destroyed");
        }
    });
}

/// Drops an object that no peer can call any more. Returns whether it was still there.
fn drop_object(object: &LocalObject) -> bool {
    let Some(inner) = object.take() else { return false };
    tracing::debug!(target: "ipc", interface = object.node.name, "IPC server destroy");
    drop(inner);
    true
}

/// capnp-rpc's client for a [`Server`].
pub(crate) struct ServerClient(Box<dyn ClientHook>);

impl FromClientHook for ServerClient {
    fn new(hook: Box<dyn ClientHook>) -> Self {
        ServerClient(hook)
    }

    fn into_client_hook(self) -> Box<dyn ClientHook> {
        self.0
    }

    fn as_client_hook(&self) -> &dyn ClientHook {
        self.0.as_ref()
    }
}

/// capnp-rpc's dispatcher for a [`Server`].
#[derive(Clone)]
pub(crate) struct Dispatch(Rc<Server>);

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
        method: u16,
        params: Params<any_pointer::Owned>,
        results: Results<any_pointer::Owned>,
    ) -> DispatchCallResult {
        let Some(state) = self.connection.upgrade().filter(|state| !state.is_closed()) else {
            let closed = capnp::Error::disconnected("the connection is closed".into());
            return DispatchCallResult::new(Promise::err(closed), false);
        };
        let server = self.0.clone();
        let promise = match &self.0.kind {
            Kind::Object(object) => {
                let object = object.clone();
                Promise::from_future(async move {
                    // The object stays as long as it is called, although the peer may release it at once.
                    let _server = server;
                    incoming::serve(state, object, interface, method, params, results).await
                })
            }
            _ => Promise::from_future(async move {
                let outcome = match state.wire() {
                    Ok(wire) => {
                        wire.room().await;
                        server.serve_thread(&state, interface, method, &params, results)
                    }
                    Err(error) => Err(error),
                };
                outcome.map_err(|error| error.to_rpc())
            }),
        };
        DispatchCallResult::new(promise, false)
    }

    fn as_ptr(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }
}

fn put_text(mut results: Results<any_pointer::Owned>, text: &str) -> Result<()> {
    results_struct(&mut results, |structure| structure.get_pointer_field(0).set_text(text.into()))
}

fn results_struct(
    results: &mut Results<any_pointer::Owned>,
    write: impl FnOnce(capnp::private::layout::StructBuilder<'_>),
) -> Result<()> {
    let RawPointerBuilder(pointer) = results.get().init_as();
    write(pointer.init_struct(StructSize { data: 0, pointers: 1 }));
    Ok(())
}

fn params_struct(params: &Params<any_pointer::Owned>) -> Result<capnp::private::layout::StructReader<'_>> {
    let error = |error: capnp::Error| Error::from_message(&error);
    let RawPointerReader(pointer) = params.get().map_err(error)?.get_as().map_err(error)?;
    pointer.get_struct(None).map_err(error)
}

/// `ThreadMap.makeThread`: promises a thread that starts with its first blocking call.
fn make_thread(
    state: &Rc<State>,
    params: &Params<any_pointer::Owned>,
    mut results: Results<any_pointer::Owned>,
) -> Result<()> {
    let name = params_struct(params)?
        .get_pointer_field(0)
        .get_text(None)
        .map_err(|error| Error::from_message(&error))?;
    let from: String = name.to_str().unwrap_or("?").chars().take(200).collect();
    let hook = state.serve(Server::for_worker(state, format!("(from {from})"))?);
    results_struct(&mut results, |structure| structure.get_pointer_field(0).set_capability(hook))
}

/// `ThreadMap.makePool`: threads for calls that name none, once per connection.
fn make_pool(state: &Rc<State>, params: &Params<any_pointer::Owned>) -> Result<()> {
    if !state.pool.borrow().is_empty() {
        return Err(Error::failed("makePool called on connection with existing pool"));
    }
    let count: u32 = params_struct(params)?.get_data_field(0);
    if count == 0 {
        return Err(Error::failed("makePool called with a count of 0; a pool needs at least one thread"));
    }
    let most = state.budget.limits().pool_threads();
    if count as usize > most {
        return Err(Error::new(
            ErrorKind::Overloaded,
            format!("a pool of {count} threads is larger than the {most} allowed"),
        ));
    }
    let pool = (0..count)
        .map(|index| Ok((Server::for_worker(state, format!("(pool/{index})"))?, Arc::default())))
        .collect::<Result<Vec<_>>>()?;
    state.pool.borrow_mut().extend(pool);
    Ok(())
}
