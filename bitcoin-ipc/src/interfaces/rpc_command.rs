//! The callbacks of `chain.capnp`: RPC commands and settings.

use mp_runtime::{Result, ipc_interface};
use serde_json::Value;

use crate::files::CHAIN;
use crate::types::{Bitcoin, JsonRpcRequest, RpcOutcome, SettingsAction, rpc_outcome};

/// Runs an RPC command; see [`RpcActor`](crate::types::RpcActor).
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
