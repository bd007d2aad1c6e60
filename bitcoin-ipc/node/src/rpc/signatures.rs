//! Signatures of inputs, and the scripts and witnesses that are made of them.
//!
//! In: transactions, the outputs that they spend, and keys. Out: inputs with as many signatures as there
//! are, put together as Bitcoin Core's `ProduceSignature` does.

use std::collections::BTreeMap;

use bitcoin::ecdsa;
use bitcoin::hashes::Hash;
use bitcoin::key::{Keypair, PubkeyHash};
use bitcoin::script::{Builder, Instruction, PushBytesBuf};
use bitcoin::secp256k1::{All, Message, Secp256k1};
use bitcoin::sighash::{EcdsaSighashType, Prevouts, SighashCache, TapSighashType};
use bitcoin::{
    PrivateKey, PublicKey, Script, ScriptBuf, Transaction, TxIn, TxOut, Witness, absolute, taproot,
};
use bitcoin_rpc::prevouts::Prevout;
use miniscript::{Miniscript, Segwitv0};

use super::script;

/// What an input's output wants in the end.
enum Wanted {
    Key(PublicKey),
    Hash(PubkeyHash),
    /// So many signatures of these keys.
    Several(usize, Vec<PublicKey>),
    /// Whatever satisfies this.
    Policy(Miniscript<PublicKey, Segwitv0>),
    /// Nothing that can be signed here.
    Unknown,
}

/// How an output is spent: through which scripts, and what the innermost of them wants.
struct Form {
    redeem: Option<ScriptBuf>,
    /// The witness script, if that is another than the one of a key's hash.
    witness: Option<ScriptBuf>,
    segwit: bool,
    /// What signatures sign; `None` if a script is missing.
    code: Option<ScriptBuf>,
    wanted: Wanted,
}

fn wanted(code: &Script, segwit: bool) -> Wanted {
    if let Some(key) = script::key(code).and_then(|key| PublicKey::from_slice(key).ok()) {
        return Wanted::Key(key);
    }
    if let Some(hash) = code.is_p2pkh().then(|| code.as_bytes().get(3..23)).flatten()
        && let Ok(hash) = PubkeyHash::from_slice(hash)
    {
        return Wanted::Hash(hash);
    }
    if let Some((needed, keys)) = script::multisig(code) {
        let keys = keys.into_iter().filter_map(|key| PublicKey::from_slice(key).ok()).collect();
        return Wanted::Several(usize::try_from(needed).unwrap_or(usize::MAX), keys);
    }
    match Miniscript::parse(code) {
        Ok(policy) if segwit => Wanted::Policy(policy),
        _ => Wanted::Unknown,
    }
}

impl Form {
    fn of(output: &Script, scripts: &[ScriptBuf]) -> Self {
        let mut form =
            Form { redeem: None, witness: None, segwit: false, code: None, wanted: Wanted::Unknown };
        let mut outer = output;
        if outer.is_p2sh() {
            let Some(redeem) = scripts.iter().find(|script| *script.to_p2sh() == *outer) else { return form };
            form.redeem = Some(redeem.clone());
            outer = redeem;
        }
        form.segwit = outer.is_witness_program();
        form.code = if outer.is_p2wpkh() {
            outer.p2wpkh_script_code()
        } else if outer.is_p2wsh() {
            form.witness = scripts.iter().find(|script| *script.to_p2wsh() == *outer).cloned();
            form.witness.clone()
        } else {
            (!form.segwit && !outer.is_p2sh()).then(|| outer.to_owned())
        };
        form.wanted = form.code.as_ref().map_or(Wanted::Unknown, |code| wanted(code, form.segwit));
        form
    }

    /// What a signature for an input signs.
    fn digest(&self, tx: &Transaction, place: usize, value: bitcoin::Amount, sighash: u8) -> Option<Message> {
        let (code, cache) = (self.code.as_ref()?, &mut SighashCache::new(tx));
        if self.segwit {
            let sighash = EcdsaSighashType::from_standard(sighash.into()).ok()?;
            let digest = cache.p2wsh_signature_hash(place, code, value, sighash).ok()?;
            return Some(Message::from_digest(digest.to_byte_array()));
        }
        let digest = cache.legacy_signature_hash(place, code, sighash.into()).ok()?;
        Some(Message::from_digest(digest.to_byte_array()))
    }
}

/// Signatures by the keys that made them.
pub(super) type Signatures = BTreeMap<PublicKey, ecdsa::Signature>;

fn pushes(script: &Script) -> Vec<Vec<u8>> {
    let push = |instruction: Instruction<'_>| instruction.push_bytes().map(|push| push.as_bytes().to_vec());
    script.instructions().map_while(|instruction| push(instruction.ok()?)).collect()
}

/// Scripts that an input brings along: the last pushes of its script and of its witness.
pub(super) fn scripts_of(input: &TxIn) -> Vec<ScriptBuf> {
    let last = [pushes(&input.script_sig).pop(), input.witness.last().map(<[u8]>::to_vec)];
    last.into_iter().flatten().filter(|script| !script.is_empty()).map(ScriptBuf::from_bytes).collect()
}

/// Signatures for several keys that an input has and that are right.
pub(super) fn signatures_of(
    secp: &Secp256k1<All>,
    tx: &Transaction,
    place: usize,
    prevout: &Prevout,
) -> Signatures {
    let form = Form::of(&prevout.output.script_pubkey, &prevout.scripts);
    let Wanted::Several(_, keys) = &form.wanted else { return Signatures::new() };
    let input = &tx.input[place];
    let items = match form.segwit {
        true => input.witness.iter().map(<[u8]>::to_vec).collect(),
        false => pushes(&input.script_sig),
    };
    let mut found = Signatures::new();
    for signature in items.iter().filter_map(|item| ecdsa::Signature::from_slice(item).ok()) {
        let sighash = u8::try_from(signature.sighash_type.to_u32()).unwrap_or(0);
        let Some(digest) = form.digest(tx, place, prevout.output.value, sighash) else { continue };
        let signs = |key: &&PublicKey| secp.verify_ecdsa(&digest, &signature.signature, &key.inner).is_ok();
        if let Some(key) = keys.iter().find(signs) {
            found.insert(*key, signature);
        }
    }
    found
}

/// Keys, and what they sign.
pub(super) struct Signer<'a> {
    pub(super) secp: &'a Secp256k1<All>,
    pub(super) keys: BTreeMap<PublicKey, PrivateKey>,
    /// As a number; 0 is the default of taproot and everything elsewhere.
    pub(super) sighash: u8,
}

impl Signer<'_> {
    /// Adds the signatures that the keys can make.
    pub(super) fn sign(&self, tx: &Transaction, place: usize, prevout: &Prevout, known: &mut Signatures) {
        let form = Form::of(&prevout.output.script_pubkey, &prevout.scripts);
        let sighash = if self.sighash == 0 { 1 } else { self.sighash };
        let Ok(sighash_type) = EcdsaSighashType::from_standard(sighash.into()) else { return };
        let Some(digest) = form.digest(tx, place, prevout.output.value, sighash) else { return };
        for (key, secret) in &self.keys {
            let wanted = match &form.wanted {
                Wanted::Key(wanted) => wanted == key,
                Wanted::Hash(hash) => *hash == key.pubkey_hash(),
                Wanted::Several(_, keys) => keys.contains(key),
                Wanted::Policy(policy) => policy.iter_pk().any(|wanted| wanted == *key),
                Wanted::Unknown => false,
            };
            // Segregated witness has no place for long keys.
            if wanted && (key.compressed || !form.segwit) && !known.contains_key(key) {
                let signature = self.secp.sign_ecdsa_low_r(&digest, &secret.inner);
                known.insert(*key, ecdsa::Signature { signature, sighash_type });
            }
        }
    }

    /// The witness of a taproot output whose key is one of the keys as it is.
    pub(super) fn sign_taproot(&self, tx: &Transaction, place: usize, spent: &[TxOut]) -> Option<Witness> {
        let output = &spent.get(place)?.script_pubkey;
        let wanted = output.is_p2tr().then(|| &output.as_bytes()[2..])?;
        let is_wanted = |key: &&PublicKey| key.inner.x_only_public_key().0.serialize() == *wanted;
        let secret = self.keys.iter().find(|(key, _)| is_wanted(key)).map(|(_, secret)| secret)?;
        let sighash_type = TapSighashType::from_consensus_u8(self.sighash).ok()?;
        let mut cache = SighashCache::new(tx);
        let digest =
            cache.taproot_key_spend_signature_hash(place, &Prevouts::All(spent), sighash_type).ok()?;
        let pair = Keypair::from_secret_key(self.secp, &secret.inner);
        let message = Message::from_digest(digest.to_byte_array());
        // Bitcoin Core adds no randomness here either.
        let signature = self.secp.sign_schnorr_with_aux_rand(&message, &pair, &[0; 32]);
        Some(Witness::from_slice(&[taproot::Signature { signature, sighash_type }.to_vec()]))
    }
}

/// A stack for several keys: nothing, the signatures in the order of keys, and filling up.
fn stack_of_several(needed: usize, keys: &[PublicKey], known: &Signatures) -> Vec<Vec<u8>> {
    let signatures = keys.iter().filter_map(|key| known.get(key)).map(|signature| signature.to_vec());
    let mut stack: Vec<Vec<u8>> = std::iter::once(Vec::new()).chain(signatures.take(needed)).collect();
    // Half of what is missing, as in Bitcoin Core, whose loop counts both its steps and the stack.
    let missing = (needed + 1).saturating_sub(stack.len());
    stack.resize(stack.len() + missing.div_ceil(2), Vec::new());
    stack
}

fn stack(form: &Form, known: &Signatures, input: &TxIn, lock_time: absolute::LockTime) -> Vec<Vec<u8>> {
    match &form.wanted {
        Wanted::Key(key) => known.get(key).map(|signature| signature.to_vec()).into_iter().collect(),
        Wanted::Hash(hash) => {
            let found = known.iter().find(|(key, _)| key.pubkey_hash() == *hash);
            found.map_or_else(Vec::new, |(key, signature)| vec![signature.to_vec(), key.to_bytes()])
        }
        Wanted::Several(needed, keys) => stack_of_several(*needed, keys, known),
        Wanted::Policy(policy) => policy.satisfy((known, input.sequence, lock_time)).unwrap_or_default(),
        Wanted::Unknown => Vec::new(),
    }
}

/// A script that pushes these items, each in the shortest form.
pub(super) fn push_all(items: Vec<Vec<u8>>) -> ScriptBuf {
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

/// Puts into an input what spends its output, as far as it is known.
pub(super) fn put_together(
    input: &mut TxIn,
    prevout: &Prevout,
    known: &Signatures,
    lock_time: absolute::LockTime,
) {
    let form = Form::of(&prevout.output.script_pubkey, &prevout.scripts);
    let mut items = stack(&form, known, input, lock_time);
    let mut witness = Witness::new();
    if form.segwit {
        items.extend(form.witness.map(ScriptBuf::into_bytes));
        witness = Witness::from_slice(&std::mem::take(&mut items));
    }
    items.extend(form.redeem.map(ScriptBuf::into_bytes));
    (input.script_sig, input.witness) = (push_all(items), witness);
}

/// Why an input with these signatures is not valid, in the words of Bitcoin Core's script errors.
pub(super) fn why_invalid(input: &TxIn, output: &TxOut, known: &Signatures) -> &'static str {
    const MISSING: &str = "Unable to sign input, invalid stack size (possibly missing key)";
    const EMPTY: &str = "Witness program was passed an empty witness";
    let output = &output.script_pubkey;
    let form = Form::of(output, &scripts_of(input));
    match &form.wanted {
        Wanted::Several(needed, keys) => match stack_of_several(*needed, keys, known).len() {
            length if length <= *needed => MISSING,
            _ if known.is_empty() => {
                "Script evaluated without error but finished with a false/empty top stack element"
            }
            _ => "CHECK(MULTI)SIG failing with non-zero signature (possibly need more signatures)",
        },
        Wanted::Hash(_) if form.segwit && known.is_empty() => "Witness program hash mismatch",
        Wanted::Policy(_) => MISSING,
        Wanted::Key(_) | Wanted::Hash(_) if known.is_empty() => MISSING,
        _ if output.is_p2sh() && form.redeem.is_none() => MISSING,
        _ if form.segwit && form.code.is_none() => EMPTY,
        _ => "unknown error",
    }
}
