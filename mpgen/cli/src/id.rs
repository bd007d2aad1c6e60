//! `mpgen id`.
//!
//! In: nothing. Out: 64 random bits on stdout, as an id has them.

use std::hash::{BuildHasher, RandomState};

use crate::{Failure, terminal};

/// Runs the command.
pub(crate) fn run() -> Result<(), Failure> {
    // The standard library seeds each state with what the system has of chance.
    let chance = RandomState::new().hash_one(RandomState::new().hash_one(0));
    terminal::print(&format!("{:#018x}\n", chance | 1 << 63))
}
