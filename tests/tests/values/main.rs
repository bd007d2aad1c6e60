//! Every form of value, sent to a server over a real socket and back.

mod numbers;
mod objects;
mod optionals;
mod shapes;
mod structs;

use std::os::unix::net::UnixStream;
use std::sync::Arc;

use mp_runtime::{EventLoop, Interface, Remote, connect_stream, serve_stream};

/// A client of `object`, each side with an event loop of its own.
fn connected<I: Interface + ?Sized + 'static>(object: Arc<I>) -> Remote<I> {
    let (near, far) = UnixStream::pair().expect("a socket pair");
    let server = EventLoop::new("values-server").expect("an event loop");
    serve_stream(&server, far, object);
    connect_stream(&EventLoop::new("values-client").expect("an event loop"), near)
}
