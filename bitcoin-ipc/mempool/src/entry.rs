//! A transaction in the mempool, and its coming and going.
//!
//! In: a checked transaction. Out: an [`Entry`] with what policy and miners ask of it, and
//! [`Change`]s.

use std::sync::Arc;

use bitcoin::{Amount, OutPoint, SignedAmount, Transaction, TxIn, TxOut, Txid, Wtxid};
use bitcoin_ipc::types::MempoolRemovalReason;

use crate::cluster::FeePerWeight;

/// A transaction that waits for a block: Bitcoin Core's `CTxMemPoolEntry`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// The transaction.
    pub tx: Arc<Transaction>,
    /// Its id.
    pub txid: Txid,
    /// Its id with witnesses.
    pub wtxid: Wtxid,
    /// What it pays.
    pub fee: Amount,
    /// What it pays, and what the user added by [`Mempool::prioritise`](crate::Mempool::prioritise).
    pub modified_fee: SignedAmount,
    /// Virtual bytes: a fourth of the weight, or of what its signature operations count for if that
    /// is more, rounded up.
    pub vsize: u64,
    /// Weight units.
    pub weight: u64,
    /// Weight units, or what the signature operations count for if that is more.
    pub adjusted_weight: u64,
    /// Signature operations, as blocks count them (BIP 141).
    pub sigops_cost: u64,
    /// When it came, in seconds since 1970.
    pub time: u64,
    /// The height of the chain when it came.
    pub height: u32,
    /// The mempool's sequence number when it came; 0 for one that came from a block.
    pub sequence: u64,
    /// Whether it spends a coinbase.
    pub spends_coinbase: bool,
    /// Whether it spent from others here when it came.
    pub has_parents: bool,
}

impl Entry {
    /// The modified fee and the adjusted weight, by which miners choose.
    pub(crate) fn fee_per_weight(&self) -> FeePerWeight {
        FeePerWeight {
            fee: self.modified_fee.to_sat(),
            weight: i64::try_from(self.adjusted_weight).unwrap_or(i64::MAX),
        }
    }

    /// An estimate of the memory that the entry takes, in bytes: the transaction on the heap, and
    /// this and its places in the maps.
    #[must_use]
    pub fn usage(&self) -> usize {
        let input = |input: &TxIn| {
            // Each spent outpoint is a key of a map as well.
            size_of::<TxIn>() + input.script_sig.len() + input.witness.size() + 2 * size_of::<OutPoint>()
        };
        let output = |output: &TxOut| size_of::<TxOut>() + output.script_pubkey.len();
        let inputs: usize = self.tx.input.iter().map(input).sum();
        let outputs: usize = self.tx.output.iter().map(output).sum();
        // Two maps of ids, the links to others, its place in a cluster.
        size_of::<Transaction>() + 2 * size_of::<Entry>() + 10 * size_of::<Txid>() + inputs + outputs
    }
}

/// A transaction has left the mempool.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Removed {
    /// What it was.
    pub entry: Entry,
    /// Why it left.
    pub reason: MempoolRemovalReason,
    /// The mempool's sequence number of this change; those with a block have that of the next
    /// change, as in Bitcoin Core.
    pub sequence: u64,
}

/// Something that listeners have to be told, in order.
#[derive(Clone, Debug)]
pub enum Change {
    /// A transaction came.
    Added {
        /// What it is.
        entry: Entry,
        /// The mempool's sequence number of this change.
        sequence: u64,
    },
    /// A transaction left.
    Removed(Removed),
}
