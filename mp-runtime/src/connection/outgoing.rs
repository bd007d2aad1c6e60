//! Making a call on an object of the peer.
//!
//! In: a method, its encoded parameters, and who waits. Out: the peer's encoded results, or an
//! error; a capability of results that have yet to arrive; a cancelled call.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use capnp::any_pointer;
use capnp::capability::{RemotePromise, Response};
use futures::future::{Either, select};
use tokio::sync::oneshot;

use super::capability::{InUse, RemoteCap};
use super::pairs::ThreadPair;
use super::payload::{Payload, Received};
use super::state::{State, innermost};
use super::threads::{Caller, write_context};
use super::{Shared, log};
use crate::error::{Error, ErrorKind, Origin, Result};
use crate::event_loop::guard;
use crate::thread::ReplySlot;
use crate::wire::node::{InterfaceNode, MethodNode, Type};

/// A call that is ready to go.
pub(crate) struct Outgoing {
    pub(crate) target: RemoteCap,
    /// The interface that declares the method; its id goes on the wire.
    pub(crate) interface: &'static InterfaceNode,
    pub(crate) method: &'static MethodNode,
    /// The method that ends this one early at the peer.
    pub(crate) interrupt: Option<&'static MethodNode>,
    pub(crate) params: Payload,
    pub(crate) caller: Caller,
    /// The call being served where this one is made.
    pub(crate) scope: Option<u64>,
    /// Where the capability of the first result is filed before it arrives.
    pub(crate) pipeline: Option<RemoteCap>,
    pub(crate) reply: ReplyTo,
    /// A number to cancel the call by.
    pub(crate) number: u64,
    /// Held until the call has returned, so that an object is not destroyed under a call.
    pub(crate) object: Option<Arc<dyn InUse>>,
}

/// What it takes to cancel a call.
pub(crate) struct Cancellable {
    cancelled: oneshot::Sender<()>,
    interrupt: Option<(RemoteCap, &'static InterfaceNode, &'static MethodNode)>,
    /// The thread that made the call, if the peer serves it on the thread that it has for that one.
    thread: Option<u64>,
    names: (&'static InterfaceNode, &'static MethodNode),
    started: Instant,
}

/// Who waits for a call's results. Dropped unanswered, as when the event loop ends, it tells them
/// that the connection is gone.
pub(crate) struct ReplyTo(Waiter);

enum Waiter {
    /// A thread.
    Thread(Arc<ReplySlot<Result<Payload>>>),
    /// A task.
    Task(oneshot::Sender<Result<Payload>>),
    /// Nobody: failures only reach the log.
    Nobody,
}

impl ReplyTo {
    pub(crate) fn thread(slot: Arc<ReplySlot<Result<Payload>>>) -> Self {
        ReplyTo(Waiter::Thread(slot))
    }

    pub(crate) fn task(sender: oneshot::Sender<Result<Payload>>) -> Self {
        ReplyTo(Waiter::Task(sender))
    }

    pub(crate) fn nobody() -> Self {
        ReplyTo(Waiter::Nobody)
    }

    fn send(mut self, result: Result<Payload>) {
        self.answer(result);
    }

    fn answer(&mut self, result: Result<Payload>) {
        match std::mem::replace(&mut self.0, Waiter::Nobody) {
            Waiter::Thread(slot) => slot.fill(result),
            Waiter::Task(sender) => {
                // The task may have been dropped meanwhile; then nobody misses the result.
                let _ = sender.send(result);
            }
            Waiter::Nobody => {}
        }
    }
}

impl Drop for ReplyTo {
    fn drop(&mut self) {
        if !matches!(self.0, Waiter::Nobody) {
            self.answer(Err(interrupted_by_disconnect()));
        }
    }
}

impl Outgoing {
    /// Sends the call from any thread.
    pub(crate) fn start(self) {
        let shared = self.target.shared().clone();
        shared.clone().event_loop().run(move || {
            let Some(state) = State::find(shared.id()) else {
                let error = called_after_disconnect().in_call(self.interface.name, self.method.name);
                return self.reply.send(Err(error));
            };
            // capnp-rpc panics on some answers that break the rules. That is this peer's end, and
            // nobody else's.
            if guard(|| self.send(&state)).is_none() {
                super::link::close(state.id);
            }
        });
    }

    fn send(self, state: &Rc<State>) {
        if self.method.context && !state.has_threads(&self.caller, self.scope) {
            let (names, started) = ((self.interface, self.method), Instant::now());
            // There is nothing to tell the peer if it is cancelled here.
            let (cancelled, _) = oneshot::channel();
            let cancellable = Cancellable { cancelled, interrupt: None, thread: None, names, started };
            state.cancels.borrow_mut().insert(self.number, cancellable);
            return state.waiting.borrow_mut().push_back(self);
        }
        let Outgoing {
            target,
            interface,
            method,
            interrupt,
            params,
            caller,
            scope,
            pipeline,
            reply,
            number,
            object,
        } = self;
        let started = Instant::now();
        let thread = match &caller {
            Caller::Thread(thread) if method.context && !state.is_nested(scope) => Some(thread.key),
            _ => None,
        };
        let sent = prepare(state, &target, interface, method, &params, &caller, scope);
        let (sent, pair) = match sent {
            Ok(sent) => sent,
            Err(error) => {
                log::call_failed(state, number, interface, method, started, &error);
                if let Some(cap) = pipeline {
                    state.file(&cap, capnp_rpc::new_broken_cap(error.to_rpc()).hook);
                }
                return reply.send(Err(error.in_call(interface.name, method.name)));
            }
        };
        log::request_sent(state, number, interface, method, &params);
        params.is_sent();
        drop(params);
        let RemotePromise { promise, pipeline: results } = sent;
        if let Some(cap) = &pipeline {
            let index = method.results.fields.first().map_or(0, |field| field.place.offset);
            let index = u16::try_from(index).unwrap_or(0);
            state.file(cap, results.get_pointer_field(index).as_cap());
        }
        let (cancelled, on_cancel) = oneshot::channel();
        let interrupt = interrupt.map(|interrupt| (target, interface, interrupt));
        let cancellable = Cancellable { cancelled, interrupt, thread, names: (interface, method), started };
        state.cancels.borrow_mut().insert(number, cancellable);
        let state = state.clone();
        state.event_loop.clone().spawn(async move {
            let _results = results;
            let response = match select(promise, on_cancel).await {
                Either::Left((response, _)) => response,
                Either::Right((Ok(()), promise)) => {
                    // Dropping the promise sends Finish. A peer written in Rust stops an
                    // asynchronous method then; a blocking one runs on and keeps its thread, and
                    // nobody learns when it ends.
                    drop(promise);
                    if let Some(pair) = pair {
                        state.suspect_pair(pair);
                    }
                    if let Some(object) = object {
                        object.doubt();
                    }
                    return;
                }
                // The connection was closed, and the promise with it; or the peer was asked to
                // interrupt the call, which returns soon.
                Either::Right((Err(_), promise)) => {
                    if state.is_closed() {
                        drop((promise, object));
                        return reply
                            .send(Err(interrupted_by_disconnect().in_call(interface.name, method.name)));
                    }
                    promise.await
                }
            };
            state.cancels.borrow_mut().remove(&number);
            if let Some(pair) = pair {
                state.return_pair(pair);
            }
            if interface.destroy == Some(method.ordinal)
                && let Some(shared) = state.shared()
            {
                shared.set_keeps_waiting(false);
            }
            let result = match response {
                Ok(response) => receive(&state, &response).await,
                Err(error) => Err(translate(&state, &error)),
            };
            match &result {
                Ok(results) => log::response_received(&state, number, interface, method, started, results),
                Err(error) => log::call_failed(&state, number, interface, method, started, error),
            }
            // Before the caller goes on: if it drops its proxy next, that one must be the last.
            drop(object);
            reply.send(result.map_err(|error| error.in_call(interface.name, method.name)));
        });
    }
}

/// Sends calls that have waited for threads, as long as there are some.
pub(crate) fn send_waiting(state: &Rc<State>) {
    while state.has_threads(&Caller::Task, None) {
        let Some(call) = state.waiting.borrow_mut().pop_front() else { return };
        // One that is not known any more was cancelled.
        let known = state.cancels.borrow_mut().remove(&call.number);
        if known.is_some() {
            call.send(state);
        }
    }
}

/// Copies the results for another thread.
async fn receive(state: &State, response: &Response<any_pointer::Owned>) -> Result<Payload> {
    let reader = response.get().map_err(|error| Error::from_message(&error))?;
    let mut received = Received::copy(reader)?;
    for hook in received.hooks.iter_mut() {
        if let Some(unsettled) = hook.take() {
            *hook = Some(state.settle(unsettled).await);
        }
    }
    Ok(received.file(&state.budget, |hook| state.receive(hook)))
}

/// Sends the method that makes another one return early.
fn interrupt_call(
    state: &Rc<State>,
    target: &RemoteCap,
    interface: &'static InterfaceNode,
    interrupt: &'static MethodNode,
) {
    let sent = prepare(state, target, interface, interrupt, &Payload::new(0), &Caller::Task, None);
    let connection = state.id;
    match sent {
        Ok((sent, pair)) => {
            let state = state.clone();
            state.event_loop.clone().spawn(async move {
                if let Err(error) = sent.promise.await {
                    tracing::info!(target: "ipc", connection, %error, "IPC interrupt failed");
                }
                if let Some(pair) = pair {
                    state.return_pair(pair);
                }
            });
        }
        Err(error) => tracing::info!(target: "ipc", connection, %error, "IPC interrupt failed"),
    }
}

type Sent = (RemotePromise<any_pointer::Owned>, Option<ThreadPair>);

fn prepare(
    state: &Rc<State>,
    target: &RemoteCap,
    interface: &'static InterfaceNode,
    method: &'static MethodNode,
    params: &Payload,
    caller: &Caller,
    scope: Option<u64>,
) -> Result<Sent> {
    let words = params.check_size(state.budget.limits())?;
    state.wire()?.check_call(words * 8)?;
    let hook = state.cap(target.key()).ok_or_else(called_after_disconnect)?;
    // A promise that was kept, or broken, meanwhile: capnp-rpc cannot redirect a request that has
    // capabilities once it is built.
    let hook = innermost(hook)
        .ok_or_else(|| Error::new(ErrorKind::Protocol, "the object is a promise without end"))?;
    state.wire()?.expect(words + 4 * params.caps.len());
    let hint = capnp::MessageSize { word_count: words as u64 + 8, cap_count: params.caps.len() as u32 + 2 };
    let mut request = hook.new_call(interface.id, method.ordinal, Some(hint));
    params.send(request.get(), |cap| state.hook(cap))?;
    let mut pair = None;
    if method.context {
        let threads = state.pick_threads(caller, scope);
        let place = method.params.fields.iter().find(|field| matches!(field.ty, Type::Context));
        let index = place.map_or(0, |field| field.place.offset as usize);
        write_context(request.get(), &method.params, index, &threads)?;
        pair = threads.pair;
    }
    Ok((request.send(), pair))
}

fn translate(state: &State, error: &capnp::Error) -> Error {
    let error = Error::from_rpc(error);
    // The method may say this of a connection of its own; ours is another one.
    let ours = error.origin() == Origin::Local || state.wire().is_ok_and(|wire| wire.is_ending());
    if error.kind() == ErrorKind::Disconnected && ours { interrupted_by_disconnect() } else { error }
}

pub(crate) fn called_after_disconnect() -> Error {
    Error::disconnected("IPC client method called after disconnect")
}

fn interrupted_by_disconnect() -> Error {
    Error::disconnected("IPC client method call interrupted by disconnect")
}

/// Has the next call of this thread served on another thread of the peer: the one that it has may be busy for as long
/// as it likes.
pub(crate) fn suspect_thread(shared: &Arc<Shared>, thread: u64) {
    let id = shared.id();
    shared.event_loop().run(move || {
        if let Some(state) = State::find(id) {
            state.suspect_thread(thread);
        }
    });
}

/// Cancels the call of this number.
pub(crate) fn cancel(shared: &Arc<Shared>, number: u64) {
    let id = shared.id();
    shared.event_loop().run(move || {
        if let Some(state) = State::find(id) {
            let call = state.cancels.borrow_mut().remove(&number);
            let Some(Cancellable { cancelled, interrupt, thread, names, started }) = call else { return };
            if let Some(thread) = thread {
                state.suspect_thread(thread);
            }
            log::call_cancelled(&state, number, names.0, names.1);
            match interrupt {
                // Sent at once, so that it is on its way before anything the caller does next.
                // The call itself stays until it returns; its thread is busy until then.
                Some((target, interface, interrupt)) => interrupt_call(&state, &target, interface, interrupt),
                None => {
                    log::call_abandoned(&state, names.0, names.1, started);
                    let _ = cancelled.send(());
                }
            }
        }
    });
}
