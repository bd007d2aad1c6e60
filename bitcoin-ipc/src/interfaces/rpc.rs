//! JSON-RPC by way of IPC.

use mp_runtime::{Result, ipc_interface};
use serde_json::Value;

use crate::files::RPC;
use crate::types::Json;

/// The node's JSON-RPC server, without HTTP. Bitcoin Core has it since v32.
#[ipc_interface(file = RPC, destroy = false, cxx = "interfaces::Rpc")]
pub trait Rpc: Send + Sync {
    /// Runs a request and gives the response, both as the objects that HTTP would carry. `uri` is
    /// the path of the request (`/wallet/name` for a wallet's methods), `user` whose it is. Neither
    /// reaches the log: there are passphrases and keys in requests and responses. The request keeps fields
    /// that come twice, which some methods refuse.
    #[ipc(secret)]
    async fn execute_rpc(&self, request: &Json, uri: &str, user: &str) -> Result<Value>;
}
