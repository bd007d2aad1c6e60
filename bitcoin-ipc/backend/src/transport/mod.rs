//! How a node is asked.
//!
//! In: calls of JSON-RPC. Out: an answer for each, or why there is none. Nothing here knows what a call means.

mod http;
mod ipc;

use std::time::Duration;

use bitcoin::BlockHash;
use bitcoin_ipc::Result;
use bitcoin_ipc::types::Json;
use bitcoin_rpc::Answer;

pub(crate) use http::Http;
pub(crate) use ipc::Ipc;

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// A list or an object.
    pub(crate) params: Json,
}

/// A way to a node. Its methods block, and may be called from several threads at once.
pub(crate) trait Transport: Send + Sync {
    /// Makes calls in their order, and gives an answer for each. `uri` is the path of the request.
    ///
    /// # Errors
    ///
    /// Of kind `Disconnected` where there is nobody (any more), `Timeout` where nothing came for so long, and
    /// otherwise what the way itself says. What was asked may have been done.
    fn calls(&self, uri: &str, calls: Vec<Call>, limit: Duration) -> Result<Vec<Answer>>;

    /// Waits until the tip is another block, at most for so long, and gives it.
    ///
    /// # Errors
    ///
    /// As [`calls`](Transport::calls).
    fn wait_tip(&self, known: BlockHash, limit: Duration) -> Result<BlockHash>;

    /// Whether the node lets us wait, and answers something else meanwhile. `false` may also mean that it is slow.
    ///
    /// # Errors
    ///
    /// As [`calls`](Transport::calls).
    fn answers_beside_a_wait(&self) -> Result<bool>;

    /// Ends what waits, and answers nothing more.
    fn close(&self);
}
