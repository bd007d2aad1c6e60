//! A payment before and after it is signed.
//!
//! In: a transaction that the wallet made. Out: all that a user has to know before it is signed; and the proof that
//! what was signed is what was reviewed.

use std::sync::Arc;

use bitcoin::{OutPoint, ScriptBuf, Transaction, Txid, Witness};

use super::draft::Payment;

/// An input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    /// What it spends.
    pub(crate) outpoint: OutPoint,
    /// How much that is, in satoshi.
    pub(crate) amount: u64,
    /// Where it was paid to.
    pub(crate) address: String,
    /// Its confirmations.
    pub(crate) depth: i32,
}

/// An output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    /// Where it goes; empty where that has no address.
    pub(crate) address: String,
    /// How much, in satoshi.
    pub(crate) amount: u64,
    /// The label of who is paid.
    pub(crate) label: String,
    /// Whether it is change.
    pub(crate) change: bool,
    /// Whether it is the wallet's.
    pub(crate) mine: bool,
}

/// A payment that waits for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Review {
    /// What was asked for.
    pub(crate) payment: Payment,
    /// The transaction, without signatures.
    pub(crate) tx: Transaction,
    /// The fee in satoshi.
    pub(crate) fee: u64,
    /// The size in virtual bytes once it is signed, where that can be foretold.
    pub(crate) vsize: Option<u64>,
    /// The inputs, in the transaction's order.
    pub(crate) inputs: Vec<Input>,
    /// The outputs, in the transaction's order.
    pub(crate) outputs: Vec<Output>,
    /// What to look at twice.
    pub(crate) warnings: Vec<String>,
}

impl Review {
    /// What others get, in satoshi.
    pub(crate) fn paid(&self) -> u64 {
        self.outputs.iter().filter(|output| !output.change).map(|output| output.amount).sum()
    }

    /// The fee in tenths of a per cent of what is paid.
    pub(crate) fn fee_per_mille(&self) -> u64 {
        let paid = u128::from(self.paid().max(1));
        u64::try_from(u128::from(self.fee) * 1_000 / paid).unwrap_or(u64::MAX)
    }

    /// The fee rate in satoshi for 1000 virtual bytes, where the size can be foretold.
    pub(crate) fn rate(&self) -> Option<u64> {
        self.vsize.filter(|size| *size > 0).map(|size| self.fee.saturating_mul(1_000) / size)
    }
}

/// A transaction without what signatures change.
pub(crate) fn without_signatures(tx: &Transaction) -> Transaction {
    let mut tx = tx.clone();
    for input in &mut tx.input {
        input.script_sig = ScriptBuf::new();
        input.witness = Witness::new();
    }
    tx
}

/// Whether a signed transaction is the reviewed one: all but what signatures change is the same.
pub(crate) fn is_reviewed(reviewed: &Transaction, signed: &Transaction) -> bool {
    without_signatures(reviewed) == without_signatures(signed)
}

/// Where a payment stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum SendState {
    /// It is being written.
    #[default]
    Draft,
    /// The wallet makes a transaction.
    Making,
    /// The wallet could not make one, or it was not sent; the draft is as it was.
    Failed {
        /// Why.
        why: String,
        /// How often something failed, so that the same twice is noticed.
        times: u64,
    },
    /// It waits for the user.
    Review(Arc<Review>),
    /// It is being signed and sent.
    Sending(Arc<Review>),
    /// The passphrase was wrong; nothing was sent.
    WrongPassphrase(Arc<Review>),
    /// It is sent.
    Sent {
        /// The transaction.
        txid: Txid,
    },
    /// Nobody knows whether it is sent. It is looked up.
    Unknown {
        /// The transaction.
        txid: Txid,
        /// What was reviewed.
        review: Arc<Review>,
    },
}

/// What helps a transaction that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// It pays the same with a higher fee.
    Raise,
    /// All that it spends goes back to the wallet instead.
    Cancel,
    /// Another one spends what it pays to the wallet, and pays for both.
    Child,
}

/// A transaction that helps another one, and waits for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prepared {
    /// How it helps.
    pub(crate) remedy: Remedy,
    /// Which one it helps.
    pub(crate) txid: Txid,
    /// The fee of that one in satoshi.
    pub(crate) old_fee: u64,
    /// The fee of this one in satoshi.
    pub(crate) fee: u64,
    /// The size in virtual bytes once it is signed, where that can be foretold.
    pub(crate) vsize: Option<u64>,
    /// Of a child, the fee and the size of all in the mempool that it builds on.
    pub(crate) ancestors: Option<(u64, u64)>,
    /// The transaction, without signatures.
    pub(crate) tx: Transaction,
    /// The inputs, in the transaction's order.
    pub(crate) inputs: Vec<Input>,
    /// The outputs, in the transaction's order.
    pub(crate) outputs: Vec<Output>,
}

impl Prepared {
    /// The fee rate of what is mined together, in satoshi for 1000 virtual bytes, where the size can be foretold.
    pub(crate) fn rate(&self) -> Option<u64> {
        let (fee, size) = self.ancestors.unwrap_or_default();
        let size = size.saturating_add(self.vsize?);
        (size > 0).then(|| fee.saturating_add(self.fee).saturating_mul(1_000) / size)
    }
}

/// Where the help for a transaction that waits stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Bump {
    /// Nobody wants any.
    #[default]
    None,
    /// The wallet makes a transaction.
    Making(Txid),
    /// The wallet refuses; the text is its own.
    Failed {
        /// For which transaction.
        txid: Txid,
        /// Why.
        why: String,
    },
    /// It waits for the user.
    Review(Arc<Prepared>),
    /// It is being signed and sent.
    Sending(Arc<Prepared>),
    /// The passphrase was wrong; nothing was sent.
    WrongPassphrase(Arc<Prepared>),
    /// It is sent.
    Sent {
        /// The new transaction.
        txid: Txid,
    },
    /// Nobody knows whether it is sent. It is looked up.
    Unknown {
        /// The new transaction.
        txid: Txid,
        /// The one that it is to help.
        helped: Txid,
    },
}

#[cfg(test)]
mod tests {
    use bitcoin::absolute::LockTime;
    use bitcoin::transaction::Version;
    use bitcoin::{Amount, Sequence, TxIn, TxOut};

    use super::*;
    use crate::model::draft::Fee;

    fn review() -> Review {
        let tx = Transaction {
            version: Version::TWO,
            lock_time: LockTime::ZERO,
            input: vec![TxIn { sequence: Sequence::MAX, ..TxIn::default() }],
            output: vec![TxOut { value: Amount::from_sat(1_000), script_pubkey: ScriptBuf::new() }],
        };
        Review {
            payment: Payment { payees: Vec::new(), fee: Fee::Target(6), coins: Vec::new() },
            tx,
            fee: 150,
            vsize: Some(100),
            inputs: Vec::new(),
            outputs: Vec::new(),
            warnings: Vec::new(),
        }
    }

    #[test]
    fn a17_what_was_reviewed_is_what_is_signed() {
        let review = review();
        assert_eq!(review.rate(), Some(1_500));
        let mut signed = review.tx.clone();
        signed.input[0].witness.push([1, 2, 3]);
        signed.input[0].script_sig = ScriptBuf::from_bytes(vec![1]);
        assert!(is_reviewed(&review.tx, &signed));
        let changes: [fn(&mut Transaction); 6] = [
            |tx| tx.output[0].value += Amount::ONE_SAT,
            |tx| tx.output[0].script_pubkey = ScriptBuf::from_bytes(vec![0x51]),
            |tx| tx.output.push(tx.output[0].clone()),
            |tx| tx.input[0].sequence = Sequence::ZERO,
            |tx| tx.input[0].previous_output.vout = 1,
            |tx| tx.lock_time = LockTime::from_consensus(1),
        ];
        for change in changes {
            let mut other = signed.clone();
            change(&mut other);
            assert!(!is_reviewed(&review.tx, &other));
        }
    }
}
