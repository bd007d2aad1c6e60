//! What a thread looks after while it has nothing else to do.
//!
//! In: a socket. Out: the thread that waits for a call, or for work, sleeps until the socket can be read or somebody
//! wakes the thread.

use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// A thread that has heard nothing for so long leaves the socket to the event loop, and has one descriptor less.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// Whether it is worth while to look for something new before falling asleep: to be woken takes longer than most calls.
#[derive(Default)]
pub(crate) struct Eagerness {
    /// How often in a row a sleep was short.
    short: AtomicU8,
}

impl Eagerness {
    /// For so long a thread looks: not at all, unless its last sleeps were all short.
    pub(crate) fn time(&self) -> Duration {
        const ENOUGH: u8 = 4;
        if self.short.load(Ordering::Relaxed) < ENOUGH { Duration::ZERO } else { Duration::from_micros(50) }
    }

    /// Notes how long it was until there was something new.
    pub(crate) fn note(&self, time: Duration) {
        // With all that it takes to be woken.
        const SHORT: Duration = Duration::from_micros(150);
        let short = if time < SHORT { self.short.load(Ordering::Relaxed).saturating_add(1) } else { 0 };
        self.short.store(short, Ordering::Relaxed);
    }
}

/// A socket, and who hears of it. All of it happens on the thread that looks after it.
pub(crate) trait Watch: Send + Sync {
    /// The socket.
    fn socket(&self) -> BorrowedFd<'_>;

    /// The socket can be read. `news` says how often there was something new for the thread. Returns whether it goes on
    /// looking after the socket.
    fn is_readable(&self, news: &dyn Fn() -> u64) -> bool;

    /// The thread has something else to do.
    fn ends(&self);
}

/// What has ended a sleep.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Heard {
    /// Nothing, for as long as was waited.
    Nothing,
    /// That the socket can be read.
    Socket,
    /// Something else.
    Else,
}

pub(crate) use doorbell::Doorbell;

#[cfg(target_os = "linux")]
mod doorbell {
    use std::os::fd::{BorrowedFd, OwnedFd};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};

    use super::{Eagerness, Heard};

    /// So many threads of the process look after sockets at most: each needs a descriptor for it.
    const MOST: usize = 64;
    static MADE: AtomicUsize = AtomicUsize::new(0);

    /// Wakes a thread that sleeps on a socket.
    pub(crate) struct Doorbell(OwnedFd);

    impl Doorbell {
        /// Nothing where there are too many, or descriptors are short.
        pub(crate) fn new() -> Option<Self> {
            if MADE.fetch_add(1, Ordering::Relaxed) < MOST
                && let Ok(doorbell) = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            {
                return Some(Doorbell(doorbell));
            }
            MADE.fetch_sub(1, Ordering::Relaxed);
            None
        }

        pub(crate) fn ring(&self) {
            // It fails only when it was rung very often, so that it rings.
            let _ = rustix::io::write(&self.0, &1u64.to_ne_bytes());
        }

        /// Sleeps until it rings, the socket can be read, or the time is over.
        pub(crate) fn sleep(&self, socket: BorrowedFd<'_>, time: Duration, eagerness: &Eagerness) -> Heard {
            let started = Instant::now();
            let until = eagerness.time();
            let mut heard = Heard::Nothing;
            while heard == Heard::Nothing && started.elapsed() < until {
                heard = self.poll(socket, Duration::ZERO);
            }
            if heard == Heard::Nothing {
                heard = self.poll(socket, time);
            }
            eagerness.note(started.elapsed());
            heard
        }

        fn poll(&self, socket: BorrowedFd<'_>, time: Duration) -> Heard {
            let mut watched =
                [PollFd::from_borrowed_fd(socket, PollFlags::IN), PollFd::new(&self.0, PollFlags::IN)];
            match poll(&mut watched, time.try_into().ok().as_ref()) {
                Ok(0) => return Heard::Nothing,
                Ok(_) => {}
                // Whoever is interrupted looks, and sleeps again.
                Err(_) => return Heard::Else,
            }
            let [readable, rung] = watched.map(|watched| !watched.revents().is_empty());
            if rung {
                // Perhaps for something that the thread has seen meanwhile; then it sleeps again.
                let _ = rustix::io::read(&self.0, &mut [0u8; 8]);
            }
            if readable { Heard::Socket } else { Heard::Else }
        }
    }

    impl Drop for Doorbell {
        fn drop(&mut self) {
            MADE.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Where a thread can sleep in one way only, it looks after nothing.
#[cfg(not(target_os = "linux"))]
mod doorbell {
    use std::os::fd::BorrowedFd;
    use std::time::Duration;

    use super::{Eagerness, Heard};

    pub(crate) enum Doorbell {}

    impl Doorbell {
        pub(crate) fn new() -> Option<Self> {
            None
        }

        pub(crate) fn ring(&self) {}

        pub(crate) fn sleep(&self, _: BorrowedFd<'_>, _: Duration, _: &Eagerness) -> Heard {
            Heard::Else
        }
    }
}
