//! Values that differ from their defaults, told apart by a number or a text.

use bitcoin::absolute::LockTime;
use bitcoin::hashes::Hash;
use bitcoin::{
    Amount, BlockHash, OutPoint, PubkeyHash, ScriptBuf, Sequence, SignedAmount, Transaction, TxIn, TxOut,
    Txid, WPubkeyHash, Witness, transaction,
};
use bitcoin_ipc::types::{
    BilingualStr, Coin, Destination, EstimationResult, EstimatorBucket, FeeCalculation, FeeReason,
    WireFeeRate,
};

pub(crate) fn block_hash(number: u8) -> BlockHash {
    BlockHash::from_byte_array([number; 32])
}

pub(crate) fn txid(number: u8) -> Txid {
    Txid::from_byte_array([number; 32])
}

pub(crate) fn outpoint(number: u8) -> OutPoint {
    OutPoint::new(txid(number), number.into())
}

/// An input without a witness.
pub(crate) fn input(number: u8) -> TxIn {
    TxIn {
        previous_output: outpoint(number),
        script_sig: ScriptBuf::from_bytes(vec![0x51, number]),
        sequence: Sequence(number.into()),
        witness: Witness::new(),
    }
}

pub(crate) fn output(number: u8) -> TxOut {
    TxOut {
        value: Amount::from_sat(1000 + u64::from(number)),
        script_pubkey: ScriptBuf::from_bytes(vec![0x52, number]),
    }
}

pub(crate) fn transaction(number: u8) -> Transaction {
    let witness = Witness::from_slice(&[[number; 3]]);
    Transaction {
        version: transaction::Version(number.into()),
        lock_time: LockTime::from_consensus(number.into()),
        input: vec![TxIn { witness, ..input(number) }],
        output: vec![output(number), output(number + 1)],
    }
}

pub(crate) fn coin(number: u8) -> Coin {
    Coin { output: output(number), height: number.into(), coinbase: true }
}

pub(crate) fn key_hash(number: u8) -> PubkeyHash {
    PubkeyHash::from_byte_array([number; 20])
}

pub(crate) fn destination(number: u8) -> Destination {
    Destination::WitnessV0KeyHash(WPubkeyHash::from_byte_array([number; 20]))
}

/// A text, and the same in the language of those who shout.
pub(crate) fn text(text: &str) -> BilingualStr {
    BilingualStr { original: text.into(), translated: text.to_uppercase() }
}

pub(crate) fn rate(size: i32) -> WireFeeRate {
    WireFeeRate { fee: SignedAmount::from_sat(i64::from(size) * 3), size }
}

pub(crate) fn sat(satoshis: i64) -> SignedAmount {
    SignedAmount::from_sat(satoshis)
}

fn bucket(number: f64) -> EstimatorBucket {
    EstimatorBucket {
        start: number,
        end: number + 0.1,
        within_target: number + 0.2,
        total_confirmed: number + 0.3,
        in_mempool: number + 0.4,
        left_mempool: number + 0.5,
    }
}

pub(crate) fn fee_calculation() -> FeeCalculation {
    FeeCalculation {
        est: EstimationResult { pass: bucket(1.0), fail: bucket(2.0), decay: 0.962, scale: 24 },
        reason: FeeReason::DoubleEstimate,
        desired_target: 6,
        returned_target: 7,
        best_height: 800_000,
    }
}
