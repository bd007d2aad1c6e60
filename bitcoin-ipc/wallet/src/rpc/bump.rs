//! Commands that raise the fee of a transaction.
//!
//! In: a transaction that waits. Out: its replacement, on its way or as a PSBT.

use bitcoin_ipc::types::{CoinControl, PsbtFillOptions};
use bitcoin_rpc::Kind::{Hex, Object};
use bitcoin_rpc::error::invalid;
use bitcoin_rpc::{Answer, Arg, amount, arg, construct, psbt, value};
use serde_json::{Map, Value};

use super::command::{Call, Command, command, ensure_unlocked, refused};
use super::funding::{options, unsigned};
use super::{fees, psbt::psbt_error};
use crate::wallet::{BumpRequest, Wallet};

const FIELDS: &[&str] =
    &["conf_target", "fee_rate", "replaceable", "estimate_mode", "outputs", "original_change_index"];
const PSBT_FIELDS: &[&str] = &[
    "conf_target",
    "fee_rate",
    "replaceable",
    "estimate_mode",
    "outputs",
    "original_change_index",
    "psbt_version",
];
const TXID: Arg = arg("txid", Hex, "The transaction's id.");
const OPTIONS: Arg = arg("options", Object, "How high the fee is, and what is paid.").optional();

pub(super) const COMMANDS: &[Command] = &[
    command("bumpfee", "Replaces a transaction by one with a higher fee.", bump)
        .args(&[TXID, OPTIONS.fields(FIELDS).outputs_in("outputs")]),
    command("psbtbumpfee", "Makes a PSBT that replaces a transaction by one with a higher fee.", bump_psbt)
        .args(&[TXID, OPTIONS.fields(PSBT_FIELDS).outputs_in("outputs")]),
];

fn bump(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    if wallet.private_keys_disabled()? {
        return refused(
            "bumpfee is not available with wallets that have private keys disabled. Use psbtbumpfee instead.",
        );
    }
    replace(call, &wallet, false)
}

fn bump_psbt(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    replace(call, &wallet, true)
}

fn replace(call: &Call<'_>, wallet: &Wallet, wants_psbt: bool) -> Answer {
    let txid = call.txid(0)?;
    let options = options(call, 1)?;
    value::fields(
        &options,
        &[
            ("confTarget", "number"),
            ("conf_target", "number"),
            ("fee_rate", "any"),
            ("replaceable", "bool"),
            ("estimate_mode", "string"),
            ("outputs", "any"),
            ("original_change_index", "number"),
            ("psbt_version", "number"),
        ],
    )?;
    let option = |name: &str| options.get(name).unwrap_or(&Value::Null);
    if options.contains_key("confTarget") && options.contains_key("conf_target") {
        return invalid(
            "confTarget and conf_target options should not both be set. Use conf_target (confTarget is deprecated).",
        );
    }
    let target = options.get("confTarget").unwrap_or(option("conf_target"));
    let replaceable = option("replaceable").as_bool().unwrap_or(true);
    let mut control = CoinControl { has_signal_rbf: true, signal_rbf: replaceable, ..CoinControl::default() };
    fees::set(wallet, &mut control, target, option("estimate_mode"), option("fee_rate"), false)?;
    let mut outputs = Vec::new();
    if !option("outputs").is_null() {
        if option("outputs").as_array().is_some_and(Vec::is_empty) {
            return invalid("Invalid parameter, output argument cannot be an empty array");
        }
        outputs = construct::outputs(option("outputs"), wallet.network())?;
    }
    let change = match option("original_change_index") {
        Value::Null => None,
        index => Some(value::int::<u32>(index)?),
    };
    let version = psbt::version::<u32>(option("psbt_version"))?;
    call.synced()?;
    ensure_unlocked(wallet)?;
    let change = change.map(|index| usize::try_from(index).unwrap_or(usize::MAX));
    let spending = wallet.spending()?;
    let request = BumpRequest { others: outputs, change, require_mine: !wants_psbt };
    let made = spending.create_bump(txid, &control, request)?;
    let mut object = Map::new();
    if wants_psbt {
        let fill = PsbtFillOptions { sign: false, sighash_type: None, finalize: true, bip32_derivs: true };
        let filled = wallet.fill_psbt(&fill, &unsigned(made.mtx, version)?)?;
        if let Some(error) = filled.error {
            return Err(psbt_error(error));
        }
        object.insert("psbt".into(), psbt::text(filled.psbtx).into());
    } else {
        let Some(tx) = wallet.sign_transaction(&made.mtx)? else { return refused("Can't sign transaction.") };
        object.insert("txid".into(), spending.commit_bump(txid, &tx)?.to_string().into());
    }
    object.insert("origfee".into(), amount::amount(made.old_fee));
    object.insert("fee".into(), amount::amount(made.new_fee));
    object.insert("errors".into(), Value::Array(Vec::new()));
    Ok(object.into())
}
