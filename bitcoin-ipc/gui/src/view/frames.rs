//! How many frames were drawn, and how long the latest ones took.
//!
//! In: a frame, and what the one before it took. Out: numbers to show.

use std::collections::VecDeque;

/// Of how many frames the time is kept.
const KEPT: usize = 1_000;

/// The frames of the window.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frames {
    drawn: u64,
    /// What the latest ones took, in seconds.
    took: VecDeque<f32>,
}

impl Frames {
    /// One more is drawn; the one before it took so many seconds, where that is known. That of the very first is not kept:
    /// it makes what all draw with.
    pub(super) fn drawn(&mut self, before: Option<f32>) {
        self.drawn += 1;
        let Some(seconds) = before.filter(|_| self.drawn > 2) else { return };
        if self.took.len() == KEPT {
            self.took.pop_front();
        }
        self.took.push_back(seconds);
    }

    /// How many were drawn.
    pub(crate) fn count(&self) -> u64 {
        self.drawn
    }

    /// Of how many frames the time is known, and what the slowest of them took, in milliseconds with a decimal.
    pub(crate) fn slowest(&self) -> Option<(usize, String)> {
        let slowest = self.took.iter().copied().reduce(f32::max)?;
        Some((self.took.len(), format!("{:.1} ms", slowest * 1_000.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_one_is_forgotten_in_time() {
        let mut frames = Frames::default();
        frames.drawn(None);
        assert_eq!((frames.count(), frames.slowest()), (1, None));
        frames.drawn(Some(0.2));
        assert_eq!((frames.count(), frames.slowest()), (2, None));
        frames.drawn(Some(0.05));
        frames.drawn(Some(0.001));
        assert_eq!(frames.slowest(), Some((2, "50.0 ms".to_owned())));
        for _ in 0..KEPT {
            frames.drawn(Some(0.002));
        }
        assert_eq!(frames.slowest(), Some((KEPT, "2.0 ms".to_owned())));
        assert_eq!(frames.count(), 1_004);
    }
}
