//! Dropping the objects of a vanished peer.
//!
//! In: values whose destructors may block or call back into the runtime. Out: their destructors
//! run one after the other, in order, on a thread of their own, never on the event loop.

use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

type Work = Box<dyn FnOnce() + Send>;

/// The cleanup thread of one event loop; it starts with the first piece of work and ends with the
/// loop.
#[derive(Default)]
pub(crate) struct Cleanup(Mutex<Option<Sender<Work>>>);

impl Cleanup {
    /// Runs `work` after everything given before it.
    pub(crate) fn run(&self, work: impl FnOnce() + Send + 'static) {
        let mut sender = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let work: Work = Box::new(work);
        let work = match &*sender {
            Some(sender) => match sender.send(work) {
                Ok(()) => return,
                Err(unsent) => unsent.0,
            },
            None => work,
        };
        let (new, queue) = channel::<Work>();
        let spawned = std::thread::Builder::new().name("ipc-cleanup".into()).spawn(move || {
            for work in queue {
                // A destructor that panics must not keep the others from running.
                if std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err() {
                    tracing::warn!(target: "ipc", "an object panicked while it was dropped");
                }
            }
        });
        match spawned {
            Ok(_) => {
                let _ = new.send(work);
                *sender = Some(new);
            }
            Err(error) => {
                tracing::warn!(target: "ipc", %error, "no cleanup thread; dropping an object on the event loop");
                drop(sender);
                work();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_runs_in_order_and_survives_a_panic() {
        let cleanup = Cleanup::default();
        let (sender, receiver) = channel();
        for number in 0..5 {
            let sender = sender.clone();
            cleanup.run(move || {
                sender.send(number).expect("the test still listens");
                assert_ne!(number, 2, "one of them panics");
            });
        }
        let order: Vec<i32> = receiver.iter().take(5).collect();
        assert_eq!(order, [0, 1, 2, 3, 4]);
    }
}
