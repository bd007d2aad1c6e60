//! Signatures with a low R.
//!
//! In: a PSBT that was signed. Out: the same with signatures of ECDSA that take a byte less, where they had a high
//! R, as Bitcoin Core's have; fees are reckoned by that size.

use std::collections::BTreeSet;

use bitcoin::sighash::SighashCache;
use bitcoin::{PrivateKey, Psbt, PublicKey, ecdsa};

use super::SECP;

/// The most bytes of a signature with a low R, in DER.
const LOW: usize = 70;

/// Which signatures there are, by input.
pub(super) fn signatures(psbt: &Psbt) -> Vec<BTreeSet<PublicKey>> {
    psbt.inputs.iter().map(|input| input.partial_sigs.keys().copied().collect()).collect()
}

/// Makes those signatures anew that were added and have a high R.
pub(super) fn low_r(
    key_of: impl Fn(&PublicKey) -> Option<PrivateKey>,
    psbt: &mut Psbt,
    before: &[BTreeSet<PublicKey>],
) {
    let tx = psbt.unsigned_tx.clone();
    let mut cache = SighashCache::new(&tx);
    for (index, had) in before.iter().enumerate() {
        let added = psbt.inputs[index].partial_sigs.iter().filter(|(key, _)| !had.contains(key));
        let high = added.filter(|(_, made)| made.signature.serialize_der().len() > LOW);
        let high: Vec<PublicKey> = high.map(|(key, _)| *key).collect();
        if high.is_empty() {
            continue;
        }
        let Ok((message, sighash_type)) = psbt.sighash_ecdsa(index, &mut cache) else { continue };
        let input = &mut psbt.inputs[index];
        for key in high {
            let Some(mut secret) = key_of(&key) else { continue };
            let signature = SECP.sign_ecdsa_low_r(&message, &secret.inner);
            input.partial_sigs.insert(key, ecdsa::Signature { signature, sighash_type });
            secret.inner.non_secure_erase();
        }
    }
}
