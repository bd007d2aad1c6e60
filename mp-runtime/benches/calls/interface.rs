//! Our side: an interface, its implementation, and both ends of a connection.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use mp_runtime::{EventLoop, IpcStruct, Remote, Result, connect_stream, ipc_interface, serve_stream};

/// A struct with collections, as Bitcoin Core's wallet passes them.
#[derive(Clone, Debug, PartialEq, IpcStruct)]
pub(crate) struct Record {
    pub name: String,
    pub labels: BTreeMap<String, i32>,
    pub heights: BTreeSet<i32>,
    pub flags: Vec<bool>,
    pub fee: Option<i64>,
}

impl Record {
    pub(crate) fn sample() -> Self {
        Record {
            name: "wallet".into(),
            labels: (0..10).map(|number| (format!("label {number}"), number)).collect(),
            heights: (0..20).collect(),
            flags: vec![true, false, true],
            fee: Some(1000),
        }
    }
}

#[ipc_interface(file = "calls.capnp", file_id = 0xf3b1c59d0e7a4c11)]
pub(crate) trait Adder: Send + Sync {
    fn add(&self, a: i32, b: i32) -> Result<i32>;
    async fn add_later(&self, a: i32, b: i32) -> Result<i32>;
}

#[ipc_interface(file = "calls.capnp", file_id = 0xf3b1c59d0e7a4c11, construct, destroy = false)]
pub(crate) trait Calls: Send + Sync {
    #[ipc(no_context)]
    fn add(&self, a: i32, b: i32) -> Result<i32>;
    fn add_on_thread(&self, a: i32, b: i32) -> Result<i32>;
    fn add_by_callback(&self, adder: &dyn Adder, a: i32, b: i32) -> Result<i32>;
    #[ipc(no_context)]
    fn pass(&self, record: &Record) -> Result<Record>;
    #[ipc(no_context)]
    fn echo(&self, bytes: &[u8]) -> Result<Vec<u8>>;
    #[ipc(no_context)]
    async fn add_later(&self, a: i32, b: i32) -> Result<i32>;
    async fn add_later_by_callback(&self, adder: Arc<dyn Adder>, a: i32, b: i32) -> Result<i32>;
    #[ipc(no_context)]
    async fn pass_later(&self, record: Record) -> Result<Record>;
    #[ipc(no_context)]
    async fn echo_later(&self, bytes: Vec<u8>) -> Result<Vec<u8>>;
}

#[derive(Clone, Copy)]
pub(crate) struct Local;

#[ipc_interface]
impl Adder for Local {
    fn add(&self, a: i32, b: i32) -> Result<i32> {
        Ok(a + b)
    }

    async fn add_later(&self, a: i32, b: i32) -> Result<i32> {
        Ok(a + b)
    }
}

#[ipc_interface]
impl Calls for Local {
    fn add(&self, a: i32, b: i32) -> Result<i32> {
        Ok(a + b)
    }

    fn add_on_thread(&self, a: i32, b: i32) -> Result<i32> {
        Ok(a + b)
    }

    fn add_by_callback(&self, adder: &dyn Adder, a: i32, b: i32) -> Result<i32> {
        adder.add(a, b)
    }

    fn pass(&self, record: &Record) -> Result<Record> {
        Ok(record.clone())
    }

    fn echo(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        Ok(bytes.to_vec())
    }

    async fn add_later(&self, a: i32, b: i32) -> Result<i32> {
        Ok(a + b)
    }

    async fn add_later_by_callback(&self, adder: Arc<dyn Adder>, a: i32, b: i32) -> Result<i32> {
        adder.add_later(a, b).await
    }

    async fn pass_later(&self, record: Record) -> Result<Record> {
        Ok(record)
    }

    async fn echo_later(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        Ok(bytes)
    }
}

/// A client and a server, each with an event loop on a thread of its own.
pub(crate) fn connected() -> Remote<dyn Calls> {
    connected_from(&EventLoop::new("client").expect("an event loop"))
}

/// A client on this event loop, and a server on a thread of its own.
pub(crate) fn connected_from(client: &EventLoop) -> Remote<dyn Calls> {
    let (near, far) = UnixStream::pair().expect("a socket pair");
    let server = EventLoop::new("server").expect("an event loop");
    serve_stream::<dyn Calls>(&server, far, Arc::new(Local));
    connect_stream(client, near)
}

/// Runs a future beside the client's event loop, on one thread.
pub(crate) fn beside_loop<F, T>(run: impl FnOnce(Remote<dyn Calls>) -> F) -> T
where
    F: Future<Output = T>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (event_loop, driver) = EventLoop::with_driver("client");
    runtime.block_on(async {
        let run = async { run(connected_from(&event_loop)).await };
        tokio::select! {
            () = driver => panic!("the event loop ended early"),
            result = run => result,
        }
    })
}
