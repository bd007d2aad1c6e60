//! A thread that serves a peer's calls.
//!
//! In: jobs. Out: they run one at a time, in order, on an operating-system thread that starts with
//! the first of them. A peer that only makes asynchronous calls never costs a thread.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::context::{ThreadContext, ThreadJob, long_name};
use crate::error::{Error, ErrorKind, Result};

/// A worker thread, or the promise of one.
pub(crate) struct Worker {
    program: String,
    /// What the name says after the thread's own, for example `(from bitcoin-node-7/init-9)`.
    suffix: String,
    /// How many workers the process may have.
    most: usize,
    context: Mutex<Option<Arc<ThreadContext>>>,
}

/// The workers of the process that run.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// A worker that runs.
struct Running;

impl Running {
    fn new(most: usize) -> Result<Self> {
        if RUNNING.fetch_add(1, Ordering::Relaxed) >= most {
            drop(Running);
            let text =
                format!("this process has {most} threads for its peers, as many as it may; try again later");
            return Err(Error::new(ErrorKind::Overloaded, text));
        }
        Ok(Running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Worker {
    pub(crate) fn new(program: &str, suffix: String, most: usize) -> Self {
        Worker { program: program.to_owned(), suffix, most, context: Mutex::new(None) }
    }

    /// The thread's context; starts the thread if need be.
    pub(crate) fn start(&self) -> Result<Arc<ThreadContext>> {
        let mut slot = self.context.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(context) = &*slot {
            return Ok(context.clone());
        }
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let program = self.program.clone();
        let suffix = self.suffix.clone();
        let failed = |reason: &dyn std::fmt::Display| {
            Error::new(ErrorKind::Overloaded, format!("cannot start a worker thread: {reason}"))
        };
        let running = Running::new(self.most)?;
        std::thread::Builder::new()
            .name("ipc-worker".into())
            .spawn(move || {
                let _running = running;
                let Some(context) = ThreadContext::current() else { return };
                context.set_name(format!("{} {suffix}", long_name(&program)));
                let _ = sender.send(context.clone());
                context.run();
            })
            .map_err(|error| failed(&error))?;
        let context = receiver.recv().map_err(|error| failed(&error))?;
        *slot = Some(context.clone());
        Ok(context)
    }

    /// The thread's name; starts the thread, because the name carries its id.
    pub(crate) fn name(&self) -> Result<String> {
        Ok(self.start()?.name(&self.program).to_owned())
    }

    pub(crate) fn post(&self, job: ThreadJob) -> Result<()> {
        self.start()?
            .post(job)
            .map_err(|_| Error::new(ErrorKind::Disconnected, "the worker thread has ended"))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The thread ends by itself after the job it is in; nobody waits for it here, because
        // this may be the event loop.
        if let Some(context) = self.context.get_mut().unwrap_or_else(PoisonError::into_inner) {
            context.close();
        }
    }
}
