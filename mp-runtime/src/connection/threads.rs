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

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use capnp::any_pointer;
use capnp::private::capability::ClientHook;
use capnp::private::layout::StructSize;

use super::pairs::{KEPT, PeerThread, ThreadPair};
use super::server::Server;
use super::state::State;
use crate::error::{Error, Result};
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
pub(crate) struct Threads {
    pub(crate) request: Option<Hook>,
    pub(crate) callback: Hook,
    pub(crate) pair: Option<ThreadPair>,
}

/// How often pairs of threads are looked at that nobody uses.
const SHRINKING: Duration = Duration::from_secs(10);

impl State {
    /// Picks the threads for a call. `scope` is the token of the call that is being served where
    /// this one is made.
    pub(crate) fn pick_threads(self: &Rc<Self>, caller: &Caller, scope: Option<u64>) -> Threads {
        if let Some((request, own)) = scope.and_then(|token| {
            self.scopes.borrow().get(&token).map(|(request, own)| (request.add_ref(), own.add_ref()))
        }) {
            let callback = match caller {
                Caller::Thread(thread) => self.callback_thread(thread),
                Caller::Task => own,
            };
            return Threads { request: Some(request), callback, pair: None };
        }
        match caller {
            Caller::Thread(thread) => Threads {
                request: self.request_thread(thread),
                callback: self.callback_thread(thread),
                pair: None,
            },
            Caller::Task => {
                let pair = self.take_pair();
                Threads {
                    request: pair.request.as_ref().map(PeerThread::hook),
                    callback: pair.callback.add_ref(),
                    pair: Some(pair),
                }
            }
        }
    }

    fn request_thread(&self, thread: &Arc<ThreadContext>) -> Option<Hook> {
        let known = self.request_threads.borrow().get(&thread.key).cloned();
        if let Some(known) = known.filter(|known| !known.is_refused().get()) {
            return Some(known.hook());
        }
        let again = self.pairs.take_surplus();
        let made = again.or_else(|| self.make_thread(thread.name(self.event_loop.name())))?;
        let hook = made.hook();
        let refused = self.request_threads.borrow_mut().insert(thread.key, made);
        drop(refused);
        self.forget_at_exit(thread);
        Some(hook)
    }

    fn callback_thread(self: &Rc<Self>, thread: &Arc<ThreadContext>) -> Hook {
        if let Some((hook, _)) = self.callback_threads.borrow().get(&thread.key) {
            return hook.add_ref();
        }
        let hook = self.serve(Server::for_caller(self, thread.clone()));
        let known = (hook.add_ref(), Arc::downgrade(thread));
        self.callback_threads.borrow_mut().insert(thread.key, known);
        self.forget_at_exit(thread);
        hook
    }

    fn forget_at_exit(&self, thread: &Arc<ThreadContext>) {
        // Weak: the thread may live longer than anything that it has called.
        let (id, key, event_loop) = (self.id, thread.key, self.event_loop.downgrade());
        thread.at_exit(
            id,
            Box::new(move || {
                let Some(event_loop) = event_loop.upgrade() else { return };
                event_loop.run(move || {
                    if let Some(state) = State::find(id) {
                        let request = state.request_threads.borrow_mut().remove(&key);
                        let callback = state.callback_threads.borrow_mut().remove(&key);
                        drop((request, callback));
                    }
                });
            }),
        );
    }

    /// Asks the peer for a thread, if it has given a thread map. The answer is used before it
    /// arrives.
    fn make_thread(&self, name: &str) -> Option<PeerThread> {
        use super::proxy_schema::{MAKE_THREAD, THREAD_MAP};
        let map = self.thread_map.borrow().as_ref().map(|map| map.add_ref())?;
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
        scope.is_some_and(|token| self.scopes.borrow().contains_key(&token))
    }

    /// Whether a call can have threads now, or has to wait for those of another one.
    pub(crate) fn has_threads(&self, caller: &Caller, scope: Option<u64>) -> bool {
        self.is_nested(scope)
            || matches!(caller, Caller::Thread(_))
            || self.pairs.have_one(self.budget.limits().asynchronous_threads())
    }

    fn take_pair(self: &Rc<Self>) -> ThreadPair {
        let most = self.budget.limits().asynchronous_threads();
        let known = self.pairs.take().or_else(|| {
            let all_made = !self.pairs.may_make(most);
            if all_made { self.pairs.take_suspect() } else { None }
        });
        if let Some(pair) = known {
            return pair;
        }
        let name = format!("{}-{}/async", self.event_loop.name(), std::process::id());
        let request = self.make_thread(&name);
        let callback = self.serve(Server::for_callbacks(self));
        self.pairs.make(request, callback)
    }

    /// Gives a pair back after its call returned.
    pub(crate) fn return_pair(self: &Rc<Self>, pair: ThreadPair) {
        if self.is_closed() {
            return;
        }
        self.pairs.give_back(pair);
        super::outgoing::send_waiting(self);
        if self.pairs.idle() > KEPT && !self.shrinking.replace(true) {
            let state = Rc::downgrade(self);
            self.event_loop.spawn(async move {
                loop {
                    tokio::time::sleep(SHRINKING).await;
                    let Some(state) = state.upgrade() else { return };
                    if !state.pairs.shrink() {
                        state.shrinking.set(false);
                        return;
                    }
                }
            });
        }
    }

    /// Puts the peer's thread aside that serves one of ours, whose call was given up.
    pub(crate) fn suspect_thread(self: &Rc<Self>, thread: u64) {
        let request = self.request_threads.borrow_mut().remove(&thread);
        if let Some(request) = request {
            let callback = self.serve(Server::for_callbacks(self));
            self.suspect_pair(self.pairs.make(Some(request), callback));
        }
    }

    /// Puts a pair aside whose call was cancelled.
    pub(crate) fn suspect_pair(self: &Rc<Self>, pair: ThreadPair) {
        if !self.is_closed() {
            self.pairs.suspect(pair);
            super::outgoing::send_waiting(self);
        }
    }
}

impl State {
    /// The thread that serves calls of one of the peer's threads, where no thread maps are
    /// exchanged.
    ///
    /// # Errors
    ///
    /// When the peer has used too many threads.
    pub(crate) fn implied_thread(self: &Rc<Self>, callback: Option<Hook>) -> Result<Rc<Server>> {
        let address = callback.as_ref().map_or(0, |hook| hook.get_ptr());
        let mut threads = self.implied_threads.borrow_mut();
        if let Some((_, server)) = threads.get(&address) {
            return Ok(server.clone());
        }
        let server = Server::for_worker(self, format!("(implied {})", threads.len()))?;
        // Keeping the peer's handle keeps its address from being used for another one.
        threads.insert(address, (callback, server.clone()));
        Ok(server)
    }
}

/// Writes the `Context` struct of a call into its parameters.
pub(crate) fn write_context(
    params: any_pointer::Builder<'_>,
    node: &crate::wire::node::StructNode,
    index: usize,
    threads: &Threads,
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
