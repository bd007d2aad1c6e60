//! Commands about what Bitcoin Core has beside itself, and this node does not: ZeroMQ, external signers.
//!
//! In: calls. Out: what Bitcoin Core answers where neither is set up.

use serde_json::json;

use super::command::{Command, command};
use super::error::failed;

pub(super) const COMMANDS: &[Command] = &[
    // Not in the list of commands, as in a Bitcoin Core that was built without ZeroMQ.
    command("hidden", "getzmqnotifications", "Lists what is told by ZeroMQ: nothing here.", |_| {
        Ok(json!([]))
    }),
    command("signer", "enumeratesigners", "Lists external signers, which are not available.", |_| {
        failed("Error: restart bitcoind with -signer=<cmd>")
    }),
];
