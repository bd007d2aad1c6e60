//! An object lent for the duration of one call.
//!
//! In: a reference. Out: an object that the peer can call until the lender has its result; later
//! calls are refused, and the lender does not go on before calls that run have ended.

use std::any::Any;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::interface::{Interface, index};
use super::loan::Loan;
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
        self.0.call_blocking(index(I::NODE, interface, ordinal)?, call)
    }

    fn call_async<'s>(&'s self, interface: u64, ordinal: u16, call: Call) -> BoxFuture<'s, Result<Call>> {
        match index(I::NODE, interface, ordinal) {
            Ok(index) => self.0.call_async(index, call),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }
}

type Future = BoxFuture<'static, Result<Call>>;

/// What the peer can call of it.
struct LentObject {
    node: &'static InterfaceNode,
    loan: Arc<Loan<&'static dyn Target, Future>>,
}

impl LentObject {
    fn ended(&self) -> Error {
        let name = self.node.name;
        Error::failed(format!("the {name} object was lent for one call, and that call has ended"))
    }
}

impl Object for LentObject {
    fn node(&self) -> &'static InterfaceNode {
        self.node
    }

    fn call_blocking(&self, interface: u64, ordinal: u16, call: &mut Call) -> Result<()> {
        let entered = self.loan.enter().ok_or_else(|| self.ended())?;
        entered.target.call_blocking(interface, ordinal, call)
    }

    fn call_async(self: Arc<Self>, interface: u64, ordinal: u16, call: Box<Call>) -> Future {
        let running = self.loan.start(|target| target.call_async(interface, ordinal, *call));
        Box::pin(async move {
            let outcome = match running {
                Some(running) => running.await,
                None => None,
            };
            outcome.unwrap_or_else(|| Err(self.ended()))
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Ends the loan when the lender goes on, also when it panics.
struct End(Arc<Loan<&'static dyn Target, Future>>);

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
    // SAFETY: the reference with the invented lifetime lives only in the loan, in its uses and in its tasks. `End` runs
    // before `reference` and the borrow behind it end: it is a local of this function, declared after `reference`, and
    // nobody else can keep it from being dropped, also when `body` panics. By the invariant of `Loan` nobody uses the
    // reference, and no task is left, once its end has returned.
    #[allow(unsafe_code, reason = "a loan outlives no call, which the type system cannot say")]
    let target = unsafe { std::mem::transmute::<&dyn Target, &'static dyn Target>(target) };
    let loan = Loan::new(target);
    let _end = End(loan.clone());
    body(Lent(LocalObject::new(Arc::new(LentObject { node: I::NODE, loan }))))
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
