//! A client and a server of `FooInterface` over a real socket, each with its own event loop.

use std::os::unix::net::UnixStream;
use std::sync::Arc;

use mp_runtime::{Connection, EventLoop, Remote, connect_stream, serve_stream};

use crate::foo::{Foo, FooInterface};

/// Both ends of a connection.
#[derive(Debug)]
pub struct Setup {
    /// The client's view of the interface.
    pub client: Remote<dyn FooInterface>,
    /// The implementation.
    pub foo: Arc<Foo>,
    /// The server's end of the connection.
    pub served: Connection,
}

impl Setup {
    /// Connects a client to a server.
    ///
    /// # Panics
    ///
    /// When the system has no socket or thread to give.
    #[must_use]
    pub fn new() -> Self {
        let client_loop = EventLoop::new("mptest-client").expect("an event loop");
        let server_loop = EventLoop::new("mptest-server").expect("an event loop");
        let (near, far) = UnixStream::pair().expect("a socket pair");
        let foo = Arc::new(Foo::default());
        let served = serve_stream::<dyn FooInterface>(&server_loop, far, foo.clone());
        Setup { client: connect_stream(&client_loop, near), foo, served }
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self::new()
    }
}
