//! The proxy: an object of the peer, as this process holds it.
//!
//! In: a reference to the peer's object. Out: calls, and `destroy` exactly once when the last
//! Rust handle goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::connection::{
    Caller, InUse, Outgoing, Payload, RemoteCap, ReplyTo, calling, next_number, suspect_thread,
};
use crate::thread::{ReplySlot, ThreadContext};
use crate::wire::node::{InterfaceNode, MethodNode};

/// How long dropping a proxy waits for the peer to drop its object.
const DESTROY_PATIENCE: Duration = Duration::from_secs(10);

/// An object of the peer. Generated code implements the interface traits for it.
pub struct Proxy(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) cap: RemoteCap,
    pub(crate) node: &'static InterfaceNode,
    /// Nanoseconds; 0 for none.
    timeout: AtomicU64,
    /// Set when the object is given back to the peer, which then owns it again.
    given_away: AtomicBool,
    /// Set when the peer may still be running a cancelled call. Then the object is only released:
    /// a C++ peer keeps it until the call has ended, but would destroy it under the call.
    doubtful: AtomicBool,
}

impl InUse for Inner {
    fn doubt(&self) {
        self.doubtful.store(true, Ordering::Relaxed);
    }

    fn give_away(&self) {
        self.given_away.store(true, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Proxy({}, {:?})", self.0.node.name, self.0.cap)
    }
}

impl Proxy {
    pub(crate) fn new(cap: RemoteCap, node: &'static InterfaceNode) -> Self {
        Proxy(Arc::new(Inner {
            cap,
            node,
            timeout: AtomicU64::new(0),
            given_away: AtomicBool::new(false),
            doubtful: AtomicBool::new(false),
        }))
    }

    /// Whether the object is of this version of the interface, where the interface has several.
    pub(crate) fn has_form_of(&self, node: &'static InterfaceNode) -> bool {
        self.0.node.id != node.id || std::ptr::eq(self.0.node, node)
    }

    pub(crate) fn cap(&self) -> &RemoteCap {
        &self.0.cap
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.0
    }
}

impl Inner {
    /// Limits later blocking calls.
    pub(crate) fn set_timeout(&self, timeout: Option<Duration>) {
        let nanos = timeout.map_or(0, |timeout| u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX).max(1));
        self.timeout.store(nanos, Ordering::Relaxed);
    }

    /// When a call made now has to be answered.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let own = match self.timeout.load(Ordering::Relaxed) {
            0 => None,
            nanos => Instant::now().checked_add(Duration::from_nanos(nanos)),
        };
        let scoped = super::options::current_deadline();
        match (own, scoped) {
            (Some(own), Some(scoped)) => Some(own.min(scoped)),
            (own, scoped) => own.or(scoped),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let Some((interface, ordinal)) = self.node.destroyer() else { return };
        let kept = self.given_away.load(Ordering::Relaxed) || self.doubtful.load(Ordering::Relaxed);
        if kept || self.cap.shared().is_closed() {
            return;
        }
        let Some(method) = interface.methods.iter().find(|method| method.ordinal == ordinal) else { return };
        tracing::debug!(target: "ipc", interface = self.node.name, "IPC client destroy");
        destroy(self.cap.clone(), interface, method, self.deadline());
    }
}

/// Has the peer drop its object. On an ordinary thread this waits, as a local drop would, but no longer than calls
/// may take here, and not for a peer that has kept such a wait from ending; on an event loop or in an asynchronous task
/// it must not.
fn destroy(
    target: RemoteCap,
    interface: &'static InterfaceNode,
    method: &'static MethodNode,
    deadline: Option<Instant>,
) {
    let shared = target.shared().clone();
    let waiting = !shared.event_loop().is_driven_here()
        && !shared.keeps_waiting()
        && tokio::runtime::Handle::try_current().is_err()
        && !std::thread::panicking();
    let thread = if waiting { ThreadContext::current() } else { None };
    let scope = crate::connection::scope::current(shared.id());
    let number = next_number();
    let mut call = Outgoing {
        span: calling(shared.id(), number, interface.name, method.name),
        target,
        interface,
        method,
        interrupt: None,
        params: Payload::new(),
        caller: Caller::Task,
        scope,
        pipeline: None,
        reply: ReplyTo::nobody(),
        number,
        object: None,
    };
    let Some(thread) = thread else { return call.start() };
    let (slot, key) = (ReplySlot::new(thread.clone()), thread.key);
    call.caller = Caller::Thread(thread);
    call.reply = ReplyTo::thread(slot.clone());
    call.start_and_wait();
    let started = Instant::now();
    let patience = started.checked_add(DESTROY_PATIENCE);
    let in_time = slot.wait(deadline.into_iter().chain(patience).min()).is_some();
    if !in_time {
        let waited = started.elapsed();
        tracing::warn!(target: "ipc", interface = interface.name, "the peer has not destroyed its object after {waited:?}");
        if scope.is_none() {
            suspect_thread(&shared, key);
        }
        if waited >= DESTROY_PATIENCE {
            shared.set_keeps_waiting(true);
        }
    }
}
