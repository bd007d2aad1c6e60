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
    use std::sync::{Mutex, PoisonError};
    use std::time::{Duration, Instant};

    use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};

    use super::{Eagerness, Heard};

    /// So many doorbells are kept that nobody has.
    const SPARE_ONES: usize = 8;
    /// So many threads of the process look after sockets at most: each needs a descriptor for it.
    const MOST: usize = 64;

    /// Wakes a thread that sleeps on a socket.
    pub(crate) struct Doorbell(Option<OwnedFd>);

    struct Spare {
        doorbells: Vec<OwnedFd>,
        made: usize,
    }

    static SPARE: Mutex<Spare> = Mutex::new(Spare { doorbells: Vec::new(), made: 0 });

    impl Doorbell {
        /// Nothing where there are too many, or descriptors are short.
        pub(crate) fn take() -> Option<Self> {
            let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(doorbell) = spare.doorbells.pop() {
                return Some(Doorbell(Some(doorbell)));
            }
            if spare.made == MOST {
                return None;
            }
            let doorbell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).ok()?;
            spare.made += 1;
            Some(Doorbell(Some(doorbell)))
        }

        pub(crate) fn ring(&self) {
            if let Some(doorbell) = &self.0 {
                // It fails only when it was rung very often, so that it rings.
                let _ = rustix::io::write(doorbell, &1u64.to_ne_bytes());
            }
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
            let Some(doorbell) = &self.0 else { return Heard::Else };
            let mut watched =
                [PollFd::from_borrowed_fd(socket, PollFlags::IN), PollFd::new(doorbell, PollFlags::IN)];
            match poll(&mut watched, time.try_into().ok().as_ref()) {
                Ok(0) => return Heard::Nothing,
                Ok(_) => {}
                // Whoever is interrupted looks, and sleeps again.
                Err(_) => return Heard::Else,
            }
            let [readable, rung] = watched.map(|watched| !watched.revents().is_empty());
            if rung {
                // Perhaps for a thread that had it before; then this one sleeps again.
                let _ = rustix::io::read(doorbell, &mut [0u8; 8]);
            }
            if readable { Heard::Socket } else { Heard::Else }
        }
    }

    impl Drop for Doorbell {
        fn drop(&mut self) {
            let doorbell = self.0.take();
            let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
            if spare.doorbells.len() < SPARE_ONES {
                spare.doorbells.extend(doorbell);
            } else {
                spare.made -= 1;
                drop(spare);
                drop(doorbell);
            }
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
        pub(crate) fn take() -> Option<Self> {
            None
        }

        pub(crate) fn ring(&self) {}

        pub(crate) fn sleep(&self, _: BorrowedFd<'_>, _: Duration, _: &Eagerness) -> Heard {
            Heard::Else
        }
    }
}
