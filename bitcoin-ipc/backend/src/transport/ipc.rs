//! Over IPC: JSON-RPC as `rpc.capnp` carries it, tips as `mining.capnp` does.

use std::io;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use bitcoin::BlockHash;
use bitcoin_ipc::client::{Address, Client, ConnectOptions, blocking};
use bitcoin_ipc::release::Release;
use bitcoin_ipc::types::Json;
use bitcoin_ipc::{Error, Result};
use bitcoin_rpc::{Answer, RpcError};
use mp_runtime::block_on;
use serde_json::{Value, json};

use super::{Call, Transport};

/// A node's socket.
pub(crate) struct Ipc {
    client: Client,
}

impl Ipc {
    /// Connects.
    ///
    /// # Errors
    ///
    /// Nobody answers there, it is not to be trusted, or it is older than v32.
    pub(crate) fn connect(options: ConnectOptions, address: &Address) -> Result<Self> {
        let path = options.socket(address)?;
        // Whoever follows the node connects again, once it is another one.
        let client = blocking::connect_with(options.one_connection(), address.clone());
        let client =
            client.map_err(|error| match UnixStream::connect(&path).map_err(|error| error.kind()) {
                // It may come yet.
                Err(io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                    Error::disconnected(error.text())
                }
                _ => error,
            })?;
        let client = client.into_inner();
        let release = block_on(client.event_loop(), client.release())?;
        if release != Release::V32 {
            return Err(Error::unimplemented(format!(
                "this bitcoin-node is {release}, which has no JSON-RPC on its socket (that came with v32): use \
                 its HTTP instead, -core=http://127.0.0.1"
            )));
        }
        Ok(Ipc { client })
    }
}

impl Transport for Ipc {
    fn calls(&self, uri: &str, calls: Vec<Call>, _limit: Duration) -> Result<Vec<Answer>> {
        let count = calls.len();
        let requests: Vec<Json> = (0..).zip(calls).map(request).collect();
        let request = Json::Array(requests);
        let answers = block_on(self.client.event_loop(), async {
            self.client.rpc().await?.execute_rpc(&request, uri, "").await
        })?;
        let Value::Array(answers) = answers else {
            return Err(Error::bad_value("the node's answer is no list"));
        };
        if answers.len() != count {
            return Err(Error::bad_value("the node has not answered each call"));
        }
        Ok(answers.into_iter().map(answer).collect())
    }

    fn wait_tip(&self, known: BlockHash, limit: Duration) -> Result<BlockHash> {
        let tip = block_on(self.client.event_loop(), async {
            self.client.mining().wait_tip_changed(known, Some(limit)).await
        })?;
        tip.map(|tip| tip.hash).ok_or_else(|| Error::disconnected("the node is shutting down"))
    }

    fn answers_beside_a_wait(&self) -> Result<bool> {
        // Each wait has a thread of its own there.
        Ok(true)
    }

    fn close(&self) {
        self.client.disconnect();
    }
}

fn request((id, call): (u64, Call)) -> Json {
    let fields =
        [("jsonrpc", json!("2.0").into()), ("id", json!(id).into()), ("method", json!(call.method).into())];
    let fields = fields.into_iter().chain([("params", call.params)]);
    Json::Object(fields.map(|(name, value)| (name.to_owned(), value)).collect())
}

fn answer(mut response: Value) -> Answer {
    let error = response["error"].take();
    if error.is_null() { Ok(response["result"].take()) } else { Err(RpcError::from_object(error)) }
}
