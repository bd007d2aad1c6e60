//! What an output's script asks of its spender.
//!
//! In: a script. Out: its [`ScriptKind`], as Bitcoin Core's `Solver` tells it.

use bitcoin::Script;
use bitcoin::opcodes::all::{OP_CHECKMULTISIG, OP_CHECKSIG};
use bitcoin::script::Instruction;

/// The most keys of a multisig script.
const MAX_KEYS: u8 = 20;

/// The forms of output scripts that policy tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScriptKind {
    NonStandard,
    /// A key, or the hash of one.
    Key,
    ScriptHash,
    /// As many of so many keys.
    Multisig(u8, u8),
    /// `OP_RETURN` and pushes.
    NullData,
    /// Version 0 of BIP 141, and version 1 of BIP 341.
    Witness,
    /// Pay to anchor.
    Anchor,
    /// A witness program that has no meaning yet.
    WitnessUnknown,
}

/// Whether a push has a public key's length, for its first byte.
fn is_key(bytes: &[u8]) -> bool {
    match bytes.first() {
        Some(2 | 3) => bytes.len() == 33,
        Some(4 | 6 | 7) => bytes.len() == 65,
        _ => false,
    }
}

/// `OP_1` to `OP_16`, or the shortest push of a number up to 20.
fn small_number(instruction: Instruction<'_>) -> Option<u8> {
    match instruction {
        Instruction::Op(op) => op.to_u8().checked_sub(0x50).filter(|number| (1..=16).contains(number)),
        Instruction::PushBytes(push) => match push.as_bytes() {
            [number @ 17..=MAX_KEYS] => Some(*number),
            _ => None,
        },
    }
}

fn multisig(script: &Script) -> Option<(u8, u8)> {
    let mut instructions = script.instructions();
    let needed = small_number(instructions.next()?.ok()?)?;
    let mut keys = 0_u8;
    loop {
        match instructions.next()?.ok()? {
            Instruction::PushBytes(push) if is_key(push.as_bytes()) => keys = keys.checked_add(1)?,
            count => {
                let fits = small_number(count)? == keys && needed <= keys;
                let end = instructions.next()?.ok()? == Instruction::Op(OP_CHECKMULTISIG);
                return (fits && end && instructions.next().is_none()).then_some((needed, keys));
            }
        }
    }
}

/// Whether a script is `OP_RETURN` and pushes.
fn is_null_data(script: &Script) -> bool {
    script.is_op_return() && Script::from_bytes(&script.as_bytes()[1..]).is_push_only()
}

fn is_pay_to_key(script: &Script) -> bool {
    let mut instructions = script.instructions();
    matches!(
        (instructions.next(), instructions.next(), instructions.next()),
        (Some(Ok(Instruction::PushBytes(key))), Some(Ok(Instruction::Op(OP_CHECKSIG))), None)
            if is_key(key.as_bytes()) && script.len() == key.len() + 2
    )
}

/// Whether a script is pay to anchor: a witness program of version 1 and these two bytes.
pub(super) fn is_anchor(script: &Script) -> bool {
    script.as_bytes() == [0x51, 0x02, 0x4e, 0x73]
}

impl ScriptKind {
    pub(super) fn of(script: &Script) -> Self {
        if script.is_p2sh() {
            ScriptKind::ScriptHash
        } else if script.is_p2wpkh() || script.is_p2wsh() || script.is_p2tr() {
            ScriptKind::Witness
        } else if is_anchor(script) {
            ScriptKind::Anchor
        } else if script.is_witness_program() {
            // A program of version 0 with another length can never be spent.
            let unknown = script.as_bytes().first() != Some(&0);
            if unknown { ScriptKind::WitnessUnknown } else { ScriptKind::NonStandard }
        } else if is_null_data(script) {
            ScriptKind::NullData
        } else if script.is_p2pkh() || is_pay_to_key(script) {
            ScriptKind::Key
        } else {
            multisig(script)
                .map_or(ScriptKind::NonStandard, |(needed, keys)| ScriptKind::Multisig(needed, keys))
        }
    }
}
