//! A stream with capnp-rpc on it.
//!
//! In: bytes. Out: a running connection on the event loop, until end of file or `close`.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use capnp_rpc::RpcSystem;
use capnp_rpc::rpc_twoparty_capnp::Side;
use tokio::sync::oneshot;

use super::network::{Flushed, Stream, Wire, network};
use super::object::LocalObject;
use super::shared::Shared;
use super::state::{Closer, State};
use super::thread_map;

/// Starts capnp-rpc on a stream. `ended` runs when the connection is gone.
fn start(
    state: &Rc<State>,
    stream: Stream,
    root: Option<Arc<LocalObject>>,
    side: Side,
    ended: impl FnOnce() + 'static,
) -> std::io::Result<SharedSystem> {
    let wire = Wire::new(stream, side == Side::Server, &state.budget, &state.log.quota)?;
    state.set_wire(&wire);
    if root.as_ref().is_some_and(|root| root.node.constructor().is_some()) {
        state.workers.exchanges_threads.set(true);
    }
    let root = root.map(|root| capnp::capability::Client::new(state.servers.object(root)));
    let system = RpcSystem::new(network(&wire, side), root);
    let (closing, close) = oneshot::channel();
    state.set_closer(Closer { disconnector: system.get_disconnector(), closing });
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
    Ok(system)
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
        self.state.close();
        let system = self.system.borrow_mut().take();
        drop(system);
        self.state.servers.bury_all();
        if let Ok(wire) = self.state.wire() {
            wire.close();
        }
        if let Some(ended) = self.ended.take() {
            ended();
        }
        self.state.life.end();
    }
}

type SharedSystem = Rc<RefCell<Option<RpcSystem<Side>>>>;

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
        Ok(system) => system,
        Err(error) => {
            tracing::warn!(target: "ipc", connection = state.id, %error, "IPC connection could not be opened");
            state.close();
            return shared.life.end();
        }
    };
    let first = system
        .borrow_mut()
        .as_mut()
        .map(|system| system.bootstrap::<capnp::capability::Client>(Side::Server));
    let Some(first) = first else { return };
    if let Some(construct) = construct {
        thread_map::construct(&state, first.hook.as_ref(), construct);
    }
    state.objects.file(key, first.hook);
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
        shared.life.end();
    }
}
