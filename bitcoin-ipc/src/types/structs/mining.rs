//! The structs of `mining.capnp`, as v31 and v32 have them. They name no file, so that they stand in
//! the file of each release.

use std::time::Duration;

use bitcoin::{Amount, ScriptBuf, TxOut};
use mp_runtime::IpcStruct;

use crate::files::{
    DEFAULT_BLOCK_RESERVED_WEIGHT, DEFAULT_COINBASE_OUTPUT_MAX_ADDITIONAL_SIGOPS, MAX_DOUBLE, MAX_MONEY,
};
use crate::types::Bitcoin;

/// What a new block template is to be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(types = Bitcoin, cxx = "node::BlockCreateOptions")]
pub struct BlockCreateOptions {
    /// Take transactions from the mempool.
    #[ipc(default = true, cxx_name = "use_mempool")]
    pub use_mempool: bool,
    /// Weight units to keep free for the header and the coinbase.
    #[ipc(default = DEFAULT_BLOCK_RESERVED_WEIGHT, cxx_name = "block_reserved_weight")]
    pub block_reserved_weight: u64,
    /// Signature operations to keep free for the coinbase's outputs.
    #[ipc(
        default = DEFAULT_COINBASE_OUTPUT_MAX_ADDITIONAL_SIGOPS,
        cxx_name = "coinbase_output_max_additional_sigops"
    )]
    pub coinbase_output_max_additional_sigops: u64,
}

impl Default for BlockCreateOptions {
    fn default() -> Self {
        BlockCreateOptions {
            use_mempool: true,
            block_reserved_weight: DEFAULT_BLOCK_RESERVED_WEIGHT.into(),
            coinbase_output_max_additional_sigops: DEFAULT_COINBASE_OUTPUT_MAX_ADDITIONAL_SIGOPS.into(),
        }
    }
}

/// When to make the next template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(types = Bitcoin, cxx = "node::BlockWaitOptions")]
pub struct BlockWaitOptions {
    /// How long to wait; `None` for ever. Milliseconds on the wire.
    #[ipc(with = mp_runtime::with::milliseconds_or_forever, default = MAX_DOUBLE, cxx_name = "timeout")]
    pub timeout: Option<Duration>,
    /// How much the fees of a template have to rise to be worth a new one; by default never.
    #[ipc(default = MAX_MONEY, cxx_name = "fee_threshold")]
    pub fee_threshold: Amount,
}

impl Default for BlockWaitOptions {
    fn default() -> Self {
        BlockWaitOptions { timeout: None, fee_threshold: Amount::MAX_MONEY }
    }
}

/// What to check of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(types = Bitcoin, cxx = "node::BlockCheckOptions")]
pub struct BlockCheckOptions {
    /// That the header has the root of its transactions.
    #[ipc(default = true, cxx_name = "check_merkle_root")]
    pub check_merkle_root: bool,
    /// That the header's hash meets its target.
    #[ipc(default = true, cxx_name = "check_pow")]
    pub check_pow: bool,
}

impl Default for BlockCheckOptions {
    fn default() -> Self {
        BlockCheckOptions { check_merkle_root: true, check_pow: true }
    }
}

/// What the coinbase of a template has to be like.
#[derive(Clone, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(types = Bitcoin, cxx = "node::CoinbaseTx")]
pub struct CoinbaseTx {
    /// Its version.
    #[ipc(cxx_name = "version")]
    pub version: u32,
    /// The sequence of its input.
    #[ipc(cxx_name = "sequence")]
    pub sequence: u32,
    /// What its input's script begins with: the height (BIP 34).
    #[ipc(cxx_name = "script_sig_prefix")]
    pub script_sig_prefix: ScriptBuf,
    /// The witness of its input, 32 bytes (BIP 141); none without a witness commitment.
    #[ipc(cxx_name = "witness")]
    pub witness: Option<Vec<u8>>,
    /// What its outputs may pay in all, besides the required ones.
    #[ipc(cxx_name = "block_reward_remaining")]
    pub block_reward_remaining: Amount,
    /// Outputs that it has to have, among them the witness commitment.
    #[ipc(cxx_name = "required_outputs")]
    pub required_outputs: Vec<TxOut>,
    /// Its lock time.
    #[ipc(cxx_name = "lock_time")]
    pub lock_time: u32,
}

/// Why a block is not accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reject {
    /// A word for the reason, such as `high-hash` (BIP 22).
    pub reason: String,
    /// More about it.
    pub debug: String,
}

impl std::fmt::Display for Reject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.reason.is_empty(), self.debug.is_empty()) {
            (true, true) => f.write_str("no reason given"),
            (false, true) => f.write_str(&self.reason),
            (true, false) => f.write_str(&self.debug),
            (false, false) => write!(f, "{} ({})", self.reason, self.debug),
        }
    }
}

impl std::error::Error for Reject {}

/// What becomes of a block, as results: a reason, more about it, and whether it was accepted.
pub(crate) mod verdict {
    use mp_runtime::{IpcStruct, Result};

    use super::Reject;

    #[derive(Debug, IpcStruct)]
    pub(crate) struct Wire {
        reason: String,
        debug: String,
        result: bool,
    }

    pub(crate) fn build(verdict: &Result<(), Reject>) -> Result<Wire> {
        Ok(match verdict {
            Ok(()) => Wire { reason: String::new(), debug: String::new(), result: true },
            Err(Reject { reason, debug }) => {
                Wire { reason: reason.clone(), debug: debug.clone(), result: false }
            }
        })
    }

    pub(crate) fn read(wire: Wire) -> Result<Result<(), Reject>> {
        let Wire { reason, debug, result } = wire;
        Ok(if result { Ok(()) } else { Err(Reject { reason, debug }) })
    }
}
