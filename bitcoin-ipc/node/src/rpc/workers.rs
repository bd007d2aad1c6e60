//! Threads that run requests, so that the event loop need not.
//!
//! In: requests. Out: their responses, in whatever order they are ready.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use bitcoin_ipc::types::Json;
use serde_json::Value;
use tokio::sync::oneshot;

/// A request on its way to a thread. Dropping the receiver of the reply says that nobody wants it.
pub(super) struct Job {
    pub(super) request: Json,
    pub(super) uri: String,
    pub(super) user: String,
    pub(super) reply: oneshot::Sender<Value>,
}

/// The threads; they end when this is dropped.
pub(super) struct Workers {
    jobs: Option<SyncSender<Box<Job>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts so many threads, with room for so many requests that wait for one.
    pub(super) fn start(
        threads: usize,
        waiting: usize,
        run: impl Fn(&Job) -> Value + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(waiting);
        let receiver = Arc::new(Mutex::new(receiver));
        let run = Arc::new(run);
        let spawn = |number| {
            let (receiver, run) = (receiver.clone(), run.clone());
            let name = format!("rpc-{number}");
            std::thread::Builder::new().name(name).spawn(move || work(&receiver, &*run))
        };
        let threads = (0..threads).map(spawn).collect::<std::io::Result<_>>()?;
        Ok(Workers { jobs: Some(sender), threads })
    }

    /// Hands a request to a thread; gives it back if too many wait already.
    pub(super) fn give(&self, job: Box<Job>) -> Result<(), Box<Job>> {
        let Some(jobs) = &self.jobs else { return Err(job) };
        jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(job) | TrySendError::Disconnected(job) => job,
        })
    }
}

fn work(jobs: &Mutex<Receiver<Box<Job>>>, run: &dyn Fn(&Job) -> Value) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        if job.reply.is_closed() {
            continue;
        }
        match catch_unwind(AssertUnwindSafe(|| run(&job))) {
            // Nobody may be left to take it.
            Ok(reply) => drop(job.reply.send(reply)),
            // The panic is in the log; the dropped sender tells whoever waits.
            Err(_) => tracing::error!(target: "rpc", "A request was given up."),
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // Panics of requests are caught before.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use serde_json::json;

    use super::*;

    fn job(request: Value) -> (Box<Job>, oneshot::Receiver<Value>) {
        let (reply, receiver) = oneshot::channel();
        (Box::new(Job { request: request.into(), uri: String::new(), user: String::new(), reply }), receiver)
    }

    #[test]
    fn a_full_queue_refuses_and_others_go_on() {
        let (go, gate) = mpsc::channel::<()>();
        let (started, running) = mpsc::channel();
        let gate = Mutex::new(gate);
        let workers = Workers::start(1, 1, move |job| {
            started.send(()).unwrap();
            let _ = gate.lock().unwrap().recv();
            job.request.clone().into()
        });
        let workers = workers.unwrap();
        let (first, first_reply) = job(json!(1));
        assert!(workers.give(first).is_ok());
        running.recv().unwrap();
        let (second, second_reply) = job(json!(2));
        assert!(workers.give(second).is_ok());
        assert_eq!(workers.give(job(json!(3)).0).unwrap_err().request, json!(3).into());
        drop(second_reply);
        go.send(()).unwrap();
        assert_eq!(first_reply.blocking_recv().unwrap(), 1);
        drop(go);
        let (fourth, fourth_reply) = job(json!(4));
        let mut waiting = Some(fourth);
        while let Some(fourth) = waiting {
            waiting = workers.give(fourth).err();
            std::thread::yield_now();
        }
        assert_eq!(fourth_reply.blocking_recv().unwrap(), 4);
    }

    #[test]
    fn a_request_that_panics_ends_alone() {
        let workers =
            Workers::start(1, 4, |job| json!(Value::from(job.request.clone()).as_i64().unwrap())).unwrap();
        let (bad, bad_reply) = job(json!("x"));
        let (good, good_reply) = job(json!(5));
        assert!(workers.give(bad).is_ok() && workers.give(good).is_ok());
        assert!(bad_reply.blocking_recv().is_err());
        assert_eq!(good_reply.blocking_recv().unwrap(), 5);
    }
}
