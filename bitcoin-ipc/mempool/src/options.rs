//! What a mempool takes, and how much of it.
//!
//! In: the user's settings. Out: [`MempoolOptions`] and [`AcceptOptions`].

use std::time::Duration;

use crate::rate::Rate;

/// Limits and policy of a mempool. The defaults are Bitcoin Core's.
#[derive(Clone, Debug)]
pub struct MempoolOptions {
    /// How much memory transactions may take, in bytes: `-maxmempool`, which is in megabytes.
    pub max_bytes: usize,
    /// How long a transaction may wait: `-mempoolexpiry`.
    pub expiry: Duration,
    /// The lowest rate that is relayed: `-minrelaytxfee`.
    pub min_relay_rate: Rate,
    /// By how much a replacement, or a newcomer after an eviction, must pay more:
    /// `-incrementalrelayfee`.
    pub incremental_relay_rate: Rate,
    /// The rate that makes an output dust: `-dustrelayfee`.
    pub dust_relay_rate: Rate,
    /// Whether non-standard transactions are refused; the opposite of `-acceptnonstdtxn`.
    pub require_standard: bool,
    /// Bytes of output scripts that carry data, for one transaction; `None` for not any:
    /// `-datacarrier`, `-datacarriersize`.
    pub max_datacarrier_bytes: Option<u64>,
    /// Whether bare multisig outputs are standard: `-permitbaremultisig`.
    pub permit_bare_multisig: bool,
    /// Weight units that count for one signature operation, a fourth of it virtual bytes:
    /// `-bytespersigop`.
    pub bytes_per_sigop: u64,
    /// Transactions that may hang together: `-limitclustercount`.
    pub cluster_count: usize,
    /// Virtual bytes of transactions that may hang together: `-limitclustersize`, which is in 1000.
    pub cluster_vsize: u64,
}

impl Default for MempoolOptions {
    fn default() -> Self {
        MempoolOptions {
            max_bytes: 300_000_000,
            expiry: Duration::from_secs(336 * 3600),
            min_relay_rate: Rate::from_sat_per_kvb(100),
            incremental_relay_rate: Rate::from_sat_per_kvb(100),
            dust_relay_rate: Rate::from_sat_per_kvb(3000),
            require_standard: true,
            max_datacarrier_bytes: Some(100_000),
            permit_bare_multisig: true,
            bytes_per_sigop: 20,
            cluster_count: 64,
            cluster_vsize: 101_000,
        }
    }
}

/// How transactions are to be taken.
#[derive(Clone, Copy, Debug, Default)]
pub struct AcceptOptions {
    /// The time, in seconds since 1970.
    pub now: u64,
    /// Check only: the mempool stays as it is.
    pub test_only: bool,
    /// Take it whatever it pays, as for transactions of blocks that left the chain. Its sequence
    /// number is 0 then.
    pub bypass_limits: bool,
    /// Refuse a fee rate above this one, as a mistake.
    pub max_fee_rate: Option<Rate>,
    /// When it came, in seconds since 1970, if that was not now.
    pub entry_time: Option<u64>,
}
