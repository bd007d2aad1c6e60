//! The difficulty of the next block.
//!
//! In: the headers below it. Out: its bits, as Bitcoin Core's `GetNextWorkRequired`.

use bitcoin::block::Header;
use bitcoin::consensus::Params;
use bitcoin::{CompactTarget, Network};

/// The blocks that have the same difficulty; regtest never changes it.
pub(crate) fn interval(network: Network) -> u32 {
    if network == Network::Regtest { 144 } else { 2016 }
}

/// The bits of the block above one at `height`, which is to have a time in seconds since 1970.
/// `header` gives the header at a height up to this one, of the same branch.
///
/// # Errors
///
/// Those of `header`.
pub fn next_bits<E>(
    network: Network,
    height: u32,
    time: u32,
    mut header: impl FnMut(u32) -> Result<Header, E>,
) -> Result<CompactTarget, E> {
    let params = Params::new(network);
    let interval = interval(network);
    let last = header(height)?;
    if params.no_pow_retargeting {
        return Ok(last.bits);
    }
    if (height + 1).is_multiple_of(interval) {
        let first = header(height + 1 - interval)?;
        // BIP 94: on testnet4 the first block's, which is never of the lowest difficulty by exception.
        let bits = if network == Network::Testnet4 { first.bits } else { last.bits };
        let timespan = last.time.saturating_sub(first.time);
        return Ok(CompactTarget::from_next_work_required(bits, timespan.into(), params));
    }
    let easiest = params.max_attainable_target.to_compact_lossy();
    if !params.allow_min_difficulty_blocks {
        return Ok(last.bits);
    }
    // On test networks a block that took twice as long as it should may be of the lowest difficulty,
    // and the next one is not bound by it.
    if u64::from(time) > u64::from(last.time) + 2 * params.pow_target_spacing {
        return Ok(easiest);
    }
    let (mut height, mut bits) = (height, last.bits);
    while !height.is_multiple_of(interval) && bits == easiest {
        height -= 1;
        bits = header(height)?.bits;
    }
    Ok(bits)
}
