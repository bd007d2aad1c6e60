//! Commands that add to PSBTs what descriptors, the chain and the mempool know, and sign them.
//!
//! In: PSBTs and descriptors. Out: the PSBTs with more in them, or transactions that may be sent.

use bitcoin::hashes::{Hash, hash160};
use bitcoin::secp256k1::Secp256k1;
use bitcoin::{Script, Transaction, Txid};
use bitcoin_ipc::types::psbt::{Psbt, lock_time};
use bitcoin_rpc::psbt::{is_final, parse, text};
use bitcoin_rpc::{Code, RpcError, prevouts};
use serde_json::{Map, Value};

use super::command::Kind::{Bool, List, Text};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, undecodable};
use super::header::broken;
use super::psbt_input::{self, Options, Signed};
use super::psbt_keys::Keys;
use super::transaction;

const RAW: &str = "rawtransactions";
const DESCRIPTORS: &str = "[\"\",{\"desc\":\"str\",\"range\":n or [n,n]},...]";

pub(super) const COMMANDS: &[Command] = &[
    command(RAW, "utxoupdatepsbt", "Adds what is known of inputs and outputs to a PSBT.", update).args(&[
        arg("psbt", Text, "The PSBT."),
        arg("descriptors", List, "Descriptors, or objects with \"desc\" and \"range\".")
            .optional()
            .shape(DESCRIPTORS),
    ]),
    command(RAW, "descriptorprocesspsbt", "Adds what is known to a PSBT, and signs it.", process).args(&[
        arg("psbt", Text, "The PSBT."),
        arg("descriptors", List, "Descriptors, or objects with \"desc\" and \"range\".").shape(DESCRIPTORS),
        arg("sighashtype", Text, "What signatures are for, such as \"ALL\" or \"SINGLE|ANYONECANPAY\".")
            .default("\"DEFAULT for Taproot, ALL otherwise\""),
        arg("bip32derivs", Bool, "Whether to add where keys come from.").default("true"),
        arg("finalize", Bool, "Whether to make inputs final that have all their signatures.").default("true"),
    ]),
];

/// A transaction of the chain, if those are indexed, or of the mempool.
fn whole(call: &Call<'_>, txid: Txid) -> Answer<Option<Transaction>> {
    if let Some(hash) = call.state.index().transaction(txid)? {
        let block = call.state.chain().block(hash).ok().flatten();
        let found = block.and_then(|block| block.txdata.into_iter().find(|tx| tx.compute_txid() == txid));
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(call.state.mempool().transaction(&txid).map(|tx| (*tx).clone()))
}

fn is_segwit(script: &Script, keys: &Keys) -> bool {
    let inner = || {
        let hash = script.as_bytes().get(2..22)?;
        keys.script(&hash160::Hash::from_slice(hash).ok()?)
    };
    script.is_witness_program()
        || (script.is_p2sh() && inner().is_some_and(|script| script.is_witness_program()))
}

/// Adds what inputs spend.
fn add_spent(call: &Call<'_>, psbt: &mut Psbt, keys: &Keys) -> Answer<()> {
    for (input, fields) in psbt.unsigned_tx.input.iter().zip(&mut psbt.inputs) {
        if fields.non_witness_utxo.is_some() {
            continue;
        }
        fields.non_witness_utxo = whole(call, input.previous_output.txid)?;
        if fields.non_witness_utxo.is_some() {
            continue;
        }
        let coin = call.state.mempool().coin(&call.state.view(), &input.previous_output);
        let coin = coin.or_else(|error| broken(error.to_string()))?;
        if let Some(coin) = coin.filter(|coin| is_segwit(&coin.output.script_pubkey, keys)) {
            fields.witness_utxo = Some(coin.output);
        }
    }
    Ok(())
}

/// A PSBT with all that is known: Bitcoin Core's `ProcessPSBT`.
fn complete(call: &Call<'_>, options: &Options<'_>) -> Answer<Psbt> {
    let mut psbt = parse(call.text(0)?)?;
    add_spent(call, &mut psbt, options.keys)?;
    if lock_time(&psbt).is_none() {
        return Err(RpcError::new(Code::VerifyError, "The transaction cannot be valid"));
    }
    let spent = psbt_input::utxos(&psbt);
    for place in 0..psbt.inputs.len() {
        if is_final(&psbt.inputs[place]) {
            continue;
        }
        if psbt_input::sign(&mut psbt, place, spent.as_deref(), options)?.0 == Signed::Mismatch {
            let text = "Specified sighash value does not match value stored in PSBT";
            return undecodable(text);
        }
    }
    for place in 0..psbt.outputs.len() {
        psbt_input::update_output(&mut psbt, place, options.secp, options.keys);
    }
    psbt_input::drop_unnecessary(&mut psbt);
    Ok(psbt)
}

fn update(call: &Call<'_>) -> Answer {
    let descriptors = call.get(1).map_or(Ok(&[][..]), |_| call.list(1).map(Vec::as_slice))?;
    let keys = Keys::read(descriptors, call.state.network(), false)?;
    let secp = &Secp256k1::new();
    let options = Options { secp, keys: &keys, sighash: None, finalize: false, placeholders: false };
    Ok(text(complete(call, &options)?).into())
}

fn process(call: &Call<'_>) -> Answer {
    let mut keys = Keys::read(call.list(1)?, call.state.network(), true)?;
    let sighash = prevouts::sighash_type(call.value(2))?;
    if !call.flag_or(3, true)? {
        keys.forget_origins();
    }
    let finalize = call.flag_or(4, true)?;
    let secp = &Secp256k1::new();
    let options = Options { secp, keys: &keys, sighash, finalize, placeholders: false };
    let psbt = complete(call, &options)?;
    let spent = psbt_input::utxos(&psbt);
    let mut complete = true;
    for place in 0..psbt.inputs.len() {
        complete = complete && psbt_input::is_verified(&psbt, place, spent.as_deref())?;
    }
    let mut object = Map::new();
    object.insert("psbt".to_owned(), text(psbt.clone()).into());
    object.insert("complete".to_owned(), complete.into());
    if complete {
        object.insert("hex".to_owned(), transaction::hex(&psbt_input::extract(&psbt)).into());
    }
    Ok(Value::Object(object))
}
