//! Addresses in arguments.
//!
//! In: texts of users. Out: addresses, or what is wrong with the text in Bitcoin Core's words.

use std::str::FromStr;

use bitcoin::address::AddressData;
use bitcoin::hex::DisplayHex;
use bitcoin::{Address, Network};
use serde_json::{Map, Value};

use super::script;

/// Reads an address of a network; otherwise says what is wrong with it.
pub fn parse(text: &str, network: Network) -> Result<Address, String> {
    match Address::from_str(text) {
        Ok(address) => address
            .require_network(network)
            .map_err(|_| "Invalid or unsupported Segwit (Bech32) or Base58 encoding.".to_owned()),
        Err(_) => {
            let human = format!("{}1", network_prefix(network));
            if text.to_lowercase().starts_with(&human) {
                return Err("Invalid Bech32 address data".to_owned());
            }
            match bitcoin::base58::decode_check(text) {
                Ok(_) => Err("Invalid length for Base58 address (P2PKH or P2SH)".to_owned()),
                Err(_) => Err("Invalid or unsupported Segwit (Bech32) or Base58 encoding.".to_owned()),
            }
        }
    }
}

fn network_prefix(network: Network) -> &'static str {
    match network {
        Network::Bitcoin => "bc",
        Network::Regtest => "bcrt",
        _ => "tb",
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
