//! An interface whose methods take as long as a test wants, and clients that see it differently.

use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use mp_runtime::{
    EventLoop, Interface, Remote, Result, connect_stream, ipc_file, ipc_interface, serve_stream,
};

ipc_file! {
    static WORK: "work.capnp" @ 0xe5a1_0000_0000_000a;
}

/// What `make` makes.
#[ipc_interface(file = WORK, asynchronous = AsyncPart)]
pub(crate) trait Part: Send + Sync {
    fn value(&self) -> Result<i32>;
}

/// Work, as blocking and as asynchronous calls.
#[ipc_interface(file = WORK, construct, destroy = false, asynchronous(AsyncWork, Part = AsyncPart))]
pub(crate) trait Work: Send + Sync {
    /// Waits for the gate to open.
    fn pass_gate(&self, number: i32) -> Result<i32>;
    /// The thread that serves this call.
    fn thread(&self) -> Result<String>;
    /// Makes a part, once the gate is open.
    fn make(&self, works: bool) -> Result<Box<dyn Part>>;
    fn unlock(&self, name: String, #[ipc(secret)] passphrase: String) -> Result<bool>;
    /// Returns when it is stopped.
    #[ipc(interrupt = "stop")]
    fn run(&self) -> Result<u32>;
    #[ipc(no_context)]
    fn stop(&self) -> Result<()>;
    /// As `make`, but the caller does not wait.
    #[ipc(pipelined)]
    fn make_ahead(&self) -> Result<Box<dyn Part>>;
}

/// A gate that calls wait at.
#[derive(Default)]
pub(crate) struct Gate {
    open: Mutex<bool>,
    changed: Condvar,
    pub(crate) waiting: AtomicUsize,
}

impl Gate {
    pub(crate) fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.changed.notify_all();
    }

    pub(crate) fn shut(&self) {
        *self.open.lock().unwrap() = false;
    }

    pub(crate) fn pass(&self) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let open = self.open.lock().unwrap();
        drop(self.changed.wait_while(open, |open| !*open).unwrap());
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }

    /// Waits until so many calls wait.
    pub(crate) fn wait_for(&self, count: usize) {
        until(|| self.waiting.load(Ordering::SeqCst) == count);
    }
}

/// Waits until `condition` holds, for a while.
#[track_caller]
pub(crate) fn until(condition: impl Fn() -> bool) {
    for _ in 0..20_000 {
        if condition() {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("it never came to that");
}

/// The implementation.
#[derive(Default)]
pub(crate) struct Worker {
    pub(crate) gate: Gate,
    running: Mutex<bool>,
    stopped: Condvar,
    pub(crate) parts: Arc<AtomicUsize>,
}

struct Made(Arc<AtomicUsize>);

impl Part for Made {
    fn value(&self) -> Result<i32> {
        Ok(42)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Worker {
    pub(crate) fn is_running(&self) -> bool {
        *self.running.lock().unwrap()
    }
}

impl Work for Worker {
    fn pass_gate(&self, number: i32) -> Result<i32> {
        self.gate.pass();
        Ok(number)
    }

    fn thread(&self) -> Result<String> {
        self.gate.pass();
        Ok(format!("{:?}", std::thread::current().id()))
    }

    fn make(&self, works: bool) -> Result<Box<dyn Part>> {
        self.gate.pass();
        if !works {
            return Err(mp_runtime::Error::failed("out of parts"));
        }
        self.parts.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Made(self.parts.clone())))
    }

    fn unlock(&self, _: String, passphrase: String) -> Result<bool> {
        Ok(passphrase == "correct horse")
    }

    fn run(&self) -> Result<u32> {
        let mut running = self.running.lock().unwrap();
        *running = true;
        drop(self.stopped.wait_while(running, |running| *running).unwrap());
        Ok(7)
    }

    fn stop(&self) -> Result<()> {
        *self.running.lock().unwrap() = false;
        self.stopped.notify_all();
        Ok(())
    }

    fn make_ahead(&self) -> Result<Box<dyn Part>> {
        self.make(true)
    }
}

/// A client of `worker`; `I` says how it sees it.
pub(crate) fn client<I: Interface + ?Sized + 'static>(worker: &Arc<Worker>) -> Remote<I> {
    let (near, far) = UnixStream::pair().unwrap();
    let server = EventLoop::new("work-server").unwrap();
    serve_stream::<dyn Work>(&server, far, worker.clone());
    connect_stream(&EventLoop::new("work-client").unwrap(), near)
}
