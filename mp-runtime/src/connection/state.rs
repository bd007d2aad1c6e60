//! A connection on the event loop's thread.
//!
//! In: orders of other threads, by the connection's id. Out: its tables, which never leave this thread. Nothing outside
//! `connection` sees this type.

use std::cell::{OnceCell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Waker};

use capnp_rpc::rpc_twoparty_capnp::Side;
use tokio::sync::oneshot;

use super::budget::Budget;
use super::calls::Calls;
use super::life::Life;
use super::log::Log;
use super::network::Wire;
use super::objects::Objects;
use super::server::Servers;
use super::shared::{Order, Shared, Waiters};
use super::threads::Threads;
use super::workers::Workers;
use crate::cleanup::Cleanup;
use crate::error::{Error, Result};
use crate::event_loop::{self, EventLoop};

/// One connection, with everything that must stay on the loop's thread.
pub(crate) struct State {
    pub(crate) id: u64,
    pub(crate) event_loop: EventLoop,
    pub(crate) life: Arc<Life>,
    /// Keeps a served connection until its peer leaves.
    kept: RefCell<Option<Arc<Shared>>>,
    /// What the peer makes this process hold.
    pub(crate) budget: Arc<Budget>,
    /// What is told of its calls.
    pub(crate) log: Log,
    /// Where objects are dropped that the peer leaves behind.
    pub(crate) cleanup: Cleanup,
    /// What of ours the peer can call.
    pub(crate) servers: Rc<Servers>,
    /// The objects of both sides.
    pub(crate) objects: Objects,
    /// The threads that serve its calls.
    pub(crate) workers: Workers,
    /// The threads of our calls.
    pub(crate) threads: Rc<Threads>,
    /// Our calls.
    pub(crate) calls: Calls,
    pub(crate) waiters: Arc<Waiters>,
    wire: OnceCell<Rc<Wire>>,
    closer: RefCell<Option<Closer>>,
}

type Disconnector = capnp_rpc::Disconnector<Side>;

/// Ends the connection.
pub(crate) struct Closer {
    pub(crate) disconnector: Disconnector,
    /// Takes the disconnector to the connection's task, which waits for it.
    pub(crate) closing: oneshot::Sender<Disconnector>,
}

/// Obeys for the connection of this id, unless it is closed.
pub(crate) fn obey(id: u64, order: Order) {
    let Some(state) = State::find(id) else { return };
    match order {
        Order::Release(key) => state.objects.release(key),
        Order::Close => state.disconnect(),
        Order::Evict => {
            if let Ok(wire) = state.wire() {
                let text = "other peers need the memory that is held for this one, which holds most";
                wire.fail(capnp::Error::overloaded(text.into()));
            }
        }
    }
}

fn thread_has_ended(id: u64, key: u64) {
    if let Some(state) = State::find(id) {
        state.threads.forget(key);
    }
}

impl State {
    pub(crate) fn new(shared: &Arc<Shared>, keep: bool) -> Rc<Self> {
        let state = Rc::new_cyclic(|state: &Weak<State>| {
            let (event_loop, budget) = (shared.event_loop().clone(), shared.budget.clone());
            let cleanup = shared.cleanup.clone();
            let servers = Servers::new(state.clone(), event_loop.clone(), budget.clone(), cleanup.clone());
            State {
                id: shared.id(),
                life: shared.life.clone(),
                kept: RefCell::new(keep.then(|| shared.clone())),
                log: Log::new(shared.id(), &event_loop),
                objects: Objects::new(shared, &servers),
                workers: Workers::new(&servers, &budget),
                threads: Threads::new(shared, &servers, thread_has_ended),
                calls: Calls::default(),
                waiters: shared.waiters.clone(),
                wire: OnceCell::new(),
                closer: RefCell::default(),
                event_loop,
                budget,
                cleanup,
                servers,
            }
        });
        state.event_loop.keep(state.id, state.clone());
        state
    }

    /// The connection of this id, unless it is closed.
    pub(crate) fn find(id: u64) -> Option<Rc<State>> {
        event_loop::kept(id)?.downcast().ok()
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

    /// Says how the connection is ended.
    pub(crate) fn set_closer(&self, closer: Closer) {
        *self.closer.borrow_mut() = Some(closer);
    }

    /// Ends the connection. When this returns nothing more is sent, and every call under way has failed, also when a
    /// method that the peer called is what ends it.
    pub(crate) fn disconnect(&self) {
        let closer = self.closer.take();
        if let Some(Closer { mut disconnector, closing }) = closer {
            // The first poll disconnects; what it leaves to wait for is the stream's shutdown.
            let _ = Pin::new(&mut disconnector).poll(&mut Context::from_waker(Waker::noop()));
            let _ = closing.send(disconnector);
        }
    }

    /// Takes everything down after the connection broke or was closed, in an order in which
    /// nothing can call out any more before objects are dropped.
    pub(crate) fn close(&self) {
        if !self.life.close() {
            return;
        }
        event_loop::forget(self.id);
        drop(self.closer.take());
        self.calls.close();
        self.objects.close();
        self.threads.close();
        self.workers.close();
        drop(self.kept.take());
        self.budget.close();
    }

    /// Whether no call is under way, in either direction, and everything is written.
    pub(crate) fn is_idle(&self) -> bool {
        self.calls.is_empty()
            && self.budget.calls() == 0
            && self.wire.get().is_none_or(|wire| wire.is_settled())
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.life.is_closed()
    }
}
