//! Output scripts as JSON.
//!
//! In: scripts. Out: their opcodes in words, kind, address and descriptor, as Bitcoin Core's
//! `ScriptToUniv` and `ScriptToAsmStr` give them.

use bitcoin::hex::DisplayHex;
use bitcoin::opcodes::all::OP_PUSHDATA4;
use bitcoin::script::Instruction;
use bitcoin::{Address, Network, Opcode, PublicKey, Script, XOnlyPublicKey};
use miniscript::descriptor::checksum::desc_checksum;
use serde_json::{Map, Value, json};

/// Bytes of a push that are written as a number.
const NUMBER_BYTES: usize = 4;
/// Bytes above which a script can never be run.
const MAX_SCRIPT_SIZE: usize = 10_000;
/// Bytes above which a push can never be run.
const MAX_PUSH: usize = 520;
/// `OP_NOP10`.
const LAST_OPCODE: u8 = 0xb9;
/// Keys that a bare multisig script may have.
const MAX_KEYS: i64 = 20;

/// What an output script is: the names of Bitcoin Core's `TxoutType`.
pub fn kind(script: &Script) -> &'static str {
    match script {
        script if script.as_bytes() == [0x51, 2, 0x4e, 0x73] => "anchor",
        script if script.is_p2sh() => "scripthash",
        script if script.is_p2wpkh() => "witness_v0_keyhash",
        script if script.is_p2wsh() => "witness_v0_scripthash",
        script if script.is_p2tr() => "witness_v1_taproot",
        script if script.is_witness_program() => match script.witness_version() {
            // A program of another length than the two can never be spent.
            Some(bitcoin::WitnessVersion::V0) => "nonstandard",
            _ => "witness_unknown",
        },
        script if is_null_data(script) => "nulldata",
        script if key(script).is_some() => "pubkey",
        script if script.is_p2pkh() => "pubkeyhash",
        script if multisig(script).is_some() => "multisig",
        _ => "nonstandard",
    }
}

/// `OP_RETURN`, then only pushes.
fn is_null_data(script: &Script) -> bool {
    let is_push = |instruction| match instruction {
        Ok(Instruction::PushBytes(_)) => true,
        Ok(Instruction::Op(op)) => op.to_u8() <= 0x60,
        Err(_) => false,
    };
    script.is_op_return() && script.instructions().skip(1).all(is_push)
}

/// A push that has the form of a public key.
fn key_bytes(bytes: &[u8]) -> Option<&[u8]> {
    let fits = match bytes.first() {
        Some(2 | 3) => bytes.len() == 33,
        Some(4 | 6 | 7) => bytes.len() == 65,
        _ => false,
    };
    fits.then_some(bytes)
}

/// The key of a script that wants a signature of it only.
pub fn key(script: &Script) -> Option<&[u8]> {
    match script.as_bytes() {
        [33 | 65, key @ .., 0xac] if script.len() == usize::from(script.as_bytes()[0]) + 2 => key_bytes(key),
        _ => None,
    }
}

/// How many of which keys a bare multisig script wants.
pub fn multisig(script: &Script) -> Option<(i64, Vec<&[u8]>)> {
    let number = |instruction: Instruction<'_>| match instruction {
        Instruction::Op(op) if (0x51..=0x60).contains(&op.to_u8()) => Some(i64::from(op.to_u8() - 0x50)),
        // Above 16 the shortest push of the number.
        Instruction::PushBytes(push) => match push.as_bytes() {
            [byte @ 17..=20] => Some(i64::from(*byte)),
            _ => None,
        },
        Instruction::Op(_) => None,
    };
    let all: Vec<Instruction<'_>> = script.instructions_minimal().collect::<Result<_, _>>().ok()?;
    let [needed, keys @ .., count, Instruction::Op(bitcoin::opcodes::all::OP_CHECKMULTISIG)] = all.as_slice()
    else {
        return None;
    };
    let (needed, count) = (number(*needed)?, number(*count)?);
    let keys: Vec<&[u8]> = keys
        .iter()
        .map(|key| match *key {
            Instruction::PushBytes(push) => key_bytes(push.as_bytes()),
            Instruction::Op(_) => None,
        })
        .collect::<Option<_>>()?;
    let fits = i64::try_from(keys.len()) == Ok(count) && needed <= count && count <= MAX_KEYS;
    fits.then_some((needed, keys))
}

/// The address of an output script; `None` where it has none. A bare key has none of its own.
pub fn address(script: &Script, network: Network) -> Option<Address> {
    Address::from_script(script, network).ok()
}

/// With its checksum (BIP 380).
pub fn with_checksum(descriptor: &str) -> String {
    match desc_checksum(descriptor) {
        Ok(checksum) => format!("{descriptor}#{checksum}"),
        Err(_) => descriptor.to_owned(),
    }
}

/// The descriptor that a script alone allows: Bitcoin Core's `InferDescriptor` without keys.
pub fn descriptor(script: &Script, network: Network) -> String {
    let valid = |key: &[u8]| PublicKey::from_slice(key).is_ok();
    let text = if let Some(key) = key(script).filter(|key| valid(key)) {
        format!("pk({})", key.as_hex())
    } else if let Some((needed, keys)) =
        multisig(script).filter(|(_, keys)| keys.iter().all(|key| valid(key)))
    {
        let keys: Vec<String> = keys.iter().map(|key| key.to_lower_hex_string()).collect();
        format!("multi({needed},{})", keys.join(","))
    } else if let Some(key) = taproot_key(script) {
        format!("rawtr({key})")
    } else if let Some(address) = address(script, network) {
        format!("addr({address})")
    } else {
        format!("raw({:x})", script)
    };
    with_checksum(&text)
}

fn taproot_key(script: &Script) -> Option<XOnlyPublicKey> {
    let key = script.is_p2tr().then(|| script.as_bytes().get(2..34)).flatten()?;
    XOnlyPublicKey::from_slice(key).ok()
}

/// Whether every opcode is known and no push is too long to be run.
pub fn is_valid(script: &Script) -> bool {
    script.instructions().all(|instruction| match instruction {
        Ok(Instruction::PushBytes(push)) => push.len() <= MAX_PUSH,
        Ok(Instruction::Op(op)) => op.to_u8() <= LAST_OPCODE,
        Err(_) => false,
    })
}

/// Whether an output can never be spent.
pub fn is_unspendable(script: &Script) -> bool {
    script.is_op_return() || script.len() > MAX_SCRIPT_SIZE
}

/// The opcodes and pushes in words. `sighash` marks the signatures of an input's script with what
/// they sign.
pub fn asm(script: &Script, sighash: bool) -> String {
    let mut words: Vec<String> = Vec::new();
    let unspendable = is_unspendable(script);
    for instruction in script.instructions() {
        words.push(match instruction {
            Err(_) => "[error]".to_owned(),
            Ok(Instruction::Op(op)) => opcode_name(op),
            Ok(Instruction::PushBytes(push)) if push.len() <= NUMBER_BYTES => {
                script_number(push.as_bytes()).to_string()
            }
            Ok(Instruction::PushBytes(push)) => {
                let bytes = push.as_bytes();
                match (sighash && !unspendable).then(|| signature_kind(bytes)).flatten() {
                    Some(kind) => format!("{}[{kind}]", bytes[..bytes.len() - 1].as_hex()),
                    None => bytes.to_lower_hex_string(),
                }
            }
        });
    }
    words.join(" ")
}

/// A number of a script: little-endian, the highest bit is the sign.
fn script_number(bytes: &[u8]) -> i64 {
    let Some((last, rest)) = bytes.split_last() else { return 0 };
    let high = i64::from(last & 0x7f) << (8 * rest.len());
    let low = rest.iter().rev().fold(0, |sum, byte| (sum << 8) | i64::from(*byte));
    if last & 0x80 == 0 { high | low } else { -(high | low) }
}

fn opcode_name(op: Opcode) -> String {
    match op.to_u8() {
        0 => "0".to_owned(),
        0x4f => "-1".to_owned(),
        number @ 0x51..=0x60 => (number - 0x50).to_string(),
        code if code <= OP_PUSHDATA4.to_u8() => format!("{op}"),
        0xb1 => "OP_CHECKLOCKTIMEVERIFY".to_owned(),
        0xb2 => "OP_CHECKSEQUENCEVERIFY".to_owned(),
        0xba => "OP_CHECKSIGADD".to_owned(),
        0xff => "OP_INVALIDOPCODE".to_owned(),
        code if code > 0xba => "OP_UNKNOWN".to_owned(),
        _ => format!("{op}"),
    }
}

/// What a push signs, if it has the form of a signature that Bitcoin Core's strict encoding allows.
fn signature_kind(bytes: &[u8]) -> Option<&'static str> {
    let (kind, der) = bytes.split_last()?;
    let name = match kind {
        1 => "ALL",
        2 => "NONE",
        3 => "SINGLE",
        0x81 => "ALL|ANYONECANPAY",
        0x82 => "NONE|ANYONECANPAY",
        0x83 => "SINGLE|ANYONECANPAY",
        _ => return None,
    };
    is_strict_der(der).then_some(name)
}

/// Two positive integers without superfluous zeros, in a sequence (BIP 66).
fn is_strict_der(bytes: &[u8]) -> bool {
    let integer = |bytes: &[u8]| match bytes {
        [] => false,
        [0, next, ..] => *next & 0x80 != 0,
        [first, ..] => *first & 0x80 == 0,
    };
    let [0x30, length, 2, r_length, rest @ ..] = bytes else { return false };
    let Some((r, [2, s_length, s @ ..])) = rest.split_at_checked((*r_length).into()) else { return false };
    bytes.len() <= 72
        && bytes.len() == usize::from(*length) + 2
        && s.len() == usize::from(*s_length)
        && integer(r)
        && integer(s)
}

/// An output script, with its bytes.
pub fn to_json(script: &Script, network: Network) -> Value {
    fields(script, network, true).into()
}

/// The same, with or without its bytes.
pub fn fields(script: &Script, network: Network, hex: bool) -> Map<String, Value> {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("asm", asm(script, false).into());
    put("desc", descriptor(script, network).into());
    if hex {
        put("hex", json!(format!("{script:x}")));
    }
    if let Some(address) = address(script, network) {
        put("address", address.to_string().into());
    }
    put("type", kind(script).into());
    object
}

#[cfg(test)]
mod tests {
    use bitcoin::ScriptBuf;
    use bitcoin::hex::FromHex;

    use super::*;

    fn script(hex: &str) -> ScriptBuf {
        ScriptBuf::from_bytes(Vec::from_hex(hex).unwrap())
    }

    #[test]
    fn opcodes_are_written_in_words() {
        for (hex, words) in [
            ("", ""),
            ("00", "0"),
            ("4f516001ff0180028000", "-1 1 16 -127 0 128"),
            ("0401000080", "-1"),
            (
                "76a9b1b2baff",
                "OP_DUP OP_HASH160 OP_CHECKLOCKTIMEVERIFY OP_CHECKSEQUENCEVERIFY OP_CHECKSIGADD OP_INVALIDOPCODE",
            ),
            ("50", "OP_RESERVED"),
            ("bb", "OP_UNKNOWN"),
            ("05aabb", "[error]"),
            ("0501020304056a", "0102030405 OP_RETURN"),
        ] {
            assert_eq!(asm(&script(hex), false), words, "{hex}");
        }
    }

    #[test]
    fn signatures_say_what_they_sign() {
        let der = "30060201010201010130060201";
        let push = format!("09{}", &der[..16]);
        assert_eq!(asm(&script(&format!("{push}01")), true), format!("{}[ALL]", &der[..16]));
        assert_eq!(asm(&script(&format!("{push}01")), false), format!("{}01", &der[..16]));
        assert_eq!(asm(&script(&format!("{push}05")), true), format!("{}05", &der[..16]));
    }

    #[test]
    fn scripts_are_told_apart() {
        let key = format!("02{}", "11".repeat(32));
        for (hex, name) in [
            ("51024e73".to_owned(), "anchor"),
            (format!("21{key}ac"), "pubkey"),
            (format!("76a914{}88ac", "00".repeat(20)), "pubkeyhash"),
            (format!("a914{}87", "00".repeat(20)), "scripthash"),
            (format!("0014{}", "00".repeat(20)), "witness_v0_keyhash"),
            (format!("0020{}", "00".repeat(32)), "witness_v0_scripthash"),
            (format!("0010{}", "00".repeat(16)), "nonstandard"),
            (format!("5120{}", "00".repeat(32)), "witness_v1_taproot"),
            (format!("5220{}", "00".repeat(32)), "witness_unknown"),
            (format!("5121{key}21{key}52ae"), "multisig"),
            (format!("5321{key}21{key}52ae"), "nonstandard"),
            ("6a".to_owned(), "nulldata"),
            ("6a02abcd51".to_owned(), "nulldata"),
            ("6a76".to_owned(), "nonstandard"),
            (String::new(), "nonstandard"),
        ] {
            assert_eq!(kind(&script(&hex)), name, "{hex}");
        }
    }
}
