//! The command `getchaintips`.
//!
//! In: the node's branches. Out: their ends.

use std::collections::HashSet;

use bitcoin::BlockHash;
use serde_json::{Value, json};

use super::command::{Call, Command, command};
use super::error::Answer;

pub(super) const COMMANDS: &[Command] = &[command(
    "blockchain",
    "getchaintips",
    "Lists the ends of all branches seen since the start.",
    chain_tips,
)];

fn chain_tips(call: &Call<'_>) -> Answer {
    let (chain, tip) = (call.state.chain(), call.state.tip());
    let branches = call.state.branches();
    let mut parents = HashSet::new();
    for (hash, _) in &branches {
        parents.insert(call.header(*hash)?.prev_blockhash);
    }
    let mut rows = vec![(tip.height, tip.hash, 0, "active")];
    for (hash, status) in branches.into_iter().filter(|(hash, _)| !parents.contains(hash)) {
        let place = call.place(hash)?;
        let (mut height, mut below) = (place.height, hash);
        while !chain.is_active(below) && height > 0 {
            below = call.header(below)?.prev_blockhash;
            height -= 1;
        }
        rows.push((place.height, hash, place.height - height, status.as_str()));
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.0));
    let row = |(height, hash, length, status): (u32, BlockHash, u32, &str)| -> Value {
        json!({ "height": height, "hash": hash.to_string(), "branchlen": length, "status": status })
    };
    Ok(rows.into_iter().map(row).collect())
}
