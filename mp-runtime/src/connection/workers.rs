//! The threads of this process that serve the peer's calls.
//!
//! In: the `Context` of a call. Out: the thread that it names; or one of the pool, when it names none; or, where no
//! thread maps are exchanged, one that serves all calls of the peer's thread that waits.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use capnp::private::capability::ClientHook;

use super::budget::Budget;
use super::promise::{innermost, is_local};
use super::server::Servers;
use super::serving_thread::ServingThread;
use crate::error::{Error, ErrorKind, Result};

type Hook = Box<dyn ClientHook>;
/// The peer's handle, and the thread that serves its calls.
type ImpliedThread = (Option<Hook>, Rc<ServingThread>);
/// A thread of the pool, and how many calls it has.
type PoolThread = (Rc<ServingThread>, Arc<AtomicUsize>);

/// The table.
pub(crate) struct Workers {
    servers: Rc<Servers>,
    budget: Arc<Budget>,
    /// Whether the two sides exchange thread maps, so that every call names its thread.
    pub(crate) exchanges_threads: Cell<bool>,
    /// Threads that serve calls which name none.
    pool: RefCell<Vec<PoolThread>>,
    /// The thread that serves each of the peer's threads, by the address of that one's handle.
    implied: RefCell<HashMap<usize, ImpliedThread>>,
}

impl Workers {
    pub(crate) fn new(servers: &Rc<Servers>, budget: &Arc<Budget>) -> Self {
        Workers {
            servers: servers.clone(),
            budget: budget.clone(),
            exchanges_threads: Cell::new(false),
            pool: RefCell::default(),
            implied: RefCell::default(),
        }
    }

    /// Lets all go.
    pub(crate) fn close(&self) {
        drop(self.implied.take());
        drop(self.pool.take());
    }

    /// Makes the pool, once.
    ///
    /// # Errors
    ///
    /// When there is one, or it would be none, or it is too large.
    pub(crate) fn make_pool(&self, count: u32) -> Result<()> {
        if !self.pool.borrow().is_empty() {
            return Err(Error::failed("makePool called on connection with existing pool"));
        }
        if count == 0 {
            return Err(Error::failed("makePool called with a count of 0; a pool needs at least one thread"));
        }
        let most = self.budget.limits().pool_threads();
        if count as usize > most {
            return Err(Error::new(
                ErrorKind::Overloaded,
                format!("a pool of {count} threads is larger than the {most} allowed"),
            ));
        }
        let pool = (0..count)
            .map(|index| Ok((Rc::new(self.servers.peers_thread(format!("(pool/{index})"))?), Arc::default())))
            .collect::<Result<Vec<_>>>()?;
        self.pool.borrow_mut().extend(pool);
        Ok(())
    }

    /// Finds the thread for a call that names `thread`, if any, and whose peer waits on `callback_thread`. The other
    /// result lives as long as the call runs.
    pub(crate) async fn find(
        &self,
        thread: Option<Hook>,
        callback_thread: Option<&Hook>,
    ) -> Result<(Rc<ServingThread>, Option<Busy>)> {
        match thread {
            Some(hook) => Ok((self.named(hook).await?, None)),
            None if self.exchanges_threads.get() => self.of_pool(),
            None => Ok((self.implied(callback_thread.map(|hook| hook.add_ref()))?, None)),
        }
    }

    async fn named(&self, hook: Hook) -> Result<Rc<ServingThread>> {
        if self.servers.find(hook.as_ref()).is_none() {
            // The peer may only have promised it.
            hook.when_resolved().await.map_err(|error| no_thread(&error))?;
        }
        match self.servers.find_thread(hook.as_ref()) {
            Some(thread) => Ok(thread),
            None => Err(match self.why_broken(hook).await {
                Some(error) => no_thread(&error),
                None => Error::failed("invalid thread handle"),
            }),
        }
    }

    /// Why a capability that is neither the peer's nor one of our objects stands for nothing.
    async fn why_broken(&self, hook: Hook) -> Option<capnp::Error> {
        let hook = innermost(hook)?;
        if !is_local(&hook) || self.servers.find(hook.as_ref()).is_some() {
            return None;
        }
        // It says so to whoever calls it.
        hook.new_call(0, 0, None).send().promise.await.err()
    }

    fn of_pool(&self) -> Result<(Rc<ServingThread>, Option<Busy>)> {
        let pool = self.pool.borrow();
        let idlest = pool.iter().min_by_key(|(_, depth)| depth.load(Ordering::Relaxed));
        let (thread, depth) =
            idlest.ok_or_else(|| Error::failed("no thread specified and no pool configured"))?;
        Ok((thread.clone(), Some(Busy::new(depth))))
    }

    fn implied(&self, callback: Option<Hook>) -> Result<Rc<ServingThread>> {
        let address = callback.as_ref().map_or(0, |hook| hook.get_ptr());
        let mut threads = self.implied.borrow_mut();
        if let Some((_, thread)) = threads.get(&address) {
            return Ok(thread.clone());
        }
        let thread = Rc::new(self.servers.peers_thread(format!("(implied {})", threads.len()))?);
        // Keeping the peer's handle keeps its address from being used for another one.
        threads.insert(address, (callback, thread.clone()));
        Ok(thread)
    }
}

fn no_thread(error: &capnp::Error) -> Error {
    let text = format!("invalid thread handle: {error}; did the peer's interface exchange thread maps?");
    let kind = match error.kind {
        capnp::ErrorKind::Overloaded => ErrorKind::Overloaded,
        _ => ErrorKind::Failed,
    };
    Error::new(kind, text)
}

/// Counts a call against its pool thread, as long as it runs there, also when nobody waits for it any more.
pub(crate) struct Busy(Arc<AtomicUsize>);

impl Busy {
    fn new(depth: &Arc<AtomicUsize>) -> Self {
        depth.fetch_add(1, Ordering::Relaxed);
        Busy(depth.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
