//! Inputs and outputs of PSBTs: what they spend, whether they are signed, and what can be added to them.
//!
//! In: PSBTs and keys. Out: the same PSBTs with more in them; Bitcoin Core's `SignPSBTInput`,
//! `PSBTInputSignedAndVerified` and `UpdatePSBTOutput`.

use bitcoin::psbt::{Input, PsbtSighashType};
use bitcoin::secp256k1::{All, Secp256k1};
use bitcoin::{ScriptBuf, TxOut, Witness};
use bitcoin_ipc::types::psbt::Psbt;
use bitcoin_rpc::psbt::is_final;

use super::error::Answer;
use super::header::broken;
use super::psbt_keys::{Keys, Taproot};
use super::psbt_solve::{Missing, Signing, Solver};
use super::script;
use crate::scripts;

/// The output that an input spends, if the PSBT has it and it is that output.
pub(super) fn utxo(psbt: &Psbt, place: usize) -> Option<TxOut> {
    let (input, spent) = (psbt.inputs.get(place)?, psbt.unsigned_tx.input.get(place)?.previous_output);
    let Some(whole) = &input.non_witness_utxo else { return input.witness_utxo.clone() };
    let output = whole.output.get(usize::try_from(spent.vout).ok()?)?;
    (whole.compute_txid() == spent.txid).then(|| output.clone())
}

/// What all inputs spend, if it is known of all.
pub(super) fn utxos(psbt: &Psbt) -> Option<Vec<TxOut>> {
    (0..psbt.inputs.len()).map(|place| utxo(psbt, place)).collect()
}

/// Whether what an input has lets it spend its output. Taproot needs to know what all inputs spend.
pub(super) fn is_verified(psbt: &Psbt, place: usize, spent: Option<&[TxOut]>) -> Answer<bool> {
    let Some(utxo) = utxo(psbt, place) else { return Ok(false) };
    match script::kind(&utxo.script_pubkey) {
        // Standard rules leave versions of witnesses to the future that have no meaning yet.
        "witness_unknown" => return Ok(false),
        "witness_v1_taproot" if spent.is_none() => return Ok(false),
        _ => {}
    }
    let mut tx = psbt.unsigned_tx.clone();
    let input = &psbt.inputs[place];
    tx.input[place].script_sig = input.final_script_sig.clone().unwrap_or_default();
    tx.input[place].witness = input.final_script_witness.clone().unwrap_or_default();
    let known: Vec<Option<&TxOut>> = match spent {
        Some(spent) => spent.iter().map(Some).collect(),
        None => (0..tx.input.len()).map(|other| (other == place).then_some(&utxo)).collect(),
    };
    scripts::is_valid_input(&tx, &known, place).or_else(|error| broken(error.to_string()))
}

/// How inputs are signed.
pub(super) struct Options<'a> {
    pub(super) secp: &'a Secp256k1<All>,
    pub(super) keys: &'a Keys,
    /// What signatures are for, as a number; the default of the output's kind if there is none.
    pub(super) sighash: Option<u8>,
    /// Whether a complete input is made final.
    pub(super) finalize: bool,
    /// Signatures without meaning, to see how long they are.
    pub(super) placeholders: bool,
}

/// What has come of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signed {
    Complete,
    Incomplete,
    /// The PSBT or a signature in it is for something else than what is asked for.
    Mismatch,
}

/// Whether the signatures that there are have this type.
fn has_type(input: &Input, sighash: u8) -> bool {
    let mut schnorr = input.tap_key_sig.iter().chain(input.tap_script_sigs.values());
    let mut ecdsa = input.partial_sigs.values();
    schnorr.all(|signature| signature.sighash_type as u8 == sighash)
        && (sighash == 0 || ecdsa.all(|signature| signature.sighash_type.to_u32() == u32::from(sighash)))
}

/// Adds to an input what is known of it, signs it, and makes it final if that is wanted.
///
/// # Errors
///
/// The kernel cannot check scripts.
pub(super) fn sign(
    psbt: &mut Psbt,
    place: usize,
    spent: Option<&[TxOut]>,
    options: &Options<'_>,
) -> Answer<(Signed, Missing)> {
    let nothing = Missing::default();
    if is_verified(psbt, place, spent)? {
        return Ok((Signed::Complete, nothing));
    }
    let Some(utxo) = utxo(psbt, place) else { return Ok((Signed::Incomplete, nothing)) };
    let tx = psbt.unsigned_tx.clone();
    let input = &mut psbt.inputs[place];
    // What it spends is proven by the whole transaction, or by signatures of a witness only.
    let needs_witness = input.non_witness_utxo.is_none();
    let is_taproot = utxo.script_pubkey.is_p2tr();
    let sighash = options.sighash.unwrap_or(u8::from(!is_taproot));
    let kind = PsbtSighashType::from_u32(sighash.into());
    if input.sighash_type.is_some_and(|there| there != kind) {
        return Ok((Signed::Mismatch, nothing));
    }
    if sighash > u8::from(!is_taproot) {
        input.sighash_type = Some(kind);
    }
    if !has_type(input, sighash) {
        return Ok((Signed::Mismatch, nothing));
    }
    if is_final(input) {
        // What is wrong with it cannot be seen here.
        return Ok((if needs_witness { Signed::Incomplete } else { Signed::Complete }, nothing));
    }
    let signing = match options.placeholders {
        true => Signing::Placeholders,
        false => Signing::Private { tx: &tx, place, value: utxo.value, sighash, spent },
    };
    let mut solver = Solver::new(options.secp, options.keys, signing, input.clone());
    let solution = solver.solve(&utxo.script_pubkey);
    let Solver { fields, missing, has_witness, .. } = solver;
    let mut complete = false;
    if let Some((script_sig, witness)) = solution {
        let (before, script_sig) = (input.clone(), Some(script_sig).filter(|script| !script.is_empty()));
        input.final_script_sig = script_sig;
        input.final_script_witness = Some(witness).filter(|witness| !witness.is_empty());
        complete = match options.placeholders {
            // Standard rules want short keys in witnesses.
            true => !has_witness || fields.partial_sigs.keys().all(|key| key.compressed),
            false => is_verified(psbt, place, spent)?,
        };
        let input = &mut psbt.inputs[place];
        if !complete || !options.finalize || (needs_witness && !has_witness) {
            *input = before;
        }
    }
    if needs_witness && !has_witness {
        return Ok((Signed::Incomplete, nothing));
    }
    let input = &mut psbt.inputs[place];
    if !is_final(input) {
        *input = fields;
    }
    if has_witness {
        input.witness_utxo = Some(utxo);
    }
    Ok((if complete { Signed::Complete } else { Signed::Incomplete }, missing))
}

/// Adds to an output what is known of it.
pub(super) fn update_output(psbt: &mut Psbt, place: usize, secp: &Secp256k1<All>, keys: &Keys) {
    let Some(paid) = psbt.unsigned_tx.output.get(place) else { return };
    let output = &mut psbt.outputs[place];
    let fields = Input {
        redeem_script: output.redeem_script.clone(),
        witness_script: output.witness_script.clone(),
        bip32_derivation: output.bip32_derivation.clone(),
        tap_key_origins: output.tap_key_origins.clone(),
        ..Input::default()
    };
    let mut solver = Solver::new(secp, keys, Signing::None, fields);
    if let (Some(internal_key), Some(tree)) = (output.tap_internal_key, output.tap_tree.clone()) {
        solver.add_taproot(Taproot { internal_key, tree: Some(tree) });
    }
    solver.solve(&paid.script_pubkey);
    let Solver { fields, tree, .. } = solver;
    output.redeem_script = fields.redeem_script;
    output.witness_script = fields.witness_script;
    output.bip32_derivation = fields.bip32_derivation;
    output.tap_key_origins = fields.tap_key_origins;
    output.tap_internal_key = fields.tap_internal_key.or(output.tap_internal_key);
    output.tap_tree = tree.or(output.tap_tree.take());
}

/// Drops whole transactions where all inputs have outputs of taproot, whose signatures are for all amounts.
pub(super) fn drop_unnecessary(psbt: &mut Psbt) {
    let is_taproot = |input: &Input| {
        let later = input.witness_utxo.as_ref().is_some_and(|output| {
            let version = output.script_pubkey.witness_version();
            version.is_some_and(|version| version != bitcoin::WitnessVersion::V0)
        });
        later && input.sighash_type.is_none_or(|sighash| sighash.to_u32() & 0x80 == 0)
    };
    if psbt.inputs.iter().all(is_taproot) {
        for input in &mut psbt.inputs {
            input.non_witness_utxo = None;
        }
    }
}

/// The final script and witness of every input, in the transaction.
pub(super) fn extract(psbt: &Psbt) -> bitcoin::Transaction {
    let mut tx = psbt.unsigned_tx.clone();
    for (input, last) in tx.input.iter_mut().zip(&psbt.inputs) {
        let script: Option<ScriptBuf> = last.final_script_sig.clone();
        let witness: Option<Witness> = last.final_script_witness.clone();
        (input.script_sig, input.witness) = (script.unwrap_or_default(), witness.unwrap_or_default());
    }
    tx
}
