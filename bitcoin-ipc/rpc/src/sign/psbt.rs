//! Inputs and outputs of PSBTs: what they spend, whether they are signed, and what can be added to them.
//!
//! In: PSBTs, keys and scripts. Out: the same PSBTs with more in them; Bitcoin Core's `SignPSBTInput`,
//! `PSBTInputSignedAndVerified` and `UpdatePSBTOutput`.

use bitcoin::psbt::{Input, PsbtSighashType};
use bitcoin::{Transaction, TxOut};
use bitcoin_ipc::types::psbt::Psbt;

use super::{
    FlatSigningProvider, Missing, PrecomputedTransactionData, SignatureCreator, SignatureData,
    TaprootSpendData, VerifyScripts, produce_signature,
};
use crate::psbt::{is_final, strip};
use crate::script;

/// The output that an input spends, if the PSBT has it and it is that output.
#[must_use]
pub fn utxo(psbt: &Psbt, place: usize) -> Option<TxOut> {
    let (input, spent) = (psbt.inputs.get(place)?, psbt.unsigned_tx.input.get(place)?.previous_output);
    let Some(whole) = &input.non_witness_utxo else { return input.witness_utxo.clone() };
    let output = whole.output.get(usize::try_from(spent.vout).ok()?)?;
    (whole.compute_txid() == spent.txid).then(|| output.clone())
}

impl PrecomputedTransactionData {
    /// Of a PSBT.
    #[must_use]
    pub fn of_psbt(psbt: &Psbt) -> Self {
        let spent = (0..psbt.inputs.len()).map(|place| utxo(psbt, place)).collect();
        Self::new(psbt.unsigned_tx.clone(), spent)
    }
}

/// Whether what an input has lets it spend its output. Taproot needs to know what all inputs spend.
///
/// # Errors
///
/// Whoever verifies cannot say.
pub fn psbt_input_signed_and_verified<E>(
    psbt: &Psbt,
    place: usize,
    spent: Option<&[TxOut]>,
    verify: VerifyScripts<E>,
) -> Result<bool, E> {
    let Some(utxo) = utxo(psbt, place) else { return Ok(false) };
    match script::kind(&utxo.script_pubkey) {
        // Standard rules leave versions of witnesses to the future that have no meaning yet.
        "witness_unknown" => return Ok(false),
        "witness_v1_taproot" if spent.is_none() => return Ok(false),
        _ => {}
    }
    let mut tx = psbt.unsigned_tx.clone();
    put_final(&mut tx, psbt, place);
    let known: Vec<Option<&TxOut>> = match spent {
        Some(spent) => spent.iter().map(Some).collect(),
        None => (0..tx.input.len()).map(|other| (other == place).then_some(&utxo)).collect(),
    };
    Ok(verify(&tx, &known, place..place + 1)? == [true])
}

fn put_final(tx: &mut Transaction, psbt: &Psbt, place: usize) {
    let (Some(input), Some(made)) = (tx.input.get_mut(place), psbt.inputs.get(place)) else { return };
    input.script_sig = made.final_script_sig.clone().unwrap_or_default();
    input.witness = made.final_script_witness.clone().unwrap_or_default();
}

/// How inputs are signed.
pub struct SignOptions<E> {
    /// What signatures are for, as a number; the default of the output's kind if there is none.
    pub sighash: Option<u8>,
    /// Whether a complete input is made final.
    pub finalize: bool,
    /// Tells whether an input is complete.
    pub verify: VerifyScripts<E>,
}

/// How far an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// It is spent validly.
    Complete,
    /// Something is missing.
    Incomplete,
    /// The PSBT or a signature in it is for something else than what is asked for.
    Mismatch,
}

/// What has come of an input.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedInput {
    /// How far it is.
    pub signed: Signed,
    /// What it lacks, as far as that was looked for.
    pub missing: Missing,
    /// How many signatures were made.
    pub made: usize,
}

impl From<Signed> for SignedInput {
    fn from(signed: Signed) -> Self {
        SignedInput { signed, missing: Missing::default(), made: 0 }
    }
}

fn signatures(input: &Input) -> usize {
    input.partial_sigs.len() + usize::from(input.tap_key_sig.is_some()) + input.tap_script_sigs.len()
}

/// Whether the signatures that there are have this type.
fn has_type(input: &Input, sighash: u8) -> bool {
    let mut schnorr = input.tap_key_sig.iter().chain(input.tap_script_sigs.values());
    let mut ecdsa = input.partial_sigs.values();
    schnorr.all(|signature| signature.sighash_type as u8 == sighash)
        && (sighash == 0 || ecdsa.all(|signature| signature.sighash_type.to_u32() == u32::from(sighash)))
}

/// Adds to an input what is known of it, signs it, and makes it final if that is wanted. Without the transaction's data
/// signatures have no meaning, and only show how long they are.
///
/// # Errors
///
/// Whoever verifies cannot say.
pub fn sign_psbt_input<E>(
    provider: &FlatSigningProvider,
    psbt: &mut Psbt,
    place: usize,
    data: Option<&PrecomputedTransactionData>,
    options: &SignOptions<E>,
) -> Result<SignedInput, E> {
    let spent = data.and_then(PrecomputedTransactionData::spent);
    if psbt_input_signed_and_verified(psbt, place, spent, options.verify)? {
        return Ok(Signed::Complete.into());
    }
    let Some(utxo) = utxo(psbt, place) else { return Ok(Signed::Incomplete.into()) };
    let input = &mut psbt.inputs[place];
    // What it spends is proven by the whole transaction, or by signatures of a witness only.
    let needs_witness = input.non_witness_utxo.is_none();
    let is_taproot = utxo.script_pubkey.is_p2tr();
    let sighash = options.sighash.unwrap_or(u8::from(!is_taproot));
    let kind = PsbtSighashType::from_u32(sighash.into());
    if input.sighash_type.is_some_and(|there| there != kind) {
        return Ok(Signed::Mismatch.into());
    }
    if sighash > u8::from(!is_taproot) {
        input.sighash_type = Some(kind);
    }
    if !has_type(input, sighash) {
        return Ok(Signed::Mismatch.into());
    }
    if is_final(input) {
        // What is wrong with it cannot be seen here.
        return Ok(if needs_witness { Signed::Incomplete } else { Signed::Complete }.into());
    }
    let creator = match data {
        None => SignatureCreator::Dummy,
        Some(data) => SignatureCreator::Transaction { data, place, value: utxo.value, sighash },
    };
    let before = input.clone();
    let mut made = SignatureData { fields: std::mem::take(input), ..SignatureData::default() };
    let solved = produce_signature(provider, creator, &utxo.script_pubkey, &mut made);
    if needs_witness && !made.witness {
        *input = before;
        return Ok(Signed::Incomplete.into());
    }
    *input = made.fields;
    let added = signatures(input).saturating_sub(signatures(&before));
    if made.witness {
        input.witness_utxo = Some(utxo);
    }
    let mut complete = false;
    if solved {
        // Standard rules want short keys in witnesses.
        let short = !made.witness || input.partial_sigs.keys().all(|key| key.compressed);
        input.final_script_sig = Some(made.script_sig).filter(|script| !script.is_empty());
        input.final_script_witness = Some(made.script_witness).filter(|witness| !witness.is_empty());
        complete = match data {
            None => short,
            Some(_) => psbt_input_signed_and_verified(psbt, place, spent, options.verify)?,
        };
        let input = &mut psbt.inputs[place];
        if complete && options.finalize {
            // Whether whole transactions can be dropped hangs on the kind of signature, when all inputs are done.
            let sighash_type = input.sighash_type;
            strip(input);
            input.sighash_type = sighash_type;
        } else {
            (input.final_script_sig, input.final_script_witness) = (None, None);
        }
    }
    let signed = if complete { Signed::Complete } else { Signed::Incomplete };
    Ok(SignedInput { signed, missing: made.missing, made: added })
}

/// Adds to an output what is known of it.
pub fn update_psbt_output(provider: &FlatSigningProvider, psbt: &mut Psbt, place: usize) {
    let Some(paid) = psbt.unsigned_tx.output.get(place) else { return };
    let Some(output) = psbt.outputs.get_mut(place) else { return };
    let fields = Input {
        redeem_script: output.redeem_script.clone(),
        witness_script: output.witness_script.clone(),
        bip32_derivation: output.bip32_derivation.clone(),
        tap_key_origins: output.tap_key_origins.clone(),
        ..Input::default()
    };
    let mut data = SignatureData { fields, ..SignatureData::default() };
    if let (Some(internal_key), Some(tree)) = (output.tap_internal_key, output.tap_tree.clone()) {
        data.add_taproot(TaprootSpendData { internal_key, tree: Some(tree) });
    }
    produce_signature(provider, SignatureCreator::Nobody, &paid.script_pubkey, &mut data);
    let SignatureData { fields, tree, .. } = data;
    output.redeem_script = fields.redeem_script;
    output.witness_script = fields.witness_script;
    output.bip32_derivation = fields.bip32_derivation;
    output.tap_key_origins = fields.tap_key_origins;
    output.tap_internal_key = fields.tap_internal_key.or(output.tap_internal_key);
    output.tap_tree = tree.or(output.tap_tree.take());
}

/// Drops whole transactions where all inputs have outputs of taproot, whose signatures are for all amounts; and of final
/// inputs the kind of signature, which was kept until now.
pub fn remove_unnecessary_transactions(psbt: &mut Psbt) {
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
    for input in psbt.inputs.iter_mut().filter(|input| is_final(input)) {
        input.sighash_type = None;
    }
}

/// The final script and witness of every input, in the transaction.
#[must_use]
pub fn extract(psbt: &Psbt) -> Transaction {
    let mut tx = psbt.unsigned_tx.clone();
    (0..tx.input.len()).for_each(|place| put_final(&mut tx, psbt, place));
    tx
}

#[cfg(test)]
mod tests {
    use bitcoin::{Amount, OutPoint, ScriptBuf, TxIn, TxOut, Witness, absolute, transaction};

    use super::*;

    /// A PSBT of two final taproot inputs, of which the second was signed in this way.
    fn signed(sighash: Option<u8>) -> Psbt {
        let key = bitcoin::key::TweakedPublicKey::dangerous_assume_tweaked(
            "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798".parse().unwrap(),
        );
        let output = TxOut { value: Amount::ONE_BTC, script_pubkey: ScriptBuf::new_p2tr_tweaked(key) };
        let spent = Transaction {
            version: transaction::Version::TWO,
            lock_time: absolute::LockTime::ZERO,
            input: vec![TxIn::default()],
            output: vec![output.clone(), output.clone()],
        };
        let input =
            |vout| TxIn { previous_output: OutPoint::new(spent.compute_txid(), vout), ..TxIn::default() };
        let tx = Transaction { input: vec![input(0), input(1)], ..spent.clone() };
        let mut psbt = Psbt::from(bitcoin::Psbt::from_unsigned_tx(tx).unwrap());
        for input in &mut psbt.inputs {
            input.non_witness_utxo = Some(spent.clone());
            input.witness_utxo = Some(output.clone());
            input.final_script_witness = Some(Witness::from_slice(&[[1; 64]]));
        }
        psbt.inputs[1].sighash_type = sighash.map(|sighash| PsbtSighashType::from_u32(sighash.into()));
        psbt
    }

    #[test]
    fn whole_transactions_stay_where_one_signature_is_not_for_all_inputs() {
        for (sighash, stay) in [(None, false), (Some(1), false), (Some(0x81), true), (Some(0x83), true)] {
            let mut psbt = signed(sighash);
            remove_unnecessary_transactions(&mut psbt);
            for input in &psbt.inputs {
                assert_eq!(input.non_witness_utxo.is_some(), stay, "{sighash:?}");
                assert_eq!(input.sighash_type, None, "it is final");
            }
        }
    }
}
