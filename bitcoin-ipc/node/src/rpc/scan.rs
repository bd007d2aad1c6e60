//! Scans that take long, of which one of a kind runs at a time.
//!
//! In: how far a scan is. Out: what other requests see of it; they can end it, too.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// What a second one is told.
pub(super) const RUNNING: &str = "Scan already in progress, use action \"abort\" or \"status\"";

/// The scan of a kind that is running, if any.
#[derive(Debug, Default)]
pub(super) struct Progress {
    running: AtomicBool,
    aborted: AtomicBool,
    percent: AtomicU32,
    height: AtomicU32,
}

/// The right to scan, until it is dropped.
pub(super) struct Scan<'a>(&'a Progress);

impl Progress {
    /// Begins a scan, unless one is running.
    pub(super) fn begin(&self) -> Option<Scan<'_>> {
        if self.running.swap(true, Ordering::Acquire) {
            return None;
        }
        self.aborted.store(false, Ordering::Relaxed);
        let scan = Scan(self);
        scan.is_at(0, 0);
        Some(scan)
    }

    /// The percentage and the height that the running scan has come to.
    pub(super) fn status(&self) -> Option<(u32, u32)> {
        let reached = || (self.percent.load(Ordering::Relaxed), self.height.load(Ordering::Relaxed));
        self.running.load(Ordering::Acquire).then(reached)
    }

    /// Has the scan end soon; false if there is none.
    pub(super) fn abort(&self) -> bool {
        let running = self.running.load(Ordering::Acquire);
        self.aborted.fetch_or(running, Ordering::Relaxed);
        running
    }
}

impl Scan<'_> {
    /// Tells how far the scan is.
    pub(super) fn is_at(&self, height: u32, percent: u32) {
        self.0.height.store(height, Ordering::Relaxed);
        self.0.percent.store(percent, Ordering::Relaxed);
    }

    /// Whether somebody wants the scan to end.
    pub(super) fn is_aborted(&self) -> bool {
        self.0.aborted.load(Ordering::Relaxed)
    }
}

impl Drop for Scan<'_> {
    fn drop(&mut self) {
        self.0.running.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_scan_at_a_time_can_be_seen_and_ended() {
        let progress = Progress::default();
        assert_eq!((progress.status(), progress.abort()), (None, false));
        let scan = progress.begin().unwrap();
        assert!(!scan.is_aborted(), "an abort is for a running scan only");
        scan.is_at(7, 50);
        assert_eq!(progress.status(), Some((50, 7)));
        assert!(progress.begin().is_none());
        assert!(progress.abort() && scan.is_aborted());
        drop(scan);
        assert_eq!(progress.status(), None);
        assert!(progress.begin().is_some_and(|scan| !scan.is_aborted()));
    }
}
