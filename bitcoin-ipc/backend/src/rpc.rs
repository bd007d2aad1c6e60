//! The JSON-RPC of wallets and node behind one address.
//!
//! In: requests. Out: answers of the wallets to what they know, which is all that Bitcoin Core's own wallets answer
//! to, and of the node to everything else.

use std::sync::Arc;

use bitcoin_init::shutdown::Shutdown;
use bitcoin_ipc::Result;
use bitcoin_ipc::interfaces::Rpc;
use bitcoin_ipc::types::{Json, JsonRpcVersion};
use bitcoin_rpc::envelope::{self, Envelope, ReplyTo, Request};
use bitcoin_rpc::pool::{Pool, Wanted};
use bitcoin_rpc::{Answer, Code, RpcError};
use mp_runtime::ipc_interface;
use serde_json::{Value, json};

use crate::core::Core;
use crate::present::Present;

/// How many requests run at once, and how many wait: Bitcoin Core's `-rpcthreads` and `-rpcworkqueue`.
const THREADS: usize = 16;
const QUEUE: usize = 64;

/// A JSON-RPC server in front of whichever node there is.
pub struct CoreRpc {
    shared: Arc<Shared>,
    workers: Pool,
}

struct Shared {
    present: Present,
    shutdown: Shutdown,
}

impl std::fmt::Debug for CoreRpc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CoreRpc").finish_non_exhaustive()
    }
}

impl CoreRpc {
    /// A server in front of the node that there is. `stop` requests this.
    #[must_use]
    pub fn new(present: Present, shutdown: Shutdown) -> Self {
        let shared = Shared { present, shutdown };
        CoreRpc { shared: Arc::new(shared), workers: Pool::new("rpc", THREADS, QUEUE) }
    }

    /// Runs one command and waits for its answer. `uri` is the path of a request, which names the wallet.
    ///
    /// # Errors
    ///
    /// What the command refuses, or that there is no node yet.
    pub fn execute(&self, command: &str, params: Json, uri: &str) -> Answer {
        let to = ReplyTo { id: None, version: JsonRpcVersion::V2 };
        self.shared.answer(Request { method: command.to_owned(), params }, &to, uri, "")
    }
}

impl Shared {
    fn answer(&self, request: Request, to: &ReplyTo, uri: &str, user: &str) -> Answer {
        // Of this process; the node is the user's own, and stays.
        if request.method == "stop" {
            self.shutdown.request();
            return Ok(json!("Bitcoin wallets stopping; the node goes on"));
        }
        let core = self.present.core();
        let core = core.map_err(|why| {
            RpcError::new(Code::InWarmup, format!("The wallets wait for their node: {why}"))
        })?;
        if let Some(answer) = core.0.commands.run(&request, to, uri, user) {
            return answer;
        }
        if request.method == "help" {
            return self.help(&core, uri, request);
        }
        core.0.ask.pass_on(uri, request.method, request.params)
    }

    fn help(&self, core: &Core, uri: &str, request: Request) -> Answer {
        let name = match &request.params {
            Json::Array(params) => params.first(),
            params => params.get("command"),
        };
        match name {
            Some(Json::String(name)) if core.0.commands.has(name) => {
                Ok(core.0.commands.help(name).map_or(Value::Null, Value::String))
            }
            Some(_) => core.0.ask.pass_on(uri, request.method, request.params),
            None => {
                let page = core.0.ask.pass_on(uri, request.method, request.params)?;
                let page = page.as_str().unwrap_or_default();
                Ok(format!("{page}\n\n== Wallets of this process ==\n{}", core.0.commands.lines()).into())
            }
        }
    }
}

#[ipc_interface]
impl Rpc for CoreRpc {
    async fn execute_rpc(&self, request: &Json, uri: &str, user: &str) -> Result<Value> {
        let envelope = Envelope::open(request);
        let mut replies = Vec::new();
        for request in envelope.requests() {
            let (to, request) = envelope::parse(request);
            let wanted = request.is_err() || !to.is_notification();
            let answer = match request {
                Err(error) => Err(error),
                Ok(request) => {
                    let (shared, reply_to) = (self.shared.clone(), to.clone());
                    let (uri, user) = (uri.to_owned(), user.to_owned());
                    let work = move |_: Wanted<'_>| shared.answer(request, &reply_to, &uri, &user);
                    match self.workers.run(work) {
                        Ok(answer) => answer.await.unwrap_or_else(|_| {
                            Err(RpcError::new(Code::InternalError, "The request could not be answered"))
                        }),
                        Err(_) => Err(RpcError::new(Code::InternalError, "Work queue depth exceeded")),
                    }
                }
            };
            if wanted {
                replies.push(to.respond(answer));
            }
        }
        Ok(envelope.close(replies))
    }
}
