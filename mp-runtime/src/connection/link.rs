//! A stream with capnp-rpc on it.
//!
//! In: bytes. Out: a running connection on the event loop, until end of file or `close`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use capnp::private::layout::StructSize;
use capnp_rpc::RpcSystem;
use capnp_rpc::rpc_twoparty_capnp::Side;
use tokio::sync::oneshot;

use super::Shared;
use super::capability::LocalObject;
use super::network::{Flushed, Stream, Wire};
use super::proxy_schema::{MAKE_POOL, THREAD_MAP};
use super::server::Server;
use super::state::State;
use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::wire::raw::RawPointerBuilder;

thread_local! {
    /// What ends each connection of this thread.
    static CLOSERS: RefCell<HashMap<u64, Closer>> = RefCell::new(HashMap::new());
}

type Disconnector = capnp_rpc::Disconnector<Side>;

/// Ends one connection.
struct Closer {
    disconnector: Disconnector,
    /// Takes the disconnector to the connection's task, which waits for it.
    closing: oneshot::Sender<Disconnector>,
}

/// Starts capnp-rpc on a stream. `ended` runs when the connection is gone.
fn start(
    state: &Rc<State>,
    stream: Stream,
    root: Option<Arc<LocalObject>>,
    side: Side,
    ended: impl FnOnce() + 'static,
) -> std::io::Result<RpcHandle> {
    let wire = Wire::new(stream, side == Side::Server, &state.budget, &state.quota)?;
    state.set_wire(&wire);
    if root.as_ref().is_some_and(|root| root.node.constructor().is_some()) {
        state.exchanges_threads.set(true);
    }
    let root = root.map(|root| {
        let hook = state.serve(Server::for_object(state, root));
        capnp::capability::Client::new(hook)
    });
    let system = RpcSystem::new(wire.network(side), root);
    let (closing, close) = oneshot::channel();
    let closer = Closer { disconnector: system.get_disconnector(), closing };
    CLOSERS.with(|closers| closers.borrow_mut().insert(state.id, closer));
    let system = Rc::new(RefCell::new(Some(system)));
    let running = system.clone();
    let ending = Ending { state: state.clone(), system: system.clone(), ended: Some(ended) };
    state.event_loop.spawn(async move {
        let id = ending.state.id;
        let patience = ending.state.budget.limits().closing_time();
        let mut leaving: Option<Pin<Box<tokio::time::Sleep>>> = None;
        let mut timer: Option<Pin<Box<tokio::time::Sleep>>> = None;
        let mut run = std::pin::pin!(std::future::poll_fn(|cx| {
            wire.begin_turn(cx);
            let turn = match running.borrow_mut().as_mut() {
                Some(system) => Pin::new(system).poll(cx),
                None => Poll::Ready(Ok(())),
            };
            let gone = match wire.flush(cx) {
                Flushed::Gone(error) => {
                    tracing::debug!(target: "ipc", connection = id, %error, "IPC peer takes no more");
                    true
                }
                _ => false,
            };
            // What a peer said before it left is read all the same, and the last that it is told it may read.
            if leaving.is_none() && (gone || wire.is_ending()) {
                leaving = Some(Box::pin(tokio::time::sleep(patience)));
            }
            watch(&wire, &mut timer, cx);
            match &mut leaving {
                Some(patience) if turn.is_pending() => patience.as_mut().poll(cx).map(|()| wire.outcome()),
                _ => turn,
            }
        }));
        let result = tokio::select! {
            result = &mut run => result,
            Ok(disconnector) = close => {
                // Lets what was already written reach the peer; a peer that reads nothing
                // cannot hold us up for longer than this.
                let ended = futures::future::join(disconnector, run);
                let _ = tokio::time::timeout(patience, ended).await;
                Ok(())
            }
        };
        let written = std::future::poll_fn(|cx| match wire.flush(cx) {
            Flushed::Waiting => Poll::Pending,
            _ => Poll::Ready(()),
        });
        let _ = tokio::time::timeout(patience, written).await;
        match result {
            Ok(()) => tracing::info!(target: "ipc", connection = id, "IPC connection closed"),
            Err(error) => tracing::warn!(target: "ipc", connection = id, %error, "IPC connection broke"),
        }
        drop(ending);
    });
    Ok(RpcHandle(system))
}

/// Looks at the clock when it is time for that.
fn watch(wire: &Wire, timer: &mut Option<Pin<Box<tokio::time::Sleep>>>, cx: &mut Context<'_>) {
    let Some(deadline) = wire.deadline() else {
        *timer = None;
        return;
    };
    let deadline = tokio::time::Instant::from_std(deadline);
    // One that comes too early looks again.
    let due = match timer {
        Some(timer) if timer.deadline() <= deadline => timer,
        _ => timer.insert(Box::pin(tokio::time::sleep_until(deadline))),
    };
    if due.as_mut().poll(cx).is_ready() {
        *timer = None;
        wire.check_time();
        cx.waker().wake_by_ref();
    }
}

/// Takes a connection down when its task ends, or when the event loop is dropped with the task.
struct Ending<F: FnOnce()> {
    state: Rc<State>,
    system: SharedSystem,
    ended: Option<F>,
}

impl<F: FnOnce()> Drop for Ending<F> {
    fn drop(&mut self) {
        let _ = CLOSERS.try_with(|closers| closers.borrow_mut().remove(&self.state.id));
        let shared = self.state.shared();
        self.state.close();
        let system = self.system.borrow_mut().take();
        drop(system);
        self.state.bury_all();
        if let Ok(wire) = self.state.wire() {
            wire.close();
        }
        if let Some(ended) = self.ended.take() {
            ended();
        }
        if let Some(shared) = shared {
            shared.mark_gone();
        }
    }
}

type SharedSystem = Rc<RefCell<Option<RpcSystem<Side>>>>;

struct RpcHandle(SharedSystem);

/// Opens the client side of a connection; the peer's first object is filed under `key`.
pub(crate) fn open(
    shared: &Arc<Shared>,
    stream: Stream,
    root: Option<Arc<LocalObject>>,
    construct: Option<(u64, u16)>,
    key: u64,
) {
    let state = State::new(shared, false);
    let system = match start(&state, stream, root, Side::Client, || ()) {
        Ok(RpcHandle(system)) => system,
        Err(error) => {
            tracing::warn!(target: "ipc", connection = state.id, %error, "IPC connection could not be opened");
            state.close();
            return shared.mark_gone();
        }
    };
    let first = system
        .borrow_mut()
        .as_mut()
        .map(|system| system.bootstrap::<capnp::capability::Client>(Side::Server));
    let Some(first) = first else { return };
    if let Some((interface, ordinal)) = construct {
        state.exchanges_threads.set(true);
        let mut request = first.hook.new_call(interface, ordinal, None);
        let map = state.serve(Server::for_thread_map(&state));
        let RawPointerBuilder(params) = request.get().init_as();
        let params = params.init_struct(StructSize { data: 0, pointers: 1 });
        params.get_pointer_field(0).set_capability(map);
        let sent = request.send();
        *state.thread_map.borrow_mut() = Some(sent.pipeline.get_pointer_field(0).as_cap());
        let id = state.id;
        state.event_loop.spawn(async move {
            if let Err(error) = sent.promise.await {
                tracing::warn!(target: "ipc", connection = id, %error, "IPC thread maps could not be exchanged");
            }
        });
    }
    state.file_key(key, first.hook);
}

/// Serves a stream.
pub(crate) fn serve(
    shared: &Arc<Shared>,
    stream: Stream,
    root: Arc<LocalObject>,
    ended: impl FnOnce() + 'static,
) {
    let state = State::new(shared, true);
    let ended = Rc::new(RefCell::new(Some(ended)));
    let end = move || {
        if let Some(ended) = ended.borrow_mut().take() {
            ended();
        }
    };
    if let Err(error) = start(&state, stream, Some(root), Side::Server, end.clone()) {
        tracing::warn!(target: "ipc", connection = state.id, %error, "IPC connection could not be served");
        state.close();
        end();
        shared.mark_gone();
    }
}

/// Closes a connection of this thread. When this returns nothing more is sent, and every call
/// under way has failed, also when a method that the peer called is what closes it.
pub(crate) fn close(id: u64) {
    let closer = CLOSERS.try_with(|closers| closers.borrow_mut().remove(&id)).ok().flatten();
    if let Some(Closer { mut disconnector, closing }) = closer {
        // The first poll disconnects; what it leaves to wait for is the stream's shutdown.
        let _ = Pin::new(&mut disconnector).poll(&mut Context::from_waker(std::task::Waker::noop()));
        let _ = closing.send(disconnector);
    }
}

/// What ends the connection of this id when others need the memory that it holds.
pub(crate) fn evict(id: u64, event_loop: &EventLoop) -> impl Fn() + Send + Sync + 'static {
    let event_loop = event_loop.downgrade();
    move || {
        let Some(event_loop) = event_loop.upgrade() else { return };
        event_loop.run(move || {
            if let Some(state) = State::find(id)
                && let Ok(wire) = state.wire()
            {
                let text = "other peers need the memory that is held for this one, which holds most";
                wire.fail(capnp::Error::overloaded(text.into()));
            }
        });
    }
}

/// Calls `ThreadMap.makePool` at the peer.
pub(crate) fn make_pool(id: u64, count: u32, reply: oneshot::Sender<Result<()>>) {
    let Some(state) = State::find(id) else { return };
    let map = state.thread_map.borrow().as_ref().map(|map| map.add_ref());
    let Some(map) = map else {
        let _ = reply.send(Err(Error::failed("the peer has given no thread map")));
        return;
    };
    let mut request = map.new_call(THREAD_MAP, MAKE_POOL, None);
    let RawPointerBuilder(params) = request.get().init_as();
    params.init_struct(StructSize { data: 1, pointers: 0 }).set_data_field(0, count);
    let promise = request.send().promise;
    state.event_loop.spawn(async move {
        let result = promise.await.map(|_| ()).map_err(|error| Error::from_rpc(&error));
        let _ = reply.send(result);
    });
}
