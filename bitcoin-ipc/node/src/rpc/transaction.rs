//! Transactions as JSON.
//!
//! In: transactions, and the coins that they spent. Out: the fields of Bitcoin Core's `TxToUniv`.

use bitcoin::hex::DisplayHex;
use bitcoin::{Network, Transaction, TxIn, TxOut, consensus};
use bitcoin_ipc::types::Coin;
use serde_json::{Map, Value, json};

use super::{amount, script};

/// A transaction as hex digits.
pub(super) fn hex(tx: &Transaction) -> String {
    consensus::encode::serialize_hex(tx)
}

/// How a transaction is told.
#[derive(Clone, Copy, Default)]
pub(super) struct Detail<'a> {
    /// The coins that it spent, in the order of its inputs; its fee is told then.
    pub(super) spent: Option<&'a [Coin]>,
    /// Whether to tell these coins too.
    pub(super) prevouts: bool,
    /// Whether to give its bytes.
    pub(super) hex: bool,
}

/// A transaction's fields.
pub(super) fn to_json(tx: &Transaction, network: Network, detail: Detail<'_>) -> Map<String, Value> {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("txid", tx.compute_txid().to_string().into());
    put("hash", tx.compute_wtxid().to_string().into());
    put("version", version(tx).into());
    put("size", tx.total_size().into());
    put("vsize", tx.vsize().into());
    put("weight", tx.weight().to_wu().into());
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
pub(super) fn version(tx: &Transaction) -> u32 {
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
