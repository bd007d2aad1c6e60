//! What satisfies scripts of miniscript: signatures and preimages that are known, and lock times.
//!
//! In: the fields of an input. Out: what miniscript asks for.

use bitcoin::hashes::{Hash, sha256, sha256d};
use bitcoin::psbt::Input;
use bitcoin::taproot::{self, TapLeafHash};
use bitcoin::{Sequence, Transaction, absolute, ecdsa, relative, transaction};
use miniscript::miniscript::decode::Terminal;
use miniscript::{Miniscript, MiniscriptKey, Preimage32, Satisfier, ScriptContext, ToPublicKey};

/// The keys of a script, in the order in which Bitcoin Core asks for signatures.
pub(super) fn signers<Pk: MiniscriptKey, Ctx: ScriptContext>(policy: &Miniscript<Pk, Ctx>) -> Vec<Pk> {
    let keys = |node: &Miniscript<Pk, Ctx>| match node.as_inner() {
        Terminal::PkK(key) | Terminal::PkH(key) => vec![key.clone()],
        Terminal::Multi(several) => several.iter().cloned().collect(),
        Terminal::MultiA(several) => several.iter().rev().cloned().collect(),
        _ => Vec::new(),
    };
    policy.iter().flat_map(keys).collect()
}

/// What a script of miniscript may be satisfied with.
pub(super) struct Found<'a> {
    pub(super) fields: &'a Input,
    /// The transaction, and the input's number.
    pub(super) locks: Option<(&'a Transaction, Sequence)>,
    /// Whether all lock times have passed.
    pub(super) passed: bool,
}

fn preimage(bytes: Option<&Vec<u8>>) -> Option<Preimage32> {
    bytes?.as_slice().try_into().ok()
}

impl<Pk: MiniscriptKey + ToPublicKey> Satisfier<Pk> for Found<'_> {
    fn lookup_ecdsa_sig(&self, key: &Pk) -> Option<ecdsa::Signature> {
        self.fields.partial_sigs.get(&key.to_public_key()).copied()
    }

    fn lookup_tap_leaf_script_sig(&self, key: &Pk, leaf: &TapLeafHash) -> Option<taproot::Signature> {
        self.fields.tap_script_sigs.get(&(key.to_x_only_pubkey(), *leaf)).copied()
    }

    fn lookup_sha256(&self, hash: &Pk::Sha256) -> Option<Preimage32> {
        let hash: sha256::Hash = Pk::to_sha256(hash);
        preimage(self.fields.sha256_preimages.get(&hash))
    }

    fn lookup_hash256(&self, hash: &Pk::Hash256) -> Option<Preimage32> {
        let hash = sha256d::Hash::from_byte_array(Pk::to_hash256(hash).to_byte_array());
        preimage(self.fields.hash256_preimages.get(&hash))
    }

    fn lookup_ripemd160(&self, hash: &Pk::Ripemd160) -> Option<Preimage32> {
        preimage(self.fields.ripemd160_preimages.get(&Pk::to_ripemd160(hash)))
    }

    fn lookup_hash160(&self, hash: &Pk::Hash160) -> Option<Preimage32> {
        preimage(self.fields.hash160_preimages.get(&Pk::to_hash160(hash)))
    }

    fn check_older(&self, wanted: relative::LockTime) -> bool {
        let implied = |(tx, sequence): (&Transaction, Sequence)| {
            let locked = sequence.to_relative_lock_time().filter(|_| tx.version >= transaction::Version::TWO);
            locked.is_some_and(|locked| wanted.is_implied_by(locked))
        };
        self.passed || self.locks.is_some_and(implied)
    }

    fn check_after(&self, wanted: absolute::LockTime) -> bool {
        let implied = |(tx, sequence): (&Transaction, Sequence)| {
            sequence.enables_absolute_lock_time() && wanted.is_implied_by(tx.lock_time)
        };
        self.passed || self.locks.is_some_and(implied)
    }
}
