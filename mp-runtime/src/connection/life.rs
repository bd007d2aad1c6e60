//! How far a connection's life has gone, and who waits for its end.
//!
//! In: the steps of its life, as the loop takes them. Out: whether calls can be made; whoever waits for the end hears
//! of it. Any thread may ask and wait.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::sync::{Condvar, Mutex, MutexGuard};

/// The states of a connection.
///
/// ```text
///        the peer left or broke a rule, or           what the loop held
///        the connection was closed here                is let go
///  Open ──────────────────────────────────▶ Closing ───────────────────▶ Gone
///   │                                                                     ▲
///   └─────────────────────────────────────────────────────────────────────┘
///                 the loop has ended, or could not take the stream
/// ```
#[derive(Clone, Copy, Default, PartialEq)]
enum Phase {
    /// Calls can be made.
    #[default]
    Open,
    /// None can be made any more, and what is on the loop is being let go.
    Closing,
    /// The stream is closed, and on the loop nothing is left.
    Gone,
}

/// The life of one connection.
pub(crate) struct Life {
    state: Mutex<LifeState>,
    changed: Condvar,
}

#[derive(Default)]
struct LifeState {
    phase: Phase,
    /// Tasks that wait for the end.
    waiting: Vec<oneshot::Sender<()>>,
}

impl Life {
    pub(crate) fn new() -> Self {
        Life { state: Mutex::new(LifeState::default()), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, LifeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No call can be made any more. Returns whether they could before.
    pub(crate) fn close(&self) -> bool {
        let mut state = self.lock();
        let open = state.phase == Phase::Open;
        if open {
            state.phase = Phase::Closing;
        }
        open
    }

    /// Nothing is left of the connection.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.phase = Phase::Gone;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        self.changed.notify_all();
        for waiter in waiting {
            let _ = waiter.send(());
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().phase != Phase::Open
    }

    /// Waits for the end, at most for `timeout`. Returns whether it has come.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> bool {
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut state = self.lock();
        while state.phase != Phase::Gone {
            state = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return false,
                Some(left) => {
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        true
    }

    /// Resolves when the end has come.
    pub(crate) async fn ended(&self) {
        let (sender, receiver) = oneshot::channel();
        {
            let mut state = self.lock();
            if state.phase == Phase::Gone {
                return;
            }
            // Those who have given up, as in each turn of a `select!` loop.
            state.waiting.retain(|waiter| !waiter.is_closed());
            state.waiting.push(sender);
        }
        let _ = receiver.await;
    }
}
