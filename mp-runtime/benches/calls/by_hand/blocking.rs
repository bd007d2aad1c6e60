//! What a program that wants blocking calls would write by hand: a thread for the client, to which
//! callers hand their calls.
//!
//! In: numbers, from any thread. Out: the thread blocks until the sum has arrived.

use tokio::sync::{mpsc, oneshot};
use tokio::task::LocalSet;

struct Job {
    on_thread: bool,
    numbers: (i32, i32),
    reply: oneshot::Sender<i32>,
}

/// A client for threads that block. Its own thread ends when the last one is dropped.
#[derive(Clone)]
pub(crate) struct Blocking(mpsc::UnboundedSender<Job>);

impl Blocking {
    pub(crate) fn new() -> Self {
        let (sender, mut jobs) = mpsc::unbounded_channel::<Job>();
        std::thread::spawn(move || {
            LocalSet::new().block_on(&super::runtime(), async move {
                let calls = super::client::connect();
                while let Some(Job { on_thread, numbers: (a, b), reply }) = jobs.recv().await {
                    let calls = calls.clone();
                    tokio::task::spawn_local(async move {
                        let sum =
                            if on_thread { calls.add_on_thread(a, b).await } else { calls.add(a, b).await };
                        let _ = reply.send(sum.expect("a sum"));
                    });
                }
            });
        });
        Blocking(sender)
    }

    fn call(&self, on_thread: bool, a: i32, b: i32) -> i32 {
        let (reply, sum) = oneshot::channel();
        let job = Job { on_thread, numbers: (a, b), reply };
        assert!(self.0.send(job).is_ok(), "the client is gone");
        sum.blocking_recv().expect("a sum")
    }

    pub(crate) fn add(&self, a: i32, b: i32) -> i32 {
        self.call(false, a, b)
    }

    pub(crate) fn add_on_thread(&self, a: i32, b: i32) -> i32 {
        self.call(true, a, b)
    }
}
