//! What a loader does now and then.
//!
//! In: time that passes, or that a test lets pass. Out: the wallets' unconfirmed transactions, sent again
//! about once a day.

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use bitcoin_ipc::types::TxBroadcast;

use super::Loader;
use crate::keys::random;
use crate::listeners::lock;

/// Ends its thread when dropped, soon.
pub(crate) struct Schedule {
    signal: Arc<(Mutex<Signal>, Condvar)>,
}

#[derive(Default)]
struct Signal {
    stop: bool,
    forward: Duration,
}

/// Between 12 and 36 hours, so that nobody can tell from the time whose transaction it is. Bitcoin Core's
/// `SetNextResend`.
fn next_resend() -> Duration {
    let random = u32::from_le_bytes(random::<4>());
    Duration::from_secs(12 * 60 * 60 + u64::from(random) % (24 * 60 * 60))
}

impl Schedule {
    pub(crate) fn start(loader: &Loader) -> std::io::Result<Schedule> {
        let signal = Arc::new((Mutex::new(Signal::default()), Condvar::new()));
        let (heard, weak) = (signal.clone(), Arc::downgrade(&loader.0));
        std::thread::Builder::new().name("wallet-resend".into()).spawn(move || {
            let mut due = Instant::now() + next_resend();
            loop {
                {
                    let mut now = lock(&heard.0);
                    while !now.stop && Instant::now() + now.forward < due {
                        let left = due.saturating_duration_since(Instant::now() + now.forward);
                        now = match heard.1.wait_timeout(now, left) {
                            Ok((now, _)) => now,
                            Err(poisoned) => poisoned.into_inner().0,
                        };
                    }
                    if now.stop {
                        return;
                    }
                    due = Instant::now() + now.forward + next_resend();
                }
                let Some(inner) = weak.upgrade() else { return };
                for wallet in Loader(inner).wallets() {
                    if lock(&heard.0).stop {
                        return;
                    }
                    if let Err(error) = wallet.resubmit(TxBroadcast::MempoolAndBroadcastToAll) {
                        tracing::debug!(target: "wallet", wallet = wallet.name(), %error, "nothing was sent again");
                    }
                }
            }
        })?;
        Ok(Schedule { signal })
    }

    /// Lets time pass.
    pub(crate) fn forward(&self, time: Duration) {
        lock(&self.signal.0).forward += time;
        self.signal.1.notify_all();
    }
}

impl Drop for Schedule {
    fn drop(&mut self) {
        lock(&self.signal.0).stop = true;
        self.signal.1.notify_all();
        // The thread is not waited for: it may be in the middle of a call of a node that hangs.
    }
}
