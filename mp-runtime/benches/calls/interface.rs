//! Our side.
//!
//! In: an interface and its implementation. Out: a client of it, for callers that block and for
//! tasks, with its server on a thread of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use mp_runtime::{Driver, EventLoop, IpcStruct, Remote, Result, connect_stream, ipc_interface, serve_stream};
use tokio::runtime::{Builder, Runtime};

/// A struct with collections, as Bitcoin Core's wallet passes them.
#[derive(Clone, Debug, PartialEq, IpcStruct)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, i32>,
    pub(crate) heights: BTreeSet<i32>,
    pub(crate) flags: Vec<bool>,
    pub(crate) fee: Option<i64>,
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
fn connected_from(client: &EventLoop) -> Remote<dyn Calls> {
    let (near, far) = UnixStream::pair().expect("a socket pair");
    let server = EventLoop::new("server").expect("an event loop");
    serve_stream::<dyn Calls>(&server, far, Arc::new(Local));
    connect_stream(client, near)
}

/// A client whose event loop is beside the caller, on the caller's thread.
pub(crate) struct Beside {
    remote: Remote<dyn Calls>,
    driver: Driver,
    runtime: Runtime,
}

impl Beside {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (event_loop, driver) = EventLoop::with_driver("client");
        Beside { remote: connected_from(&event_loop), driver, runtime }
    }

    pub(crate) fn run<T>(&mut self, run: impl AsyncFnOnce(&dyn Calls) -> T) -> T {
        let Beside { remote, driver, runtime } = self;
        runtime.block_on(async {
            tokio::select! {
                () = driver => panic!("the event loop ended early"),
                result = run(&**remote) => result,
            }
        })
    }
}
