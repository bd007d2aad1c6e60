//! Signing, as Bitcoin Core has it in `script/sign.cpp`: one way for raw transactions, PSBTs and wallets.
//!
//! In: transactions or PSBTs, what they spend, and keys and scripts as far as they are known. Out: the same with
//! signatures, final where they are complete; and what is missing.
//!
//! A [`FlatSigningProvider`] holds what is known, a [`SignatureCreator`] makes signatures of it, and
//! [`produce_signature`] puts them together to what spends an output. What is above that reads and writes
//! transactions ([`sign_transaction`], [`combine_transactions`]) or PSBTs ([`sign_psbt_input`],
//! [`update_psbt_output`]).

mod creator;
mod data;
mod produce;
mod provider;
mod psbt;
mod satisfy;
mod transaction;

use std::ops::Range;
use std::sync::LazyLock;

use bitcoin::secp256k1::{All, Secp256k1};
use bitcoin::{Transaction, TxOut};

pub use creator::{PrecomputedTransactionData, SignatureCreator};
pub use data::{Missing, SignatureData};
pub use produce::produce_signature;
pub use provider::{FlatSigningProvider, TaprootSpendData};
pub use psbt::{
    SignOptions, Signed, SignedInput, extract, psbt_input_signed_and_verified,
    remove_unnecessary_transactions, sign_psbt_input, update_psbt_output, utxo,
};
pub use transaction::{combine_transactions, sign_transaction, unsigned_transaction};

/// The curve, set up once.
pub static SECP: LazyLock<Secp256k1<All>> = LazyLock::new(Secp256k1::new);

/// Tells which inputs, of those in the range, are spent validly, by the outputs that a transaction spends as far as
/// they are known. It is an error if whoever verifies cannot say.
pub type VerifyScripts<E> = fn(&Transaction, &[Option<&TxOut>], Range<usize>) -> Result<Vec<bool>, E>;
