//! The transactions behind the entries of a wallet in memory.
//!
//! In: an entry, and the how-manieth one it is. Out: its transaction, the same one each time, and what its outputs are.

use bitcoin::absolute::LockTime;
use bitcoin::hashes::Hash as _;
use bitcoin::transaction::Version;
use bitcoin::{Amount, OutPoint, Sequence, Transaction, TxIn, TxOut, Txid, Witness};

use super::wallet::{Entry, own_script, script};

/// What each of them pays for.
pub(crate) const FEE: u64 = 150;
/// The change of what was sent.
pub(crate) const CHANGE: u64 = 40_000_000;

/// An id that no transaction has.
pub(super) fn txid(number: u64) -> Txid {
    let mut bytes = [0x11; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Txid::from_byte_array(bytes)
}

/// A witness of the size that a signature and a key have.
pub(super) fn witness() -> Witness {
    Witness::from_slice(&[vec![1; 72], vec![2; 33]])
}

fn input(outpoint: OutPoint) -> TxIn {
    TxIn {
        previous_output: outpoint,
        sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
        witness: witness(),
        ..TxIn::default()
    }
}

/// The transaction of an entry.
pub(crate) fn of_entry(entry: &Entry, place: u64) -> Transaction {
    let output = |sat: u64, script| TxOut { value: Amount::from_sat(sat), script_pubkey: script };
    let amount = entry.amount.unsigned_abs();
    let output = if entry.amount < 0 {
        vec![output(amount, script(7)), output(CHANGE, own_script(0x71))]
    } else {
        vec![output(amount, own_script(u8::try_from(place % 64).unwrap_or_default()))]
    };
    let input = vec![input(OutPoint::new(txid((3 << 40) + place), 0))];
    Transaction { version: Version::TWO, lock_time: LockTime::ZERO, input, output }
}

/// How much the input of what was sent was worth.
pub(super) fn spent(entry: &Entry, place: u64, outpoint: &OutPoint) -> Option<u64> {
    let is = entry.amount < 0 && *outpoint == OutPoint::new(txid((3 << 40) + place), 0);
    is.then(|| entry.amount.unsigned_abs() + CHANGE + FEE)
}
