//! The command `analyzepsbt`.
//!
//! In: a PSBT. Out: what its inputs lack, who has to see to it, and what the transaction will cost.

use bitcoin::hashes::hash160;
use bitcoin::hex::DisplayHex;
use bitcoin::{Amount, OutPoint};
use bitcoin_ipc::types::psbt::{Psbt, lock_time};
use bitcoin_rpc::RpcError;
use bitcoin_rpc::psbt::parse;
use bitcoin_rpc::sign::{
    FlatSigningProvider, Missing, PrecomputedTransactionData, SignOptions, Signed, extract,
    psbt_input_signed_and_verified, sign_psbt_input, utxo,
};
use serde_json::{Map, Value, json};

use super::amount;
use super::command::Kind::Text;
use super::command::{Call, Command, arg, command};
use super::error::Answer;
use super::script;
use super::sign::verify;

pub(super) const COMMANDS: &[Command] =
    &[command("rawtransactions", "analyzepsbt", "Tells what a PSBT lacks.", analyze).args(&[arg(
        "psbt",
        Text,
        "The PSBT.",
    )])];

const OPTIONS: SignOptions<RpcError> = SignOptions { sighash: None, finalize: true, verify };

/// Who has to do something, in the order in which they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Updater,
    Signer,
    Finalizer,
    Extractor,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Role::Updater => "updater",
            Role::Signer => "signer",
            Role::Finalizer => "finalizer",
            Role::Extractor => "extractor",
        }
    }
}

/// An answer for a PSBT of which nothing can come.
fn hopeless(reason: impl Into<String>) -> Answer {
    Ok(json!({ "next": "creator", "error": reason.into() }))
}

fn missing(missing: &Missing) -> Map<String, Value> {
    let mut object = Map::new();
    let list = |hashes: &[hash160::Hash]| hashes.iter().map(ToString::to_string).collect();
    if !missing.keys.is_empty() {
        object.insert("pubkeys".to_owned(), list(&missing.keys));
    }
    if let Some(hash) = &missing.redeem_script {
        object.insert("redeemscript".to_owned(), hash.to_string().into());
    }
    if let Some(hash) = &missing.witness_script {
        object.insert("witnessscript".to_owned(), hash.to_lower_hex_string().into());
    }
    if !missing.signatures.is_empty() {
        object.insert("signatures".to_owned(), list(&missing.signatures));
    }
    object
}

/// The sum, if it and all its parts are amounts that there can be.
pub(super) fn sum(amounts: impl IntoIterator<Item = Amount>) -> Option<Amount> {
    let add = |sum: Amount, amount: Amount| {
        sum.checked_add(amount).filter(|sum| amount <= Amount::MAX_MONEY && *sum <= Amount::MAX_MONEY)
    };
    amounts.into_iter().try_fold(Amount::ZERO, add)
}

fn analyze(call: &Call<'_>) -> Answer {
    let mut psbt = parse(call.text(0)?)?;
    if lock_time(&psbt).is_none() {
        return hopeless("PSBT cannot be made into a valid transaction");
    }
    let (nothing, data) = (FlatSigningProvider::default(), PrecomputedTransactionData::of_psbt(&psbt));
    let (mut inputs, mut roles, mut paid_in) = (Vec::new(), Vec::new(), Amount::ZERO);
    for place in 0..psbt.inputs.len() {
        let utxo = utxo(&psbt, place);
        if let Some(utxo) = &utxo {
            match sum([paid_in, utxo.value]) {
                Some(sum) => paid_in = sum,
                None => return hopeless(format!("PSBT is not valid. Input {place} has invalid value")),
            }
            if script::is_unspendable(&utxo.script_pubkey) {
                return hopeless(format!("PSBT is not valid. Input {place} spends unspendable output"));
            }
        }
        let is_final = psbt_input_signed_and_verified(&psbt, place, data.spent(), verify)?;
        let (mut role, mut lacks) = (Role::Extractor, Missing::default());
        if !is_final {
            let input = sign_psbt_input(&nothing, &mut psbt, place, Some(&data), &OPTIONS)?;
            if input.signed == Signed::Complete {
                role = Role::Finalizer;
            } else {
                lacks = input.missing;
                let only_signatures = lacks.keys.is_empty()
                    && lacks.redeem_script.is_none()
                    && lacks.witness_script.is_none()
                    && !lacks.signatures.is_empty();
                role = if only_signatures { Role::Signer } else { Role::Updater };
            }
        }
        let mut object = Map::new();
        object.insert("has_utxo".to_owned(), utxo.is_some().into());
        object.insert("is_final".to_owned(), is_final.into());
        object.insert("next".to_owned(), role.name().into());
        let lacks = missing(&lacks);
        if !lacks.is_empty() {
            object.insert("missing".to_owned(), lacks.into());
        }
        inputs.push(Value::Object(object));
        roles.push(role);
    }
    let mut result = Map::new();
    if !inputs.is_empty() {
        result.insert("inputs".to_owned(), inputs.into());
    }
    if data.spent().is_some() {
        let Some(paid_out) = sum(psbt.unsigned_tx.output.iter().map(|output| output.value)) else {
            return hopeless("PSBT is not valid. Output amount invalid");
        };
        let fee = satoshi(paid_in) - satoshi(paid_out);
        let per_sigop = call.state.mempool().options().bytes_per_sigop;
        if let Some(vsize) = estimate(&mut psbt, &nothing, per_sigop)? {
            result.insert("estimated_vsize".to_owned(), vsize.into());
            let rate = (i128::from(fee) * 1000).div_euclid(i128::from(vsize.max(1)));
            let rate = i64::try_from(rate).unwrap_or(i64::MAX);
            result.insert("estimated_feerate".to_owned(), amount::bitcoin(rate));
        }
        result.insert("fee".to_owned(), amount::bitcoin(fee));
    }
    let next = roles.into_iter().min().unwrap_or(Role::Extractor);
    result.insert("next".to_owned(), next.name().into());
    Ok(result.into())
}

pub(super) fn satoshi(amount: Amount) -> i64 {
    i64::try_from(amount.to_sat()).unwrap_or(i64::MAX)
}

/// The virtual size of the transaction with signatures of the usual length, if the rest is known.
fn estimate(psbt: &mut Psbt, nothing: &FlatSigningProvider, bytes_per_sigop: u64) -> Answer<Option<u64>> {
    for place in 0..psbt.inputs.len() {
        // Bitcoin Core gives no outputs of others here either, so that final taproot inputs count for
        // unknown unless their whole transactions are there.
        if sign_psbt_input(nothing, psbt, place, None, &OPTIONS)?.signed != Signed::Complete {
            return Ok(None);
        }
    }
    let tx = extract(psbt);
    let spent = |wanted: &OutPoint| {
        let place = tx.input.iter().position(|input| input.previous_output == *wanted)?;
        utxo(psbt, place)
    };
    let sigops = u64::try_from(tx.total_sigop_cost(spent)).unwrap_or(u64::MAX);
    // The library writes a transaction without inputs as if it had witnesses.
    let weight = if tx.input.is_empty() { tx.base_size() as u64 * 4 } else { tx.weight().to_wu() };
    let weight = weight.max(sigops.saturating_mul(bytes_per_sigop));
    Ok(Some(weight.div_ceil(4)))
}
