//! A thread of this process on which a peer has calls run.
//!
//! In: jobs. Out: they run one at a time, in order.

use std::sync::Arc;

use super::budget::ThreadPermit;
use crate::error::{Error, ErrorKind, Result};
use crate::thread::{ThreadContext, Worker};

/// A thread that serves calls.
pub(crate) enum ServingThread {
    /// One that makes calls, and serves callbacks while it waits for them.
    Caller(Arc<ThreadContext>),
    /// One that serves nothing else, for callbacks of this process's asynchronous calls.
    Callbacks(Worker),
    /// One that serves nothing else, and counts as the peer's.
    Peers(Worker, ThreadPermit),
}

impl ServingThread {
    /// Queues a job. One of the peer's threads begins it when the peer has read enough of its answers.
    pub(crate) fn post(&self, job: Box<dyn FnOnce() + Send>) -> Result<()> {
        match self {
            ServingThread::Caller(thread) => thread
                .post(job)
                .map_err(|_| Error::new(ErrorKind::Failed, "the thread that made the call has ended")),
            ServingThread::Callbacks(worker) => worker.post(job),
            ServingThread::Peers(worker, permit) => {
                let budget = permit.budget().clone();
                worker.post(Box::new(move || {
                    budget.wait_for_room();
                    job();
                }))
            }
        }
    }

    /// The thread's name in this program; starts the thread, because the name carries its id.
    pub(crate) fn name(&self, program: &str) -> Result<String> {
        match self {
            ServingThread::Caller(thread) => Ok(thread.name(program).to_owned()),
            ServingThread::Callbacks(worker) | ServingThread::Peers(worker, ..) => worker.name(),
        }
    }
}
