//! The client written by hand.
//!
//! In: numbers, bytes, records. Out: calls, and what they return.

use std::os::unix::net::UnixStream;

use capnp::any_pointer;
use capnp::capability::{Client, FromClientHook, Request};
use capnp::private::capability::ClientHook;
use capnp_rpc::rpc_twoparty_capnp::Side;
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use super::{ADD, ADD_BY_CALLBACK, ADD_ON_THREAD, CALLS, ECHO, PASS, open, record, start};
use crate::interface::Record;

/// The peer's first object.
pub(crate) struct Calls(pub(super) Client);

impl FromClientHook for Calls {
    fn new(hook: Box<dyn ClientHook>) -> Self {
        Calls(Client::new(hook))
    }

    fn into_client_hook(self) -> Box<dyn ClientHook> {
        self.0.hook
    }

    fn as_client_hook(&self) -> &dyn ClientHook {
        &*self.0.hook
    }
}

impl Clone for Calls {
    fn clone(&self) -> Self {
        Calls(Client::new(self.0.hook.add_ref()))
    }
}

impl Calls {
    fn request(&self, method: u16, bytes: usize) -> Request<any_pointer::Owned, any_pointer::Owned> {
        let size = capnp::MessageSize { word_count: bytes as u64 / 8 + 8, cap_count: 0 };
        self.0.new_call(CALLS, method, Some(size))
    }

    async fn sum(&self, method: u16, a: i32, b: i32) -> capnp::Result<i32> {
        let mut request = self.request(method, 0);
        let params = start(request.get(), 1, 0);
        params.set_data_field(0, a);
        params.set_data_field(1, b);
        let response = request.send().promise.await?;
        Ok(open(response.get()?)?.get_data_field(0))
    }

    pub(crate) async fn add(&self, a: i32, b: i32) -> capnp::Result<i32> {
        self.sum(ADD, a, b).await
    }

    pub(crate) async fn add_on_thread(&self, a: i32, b: i32) -> capnp::Result<i32> {
        self.sum(ADD_ON_THREAD, a, b).await
    }

    pub(crate) async fn add_by_callback(&self, adder: &Calls, a: i32, b: i32) -> capnp::Result<i32> {
        let mut request = self.request(ADD_BY_CALLBACK, 0);
        let mut params = start(request.get(), 1, 1);
        params.reborrow().set_data_field(0, a);
        params.reborrow().set_data_field(1, b);
        params.reborrow().get_pointer_field(0).set_capability(adder.0.hook.add_ref());
        let response = request.send().promise.await?;
        Ok(open(response.get()?)?.get_data_field(0))
    }

    pub(crate) async fn echo(&self, bytes: &[u8]) -> capnp::Result<Vec<u8>> {
        let mut request = self.request(ECHO, bytes.len());
        start(request.get(), 0, 1).get_pointer_field(0).set_data(bytes);
        let response = request.send().promise.await?;
        Ok(open(response.get()?)?.get_pointer_field(0).get_data(None)?.to_vec())
    }

    pub(crate) async fn pass(&self, value: &Record) -> capnp::Result<Record> {
        let mut request = self.request(PASS, 1024);
        record::write(start(request.get(), 0, 1).get_pointer_field(0), value)?;
        let response = request.send().promise.await?;
        record::read(open(response.get()?)?.get_pointer_field(0))
    }
}

/// Starts a client on this thread's local set, and its server on a thread of its own.
pub(super) fn connect() -> Calls {
    let (near, far) = UnixStream::pair().expect("a socket pair");
    super::server::spawn(far);
    let mut rpc = super::system(near, Side::Client, None);
    let root = rpc.bootstrap(Side::Server);
    tokio::task::spawn_local(rpc);
    root
}

/// A client beside the caller, on the caller's thread. The server ends when this is dropped.
pub(crate) struct Beside {
    calls: Calls,
    local: LocalSet,
    runtime: Runtime,
}

impl Beside {
    pub(crate) fn new() -> Self {
        let (runtime, local) = (super::runtime(), LocalSet::new());
        let calls = local.block_on(&runtime, async { connect() });
        Beside { calls, local, runtime }
    }

    pub(crate) fn run<T>(&self, run: impl AsyncFnOnce(&Calls) -> T) -> T {
        self.local.block_on(&self.runtime, run(&self.calls))
    }
}
