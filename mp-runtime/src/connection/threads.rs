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
//! - An asynchronous call takes a *lane*: a thread of the peer, and a lazy one of ours, that no
//!   other call has in flight. Two asynchronous calls never wait for each other.

use std::rc::Rc;
use std::sync::Arc;

use capnp::any_pointer;
use capnp::private::capability::ClientHook;
use capnp::private::layout::StructSize;

use super::server::Server;
use super::state::State;
use crate::error::{Error, ErrorKind, Result};
use crate::thread::{ThreadContext, Worker};
use crate::wire::raw::RawPointerBuilder;

type Hook = Box<dyn ClientHook>;

/// Lanes whose thread may still be busy with a cancelled call, before the oldest is used again.
const DOUBTFUL_LANES: usize = 64;

/// A pair of threads for one asynchronous call at a time.
pub(crate) struct Lane {
    request: Option<Hook>,
    callback: Hook,
}

/// Who makes a call.
pub(crate) enum Caller {
    /// A thread that waits for the result.
    Thread(Arc<ThreadContext>),
    /// An asynchronous task.
    Task,
}

/// The threads of one call, and the lane they came from.
pub(crate) struct Threads {
    pub(crate) request: Option<Hook>,
    pub(crate) callback: Hook,
    pub(crate) lane: Option<Lane>,
}

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
            return Threads { request: Some(request), callback, lane: None };
        }
        match caller {
            Caller::Thread(thread) => Threads {
                request: self.request_thread(thread),
                callback: self.callback_thread(thread),
                lane: None,
            },
            Caller::Task => {
                let lane = self.take_lane();
                Threads {
                    request: lane.request.as_ref().map(|hook| hook.add_ref()),
                    callback: lane.callback.add_ref(),
                    lane: Some(lane),
                }
            }
        }
    }

    fn request_thread(&self, thread: &Arc<ThreadContext>) -> Option<Hook> {
        if let Some(hook) = self.request_threads.borrow().get(&thread.key) {
            return Some(hook.add_ref());
        }
        let hook = self.make_thread(thread.name(self.event_loop.name()))?;
        self.request_threads.borrow_mut().insert(thread.key, hook.add_ref());
        self.forget_at_exit(thread);
        Some(hook)
    }

    fn callback_thread(self: &Rc<Self>, thread: &Arc<ThreadContext>) -> Hook {
        if let Some(hook) = self.callback_threads.borrow().get(&thread.key) {
            return hook.add_ref();
        }
        let hook = self.serve(Server::for_caller(self, thread.clone()));
        self.callback_threads.borrow_mut().insert(thread.key, hook.add_ref());
        self.forget_at_exit(thread);
        hook
    }

    fn forget_at_exit(&self, thread: &Arc<ThreadContext>) {
        let (id, key, event_loop) = (self.id, thread.key, self.event_loop.clone());
        thread.at_exit(
            id,
            Box::new(move || {
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
    fn make_thread(&self, name: &str) -> Option<Hook> {
        use super::proxy_schema::{MAKE_THREAD, THREAD_MAP};
        let map = self.thread_map.borrow().as_ref().map(|map| map.add_ref())?;
        let mut request = map.new_call(THREAD_MAP, MAKE_THREAD, None);
        let RawPointerBuilder(params) = request.get().init_as();
        let params = params.init_struct(StructSize { data: 0, pointers: 1 });
        params.get_pointer_field(0).set_text(name.into());
        let sent = request.send();
        let hook = sent.pipeline.get_pointer_field(0).as_cap();
        // The pipelined capability carries the failure, if there is one, to whoever uses it; the
        // response is awaited only so that the question is finished.
        self.event_loop.spawn(async move {
            let _ = sent.promise.await;
        });
        Some(hook)
    }

    fn take_lane(self: &Rc<Self>) -> Lane {
        let idle = self.idle_lanes.borrow_mut().pop();
        if let Some(lane) = idle {
            return lane;
        }
        if self.doubtful_lanes.borrow().len() >= DOUBTFUL_LANES {
            let oldest = self.doubtful_lanes.borrow_mut().pop_front();
            if let Some(lane) = oldest {
                return lane;
            }
        }
        let name = format!("{}-{}/async", self.event_loop.name(), std::process::id());
        let request = self.make_thread(&name);
        let worker = Worker::new(self.event_loop.name(), "(async callbacks)".into());
        let callback = self.serve(Server::for_worker(self, Rc::new(worker)));
        Lane { request, callback }
    }

    /// Gives a lane back after its call returned.
    pub(crate) fn return_lane(&self, lane: Lane) {
        if !self.is_closed() {
            self.idle_lanes.borrow_mut().push(lane);
        }
    }

    /// Puts a lane aside whose call was cancelled: the peer's thread may be busy with it for as
    /// long as it likes, and releasing a busy thread would make a C++ peer wait for it.
    pub(crate) fn doubt_lane(&self, lane: Lane) {
        if !self.is_closed() {
            self.doubtful_lanes.borrow_mut().push_back(lane);
        }
    }
}

/// The most threads that may serve a peer which makes none itself.
const IMPLIED_THREADS: usize = 256;

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
        if threads.len() >= IMPLIED_THREADS {
            let text = format!("a peer that makes no threads is served by at most {IMPLIED_THREADS}");
            return Err(Error::new(ErrorKind::Overloaded, text));
        }
        let worker = Worker::new(self.event_loop.name(), format!("(implied {})", threads.len()));
        let server = Server::for_worker(self, Rc::new(worker));
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
