//! Addresses in arguments.
//!
//! In: texts of users. Out: addresses, or what is wrong with the text in Bitcoin Core's words.

use std::str::FromStr;

use bitcoin::address::AddressData;
use bitcoin::bech32::primitives::decode::CheckedHrpstring;
use bitcoin::bech32::{Bech32, Bech32m, Fe32};
use bitcoin::hex::DisplayHex;
use bitcoin::{Address, Network, base58};
use serde_json::{Map, Value};

use crate::{bech32_faults, script};

/// What is wrong with a text that is no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// In the words of Bitcoin Core's `DecodeDestination`.
    pub message: String,
    /// The places of letters that are probably wrong, counted in bytes, if that can be told.
    pub locations: Vec<usize>,
}

/// Reads an address of a network; otherwise says what is wrong with it, in the words of Bitcoin Core's
/// `DecodeDestination`.
///
/// # Errors
///
/// The text is no address of this network.
pub fn parse(text: &str, network: Network) -> Result<Address, String> {
    locate(text, network).map_err(|fault| fault.message)
}

/// Reads an address of a network; otherwise says what is wrong with it, and where.
///
/// # Errors
///
/// The text is no address of this network.
pub fn locate(text: &str, network: Network) -> Result<Address, Fault> {
    let address = Address::from_str(text).ok().and_then(|address| address.require_network(network).ok());
    address.ok_or_else(|| {
        let prefix = prefix(network);
        let starts = text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        if !starts {
            return Fault { message: base58_fault(text, network).to_owned(), locations: Vec::new() };
        }
        match bech32_faults::locate(text) {
            ("", _) => Fault { message: segwit_fault(text, prefix), locations: Vec::new() },
            (message, locations) => Fault { message: message.to_owned(), locations },
        }
    })
}

/// What addresses of segregated witness begin with.
fn prefix(network: Network) -> &'static str {
    match network {
        Network::Bitcoin => "bc",
        Network::Regtest => "bcrt",
        _ => "tb",
    }
}

fn base58_fault(text: &str, network: Network) -> &'static str {
    let versions: [u8; 2] = if network == Network::Bitcoin { [0, 5] } else { [111, 196] };
    match base58::decode_check(text) {
        Ok(data) if data.len() <= 21 => match data.first() {
            Some(version) if versions.contains(version) => {
                "Invalid length for Base58 address (P2PKH or P2SH)"
            }
            _ => "Invalid or unsupported Base58-encoded address.",
        },
        _ if base58::decode(text).is_ok_and(|data| data.len() <= 100) => {
            "Invalid checksum or length of Base58 address (P2PKH or P2SH)"
        }
        _ => "Invalid or unsupported Segwit (Bech32) or Base58 encoding.",
    }
}

/// What is wrong with an address of segregated witness (BIP 173, BIP 350) whose checksum is right.
fn segwit_fault(text: &str, prefix: &str) -> String {
    let words = |text: &str| text.to_owned();
    let (of_old, of_new) = (CheckedHrpstring::new::<Bech32>(text), CheckedHrpstring::new::<Bech32m>(text));
    let (checked, is_old) = match (of_old, of_new) {
        (Ok(checked), _) => (checked, true),
        (_, Ok(checked)) => (checked, false),
        _ => return words("Invalid checksum"),
    };
    // The version and the program, without the checksum.
    let data = text.rfind('1').and_then(|separator| text.get(separator + 1..text.len().saturating_sub(6)));
    let symbols: Vec<Fe32> =
        data.unwrap_or_default().chars().filter_map(|symbol| Fe32::from_char(symbol).ok()).collect();
    let Some((version, program)) = symbols.split_first() else { return words("Empty Bech32 data section") };
    let old = *version == Fe32::Q;
    let hrp = checked.hrp().to_lowercase();
    if hrp != prefix {
        return format!(
            "Invalid or unsupported prefix for Segwit (Bech32) address (expected {prefix}, got {hrp})."
        );
    }
    match (old, is_old) {
        (true, false) => return words("Version 0 witness address must use Bech32 checksum"),
        (false, true) => return words("Version 1+ witness address must use Bech32m checksum"),
        _ => {}
    }
    // What is left of the last byte is less than a symbol, and zero.
    let left = program.len() * 5 % 8;
    let padding = program.last().map_or(0, |last| last.to_u8() & ((1 << left.min(5)) - 1));
    if left >= 5 || padding != 0 {
        return words("Invalid padding in Bech32 data section");
    }
    let size = program.len() * 5 / 8;
    let bytes = if size == 1 { "byte" } else { "bytes" };
    if old {
        format!("Invalid Bech32 v0 address program size ({size} {bytes}), per BIP141")
    } else if version.to_u8() > 16 {
        words("Invalid Bech32 address witness version")
    } else {
        format!("Invalid Bech32 address program size ({size} {bytes})")
    }
}

/// What an address alone tells: Bitcoin Core's `DescribeAddress`.
#[must_use]
pub fn describe(address: &Address) -> Map<String, Value> {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    let kind = script::kind(&address.script_pubkey());
    match address.to_address_data() {
        AddressData::P2pkh { .. } => {
            put("isscript", false.into());
            put("iswitness", false.into());
        }
        AddressData::P2sh { .. } => {
            put("isscript", true.into());
            put("iswitness", false.into());
        }
        AddressData::Segwit { witness_program } => {
            match kind {
                "witness_v0_keyhash" => _ = put("isscript", false.into()),
                "witness_v0_scripthash" | "witness_v1_taproot" | "anchor" => _ = put("isscript", true.into()),
                _ => {}
            }
            put("iswitness", true.into());
            if kind != "anchor" {
                put("witness_version", witness_program.version().to_num().into());
                let program = witness_program.program().as_bytes().to_lower_hex_string();
                put("witness_program", program.into());
            }
        }
        _ => {}
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_have_bitcoin_cores_words() {
        for (text, fault) in [
            ("x", "Invalid checksum or length of Base58 address (P2PKH or P2SH)"),
            ("0", "Invalid or unsupported Segwit (Bech32) or Base58 encoding."),
            ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "Invalid or unsupported Base58-encoded address."),
            ("bcrt1qx", "Invalid separator position"),
            ("bcrtq", "Missing separator"),
            ("bcrt1QQQQqqqqqqq", "Invalid character or mixed case"),
            ("bcrt1bbbbbbbbbb", "Invalid Base 32 character"),
            ("bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt081", "Invalid separator position"),
            ("bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt08q", "Invalid Bech32 checksum"),
            ("bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma7", "Invalid Bech32m checksum"),
        ] {
            assert_eq!(parse(text, Network::Regtest), Err(fault.to_owned()), "{text}");
        }
        let own = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
        assert_eq!(parse(own, Network::Regtest).map(|address| address.to_string()), Ok(own.to_owned()));
        assert!(parse(own, Network::Bitcoin).is_err());
    }
}
