//! Commands that add to PSBTs what descriptors, the chain and the mempool know, and sign them.
//!
//! In: PSBTs and descriptors. Out: the PSBTs with more in them, or transactions that may be sent.

use bitcoin::hashes::{Hash, hash160};
use bitcoin::{Script, Transaction, Txid};
use bitcoin_ipc::types::psbt::{Psbt, lock_time};
use bitcoin_rpc::psbt::{is_final, parse, text};
use bitcoin_rpc::sign::{
    FlatSigningProvider, PrecomputedTransactionData, SignOptions, Signed, extract,
    psbt_input_signed_and_verified, remove_unnecessary_transactions, sign_psbt_input, update_psbt_output,
};
use bitcoin_rpc::{Code, RpcError, prevouts};
use serde_json::{Map, Value};

use super::command::Kind::{Bool, List, Text};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, undecodable};
use super::header::broken;
use super::sign::verify;
use super::{descriptor, transaction};

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

fn is_segwit(script: &Script, provider: &FlatSigningProvider) -> bool {
    let inner = || {
        let hash = script.as_bytes().get(2..22)?;
        provider.script(&hash160::Hash::from_slice(hash).ok()?)
    };
    script.is_witness_program()
        || (script.is_p2sh() && inner().is_some_and(|script| script.is_witness_program()))
}

/// Adds what inputs spend.
fn add_spent(call: &Call<'_>, psbt: &mut Psbt, provider: &FlatSigningProvider) -> Answer<()> {
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
        if let Some(coin) = coin.filter(|coin| is_segwit(&coin.output.script_pubkey, provider)) {
            fields.witness_utxo = Some(coin.output);
        }
    }
    Ok(())
}

/// What descriptors tell of, as text, or as objects with `desc` and `range`.
fn provider(call: &Call<'_>, objects: &[Value], private: bool) -> Answer<FlatSigningProvider> {
    let mut provider = FlatSigningProvider::default();
    for object in objects {
        let (text, (low, high)) = descriptor::scanned(object)?;
        let parsed = descriptor::parse(text, call.state.network(), false)?;
        let expanders =
            descriptor::expanders(&parsed).or_else(|error| descriptor::of(text, error.message()))?;
        for index in if parsed.is_range() { low..=high } else { 0..=0 } {
            for expander in &expanders {
                let added = expander.at(index).and_then(|expanded| provider.add(expanded, private));
                added.or_else(|error| descriptor::of(text, error))?;
            }
        }
    }
    Ok(provider)
}

/// A PSBT with all that is known: Bitcoin Core's `ProcessPSBT`.
fn complete(
    call: &Call<'_>,
    provider: &FlatSigningProvider,
    options: &SignOptions<RpcError>,
) -> Answer<Psbt> {
    let mut psbt = parse(call.text(0)?)?;
    add_spent(call, &mut psbt, provider)?;
    if lock_time(&psbt).is_none() {
        return Err(RpcError::new(Code::VerifyError, "The transaction cannot be valid"));
    }
    let data = PrecomputedTransactionData::of_psbt(&psbt);
    for place in 0..psbt.inputs.len() {
        if is_final(&psbt.inputs[place]) {
            continue;
        }
        if sign_psbt_input(provider, &mut psbt, place, Some(&data), options)?.signed == Signed::Mismatch {
            let text = "Specified sighash value does not match value stored in PSBT";
            return undecodable(text);
        }
    }
    for place in 0..psbt.outputs.len() {
        update_psbt_output(provider, &mut psbt, place);
    }
    remove_unnecessary_transactions(&mut psbt);
    Ok(psbt)
}

fn update(call: &Call<'_>) -> Answer {
    let descriptors = call.get(1).map_or(Ok(&[][..]), |_| call.list(1).map(Vec::as_slice))?;
    let provider = provider(call, descriptors, false)?;
    let options = SignOptions { sighash: None, finalize: false, verify };
    Ok(text(complete(call, &provider, &options)?).into())
}

fn process(call: &Call<'_>) -> Answer {
    let mut provider = provider(call, call.list(1)?, true)?;
    let sighash = prevouts::sighash_type(call.value(2))?;
    if !call.flag_or(3, true)? {
        provider.forget_origins();
    }
    let options = SignOptions { sighash, finalize: call.flag_or(4, true)?, verify };
    let psbt = complete(call, &provider, &options)?;
    let data = PrecomputedTransactionData::of_psbt(&psbt);
    let mut complete = true;
    for place in 0..psbt.inputs.len() {
        complete = complete && psbt_input_signed_and_verified(&psbt, place, data.spent(), verify)?;
    }
    let mut object = Map::new();
    object.insert("psbt".to_owned(), text(psbt.clone()).into());
    object.insert("complete".to_owned(), complete.into());
    if complete {
        object.insert("hex".to_owned(), transaction::hex(&extract(&psbt)).into());
    }
    Ok(Value::Object(object))
}
