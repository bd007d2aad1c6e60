//! Partially signed transactions of versions 0 (BIP 174) and 2 (BIP 370).
//!
//! In: bytes. Out: a [`Psbt`] of the `bitcoin` crate, and back.
//!
//! That crate reads version 0 only. Version 2 has the same maps, but for the unsigned transaction, which
//! is spread over them: it is put together here, and taken apart again. A PSBT of version 2 has 2 as its
//! [`version`](Psbt::version), and what version 0 has no place for among the unknown pairs of its maps,
//! under the types of BIP 370: [`Fields`] and [`InputFields`] give them.

mod maps;
#[cfg(test)]
mod tests;

use bitcoin::consensus::{self, encode};
use bitcoin::psbt::raw::Key;
use bitcoin::{
    Amount, OutPoint, Psbt, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, VarInt, Witness, absolute,
    transaction,
};
use mp_runtime::{Error, Result};

use maps::{Map, Pair};

/// The types of pairs, which BIP 370 calls `PSBT_GLOBAL_…`.
mod global {
    pub(super) const UNSIGNED_TX: u8 = 0x00;
    pub(super) const TX_VERSION: u8 = 0x02;
    pub(super) const FALLBACK_LOCKTIME: u8 = 0x03;
    pub(super) const INPUT_COUNT: u8 = 0x04;
    pub(super) const OUTPUT_COUNT: u8 = 0x05;
    pub(super) const TX_MODIFIABLE: u8 = 0x06;
    pub(super) const VERSION: u8 = 0xfb;
}

/// Those that it calls `PSBT_IN_…`.
mod input {
    pub(super) const PREVIOUS_TXID: u8 = 0x0e;
    pub(super) const OUTPUT_INDEX: u8 = 0x0f;
    pub(super) const SEQUENCE: u8 = 0x10;
    pub(super) const REQUIRED_TIME_LOCKTIME: u8 = 0x11;
    pub(super) const REQUIRED_HEIGHT_LOCKTIME: u8 = 0x12;
    /// The last type of all that are known but those of proprietary pairs.
    pub(super) const LAST: u8 = 0x1f;
}

/// Those that it calls `PSBT_OUT_…`.
mod output {
    pub(super) const AMOUNT: u8 = 0x03;
    pub(super) const SCRIPT: u8 = 0x04;
}

/// What only a PSBT of version 2 has: its own fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// The lock time if no input requires one.
    pub fallback_lock_time: Option<u32>,
    /// Bits that say what may still be added: 1 inputs, 2 outputs; 4 says that there is a `SIGHASH_SINGLE`.
    pub tx_modifiable: Option<u8>,
}

/// What only an input of version 2 has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputFields {
    /// Its sequence; none is the highest one.
    pub sequence: Option<u32>,
    /// The least lock time that it requires, in seconds since 1970.
    pub time_lock: Option<u32>,
    /// The least lock time that it requires, as a height.
    pub height_lock: Option<u32>,
}

impl Fields {
    /// Those of a PSBT; none at all in version 0.
    #[must_use]
    pub fn of(psbt: &Psbt) -> Self {
        let value = |kind| psbt.unknown.get(&key(kind));
        Fields {
            fallback_lock_time: value(global::FALLBACK_LOCKTIME).and_then(|value| number(value).ok()),
            tx_modifiable: value(global::TX_MODIFIABLE).and_then(|value| value.first().copied()),
        }
    }

    /// Whether an unknown pair of a PSBT of version 2 is one of these.
    #[must_use]
    pub fn has(key: &Key) -> bool {
        key.key.is_empty() && matches!(key.type_value, global::FALLBACK_LOCKTIME | global::TX_MODIFIABLE)
    }
}

impl InputFields {
    /// Those of an input; none at all in version 0.
    #[must_use]
    pub fn of(input: &bitcoin::psbt::Input) -> Self {
        let value = |kind| input.unknown.get(&key(kind)).and_then(|value| number(value).ok());
        InputFields {
            sequence: value(input::SEQUENCE),
            time_lock: value(input::REQUIRED_TIME_LOCKTIME),
            height_lock: value(input::REQUIRED_HEIGHT_LOCKTIME),
        }
    }

    /// Whether an unknown pair of an input of version 2 is one of these.
    #[must_use]
    pub fn has(key: &Key) -> bool {
        key.key.is_empty() && (input::SEQUENCE..=input::REQUIRED_HEIGHT_LOCKTIME).contains(&key.type_value)
    }
}

/// Reads a PSBT of version 0 or 2, of which nothing is left over.
///
/// # Errors
///
/// The bytes are not a PSBT, of another version, or break a rule of their version; the text says which.
pub fn decode(bytes: &[u8]) -> Result<Psbt> {
    let mut rest = maps::begin(bytes)?;
    let mut globals = maps::read(&mut rest)?;
    let version = match take(&mut globals, global::VERSION)? {
        None => 0,
        Some(value) => number(&value)?,
    };
    match version {
        0 => decode_0(bytes),
        2 => decode_2(globals, rest),
        1 => Err(Error::bad_value("there is no PSBT version 1")),
        _ => Err(Error::bad_value(format!("a PSBT of version {version}; known are 0 and 2"))),
    }
}

/// Writes a PSBT in its version.
#[must_use]
pub fn encode(psbt: &Psbt) -> Vec<u8> {
    if psbt.version != 2 { psbt.serialize() } else { encode_2(psbt) }
}

/// Makes a PSBT of version 0 one of version 2. Nothing may be added to its transaction.
#[must_use]
pub fn to_version_2(mut psbt: Psbt) -> Psbt {
    if psbt.version != 2 {
        psbt.version = 2;
        let lock_time = psbt.unsigned_tx.lock_time.to_consensus_u32().to_le_bytes().to_vec();
        psbt.unknown.insert(key(global::FALLBACK_LOCKTIME), lock_time);
        for (input, spent) in psbt.inputs.iter_mut().zip(&psbt.unsigned_tx.input) {
            input.unknown.insert(key(input::SEQUENCE), spent.sequence.0.to_le_bytes().to_vec());
        }
    }
    psbt
}

/// Makes a PSBT of version 2 one of version 0, which has no place for required lock times, nor for what may
/// still be added.
#[must_use]
pub fn to_version_0(mut psbt: Psbt) -> Psbt {
    if psbt.version == 2 {
        psbt.version = 0;
        psbt.unknown.retain(|key, _| !Fields::has(key));
        psbt.inputs.iter_mut().for_each(|input| input.unknown.retain(|key, _| !InputFields::has(key)));
    }
    psbt
}

fn key(kind: u8) -> Key {
    Key { type_value: kind, key: Vec::new() }
}

fn malformed(error: impl std::fmt::Display) -> Error {
    Error::bad_value(format!("not a PSBT: {error}"))
}

/// A number of 32 bits, the lowest first.
fn number(value: &[u8]) -> Result<u32> {
    let bytes =
        value.try_into().map_err(|_| malformed(format!("{} bytes for a number of 4", value.len())))?;
    Ok(u32::from_le_bytes(bytes))
}

fn compact_size(value: &[u8]) -> Result<usize> {
    let number: VarInt = consensus::deserialize(value).map_err(malformed)?;
    usize::try_from(number.0).map_err(malformed)
}

/// Takes the value of a pair whose key is its type alone, of which there may be one.
fn take(map: &mut Map, kind: u8) -> Result<Option<Vec<u8>>> {
    let mut found = map.extract_if(.., |pair| pair.kind() == kind);
    let first = found.next();
    if found.next().is_some() || first.as_ref().is_some_and(|pair| pair.key.len() > 1) {
        return Err(malformed(format!("a key of type 0x{kind:02x} comes twice or is too long")));
    }
    Ok(first.map(|pair| pair.value))
}

fn required(map: &mut Map, kind: u8, name: &str) -> Result<Vec<u8>> {
    take(map, kind)?.ok_or_else(|| Error::bad_value(format!("{name} is required in PSBTv2")))
}

fn decode_0(bytes: &[u8]) -> Result<Psbt> {
    let mut rest = bytes;
    let psbt = Psbt::deserialize_from_reader(&mut rest).map_err(malformed)?;
    // `Psbt::deserialize` takes no notice of bytes after the end.
    if !rest.is_empty() {
        return Err(Error::bad_value(format!("{} bytes too many after a PSBT", rest.len())));
    }
    let is_new = |key: &Key| (global::TX_VERSION..=global::TX_MODIFIABLE).contains(&key.type_value);
    let spent =
        |key: &Key| (input::PREVIOUS_TXID..=input::REQUIRED_HEIGHT_LOCKTIME).contains(&key.type_value);
    let paid = |key: &Key| (output::AMOUNT..=output::SCRIPT).contains(&key.type_value);
    let foreign = psbt.unknown.keys().any(is_new)
        || psbt.inputs.iter().any(|input| input.unknown.keys().any(spent))
        || psbt.outputs.iter().any(|output| output.unknown.keys().any(paid));
    if foreign {
        return Err(Error::bad_value("a field of PSBTv2 is not allowed in PSBTv0"));
    }
    Ok(psbt)
}

/// Reads the rest of a PSBT whose global map is known, but for its version.
fn decode_2(mut globals: Map, mut rest: &[u8]) -> Result<Psbt> {
    if take(&mut globals, global::UNSIGNED_TX)?.is_some() {
        return Err(Error::bad_value("PSBT_GLOBAL_UNSIGNED_TX is not allowed in PSBTv2"));
    }
    let version = number(&required(&mut globals, global::TX_VERSION, "PSBT_GLOBAL_TX_VERSION")?)?;
    let inputs = required(&mut globals, global::INPUT_COUNT, "PSBT_GLOBAL_INPUT_COUNT")?;
    let outputs = required(&mut globals, global::OUTPUT_COUNT, "PSBT_GLOBAL_OUTPUT_COUNT")?;
    let mut tx = Transaction {
        version: transaction::Version(version.cast_signed()),
        lock_time: absolute::LockTime::ZERO,
        input: Vec::new(),
        output: Vec::new(),
    };
    let mut maps = Vec::new();
    for _ in 0..compact_size(&inputs)? {
        let mut map = maps::read(&mut rest)?;
        tx.input.push(read_input(&mut map)?);
        maps.push(map);
    }
    for _ in 0..compact_size(&outputs)? {
        let mut map = maps::read(&mut rest)?;
        tx.output.push(read_output(&mut map)?);
        maps.push(map);
    }
    if !rest.is_empty() {
        return Err(Error::bad_value(format!("{} bytes too many after a PSBT", rest.len())));
    }
    let (spent, _) = maps.split_at(tx.input.len());
    tx.lock_time = absolute::LockTime::from_consensus(lock_time(&globals, spent)?);
    if find_value(&globals, global::TX_MODIFIABLE)?.is_some_and(|value| value.len() != 1) {
        return Err(malformed("PSBT_GLOBAL_TX_MODIFIABLE is not one byte"));
    }
    globals.push(Pair::new(global::UNSIGNED_TX, without_witness(&tx)));
    let bytes = maps::write(std::iter::once(&globals).chain(&maps));
    let mut psbt = Psbt::deserialize(&bytes).map_err(malformed)?;
    psbt.version = 2;
    Ok(psbt)
}

fn read_input(map: &mut Map) -> Result<TxIn> {
    let txid = required(map, input::PREVIOUS_TXID, "Previous TXID")?;
    let vout = number(&required(map, input::OUTPUT_INDEX, "Output Index")?)?;
    let txid: Txid = consensus::deserialize(&txid).map_err(malformed)?;
    let sequence = find(map, input::SEQUENCE)?.map_or(Sequence::MAX, Sequence);
    Ok(TxIn {
        previous_output: OutPoint::new(txid, vout),
        script_sig: ScriptBuf::new(),
        sequence,
        witness: Witness::new(),
    })
}

fn read_output(map: &mut Map) -> Result<TxOut> {
    let value = required(map, output::AMOUNT, "Output Amount")?;
    let script = required(map, output::SCRIPT, "Output Script")?;
    let value: Amount = consensus::deserialize(&value).map_err(malformed)?;
    Ok(TxOut { value, script_pubkey: ScriptBuf::from_bytes(script) })
}

/// A transaction in the old form, also if it has no inputs.
fn without_witness(tx: &Transaction) -> Vec<u8> {
    let parts = [
        encode::serialize(&tx.version),
        encode::serialize(&tx.input),
        encode::serialize(&tx.output),
        encode::serialize(&tx.lock_time),
    ];
    parts.concat()
}

/// The value of a pair that stays where it is, and whose key is its type alone.
fn find_value(map: &Map, kind: u8) -> Result<Option<&[u8]>> {
    let mut pairs = map.iter().filter(|pair| pair.kind() == kind);
    if pairs.clone().any(|pair| pair.key.len() > 1) {
        return Err(malformed(format!("a key of type 0x{kind:02x} is too long")));
    }
    Ok(pairs.next().map(|pair| &*pair.value))
}

fn find(map: &Map, kind: u8) -> Result<Option<u32>> {
    find_value(map, kind)?.map(number).transpose()
}

/// The lock time of the transaction (BIP 370, "Determining Lock Time"): the highest that inputs require, of
/// a kind that all of them accept, heights first; without any the fallback.
fn lock_time(globals: &Map, inputs: &[Map]) -> Result<u32> {
    let (mut times, mut heights) = (Some(0), Some(0));
    for map in inputs {
        let time = find(map, input::REQUIRED_TIME_LOCKTIME)?;
        let height = find(map, input::REQUIRED_HEIGHT_LOCKTIME)?;
        if time.is_some_and(|time| !absolute::LockTime::from_consensus(time).is_block_time())
            || height.is_some_and(|height| {
                height == 0 || !absolute::LockTime::from_consensus(height).is_block_height()
            })
        {
            return Err(malformed("a required lock time is none of its kind"));
        }
        if time.is_none() && height.is_none() {
            continue;
        }
        times = times.zip(time).map(|(most, time): (u32, u32)| most.max(time));
        heights = heights.zip(height).map(|(most, height): (u32, u32)| most.max(height));
    }
    match (heights, times) {
        (None, None) => Err(malformed("no lock time is what all inputs require")),
        (Some(0), _) | (None, Some(0)) => Ok(find(globals, global::FALLBACK_LOCKTIME)?.unwrap_or(0)),
        (Some(height), _) => Ok(height),
        (None, Some(time)) => Ok(time),
    }
}

fn encode_2(psbt: &Psbt) -> Vec<u8> {
    let tx = &psbt.unsigned_tx;
    let bytes = Psbt { version: 0, ..psbt.clone() }.serialize();
    let mut rest = maps::begin(&bytes).expect("the library writes the magic bytes");
    let mut next = || maps::read(&mut rest).expect("the library writes maps");
    let mut globals = next();
    globals.retain(|pair| pair.kind() != global::UNSIGNED_TX);
    let count = |count: usize| encode::serialize(&VarInt::from(count));
    globals.extend([
        Pair::new(global::TX_VERSION, tx.version.0.to_le_bytes().to_vec()),
        Pair::new(global::INPUT_COUNT, count(tx.input.len())),
        Pair::new(global::OUTPUT_COUNT, count(tx.output.len())),
        Pair::new(global::VERSION, 2_u32.to_le_bytes().to_vec()),
    ]);
    globals.sort_by_key(Pair::kind);
    let mut maps = vec![globals];
    for spent in &tx.input {
        let mut map = next();
        map.push(Pair::new(input::PREVIOUS_TXID, encode::serialize(&spent.previous_output.txid)));
        map.push(Pair::new(input::OUTPUT_INDEX, spent.previous_output.vout.to_le_bytes().to_vec()));
        // Bitcoin Core's order: these come after all others that are known.
        map.sort_by_key(|pair| match pair.kind() {
            kind @ input::PREVIOUS_TXID..=input::REQUIRED_HEIGHT_LOCKTIME => (1, kind),
            ..=input::LAST => (0, 0),
            _ => (2, 0),
        });
        maps.push(map);
    }
    for paid in &tx.output {
        let mut map = next();
        map.push(Pair::new(output::AMOUNT, encode::serialize(&paid.value)));
        map.push(Pair::new(output::SCRIPT, paid.script_pubkey.to_bytes()));
        map.sort_by_key(Pair::kind);
        maps.push(map);
    }
    maps::write(&maps)
}
