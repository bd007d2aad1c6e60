//! Commands that write the mempool to a file and read it from one.
//!
//! In: the mempool, or a file. Out: a file, or more transactions that wait.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::command::Kind::{Object, Text};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, Code, RpcError, failed};
use super::value;
use crate::state::ImportOptions;

const BLOCKCHAIN: &str = "blockchain";

pub(super) const COMMANDS: &[Command] = &[
    command(BLOCKCHAIN, "importmempool", "Takes the transactions of a file into the mempool.", import).args(
        &[
            arg("filepath", Text, "A mempool.dat of Bitcoin Core, or a file that savemempool has written."),
            arg(
                "options",
                Object,
                "use_current_time: whether they come now, otherwise when the file says (true); \
                 apply_fee_delta_priority: whether to add its fee deltas (false); \
                 apply_unbroadcast_set: whether those of them that no peer had taken count as such here (false).",
            )
            .optional()
            .shape("options")
            .fields(&["use_current_time", "apply_fee_delta_priority", "apply_unbroadcast_set"]),
        ],
    ),
    command(BLOCKCHAIN, "savemempool", "Writes the mempool to disk.", |call| {
        call.state.save_mempool()?;
        Ok(json!({ "filename": call.shared.options.directory.join("mempool.journal") }))
    }),
];

fn import(call: &Call<'_>) -> Answer {
    if call.state.is_initial_block_download() {
        let text = "Can only import the mempool after the block download and sync is done.";
        return Err(RpcError::new(Code::ClientInInitialDownload, text));
    }
    let path = Path::new(call.text(0)?);
    let flag = |name: &str, default: bool| {
        let field = call.get(1).and_then(|options| value::field(options, name));
        field.map_or(Ok(default), value::flag)
    };
    let options = ImportOptions {
        use_current_time: flag("use_current_time", true)?,
        apply_fee_deltas: flag("apply_fee_delta_priority", false)?,
        apply_unbroadcast: flag("apply_unbroadcast_set", false)?,
    };
    match call.state.import_mempool(path, options) {
        Ok(imported) => {
            tracing::info!(target: "rpc", "{}: {imported:?}.", path.display());
            Ok(Value::Object(Map::new()))
        }
        Err(error) => {
            tracing::warn!(target: "rpc", "{} was not imported: {error}", path.display());
            failed("Unable to import mempool file, see debug log for details.")
        }
    }
}
