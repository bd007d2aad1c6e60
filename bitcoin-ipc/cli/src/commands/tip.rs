//! `tip`: the highest block, once or each time that it changes.

use std::time::Duration;

use bitcoin_ipc::TipEvent;
use bitcoin_ipc::types::BlockRef;
use futures::StreamExt;
use serde_json::{Value, json};

use crate::amounts::duration;
use crate::arguments::Tip;
use crate::failure::{Failure, say};
use crate::node::Node;
use crate::output::Output;
use crate::progress::waiting;

/// Prints the highest block.
pub(crate) async fn run(command: &Tip, node: &Node, output: Output) -> Result<(), Failure> {
    let client = node.client().await?;
    if !command.watch {
        let tip = waiting("asking the node for its highest block", client.mining().get_tip()).await?;
        let Some(tip) = tip else {
            return Err(Failure::other(
                "the node has no highest block yet",
                "it loads its chain; wait for it with `bitcoin-ipc tip --watch`",
            ));
        };
        return print(tip, None, output);
    }
    let mut tips = client.tips();
    while let Some(event) = waiting("waiting for the next block", tips.next()).await {
        match event? {
            TipEvent::Tip(tip) => print(tip, None, output)?,
            TipEvent::Reconnected { gap, tip } => {
                if !output.json {
                    say(&format!(
                        "the connection was lost for {}; blocks may have been missed",
                        duration(gap)
                    ));
                }
                print(tip, Some(gap), output)?;
            }
        }
    }
    Ok(())
}

fn print(tip: BlockRef, gap: Option<Duration>, output: Output) -> Result<(), Failure> {
    output.result(format_args!("{} {}", tip.height, tip.hash), || {
        let mut object = json!({ "height": tip.height, "hash": tip.hash });
        if let Some(gap) = gap {
            object["reconnected_after_seconds"] = Value::from(gap.as_secs_f64());
        }
        object
    })
}
