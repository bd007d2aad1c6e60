//! What spends an output: Bitcoin Core's `ProduceSignature`.
//!
//! In: an output's script, what is known of the input that spends it, keys and scripts. Out: the input's script and
//! witness as far as they can be made; more that is known; and what is missing.
//!
//! Scripts of miniscript are that library's to satisfy. Its own finalizer tells neither what is missing nor
//! keeps what others put into an input, and takes other forms than Bitcoin Core.

use std::collections::BTreeMap;

use bitcoin::consensus::serialize;
use bitcoin::hashes::{Hash, hash160, ripemd160};
use bitcoin::key::{Keypair, TapTweak};
use bitcoin::script::{Builder, Instruction, PushBytesBuf};
use bitcoin::secp256k1::Parity;
use bitcoin::taproot::{LeafVersion, TapLeafHash};
use bitcoin::{PublicKey, Script, ScriptBuf, Witness, XOnlyPublicKey, ecdsa};
use miniscript::miniscript::analyzable::ExtParams;
use miniscript::miniscript::decode::Terminal;
use miniscript::{FromStrKey, Miniscript, ScriptContext, Segwitv0, Tap};

use super::satisfy::{Found, signers};
use super::{FlatSigningProvider, SECP, SignatureCreator, SignatureData};
use crate::script;

/// Puts the script and the witness together that spend an output, with signatures that are known or that the creator
/// makes, as far as that goes. Whether everything was there; something still may be wrong, for instance a signature.
pub fn produce_signature(
    provider: &FlatSigningProvider,
    creator: SignatureCreator<'_>,
    output: &Script,
    data: &mut SignatureData,
) -> bool {
    (data.script_sig, data.script_witness) = (ScriptBuf::new(), Witness::new());
    let (stack, solved) = match (Solver { provider, creator, data }).solve(output) {
        Ok(stack) => (stack, true),
        Err(stack) => (stack, false),
    };
    data.script_sig = push_all(stack);
    solved
}

/// Items of a stack.
type Stack = Vec<Vec<u8>>;

/// A stack with everything that is needed, or with what there is of it.
type Solved = Result<Stack, Stack>;

/// Spends one output.
struct Solver<'a> {
    provider: &'a FlatSigningProvider,
    creator: SignatureCreator<'a>,
    data: &'a mut SignatureData,
}

fn hash(bytes: &[u8]) -> hash160::Hash {
    hash160::Hash::hash(bytes)
}

fn array<const N: usize>(bytes: &[u8], from: usize) -> Option<[u8; N]> {
    bytes.get(from..from + N)?.try_into().ok()
}

/// A script that pushes these items, each in the shortest form.
fn push_all(items: Stack) -> ScriptBuf {
    let push = |builder: Builder, item: Vec<u8>| match item.as_slice() {
        [number @ 1..=16] => builder.push_int((*number).into()),
        [0x81] => builder.push_int(-1),
        _ => match PushBytesBuf::try_from(item) {
            Ok(push) => builder.push_slice(push),
            Err(_) => builder,
        },
    };
    items.into_iter().fold(Builder::new(), push).into_script()
}

/// The first items that a script pushes, up to what is none.
pub(super) fn pushes(script: &Script) -> Stack {
    let push = |instruction: Instruction<'_>| instruction.push_bytes().map(|push| push.as_bytes().to_vec());
    script.instructions().map_while(|instruction| push(instruction.ok()?)).collect()
}

impl Solver<'_> {
    /// What the input's script pushes.
    fn solve(&mut self, output: &Script) -> Solved {
        if !output.is_p2sh() {
            return self.solve_inner(output);
        }
        let hash = hash160::Hash::from_byte_array(array(output.as_bytes(), 2).ok_or_else(Stack::new)?);
        let Some(redeem) = self.script(&hash) else {
            self.data.missing.redeem_script = Some(hash);
            return Err(Stack::new());
        };
        self.data.fields.redeem_script = Some(redeem.clone());
        // A script hash in a script hash has no meaning, nor has taproot.
        let solved = match redeem.is_p2sh() || redeem.is_p2tr() {
            true => Err(Stack::new()),
            false => self.solve_inner(&redeem),
        };
        let with = |mut stack: Stack| {
            stack.push(redeem.into_bytes());
            stack
        };
        match solved {
            Ok(stack) => Ok(with(stack)),
            Err(stack) => Err(with(stack)),
        }
    }

    fn solve_inner(&mut self, output: &Script) -> Solved {
        let solved = match script::kind(output) {
            "witness_v0_keyhash" => {
                self.data.witness = true;
                self.standard(&output.p2wpkh_script_code().ok_or_else(Stack::new)?, true)
            }
            "witness_v0_scripthash" => self.witness_script(output),
            "witness_v1_taproot" => {
                self.data.witness = true;
                let key = output.as_bytes().get(2..).and_then(|key| XOnlyPublicKey::from_slice(key).ok());
                key.and_then(|key| self.taproot(key)).ok_or_else(Stack::new)
            }
            "anchor" => return Ok(Stack::new()),
            _ => return self.standard(output, false),
        };
        let (Ok(stack) | Err(stack)) = &solved;
        self.data.script_witness = Witness::from_slice(stack);
        solved.map(|_| Stack::new()).map_err(|_| Stack::new())
    }

    fn witness_script(&mut self, output: &Script) -> Solved {
        let program: [u8; 32] = array(output.as_bytes(), 2).ok_or_else(Stack::new)?;
        let hash = hash160::Hash::from_byte_array(ripemd160::Hash::hash(&program).to_byte_array());
        let Some(code) = self.script(&hash) else {
            self.data.missing.witness_script = Some(program);
            return Err(Stack::new());
        };
        self.data.fields.witness_script = Some(code.clone());
        self.data.witness = true;
        let solved = match self.standard(&code, true) {
            Err(stack) if stack.is_empty() => self.policy(&code).ok_or(stack),
            solved => solved,
        };
        let with = |mut stack: Stack| {
            stack.push(code.into_bytes());
            stack
        };
        match solved {
            Ok(stack) => Ok(with(stack)),
            Err(stack) => Err(with(stack)),
        }
    }

    /// A script by its hash.
    fn script(&self, wanted: &hash160::Hash) -> Option<ScriptBuf> {
        let own = [&self.data.fields.redeem_script, &self.data.fields.witness_script];
        let own = || own.into_iter().flatten().find(|script| hash(script.as_bytes()) == *wanted);
        self.provider.script(wanted).or_else(own).cloned()
    }

    /// A key by its hash, or by that of its x-only form.
    fn public(&mut self, wanted: &hash160::Hash) -> Option<PublicKey> {
        let fields = &self.data.fields;
        let derived = fields.bip32_derivation.keys().map(|key| PublicKey::new(*key));
        let mut long = fields.partial_sigs.keys().copied().chain(derived);
        let mut x_only = fields.tap_key_origins.keys();
        let found = long
            .find(|key| hash(&key.to_bytes()) == *wanted)
            .or_else(|| {
                let key = x_only.find(|key| hash(&key.serialize()) == *wanted);
                key.map(|key| PublicKey::new(key.public_key(Parity::Even)))
            })
            .or_else(|| self.provider.public(wanted));
        if found.is_none() {
            self.data.missing.keys.push(*wanted);
        }
        found
    }

    /// What satisfies a script of a usual kind.
    fn standard(&mut self, code: &Script, segwit: bool) -> Solved {
        if let Some(key) = script::key(code) {
            let signature = self.sign(key, code, segwit).ok_or_else(Stack::new)?;
            return Ok(vec![signature.to_vec()]);
        }
        if code.is_p2pkh() {
            let hash = array(code.as_bytes(), 3).ok_or_else(Stack::new)?;
            let key = self.public(&hash160::Hash::from_byte_array(hash)).ok_or_else(Stack::new)?;
            let signature = self.sign(&key.to_bytes(), code, segwit).ok_or_else(Stack::new)?;
            return Ok(vec![signature.to_vec(), key.to_bytes()]);
        }
        let (needed, keys) = script::multisig(code).ok_or_else(Stack::new)?;
        let needed = usize::try_from(needed).map_err(|_| Stack::new())?;
        // All that can sign do, so that others have a choice.
        let made: Vec<_> = keys.into_iter().filter_map(|key| self.sign(key, code, segwit)).collect();
        let signatures = made.iter().take(needed).map(|signature| signature.to_vec());
        let mut stack: Stack = std::iter::once(Vec::new()).chain(signatures).collect();
        if made.len() >= needed {
            return Ok(stack);
        }
        // Half of what is missing, as in Bitcoin Core, whose loop counts both its steps and the stack.
        let missing = (needed + 1).saturating_sub(stack.len());
        stack.resize(stack.len() + missing.div_ceil(2), Vec::new());
        Err(stack)
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
            if let Some(signature) = self.data.fields.partial_sigs.get(&key) {
                return Some(*signature);
            }
            // The library keeps no long keys here.
            if let Some(origin) = self.provider.origin(&key).filter(|_| key.compressed) {
                self.data.fields.bip32_derivation.entry(key.inner).or_insert_with(|| origin.clone());
            }
            let signature = self.creator.ecdsa(self.provider, &key, code, segwit)?;
            self.data.fields.partial_sigs.insert(key, signature);
            Some(signature)
        });
        if made.is_none() {
            self.data.missing.signatures.push(hash(bytes));
        }
        made
    }

    fn taproot(&mut self, output_key: XOnlyPublicKey) -> Option<Stack> {
        if let Some(known) = self.provider.taproot(output_key).cloned() {
            self.data.add_taproot(known);
        }
        for key in self.data.fields.tap_internal_key.into_iter().chain([output_key]) {
            if let Some(origin) = self.provider.x_only_origin(key) {
                let fresh = || (Vec::new(), origin.clone());
                self.data.fields.tap_key_origins.entry(key).or_insert_with(fresh);
            }
        }
        if self.data.fields.tap_key_sig.is_none() {
            let inner = self.data.fields.tap_internal_key;
            let root = self.data.fields.tap_merkle_root;
            let tweaked = |pair: Keypair| pair.tap_tweak(&SECP, root).to_keypair();
            let inner = inner.and_then(|key| self.creator.schnorr(self.provider, key, None, tweaked));
            self.data.fields.tap_key_sig =
                inner.or_else(|| self.creator.schnorr(self.provider, output_key, None, |pair| pair));
        }
        if let Some(signature) = &self.data.fields.tap_key_sig {
            return Some(vec![signature.to_vec()]);
        }
        let mut scripts: BTreeMap<(Vec<u8>, LeafVersion), Vec<u8>> = BTreeMap::new();
        for (proof, (script, version)) in &self.data.fields.tap_scripts {
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

    /// What satisfies a script of a taproot output.
    fn leaf(&mut self, code: &Script, version: LeafVersion) -> Option<Stack> {
        let leaf = TapLeafHash::from_script(code, version);
        let policy = Miniscript::<XOnlyPublicKey, Tap>::parse_with_ext(code, &ExtParams::allow_all()).ok()?;
        let policy = self.with_keys(policy, |key| Some(key.inner.x_only_public_key().0.to_string()))?;
        for key in signers(&policy) {
            if let Some(origin) = self.provider.x_only_origin(key) {
                let fresh = || (Vec::new(), origin.clone());
                let (leaves, _) = self.data.fields.tap_key_origins.entry(key).or_insert_with(fresh);
                if let Err(place) = leaves.binary_search(&leaf) {
                    leaves.insert(place, leaf);
                }
            }
            if !self.data.fields.tap_script_sigs.contains_key(&(key, leaf))
                && let Some(signature) = self.creator.schnorr(self.provider, key, Some(leaf), |pair| pair)
            {
                self.data.fields.tap_script_sigs.insert((key, leaf), signature);
            }
        }
        policy.satisfy(self.satisfier()).ok()
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
        let passed = matches!(self.creator, SignatureCreator::Dummy);
        Found { fields: &self.data.fields, locks: self.creator.locks(), passed }
    }
}

#[cfg(test)]
mod tests;
