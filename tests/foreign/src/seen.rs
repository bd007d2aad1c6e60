//! The answers of a server that all wire forms have in common, as plain values.
//!
//! Hashes are in the byte order of the wire, the reverse of the printed one.

use std::time::Duration;

/// A block's place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    /// The block's hash; empty where the server had no answer.
    pub hash: Vec<u8>,
    /// The block's height.
    pub height: i32,
}

/// The verdict on a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the block was accepted.
    pub accepted: bool,
    /// The reason for a rejection, else empty.
    pub reason: String,
    /// More about the reason.
    pub debug: String,
}

/// What everything but mining answered.
#[derive(Clone, Debug)]
pub struct Basics {
    /// The name of the thread that `makeThread` made.
    pub thread_name: String,
    /// What `echo` sent back.
    pub echoed: String,
    /// What `isTestChain` answered, or its error, when the call named no thread and there was no pool.
    pub without_thread: Result<bool, String>,
}

/// What the chain's methods of `Mining` answered.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The answer of `isTestChain`.
    pub is_test_chain: bool,
    /// The answer of `isInitialBlockDownload`.
    pub is_initial_block_download: bool,
    /// The answer of `getTip`; none where `hasResult` was false.
    pub tip: Option<Tip>,
    /// The answer of `waitTipChanged` when it was given the tip and nothing happened.
    pub tip_after_wait: Tip,
    /// The answer of `waitTipChanged` when it was given a hash that is no tip's.
    pub tip_at_once: Tip,
}

/// What a block template's methods answered.
#[derive(Clone, Debug)]
pub struct Template {
    /// The answer of `getBlockHeader`, 80 bytes.
    pub header: Vec<u8>,
    /// The answer of `getBlock`, serialized with witnesses.
    pub block: Vec<u8>,
    /// The answer of `getTxFees`, in satoshis, without the coinbase.
    pub tx_fees: Vec<i64>,
    /// The answer of `getTxSigops`, without the coinbase.
    pub tx_sigops: Vec<i64>,
    /// The answer of `getCoinbaseMerklePath`, from the lowest level.
    pub merkle_path: Vec<Vec<u8>>,
    /// Whether `waitNext` gave a template although nothing happened before its timeout.
    pub next_after_timeout: bool,
    /// What came of `interruptWait`.
    pub interrupted: Interrupted,
    /// The answer of `checkBlock` to the template's block as it is, everything checked.
    pub checked: Verdict,
    /// The answer of `checkBlock` without the proof of work and the root of the hashes, which a template
    /// has yet to get.
    pub checked_contents: Verdict,
}

/// What came of `interruptWait`, called while a `waitNext` of half a [`step`](field@crate::Plan::step) was
/// under way.
#[derive(Clone, Debug)]
pub struct Interrupted {
    /// The answer; an error in early releases of Bitcoin Core 30, which lack the method.
    pub answer: Result<(), String>,
    /// Whether `waitNext` gave a template all the same.
    pub next: bool,
    /// How long `waitNext` took.
    pub took: Duration,
    /// Whether another thread of the server answered while `waitNext` was under way.
    pub meanwhile: bool,
}

/// The coinbase of a template since Bitcoin Core 31.
#[derive(Clone, Debug)]
pub struct CoinbaseTx {
    /// The transaction's version.
    pub version: u32,
    /// The sequence number of the only input.
    pub sequence: u32,
    /// How the input's script has to begin.
    pub script_sig_prefix: Vec<u8>,
    /// The only element of the input's witness; empty if it has none.
    pub witness: Vec<u8>,
    /// What outputs may be worth altogether, in satoshis.
    pub block_reward_remaining: i64,
    /// Outputs that have to be there, serialized.
    pub required_outputs: Vec<Vec<u8>>,
    /// The transaction's lock time.
    pub lock_time: u32,
}
