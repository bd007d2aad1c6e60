//! Calls of methods, and waiting for the node to be there.
//!
//! In: a method and its parameters. Out: its result, or the error that the node gives.

use std::time::{Duration, Instant};

use bitcoin_ipc::client::rpc_uri;
use bitcoin_ipc::types::Json;
use bitcoin_ipc::{Error, ErrorKind};
use serde_json::Value;

use super::options::Options;
use crate::failure::Failure;
use crate::node::Node;
use crate::progress::waiting;

/// The error of a node that is still starting.
const IN_WARMUP: i64 = -28;
/// The pause before another look for a node.
const PAUSE: Duration = Duration::from_secs(1);

/// A method's result, or the error object of the node.
pub(super) type Answer = Result<Value, Failure>;

/// Calls methods of a node.
pub(super) struct Caller<'n> {
    node: &'n Node,
    id: String,
    user: String,
    /// How long to wait for a node that is not there; outside `None` not at all, inside for ever.
    wait: Option<Option<Duration>>,
}

impl<'n> Caller<'n> {
    pub(super) fn new(node: &'n Node, options: &Options) -> Self {
        Caller { node, id: options.id.clone(), user: options.user.clone(), wait: options.wait }
    }

    /// Calls a method. Outside is what has nothing to do with it.
    pub(super) async fn call(
        &self,
        method: &str,
        parameters: impl Into<Json>,
        wallet: Option<&str>,
    ) -> Result<Answer, Failure> {
        let fields = [
            ("method", Json::String(method.to_owned())),
            ("params", parameters.into()),
            ("id", Json::String(self.id.clone())),
            ("jsonrpc", Json::String("2.0".to_owned())),
        ];
        let request = Json::Object(fields.map(|(name, value)| (name.to_owned(), value)).into());
        let uri = rpc_uri(wallet);
        let started = Instant::now();
        loop {
            let transient = match self.attempt(&request, &uri).await {
                Ok(response) if in_warmup(&response) && self.wait.is_some() => {
                    Failure::plain("error: server in warmup")
                }
                Ok(mut response) => {
                    return Ok(match response["error"].take() {
                        Value::Null => Ok(response["result"].take()),
                        error => Err(Failure::Rpc(error)),
                    });
                }
                Err(Attempt::NotThere(error)) => Failure::Ipc(error),
                Err(Attempt::Failed(error)) => return Err(Failure::Ipc(error)),
            };
            match self.wait {
                None => return Err(transient),
                Some(Some(limit)) if started.elapsed() >= limit => return Err(transient.timed_out()),
                Some(_) => waiting("waiting for the node", tokio::time::sleep(PAUSE)).await,
            }
        }
    }

    async fn attempt(&self, request: &Json, uri: &str) -> Result<Value, Attempt> {
        let rpc = async { self.node.client().await?.rpc().await };
        let rpc = waiting("connecting to the node", rpc).await.map_err(Attempt::before)?;
        let call = rpc.execute_rpc(request, uri, &self.user);
        waiting("waiting for the method's result", call).await.map_err(Attempt::Failed)
    }
}

/// Why there is no response.
enum Attempt {
    /// There is no node yet, or it is too busy with its start.
    NotThere(Error),
    Failed(Error),
}

impl Attempt {
    /// By an error before the method was called.
    fn before(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Io | ErrorKind::Disconnected | ErrorKind::Timeout => Attempt::NotThere(error),
            _ => Attempt::Failed(error),
        }
    }
}

fn in_warmup(response: &Value) -> bool {
    response["error"]["code"].as_i64() == Some(IN_WARMUP)
}
