//! Signatures of one input: Bitcoin Core's signature creators, and what they reckon once for a whole transaction.
//!
//! In: a transaction, the outputs that it spends, private keys. Out: signatures, or some without meaning.

use std::cell::RefCell;
use std::sync::Arc;

use bitcoin::hashes::Hash as _;
use bitcoin::key::Keypair;
use bitcoin::secp256k1::{self, Message};
use bitcoin::sighash::{EcdsaSighashType, Prevouts, SighashCache, TapSighashType};
use bitcoin::taproot::{self, TapLeafHash};
use bitcoin::{Amount, PublicKey, Script, Sequence, Transaction, TxOut, XOnlyPublicKey, ecdsa};

use super::{FlatSigningProvider, SECP};

/// A transaction, what it spends, and the hashes that its signatures have in common.
#[derive(Debug)]
pub struct PrecomputedTransactionData {
    tx: Arc<Transaction>,
    cache: RefCell<SighashCache<Arc<Transaction>>>,
    spent: Option<Vec<TxOut>>,
}

impl PrecomputedTransactionData {
    /// Of a transaction, and of all outputs that it spends if they are known: signatures of taproot are for them.
    #[must_use]
    pub fn new(tx: Transaction, spent: Option<Vec<TxOut>>) -> Self {
        let tx = Arc::new(tx);
        PrecomputedTransactionData { cache: RefCell::new(SighashCache::new(tx.clone())), tx, spent }
    }

    /// The outputs that are spent, if all are known.
    #[must_use]
    pub fn spent(&self) -> Option<&[TxOut]> {
        self.spent.as_deref()
    }

    pub(super) fn tx(&self) -> &Transaction {
        &self.tx
    }

    /// What a signature of ECDSA signs; none for an input or a type that there is not.
    pub(super) fn ecdsa_digest(
        &self,
        place: usize,
        code: &Script,
        value: Amount,
        segwit: bool,
        sighash: u32,
    ) -> Option<Message> {
        let mut cache = self.cache.borrow_mut();
        Some(match segwit {
            true => {
                let sighash = EcdsaSighashType::from_standard(sighash).ok()?;
                cache.p2wsh_signature_hash(place, code, value, sighash).ok()?.into()
            }
            false => cache.legacy_signature_hash(place, code, sighash).ok()?.into(),
        })
    }

    fn schnorr_digest(
        &self,
        place: usize,
        leaf: Option<TapLeafHash>,
        sighash: TapSighashType,
    ) -> Option<Message> {
        let (mut cache, spent) = (self.cache.borrow_mut(), Prevouts::All(self.spent()?));
        let digest = match leaf {
            Some(leaf) => cache.taproot_script_spend_signature_hash(place, &spent, leaf, sighash),
            None => cache.taproot_key_spend_signature_hash(place, &spent, sighash),
        };
        Some(Message::from_digest(digest.ok()?.to_byte_array()))
    }
}

/// Where signatures come from.
#[derive(Clone, Copy, Debug)]
pub enum SignatureCreator<'a> {
    /// From nowhere: only what is known of the keys is wanted.
    Nobody,
    /// All are there, of the usual length and without meaning; lock times have passed.
    Dummy,
    /// From private keys.
    Transaction {
        /// The transaction.
        data: &'a PrecomputedTransactionData,
        /// Which of its inputs signs.
        place: usize,
        /// How much the input spends.
        value: Amount,
        /// What signatures are for, as a number; 0 is taproot's default, and everything elsewhere.
        sighash: u8,
    },
}

impl SignatureCreator<'_> {
    pub(super) fn ecdsa(
        &self,
        provider: &FlatSigningProvider,
        key: &PublicKey,
        code: &Script,
        segwit: bool,
    ) -> Option<ecdsa::Signature> {
        let (data, place, value, sighash) = match self {
            SignatureCreator::Nobody => return None,
            SignatureCreator::Dummy => return dummy(),
            SignatureCreator::Transaction { data, place, value, sighash } => {
                (data, *place, *value, u32::from(*sighash).max(1))
            }
        };
        // Segregated witness has no place for long keys.
        let private = provider.key(key).filter(|key| key.compressed || !segwit)?;
        let sighash_type = EcdsaSighashType::from_standard(sighash).ok()?;
        let digest = data.ecdsa_digest(place, code, value, segwit, sighash)?;
        // Fees are reckoned for signatures with a low R, as Bitcoin Core's have.
        let signature = SECP.sign_ecdsa_low_r(&digest, &private.inner);
        Some(ecdsa::Signature { signature, sighash_type })
    }

    pub(super) fn schnorr(
        &self,
        provider: &FlatSigningProvider,
        key: XOnlyPublicKey,
        leaf: Option<TapLeafHash>,
        tweak: impl FnOnce(Keypair) -> Keypair,
    ) -> Option<taproot::Signature> {
        let (data, place, sighash) = match self {
            SignatureCreator::Nobody => return None,
            SignatureCreator::Dummy => {
                let signature = secp256k1::schnorr::Signature::from_slice(&[0; 64]).ok()?;
                return Some(taproot::Signature { signature, sighash_type: TapSighashType::Default });
            }
            SignatureCreator::Transaction { data, place, sighash, .. } => (data, *place, *sighash),
        };
        let private = provider.x_only_key(key)?;
        let sighash_type = TapSighashType::from_consensus_u8(sighash).ok()?;
        let digest = data.schnorr_digest(place, leaf, sighash_type)?;
        let mut pair = tweak(Keypair::from_secret_key(&*SECP, &private.inner));
        // Bitcoin Core adds no randomness here either.
        let signature = SECP.sign_schnorr_with_aux_rand(&digest, &pair, &[0; 32]);
        pair.non_secure_erase();
        Some(taproot::Signature { signature, sighash_type })
    }

    /// The transaction that lock times are looked up in, and the input's number.
    pub(super) fn locks(&self) -> Option<(&Transaction, Sequence)> {
        let SignatureCreator::Transaction { data, place, .. } = self else { return None };
        Some((data.tx(), data.tx().input.get(*place)?.sequence))
    }
}

/// A signature of 71 bytes with its type, as most are.
pub(super) fn dummy() -> Option<ecdsa::Signature> {
    let signature = secp256k1::ecdsa::Signature::from_compact(&[1; 64]).ok()?;
    Some(ecdsa::Signature { signature, sighash_type: EcdsaSighashType::All })
}
