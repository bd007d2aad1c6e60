//! Signing with opened private descriptors.
//!
//! In: descriptors, the numbers of their scripts. Out: signatures in a PSBT, and single keys. The keys are wiped when
//! dropped.

use std::collections::HashMap;

use bitcoin::key::{Keypair, Secp256k1};
use bitcoin::psbt::{GetKey, GetKeyError, KeyRequest};
use bitcoin::secp256k1::Signing;
use bitcoin::sighash::{Prevouts, SighashCache};
use bitcoin::{PrivateKey, Psbt, PublicKey, TapSighashType, TxOut, XOnlyPublicKey, taproot};
use bitcoin_rpc::descriptor::{Expander, Parsed};

use super::{SECP, grind};
use crate::Result;

/// The private keys of some scripts.
#[derive(Default)]
pub(crate) struct Signer {
    keys: HashMap<XOnlyPublicKey, PrivateKey>,
}

impl Signer {
    /// Adds the keys of a descriptor's scripts at a number.
    pub(crate) fn add(&mut self, private: &Parsed, number: u32) {
        let Some(descriptor) = private.all.first() else { return };
        let expander = Expander::new(descriptor, &private.keys, &SECP);
        // A number that has no keys has no scripts that anybody pays.
        let Ok(expanded) = expander.and_then(|expander| expander.at(number)) else { return };
        for key in expanded.keys {
            if let Some(mut secret) = key.secret {
                secret.compressed = key.public.compressed;
                self.keys.insert(key.public.inner.x_only_public_key().0, secret);
                secret.inner.non_secure_erase();
            }
        }
    }

    /// Signs the inputs that it has keys for. What cannot be signed stays as it is.
    pub(crate) fn sign(&self, psbt: &mut Psbt) {
        let before = grind::signatures(psbt);
        // An error says which inputs lack what; a PSBT of several parties always lacks something.
        let _ = psbt.sign(self, &SECP);
        grind::low_r(|key| self.key(key), psbt, &before);
        for index in 0..psbt.inputs.len() {
            if psbt.inputs[index].tap_key_sig.is_none()
                && let Some(signature) = self.sign_output_key(psbt, index)
            {
                psbt.inputs[index].tap_key_sig = Some(signature);
            }
        }
    }

    /// The signature of an input whose output key is no other key with a tweak, as in `rawtr`, which the library
    /// leaves out.
    fn sign_output_key(&self, psbt: &Psbt, index: usize) -> Option<taproot::Signature> {
        let coins: Option<Vec<TxOut>> = psbt.iter_funding_utxos().map(|coin| coin.ok().cloned()).collect();
        let coins = coins?;
        let script = &coins.get(index)?.script_pubkey;
        let output_key = XOnlyPublicKey::from_slice(script.as_bytes().get(2..).filter(|_| script.is_p2tr())?);
        let mut secret = *self.keys.get(&output_key.ok()?)?;
        let asked = psbt.inputs[index].sighash_type;
        let sighash_type =
            asked.map_or(Some(TapSighashType::Default), |asked| asked.taproot_hash_ty().ok())?;
        let mut cache = SighashCache::new(&psbt.unsigned_tx);
        let hash = cache.taproot_key_spend_signature_hash(index, &Prevouts::All(&coins), sighash_type).ok();
        let signature = hash.map(|hash| {
            let mut pair = Keypair::from_secret_key(&*SECP, &secret.inner);
            let signature = SECP.sign_schnorr(&hash.into(), &pair);
            pair.non_secure_erase();
            taproot::Signature { signature, sighash_type }
        });
        secret.inner.non_secure_erase();
        signature
    }

    /// The private key of a public one.
    pub(crate) fn key(&self, public: &PublicKey) -> Option<PrivateKey> {
        let found = self.keys.get(&public.inner.x_only_public_key().0)?;
        (found.public_key(&SECP).inner == public.inner).then_some(*found)
    }
}

impl GetKey for Signer {
    type Error = GetKeyError;

    fn get_key<C: Signing>(
        &self,
        request: KeyRequest,
        _: &Secp256k1<C>,
    ) -> Result<Option<PrivateKey>, GetKeyError> {
        Ok(match request {
            KeyRequest::Pubkey(key) => self.key(&key),
            KeyRequest::XOnlyPubkey(key) => self.keys.get(&key).copied(),
            // Where a key comes from is what somebody says; the key itself is asked for next.
            _ => None,
        })
    }
}

impl Drop for Signer {
    fn drop(&mut self) {
        self.keys.values_mut().for_each(|key| key.inner.non_secure_erase());
    }
}
