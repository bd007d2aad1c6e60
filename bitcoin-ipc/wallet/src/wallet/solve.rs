//! What coins of others take to be spent, as far as a user tells: Bitcoin Core's `solving_data`.
//!
//! In: keys, scripts, descriptors' outputs. Out: what an input weighs that spends a script; its signatures may
//! have a high R, as others make them.

use std::collections::HashMap;

use bdk_wallet::miniscript::{Descriptor, Miniscript, Segwitv0};
use bitcoin::hashes::{Hash as _, hash160, ripemd160};
use bitcoin::{PublicKey, Script, ScriptBuf};

use super::weights::{InputWeight, TAPROOT_SIGNATURE, of_foreign};

/// A signature with its type and what pushes it, in bytes.
const SIGNATURE: u64 = 73;

/// Keys and scripts that outputs are hashes of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Solving {
    keys: HashMap<hash160::Hash, PublicKey>,
    scripts: HashMap<hash160::Hash, ScriptBuf>,
    known: HashMap<ScriptBuf, InputWeight>,
}

impl Solving {
    /// Adds a key, and the script of its hash.
    pub(crate) fn add_key(&mut self, key: PublicKey) {
        self.keys.insert(hash160::Hash::hash(&key.to_bytes()), key);
        if let Ok(hash) = key.wpubkey_hash() {
            self.add_script(ScriptBuf::new_p2wpkh(&hash));
        }
    }

    pub(crate) fn add_script(&mut self, script: ScriptBuf) {
        self.scripts.insert(hash160::Hash::hash(script.as_bytes()), script);
    }

    /// Adds an output that says itself how it is spent.
    pub(crate) fn add_descriptor(&mut self, descriptor: &Descriptor<PublicKey>) {
        if let Some(weight) = of_foreign(descriptor) {
            self.known.insert(descriptor.script_pubkey(), weight);
        }
    }

    fn script(&self, hash: &[u8]) -> Option<&ScriptBuf> {
        self.scripts.get(&hash160::Hash::from_slice(hash).ok()?)
    }

    /// The bytes of a key and what pushes it.
    fn key(&self, hash: &[u8]) -> Option<u64> {
        let key = self.keys.get(&hash160::Hash::from_slice(hash).ok()?)?;
        Some(if key.compressed { 34 } else { 66 })
    }

    /// What an input weighs that spends a script; `None` if that takes what nobody told.
    pub(crate) fn weight(&self, script: &Script) -> Option<InputWeight> {
        if let Some(weight) = self.known.get(script) {
            return Some(*weight);
        }
        let bytes = script.as_bytes();
        if script.is_p2tr() {
            return Some(InputWeight::segwit(TAPROOT_SIGNATURE));
        }
        if script.is_p2wpkh() {
            return Some(InputWeight::segwit(SIGNATURE + self.key(&bytes[2..])?));
        }
        if script.is_p2wsh() {
            let inner = self.script(ripemd160::Hash::hash(&bytes[2..]).as_byte_array())?;
            return Some(InputWeight::segwit(self.satisfaction(inner)? + witness_script(inner)));
        }
        if script.is_p2sh() {
            let inner = self.script(&bytes[2..22])?;
            if inner.is_witness_program() {
                let mut weight = self.weight(inner)?;
                weight.weight += push(inner) * 4;
                return Some(weight);
            }
            return Some(InputWeight::legacy_of(self.satisfaction(inner)? + push(inner)));
        }
        Some(InputWeight::legacy_of(self.satisfaction(script)?))
    }

    /// The bytes that satisfy a script.
    fn satisfaction(&self, script: &Script) -> Option<u64> {
        let bytes = script.as_bytes();
        if script.is_p2pk() {
            return Some(SIGNATURE);
        }
        if script.is_p2pkh() {
            return Some(SIGNATURE + self.key(&bytes[3..23])?);
        }
        if script.is_multisig() {
            let needed = u64::from(bytes.first()?.checked_sub(0x50)?);
            return Some(1 + SIGNATURE * needed);
        }
        let script = Miniscript::<PublicKey, Segwitv0>::parse(script).ok()?;
        u64::try_from(script.max_satisfaction_size().ok()?).ok()
    }
}

fn length(script: &Script) -> u64 {
    u64::try_from(script.len()).unwrap_or(u64::MAX / 8)
}

/// The bytes of a script that another script pushes.
fn push(script: &Script) -> u64 {
    let length = length(script);
    length
        + match length {
            0..=75 => 1,
            76..=255 => 2,
            _ => 3,
        }
}

/// The bytes of a script in a witness.
fn witness_script(script: &Script) -> u64 {
    let length = length(script);
    length + if length < 253 { 1 } else { 3 }
}
