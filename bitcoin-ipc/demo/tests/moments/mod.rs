//! Random moments, which a seed repeats.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Random numbers that a seed repeats (SplitMix64).
pub(crate) struct Moments(u64);

impl Moments {
    /// Those of `KILLS_SEED`, or others, whose seed is printed.
    pub(crate) fn new() -> Self {
        let given =
            std::env::var("KILLS_SEED").ok().map(|seed| seed.parse().expect("KILLS_SEED is a number"));
        let seed = given.unwrap_or_else(|| RandomState::new().hash_one(0));
        println!("KILLS_SEED={seed} repeats this");
        Moments(seed)
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Lets work go on for a moment of at most 150 ms.
    #[allow(dead_code, reason = "not every test has moments")]
    pub(crate) fn pause(&mut self) {
        std::thread::sleep(Duration::from_micros(self.next() % 150_000));
    }
}
