//! The command `getchainstates`.
//!
//! In: calls. Out: the one chain state that there is, which is checked from the first block on.

use serde_json::json;

use super::amount;
use super::command::{Call, Command, command};
use super::error::Answer;
use super::header::{bits, difficulty, target};

/// What the kernel keeps in memory, in bytes: its database of coins, and coins above it. It lets nobody
/// choose, and takes 450 MiB: 2 MiB for its block index, 8 MiB, and the rest.
const COINS_DB_CACHE: u32 = 8 << 20;
const COINS_TIP_CACHE: u32 = (450 - 2 - 8) << 20;

pub(super) const COMMANDS: &[Command] =
    &[command("blockchain", "getchainstates", "Tells about the states of the chain.", chain_states)];

fn chain_states(call: &Call<'_>) -> Answer {
    let tip = call.state.tip();
    let header = call.header(tip.hash)?;
    Ok(json!({
        "headers": call.state.chain().best_header().map_or(tip.height, |best| best.height),
        "chainstates": [{
            "blocks": tip.height,
            "bestblockhash": tip.hash.to_string(),
            "bits": bits(header.bits),
            "target": target(header.bits),
            "difficulty": amount::float(difficulty(header.bits)),
            "verificationprogress": amount::float(call.state.verification_progress(tip.hash)?),
            "coins_db_cache_bytes": COINS_DB_CACHE,
            "coins_tip_cache_bytes": COINS_TIP_CACHE,
            "validated": true,
        }],
    }))
}
