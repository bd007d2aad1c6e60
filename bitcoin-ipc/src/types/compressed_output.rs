//! Bitcoin Core's compressed form of a transaction output, in which coins and undo data are kept.
//!
//! In: a [`TxOut`], or bytes. Out: bytes, or a [`TxOut`]. The form is Bitcoin Core's
//! `TxOutCompression`: the amount with its trailing zeros as an exponent, then the script, of which
//! the common kinds shrink to one byte and a hash or a key.

use bitcoin::hex::DisplayHex;
use bitcoin::opcodes::all::OP_RETURN;
use bitcoin::secp256k1::PublicKey;
use bitcoin::{Amount, ScriptBuf, TxOut};
use mp_runtime::Result;

use super::cursor::{Reader, push_varint};

const DUP: u8 = 0x76;
const EQUAL: u8 = 0x87;
const EQUALVERIFY: u8 = 0x88;
const HASH160: u8 = 0xa9;
const CHECKSIG: u8 = 0xac;

/// How many script kinds have a short form; a raw script's length is written plus this.
const SHORT_KINDS: u64 = 6;

/// The longest script that can be run, in bytes: Bitcoin Core's `MAX_SCRIPT_SIZE`.
const MAX_SCRIPT_SIZE: u64 = 10_000;

/// Appends the compressed form of `output`.
///
/// Amounts above the 21 million coins have no form that Bitcoin Core promises to read back.
pub(super) fn push(out: &mut Vec<u8>, output: &TxOut) {
    push_varint(out, compress_amount(output.value.to_sat()));
    let script = output.script_pubkey.as_bytes();
    match short_form(script) {
        Some((kind, bytes)) => {
            out.push(kind);
            out.extend(bytes);
        }
        None => {
            push_varint(out, script.len() as u128 + u128::from(SHORT_KINDS));
            out.extend(script);
        }
    }
}

/// Reads one compressed output.
///
/// A script of more than 10,000 bytes is read as a lone `OP_RETURN`, as Bitcoin Core does it.
///
/// # Errors
///
/// The bytes end early, the amount does not fit Bitcoin Core's signed 64 bits, or a key's x
/// coordinate is not on the curve. (Bitcoin Core reads the last as an empty script; it never writes
/// it.)
pub(super) fn read(reader: &mut Reader<'_>) -> Result<TxOut> {
    let value = expand_amount(reader.varint(u64::MAX)?)
        .filter(|value| i64::try_from(*value).is_ok())
        .ok_or_else(|| reader.error("the amount is out of range"))?;
    Ok(TxOut { value: Amount::from_sat(value), script_pubkey: read_script(reader)? })
}

/// Bitcoin Core's `CompressAmount` for an amount in satoshi.
fn compress_amount(satoshi: u64) -> u128 {
    if satoshi == 0 {
        return 0;
    }
    let (mut number, mut exponent) = (u128::from(satoshi), 0);
    while exponent < 9 && number % 10 == 0 {
        number /= 10;
        exponent += 1;
    }
    if exponent == 9 {
        // The last digit may be zero here, so it is not kept apart.
        number * 10
    } else {
        // The last digit is one of nine.
        1 + (number / 10 * 9 + number % 10 - 1) * 10 + exponent
    }
}

/// Bitcoin Core's `DecompressAmount`, in satoshi, or nothing when 64 bits do not hold it.
fn expand_amount(code: u64) -> Option<u64> {
    let Some(code) = code.checked_sub(1) else { return Some(0) };
    let (code, exponent) = (code / 10, code % 10);
    let number = if exponent == 9 { code + 1 } else { code / 9 * 10 + code % 9 + 1 };
    (0..exponent).try_fold(number, |number, _| number.checked_mul(10))
}

/// The kind and the bytes of a script that has a short form.
fn short_form(script: &[u8]) -> Option<(u8, &[u8])> {
    match script {
        [DUP, HASH160, 20, hash @ .., EQUALVERIFY, CHECKSIG] if hash.len() == 20 => Some((0, hash)),
        [HASH160, 20, hash @ .., EQUAL] if hash.len() == 20 => Some((1, hash)),
        [33, kind @ (2 | 3), x @ .., CHECKSIG] if x.len() == 32 => Some((*kind, x)),
        [65, key @ .., CHECKSIG] if key.len() == 65 && key[0] == 4 => {
            // The y coordinate is left out, so it has to follow from x.
            PublicKey::from_slice(key).ok()?;
            Some((4 | key[64] & 1, &key[1..33]))
        }
        _ => None,
    }
}

fn read_script(reader: &mut Reader<'_>) -> Result<ScriptBuf> {
    let kind = reader.varint(u32::MAX.into())?;
    let script = match kind {
        0 => [&[DUP, HASH160, 20][..], reader.take(20)?, &[EQUALVERIFY, CHECKSIG]].concat(),
        1 => [&[HASH160, 20], reader.take(20)?, &[EQUAL]].concat(),
        2 | 3 => [&[33, kind as u8], reader.take(32)?, &[CHECKSIG]].concat(),
        4 | 5 => {
            let x = reader.take(32)?;
            let key = PublicKey::from_slice(&[&[kind as u8 - 2], x].concat())
                .map_err(|_| reader.error(format_args!("no public key has x coordinate {}", x.as_hex())))?;
            [&[65][..], &key.serialize_uncompressed(), &[CHECKSIG]].concat()
        }
        _ => {
            let length = kind - SHORT_KINDS;
            // What does not fit `usize` is not there either, so the cut changes nothing.
            let script = reader.take(usize::try_from(length).unwrap_or(usize::MAX))?;
            if length > MAX_SCRIPT_SIZE { vec![OP_RETURN.to_u8()] } else { script.to_vec() }
        }
    };
    Ok(script.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitcoin::hex::FromHex;
    use proptest::prelude::*;

    const BTC: u64 = 100_000_000;
    const GENESIS_X: &str = "678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb6";

    fn bytes_of(script: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let script_pubkey = ScriptBuf::from_hex(script).unwrap();
        push(&mut out, &TxOut { value: Amount::ZERO, script_pubkey });
        out
    }

    fn decode(bytes: &[u8]) -> Result<TxOut> {
        let mut reader = Reader::new("output", bytes);
        let output = read(&mut reader)?;
        reader.finish()?;
        Ok(output)
    }

    #[test]
    fn amounts_have_the_known_codes() {
        for (satoshi, code) in
            [(0, 0), (1, 1), (BTC / 100, 7), (BTC, 9), (50 * BTC, 50), (21_000_000 * BTC, 21_000_000)]
        {
            assert_eq!(compress_amount(satoshi), code);
            assert_eq!(expand_amount(code as u64), Some(satoshi));
        }
    }

    #[test]
    fn amounts_beyond_64_bits_are_refused() {
        assert_eq!(expand_amount(u64::MAX), None);
        let mut bytes = Vec::new();
        push(&mut bytes, &TxOut { value: Amount::from_sat(u64::MAX), script_pubkey: ScriptBuf::new() });
        decode(&bytes).unwrap_err();
        bytes.clear();
        push(&mut bytes, &TxOut { value: Amount::from_sat(1 << 63), script_pubkey: ScriptBuf::new() });
        decode(&bytes).unwrap_err();
    }

    #[test]
    fn every_short_kind_has_its_bytes() {
        let hash = "11".repeat(20);
        for (script, compressed) in [
            (format!("76a914{hash}88ac"), format!("0000{hash}")),
            (format!("a914{hash}87"), format!("0001{hash}")),
            // Compressed keys are not looked at: this one need not be on the curve.
            (format!("2102{0}ac", "00".repeat(32)), format!("0002{}", "00".repeat(32))),
            (format!("2103{GENESIS_X}ac"), format!("0003{GENESIS_X}")),
            (format!("0014{hash}"), format!("001c0014{hash}")),
            (String::new(), "0006".into()),
        ] {
            let bytes = bytes_of(&script);
            assert_eq!(bytes, Vec::<u8>::from_hex(&compressed).unwrap());
            assert_eq!(decode(&bytes).unwrap().script_pubkey.to_hex_string(), script);
            super::super::cursor::assert_exact_length(&bytes, decode);
        }
    }

    #[test]
    fn uncompressed_keys_lose_their_y_only_when_it_follows() {
        let genesis = bitcoin::constants::genesis_block(bitcoin::Network::Bitcoin);
        let output = genesis.txdata[0].output[0].clone();
        let script = output.script_pubkey.to_hex_string();
        assert_eq!(bytes_of(&script), Vec::<u8>::from_hex(&format!("0005{GENESIS_X}")).unwrap());

        // The other root of the curve's equation.
        let other = decode(&Vec::<u8>::from_hex(&format!("0004{GENESIS_X}")).unwrap()).unwrap();
        assert_ne!(other.script_pubkey, output.script_pubkey);
        assert_eq!(bytes_of(&other.script_pubkey.to_hex_string())[1], 4);

        // A point that is not on the curve stays raw.
        let wrong = format!("4104{}ac", "11".repeat(64));
        let bytes = bytes_of(&wrong);
        assert_eq!((bytes[1], bytes.len()), (67 + 6, 2 + 67));
        assert_eq!(decode(&bytes).unwrap().script_pubkey.to_hex_string(), wrong);
    }

    #[test]
    fn an_x_coordinate_without_a_point_is_refused() {
        let error = decode(&[&[0, 4][..], &[0; 32]].concat()).unwrap_err();
        assert!(error.text().contains("no public key has x coordinate 00"), "{error}");
    }

    #[test]
    fn a_long_script_is_read_as_op_return() {
        for (length, kept) in [(10_000, 10_000), (10_001, 1)] {
            let bytes = bytes_of(&"51".repeat(length));
            let script = decode(&bytes).unwrap().script_pubkey;
            assert_eq!(script.len(), kept);
            assert_eq!(script.is_op_return(), kept == 1);
            decode(&bytes[..bytes.len() - 1]).unwrap_err();
        }
    }

    proptest! {
        #[test]
        fn amount_round_trip(satoshi in 0..=21_000_000 * BTC, zeros in 0..16u32) {
            let satoshi = satoshi / 10u64.pow(zeros) * 10u64.pow(zeros);
            let code = u64::try_from(compress_amount(satoshi)).unwrap();
            prop_assert_eq!(expand_amount(code), Some(satoshi));
        }

        #[test]
        fn code_round_trip(code in 0..u64::from(u32::MAX)) {
            prop_assert_eq!(expand_amount(code).map(compress_amount), Some(code.into()));
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }
}
