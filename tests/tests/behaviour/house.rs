//! An interface whose objects say where and when they are dropped, and both ends of a connection to it.

use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};

use mp_runtime::{
    Connection, Error, EventLoop, Limits, Remote, Result, connect_stream, ipc_file, ipc_interface,
    serve_stream,
};

use super::work::Gate;

ipc_file! {
    static HOUSE: "house.capnp" @ 0xe5a1_0000_0000_000c;
}

ipc_file! {
    static ASYNC_HOUSE: "async/house.capnp" @ 0xe5a1_0000_0000_000c;
}

/// Something with a number.
#[ipc_interface(file = HOUSE)]
pub(crate) trait Thing: Send + Sync {
    fn number(&self) -> Result<u32>;
}

/// The same, as asynchronous calls.
#[ipc_interface(file = ASYNC_HOUSE, name = "Thing")]
pub(crate) trait SlowThing: Send + Sync {
    async fn number(&self) -> Result<u32>;
}

/// What has things.
#[ipc_interface(file = HOUSE, construct)]
pub(crate) trait House: Send + Sync {
    /// Asks a thing for its number for as long as that takes, and returns when the gate opens.
    fn ask(&self, thing: Arc<dyn SlowThing>) -> Result<()>;
    fn make(&self, number: u32) -> Result<Box<dyn Thing>>;
    fn make_shared(&self, number: u32) -> Result<Arc<dyn Thing>>;
    fn give_back(&self, thing: Box<dyn Thing>) -> Result<Box<dyn Thing>>;
    fn share_back(&self, thing: Arc<dyn Thing>) -> Result<Arc<dyn Thing>>;
    fn take_two(&self, one: Box<dyn Thing>, other: Box<dyn Thing>) -> Result<()>;
    /// Says that a connection is broken, but not which.
    fn upstream(&self) -> Result<()>;
    /// Returns when the gate opens.
    #[ipc(no_context)]
    async fn linger(&self, number: u32) -> Result<u32>;
    /// The same on a thread.
    fn wait(&self, number: u32) -> Result<u32>;
}

/// The same house, to which things are lent.
#[ipc_interface(file = ASYNC_HOUSE, name = "House", construct)]
pub(crate) trait LendingHouse: Send + Sync {
    fn ask(&self, thing: &dyn SlowThing) -> Result<()>;
}

/// The numbers of dropped things, and the threads on which they were dropped.
#[derive(Clone, Default)]
pub(crate) struct Dropped(Arc<Mutex<Vec<(u32, String)>>>);

impl Dropped {
    pub(crate) fn all(&self) -> Vec<(u32, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.all().len()
    }

    /// Whether none was dropped on the thread of an event loop.
    pub(crate) fn never_on_a_loop(&self) -> bool {
        self.all().iter().all(|(_, thread)| thread != "capnp-loop")
    }
}

pub(crate) struct Made {
    pub(crate) number: u32,
    pub(crate) dropped: Dropped,
    /// Passed by the destructor.
    pub(crate) gate: Option<Arc<Gate>>,
}

impl Made {
    pub(crate) fn new(number: u32, dropped: &Dropped) -> Self {
        Made { number, dropped: dropped.clone(), gate: None }
    }
}

#[ipc_interface]
impl Thing for Made {
    fn number(&self) -> Result<u32> {
        Ok(self.number)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Some(gate) = &self.gate {
            gate.pass();
        }
        let thread = std::thread::current().name().unwrap_or_default().to_owned();
        self.dropped.0.lock().unwrap_or_else(PoisonError::into_inner).push((self.number, thread));
    }
}

/// The house.
#[derive(Default)]
pub(crate) struct Served {
    pub(crate) dropped: Dropped,
    pub(crate) gate: Arc<Gate>,
    /// Things with this number wait for it before they go.
    pub(crate) last_gate: Arc<Gate>,
    pub(crate) sticky: Option<u32>,
}

impl Served {
    fn thing(&self, number: u32) -> Made {
        let gate = (self.sticky == Some(number)).then(|| self.last_gate.clone());
        Made { number, dropped: self.dropped.clone(), gate }
    }
}

#[ipc_interface]
impl House for Served {
    fn make(&self, number: u32) -> Result<Box<dyn Thing>> {
        Ok(Box::new(self.thing(number)))
    }

    fn make_shared(&self, number: u32) -> Result<Arc<dyn Thing>> {
        Ok(Arc::new(self.thing(number)))
    }

    fn give_back(&self, thing: Box<dyn Thing>) -> Result<Box<dyn Thing>> {
        Ok(thing)
    }

    fn share_back(&self, thing: Arc<dyn Thing>) -> Result<Arc<dyn Thing>> {
        Ok(thing)
    }

    fn take_two(&self, _: Box<dyn Thing>, _: Box<dyn Thing>) -> Result<()> {
        Ok(())
    }

    fn upstream(&self) -> Result<()> {
        Err(Error::disconnected("upstream"))
    }

    async fn linger(&self, number: u32) -> Result<u32> {
        let gate = self.gate.clone();
        let (passed, is_passed) = futures::channel::oneshot::channel();
        std::thread::spawn(move || {
            gate.pass();
            passed.send(())
        });
        is_passed.await.map_err(|_| Error::failed("the gate is gone"))?;
        Ok(number)
    }

    fn wait(&self, number: u32) -> Result<u32> {
        self.gate.pass();
        Ok(number)
    }

    fn ask(&self, thing: Arc<dyn SlowThing>) -> Result<()> {
        std::thread::spawn(move || futures::executor::block_on(thing.number()));
        self.gate.pass();
        Ok(())
    }
}

/// Both ends, each with an event loop of its own.
pub(crate) fn house<I: mp_runtime::Interface + ?Sized + 'static>(
    served: &Arc<Served>,
    client: Limits,
    server: Limits,
) -> (Remote<I>, Connection) {
    let (near, far) = UnixStream::pair().expect("sockets");
    let server_loop = EventLoop::new("house-server").expect("an event loop");
    server_loop.set_limits(server);
    let connection = serve_stream::<dyn House>(&server_loop, far, served.clone());
    let client_loop = EventLoop::new("house-client").expect("an event loop");
    client_loop.set_limits(client);
    (connect_stream(&client_loop, near), connection)
}

/// The same without special limits.
pub(crate) fn plain(served: &Arc<Served>) -> (Remote<dyn House>, Connection) {
    house(served, Limits::default(), Limits::default())
}
