//! What time it is.
//!
//! In: the system's clock, or a time that a test sets. Out: seconds since 1970.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A clock that tests can set.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    mock: AtomicI64,
}

impl Clock {
    /// Seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        match self.mock.load(Ordering::Relaxed) {
            0 => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |time| i64::try_from(time.as_secs()).unwrap_or(i64::MAX)),
            time => time,
        }
    }

    /// Stops the clock at a time; 0 lets it go again.
    pub(crate) fn set(&self, time: i64) {
        self.mock.store(time, Ordering::Relaxed);
    }
}
