//! The command `combinepsbt`.
//!
//! In: PSBTs of one transaction. Out: one PSBT with what all of them have; where they differ, the first counts.
//! Bitcoin Core's `PartiallySignedTransaction::Merge`.

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::psbt::{Input, Output};
use bitcoin::{Sequence, Txid};
use bitcoin_ipc::types::psbt::{Fields, Psbt, lock_time};
use bitcoin_rpc::psbt::{parse, text};

use super::command::Kind::List;
use super::command::{Call, Command, arg, command};
use super::error::{Answer, invalid};
use super::value;

/// The bit of `tx_modifiable` that says that there is a `SIGHASH_SINGLE` (BIP 370).
const HAS_SINGLE: u8 = 4;

pub(super) const COMMANDS: &[Command] = &[command(
    "rawtransactions",
    "combinepsbt",
    "Puts together what several PSBTs of one transaction have.",
    combine,
)
.args(&[arg("txs", List, "The PSBTs.").shape("[\"psbt\",...]")])];

fn combine(call: &Call<'_>) -> Answer {
    let texts = call.list(0)?;
    let mut psbts =
        texts.iter().map(|text| parse(value::text(text)?)).collect::<Answer<Vec<_>>>()?.into_iter();
    let Some(mut all) = psbts.next() else { return invalid("Parameter 'txs' cannot be empty") };
    for psbt in psbts {
        let (id, other) = (unique_id(&all), unique_id(&psbt));
        if id.is_none() || id != other || all.version != psbt.version {
            return invalid("PSBTs not compatible (different transactions)");
        }
        merge(&mut all, psbt);
    }
    Ok(text(all).into())
}

/// What PSBTs of one transaction have in common (BIP 370, "Unique Identification"); none if there is no valid
/// transaction.
fn unique_id(psbt: &Psbt) -> Option<Txid> {
    let mut tx = psbt.unsigned_tx.clone();
    tx.lock_time = lock_time(psbt)?;
    if psbt.version == 2 {
        tx.input.iter_mut().for_each(|input| input.sequence = Sequence::ZERO);
    }
    Some(tx.compute_txid())
}

fn merge(all: &mut Psbt, psbt: Psbt) {
    let [mine, other] = [&*all, &psbt].map(Fields::of);
    let Psbt { unsigned_tx: _, version, xpub, proprietary, unknown, inputs, outputs } = psbt;
    all.inputs.iter_mut().zip(inputs).for_each(|(all, input)| merge_input(all, input));
    all.outputs.iter_mut().zip(outputs).for_each(|(all, output)| merge_output(all, output));
    add(&mut all.xpub, xpub);
    add(&mut all.proprietary, proprietary);
    add(&mut all.unknown, unknown);
    if version == 2 {
        let tx_modifiable = (mine.tx_modifiable.is_some() || other.tx_modifiable.is_some()).then(|| {
            let [mine, other] = [mine, other].map(|fields| fields.tx_modifiable.unwrap_or(0));
            (mine & other) | ((mine | other) & HAS_SINGLE)
        });
        Fields { tx_modifiable, ..Fields::of(all) }.set(all);
    }
}

/// Adds what is not there.
fn add<K: Ord, V>(all: &mut BTreeMap<K, V>, more: BTreeMap<K, V>) {
    for (key, value) in more {
        all.entry(key).or_insert(value);
    }
}

fn or<T>(all: &mut Option<T>, more: Option<T>) {
    *all = all.take().or(more);
}

fn merge_input(all: &mut Input, input: Input) {
    or(&mut all.non_witness_utxo, input.non_witness_utxo);
    or(&mut all.witness_utxo, input.witness_utxo);
    or(&mut all.redeem_script, input.redeem_script);
    or(&mut all.witness_script, input.witness_script);
    or(&mut all.final_script_sig, input.final_script_sig);
    or(&mut all.final_script_witness, input.final_script_witness);
    or(&mut all.tap_key_sig, input.tap_key_sig);
    or(&mut all.tap_internal_key, input.tap_internal_key);
    or(&mut all.tap_merkle_root, input.tap_merkle_root);
    add(&mut all.partial_sigs, input.partial_sigs);
    add(&mut all.bip32_derivation, input.bip32_derivation);
    add(&mut all.ripemd160_preimages, input.ripemd160_preimages);
    add(&mut all.sha256_preimages, input.sha256_preimages);
    add(&mut all.hash160_preimages, input.hash160_preimages);
    add(&mut all.hash256_preimages, input.hash256_preimages);
    add(&mut all.tap_script_sigs, input.tap_script_sigs);
    add(&mut all.tap_key_origins, input.tap_key_origins);
    add(&mut all.proprietary, input.proprietary);
    add(&mut all.unknown, input.unknown);
    // All proofs of a leaf count as one there.
    let known: BTreeSet<_> = all.tap_scripts.values().cloned().collect();
    all.tap_scripts.extend(input.tap_scripts.into_iter().filter(|(_, leaf)| !known.contains(leaf)));
}

fn merge_output(all: &mut Output, output: Output) {
    or(&mut all.redeem_script, output.redeem_script);
    or(&mut all.witness_script, output.witness_script);
    or(&mut all.tap_internal_key, output.tap_internal_key);
    or(&mut all.tap_tree, output.tap_tree);
    add(&mut all.bip32_derivation, output.bip32_derivation);
    add(&mut all.tap_key_origins, output.tap_key_origins);
    add(&mut all.proprietary, output.proprietary);
    add(&mut all.unknown, output.unknown);
}
