//! Serving a call of the peer.
//!
//! In: a call on one of our objects. Out: its method runs on the thread that the call names, as an
//! asynchronous task, or on the event loop when it takes no context, and its results go back.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use capnp::any_pointer;
use capnp::capability::{Params, Promise, Results};
use capnp::private::capability::ClientHook;
use futures::FutureExt;
use tokio::sync::oneshot;

use super::budget::CallPermit;
use super::call::Call;
use super::capability::are_given;
use super::leader;
use super::log::{CallSpan, LoggedCall, next_number};
use super::network::{Frame, Ticket};
use super::object::{LocalObject, Object};
use super::payload::{Payload, Received};
use super::promise::settle;
use super::scope::{self, Scope};
use super::server::{Dispatcher, Kind, Request, Server};
use super::serving_thread::ServingThread;
use super::state::State;
use super::thread_map::{self, unknown_method};
use crate::error::{Error, ErrorKind, Result};
use crate::thread::Wakes;
use crate::wire::capability::MessageCap;
use crate::wire::node::{MethodNode, Type};
use crate::wire::raw::RawPointerReader;

type Hook = Box<dyn ClientHook>;

impl Dispatcher for State {
    fn dispatch(self: Rc<Self>, server: Rc<Server>, request: Request) -> Promise<(), capnp::Error> {
        if self.is_closed() {
            return Promise::err(capnp::Error::disconnected("the connection is closed".into()));
        }
        match &server.kind {
            Kind::Object(object) => {
                let object = object.clone();
                Promise::from_future(serve(self, (object, server), request))
            }
            _ => Promise::from_future(async move {
                thread_map::serve(&self, &server.kind, request).await.map_err(|error| error.to_rpc())
            }),
        }
    }
}

/// Serves a call of an object, whose server stays until then.
async fn serve(
    state: Rc<State>,
    (object, _server): (Arc<LocalObject>, Rc<Server>),
    request: Request,
) -> Result<(), capnp::Error> {
    let Request { interface, ordinal, params, results } = request;
    let started = Instant::now();
    let wire = state.wire().map_err(|error| error.to_rpc())?.clone();
    // Reading the message says which call it is.
    let (read, message) = wire.reading(|| params.get().map(drop));
    read?;
    let (frame, ticket) = message.map_or((None, None), |(frame, ticket)| (Some(frame), ticket));
    let Some((owner, method)) = object.node.find(interface, ordinal) else {
        wire.room().await;
        let error = unknown_method(object.node.name, interface, ordinal);
        state.log.request_refused(object.node.name, &error);
        return Err(error.to_rpc());
    };
    let logged = LoggedCall { number: next_number(), interface: owner, method, started };
    let mut unanswered = state.log.unanswered(logged);
    let span = state.log.serving(&logged);
    let permit = ticket.as_ref().and_then(|ticket| ticket.take_permit());
    let answered = pin!(async {
        if let Some(ticket) = &ticket {
            ticket.answers().await;
        }
        answer(&state, &object, (&logged, &span), Arrived { params, frame }, results, permit).await
    });
    let outcome = unless_cancelled(ticket.as_deref(), &span, answered).await;
    let Some(outcome) = outcome else {
        return Err(Error::new(ErrorKind::Cancelled, "the call was cancelled").to_rpc());
    };
    unanswered.done(outcome.as_ref().err().map(Error::kind));
    let _entered = span.enter();
    match outcome {
        Ok(words) => {
            state.log.response_sent(&logged, words);
            Ok(())
        }
        Err(error) => {
            state.log.request_failed(&logged, &error);
            Err(error.to_rpc())
        }
    }
}

/// Serves a call until the peer does not want the answer any more.
async fn unless_cancelled<T>(
    ticket: Option<&Ticket>,
    span: &CallSpan,
    mut answer: Pin<&mut impl Future<Output = T>>,
) -> Option<T> {
    std::future::poll_fn(|cx| {
        if ticket.is_some_and(|ticket| ticket.poll_cancelled(cx.waker())) {
            return Poll::Ready(None);
        }
        let _entered = span.enter();
        answer.as_mut().poll(cx).map(Some)
    })
    .await
}

async fn answer(
    state: &Rc<State>,
    object: &Arc<LocalObject>,
    (logged, span): (&LoggedCall, &CallSpan),
    arrived: Arrived,
    mut results: Results<any_pointer::Owned>,
    permit: Option<CallPermit>,
) -> Result<usize> {
    let LoggedCall { interface: owner, method, .. } = *logged;
    state.wire()?.room().await;
    if owner.construct == Some(method.ordinal) {
        state.log.request_received(logged, &Payload::new());
        return thread_map::exchange(state, &arrived.params, results);
    }
    let context = if method.context { Some(read_context(state, method, &arrived.params)?) } else { None };
    let payload = receive(state, context.as_ref(), arrived).await?;
    state.log.request_received(logged, &payload);
    // Boxes, because what waits for a call would hold it several times over, and be as long as what is rare.
    let call = Box::new(Call::new(method, payload, state.id, permit));
    let call = if owner.destroy == Some(method.ordinal) {
        Box::pin(destroy(state, context, object, call)).await?
    } else if method.asynchronous {
        run_async(state, object.get()?, context, owner.id, call).await.map(Box::new)?
    } else {
        let inner = object.get()?;
        let interface = owner.id;
        let span = span.clone();
        let run = move |call: &mut Call| {
            let _entered = span.enter();
            inner.call_blocking(interface, call.method.ordinal, call)
        };
        match context {
            Some(context) => Box::pin(run_on_thread(state, context, call, run)).await?,
            None => run_here(call, run)?,
        }
    };
    let words = call.results.check_size(state.budget.limits())?;
    state.budget.check_answer(words * 8)?;
    state.objects.check_exports(&call.results)?;
    state.log.results(logged, &call.results);
    let caps = call.results.caps.clone();
    let begin = || {
        results.get();
        results
    };
    let hook = |cap: &MessageCap| state.objects.hook(cap);
    call.results.put(state.wire()?, &method.results, begin, |results| results.get(), hook)?;
    are_given(&caps);
    Ok(words)
}

/// `destroy`: drops the object on the thread that the call names, or on the one of things that are let go.
async fn destroy(
    state: &Rc<State>,
    context: Option<Context>,
    object: &LocalObject,
    call: Box<Call>,
) -> Result<Box<Call>> {
    if context.as_ref().is_some_and(|context| context.own.is_some()) {
        // Our own side has let go of what was promised to it, and turned out to be its own object: it is not the
        // peer's to destroy.
        return Ok(call);
    }
    let inner = object.take();
    if let Some(context) = context {
        let drops = move |_: &mut Call| {
            drop(inner);
            Ok(())
        };
        return run_on_thread(state, context, call, drops).await;
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

/// The parameters of a call, and the message that has brought them unless they have come by a detour.
struct Arrived {
    params: Params<any_pointer::Owned>,
    frame: Option<Frame>,
}

/// Readies the parameters for another thread. The threads of the context stay here.
async fn receive(
    state: &Rc<State>,
    context: Option<&Context>,
    Arrived { params, frame }: Arrived,
) -> Result<Payload> {
    let threads = context.map_or(0, Context::threads);
    if let Some(payload) = frame.and_then(|frame| Payload::arrived(&frame, threads, None)) {
        return Ok(payload);
    }
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
            Some(hook) if !is_context(&hook) => Some(settle(hook).await),
            _ => None,
        };
    }
    Ok(received.file(&state.budget, |hook| state.objects.receive(hook)))
}

/// The `Context` struct of a call.
struct Context {
    thread: Option<Hook>,
    callback_thread: Option<Hook>,
    /// The thread of ours that has made this call, if it was one of our own that came home: of an object that was only
    /// promised to us, and turned out to be ours.
    own: Option<Rc<ServingThread>>,
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
    let own = callback_thread.as_ref().and_then(|hook| state.servers.find_thread(hook.as_ref()));
    Ok(Context { thread, callback_thread, own })
}

impl Context {
    /// How many threads it names.
    fn threads(&self) -> usize {
        match (&self.thread, &self.callback_thread) {
            (None, None) => 0,
            (Some(thread), Some(callback)) if thread.get_ptr() != callback.get_ptr() => 2,
            _ => 1,
        }
    }

    /// Notes the call, if its peer waits for it on a thread that can serve callbacks.
    fn enter(self, state: &State) -> Option<Scope<'_>> {
        // A call of our own that came home is like one that never left.
        let Context { thread, callback_thread, own: None } = self else { return None };
        let callback = callback_thread?;
        let own = thread.unwrap_or_else(|| callback.add_ref());
        Some(state.threads.scopes.enter(callback, own))
    }
}

/// Runs a blocking method whose call names no thread, because it takes no context.
fn run_here(mut call: Box<Call>, run: impl FnOnce(&mut Call) -> Result<()>) -> Result<Box<Call>> {
    Wakes::now();
    guard_panic(|| run(&mut call))?;
    Ok(call)
}

/// Runs a blocking method on the thread that its call names.
async fn run_on_thread(
    state: &Rc<State>,
    context: Context,
    mut call: Box<Call>,
    run: impl FnOnce(&mut Call) -> Result<()> + Send + 'static,
) -> Result<Box<Call>> {
    let (thread, busy) = match &context.own {
        Some(own) => (own.clone(), None),
        None => {
            let named = context.thread.as_ref().map(|hook| hook.add_ref());
            state.workers.find(named, context.callback_thread.as_ref()).await?
        }
    };
    let scope = context.enter(state);
    let frame = scope.as_ref().map(|scope| (state.id, scope.token));
    let (sender, receiver) = oneshot::channel();
    let (event_loop, connection) = (state.event_loop.downgrade(), state.id);
    let waiters = state.waiters.clone();
    thread.post(Box::new(move || {
        if sender.is_closed() {
            // Cancelled before it could be executed.
            return;
        }
        let outcome = scope::enter(frame, || guard_panic(|| run(&mut call))).map(|()| call);
        // Before the peer has the answer, and with it a reason to call once more.
        drop(busy);
        if let Some(event_loop) = event_loop.upgrade() {
            leader::step(&event_loop, connection, &waiters, move || drop(sender.send(outcome)));
        }
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
    call: Box<Call>,
) -> Result<Call> {
    let scope = context.and_then(|context| context.enter(state));
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
