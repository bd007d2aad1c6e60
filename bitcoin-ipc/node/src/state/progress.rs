//! How far the node is.
//!
//! In: counts of transactions. Out: a share of all transactions, from 0 to 1, as Bitcoin Core's
//! `GuessVerificationProgress`.

use bitcoin::Network;

/// Seconds within which a block counts as recent, and between blocks.
const RECENT: f64 = 7200.0;
const SPACING: f64 = 600.0;

/// What is known of a network's transactions: at a time (seconds since 1970) there were so many, and
/// so many come each second since. The figures are those of Bitcoin Core v32.
struct KnownTransactions {
    time: f64,
    count: f64,
    rate: f64,
}

fn known(network: Network) -> KnownTransactions {
    let (time, count, rate) = match network {
        Network::Bitcoin => (1_772_055_173.0, 1_315_805_869.0, 5.401_110_064_961_22),
        Network::Testnet => (1_772_051_651.0, 536_108_416.0, 0.026_914_790_162_571_67),
        Network::Testnet4 => (1_772_013_387.0, 14_191_421.0, 0.018_485_795_795_284_12),
        Network::Signet => (1_772_055_248.0, 28_676_833.0, 0.067_366_234_363_389_29),
        Network::Regtest => (0.0, 0.0, 0.001),
    };
    KnownTransactions { time, count, rate }
}

/// A block, and what lies below it.
pub(super) struct Known {
    /// Seconds since 1970.
    pub(super) time: u32,
    /// Blocks from here to the highest one.
    pub(super) below_best: u32,
    /// Transactions from the first block on.
    pub(super) transactions: u64,
}

/// The share of all transactions that lie at or below a block.
#[must_use]
pub(super) fn guess(network: Network, now: u64, block: &Known) -> f64 {
    let known = known(network);
    if block.transactions == 0 {
        return 0.0;
    }
    let (now, count) = (now as f64, block.transactions as f64);
    let written = f64::from(block.time);
    // Miners choose the times: of a recent block only its place counts.
    let time =
        if (now - written).abs() <= RECENT { now - f64::from(block.below_best) * SPACING } else { written };
    let total = if count <= known.count {
        known.count + (now - known.time) * known.rate
    } else {
        count + (now - time) * known.rate
    };
    (count / total).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_block_is_the_end_and_an_old_one_is_not() {
        let block = |time, below_best| Known { time, below_best, transactions: 5 };
        assert_eq!(guess(Network::Regtest, 1000, &block(990, 0)), 1.0);
        assert!(guess(Network::Regtest, 1000, &block(990, 1)) < 1.0);
        assert!(guess(Network::Regtest, 1_000_000, &block(1000, 0)) < 0.1);
        assert!(guess(Network::Bitcoin, 1_780_000_000, &block(1_231_006_505, 0)) < 1e-6);
        assert_eq!(guess(Network::Regtest, 1000, &Known { time: 990, below_best: 0, transactions: 0 }), 0.0);
    }
}
