//! The RPC methods of a node in memory.

use mp_runtime::{Result, ipc_interface};
use serde_json::{Value, json};

use super::MemoryNode;
use crate::interfaces::Rpc;
use crate::types::Json;

/// Errors of JSON-RPC and of Bitcoin Core's `rpc/protocol.h`.
const METHOD_NOT_FOUND: i64 = -32601;
const INVALID_REQUEST: i64 = -32600;
const INVALID_PARAMETER: i64 = -8;

#[ipc_interface]
impl Rpc for MemoryNode {
    async fn execute_rpc(&self, request: &Json, _: &str, _: &str) -> Result<Value> {
        let request = Value::from(request.clone());
        let id = request["id"].clone();
        Ok(match self.answer(&request) {
            Ok(result) => json!({ "jsonrpc": "2.0", "result": result, "id": id }),
            Err((code, message)) => {
                json!({ "jsonrpc": "2.0", "error": { "code": code, "message": message }, "id": id })
            }
        })
    }
}

impl MemoryNode {
    fn answer(&self, request: &Value) -> Result<Value, (i64, &'static str)> {
        let chain = self.chain();
        match request["method"].as_str().ok_or((INVALID_REQUEST, "Missing method"))? {
            "getblockcount" => Ok(json!(chain.height())),
            "getbestblockhash" => Ok(json!(chain.tip().hash.to_string())),
            "getblockhash" => {
                let params = &request["params"];
                let height = params.get(0).or_else(|| params.get("height")).and_then(Value::as_u64);
                let block = height.and_then(|height| chain.block(usize::try_from(height).ok()?));
                let block = block.ok_or((INVALID_PARAMETER, "Block height out of range"))?;
                Ok(json!(block.block_hash().to_string()))
            }
            "getmempoolinfo" => Ok(json!({ "loaded": true, "size": chain.mempool_size() })),
            _ => Err((METHOD_NOT_FOUND, "Method not found")),
        }
    }
}
