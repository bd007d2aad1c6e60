//! Which thread serves which call: the caller's side of thread mapping.
//!
//! In: a call that names threads. Out: the `Context` struct of `proxy.capnp`, with the peer's
//! thread that shall run the call and ours that shall run its callbacks.
//!
//! - A call from an ordinary thread runs on the one thread that the peer made for it, so that the
//!   peer sees one thread per thread of ours, as in one process.
//! - A call made while serving a call of the same peer runs on the peer's thread that waits for
//!   the outer call, to any depth.
//! - Where no thread maps were exchanged, because the peer's first interface has no `construct`,
//!   calls name only our thread, and the peer picks one of its own for it.
//! - An asynchronous call takes a pair of threads that no other call has in flight; see `pairs`.
//!
//! Invariant: what is kept for a thread of ours goes when that thread ends, or the connection is closed.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Weak};
use std::time::Duration;

use capnp::any_pointer;
use capnp::private::capability::ClientHook;
use capnp::private::layout::StructSize;

use super::pairs::{KEPT, PeerThread, ThreadPair, ThreadPairs};
use super::proxy_schema::{MAKE_THREAD, THREAD_MAP};
use super::scope::Scopes;
use super::server::Servers;
use super::shared::Shared;
use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::thread::ThreadContext;
use crate::wire::raw::RawPointerBuilder;

type Hook = Box<dyn ClientHook>;

/// Who makes a call.
pub(crate) enum Caller {
    /// A thread that waits for the result.
    Thread(Arc<ThreadContext>),
    /// An asynchronous task.
    Task,
}

/// The threads of one call, and the pair they came from.
pub(crate) struct Picked {
    pub(crate) request: Option<Hook>,
    pub(crate) callback: Hook,
    pub(crate) pair: Option<ThreadPair>,
}

/// How often pairs of threads are looked at that nobody uses.
const SHRINKING: Duration = Duration::from_secs(10);

/// Hears, on the loop's thread, that the thread of a key has ended, for the connection of an id.
type Ended = fn(u64, u64);

/// The table.
pub(crate) struct Threads {
    connection: u64,
    event_loop: EventLoop,
    ended: Ended,
    /// How many of the peer's threads asynchronous calls may take.
    most: usize,
    servers: Rc<Servers>,
    /// The peer's thread map, once thread maps were exchanged.
    pub(crate) map: RefCell<Option<Hook>>,
    /// The peer's thread that serves each of our threads.
    requests: RefCell<HashMap<u64, PeerThread>>,
    /// Our threads as the peer sees them, which tell us when they end.
    callbacks: RefCell<HashMap<u64, (Hook, Weak<ThreadContext>)>>,
    /// Pairs of threads that serve asynchronous calls.
    pairs: ThreadPairs,
    /// Whether somebody looks after idle pairs.
    shrinking: Cell<bool>,
    /// The peer's threads that wait for calls which are running here.
    pub(crate) scopes: Scopes,
}

impl Threads {
    pub(crate) fn new(shared: &Shared, servers: &Rc<Servers>, ended: Ended) -> Rc<Self> {
        Rc::new(Threads {
            connection: shared.id(),
            event_loop: shared.event_loop().clone(),
            ended,
            most: shared.budget.limits().asynchronous_threads(),
            servers: servers.clone(),
            map: RefCell::default(),
            requests: RefCell::default(),
            callbacks: RefCell::default(),
            pairs: ThreadPairs::default(),
            shrinking: Cell::new(false),
            scopes: Scopes::default(),
        })
    }

    /// Lets all go. Each is taken out before it is dropped: what is in it may come back here.
    pub(crate) fn close(&self) {
        drop(self.map.take());
        drop(self.requests.take());
        for (_, (hook, thread)) in self.callbacks.take() {
            drop(hook);
            if let Some(thread) = thread.upgrade() {
                thread.forget(self.connection);
            }
        }
        self.pairs.clear();
        self.scopes.clear();
    }

    /// Picks the threads for a call. `scope` is the token of the call that is being served where
    /// this one is made.
    pub(crate) fn pick(&self, caller: &Caller, scope: Option<u64>) -> Picked {
        if let Some((request, own)) = scope.and_then(|token| self.scopes.find(token)) {
            let callback = match caller {
                Caller::Thread(thread) => self.callback_thread(thread),
                Caller::Task => own,
            };
            return Picked { request: Some(request), callback, pair: None };
        }
        match caller {
            Caller::Thread(thread) => Picked {
                request: self.request_thread(thread),
                callback: self.callback_thread(thread),
                pair: None,
            },
            Caller::Task => {
                let pair = self.take_pair();
                Picked {
                    request: pair.request.as_ref().map(PeerThread::hook),
                    callback: pair.callback.add_ref(),
                    pair: Some(pair),
                }
            }
        }
    }

    fn request_thread(&self, thread: &Arc<ThreadContext>) -> Option<Hook> {
        let known = self.requests.borrow().get(&thread.key).cloned();
        if let Some(known) = known.filter(|known| !known.is_refused().get()) {
            return Some(known.hook());
        }
        let again = self.pairs.take_surplus();
        let made = again.or_else(|| self.make_thread(thread.name(self.event_loop.name())))?;
        let hook = made.hook();
        let refused = self.requests.borrow_mut().insert(thread.key, made);
        drop(refused);
        self.forget_at_exit(thread);
        Some(hook)
    }

    fn callback_thread(&self, thread: &Arc<ThreadContext>) -> Hook {
        if let Some((hook, _)) = self.callbacks.borrow().get(&thread.key) {
            return hook.add_ref();
        }
        let hook = self.servers.caller(thread.clone());
        let known = (hook.add_ref(), Arc::downgrade(thread));
        self.callbacks.borrow_mut().insert(thread.key, known);
        self.forget_at_exit(thread);
        hook
    }

    fn forget_at_exit(&self, thread: &Arc<ThreadContext>) {
        // Weak: the thread may live longer than anything that it has called.
        let event_loop = self.event_loop.downgrade();
        let (connection, key, ended) = (self.connection, thread.key, self.ended);
        thread.at_exit(
            connection,
            Box::new(move || {
                if let Some(event_loop) = event_loop.upgrade() {
                    event_loop.run(move || ended(connection, key));
                }
            }),
        );
    }

    /// Forgets a thread of ours that has ended.
    pub(crate) fn forget(&self, key: u64) {
        let request = self.requests.borrow_mut().remove(&key);
        let callback = self.callbacks.borrow_mut().remove(&key);
        drop((request, callback));
    }

    /// Asks the peer for a thread, if it has given a thread map. The answer is used before it
    /// arrives.
    fn make_thread(&self, name: &str) -> Option<PeerThread> {
        let map = self.map.borrow().as_ref().map(|map| map.add_ref())?;
        let mut request = map.new_call(THREAD_MAP, MAKE_THREAD, None);
        let RawPointerBuilder(params) = request.get().init_as();
        let params = params.init_struct(StructSize { data: 0, pointers: 1 });
        params.get_pointer_field(0).set_text(name.into());
        let sent = request.send();
        let thread = PeerThread::new(sent.pipeline.get_pointer_field(0).as_cap());
        // The pipelined capability carries the failure, if there is one, to whoever uses it. Nobody
        // is to use it again.
        let refused = thread.is_refused().clone();
        self.event_loop.spawn(async move {
            refused.set(sent.promise.await.is_err());
        });
        Some(thread)
    }

    /// Whether a call is made while one of the peer is served that still waits.
    pub(crate) fn is_nested(&self, scope: Option<u64>) -> bool {
        scope.is_some_and(|token| self.scopes.contains(token))
    }

    /// Whether a call can have threads now, or has to wait for those of another one.
    pub(crate) fn has_threads(&self, caller: &Caller, scope: Option<u64>) -> bool {
        self.is_nested(scope) || matches!(caller, Caller::Thread(_)) || self.pairs.have_one(self.most)
    }

    fn take_pair(&self) -> ThreadPair {
        let known = self.pairs.take().or_else(|| {
            let all_made = !self.pairs.may_make(self.most);
            if all_made { self.pairs.take_suspect() } else { None }
        });
        if let Some(pair) = known {
            return pair;
        }
        let name = format!("{}-{}/async", self.event_loop.name(), std::process::id());
        let request = self.make_thread(&name);
        let callback = self.servers.callbacks();
        self.pairs.make(request, callback)
    }

    /// Gives a pair back after its call returned.
    pub(crate) fn return_pair(self: &Rc<Self>, pair: ThreadPair) {
        self.pairs.give_back(pair);
        if self.pairs.idle() > KEPT && !self.shrinking.replace(true) {
            let threads = Rc::downgrade(self);
            self.event_loop.spawn(async move {
                loop {
                    tokio::time::sleep(SHRINKING).await;
                    let Some(threads) = threads.upgrade() else { return };
                    if !threads.pairs.shrink() {
                        threads.shrinking.set(false);
                        return;
                    }
                }
            });
        }
    }

    /// Puts the peer's thread aside that serves one of ours, whose call was given up.
    pub(crate) fn suspect_thread(&self, thread: u64) {
        let request = self.requests.borrow_mut().remove(&thread);
        if let Some(request) = request {
            let callback = self.servers.callbacks();
            self.pairs.suspect(self.pairs.make(Some(request), callback));
        }
    }

    /// Puts a pair aside whose call was cancelled.
    pub(crate) fn suspect_pair(&self, pair: ThreadPair) {
        self.pairs.suspect(pair);
    }
}

/// Writes the `Context` struct of a call into its parameters.
pub(crate) fn write_context(
    params: any_pointer::Builder<'_>,
    node: &crate::wire::node::StructNode,
    index: usize,
    threads: &Picked,
) -> Result<()> {
    let error = |error: capnp::Error| Error::from_message(&error);
    let RawPointerBuilder(params) = params.get_as().map_err(error)?;
    let size = StructSize { data: node.data_words, pointers: node.pointers };
    let params = params.get_struct(size, None).map_err(error)?;
    let mut context = params.get_pointer_field(index).init_struct(StructSize { data: 0, pointers: 2 });
    if let Some(request) = &threads.request {
        context.reborrow().get_pointer_field(0).set_capability(request.add_ref());
    }
    context.get_pointer_field(1).set_capability(threads.callback.add_ref());
    Ok(())
}
