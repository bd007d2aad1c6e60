//! The fields of PSBTs that `bitcoin` does not know: those of version 2 (BIP 370).
//!
//! In: a [`Psbt`], or its maps. Out: these fields of it, and what is wrong with them.

use bitcoin::psbt::raw::Key;
use bitcoin::{Sequence, absolute};
use mp_runtime::{Error, Result};

use super::maps::{Map, compact_size};
use super::partial::Psbt;

/// The types of pairs, which BIP 370 calls `PSBT_GLOBAL_…`.
pub(super) mod global {
    pub(in super::super) const UNSIGNED_TX: u8 = 0x00;
    pub(in super::super) const TX_VERSION: u8 = 0x02;
    pub(in super::super) const FALLBACK_LOCKTIME: u8 = 0x03;
    pub(in super::super) const INPUT_COUNT: u8 = 0x04;
    pub(in super::super) const OUTPUT_COUNT: u8 = 0x05;
    pub(in super::super) const TX_MODIFIABLE: u8 = 0x06;
    pub(in super::super) const VERSION: u8 = 0xfb;
}

/// Those that it calls `PSBT_IN_…`.
pub(super) mod input {
    pub(in super::super) const PREVIOUS_TXID: u8 = 0x0e;
    pub(in super::super) const OUTPUT_INDEX: u8 = 0x0f;
    pub(in super::super) const SEQUENCE: u8 = 0x10;
    pub(in super::super) const REQUIRED_TIME_LOCKTIME: u8 = 0x11;
    pub(in super::super) const REQUIRED_HEIGHT_LOCKTIME: u8 = 0x12;
    /// All that Bitcoin Core knows, but for proprietary pairs: those of BIP 174, 371 and 373 too.
    pub(in super::super) const KNOWN: &[u8] = &[
        0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11,
        0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x1a, 0x1b, 0x1c,
    ];
}

/// Those that it calls `PSBT_OUT_…`.
pub(super) mod output {
    pub(in super::super) const AMOUNT: u8 = 0x03;
    pub(in super::super) const SCRIPT: u8 = 0x04;
    /// All that Bitcoin Core knows, but for proprietary pairs.
    pub(in super::super) const KNOWN: std::ops::RangeInclusive<u8> = 0x00..=0x08;
}

/// Proprietary pairs of any map.
pub(super) const PROPRIETARY: u8 = 0xfc;

/// A field that only version 2 has, and Bitcoin Core's names of it.
pub(super) struct Field {
    kind: u8,
    /// In errors about its key.
    key_name: &'static str,
    /// In the error that version 0 has no such field.
    name: &'static str,
    /// In the error that it is missing, if it may not be.
    required: Option<&'static str>,
    size: Size,
}

/// How many bytes a value has.
enum Size {
    Exactly(usize),
    /// Those of a compact size.
    Compact,
    Any,
}
use Size::{Any, Compact, Exactly};

const fn field(kind: u8, key_name: &'static str, name: &'static str, size: Size) -> Field {
    Field { kind, key_name, name, required: None, size }
}

impl Field {
    const fn required(mut self, name: &'static str) -> Self {
        self.required = Some(name);
        self
    }
}

pub(super) const GLOBAL: &[Field] = &[
    field(global::TX_VERSION, "Global Transaction Version", "PSBT_GLOBAL_TX_VERSION", Exactly(4))
        .required("PSBT_GLOBAL_TX_VERSION"),
    field(global::FALLBACK_LOCKTIME, "Global Fallback Locktime", "PSBT_GLOBAL_FALLBACK_LOCKTIME", Exactly(4)),
    field(global::INPUT_COUNT, "Global Input Count", "PSBT_GLOBAL_INPUT_COUNT", Compact)
        .required("PSBT_GLOBAL_INPUT_COUNT"),
    field(global::OUTPUT_COUNT, "Global Output Count", "PSBT_GLOBAL_OUTPUT_COUNT", Compact)
        .required("PSBT_GLOBAL_OUTPUT_COUNT"),
    field(global::TX_MODIFIABLE, "Global TX Modifiable Flags", "PSBT_GLOBAL_TX_MODIFIABLE", Exactly(1)),
];

pub(super) const INPUT: &[Field] = &[
    field(input::PREVIOUS_TXID, "Input Previous TXID", "Previous txid", Exactly(32))
        .required("Previous TXID"),
    field(input::OUTPUT_INDEX, "Input Previous Output's Index", "Previous output's index", Exactly(4))
        .required("Previous output's index"),
    field(input::SEQUENCE, "Input Sequence", "Sequence", Exactly(4)),
    field(
        input::REQUIRED_TIME_LOCKTIME,
        "Input Required Time Based Locktime",
        "Required time based locktime",
        Exactly(4),
    ),
    field(
        input::REQUIRED_HEIGHT_LOCKTIME,
        "Input Required Height Based Locktime",
        "Required height based locktime",
        Exactly(4),
    ),
];

pub(super) const OUTPUT: &[Field] = &[
    field(output::AMOUNT, "Output Amount", "Output amount", Exactly(8)).required("Output amount"),
    field(output::SCRIPT, "Output Script", "Output script", Any).required("Output script"),
];

/// The error of a value that has not the length of its type.
pub(super) fn wrong_size() -> Error {
    Error::bad_value("Size of value was not the stated size")
}

/// A value that is a compact size.
pub(super) fn count(mut value: &[u8]) -> Result<u64> {
    let count = compact_size(&mut value).map_err(|_| wrong_size())?;
    if value.is_empty() { Ok(count) } else { Err(wrong_size()) }
}

/// Checks that a map has those of these fields that its version requires, and none that it does not allow.
pub(super) fn check(map: &Map, fields: &[Field], version: u32) -> Result<()> {
    for field in fields {
        let mut pairs = map.iter().filter(|pair| pair.kind() == field.kind).peekable();
        if let Some(required) = field.required.filter(|_| version == 2 && pairs.peek().is_none()) {
            return Err(Error::bad_value(format!("{required} is required in PSBTv2")));
        }
        for pair in pairs {
            if pair.key.len() != 1 {
                return Err(wrong_key(field.key_name));
            }
            match field.size {
                Exactly(size) if pair.value.len() != size => return Err(wrong_size()),
                Compact => drop(count(&pair.value)?),
                Exactly(_) | Any => {}
            }
            if version == 0 {
                return Err(Error::bad_value(format!("{} is not allowed in PSBTv0", field.name)));
            }
        }
    }
    Ok(())
}

/// The error of a key that is more than its type.
pub(super) fn wrong_key(name: &str) -> Error {
    Error::bad_value(format!("Size of key was not 1 for the type {name}"))
}

/// What only a PSBT of version 2 has: its own fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// The lock time if no input requires one; none is 0.
    pub fallback_lock_time: Option<u32>,
    /// Bits that say what may still be added: 1 inputs, 2 outputs; 4 says that there is a `SIGHASH_SINGLE`.
    pub tx_modifiable: Option<u8>,
}

/// What only an input of version 2 has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputFields {
    /// Its sequence; none is the highest one.
    pub sequence: Option<u32>,
    /// The least lock time that it requires, in seconds since 1970; not below 500 000 000.
    pub time_lock: Option<u32>,
    /// The least lock time that it requires, as a height; not 0, and below 500 000 000.
    pub height_lock: Option<u32>,
}

type Pairs = std::collections::BTreeMap<Key, Vec<u8>>;

fn key(kind: u8) -> Key {
    Key { type_value: kind, key: Vec::new() }
}

/// A number of 32 bits, the lowest first.
fn number(pairs: &Pairs, kind: u8) -> Option<u32> {
    Some(u32::from_le_bytes(pairs.get(&key(kind))?.as_slice().try_into().ok()?))
}

fn put(pairs: &mut Pairs, kind: u8, value: Option<Vec<u8>>) {
    match value {
        Some(value) => pairs.insert(key(kind), value),
        None => pairs.remove(&key(kind)),
    };
}

fn bytes(number: Option<u32>) -> Option<Vec<u8>> {
    Some(number?.to_le_bytes().to_vec())
}

impl Fields {
    /// Those of a PSBT; none at all in version 0.
    #[must_use]
    pub fn of(psbt: &Psbt) -> Self {
        Fields {
            fallback_lock_time: number(&psbt.unknown, global::FALLBACK_LOCKTIME),
            tx_modifiable: psbt
                .unknown
                .get(&key(global::TX_MODIFIABLE))
                .and_then(|value| value.first().copied()),
        }
    }

    /// Gives a PSBT of version 2 these, and its transaction the lock time that follows.
    pub fn set(self, psbt: &mut Psbt) {
        put(&mut psbt.unknown, global::FALLBACK_LOCKTIME, bytes(self.fallback_lock_time));
        put(&mut psbt.unknown, global::TX_MODIFIABLE, self.tx_modifiable.map(|bits| vec![bits]));
        follow(psbt);
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
        InputFields {
            sequence: number(&input.unknown, input::SEQUENCE),
            time_lock: number(&input.unknown, input::REQUIRED_TIME_LOCKTIME),
            height_lock: number(&input.unknown, input::REQUIRED_HEIGHT_LOCKTIME),
        }
    }

    /// Gives an input of a PSBT of version 2 these, and the transaction the sequence and lock time that
    /// follow. There may be no input in this place: then nothing happens.
    pub fn set(self, psbt: &mut Psbt, place: usize) {
        if let Some(input) = psbt.inputs.get_mut(place) {
            self.put(input);
            follow(psbt);
        }
    }

    pub(super) fn put(self, input: &mut bitcoin::psbt::Input) {
        put(&mut input.unknown, input::SEQUENCE, bytes(self.sequence));
        put(&mut input.unknown, input::REQUIRED_TIME_LOCKTIME, bytes(self.time_lock));
        put(&mut input.unknown, input::REQUIRED_HEIGHT_LOCKTIME, bytes(self.height_lock));
    }

    /// Whether an unknown pair of an input of version 2 is one of these.
    #[must_use]
    pub fn has(key: &Key) -> bool {
        key.key.is_empty() && (input::SEQUENCE..=input::REQUIRED_HEIGHT_LOCKTIME).contains(&key.type_value)
    }
}

/// The lock time of a PSBT's transaction (BIP 370, "Determining Lock Time"): the highest that inputs
/// require, of a kind that all of them accept, heights first; without any the fallback. `None` if inputs
/// require what does not go together, so that there is no valid transaction: the lock time of `unsigned_tx`
/// means nothing then.
#[must_use]
pub fn lock_time(psbt: &Psbt) -> Option<absolute::LockTime> {
    if psbt.version != 2 {
        return Some(psbt.unsigned_tx.lock_time);
    }
    let (mut times, mut heights) = (Some(0), Some(0));
    for InputFields { time_lock, height_lock, .. } in psbt.inputs.iter().map(InputFields::of) {
        if time_lock.is_none() && height_lock.is_none() {
            continue;
        }
        times = times.zip(time_lock).map(|(most, time): (u32, u32)| most.max(time));
        heights = heights.zip(height_lock).map(|(most, height): (u32, u32)| most.max(height));
    }
    let fallback = || Fields::of(psbt).fallback_lock_time.unwrap_or(0);
    let lock_time = match (heights, times) {
        (None, None) => return None,
        (Some(0), _) | (None, Some(0)) => fallback(),
        (Some(lock_time), _) | (None, Some(lock_time)) => lock_time,
    };
    Some(absolute::LockTime::from_consensus(lock_time))
}

/// Brings what version 0 has of these fields in its transaction up to date.
pub(super) fn follow(psbt: &mut Psbt) {
    if psbt.version == 2 {
        psbt.unsigned_tx.lock_time = lock_time(psbt).unwrap_or(absolute::LockTime::ZERO);
        for (spent, input) in psbt.unsigned_tx.input.iter_mut().zip(&psbt.inputs) {
            spent.sequence = InputFields::of(input).sequence.map_or(Sequence::MAX, Sequence);
        }
    }
}
