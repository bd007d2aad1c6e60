//! What spends an output: Bitcoin Core's `ProduceSignature` over the fields of a PSBT.
//!
//! In: an output's script, the fields of the input that spends it, keys. Out: the input's final script and
//! witness if they can be made; the fields with more in them; and what is missing.
//!
//! Scripts of miniscript are that library's to satisfy. Its own finalizer tells neither what is missing nor
//! keeps what others put into an input, and takes other forms than Bitcoin Core.

use std::collections::BTreeMap;

use bitcoin::consensus::serialize;
use bitcoin::hashes::{Hash, hash160, ripemd160};
use bitcoin::key::{Keypair, TapTweak};
use bitcoin::psbt::Input;
use bitcoin::secp256k1::{self, All, Message, Parity, Secp256k1};
use bitcoin::sighash::{EcdsaSighashType, Prevouts, SighashCache, TapSighashType};
use bitcoin::taproot::{self, LeafVersion, TapLeafHash, TapTree};
use bitcoin::{
    Amount, PrivateKey, PublicKey, Script, ScriptBuf, Transaction, TxOut, Witness, XOnlyPublicKey, ecdsa,
};
use miniscript::miniscript::analyzable::ExtParams;
use miniscript::miniscript::decode::Terminal;
use miniscript::{FromStrKey, Miniscript, ScriptContext, Segwitv0, Tap};

use super::psbt_keys::{Keys, Taproot};
use super::psbt_satisfy::{Found, signers};
use super::script;
use super::signatures::push_all;

/// What an input lacks.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// Hashes of keys that are not known.
    pub(super) keys: Vec<hash160::Hash>,
    /// Hashes of keys that have not signed.
    pub(super) signatures: Vec<hash160::Hash>,
    pub(super) redeem_script: Option<hash160::Hash>,
    pub(super) witness_script: Option<[u8; 32]>,
}

/// Where signatures come from.
#[derive(Clone, Copy)]
pub(super) enum Signing<'a> {
    /// From nowhere: only what is known of the keys is wanted.
    None,
    /// All are there, of the usual length and without meaning; lock times have passed.
    Placeholders,
    /// From private keys.
    Private {
        tx: &'a Transaction,
        place: usize,
        value: Amount,
        /// As a number; 0 is taproot's default, and everything elsewhere.
        sighash: u8,
        /// What all inputs spend, which taproot's signatures are for.
        spent: Option<&'a [TxOut]>,
    },
}

/// Spends one output.
pub(super) struct Solver<'a> {
    secp: &'a Secp256k1<All>,
    keys: &'a Keys,
    signing: Signing<'a>,
    /// The fields of the input, also those of an output where it is paid to.
    pub(super) fields: Input,
    /// The scripts that a taproot output may be spent by.
    pub(super) tree: Option<TapTree>,
    pub(super) missing: Missing,
    /// Whether it is spent by a witness.
    pub(super) has_witness: bool,
}

/// Items of a stack.
type Stack = Vec<Vec<u8>>;

fn hash(bytes: &[u8]) -> hash160::Hash {
    hash160::Hash::hash(bytes)
}

fn array<const N: usize>(bytes: &[u8], from: usize) -> Option<[u8; N]> {
    bytes.get(from..from + N)?.try_into().ok()
}

/// A signature of 71 bytes with its type, as most are.
fn placeholder() -> Option<ecdsa::Signature> {
    let signature = secp256k1::ecdsa::Signature::from_compact(&[1; 64]).ok()?;
    Some(ecdsa::Signature { signature, sighash_type: EcdsaSighashType::All })
}

impl<'a> Solver<'a> {
    pub(super) fn new(secp: &'a Secp256k1<All>, keys: &'a Keys, signing: Signing<'a>, fields: Input) -> Self {
        let missing = Missing::default();
        Solver { secp, keys, signing, fields, tree: None, missing, has_witness: false }
    }

    /// The final script and witness, which still may be wrong, for instance for a wrong signature.
    pub(super) fn solve(&mut self, output: &Script) -> Option<(ScriptBuf, Witness)> {
        if !output.is_p2sh() {
            return self.solve_inner(output);
        }
        let hash = hash160::Hash::from_byte_array(array(output.as_bytes(), 2)?);
        let Some(redeem) = self.script(&hash) else {
            self.missing.redeem_script = Some(hash);
            return None;
        };
        self.fields.redeem_script = Some(redeem.clone());
        // A script hash in a script hash has no meaning, nor has taproot.
        if redeem.is_p2sh() || redeem.is_p2tr() {
            return None;
        }
        let (script_sig, witness) = self.solve_inner(&redeem)?;
        let mut script = script_sig.into_bytes();
        script.extend(push_all(vec![redeem.into_bytes()]).into_bytes());
        Some((ScriptBuf::from_bytes(script), witness))
    }

    fn solve_inner(&mut self, output: &Script) -> Option<(ScriptBuf, Witness)> {
        let witness = |stack: Stack| (ScriptBuf::new(), Witness::from_slice(&stack));
        match script::kind(output) {
            "witness_v0_keyhash" => {
                self.has_witness = true;
                let code = output.p2wpkh_script_code()?;
                self.standard(&code, true).map(witness)
            }
            "witness_v0_scripthash" => {
                let program: [u8; 32] = array(output.as_bytes(), 2)?;
                let Some(code) = self
                    .script(&hash160::Hash::from_byte_array(ripemd160::Hash::hash(&program).to_byte_array()))
                else {
                    self.missing.witness_script = Some(program);
                    return None;
                };
                self.fields.witness_script = Some(code.clone());
                self.has_witness = true;
                let mut stack = match script::kind(&code) {
                    "multisig" => self.standard(&code, true)?,
                    _ => self.standard(&code, true).or_else(|| self.policy(&code))?,
                };
                stack.push(code.into_bytes());
                Some(witness(stack))
            }
            "witness_v1_taproot" => {
                self.has_witness = true;
                let key = XOnlyPublicKey::from_slice(output.as_bytes().get(2..)?).ok()?;
                self.taproot(key).map(witness)
            }
            "anchor" => Some(witness(Stack::new())),
            _ => Some((push_all(self.standard(output, false)?), Witness::new())),
        }
    }

    /// A script by its hash.
    fn script(&self, wanted: &hash160::Hash) -> Option<ScriptBuf> {
        let own = [&self.fields.redeem_script, &self.fields.witness_script];
        let own = || own.into_iter().flatten().find(|script| hash(script.as_bytes()) == *wanted);
        self.keys.script(wanted).or_else(own).cloned()
    }

    /// A key by its hash, or by that of its x-only form.
    fn public(&mut self, wanted: &hash160::Hash) -> Option<PublicKey> {
        let fields = &self.fields;
        let derived = fields.bip32_derivation.keys().map(|key| PublicKey::new(*key));
        let mut long = fields.partial_sigs.keys().copied().chain(derived);
        let mut x_only = fields.tap_key_origins.keys();
        let found = long
            .find(|key| hash(&key.to_bytes()) == *wanted)
            .or_else(|| {
                let key = x_only.find(|key| hash(&key.serialize()) == *wanted);
                key.map(|key| PublicKey::new(key.public_key(Parity::Even)))
            })
            .or_else(|| self.keys.public(wanted));
        if found.is_none() {
            self.missing.keys.push(*wanted);
        }
        found
    }

    /// What satisfies a script of a usual kind.
    fn standard(&mut self, code: &Script, segwit: bool) -> Option<Stack> {
        if let Some(key) = script::key(code) {
            return Some(vec![self.sign(key, code, segwit)?.to_vec()]);
        }
        if code.is_p2pkh() {
            let key = self.public(&hash160::Hash::from_byte_array(array(code.as_bytes(), 3)?))?;
            let signature = self.sign(&key.to_bytes(), code, segwit)?;
            return Some(vec![signature.to_vec(), key.to_bytes()]);
        }
        let (needed, keys) = script::multisig(code)?;
        // All that can sign do, so that others have a choice.
        let made: Vec<_> = keys.into_iter().filter_map(|key| self.sign(key, code, segwit)).collect();
        let needed = usize::try_from(needed).ok()?;
        let signatures = made.get(..needed)?.iter().map(|signature| signature.to_vec());
        Some(std::iter::once(Vec::new()).chain(signatures).collect())
    }

    /// What satisfies a script of miniscript.
    fn policy(&mut self, code: &Script) -> Option<Stack> {
        let policy = Miniscript::<PublicKey, Segwitv0>::parse_with_ext(code, &ExtParams::allow_all()).ok()?;
        let policy = self.with_keys(policy, |key| key.compressed.then(|| key.to_string()))?;
        for key in signers(&policy) {
            self.sign(&key.to_bytes(), code, true);
        }
        policy.satisfy(self.satisfier()).ok()
    }

    /// The signature of a key, which is noted as missing if there is none.
    fn sign(&mut self, bytes: &[u8], code: &Script, segwit: bool) -> Option<ecdsa::Signature> {
        let made = PublicKey::from_slice(bytes).ok().and_then(|key| {
            if let Some(signature) = self.fields.partial_sigs.get(&key) {
                return Some(*signature);
            }
            // The library keeps no long keys here.
            if let Some(origin) = self.keys.origin(&key).filter(|_| key.compressed) {
                self.fields.bip32_derivation.entry(key.inner).or_insert_with(|| origin.clone());
            }
            let signature = self.make(&key, code, segwit)?;
            self.fields.partial_sigs.insert(key, signature);
            Some(signature)
        });
        if made.is_none() {
            self.missing.signatures.push(hash(bytes));
        }
        made
    }

    fn make(&self, key: &PublicKey, code: &Script, segwit: bool) -> Option<ecdsa::Signature> {
        let (tx, place, value, sighash) = match self.signing {
            Signing::None => return None,
            Signing::Placeholders => return placeholder(),
            Signing::Private { tx, place, value, sighash, .. } => (tx, place, value, sighash.max(1)),
        };
        // Segregated witness has no place for long keys.
        let private = self.keys.private(key).filter(|key| key.compressed || !segwit)?;
        let sighash_type = EcdsaSighashType::from_standard(sighash.into()).ok()?;
        let mut cache = SighashCache::new(tx);
        let digest = match segwit {
            true => cache.p2wsh_signature_hash(place, code, value, sighash_type).ok()?.to_byte_array(),
            false => cache.legacy_signature_hash(place, code, sighash.into()).ok()?.to_byte_array(),
        };
        let signature = self.secp.sign_ecdsa_low_r(&Message::from_digest(digest), &private.inner);
        Some(ecdsa::Signature { signature, sighash_type })
    }

    fn taproot(&mut self, output_key: XOnlyPublicKey) -> Option<Stack> {
        if let Some(known) = self.keys.taproot(output_key).cloned() {
            self.add_taproot(known);
        }
        for key in self.fields.tap_internal_key.into_iter().chain([output_key]) {
            if let Some(origin) = self.keys.x_only_origin(key) {
                let fresh = || (Vec::new(), origin.clone());
                self.fields.tap_key_origins.entry(key).or_insert_with(fresh);
            }
        }
        if self.fields.tap_key_sig.is_none() {
            let inner = self.fields.tap_internal_key;
            let root = self.fields.tap_merkle_root;
            let tweaked = |pair: Keypair| pair.tap_tweak(self.secp, root).to_keypair();
            let inner = inner.and_then(|key| self.make_schnorr(key, None, tweaked));
            self.fields.tap_key_sig = inner.or_else(|| self.make_schnorr(output_key, None, |pair| pair));
        }
        if let Some(signature) = &self.fields.tap_key_sig {
            return Some(vec![signature.to_vec()]);
        }
        let mut scripts: BTreeMap<(Vec<u8>, LeafVersion), Vec<u8>> = BTreeMap::new();
        for (proof, (script, version)) in &self.fields.tap_scripts {
            let proof = proof.serialize();
            let best = scripts.entry((script.to_bytes(), *version)).or_insert_with(|| proof.clone());
            if (proof.len(), &proof) < (best.len(), best) {
                *best = proof;
            }
        }
        let mut smallest: Option<Stack> = None;
        for ((script, version), proof) in scripts {
            if version != LeafVersion::TapScript {
                continue;
            }
            let Some(mut stack) = self.leaf(Script::from_bytes(&script), version) else { continue };
            stack.extend([script, proof]);
            if smallest.as_ref().is_none_or(|best| serialize(&stack).len() < serialize(best).len()) {
                smallest = Some(stack);
            }
        }
        smallest
    }

    /// Adds how a taproot output is made; what is there already stays.
    pub(super) fn add_taproot(&mut self, known: Taproot) {
        let (root, leaves) = known.leaves(self.secp);
        let fields = &mut self.fields;
        fields.tap_internal_key = fields.tap_internal_key.or(Some(known.internal_key));
        fields.tap_merkle_root = fields.tap_merkle_root.or(root);
        for (proof, leaf) in leaves {
            fields.tap_scripts.entry(proof).or_insert(leaf);
        }
        self.tree = known.tree;
    }

    /// What satisfies a script of a taproot output.
    fn leaf(&mut self, code: &Script, version: LeafVersion) -> Option<Stack> {
        let leaf = TapLeafHash::from_script(code, version);
        let policy = Miniscript::<XOnlyPublicKey, Tap>::parse_with_ext(code, &ExtParams::allow_all()).ok()?;
        let policy = self.with_keys(policy, |key| Some(key.inner.x_only_public_key().0.to_string()))?;
        for key in signers(&policy) {
            if let Some(origin) = self.keys.x_only_origin(key) {
                let fresh = || (Vec::new(), origin.clone());
                let (leaves, _) = self.fields.tap_key_origins.entry(key).or_insert_with(fresh);
                if let Err(place) = leaves.binary_search(&leaf) {
                    leaves.insert(place, leaf);
                }
            }
            if !self.fields.tap_script_sigs.contains_key(&(key, leaf))
                && let Some(signature) = self.make_schnorr(key, Some(leaf), |pair| pair)
            {
                self.fields.tap_script_sigs.insert((key, leaf), signature);
            }
        }
        policy.satisfy(self.satisfier()).ok()
    }

    fn make_schnorr(
        &self,
        key: XOnlyPublicKey,
        leaf: Option<TapLeafHash>,
        tweak: impl FnOnce(Keypair) -> Keypair,
    ) -> Option<taproot::Signature> {
        let (tx, place, spent, sighash) = match self.signing {
            Signing::None => return None,
            Signing::Placeholders => {
                let signature = secp256k1::schnorr::Signature::from_slice(&[0; 64]).ok()?;
                return Some(taproot::Signature { signature, sighash_type: TapSighashType::Default });
            }
            Signing::Private { tx, place, spent, sighash, .. } => (tx, place, spent?, sighash),
        };
        let private: &PrivateKey = self.keys.x_only_private(key)?;
        let sighash_type = TapSighashType::from_consensus_u8(sighash).ok()?;
        let (mut cache, spent) = (SighashCache::new(tx), Prevouts::All(spent));
        let digest = match leaf {
            Some(leaf) => cache.taproot_script_spend_signature_hash(place, &spent, leaf, sighash_type),
            None => cache.taproot_key_spend_signature_hash(place, &spent, sighash_type),
        };
        let message = Message::from_digest(digest.ok()?.to_byte_array());
        let pair = tweak(Keypair::from_secret_key(self.secp, &private.inner));
        // Bitcoin Core adds no randomness here either.
        let signature = self.secp.sign_schnorr_with_aux_rand(&message, &pair, &[0; 32]);
        Some(taproot::Signature { signature, sighash_type })
    }

    /// A script with the keys that it names by their hashes; none if one of them is not known.
    fn with_keys<Ctx: ScriptContext>(
        &mut self,
        policy: Miniscript<Ctx::Key, Ctx>,
        name: impl Fn(PublicKey) -> Option<String>,
    ) -> Option<Miniscript<Ctx::Key, Ctx>>
    where
        Ctx::Key: FromStrKey,
    {
        let hashes = policy.iter().filter_map(|node| match node.as_inner() {
            Terminal::RawPkH(hash) => Some(*hash),
            _ => None,
        });
        let hashes: Vec<_> = hashes.collect();
        if hashes.is_empty() {
            return Some(policy);
        }
        // The library would put keys in no deeper than at the top, and finds hashed keys of taproot wrongly.
        let mut text = policy.to_string();
        // Bitcoin Core reads scripts from their ends.
        for hash in hashes.into_iter().rev() {
            let key = name(self.public(&hash)?)?;
            text = text.replace(&format!("expr_raw_pkh({hash})"), &format!("pkh({key})"));
            text = text.replace(&format!("expr_raw_pk_h({hash})"), &format!("pk_h({key})"));
        }
        Miniscript::from_str_ext(&text, &ExtParams::allow_all()).ok()
    }

    fn satisfier(&self) -> Found<'_> {
        let locks = match self.signing {
            Signing::Private { tx, place, .. } => Some((tx, tx.input[place].sequence)),
            Signing::None | Signing::Placeholders => None,
        };
        Found { fields: &self.fields, locks, passed: matches!(self.signing, Signing::Placeholders) }
    }
}

#[cfg(test)]
mod tests;
