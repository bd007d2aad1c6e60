//! What a hostile or broken peer does to a server that runs in a process of its own.
//!
//! In: raw messages, many of them, large ones, few of a kind that nobody sends. Out: a clear answer or the end of that
//! one connection; the server lives, serves its other client, and has little more memory, threads, descriptors and
//! log than before, as seen from outside. In `answers` it is the server that is hostile, to a client in this process.

mod answers;
mod conversations;
mod flood;
mod floods;
mod mutations;
mod promises;
mod random;
mod slow;

use mp_tests::victim::Process;

/// More than this the victim never needs because of its peers, in mebibytes.
const MEMORY: u64 = 300;

fn victim() -> Process {
    Process::start(env!("CARGO_BIN_EXE_victim"), &[])
}

/// Checks that the victim lives, and has little more than before.
#[track_caller]
fn check(victim: &mut Process) {
    victim.check();
    let growth = victim.growth();
    println!("{growth:?}");
    assert!(growth.peak < MEMORY, "{growth:?}");
    assert!(growth.log < 64, "{growth:?}\n{}", victim.log());
}
