//! The same calls, written by hand on capnp-rpc as its own generated code would make them.
//!
//! In: a socket pair. Out: a client beside the caller on one thread, or for callers that block,
//! and a server on another thread.

mod blocking;
mod client;
#[allow(dead_code, reason = "the runtime's own file, of which only a part is needed here")]
#[path = "../../../src/wire/raw.rs"]
mod raw;
mod record;
mod server;

use capnp::any_pointer;
use capnp::private::layout::{StructBuilder, StructReader, StructSize};
use capnp_rpc::rpc_twoparty_capnp::Side;
use capnp_rpc::{RpcSystem, twoparty};
use tokio::runtime::{Builder, Runtime};
use tokio_util::compat::{TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt};

pub(crate) use blocking::Blocking;
pub(crate) use client::{Beside, Calls};
pub(crate) use server::local;

const CALLS: u64 = 0xf3b1_c59d_0e7a_4c11;
const ADD: u16 = 0;
const ECHO: u16 = 1;
const ADD_BY_CALLBACK: u16 = 2;
const ADD_ON_THREAD: u16 = 3;
const PASS: u16 = 4;

fn open(reader: any_pointer::Reader<'_>) -> capnp::Result<StructReader<'_>> {
    reader.get_as::<raw::RawPointerReader<'_>>()?.0.get_struct(None)
}

fn start(builder: any_pointer::Builder<'_>, data: u16, pointers: u16) -> StructBuilder<'_> {
    builder.init_as::<raw::RawPointerBuilder<'_>>().0.init_struct(StructSize { data, pointers })
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn system(
    stream: std::os::unix::net::UnixStream,
    side: Side,
    root: Option<capnp::capability::Client>,
) -> RpcSystem<Side> {
    stream.set_nonblocking(true).expect("a socket");
    let (read, write) = tokio::io::split(tokio::net::UnixStream::from_std(stream).expect("a socket"));
    let mut options = capnp::message::ReaderOptions::new();
    options.traversal_limit_in_words(Some(8 << 20));
    let read = futures::io::BufReader::new(read.compat());
    RpcSystem::new(Box::new(twoparty::VatNetwork::new(read, write.compat_write(), side, options)), root)
}
