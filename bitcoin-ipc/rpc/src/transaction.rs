//! Transactions as JSON.
//!
//! In: transactions, and the coins that they spent. Out: the fields of Bitcoin Core's `TxToUniv`.

use bitcoin::consensus::{Decodable, Encodable};
use bitcoin::hex::{DisplayHex, FromHex};
use bitcoin::{Network, Transaction, TxIn, TxOut, consensus};
use bitcoin_ipc::types::Coin;
use serde_json::{Map, Value, json};

use crate::{amount, script};

/// A transaction as hex digits. One without inputs has the form from before BIP 144, as in Bitcoin
/// Core.
pub fn hex(tx: &Transaction) -> String {
    if tx.input.is_empty() {
        return without_inputs(tx).to_lower_hex_string();
    }
    consensus::encode::serialize_hex(tx)
}

/// What a transaction without inputs is as bytes.
fn without_inputs(tx: &Transaction) -> Vec<u8> {
    let mut bytes = Vec::new();
    let fields: [&dyn Fn(&mut Vec<u8>) -> _; 4] = [
        &|out| tx.version.consensus_encode(out),
        &|out| tx.input.consensus_encode(out),
        &|out| tx.output.consensus_encode(out),
        &|out| tx.lock_time.consensus_encode(out),
    ];
    for field in fields {
        field(&mut bytes).expect("writing to a vector does not fail");
    }
    bytes
}

/// The form from before BIP 144.
fn decode_legacy(mut bytes: &[u8]) -> Option<Transaction> {
    let tx = Transaction {
        version: Decodable::consensus_decode(&mut bytes).ok()?,
        input: Decodable::consensus_decode(&mut bytes).ok()?,
        output: Decodable::consensus_decode(&mut bytes).ok()?,
        lock_time: Decodable::consensus_decode(&mut bytes).ok()?,
    };
    bytes.is_empty().then_some(tx)
}

/// The form of BIP 144. As in Bitcoin Core, one without inputs and with a flag of 0 has no outputs either.
fn decode_extended(bytes: &[u8]) -> Option<Transaction> {
    if let [_, _, _, _, 0, 0, lock_time @ ..] = bytes
        && lock_time.len() == 4
    {
        return decode_legacy(bytes);
    }
    consensus::deserialize(bytes).ok()
}

/// Whether all scripts could be run; in a transaction that was read in the wrong form they could not.
fn is_sane(tx: &Transaction) -> bool {
    let inputs = tx.input.iter().filter(|_| !tx.is_coinbase()).map(|input| &input.script_sig);
    inputs.chain(tx.output.iter().map(|output| &output.script_pubkey)).all(|script| script::is_valid(script))
}

/// Reads a transaction in a form with witnesses, without, or whichever makes sense.
pub fn decode(bytes: &[u8], with_witness: bool, without: bool) -> Option<Transaction> {
    let extended = if with_witness { decode_extended(bytes) } else { None };
    if extended.as_ref().is_some_and(is_sane) {
        return extended;
    }
    let legacy = if without { decode_legacy(bytes) } else { None };
    if legacy.as_ref().is_some_and(is_sane) {
        return legacy;
    }
    extended.or(legacy)
}

/// Reads a transaction from hex digits. One without inputs has no outputs either: otherwise the form from before
/// BIP 144 would be taken for the one with witnesses.
pub fn from_hex(hex: &str) -> Option<Transaction> {
    decode(&Vec::from_hex(hex).ok()?, true, false)
}

/// How a transaction is told.
#[derive(Clone, Copy, Default)]
pub struct Detail<'a> {
    /// The coins that it spent, in the order of its inputs; its fee is told then.
    pub spent: Option<&'a [Coin]>,
    /// Whether to tell these coins too.
    pub prevouts: bool,
    /// Whether to give its bytes.
    pub hex: bool,
}

/// A transaction's fields.
pub fn to_json(tx: &Transaction, network: Network, detail: Detail<'_>) -> Map<String, Value> {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("txid", tx.compute_txid().to_string().into());
    let (hash, size, weight) = match tx.input.is_empty() {
        true => {
            let size = without_inputs(tx).len();
            (tx.compute_txid().to_string(), size, 4 * size)
        }
        false => {
            let weight = usize::try_from(tx.weight().to_wu()).unwrap_or(usize::MAX);
            (tx.compute_wtxid().to_string(), tx.total_size(), weight)
        }
    };
    put("hash", hash.into());
    put("version", version(tx).into());
    put("size", size.into());
    put("vsize", weight.div_ceil(4).into());
    put("weight", weight.into());
    put("locktime", tx.lock_time.to_consensus_u32().into());
    let coins = detail.spent.filter(|coins| coins.len() == tx.input.len());
    let inputs = tx.input.iter().enumerate().map(|(place, input)| {
        let coin = coins.filter(|_| detail.prevouts).and_then(|coins| coins.get(place));
        input_to_json(input, tx.is_coinbase(), coin, network)
    });
    put("vin", inputs.collect());
    let outputs = tx.output.iter().enumerate().map(|(n, output)| output_to_json(output, n, network));
    put("vout", outputs.collect());
    if let Some(coins) = coins {
        let spent: u64 = coins.iter().map(|coin| coin.output.value.to_sat()).sum();
        let paid: u64 = tx.output.iter().map(|output| output.value.to_sat()).sum();
        put("fee", amount::bitcoin(i64::try_from(spent.saturating_sub(paid)).unwrap_or(i64::MAX)));
    }
    if detail.hex {
        put("hex", hex(tx).into());
    }
    object
}

/// The version as Bitcoin Core counts it, without a sign.
pub fn version(tx: &Transaction) -> u32 {
    u32::from_ne_bytes(tx.version.0.to_ne_bytes())
}

fn input_to_json(input: &TxIn, coinbase: bool, coin: Option<&Coin>, network: Network) -> Value {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    if coinbase {
        put("coinbase", format!("{:x}", input.script_sig).into());
    } else {
        put("txid", input.previous_output.txid.to_string().into());
        put("vout", input.previous_output.vout.into());
        let asm = script::asm(&input.script_sig, true);
        put("scriptSig", json!({ "asm": asm, "hex": format!("{:x}", input.script_sig) }));
    }
    if !input.witness.is_empty() {
        put("txinwitness", input.witness.iter().map(|item| item.to_lower_hex_string()).collect());
    }
    if let Some(coin) = coin {
        put(
            "prevout",
            json!({
                "generated": coin.coinbase,
                "height": coin.height,
                "value": amount::amount(coin.output.value),
                "scriptPubKey": script::to_json(&coin.output.script_pubkey, network),
            }),
        );
    }
    put("sequence", input.sequence.0.into());
    Value::Object(object)
}

fn output_to_json(output: &TxOut, n: usize, network: Network) -> Value {
    let script = script::to_json(&output.script_pubkey, network);
    json!({ "value": amount::amount(output.value), "n": n, "scriptPubKey": script })
}
