//! The command `joinpsbts`.
//!
//! In: PSBTs of version 0 of different transactions. Out: one PSBT with the inputs and outputs of all, in any
//! order.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use bitcoin::{Transaction, absolute, transaction};
use bitcoin_rpc::psbt::{create, parse, text};

use super::command::Kind::List;
use super::command::{Call, Command, arg, command};
use super::error::{Answer, invalid};
use super::value;

pub(super) const COMMANDS: &[Command] =
    &[command("rawtransactions", "joinpsbts", "Makes one PSBT of several with different inputs.", join)
        .args(&[arg("txs", List, "The PSBTs.").shape("[\"psbt\",...]")])];

/// In an order that nobody can foresee: by hashes with a key of the process.
fn shuffled<T>(items: Vec<T>) -> Vec<T> {
    let order = RandomState::new();
    let mut items: Vec<(usize, T)> = items.into_iter().enumerate().collect();
    items.sort_by_cached_key(|(place, _)| order.hash_one(place));
    items.into_iter().map(|(_, item)| item).collect()
}

fn join(call: &Call<'_>) -> Answer {
    let texts = call.list(0)?;
    if texts.len() <= 1 {
        return invalid("At least two PSBTs are required to join PSBTs.");
    }
    let read = |text| match parse(value::text(text)?)? {
        psbt if psbt.version == 0 => Ok(psbt),
        _ => invalid("joinpsbts only operates on version 0 PSBTs"),
    };
    let psbts = texts.iter().map(read).collect::<Answer<Vec<_>>>()?;
    // Versions are numbers without a sign in Bitcoin Core.
    let version = psbts.iter().map(|psbt| psbt.unsigned_tx.version.0.cast_unsigned()).fold(1, u32::max);
    let lock_time = psbts.iter().map(|psbt| psbt.unsigned_tx.lock_time.to_consensus_u32()).min();
    let (mut inputs, mut outputs, mut spent) = (Vec::new(), Vec::new(), HashSet::new());
    let mut unknown = BTreeMap::new();
    for psbt in psbts {
        for (input, mut fields) in psbt.unsigned_tx.input.into_iter().zip(psbt.inputs) {
            let place = input.previous_output;
            if !spent.insert(place) {
                return invalid(format!("Input {place} exists in multiple PSBTs"));
            }
            fields.partial_sigs.clear();
            (fields.final_script_sig, fields.final_script_witness) = (None, None);
            inputs.push((input, fields));
        }
        outputs.extend(psbt.unsigned_tx.output.into_iter().zip(psbt.outputs));
        for (key, value) in psbt.unknown {
            unknown.entry(key).or_insert(value);
        }
    }
    let (input, input_fields) = shuffled(inputs).into_iter().unzip();
    let (output, output_fields) = shuffled(outputs).into_iter().unzip();
    let tx = Transaction {
        version: transaction::Version(version.cast_signed()),
        lock_time: absolute::LockTime::from_consensus(lock_time.unwrap_or(0)),
        input,
        output,
    };
    let mut psbt = create(tx, 0)?;
    (psbt.inputs, psbt.outputs, psbt.unknown) = (input_fields, output_fields, unknown);
    Ok(text(psbt).into())
}
