//! The same calls, written by hand on capnp-rpc as its own generated code would make them.
//!
//! In: a socket pair. Out: a client beside the caller on one thread, a server on another.

use std::os::unix::net::UnixStream;
use std::rc::Rc;

use capnp::capability::{
    Client, DispatchCallResult, FromClientHook, FromServer, Params, Promise, Results, Server,
};
use capnp::private::layout::{PointerBuilder, PointerReader, StructBuilder, StructReader, StructSize};
use capnp::traits::{FromPointerBuilder, FromPointerReader};
use capnp::{any_pointer, private::capability::ClientHook};
use capnp_rpc::rpc_twoparty_capnp::Side;
use capnp_rpc::{RpcSystem, twoparty};
use tokio::task::LocalSet;
use tokio_util::compat::{TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt};

const CALLS: u64 = 0xf3b1_c59d_0e7a_4c11;
const ADD: u16 = 0;
const ECHO: u16 = 1;
const ADD_BY_CALLBACK: u16 = 2;

pub(crate) struct PointerIn<'a>(PointerReader<'a>);

impl<'a> FromPointerReader<'a> for PointerIn<'a> {
    fn get_from_pointer(reader: &PointerReader<'a>, _: Option<&'a [capnp::Word]>) -> capnp::Result<Self> {
        Ok(PointerIn(*reader))
    }
}

pub(crate) struct PointerOut<'a>(PointerBuilder<'a>);

impl<'a> FromPointerBuilder<'a> for PointerOut<'a> {
    fn init_pointer(builder: PointerBuilder<'a>, _: u32) -> Self {
        PointerOut(builder)
    }

    fn get_from_pointer(builder: PointerBuilder<'a>, _: Option<&'a [capnp::Word]>) -> capnp::Result<Self> {
        Ok(PointerOut(builder))
    }
}

fn open(reader: any_pointer::Reader<'_>) -> capnp::Result<StructReader<'_>> {
    reader.get_as::<PointerIn<'_>>()?.0.get_struct(None)
}

fn start(builder: any_pointer::Builder<'_>, data: u16, pointers: u16) -> StructBuilder<'_> {
    builder.init_as::<PointerOut<'_>>().0.init_struct(StructSize { data, pointers })
}

struct Local;

#[derive(Clone)]
struct Dispatch(Rc<Local>);

impl std::ops::Deref for Dispatch {
    type Target = Local;

    fn deref(&self) -> &Local {
        &self.0
    }
}

impl Server for Dispatch {
    fn dispatch_call(
        self,
        _: u64,
        method: u16,
        params: Params<any_pointer::Owned>,
        mut results: Results<any_pointer::Owned>,
    ) -> DispatchCallResult {
        let answer = move || -> capnp::Result<Promise<(), capnp::Error>> {
            let reader = open(params.get()?)?;
            match method {
                ADD => {
                    let sum = reader.get_data_field::<i32>(0) + reader.get_data_field::<i32>(1);
                    start(results.get(), 1, 0).set_data_field(0, sum);
                }
                ECHO => {
                    let bytes = reader.get_pointer_field(0).get_data(None)?.to_vec();
                    start(results.get(), 0, 1).get_pointer_field(0).set_data(&bytes);
                }
                _ => {
                    let adder = Calls(Client::new(reader.get_pointer_field(0).get_capability()?));
                    let (a, b) = (reader.get_data_field::<i32>(0), reader.get_data_field::<i32>(1));
                    return Ok(Promise::from_future(async move {
                        let sum = adder.add(a, b).await?;
                        start(results.get(), 1, 0).set_data_field(0, sum);
                        Ok(())
                    }));
                }
            }
            Ok(Promise::ok(()))
        };
        DispatchCallResult::new(answer().unwrap_or_else(Promise::err), false)
    }

    fn as_ptr(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }
}

impl FromServer<Local> for Calls {
    type Dispatch = Dispatch;

    fn from_server(server: Rc<Local>) -> Dispatch {
        Dispatch(server)
    }
}

/// The peer's first object.
pub(crate) struct Calls(Client);

impl FromClientHook for Calls {
    fn new(hook: Box<dyn ClientHook>) -> Self {
        Calls(Client::new(hook))
    }

    fn into_client_hook(self) -> Box<dyn ClientHook> {
        self.0.hook
    }

    fn as_client_hook(&self) -> &dyn ClientHook {
        &*self.0.hook
    }
}

impl Clone for Calls {
    fn clone(&self) -> Self {
        Calls(Client::new(self.0.hook.add_ref()))
    }
}

impl Calls {
    pub(crate) async fn add(&self, a: i32, b: i32) -> capnp::Result<i32> {
        let mut request = self.0.new_call::<any_pointer::Owned, any_pointer::Owned>(CALLS, ADD, None);
        let params = start(request.get(), 1, 0);
        params.set_data_field(0, a);
        params.set_data_field(1, b);
        let response = request.send().promise.await?;
        Ok(open(response.get()?)?.get_data_field(0))
    }

    pub(crate) async fn add_by_callback(&self, adder: &Calls, a: i32, b: i32) -> capnp::Result<i32> {
        let mut request =
            self.0.new_call::<any_pointer::Owned, any_pointer::Owned>(CALLS, ADD_BY_CALLBACK, None);
        let mut params = start(request.get(), 1, 1);
        params.reborrow().set_data_field(0, a);
        params.reborrow().set_data_field(1, b);
        params.reborrow().get_pointer_field(0).set_capability(adder.0.hook.add_ref());
        let response = request.send().promise.await?;
        Ok(open(response.get()?)?.get_data_field(0))
    }

    pub(crate) async fn echo(&self, bytes: &[u8]) -> capnp::Result<Vec<u8>> {
        let size = capnp::MessageSize { word_count: bytes.len() as u64 / 8 + 8, cap_count: 0 };
        let mut request = self.0.new_call::<any_pointer::Owned, any_pointer::Owned>(CALLS, ECHO, Some(size));
        start(request.get(), 0, 1).get_pointer_field(0).set_data(bytes);
        let response = request.send().promise.await?;
        Ok(open(response.get()?)?.get_pointer_field(0).get_data(None)?.to_vec())
    }
}

/// An object of this side, for callbacks.
pub(crate) fn local() -> Calls {
    capnp_rpc::new_client(Local)
}

fn system(stream: UnixStream, side: Side, bootstrap: Option<Client>) -> RpcSystem<Side> {
    stream.set_nonblocking(true).expect("a socket");
    let (read, write) = tokio::io::split(tokio::net::UnixStream::from_std(stream).expect("a socket"));
    let mut options = capnp::message::ReaderOptions::new();
    options.traversal_limit_in_words(Some(8 << 20));
    let read = futures::io::BufReader::new(read.compat());
    RpcSystem::new(Box::new(twoparty::VatNetwork::new(read, write.compat_write(), side, options)), bootstrap)
}

/// Runs a future beside a client, on one thread, with the server on another.
pub(crate) fn beside_client<F, T>(run: impl FnOnce(Calls) -> F) -> T
where
    F: Future<Output = T>,
{
    let (near, far) = UnixStream::pair().expect("a socket pair");
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        LocalSet::new().block_on(&runtime, async {
            let root: Calls = capnp_rpc::new_client(Local);
            // Ends with an error when the client is dropped, which is how this server stops.
            let _ = system(far, Side::Server, Some(root.0)).await;
        });
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let result = LocalSet::new().block_on(&runtime, async {
        let mut rpc = system(near, Side::Client, None);
        let root: Calls = rpc.bootstrap(Side::Server);
        let running = tokio::task::spawn_local(rpc);
        let result = run(root).await;
        running.abort();
        result
    });
    server.join().expect("the server");
    result
}
