//! Rules of a block's header.
//!
//! In: a header, by itself and at its place. Out: the first rule that it breaks.

use bitcoin::block::Header;
use bitcoin::params::Params;
use bitcoin::{CompactTarget, Network, Target};

use super::next::Next;
use super::{Failure, broken};
use crate::chainstate::{MAX_FUTURE_BLOCK_TIME, Reject};
use crate::template::{MAX_TIMEWARP, interval, next_bits};

/// Whether the target has more than 256 bits, of which the library keeps only the lower ones.
fn overflows(bits: CompactTarget) -> bool {
    let bits = bits.to_consensus();
    let (size, word) = (bits >> 24, bits & 0x007f_ffff);
    word != 0 && (size > 34 || (word > 0xff && size > 33) || (word > 0xffff && size > 32))
}

/// Bitcoin Core's `CheckProofOfWork`.
pub(super) fn proof_of_work(network: Network, header: &Header) -> Result<(), Failure> {
    let target = header.target();
    let possible = target != Target::ZERO
        && !overflows(header.bits)
        && target <= Params::new(network).max_attainable_target;
    if possible && target.is_met_by(header.block_hash()) {
        return Ok(());
    }
    broken("high-hash", "proof of work failed")
}

/// Bitcoin Core's `ContextualCheckBlockHeader`.
pub(super) fn in_place(next: &Next<'_>, header: &Header) -> Result<(), Failure> {
    let bits = next_bits(next.network, next.tip.height, header.time, |height| next.header(height))?;
    if header.bits != bits {
        return broken("bad-diffbits", "incorrect proof of work");
    }
    if header.time <= next.median_time_past {
        return broken("time-too-old", "block's timestamp is too early");
    }
    let first_of_interval = next.height.is_multiple_of(interval(next.network));
    if next.network == Network::Testnet4 && first_of_interval {
        let parent = next.header(next.tip.height)?;
        if header.time < parent.time.saturating_sub(MAX_TIMEWARP) {
            let debug = "block's timestamp is too early on diff adjustment block";
            return broken("time-timewarp-attack", debug);
        }
    }
    if u64::from(header.time) > next.now.saturating_add(MAX_FUTURE_BLOCK_TIME) {
        let too_new = Reject::time_too_new();
        return broken(&too_new.reason, too_new.details);
    }
    let active = next.active;
    let version = header.version.to_consensus();
    let outdated = [(2, active.bip34), (3, active.bip66), (4, active.bip65)];
    if outdated.iter().any(|(least, first)| version < *least && next.height >= *first) {
        let reason = format!("bad-version(0x{version:08x})");
        return broken(&reason, format!("rejected nVersion=0x{version:08x} block"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_of_more_than_256_bits_are_none() {
        let overflows = |bits| overflows(CompactTarget::from_consensus(bits));
        assert!(
            [0x207f_ffff, 0x2100_ffff, 0x2200_00ff, 0xff00_0000, 0x1d00_ffff].map(overflows) == [false; 5]
        );
        assert!([0x2101_0000, 0x2200_0100, 0x2300_0001, 0xff7f_ffff].map(overflows) == [true; 4]);
    }
}
