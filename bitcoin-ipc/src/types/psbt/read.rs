//! PSBTs from bytes.
//!
//! In: bytes. Out: a [`Psbt`], or what is wrong with them, in Bitcoin Core's words where it has some.

use bitcoin::consensus::{Decodable, deserialize, encode};
use bitcoin::io::ErrorKind::UnexpectedEof;
use bitcoin::psbt;
use bitcoin::{
    Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness, absolute, transaction,
};
use mp_runtime::{Error, Result};

use super::Psbt;
use super::fields::{self, check, follow, global, input, output, wrong_key, wrong_size};
use super::maps::{self, Map, Pair};

/// The first lock time that is no height (BIP 370 and 65).
const TIMES: u32 = absolute::LOCK_TIME_THRESHOLD;

/// Takes a PSBT of version 0 or 2 off the bytes.
///
/// One of version 2 whose inputs require lock times that do not go together is read:
/// [`lock_time`](super::lock_time) gives none for it.
///
/// # Errors
///
/// They do not begin with a PSBT, or it is of another version or breaks a rule of its version.
pub fn read(bytes: &mut &[u8]) -> Result<Psbt> {
    let all = *bytes;
    maps::begin(bytes)?;
    let mut globals = maps::read(bytes, "global")?;
    let version = match take(&mut globals, global::VERSION, "Global PSBT Version")? {
        None => 0,
        Some(value) => number(&value)?,
    };
    match version {
        0 | 2 => {}
        1 => return Err(Error::bad_value("There is no PSBT version 1")),
        _ => return Err(Error::bad_value("Unsupported version number")),
    }
    let unsigned = take(&mut globals, global::UNSIGNED_TX, "Global Unsigned TX")?;
    let unsigned = unsigned.map(|bytes| unsigned_tx(&bytes)).transpose()?;
    if version == 0 && unsigned.is_none() {
        return Err(Error::bad_value("No unsigned transaction was provided"));
    }
    check(&globals, fields::GLOBAL, version)?;
    if version == 2 && unsigned.is_some() {
        return Err(Error::bad_value("PSBT_GLOBAL_UNSIGNED_TX is not allowed in PSBTv2"));
    }
    let (inputs, outputs) = match &unsigned {
        Some(tx) => (tx.input.len() as u64, tx.output.len() as u64),
        None => {
            let mut count = |kind| fields::count(&taken(&mut globals, kind)?);
            (count(global::INPUT_COUNT)?, count(global::OUTPUT_COUNT)?)
        }
    };
    let inputs = read_maps(bytes, "input", inputs, fields::INPUT, version)?;
    let outputs = read_maps(bytes, "output", outputs, fields::OUTPUT, version)?;
    let mut psbt = match unsigned {
        Some(_) => bitcoin::Psbt::deserialize(&all[..all.len() - bytes.len()]).map_err(malformed)?.into(),
        None => assemble(globals, inputs, outputs)?,
    };
    psbt.version = version;
    follow(&mut psbt);
    check_spent(&psbt)?;
    Ok(psbt)
}

/// What `bitcoin` says of a PSBT, in Bitcoin Core's words where it has the same error.
fn malformed(error: psbt::Error) -> Error {
    match error {
        psbt::Error::ConsensusEncoding(encode::Error::Io(error)) if error.kind() == UnexpectedEof => {
            maps::end_of_data()
        }
        error => Error::bad_value(error.to_string()),
    }
}

/// A number of 32 bits, the lowest first.
fn number(value: &[u8]) -> Result<u32> {
    value.try_into().map(u32::from_le_bytes).map_err(|_| wrong_size())
}

/// Takes the value of a pair whose key is its type alone.
fn take(map: &mut Map, kind: u8, name: &str) -> Result<Option<Vec<u8>>> {
    let Some(place) = map.iter().position(|pair| pair.kind() == kind) else { return Ok(None) };
    let Pair { key, value } = map.remove(place);
    // No key comes twice, so that another one of the type is too long.
    let is_alone = key.len() == 1 && map.iter().all(|pair| pair.kind() != kind);
    if is_alone { Ok(Some(value)) } else { Err(wrong_key(name)) }
}

/// Takes the value of a field that was checked to be there.
fn taken(map: &mut Map, kind: u8) -> Result<Vec<u8>> {
    take(map, kind, "")?.ok_or_else(maps::end_of_data)
}

/// A transaction in the old form, also if it has no inputs.
fn unsigned_tx(mut bytes: &[u8]) -> Result<Transaction> {
    let mut read = || -> std::result::Result<_, encode::Error> {
        Ok(Transaction {
            version: Decodable::consensus_decode(&mut bytes)?,
            input: Decodable::consensus_decode(&mut bytes)?,
            output: Decodable::consensus_decode(&mut bytes)?,
            lock_time: Decodable::consensus_decode(&mut bytes)?,
        })
    };
    let tx = read().map_err(|error| malformed(error.into()))?;
    if !bytes.is_empty() {
        return Err(wrong_size());
    }
    if tx.input.iter().any(|input| !input.script_sig.is_empty()) {
        return Err(Error::bad_value("Unsigned tx does not have empty scriptSigs and scriptWitnesses."));
    }
    Ok(tx)
}

/// Takes the maps of all inputs or of all outputs off.
fn read_maps(
    bytes: &mut &[u8],
    name: &str,
    count: u64,
    fields: &[fields::Field],
    version: u32,
) -> Result<Vec<Map>> {
    let mut maps = Vec::new();
    for _ in 0..count {
        if bytes.is_empty() {
            let whose = if name == "input" { "Inputs" } else { "Outputs" };
            return Err(Error::bad_value(format!(
                "{whose} provided does not match the number of {name}s in transaction."
            )));
        }
        let map = maps::read(bytes, name)?;
        check(&map, fields, version)?;
        maps.push(map);
    }
    Ok(maps)
}

/// A PSBT of the maps of version 2, whose transaction has no lock time and sequences yet.
fn assemble(mut globals: Map, mut inputs: Vec<Map>, mut outputs: Vec<Map>) -> Result<Psbt> {
    let version = number(&taken(&mut globals, global::TX_VERSION)?)?;
    let tx = Transaction {
        version: transaction::Version(version.cast_signed()),
        lock_time: absolute::LockTime::ZERO,
        input: inputs.iter_mut().map(spent).collect::<Result<_>>()?,
        output: outputs.iter_mut().map(paid).collect::<Result<_>>()?,
    };
    let parts = [
        encode::serialize(&tx.version),
        encode::serialize(&tx.input),
        encode::serialize(&tx.output),
        encode::serialize(&tx.lock_time),
    ];
    globals.push(Pair::new(global::UNSIGNED_TX, parts.concat()));
    let bytes = maps::write(std::iter::once(&globals).chain(&inputs).chain(&outputs));
    bitcoin::Psbt::deserialize(&bytes).map(Psbt::from).map_err(malformed)
}

fn spent(map: &mut Map) -> Result<TxIn> {
    let lock = |kind| map.iter().find(|pair| pair.kind() == kind).map(|pair| number(&pair.value)).transpose();
    if lock(input::REQUIRED_TIME_LOCKTIME)?.is_some_and(|time| time < TIMES) {
        return Err(Error::bad_value("Required time based locktime is invalid (less than 500000000)"));
    }
    let wrong = match lock(input::REQUIRED_HEIGHT_LOCKTIME)? {
        Some(0) => Some("0"),
        Some(TIMES..) => Some("greater than or equal to 500000000"),
        Some(_) | None => None,
    };
    if let Some(wrong) = wrong {
        return Err(Error::bad_value(format!("Required height based locktime is invalid ({wrong})")));
    }
    let txid: Txid = deserialize(&taken(map, input::PREVIOUS_TXID)?).map_err(|_| wrong_size())?;
    let vout = number(&taken(map, input::OUTPUT_INDEX)?)?;
    Ok(TxIn {
        previous_output: OutPoint::new(txid, vout),
        script_sig: ScriptBuf::new(),
        sequence: Sequence::MAX,
        witness: Witness::new(),
    })
}

fn paid(map: &mut Map) -> Result<TxOut> {
    let value: Amount = deserialize(&taken(map, output::AMOUNT)?).map_err(|_| wrong_size())?;
    let script_pubkey = ScriptBuf::from_bytes(taken(map, output::SCRIPT)?);
    Ok(TxOut { value, script_pubkey })
}

/// Checks that transactions that inputs spend from are those.
fn check_spent(psbt: &Psbt) -> Result<()> {
    for (input, fields) in psbt.unsigned_tx.input.iter().zip(&psbt.inputs) {
        let Some(whole) = &fields.non_witness_utxo else { continue };
        let OutPoint { txid, vout } = input.previous_output;
        if whole.compute_txid() != txid {
            return Err(Error::bad_value("Non-witness UTXO does not match outpoint hash"));
        }
        if !usize::try_from(vout).is_ok_and(|vout| vout < whole.output.len()) {
            return Err(Error::bad_value("Input specifies output index that does not exist"));
        }
    }
    Ok(())
}
