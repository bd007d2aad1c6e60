//! What one peer makes this process hold, and what all of them do.
//!
//! In: bytes that arrive, or wait to be read, and calls that begin. Out: permits, each held as long as what it
//! stands for, wherever that goes; and whether there may be more.
//!
//! Invariant: the sums are those of the permits that exist. A permit may be given back on any thread.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::gate::Gate;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;

/// As much a peer may hold although others hold all that there is, so that small calls always pass.
pub(crate) const SMALL: usize = 64 << 10;

/// What a call costs beside its message: entries in tables, tasks of capnp-rpc and ours.
pub(crate) const CALL_OVERHEAD: usize = 2 << 10;

/// Bytes of one kind: a peer's, and those of all peers of the process.
#[derive(Debug)]
struct Account {
    used: AtomicUsize,
    process: &'static AtomicUsize,
    most: usize,
    most_of_process: usize,
}

static PROCESS_RECEIVED: AtomicUsize = AtomicUsize::new(0);
static PROCESS_UNREAD: AtomicUsize = AtomicUsize::new(0);

/// All connections of the process.
static CONNECTIONS: Mutex<Vec<Weak<Budget>>> = Mutex::new(Vec::new());

impl Account {
    fn add(&self, bytes: usize) {
        self.used.fetch_add(bytes, Ordering::Relaxed);
        self.process.fetch_add(bytes, Ordering::Relaxed);
    }

    fn subtract(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
        self.process.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Whether the peer may have `bytes` more, which are not counted yet.
    ///
    /// Of what the others leave, a peer may have three quarters: so whoever comes next finds something too.
    fn allows(&self, bytes: usize) -> bool {
        let used = self.used();
        let others = self.process.load(Ordering::Relaxed).saturating_sub(used);
        let share = self.most_of_process.saturating_sub(others) / 4 * 3;
        let wanted = used.saturating_add(bytes);
        wanted <= SMALL || (wanted <= self.most && wanted <= share)
    }
}

/// What one connection holds.
#[derive(Debug)]
pub(crate) struct Budget {
    limits: Limits,
    /// Of calls, and of answers that the peer has not finished.
    received: Account,
    /// Of answers that the peer has not read.
    unread: Account,
    calls: AtomicUsize,
    threads: AtomicUsize,
    gate: Gate,
    /// Ends the connection, from any thread.
    end: End,
}

/// What ends a connection.
struct End(Box<dyn Fn() + Send + Sync>);

impl std::fmt::Debug for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("End")
    }
}

/// Which account bytes are in.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Received,
    Unread,
}

/// Bytes that are held.
#[derive(Debug)]
pub(crate) struct Permit {
    budget: Arc<Budget>,
    kind: Kind,
    bytes: AtomicUsize,
}

/// A call that is under way.
#[derive(Debug)]
pub(crate) struct CallPermit(Permit);

/// A thread that a peer has.
#[derive(Debug)]
pub(crate) struct ThreadPermit(Arc<Budget>);

impl Budget {
    /// A budget of these limits. `end` ends the connection when others need what it holds.
    pub(crate) fn new(limits: Limits, end: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        let account = |process, most, most_of_process| Account {
            used: AtomicUsize::new(0),
            process,
            most,
            most_of_process,
        };
        let budget = Arc::new(Budget {
            end: End(Box::new(end)),
            received: account(&PROCESS_RECEIVED, limits.received_bytes(), limits.process_received_bytes()),
            unread: account(&PROCESS_UNREAD, limits.unread_bytes(), limits.process_unread_bytes()),
            calls: AtomicUsize::new(0),
            threads: AtomicUsize::new(0),
            gate: Gate::new(),
            limits,
        });
        let mut all = CONNECTIONS.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|other| other.strong_count() > 0);
        all.push(Arc::downgrade(&budget));
        budget
    }

    /// Ends the connection that holds most, because this one has waited for room in vain.
    pub(crate) fn make_room(&self) {
        let all = CONNECTIONS.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let most = all.iter().filter_map(Weak::upgrade).max_by_key(|other| other.received.used());
        if let Some(most) = most {
            (most.end.0)();
        }
    }

    /// How many calls of the peer are under way, or run although nobody waits for them.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    fn account(&self, kind: Kind) -> &Account {
        match kind {
            Kind::Received => &self.received,
            Kind::Unread => &self.unread,
        }
    }

    fn hold(self: &Arc<Self>, kind: Kind, bytes: usize) -> Permit {
        self.account(kind).add(bytes);
        Permit { budget: self.clone(), kind, bytes: AtomicUsize::new(bytes) }
    }

    /// Counts bytes that have arrived.
    pub(crate) fn hold_received(self: &Arc<Self>, bytes: usize) -> Permit {
        self.hold(Kind::Received, bytes)
    }

    /// Counts bytes that wait for the peer.
    pub(crate) fn hold_unread(self: &Arc<Self>, bytes: usize) -> Permit {
        self.hold(Kind::Unread, bytes)
    }

    /// How many bytes of answers wait for the peer.
    pub(crate) fn unread(&self) -> usize {
        self.unread.used()
    }

    /// Whether so many bytes of a message whose end has yet to come may be kept.
    ///
    /// What kind of message it is, nobody knows, so only the process counts here.
    pub(crate) fn may_arrive(&self, bytes: usize) -> bool {
        let wanted = self.received.used().saturating_add(bytes);
        let process = self.received.process.load(Ordering::Relaxed).saturating_add(bytes);
        wanted <= SMALL || process <= self.received.most_of_process
    }

    /// Admits a call whose message has arrived and is counted.
    ///
    /// # Errors
    ///
    /// When the peer has too much under way, or all peers have.
    pub(crate) fn admit(self: &Arc<Self>) -> Result<CallPermit> {
        let calls = self.calls.load(Ordering::Relaxed);
        if calls >= self.limits.calls() || !self.received.allows(CALL_OVERHEAD) {
            let text = format!(
                "{calls} calls with {} bytes are under way, as many as this peer may have now; wait for some to \
                 return",
                self.received.used()
            );
            return Err(Error::new(ErrorKind::Overloaded, text));
        }
        self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(CallPermit(self.hold_received(CALL_OVERHEAD)))
    }

    /// Admits a thread of the peer.
    ///
    /// # Errors
    ///
    /// When it has too many.
    pub(crate) fn admit_thread(self: &Arc<Self>) -> Result<ThreadPermit> {
        let threads = self.threads.load(Ordering::Relaxed);
        if threads >= self.limits.threads() {
            let text = format!("the peer holds {threads} threads, the most it may have");
            return Err(Error::new(ErrorKind::Overloaded, text));
        }
        self.threads.fetch_add(1, Ordering::Relaxed);
        Ok(ThreadPermit(self.clone()))
    }

    /// Whether the peer may be given an answer of so many bytes.
    ///
    /// # Errors
    ///
    /// When too many wait already.
    pub(crate) fn check_answer(&self, bytes: usize) -> Result<()> {
        if self.unread.allows(bytes) {
            return Ok(());
        }
        let text = format!(
            "an answer of {bytes} bytes, while {} wait for this peer to read them, is too much; read, and ask again",
            self.unread.used()
        );
        Err(Error::new(ErrorKind::Overloaded, text))
    }

    /// Whether more waits for the peer than may.
    pub(crate) fn overflows(&self) -> bool {
        self.unread.used() > self.limits.unread_bytes()
    }

    /// Whether calls of the peer wait until it has read.
    pub(crate) fn calls_wait(&self) -> bool {
        self.unread.used() > self.limits.unread_before_calls_wait()
    }
}

impl Budget {
    /// Keeps this thread, on which a call of the peer is to begin, until the peer has read enough of its answers, or
    /// the connection is closed.
    pub(crate) fn wait_for_room(&self) {
        self.gate.wait_while(|| self.calls_wait());
    }

    /// Lets threads go on after the peer has read.
    pub(crate) fn has_made_room(&self) {
        self.gate.has_room();
    }

    /// Lets all threads go on: nobody waits for the answers any more.
    pub(crate) fn close(&self) {
        self.gate.close();
    }
}

impl ThreadPermit {
    /// What the peer holds.
    pub(crate) fn budget(&self) -> &Arc<Budget> {
        &self.0
    }
}

impl Drop for ThreadPermit {
    fn drop(&mut self) {
        self.0.threads.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Permit {
    /// Counts more bytes.
    pub(crate) fn grow(&self, bytes: usize) {
        self.budget.account(self.kind).add(bytes);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Gives everything back, although what it stands for is still there.
    pub(crate) fn release(&self) {
        self.budget.account(self.kind).subtract(self.bytes.swap(0, Ordering::Relaxed));
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.release();
    }
}

impl Drop for CallPermit {
    fn drop(&mut self) {
        self.0.budget.calls.fetch_sub(1, Ordering::Relaxed);
    }
}
