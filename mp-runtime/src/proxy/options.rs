//! Options of the calls that a piece of code makes: deadlines and pipelining.
//!
//! In: a closure or a future. Out: the calls made in it have the option.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

thread_local! {
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
    static PIPELINED: Cell<bool> = const { Cell::new(false) };
}

/// Restores a thread-local value.
struct Restore<T: Copy + 'static>(&'static std::thread::LocalKey<Cell<T>>, T);

impl<T: Copy + 'static> Drop for Restore<T> {
    fn drop(&mut self) {
        let _ = self.0.try_with(|cell| cell.set(self.1));
    }
}

fn replace<T: Copy + 'static>(key: &'static std::thread::LocalKey<Cell<T>>, value: T) -> Restore<T> {
    Restore(key, key.with(|cell| cell.replace(value)))
}

/// Runs `body`; every blocking call in it that has no answer by `deadline` fails with
/// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout). Of nested deadlines the earlier one counts.
pub fn with_deadline<T>(deadline: Instant, body: impl FnOnce() -> T) -> T {
    let earlier = current_deadline().map_or(deadline, |outer| outer.min(deadline));
    let _restore = replace(&DEADLINE, Some(earlier));
    body()
}

/// Runs `body`; every blocking call in it that has no answer when `time` has passed from now fails
/// with [`ErrorKind::Timeout`](crate::ErrorKind::Timeout). For asynchronous calls use a timeout of
/// the runtime: dropping a call's future cancels it.
pub fn within<T>(time: Duration, body: impl FnOnce() -> T) -> T {
    match Instant::now().checked_add(time) {
        Some(deadline) => with_deadline(deadline, body),
        None => body(),
    }
}

pub(crate) fn current_deadline() -> Option<Instant> {
    DEADLINE.try_with(Cell::get).ok().flatten()
}

/// Runs `body`; a call in it whose result is an interface returns at once, with a proxy for the
/// object that is yet to arrive. Calls on that proxy need no extra round trip; if the first call
/// fails, they fail with its error.
///
/// ```
/// # use mp_runtime::{Result, ipc_interface, pipelined};
/// # #[ipc_interface(file = "init.capnp", file_id = 0x94f2_1a48_64bd_2c65)]
/// # trait Mining: Send + Sync { fn get_tip(&self) -> Result<i32>; }
/// # #[ipc_interface(file = "init.capnp", file_id = 0x94f2_1a48_64bd_2c65, construct)]
/// # trait Init: Send + Sync { fn make_mining(&self) -> Result<Box<dyn Mining>>; }
/// fn tip(init: &dyn Init) -> Result<i32> {
///     let mining = pipelined(|| init.make_mining())?;
///     mining.get_tip() // one round trip for both calls
/// }
/// ```
pub fn pipelined<T>(body: impl FnOnce() -> T) -> T {
    let _restore = replace(&PIPELINED, true);
    body()
}

/// The asynchronous form of [`pipelined`].
pub fn pipelined_async<F: Future>(future: F) -> impl Future<Output = F::Output> {
    Pipelined(Box::pin(future))
}

pub(crate) fn is_pipelined() -> bool {
    PIPELINED.try_with(Cell::get).unwrap_or(false)
}

struct Pipelined<F>(Pin<Box<F>>);

impl<F: Future> Future for Pipelined<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _restore = replace(&PIPELINED, true);
        self.0.as_mut().poll(cx)
    }
}
