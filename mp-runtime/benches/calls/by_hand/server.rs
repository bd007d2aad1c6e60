//! The server written by hand.
//!
//! In: calls. Out: their results, from the thread of the connection or from one beside it.

use std::os::unix::net::UnixStream;
use std::rc::Rc;

use capnp::any_pointer;
use capnp::capability::{Client, DispatchCallResult, FromServer, Params, Promise, Results, Server};
use capnp_rpc::rpc_twoparty_capnp::Side;
use tokio::sync::oneshot;
use tokio::task::LocalSet;

use super::{ADD, ADD_ON_THREAD, Calls, ECHO, PASS, open, record, start};

type Job = Box<dyn FnOnce() + Send>;

pub(crate) struct Local {
    /// A thread for calls that may block, where there is one.
    worker: Option<std::sync::mpsc::Sender<Job>>,
}

#[derive(Clone)]
pub(crate) struct Dispatch(Rc<Local>);

impl std::ops::Deref for Dispatch {
    type Target = Local;

    fn deref(&self) -> &Local {
        &self.0
    }
}

impl FromServer<Local> for Calls {
    type Dispatch = Dispatch;

    fn from_server(server: Rc<Local>) -> Dispatch {
        Dispatch(server)
    }
}

impl Server for Dispatch {
    fn dispatch_call(
        self,
        _: u64,
        method: u16,
        params: Params<any_pointer::Owned>,
        results: Results<any_pointer::Owned>,
    ) -> DispatchCallResult {
        let promise = self.answer(method, &params, results).unwrap_or_else(Promise::err);
        DispatchCallResult::new(promise, false)
    }

    fn as_ptr(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }
}

impl Local {
    fn answer(
        &self,
        method: u16,
        params: &Params<any_pointer::Owned>,
        mut results: Results<any_pointer::Owned>,
    ) -> capnp::Result<Promise<(), capnp::Error>> {
        let reader = open(params.get()?)?;
        let numbers = || (reader.get_data_field::<i32>(0), reader.get_data_field::<i32>(1));
        match method {
            ADD => {
                let (a, b) = numbers();
                start(results.get(), 1, 0).set_data_field(0, a + b);
            }
            ECHO => {
                let bytes = reader.get_pointer_field(0).get_data(None)?.to_vec();
                start(results.get(), 0, 1).get_pointer_field(0).set_data(&bytes);
            }
            PASS => {
                let value = record::read(reader.get_pointer_field(0))?;
                record::write(start(results.get(), 0, 1).get_pointer_field(0), &value)?;
            }
            ADD_ON_THREAD => {
                let (a, b) = numbers();
                let (sender, sum) = oneshot::channel();
                let job: Job = Box::new(move || {
                    let _ = sender.send(a + b);
                });
                let gone = |_| capnp::Error::failed("the worker is gone".into());
                let worker = self.worker.as_ref().ok_or_else(|| gone(()))?;
                worker.send(job).map_err(|_| gone(()))?;
                return Ok(Promise::from_future(async move {
                    let sum = sum.await.map_err(|_| gone(()))?;
                    start(results.get(), 1, 0).set_data_field(0, sum);
                    Ok(())
                }));
            }
            _ => {
                let adder = Calls(Client::new(reader.get_pointer_field(0).get_capability()?));
                let (a, b) = numbers();
                return Ok(Promise::from_future(async move {
                    let sum = adder.add(a, b).await?;
                    start(results.get(), 1, 0).set_data_field(0, sum);
                    Ok(())
                }));
            }
        }
        Ok(Promise::ok(()))
    }
}

/// An object of this side, for callbacks.
pub(crate) fn local() -> Calls {
    capnp_rpc::new_client(Local { worker: None })
}

/// Serves a stream on a thread of its own, with a worker beside it, until the client is gone.
pub(super) fn spawn(stream: UnixStream) {
    std::thread::spawn(move || {
        let (worker, jobs) = std::sync::mpsc::channel::<Job>();
        std::thread::spawn(move || jobs.into_iter().for_each(|job| job()));
        LocalSet::new().block_on(&super::runtime(), async {
            let root: Calls = capnp_rpc::new_client(Local { worker: Some(worker) });
            // Ends with an error when the client is dropped, which is how this server stops.
            let _ = super::system(stream, Side::Server, Some(root.0)).await;
        });
    });
}
