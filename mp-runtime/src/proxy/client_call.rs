//! One call, from a proxy's method to its results.
//!
//! In: parameters, one after the other. Out: results, to a thread that waits or to a task.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use super::client::{Inner, Proxy};
use super::interface::Interface;
use crate::connection::{
    Caller, Capability, Outgoing, Payload, RemoteCap, ReplyTo, Shared, blocking_on_loop, calling, cancel,
    next_number,
};
use crate::error::{Error, ErrorKind, Result};
use crate::thread::{ReplySlot, ThreadContext};
use crate::wire::build::BuildContext;
use crate::wire::node::{InterfaceNode, MethodNode};
use crate::wire::read::ReadContext;
use crate::wire::structs::{StructFields, StructWriter};
use crate::wire::traits::ReadField;

/// A call that a proxy is about to make.
#[derive(Debug)]
pub struct ClientCall<'p> {
    proxy: &'p Arc<Inner>,
    interface: &'static InterfaceNode,
    method: &'static MethodNode,
    interrupt: Option<u16>,
    pipelined: bool,
    params: Payload,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}({:?})", self.node.name, self.cap)
    }
}

impl<'p> ClientCall<'p> {
    /// Starts a call of the method at `index` of the interface's list.
    #[must_use]
    pub fn new<I: Interface + ?Sized>(proxy: &'p Proxy, index: usize) -> Self {
        ClientCall {
            proxy: proxy.inner(),
            interface: I::NODE,
            method: &I::NODE.methods[index],
            interrupt: None,
            pipelined: false,
            params: Payload::new(),
        }
    }

    /// Names the method, by its ordinal, that makes this one return early when it is cancelled.
    #[must_use]
    pub fn interrupt(mut self, ordinal: u16) -> Self {
        self.interrupt = Some(ordinal);
        self
    }

    /// Lets the call return before its result, an interface, has arrived.
    #[must_use]
    pub fn pipelined(mut self) -> Self {
        self.pipelined = true;
        self
    }

    fn name(&self, error: Error) -> Error {
        error.in_call(self.interface.name, self.method.name)
    }

    /// Writes the parameters.
    ///
    /// # Errors
    ///
    /// What `write` returns, with the name of the call.
    pub fn params(
        mut self,
        write: impl FnOnce(&mut BuildContext<'_>, &mut StructWriter<'_>) -> Result<()>,
    ) -> Result<Self> {
        let node = &self.method.params;
        let connection = self.proxy.cap.shared().id();
        let written = self.params.write(node, |structure, caps| {
            write(&mut BuildContext::new(caps, connection), &mut StructWriter::new(structure, node))
        });
        written.map_err(|error| self.name(error))?;
        Ok(self)
    }

    fn outgoing(&mut self, caller: Caller, reply: ReplyTo) -> Outgoing {
        let interrupt = self
            .interrupt
            .and_then(|ordinal| self.interface.methods.iter().find(|method| method.ordinal == ordinal));
        let shared = self.proxy.cap.shared();
        let number = next_number();
        let (interface, method) = (self.interface.name, self.method.name);
        Outgoing {
            span: calling(shared.id(), number, interface, method),
            target: self.proxy.cap.clone(),
            interface: self.interface,
            method: self.method,
            interrupt,
            params: std::mem::replace(&mut self.params, Payload::new()),
            caller,
            scope: crate::connection::scope::current(shared.id()),
            pipeline: None,
            reply,
            number,
            object: Some(self.proxy.clone()),
        }
    }

    /// The results of a call that has not returned, if the caller asked for that.
    fn ahead(&mut self, caller: Caller) -> Option<Response> {
        if !self.pipelined && !super::options::is_pipelined() {
            return None;
        }
        let [only] = self.method.results.fields else { return None };
        if !matches!(only.ty, crate::wire::node::Type::Interface(_)) {
            return None;
        }
        let cap = RemoteCap::new(self.proxy.cap.shared().clone());
        let mut outgoing = self.outgoing(caller, ReplyTo::nobody());
        outgoing.pipeline = Some(cap.clone());
        outgoing.start();
        Some(Response {
            interface: self.interface,
            method: self.method,
            results: Results::Ahead(Capability::Remote(cap)),
        })
    }

    /// Sends the call and waits for its results on this thread, which serves callbacks meanwhile.
    ///
    /// # Errors
    ///
    /// What the peer answers; that the connection is closed; that the deadline passed; that this
    /// thread is an event loop's and must not block.
    pub fn wait(mut self) -> Result<Response> {
        let misplaced = self.proxy.cap.shared().event_loop().is_driven_here();
        let thread = ThreadContext::current().filter(|_| !misplaced);
        let Some(thread) = thread else { return Err(self.name(blocking_on_loop())) };
        if let Some(response) = self.ahead(Caller::Thread(thread.clone())) {
            return Ok(response);
        }
        let deadline = self.proxy.deadline();
        let slot = ReplySlot::new(thread.clone());
        let outgoing = self.outgoing(Caller::Thread(thread), ReplyTo::thread(slot.clone()));
        let number = outgoing.number;
        outgoing.start_and_wait();
        let Some(results) = slot.wait(deadline) else {
            cancel(self.proxy.cap.shared(), number);
            return Err(self.name(Error::new(ErrorKind::Timeout, "no answer before the deadline")));
        };
        Ok(Response { interface: self.interface, method: self.method, results: Results::Here(results?) })
    }

    /// Sends the call. Dropping the returned future cancels it.
    #[must_use = "a call that is not awaited is cancelled"]
    pub fn send(mut self) -> Pending {
        if let Some(response) = self.ahead(Caller::Task) {
            return Pending {
                state: PendingState::Ready(Some(response)),
                interface: self.interface,
                method: self.method,
            };
        }
        let (sender, receiver) = oneshot::channel();
        let outgoing = self.outgoing(Caller::Task, ReplyTo::task(sender));
        let number = outgoing.number;
        let shared = self.proxy.cap.shared().clone();
        outgoing.start();
        Pending {
            state: PendingState::Waiting { receiver, shared, number },
            interface: self.interface,
            method: self.method,
        }
    }
}

/// A call of which a task awaits the results.
#[derive(Debug)]
pub struct Pending {
    state: PendingState,
    interface: &'static InterfaceNode,
    method: &'static MethodNode,
}

#[derive(Debug)]
enum PendingState {
    Ready(Option<Response>),
    Waiting { receiver: oneshot::Receiver<Result<Payload>>, shared: Arc<Shared>, number: u64 },
    Done,
}

impl Future for Pending {
    type Output = Result<Response>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Response>> {
        let (interface, method) = (self.interface, self.method);
        let results = match &mut self.state {
            PendingState::Ready(response) => {
                let again = || Error::new(ErrorKind::Misuse, "a call was polled after it had returned");
                return Poll::Ready(response.take().ok_or_else(again));
            }
            PendingState::Done => {
                return Poll::Ready(Err(Error::new(
                    ErrorKind::Misuse,
                    "a call was polled after it had returned",
                )));
            }
            PendingState::Waiting { receiver, .. } => match Pin::new(receiver).poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(results)) => results,
                Poll::Ready(Err(_)) => {
                    Err(Error::disconnected("the event loop has ended").in_call(interface.name, method.name))
                }
            },
        };
        self.state = PendingState::Done;
        Poll::Ready(results.map(|results| Response { interface, method, results: Results::Here(results) }))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let PendingState::Waiting { shared, number, .. } = &self.state {
            cancel(shared, *number);
        }
    }
}

/// The results of a call.
#[derive(Debug)]
pub struct Response {
    interface: &'static InterfaceNode,
    method: &'static MethodNode,
    results: Results,
}

#[derive(Debug)]
enum Results {
    Here(Payload),
    /// The one result is an interface that has yet to arrive.
    Ahead(Capability),
}

impl Results {
    /// The message with the results. Apart from what reads it, so that there is one of this for all methods.
    fn payload(self, method: &'static MethodNode) -> Result<Payload> {
        match self {
            Results::Here(payload) => Ok(payload),
            Results::Ahead(cap) => {
                let mut payload = Payload::new();
                payload.write(&method.results, |structure, caps| {
                    let mut cx = BuildContext::new(caps, 0);
                    StructWriter::new(structure, &method.results).capability(&mut cx, 0, cap.into())
                })?;
                Ok(payload)
            }
        }
    }
}

impl Response {
    /// Ends a call without results.
    ///
    /// # Errors
    ///
    /// Never; a failed call has no response.
    pub fn done(self) -> Result<()> {
        Ok(())
    }

    /// Reads the only result.
    ///
    /// # Errors
    ///
    /// When the value does not fit its type; the error names the field and the call.
    pub fn get<M: ?Sized, T: for<'a> ReadField<'a, M>>(self) -> Result<T> {
        self.read(|cx, results| results.get::<M, T>(cx, 0))
    }

    /// Reads the results.
    ///
    /// # Errors
    ///
    /// What `read` returns, with the name of the call.
    pub fn read<T>(
        self,
        read: impl for<'a> FnOnce(&ReadContext<'a>, &StructFields<'a>) -> Result<T>,
    ) -> Result<T> {
        let Response { interface, method, results } = self;
        let payload = results.payload(method)?;
        let node = &method.results;
        payload
            .read(|structure, caps| read(&ReadContext::new(caps), &StructFields::new(structure, node)))
            .map_err(|error| error.in_call(interface.name, method.name))
    }
}
