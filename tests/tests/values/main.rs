//! Every form of value, sent to a server over a real socket and back.

mod absent;
mod defaults;
mod directions;
mod errors;
mod generics;
mod mismatch;
mod names;
mod numbers;
mod objects;
mod optionals;
mod shapes;
mod structs;
mod text;
mod time;
mod unions;
mod views;

use std::os::unix::net::UnixStream;
use std::sync::Arc;

use mp_runtime::{EventLoop, Interface, Remote, connect_stream, serve_stream};

/// A client of `object`, each side with an event loop of its own.
fn connected<I: Interface + ?Sized + 'static>(object: Arc<I>) -> Remote<I> {
    connected_as::<I, I>(object)
}

/// The same, where the client takes `object` for another trait, which has the same id on the wire.
fn connected_as<C, S>(object: Arc<S>) -> Remote<C>
where
    C: Interface + ?Sized + 'static,
    S: Interface + ?Sized + 'static,
{
    let (near, far) = UnixStream::pair().expect("a socket pair");
    let server = EventLoop::new("values-server").expect("an event loop");
    serve_stream(&server, far, object);
    connect_stream(&EventLoop::new("values-client").expect("an event loop"), near)
}

/// Runs an asynchronous call to its end.
fn wait<F: Future>(call: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(call)
}
