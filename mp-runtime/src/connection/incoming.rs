//! Serving a call of the peer.
//!
//! In: a call on one of our objects. Out: its method runs on the thread that the call names, as an
//! asynchronous task, or on the event loop when it takes no context, and its results go back.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Instant;

use capnp::any_pointer;
use capnp::capability::{Params, Results};
use capnp::private::capability::ClientHook;
use capnp::private::layout::StructSize;
use futures::FutureExt;
use tokio::sync::oneshot;

use super::budget::CallPermit;
use super::call::Call;
use super::capability::{LocalObject, Object};
use super::log;
use super::network::Ticket;
use super::payload::{Payload, Received};
use super::scope;
use super::server::Server;
use super::state::State;
use crate::error::{Error, ErrorKind, Result};
use crate::wire::node::{InterfaceNode, MethodNode, Type};
use crate::wire::raw::{RawPointerBuilder, RawPointerReader};

type Hook = Box<dyn ClientHook>;

/// The error for a call to something that is not there.
pub(crate) fn unknown_method(object: &str, interface: u64, method: u16) -> Error {
    Error::unimplemented(format!("{object} has no interface {interface:#018x} with a method @{method}"))
}

/// Serves one call.
pub(crate) async fn serve(
    state: Rc<State>,
    object: Arc<LocalObject>,
    interface: u64,
    ordinal: u16,
    params: Params<any_pointer::Owned>,
    results: Results<any_pointer::Owned>,
) -> Result<(), capnp::Error> {
    let started = Instant::now();
    let wire = state.wire().map_err(|error| error.to_rpc())?.clone();
    // Reading the message says which call it is. One that came by a detour has no ticket.
    params.get()?;
    let ticket = wire.ticket();
    let Some((owner, method)) = object.node.find(interface, ordinal) else {
        wire.room().await;
        let error = unknown_method(object.node.name, interface, ordinal);
        log::request_refused(&state, object.node.name, &error);
        return Err(error.to_rpc());
    };
    let number = log::next_number();
    let mut pending = log::Pending::new(&state, number, owner, method, started);
    let permit = ticket.as_ref().and_then(|ticket| ticket.take_permit());
    let answered = async {
        if let Some(ticket) = &ticket {
            ticket.answers().await;
        }
        answer(&state, &object, owner, method, number, params, results, permit).await
    };
    let outcome = unless_cancelled(ticket.as_deref(), answered).await;
    let Some(outcome) = outcome else {
        return Err(Error::new(ErrorKind::Cancelled, "the call was cancelled").to_rpc());
    };
    pending.done();
    match outcome {
        Ok(words) => {
            log::response_sent(&state, number, owner, method, started, words);
            Ok(())
        }
        Err(error) => {
            log::request_failed(&state, number, owner, method, started, &error);
            Err(error.to_rpc())
        }
    }
}

/// Serves a call until the peer does not want the answer any more.
async fn unless_cancelled<T>(ticket: Option<&Ticket>, answer: impl Future<Output = T>) -> Option<T> {
    let mut answer = std::pin::pin!(answer);
    std::future::poll_fn(|cx| {
        if ticket.is_some_and(|ticket| ticket.poll_cancelled(cx.waker())) {
            return Poll::Ready(None);
        }
        answer.as_mut().poll(cx).map(Some)
    })
    .await
}

#[allow(clippy::too_many_arguments, reason = "the parts of one call")]
async fn answer(
    state: &Rc<State>,
    object: &Arc<LocalObject>,
    owner: &'static InterfaceNode,
    method: &'static MethodNode,
    number: u64,
    params: Params<any_pointer::Owned>,
    mut results: Results<any_pointer::Owned>,
    permit: Option<CallPermit>,
) -> Result<usize> {
    state.wire()?.room().await;
    if owner.construct == Some(method.ordinal) {
        log::request_received(state, number, owner, method, &Payload::new(0));
        return exchange_thread_maps(state, &params, results);
    }
    let context = if method.context { Some(read_context(state, method, &params)?) } else { None };
    let payload = receive(state, context.as_ref(), params).await?;
    log::request_received(state, number, owner, method, &payload);
    let call = Call::new(method, payload, state.id, permit);
    let call = if owner.destroy == Some(method.ordinal) {
        destroy(state, context, object, call).await?
    } else if method.asynchronous {
        run_async(state, object.get()?, context, owner.id, call).await?
    } else {
        let inner = object.get()?;
        let interface = owner.id;
        run_blocking(state, context, call, move |call| {
            inner.call_blocking(interface, call.method.ordinal, call)
        })
        .await?
    };
    let words = call.results.check_size(state.budget.limits())?;
    state.budget.check_answer(words * 8)?;
    state.check_exports(&call.results)?;
    state.wire()?.expect(words + 4 * call.results.caps.len());
    call.results.send(results.get(), |cap| state.hook(cap))?;
    call.results.is_sent();
    log::results(state, owner, method, &call.results);
    Ok(words)
}

/// `destroy`: drops the object on the thread that the call names, or on the one of things that are let go.
async fn destroy(
    state: &Rc<State>,
    context: Option<Context>,
    object: &LocalObject,
    call: Call,
) -> Result<Call> {
    if context.as_ref().is_some_and(|context| context.own.is_some()) {
        // Our own side has let go of what was promised to it, and turned out to be its own object: it is not the
        // peer's to destroy.
        return Ok(call);
    }
    let inner = object.take();
    if context.is_some() {
        let drops = move |_: &mut Call| {
            drop(inner);
            Ok(())
        };
        return run_blocking(state, context, call, drops).await;
    }
    let (sender, dropped) = oneshot::channel();
    state.cleanup.run(move || {
        let _ = sender.send(guard_panic(|| {
            drop(inner);
            Ok(())
        }));
    });
    dropped.await.unwrap_or(Ok(())).map(|()| call)
}

/// Copies the parameters for another thread. The threads of the context stay here.
async fn receive(
    state: &Rc<State>,
    context: Option<&Context>,
    params: Params<any_pointer::Owned>,
) -> Result<Payload> {
    let is_context = |hook: &Hook| {
        context.is_some_and(|context| {
            let same = |own: &Option<Hook>| own.as_ref().is_some_and(|own| own.get_ptr() == hook.get_ptr());
            same(&context.thread) || same(&context.callback_thread)
        })
    };
    let mut received = {
        let reader = params.get().map_err(|error| Error::from_message(&error))?;
        Received::copy(reader)?
    };
    drop(params);
    for place in received.hooks.iter_mut() {
        *place = match place.take() {
            Some(hook) if !is_context(&hook) => Some(state.settle(hook).await),
            _ => None,
        };
    }
    Ok(received.file(&state.budget, |hook| state.receive(hook)))
}

/// The `Context` struct of a call.
struct Context {
    thread: Option<Hook>,
    callback_thread: Option<Hook>,
    /// The thread of ours that has made this call, if it was one of our own that came home: of an object that was only
    /// promised to us, and turned out to be ours.
    own: Option<Rc<Server>>,
}

fn read_context(state: &State, method: &MethodNode, params: &Params<any_pointer::Owned>) -> Result<Context> {
    let error = |error: capnp::Error| Error::from_message(&error);
    let place = method.params.fields.iter().find(|field| matches!(field.ty, Type::Context));
    let place = place.map_or(0, |field| field.place.offset as usize);
    let RawPointerReader(pointer) = params.get().map_err(error)?.get_as().map_err(error)?;
    let context =
        pointer.get_struct(None).map_err(error)?.get_pointer_field(place).get_struct(None).map_err(error)?;
    let hook = |index| -> Result<Option<Hook>> {
        let pointer = context.get_pointer_field(index);
        if pointer.is_null() { Ok(None) } else { pointer.get_capability().map(Some).map_err(error) }
    };
    let (thread, callback_thread) = (hook(0)?, hook(1)?);
    let own = callback_thread.as_ref().and_then(|hook| state.own_server(hook.as_ref()));
    Ok(Context { thread, callback_thread, own: own.filter(|server| server.is_thread()) })
}

/// Finds the thread that a call names, or picks one of the pool.
async fn find_thread(state: &Rc<State>, context: &Context) -> Result<(Rc<Server>, Option<Busy>)> {
    if let Some(own) = &context.own {
        return Ok((own.clone(), None));
    }
    let Some(hook) = context.thread.as_ref().map(|hook| hook.add_ref()) else {
        if !state.exchanges_threads.get() {
            let callback = context.callback_thread.as_ref().map(|hook| hook.add_ref());
            return state.implied_thread(callback).map(|server| (server, None));
        }
        let pool = state.pool.borrow();
        let slot = pool.iter().min_by_key(|(_, depth)| depth.load(Ordering::Relaxed));
        let (server, depth) =
            slot.ok_or_else(|| Error::failed("no thread specified and no pool configured"))?;
        return Ok((server.clone(), Some(Busy::new(depth))));
    };
    let found = match state.own_server(hook.as_ref()) {
        Some(server) => Some(server),
        None => {
            // The peer may only have promised it.
            hook.when_resolved().await.map_err(|error| no_thread(&error))?;
            state.own_server(hook.as_ref())
        }
    };
    match found.filter(|server| server.is_thread()) {
        Some(server) => Ok((server, None)),
        None => Err(match state.why_broken(hook).await {
            Some(error) => no_thread(&error),
            None => Error::failed("invalid thread handle"),
        }),
    }
}

fn no_thread(error: &capnp::Error) -> Error {
    let text = format!("invalid thread handle: {error}; did the peer's interface exchange thread maps?");
    let kind = match error.kind {
        capnp::ErrorKind::Overloaded => ErrorKind::Overloaded,
        _ => ErrorKind::Failed,
    };
    Error::new(kind, text)
}

/// Counts a call against its pool thread, as long as it runs there, also when nobody waits for it any more.
struct Busy(Arc<AtomicUsize>);

impl Busy {
    fn new(depth: &Arc<AtomicUsize>) -> Self {
        depth.fetch_add(1, Ordering::Relaxed);
        Busy(depth.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Names the peer's waiting thread for as long as a call is served.
struct Scope<'s> {
    state: &'s State,
    token: u64,
}

impl<'s> Scope<'s> {
    /// The scope of a call, if its peer waits for it on a thread that can serve callbacks.
    fn of(state: &'s State, context: Context) -> Option<Self> {
        // A call of our own that came home is like one that never left.
        let Context { thread, callback_thread, own: None } = context else { return None };
        let callback = callback_thread?;
        let own = thread.unwrap_or_else(|| callback.add_ref());
        Some(Scope::new(state, callback, own))
    }

    fn new(state: &'s State, callback_thread: Hook, own: Hook) -> Self {
        let token = state.token();
        state.scopes.borrow_mut().insert(token, (callback_thread, own));
        Scope { state, token }
    }
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        let hooks = self.state.scopes.borrow_mut().remove(&self.token);
        drop(hooks);
    }
}

/// Runs a blocking method on the thread that its call names, or here when the method takes no
/// context.
async fn run_blocking(
    state: &Rc<State>,
    context: Option<Context>,
    mut call: Call,
    run: impl FnOnce(&mut Call) -> Result<()> + Send + 'static,
) -> Result<Call> {
    let Some(context) = context else {
        guard_panic(|| run(&mut call))?;
        return Ok(call);
    };
    let (thread, busy) = find_thread(state, &context).await?;
    let scope = Scope::of(state, context);
    let frame = scope.as_ref().map(|scope| (state.id, scope.token));
    let (sender, receiver) = oneshot::channel();
    thread.post(Box::new(move || {
        let _busy = busy;
        if sender.is_closed() {
            // Cancelled before it could be executed.
            return;
        }
        let outcome = scope::enter(frame, || guard_panic(|| run(&mut call))).map(|()| call);
        let _ = sender.send(outcome);
    }))?;
    receiver
        .await
        .unwrap_or_else(|_| Err(Error::new(ErrorKind::Failed, "the thread that served the call has ended")))
}

/// Runs an asynchronous method as part of the connection's own tasks; the peer's `Finish` drops it.
async fn run_async(
    state: &Rc<State>,
    object: Arc<dyn Object>,
    context: Option<Context>,
    interface: u64,
    call: Call,
) -> Result<Call> {
    let scope = context.and_then(|context| Scope::of(state, context));
    let frame = scope.as_ref().map(|scope| (state.id, scope.token));
    let ordinal = call.method.ordinal;
    let task = AssertUnwindSafe(object.call_async(interface, ordinal, call)).catch_unwind();
    scope::Scoped::new(frame, task).await.unwrap_or_else(|panic| Err(panic_error(&*panic)))
}

fn guard_panic<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Err(panic_error(&*panic)))
}

fn panic_error(panic: &(dyn std::any::Any + Send)) -> Error {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    Error::failed(format!("the method panicked: {text}"))
}

/// `construct`: takes the peer's thread map and gives ours.
fn exchange_thread_maps(
    state: &Rc<State>,
    params: &Params<any_pointer::Owned>,
    mut results: Results<any_pointer::Owned>,
) -> Result<usize> {
    let error = |error: capnp::Error| Error::from_message(&error);
    let RawPointerReader(pointer) = params.get().map_err(error)?.get_as().map_err(error)?;
    let pointer = pointer.get_struct(None).map_err(error)?.get_pointer_field(0);
    if !pointer.is_null() {
        let map = pointer.get_capability().map_err(error)?;
        *state.thread_map.borrow_mut() = Some(map);
    }
    let hook = state.serve(Server::for_thread_map(state));
    let RawPointerBuilder(pointer) = results.get().init_as();
    let structure = pointer.init_struct(StructSize { data: 0, pointers: 1 });
    structure.get_pointer_field(0).set_capability(hook);
    Ok(2)
}
