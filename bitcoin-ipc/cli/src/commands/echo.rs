//! `echo`: whether the node is there.

use serde_json::json;

use crate::arguments::Echo;
use crate::failure::Failure;
use crate::node::Node;
use crate::output::Output;
use crate::progress::waiting;

/// Prints what comes back.
pub(crate) async fn run(command: &Echo, node: &Node, output: Output) -> Result<(), Failure> {
    let client = node.client().await?;
    let text =
        waiting("waiting for the echo", async { client.echo().await?.echo(&command.text).await }).await?;
    output.result(&text, || json!({ "echo": text }))
}
