//! From a template to a block: this program's coinbase, and the proof of work.
//!
//! In: what a node asks of a coinbase, a header. Out: a transaction, a nonce.

use bitcoin::script::PushBytes;
use bitcoin::{CompactTarget, Script, ScriptBuf, Transaction, block};
use bitcoin_ipc::types::CoinbaseTx;

/// The target of every block on regtest.
pub(crate) const REGTEST_BITS: u32 = 0x207f_ffff;

/// What this program adds to the script. With the height it is longer than the two bytes that the script
/// of a coinbase must have.
const SIGNATURE: [u8; 11] = *b"bitcoin-ipc";

/// A coinbase that pays the reward to one script.
pub(crate) fn coinbase(required: &CoinbaseTx, reward_script: &Script) -> Transaction {
    let mut signature = ScriptBuf::new();
    signature.push_slice(<&PushBytes>::from(&SIGNATURE));
    required.transaction(signature.as_bytes(), reward_script.to_owned())
}

/// Finds a nonce. Takes two attempts on regtest, and on other chains it does not end.
pub(crate) fn grind(mut header: block::Header) -> block::Header {
    while header.validate_pow(header.target()).is_err() {
        header.nonce = header.nonce.wrapping_add(1);
        if header.nonce == 0 {
            header.time += 1;
        }
    }
    header
}

/// Whether the header is one of regtest.
pub(crate) fn is_regtest(header: &block::Header) -> bool {
    header.bits == CompactTarget::from_consensus(REGTEST_BITS)
}
