//! RPC commands that wallets add to the node's, and the callbacks of `chain.capnp`.

use mp_runtime::{IpcStruct, Result, ipc_interface};
use serde_json::Value;

use crate::files::CHAIN;
use crate::types::{Bitcoin, JsonRpcRequest, RpcArg, RpcOutcome, SettingsAction, rpc_outcome};

/// An RPC command that a wallet adds to the node's.
#[derive(IpcStruct)]
#[ipc(name = "RPCCommand", file = CHAIN, types = Bitcoin, cxx = "CRPCCommand")]
pub struct RpcCommand {
    /// Where the help lists it.
    pub category: String,
    /// Its name.
    pub name: String,
    /// What runs it.
    #[ipc(callback = dyn ActorCallback)]
    pub actor: RpcActor,
    /// The names of its arguments.
    pub arg_names: Vec<RpcArg>,
    /// What tells it from other commands of its name.
    #[ipc(cxx_name = "unique_id")]
    pub unique_id: i64,
}

impl std::fmt::Debug for RpcCommand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RpcCommand").field("category", &self.category).field("name", &self.name).finish()
    }
}

/// Runs an RPC command: the request, what earlier commands of the name have answered, and whether
/// no later one will be asked.
pub type RpcActor = Box<dyn Fn(JsonRpcRequest, Option<Value>, bool) -> Result<RpcOutcome> + Send + Sync>;

/// Runs an RPC command; see [`RpcActor`].
#[ipc_interface(
    file = CHAIN,
    callback,
    destroy = false,
    types = Bitcoin,
    cxx = "ProxyCallback<CRPCCommand::Actor>"
)]
pub trait ActorCallback: Send + Sync {
    /// Runs the command: the request, what earlier commands of the name have answered, and whether
    /// no later one will be asked. Neither of these reaches the log, as with
    /// [`Rpc::execute_rpc`](super::Rpc::execute_rpc).
    #[ipc(results = rpc_outcome)]
    fn call(
        &self,
        #[ipc(secret)] request: JsonRpcRequest,
        #[ipc(secret)] response: Option<Value>,
        last_callback: bool,
    ) -> Result<RpcOutcome>;
}

/// Changes a setting in place; see [`UpdateSetting`](super::UpdateSetting).
#[ipc_interface(
    file = CHAIN,
    callback,
    types = Bitcoin,
    cxx = "ProxyCallback<interfaces::SettingsUpdate>"
)]
pub trait SettingsUpdateCallback: Send + Sync {
    /// Changes the value and says whether to write it; `None` leaves everything as it was.
    fn call(&self, value: &mut Value) -> Result<Option<SettingsAction>>;
}
