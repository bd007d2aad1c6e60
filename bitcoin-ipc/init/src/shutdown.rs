//! One token that says that the program is to stop.
//!
//! In: SIGINT and SIGTERM, or a request of some part. Out: every part that asks or waits learns it.

use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};
use tokio::sync::watch;

/// The wish to stop, shared by all clones. It cannot be taken back.
#[derive(Clone, Debug)]
pub struct Shutdown {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    requested: Mutex<bool>,
    changed: Condvar,
    tasks: watch::Sender<bool>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Shutdown::new()
    }
}

impl Shutdown {
    /// A token that nobody has set.
    #[must_use]
    pub fn new() -> Self {
        let inner =
            Inner { requested: Mutex::new(false), changed: Condvar::new(), tasks: watch::Sender::new(false) };
        Shutdown { inner: Arc::new(inner) }
    }

    /// Asks every part to stop. Further calls change nothing.
    pub fn request(&self) {
        *self.inner.requested.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.inner.changed.notify_all();
        self.inner.tasks.send_replace(true);
    }

    /// Whether to stop.
    #[must_use]
    pub fn requested(&self) -> bool {
        *self.inner.requested.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Blocks the thread until it is time to stop. Not for asynchronous tasks.
    pub fn wait(&self) {
        let requested = self.inner.requested.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.inner.changed.wait_while(requested, |requested| !*requested);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// As [`wait`](Self::wait), at most for so long. Says whether it is time to stop.
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let requested = self.inner.requested.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.inner.changed.wait_timeout_while(requested, timeout, |requested| !*requested);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Ends when it is time to stop. It may be dropped and called again.
    pub async fn notified(&self) {
        // The sender lives in this token, so the channel cannot close.
        let _ = self.inner.tasks.subscribe().wait_for(|requested| *requested).await;
    }

    /// Sets the token on SIGINT and SIGTERM, until the returned value is dropped.
    ///
    /// # Errors
    ///
    /// When the system refuses the signal handlers or their thread.
    pub fn on_signals(&self) -> io::Result<SignalWatch> {
        self.watch(true)
    }

    /// As [`on_signals`](Self::on_signals) for a spawned child: SIGINT, which a terminal sends to
    /// the parent too, is ignored with a message in the log; the parent ends the child.
    ///
    /// # Errors
    ///
    /// When the system refuses the signal handlers or their thread.
    pub fn on_signals_in_child(&self) -> io::Result<SignalWatch> {
        self.watch(false)
    }

    fn watch(&self, interrupt: bool) -> io::Result<SignalWatch> {
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let handle = signals.handle();
        let token = self.clone();
        let thread = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for signal in signals.forever() {
                if signal == SIGINT && !interrupt {
                    tracing::info!(target: "ipc", "SIGINT ignored; the parent process stops this one");
                } else {
                    token.request();
                }
            }
        })?;
        Ok(SignalWatch { handle, thread: Some(thread) })
    }
}

/// Keeps the signal handlers of a [`Shutdown`].
///
/// Once it is dropped, SIGINT and SIGTERM have no effect at all; keep it until the program ends.
#[derive(Debug)]
#[must_use = "signals have no effect once this is dropped"]
pub struct SignalWatch {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Drop for SignalWatch {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            // A panic in the thread has been reported by then.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_who_wait_wake() {
        let token = Shutdown::new();
        assert!(!token.requested() && !token.wait_timeout(Duration::from_millis(1)));
        let other = token.clone();
        let thread = std::thread::spawn(move || other.wait());
        let early = tokio::time::timeout(Duration::from_millis(5), token.notified()).await;
        assert!(early.is_err(), "nobody asked yet");
        token.request();
        token.request();
        token.notified().await;
        token.wait();
        assert!(token.requested() && token.wait_timeout(Duration::MAX));
        thread.join().expect("the waiting thread");
    }

    // One test, because signals reach every handler of the process.
    #[test]
    fn signals_stop_and_children_ignore_the_terminal() {
        let (parent, child) = (Shutdown::new(), Shutdown::new());
        let watch_child = child.on_signals_in_child().expect("handlers");
        let watch_parent = parent.on_signals().expect("handlers");
        signal_hook::low_level::raise(SIGINT).expect("a signal to ourselves");
        parent.wait();
        assert!(!child.requested());
        signal_hook::low_level::raise(SIGTERM).expect("a signal to ourselves");
        child.wait();
        drop((watch_child, watch_parent));
    }
}
