//! The structs of `chain.capnp`.

use bitcoin::{Block, BlockHash};
use mp_runtime::IpcStruct;
use serde_json::Value;

use crate::files::CHAIN;
use crate::types::{Bitcoin, BlockLocator, BlockUndo, Json, JsonRpcRequestMode, JsonRpcVersion};

/// Which facts of a block are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, IpcStruct)]
#[ipc(name = "FoundBlockParam", file = CHAIN, types = Bitcoin)]
pub struct FoundBlockRequest {
    /// Its hash.
    pub want_hash: bool,
    /// Its height.
    pub want_height: bool,
    /// Its time.
    pub want_time: bool,
    /// The latest time of it and all blocks below.
    pub want_max_time: bool,
    /// The median of its and ten earlier times (BIP 113).
    pub want_mtp_time: bool,
    /// Whether it is in the active chain.
    pub want_in_active_chain: bool,
    /// A locator of it.
    pub want_locator: bool,
    /// The same facts of the block after it in the active chain.
    pub next_block: Option<Box<FoundBlockRequest>>,
    /// The block itself.
    pub want_data: bool,
}

/// The facts of a block that were wanted; the others have no meaning.
#[derive(Clone, Debug, Default, PartialEq, Eq, IpcStruct)]
#[ipc(name = "FoundBlockResult", file = CHAIN, types = Bitcoin)]
pub struct FoundBlock {
    /// Its hash.
    pub hash: Option<BlockHash>,
    /// Its height.
    pub height: i32,
    /// Its time, in seconds since 1970.
    pub time: i64,
    /// The latest time of it and all blocks below.
    pub max_time: i64,
    /// The median of its and ten earlier times (BIP 113).
    pub mtp_time: i64,
    /// Whether it is in the active chain.
    pub in_active_chain: bool,
    /// A locator of it.
    pub locator: Option<BlockLocator>,
    /// The block after it in the active chain.
    pub next_block: Option<Box<FoundBlock>>,
    /// The block itself; none where it is pruned.
    pub data: Option<Block>,
    /// Whether there is such a block.
    pub found: bool,
}

/// A block that was connected or disconnected.
#[derive(Clone, Debug, PartialEq, IpcStruct)]
#[ipc(file = CHAIN, types = Bitcoin, cxx = "interfaces::BlockInfo")]
pub struct BlockInfo {
    /// Its hash.
    pub hash: BlockHash,
    /// The hash of the block below; none for the first.
    pub prev_hash: Option<BlockHash>,
    /// Its height.
    #[ipc(default = -1)]
    pub height: i32,
    /// The number of the file that holds it, negative for none.
    #[ipc(default = -1, cxx_name = "file_number")]
    pub file_number: i32,
    /// Where in that file it begins, in bytes.
    #[ipc(cxx_name = "data_pos")]
    pub data_pos: u32,
    /// The block itself, if it is at hand.
    pub data: Option<Block>,
    /// The coins that it spent, if they are at hand.
    pub undo_data: Option<BlockUndo>,
    /// The latest time of it and all blocks below, in seconds since 1970.
    #[ipc(cxx_name = "chain_time_max")]
    pub chain_time_max: u32,
}

/// What a chain state is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, IpcStruct)]
#[ipc(file = CHAIN, types = Bitcoin, cxx = "kernel::ChainstateRole")]
pub struct ChainstateRole {
    /// All its blocks were checked from the first on.
    pub validated: bool,
    /// It only fills in the blocks below a snapshot.
    pub historical: bool,
}

/// An argument of an RPC command.
#[derive(Clone, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(name = "RPCArg", file = CHAIN, types = Bitcoin)]
pub struct RpcArg {
    /// Its name, with its other names after bars.
    pub name: String,
    /// Whether it has no position.
    pub named_only: bool,
}

/// A help text that an RPC command gives instead of an answer.
#[derive(Clone, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(file = CHAIN, types = Bitcoin)]
pub struct HelpResult {
    /// The text.
    pub message: String,
}

/// A request of a JSON-RPC client.
#[derive(Clone, Debug, PartialEq, IpcStruct)]
#[ipc(name = "JSONRPCRequest", file = CHAIN, types = Bitcoin, cxx = "JSONRPCRequest")]
pub struct JsonRpcRequest {
    /// What the client calls it.
    pub id: Value,
    /// The method.
    #[ipc(cxx_name = "strMethod")]
    pub method: String,
    /// The parameters, a list or an object. Fields that come twice are kept, for those who refuse them.
    pub params: Json,
    /// What to do with it.
    pub mode: JsonRpcRequestMode,
    /// The path of the HTTP request.
    #[ipc(cxx_name = "URI")]
    pub uri: String,
    /// The user.
    pub auth_user: String,
    /// The client's address.
    pub peer_addr: String,
    /// The version of the protocol.
    #[ipc(cxx_name = "m_json_version")]
    pub version: JsonRpcVersion,
}

/// What came of an RPC command.
#[derive(Clone, Debug, PartialEq)]
pub enum RpcOutcome {
    /// It ran, or it left the request to another command of its name.
    Answered {
        /// The answer.
        response: Value,
        /// Whether it was its request.
        handled: bool,
    },
    /// It failed with a text.
    Failed(String),
    /// It failed with an error object of JSON-RPC.
    RpcError(Value),
    /// An argument has the wrong type.
    TypeError(String),
    /// It gives its help.
    Help(String),
}

/// The results of [`ActorCallback::call`](crate::interfaces::ActorCallback::call).
pub(crate) mod rpc_outcome {
    use mp_runtime::{IpcStruct, Result};
    use serde_json::Value;

    use super::{HelpResult, RpcOutcome};

    #[derive(Debug, Default, IpcStruct)]
    pub(crate) struct Wire {
        #[ipc(exception = "std::exception")]
        error: Option<String>,
        #[ipc(exception = "UniValue")]
        rpc_error: Option<Value>,
        #[ipc(exception = "UniValue::type_error")]
        type_error: Option<String>,
        #[ipc(exception = "HelpResult")]
        help_result: Option<HelpResult>,
        #[ipc(secret)]
        response: Option<Value>,
        result: bool,
    }

    pub(crate) fn build(outcome: &RpcOutcome) -> Result<Wire> {
        let none = Wire::default();
        Ok(match outcome.clone() {
            RpcOutcome::Answered { response, handled } => {
                Wire { response: Some(response), result: handled, ..none }
            }
            RpcOutcome::Failed(text) => Wire { error: Some(text), ..none },
            RpcOutcome::RpcError(error) => Wire { rpc_error: Some(error), ..none },
            RpcOutcome::TypeError(text) => Wire { type_error: Some(text), ..none },
            RpcOutcome::Help(message) => Wire { help_result: Some(HelpResult { message }), ..none },
        })
    }

    pub(crate) fn read(wire: Wire) -> Result<RpcOutcome> {
        Ok(match wire {
            Wire { error: Some(text), .. } => RpcOutcome::Failed(text),
            Wire { rpc_error: Some(error), .. } => RpcOutcome::RpcError(error),
            Wire { type_error: Some(text), .. } => RpcOutcome::TypeError(text),
            Wire { help_result: Some(help), .. } => RpcOutcome::Help(help.message),
            Wire { response, result, .. } => {
                RpcOutcome::Answered { response: response.unwrap_or_default(), handled: result }
            }
        })
    }
}
