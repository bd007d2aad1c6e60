//! For how long something that is lent may be used.
//!
//! In: uses, one by one, and tasks that use it whenever they are polled; the end. Out: whether a use may begin. The end
//! waits for those who use it, drops the tasks that are left, and lets nobody begin again.
//!
//! Invariant: while a use exists, or a task is polled or dropped, the end has not returned.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};

use crate::sync::{Condvar, Mutex, MutexGuard};

/// A loan of a `T`, with tasks that are `F`.
pub(crate) struct Loan<T, F> {
    state: Mutex<LoanState<T, F>>,
    idle: Condvar,
}

struct LoanState<T, F> {
    target: Option<T>,
    /// Those who use it, and who are about to enter a task.
    users: usize,
    tasks: HashMap<u64, Arc<Task<F>>>,
    next_task: u64,
}

/// A task, until it is done or the loan has ended.
struct Task<F>(Mutex<Option<F>>);

impl<F> Task<F> {
    fn lock(&self) -> MutexGuard<'_, Option<F>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One use of a loan.
pub(crate) struct Use<'l, T, F> {
    loan: &'l Loan<T, F>,
    pub(crate) target: T,
}

/// A task, as the one who polls it has it. What it comes to is nothing when the loan ends first.
pub(crate) struct Running<T, F> {
    loan: Arc<Loan<T, F>>,
    number: u64,
    task: Arc<Task<F>>,
}

impl<T: Copy, F> Loan<T, F> {
    pub(crate) fn new(target: T) -> Arc<Self> {
        let state = LoanState { target: Some(target), users: 0, tasks: HashMap::new(), next_task: 0 };
        Arc::new(Loan { state: Mutex::new(state), idle: Condvar::new() })
    }

    /// Begins a use, unless the loan has ended.
    pub(crate) fn enter(&self) -> Option<Use<'_, T, F>> {
        let mut state = self.lock();
        let target = state.target?;
        state.users += 1;
        Some(Use { loan: self, target })
    }

    /// Begins a task, unless the loan has ended.
    pub(crate) fn start(self: &Arc<Self>, make: impl FnOnce(T) -> F) -> Option<Running<T, F>> {
        let entered = self.enter()?;
        let future = make(entered.target);
        let mut state = self.lock();
        if state.target.is_none() {
            // Before the use: the end of the loan waits for that.
            drop(state);
            drop(future);
            return None;
        }
        let task = Arc::new(Task(Mutex::new(Some(future))));
        let number = state.next_task;
        state.next_task += 1;
        state.tasks.insert(number, task.clone());
        drop(state);
        Some(Running { loan: self.clone(), number, task })
    }
}

impl<T, F> Loan<T, F> {
    fn lock(&self) -> MutexGuard<'_, LoanState<T, F>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the loan.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.target = None;
        let tasks = std::mem::take(&mut state.tasks);
        while state.users > 0 {
            state = self.idle.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        for task in tasks.into_values() {
            // Waits for the one that polls it now.
            let future = task.lock().take();
            drop(future);
        }
    }
}

impl<T, F: Future + Unpin> Future for Running<T, F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut future = self.task.lock();
        let Some(running) = &mut *future else { return Poll::Ready(None) };
        let outcome = Pin::new(running).poll(cx);
        if outcome.is_ready() {
            *future = None;
        }
        outcome.map(Some)
    }
}

impl<T, F> Drop for Running<T, F> {
    fn drop(&mut self) {
        // Dropped under the lock, and still in the list: the end of the loan waits for it.
        *self.task.lock() = None;
        self.loan.lock().tasks.remove(&self.number);
    }
}

impl<T, F> Drop for Use<'_, T, F> {
    fn drop(&mut self) {
        self.loan.lock().users -= 1;
        self.loan.idle.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn the_end_of_a_loan_waits_for_its_users_and_refuses_new_ones() {
        let loan = Loan::<(), ()>::new(());
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let entered = loan.enter().expect("the loan runs");
            scope.spawn(|| {
                loan.end();
                ended.store(true, Ordering::SeqCst);
            });
            while loan.lock().target.is_some() {
                std::thread::yield_now();
            }
            assert!(!ended.load(Ordering::SeqCst), "a user keeps the loan from ending");
            assert!(loan.enter().is_none(), "an ending loan takes no new user");
            drop(entered);
        });
        assert!(ended.load(Ordering::SeqCst));
    }
}
