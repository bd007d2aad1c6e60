//! The node's clock, which tests can set.
//!
//! In: the system's time, or `setmocktime`. Out: seconds since 1970.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A clock. 0 as its setting means the system's time.
#[derive(Debug, Default)]
pub struct Clock {
    mock: AtomicU64,
}

impl Clock {
    /// Seconds since 1970.
    #[must_use]
    pub fn now(&self) -> u64 {
        match self.mock_time() {
            0 => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            mock => mock,
        }
    }

    /// The time that it was set to; 0 for the system's.
    #[must_use]
    pub fn mock_time(&self) -> u64 {
        self.mock.load(Ordering::Relaxed)
    }

    /// Sets the clock to this time, at which it stays; 0 is the system's time again.
    pub fn set_mock_time(&self, seconds: u64) {
        self.mock.store(seconds, Ordering::Relaxed);
    }
}
