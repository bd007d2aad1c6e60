//! The command `getchaintips`, and the ends of branches that it lists.
//!
//! In: blocks that left the chain, or never came into it. Out: the ends of branches.
//!
//! The kernel has no list of all blocks, so only branches are known that came up since the start.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use bitcoin::BlockHash;
use bitcoin_ipc::interfaces::ChainNotifications;
use bitcoin_ipc::types::BlockInfo;
use mp_runtime::{Result, ipc_interface};
use serde_json::{Value, json};

use super::command::{Call, Command, command};
use super::error::Answer;
use super::lock;

/// Branches that are remembered; more are forgotten, the oldest first.
const MOST: usize = 1000;

pub(super) const COMMANDS: &[Command] = &[command(
    "blockchain",
    "getchaintips",
    "Lists the ends of all branches seen since the start.",
    chain_tips,
)];

/// Blocks outside the active chain.
#[derive(Default)]
pub(super) struct Tips(Mutex<Vec<BlockHash>>);

impl Tips {
    /// Remembers a block.
    pub(super) fn note(&self, hash: BlockHash) {
        let mut known = lock(&self.0);
        if !known.contains(&hash) {
            known.push(hash);
        }
        if known.len() > MOST {
            known.remove(0);
        }
    }
}

/// Remembers blocks that leave the chain.
pub(super) struct Watch(pub(super) Arc<Tips>);

#[ipc_interface]
impl ChainNotifications for Watch {
    fn block_disconnected(&self, block: &BlockInfo) -> Result<()> {
        self.0.note(block.hash);
        Ok(())
    }
}

fn chain_tips(call: &Call<'_>) -> Answer {
    let (chain, tip) = (call.state.chain(), call.state.tip());
    let known = lock(&call.shared.tips.0).clone();
    let branches: Vec<BlockHash> = known.into_iter().filter(|hash| !chain.is_active(*hash)).collect();
    let mut parents = HashSet::new();
    for hash in &branches {
        parents.insert(call.header(*hash)?.prev_blockhash);
    }
    let mut rows = vec![(tip.height, tip.hash, 0, "active")];
    for hash in branches.into_iter().filter(|hash| !parents.contains(hash)) {
        let place = call.place(hash)?;
        let (mut height, mut below) = (place.height, hash);
        while !chain.is_active(below) && height > 0 {
            below = call.header(below)?.prev_blockhash;
            height -= 1;
        }
        // Facts are kept of blocks that were connected once.
        let status = if call.state.index().block(hash)?.is_some() { "valid-fork" } else { "valid-headers" };
        rows.push((place.height, hash, place.height - height, status));
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.0));
    let row = |(height, hash, length, status): (u32, BlockHash, u32, &str)| -> Value {
        json!({ "height": height, "hash": hash.to_string(), "branchlen": length, "status": status })
    };
    Ok(rows.into_iter().map(row).collect())
}
