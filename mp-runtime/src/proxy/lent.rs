//! An object lent for the duration of one call.
//!
//! In: a reference. Out: an object that the peer can call until the lender has its result; later
//! calls are refused, and the lender does not go on before calls that run have ended.

use std::any::Any;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::future::BoxFuture;

use super::interface::Interface;
use crate::connection::{Call, LocalObject, Object};
use crate::error::{Error, Result};
use crate::wire::node::InterfaceNode;

/// What a lent object can do, without its type and, below, without its lifetime.
trait Target: Send + Sync {
    fn call_blocking(&self, interface: u64, ordinal: u16, call: &mut Call) -> Result<()>;
    fn call_async<'s>(&'s self, interface: u64, ordinal: u16, call: Call) -> BoxFuture<'s, Result<Call>>;
}

struct Reference<'o, I: ?Sized>(&'o I);

impl<I: Interface + ?Sized> Target for Reference<'_, I> {
    fn call_blocking(&self, interface: u64, ordinal: u16, call: &mut Call) -> Result<()> {
        self.0.call_blocking(interface, ordinal, call)
    }

    fn call_async<'s>(&'s self, interface: u64, ordinal: u16, call: Call) -> BoxFuture<'s, Result<Call>> {
        self.0.call_async(interface, ordinal, call)
    }
}

/// A loan: whether it still runs, and how many calls use it.
struct Loan {
    node: &'static InterfaceNode,
    state: Mutex<LoanState>,
    idle: Condvar,
}

struct LoanState {
    target: Option<&'static dyn Target>,
    /// Blocking calls, and asynchronous ones that are about to be entered in `tasks`.
    users: usize,
    /// Asynchronous calls, by number.
    tasks: HashMap<u64, Arc<Task>>,
    next_task: u64,
}

impl LoanState {
    fn new(target: &'static dyn Target) -> Self {
        LoanState { target: Some(target), users: 0, tasks: HashMap::new(), next_task: 0 }
    }
}

/// An asynchronous call of a lent object, until it has returned or the loan has ended.
struct Task(Mutex<Option<BoxFuture<'static, Result<Call>>>>);

impl Task {
    fn lock(&self) -> MutexGuard<'_, Option<BoxFuture<'static, Result<Call>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One call's use of a loan.
struct Use<'l> {
    loan: &'l Loan,
    target: &'static dyn Target,
}

impl Loan {
    fn lock(&self) -> MutexGuard<'_, LoanState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ended(&self) -> Error {
        let name = self.node.name;
        Error::failed(format!("the {name} object was lent for one call, and that call has ended"))
    }

    fn enter(&self) -> Result<Use<'_>> {
        let mut state = self.lock();
        let target = state.target.ok_or_else(|| self.ended())?;
        state.users += 1;
        Ok(Use { loan: self, target })
    }

    /// Starts an asynchronous call, which the loan drops when it ends.
    fn start(&self, interface: u64, ordinal: u16, call: Call) -> Result<(u64, Arc<Task>)> {
        let entered = self.enter()?;
        let future = entered.target.call_async(interface, ordinal, call);
        let mut state = self.lock();
        if state.target.is_none() {
            // Before the use: the end of the loan waits for that.
            drop(state);
            drop(future);
            return Err(self.ended());
        }
        let task = Arc::new(Task(Mutex::new(Some(future))));
        let number = state.next_task;
        state.next_task += 1;
        state.tasks.insert(number, task.clone());
        drop(state);
        Ok((number, task))
    }

    fn end(&self) {
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

/// An asynchronous call of a lent object, as the one who answers it polls it.
struct Running {
    loan: Arc<Loan>,
    number: u64,
    task: Arc<Task>,
}

impl Future for Running {
    type Output = Result<Call>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Call>> {
        let mut future = self.task.lock();
        let Some(running) = &mut *future else { return Poll::Ready(Err(self.loan.ended())) };
        let outcome = running.as_mut().poll(cx);
        if outcome.is_ready() {
            *future = None;
        }
        outcome
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Dropped under the lock, and still in the list: the end of the loan waits for it.
        *self.task.lock() = None;
        self.loan.lock().tasks.remove(&self.number);
    }
}

impl Drop for Use<'_> {
    fn drop(&mut self) {
        self.loan.lock().users -= 1;
        self.loan.idle.notify_all();
    }
}

impl Object for Loan {
    fn node(&self) -> &'static InterfaceNode {
        self.node
    }

    fn call_blocking(&self, interface: u64, ordinal: u16, call: &mut Call) -> Result<()> {
        self.enter()?.target.call_blocking(interface, ordinal, call)
    }

    fn call_async(
        self: Arc<Self>,
        interface: u64,
        ordinal: u16,
        call: Call,
    ) -> BoxFuture<'static, Result<Call>> {
        match self.start(interface, ordinal, call) {
            Ok((number, task)) => Box::pin(Running { loan: self, number, task }),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Ends the loan when the lender goes on, also when it panics.
struct End(Arc<Loan>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// An object that is lent, as the parameter of a call.
#[derive(Debug, Clone)]
pub struct Lent(pub(crate) Arc<LocalObject>);

/// Lends `object` while `body` runs.
///
/// # Errors
///
/// What `body` returns.
pub fn lend<I: Interface + ?Sized, T>(object: &I, body: impl FnOnce(Lent) -> Result<T>) -> Result<T> {
    let reference = Reference(object);
    let target: &dyn Target = &reference;
    // SAFETY: the reference with the invented lifetime lives only in `LoanState::target`, in `Use`s,
    // and in the futures of `Task`s. `End` runs before `reference` and the borrow behind it end: it is
    // a local of this function, declared after `reference`, and nobody else can keep it from being
    // dropped, also when `body` panics. It takes the reference out of the state, so that no new `Use`
    // can be made, and then waits until there is no `Use` left. A future is made under a `Use`, and is in
    // `LoanState::tasks` or dropped before that one ends. There it stays until it is dropped, which like
    // each poll happens under the lock of its `Task`; `End` takes and drops those that are left. So the
    // reference is never followed after this function.
    #[allow(unsafe_code, reason = "a loan outlives no call, which the type system cannot say")]
    let target = unsafe { std::mem::transmute::<&dyn Target, &'static dyn Target>(target) };
    let state = Mutex::new(LoanState::new(target));
    let loan = Arc::new(Loan { node: I::NODE, state, idle: Condvar::new() });
    let _end = End(loan.clone());
    body(Lent(LocalObject::new(loan)))
}

/// Lends `object`, if there is one, while `body` runs.
///
/// # Errors
///
/// What `body` returns.
pub fn lend_optional<I: Interface + ?Sized, T>(
    object: Option<&I>,
    body: impl FnOnce(Option<Lent>) -> Result<T>,
) -> Result<T> {
    match object {
        Some(object) => lend(object, |lent| body(Some(lent))),
        None => body(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_loan_waits_for_its_users_and_refuses_new_ones() {
        struct Nothing;
        impl Target for Nothing {
            fn call_blocking(&self, _: u64, _: u16, _: &mut Call) -> Result<()> {
                Ok(())
            }
            fn call_async<'s>(&'s self, _: u64, _: u16, call: Call) -> BoxFuture<'s, Result<Call>> {
                Box::pin(async { Ok(call) })
            }
        }
        static NODE: InterfaceNode =
            InterfaceNode::new("Test", 0, &crate::wire::node::FileNode::new("test.capnp", 0), &[]);
        let state = Mutex::new(LoanState::new(&Nothing));
        let loan = Loan { node: &NODE, state, idle: Condvar::new() };
        let ended = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let entered = loan.enter().expect("the loan runs");
            scope.spawn(|| {
                loan.end();
                ended.store(true, std::sync::atomic::Ordering::SeqCst);
            });
            while loan.lock().target.is_some() {
                std::thread::yield_now();
            }
            assert!(!ended.load(std::sync::atomic::Ordering::SeqCst), "a user keeps the loan from ending");
            assert!(loan.enter().is_err(), "an ending loan takes no new user");
            drop(entered);
        });
        assert!(ended.load(std::sync::atomic::Ordering::SeqCst));
    }
}
