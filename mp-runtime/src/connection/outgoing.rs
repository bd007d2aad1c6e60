//! Making a call on an object of the peer.
//!
//! In: a method, its encoded parameters, and who waits. Out: the peer's encoded results, or an
//! error; a capability of results that have yet to arrive; a cancelled call.

use std::rc::Rc;
use std::sync::Arc;

use capnp::any_pointer;
use capnp::capability::{RemotePromise, Response};
use futures::future::{Either, select};
use tokio::sync::oneshot;

use super::calls::{Cancellable, Outgoing, called_after_disconnect, interrupted_by_disconnect};
use super::capability::{RemoteCap, are_given};
use super::leader;
use super::log::LoggedCall;
use super::pairs::ThreadPair;
use super::payload::{Payload, Received};
use super::promise::{broken, innermost, settle};
use super::shared::Shared;
use super::state::State;
use super::threads::{Caller, write_context};
use crate::error::{Error, ErrorKind, Origin, Result};
use crate::event_loop::guard;
use crate::monitor::Side;
use crate::wire::node::{InterfaceNode, MethodNode, Type};

impl Outgoing {
    /// Sends the call from any thread.
    pub(crate) fn start(self) {
        let event_loop = self.target.shared().event_loop().clone();
        event_loop.run(move || self.start_here());
    }

    /// Sends the call from this thread, which waits for the answer afterwards.
    pub(crate) fn start_and_wait(self) {
        let shared = self.target.shared().clone();
        leader::step(shared.event_loop(), shared.id(), &shared.waiters, move || self.start_here());
    }

    fn start_here(self) {
        let Some(state) = State::find(self.target.shared().id()) else {
            let error = called_after_disconnect().in_call(self.interface.name, self.method.name);
            return self.reply.send(Err(error));
        };
        // capnp-rpc panics on some answers that break the rules. That is this peer's end, and
        // nobody else's.
        if guard(|| self.send(&state)).is_none() {
            state.disconnect();
        }
    }

    fn send(self, state: &Rc<State>) {
        if self.method.context && !state.threads.has_threads(&self.caller, self.scope) {
            return state.calls.wait(self);
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
            span,
        } = self;
        let entered = span.enter();
        let logged = LoggedCall::new(number, interface, method);
        let thread = match &caller {
            Caller::Thread(thread) if method.context && !state.threads.is_nested(scope) => Some(thread.key),
            _ => None,
        };
        let called = (interface, method);
        let in_flight = state.log.begin(Side::Client, &logged);
        let sent = prepare(state, &target, called, params, &caller, scope, Some(&logged));
        let (sent, pair) = match sent {
            Ok(sent) => sent,
            Err(error) => {
                state.log.call_failed(&logged, &error);
                in_flight.end(Some(error.kind()));
                if let Some(cap) = pipeline {
                    state.objects.file(cap.key(), broken(error.to_rpc()));
                }
                return reply.send(Err(error.in_call(interface.name, method.name)));
            }
        };
        let RemotePromise { promise, pipeline: results } = sent;
        if let Some(cap) = &pipeline {
            let index = method.results.fields.first().map_or(0, |field| field.place.offset);
            let index = u16::try_from(index).unwrap_or(0);
            state.objects.file(cap.key(), results.get_pointer_field(index).as_cap());
        }
        let (cancelled, on_cancel) = oneshot::channel();
        let destroys = (interface.destroy == Some(method.ordinal)).then(|| Arc::downgrade(target.shared()));
        let interrupt = interrupt.map(|interrupt| (target, interrupt));
        state.calls.insert(Cancellable { cancelled, interrupt, thread, logged });
        drop(entered);
        let (state, event_loop) = (state.clone(), state.event_loop.clone());
        event_loop.spawn(async move {
            let _results = results;
            let response = match select(promise, on_cancel).await {
                Either::Left((response, _)) => response,
                Either::Right((Ok(()), promise)) => {
                    // Dropping the promise sends Finish. A peer written in Rust stops an
                    // asynchronous method then; a blocking one runs on and keeps its thread, and
                    // nobody learns when it ends.
                    drop(promise);
                    in_flight.end(Some(ErrorKind::Cancelled));
                    if let Some(pair) = pair.filter(|_| !state.is_closed()) {
                        state.threads.suspect_pair(pair);
                        send_waiting(&state);
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
            state.calls.remove(number);
            return_pair(&state, pair);
            if let Some(shared) = destroys.and_then(|shared| shared.upgrade()) {
                shared.set_keeps_waiting(false);
            }
            let result = match response {
                Ok(response) => receive(&state, &response).await,
                Err(error) => Err(translate(&state, &error)),
            };
            in_flight.end(result.as_ref().err().map(Error::kind));
            let entered = span.enter();
            match &result {
                Ok(results) => state.log.response_received(&logged, results),
                Err(error) => state.log.call_failed(&logged, error),
            }
            drop(entered);
            // Before the caller goes on: if it drops its proxy next, that one must be the last.
            drop(object);
            reply.send(result.map_err(|error| error.in_call(interface.name, method.name)));
        });
    }
}

/// Gives the threads back of a call that has returned.
fn return_pair(state: &Rc<State>, pair: Option<ThreadPair>) {
    if let Some(pair) = pair.filter(|_| !state.is_closed()) {
        state.threads.return_pair(pair);
        send_waiting(state);
    }
}

/// Sends calls that have waited for threads, as long as there are some.
fn send_waiting(state: &Rc<State>) {
    while state.threads.has_threads(&Caller::Task, None)
        && let Some(call) = state.calls.next()
    {
        call.send(state);
    }
}

/// Readies the results for another thread.
async fn receive(state: &State, response: &Response<any_pointer::Owned>) -> Result<Payload> {
    let (reader, message) = state.wire()?.reading(|| response.get());
    let reader = reader.map_err(|error| Error::from_message(&error))?;
    let arrived = message.and_then(|(frame, _)| Payload::arrived(&frame, 0, Some(&state.budget)));
    if let Some(payload) = arrived {
        return Ok(payload);
    }
    let mut received = Received::copy(reader)?;
    for hook in received.hooks.iter_mut() {
        if let Some(unsettled) = hook.take() {
            *hook = Some(settle(unsettled).await);
        }
    }
    Ok(received.file(&state.budget, |hook| state.objects.receive(hook)))
}

/// Sends the method that makes another one return early.
fn interrupt_call(
    state: &Rc<State>,
    target: &RemoteCap,
    interface: &'static InterfaceNode,
    interrupt: &'static MethodNode,
) {
    let sent = prepare(state, target, (interface, interrupt), Payload::new(), &Caller::Task, None, None);
    let connection = state.id;
    match sent {
        Ok((sent, pair)) => {
            let state = state.clone();
            state.event_loop.clone().spawn(async move {
                if let Err(error) = sent.promise.await {
                    tracing::info!(target: "ipc", connection, %error, "IPC interrupt failed");
                }
                return_pair(&state, pair);
            });
        }
        Err(error) => tracing::info!(target: "ipc", connection, %error, "IPC interrupt failed"),
    }
}

type Sent = (RemotePromise<any_pointer::Owned>, Option<ThreadPair>);

/// Sends a call, and has the log say so if it is to.
fn prepare(
    state: &Rc<State>,
    target: &RemoteCap,
    (interface, method): (&'static InterfaceNode, &'static MethodNode),
    params: Payload,
    caller: &Caller,
    scope: Option<u64>,
    logged: Option<&LoggedCall>,
) -> Result<Sent> {
    let words = params.check_size(state.budget.limits())?;
    state.wire()?.check_call(words * 8)?;
    let hook = state.objects.find(target.key()).ok_or_else(called_after_disconnect)?;
    // A promise that was kept, or broken, meanwhile: capnp-rpc cannot redirect a request that has
    // capabilities once it is built.
    let hook = innermost(hook)
        .ok_or_else(|| Error::new(ErrorKind::Protocol, "the object is a promise without end"))?;
    if let Some(logged) = logged {
        state.log.request_sent(logged, &params);
    }
    let hint = capnp::MessageSize { word_count: words as u64 + 8, cap_count: params.caps.len() as u32 + 2 };
    let caps = params.caps.clone();
    let mut request = params.put(
        state.wire()?,
        &method.params,
        || hook.new_call(interface.id, method.ordinal, Some(hint)),
        |request| request.get(),
        |cap| state.objects.hook(cap),
    )?;
    let mut pair = None;
    if method.context {
        let threads = state.threads.pick(caller, scope);
        let place = method.params.fields.iter().find(|field| matches!(field.ty, Type::Context));
        let index = place.map_or(0, |field| field.place.offset as usize);
        write_context(request.get(), &method.params, index, &threads)?;
        pair = threads.pair;
    }
    let sent = request.send();
    are_given(&caps);
    Ok((sent, pair))
}

fn translate(state: &State, error: &capnp::Error) -> Error {
    let error = Error::from_rpc(error);
    // The method may say this of a connection of its own; ours is another one.
    let ours = error.origin() == Origin::Local || state.wire().is_ok_and(|wire| wire.is_ending());
    if error.kind() == ErrorKind::Disconnected && ours { interrupted_by_disconnect() } else { error }
}

/// Has the next call of this thread served on another thread of the peer: the one that it has may be busy for as long
/// as it likes.
pub(crate) fn suspect_thread(shared: &Arc<Shared>, thread: u64) {
    let id = shared.id();
    shared.event_loop().run(move || {
        if let Some(state) = State::find(id) {
            suspect(&state, thread);
        }
    });
}

fn suspect(state: &Rc<State>, thread: u64) {
    state.threads.suspect_thread(thread);
    send_waiting(state);
}

/// Cancels the call of this number.
pub(crate) fn cancel(shared: &Arc<Shared>, number: u64) {
    let id = shared.id();
    shared.event_loop().run(move || {
        let Some(state) = State::find(id) else { return };
        let Some(Cancellable { cancelled, interrupt, thread, logged }) = state.calls.remove(number) else {
            return;
        };
        if let Some(thread) = thread {
            suspect(&state, thread);
        }
        state.log.call_cancelled(&logged);
        match interrupt {
            // Sent at once, so that it is on its way before anything the caller does next.
            // The call itself stays until it returns; its thread is busy until then.
            Some((target, interrupt)) => interrupt_call(&state, &target, logged.interface, interrupt),
            None => {
                let _ = cancelled.send(());
            }
        }
    });
}
