//! `tx`: a transaction of the mempool.

use bitcoin::consensus::encode::serialize_hex;
use bitcoin::hashes::Hash;
use bitcoin::{Address, Network, ScriptBuf, Transaction, Txid, Wtxid};
use serde_json::{Value, json};

use crate::amounts::{amount, count, length};
use crate::arguments::Tx;
use crate::failure::Failure;
use crate::node::Node;
use crate::output::Output;
use crate::progress::waiting;
use crate::table::Fields;

/// Finds a transaction and prints it.
pub(crate) async fn run(command: &Tx, node: &Node, output: Output) -> Result<(), Failure> {
    let client = node.client().await?;
    let mining = client.mining();
    let found = waiting("asking the node for the transaction", async {
        if command.witness {
            mining.get_transactions_by_witness_id(&[Wtxid::from_byte_array(command.id)]).await
        } else {
            mining.get_transactions_by_txid(&[Txid::from_byte_array(command.id)]).await
        }
    })
    .await?;
    let Some(tx) = found.into_iter().flatten().next() else {
        let kind = if command.witness { "witness id" } else { "id" };
        return Err(Failure::other(
            format!("the mempool has no transaction with {kind} {}", Txid::from_byte_array(command.id)),
            "one in a block is found with `bitcoin-ipc rpc getrawtransaction` (the node needs -txindex)",
        ));
    };
    let network = node.network().await?;
    output.result(human(&tx, network), || as_json(&tx, network))
}

/// The address that a script pays to, if it has one and the network is known.
fn address(script: &ScriptBuf, network: Option<Network>) -> Option<String> {
    Address::from_script(script, network?).ok().map(|address| address.to_string())
}

fn human(tx: &Transaction, network: Option<Network>) -> Fields {
    let sum = tx.output.iter().map(|output| output.value).sum();
    let mut fields = Fields::default()
        .with("txid", tx.compute_txid())
        .with("wtxid", tx.compute_wtxid())
        .with("version", tx.version)
        .with("lock time", tx.lock_time.to_consensus_u32())
        .with("size", format!("{} bytes, {} virtual", length(tx.total_size()), length(tx.vsize())))
        .with("weight", count(tx.weight().to_wu()))
        .with("pays", amount(sum))
        .with("fee", "unknown without the outputs that it spends");
    for (number, input) in tx.input.iter().enumerate() {
        let sequence = input.sequence.to_consensus_u32();
        fields.add(&format!("input {number}"), format!("{} sequence {sequence:08x}", input.previous_output));
    }
    for (number, output) in tx.output.iter().enumerate() {
        let script = &output.script_pubkey;
        let to = address(script, network).unwrap_or_else(|| format!("script {}", script.to_hex_string()));
        fields.add(&format!("output {number}"), format!("{} to {to}", amount(output.value)));
    }
    fields.with("hex", serialize_hex(tx))
}

fn as_json(tx: &Transaction, network: Option<Network>) -> Value {
    let inputs = tx.input.iter().map(|input| {
        json!({
            "txid": input.previous_output.txid,
            "vout": input.previous_output.vout,
            "script": input.script_sig.to_hex_string(),
            "witness": input.witness.iter().map(hex).collect::<Vec<_>>(),
            "sequence": input.sequence.to_consensus_u32(),
        })
    });
    let outputs = tx.output.iter().map(|output| {
        json!({
            "value": output.value.to_sat(),
            "script": output.script_pubkey.to_hex_string(),
            "address": address(&output.script_pubkey, network),
        })
    });
    json!({
        "txid": tx.compute_txid(),
        "wtxid": tx.compute_wtxid(),
        "version": tx.version.0,
        "lock_time": tx.lock_time.to_consensus_u32(),
        "size": tx.total_size(),
        "vsize": tx.vsize(),
        "weight": tx.weight().to_wu(),
        "inputs": inputs.collect::<Vec<_>>(),
        "outputs": outputs.collect::<Vec<_>>(),
        "hex": serialize_hex(tx),
    })
}

fn hex(bytes: &[u8]) -> String {
    bitcoin::Script::from_bytes(bytes).to_hex_string()
}
