//! `proxy.capnp`: how the two sides give each other threads.
//!
//! In: `construct`, and calls on a `ThreadMap` or a `Thread` of ours. Out: thread maps are exchanged, and the peer has
//! threads by name, or a pool of them. Also the other way round: a pool at the peer.

use std::rc::Rc;

use capnp::any_pointer;
use capnp::capability::{Params, Results};
use capnp::private::capability::ClientHook;
use capnp::private::layout::{StructBuilder, StructReader, StructSize};
use tokio::sync::oneshot;

use super::proxy_schema::{GET_NAME, MAKE_POOL, MAKE_THREAD, THREAD, THREAD_MAP};
use super::server::{Kind, Request};
use super::state::State;
use crate::error::{Error, Result};
use crate::wire::raw::{RawPointerBuilder, RawPointerReader};

/// The error for a call to something that is not there.
pub(crate) fn unknown_method(object: &str, interface: u64, method: u16) -> Error {
    Error::unimplemented(format!("{object} has no interface {interface:#018x} with a method @{method}"))
}

/// Serves a call of a thread or of what makes threads.
pub(crate) async fn serve(state: &Rc<State>, server: &Kind, request: Request) -> Result<()> {
    let Request { interface, ordinal, params, results } = request;
    state.wire()?.room().await;
    match (server, interface, ordinal) {
        (Kind::Thread(thread), THREAD, GET_NAME) => {
            let name = thread.name(state.event_loop.name())?;
            put(results, |structure| structure.get_pointer_field(0).set_text(name.as_str().into()));
            Ok(())
        }
        (Kind::ThreadMap, THREAD_MAP, MAKE_THREAD) => make_thread(state, &params, results),
        (Kind::ThreadMap, THREAD_MAP, MAKE_POOL) => {
            state.workers.make_pool(structure(&params)?.get_data_field(0))
        }
        _ => Err(unknown_method("this object", interface, ordinal)),
    }
}

/// `ThreadMap.makeThread`: promises a thread that starts with its first blocking call.
fn make_thread(
    state: &Rc<State>,
    params: &Params<any_pointer::Owned>,
    results: Results<any_pointer::Owned>,
) -> Result<()> {
    let name = structure(params)?
        .get_pointer_field(0)
        .get_text(None)
        .map_err(|error| Error::from_message(&error))?;
    let from: String = name.to_str().unwrap_or("?").chars().take(200).collect();
    let thread = state.servers.peers_thread(format!("(from {from})"))?;
    let hook = state.servers.thread(thread);
    put(results, |structure| structure.get_pointer_field(0).set_capability(hook));
    Ok(())
}

/// `construct`, served: takes the peer's thread map and gives ours. Returns the size of the results in words.
pub(crate) fn exchange(
    state: &Rc<State>,
    params: &Params<any_pointer::Owned>,
    results: Results<any_pointer::Owned>,
) -> Result<usize> {
    let pointer = structure(params)?.get_pointer_field(0);
    if !pointer.is_null() {
        let map = pointer.get_capability().map_err(|error| Error::from_message(&error))?;
        *state.threads.map.borrow_mut() = Some(map);
    }
    let hook = state.servers.thread_map();
    put(results, |structure| structure.get_pointer_field(0).set_capability(hook));
    Ok(2)
}

/// `construct`, called: `first` is the peer's first object, and has it as this method.
pub(crate) fn construct(state: &Rc<State>, first: &dyn ClientHook, (interface, ordinal): (u64, u16)) {
    state.workers.exchanges_threads.set(true);
    let mut request = first.new_call(interface, ordinal, None);
    let map = state.servers.thread_map();
    let RawPointerBuilder(params) = request.get().init_as();
    let params = params.init_struct(StructSize { data: 0, pointers: 1 });
    params.get_pointer_field(0).set_capability(map);
    let sent = request.send();
    *state.threads.map.borrow_mut() = Some(sent.pipeline.get_pointer_field(0).as_cap());
    let id = state.id;
    state.event_loop.spawn(async move {
        if let Err(error) = sent.promise.await {
            tracing::warn!(target: "ipc", connection = id, %error, "IPC thread maps could not be exchanged");
        }
    });
}

/// `ThreadMap.makePool`, called.
pub(crate) fn ask_for_pool(id: u64, count: u32, reply: oneshot::Sender<Result<()>>) {
    let Some(state) = State::find(id) else { return };
    let map = state.threads.map.borrow().as_ref().map(|map| map.add_ref());
    let Some(map) = map else {
        let _ = reply.send(Err(Error::failed("the peer has given no thread map")));
        return;
    };
    let mut request = map.new_call(THREAD_MAP, MAKE_POOL, None);
    let RawPointerBuilder(params) = request.get().init_as();
    params.init_struct(StructSize { data: 1, pointers: 0 }).set_data_field(0, count);
    let promise = request.send().promise;
    state.event_loop.spawn(async move {
        let result = promise.await.map(|_| ()).map_err(|error| Error::from_rpc(&error));
        let _ = reply.send(result);
    });
}

/// Writes the one pointer of results.
fn put(mut results: Results<any_pointer::Owned>, write: impl FnOnce(StructBuilder<'_>)) {
    let RawPointerBuilder(pointer) = results.get().init_as();
    write(pointer.init_struct(StructSize { data: 0, pointers: 1 }));
}

fn structure(params: &Params<any_pointer::Owned>) -> Result<StructReader<'_>> {
    let error = |error: capnp::Error| Error::from_message(&error);
    let RawPointerReader(pointer) = params.get().map_err(error)?.get_as().map_err(error)?;
    pointer.get_struct(None).map_err(error)
}
