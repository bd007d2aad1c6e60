//! Commands that pay at once.
//!
//! In: addresses and amounts. Out: transactions in the wallet and on their way.

use std::collections::BTreeMap;

use bitcoin::key::rand::rngs::OsRng;
use bitcoin::key::rand::seq::SliceRandom as _;
use bitcoin::{Amount, ScriptBuf};
use bitcoin_ipc::types::CoinControl;
use bitcoin_rpc::Kind::{Amount as Btc, Bool, List, Number, Object, Text};
use bitcoin_rpc::error::invalid;
use bitcoin_rpc::{Answer, Arg, Code, RpcError, arg, construct, value};
use serde_json::{Map, Value, json};

use super::balances::avoid_reuse;
use super::command::{Call, Command, command, ensure_unlocked, refused};
use super::fees::{self, MODE, RATE, TARGET};
use super::refusal::with_code;
use crate::wallet::{SpendRequest, Texts, Wallet};

const REPLACEABLE: Arg = arg("replaceable", Bool, "Whether it says that it may be replaced (BIP 125).")
    .default("set by -walletrbf");
const VERBOSE: Arg = arg("verbose", Bool, "Whether to tell how the fee was found.").default("false");

pub(super) const COMMANDS: &[Command] = &[
    command("sendtoaddress", "Pays an address.", to_address).args(&[
        arg("address", Text, "The address."),
        arg("amount", Btc, "How much."),
        arg("comment", Text, "What it is for; only the wallet keeps it.").optional(),
        arg("comment_to", Text, "Who gets it; only the wallet keeps it.").optional(),
        arg("subtractfeefromamount", Bool, "Whether the recipient pays the fee.").default("false"),
        REPLACEABLE,
        TARGET,
        MODE,
        arg("avoid_reuse", Bool, "Whether to leave coins of addresses aside that were spent from.")
            .default("set by the wallet's flag"),
        RATE,
        VERBOSE,
    ]),
    command("sendmany", "Pays several addresses.", to_many).args(&[
        arg("dummy", Text, "Has to be \"\".").default("\"\"").shape("\"\""),
        arg("amounts", Object, "How much each gets.").shape("{\"address\":amount,...}").outputs(),
        arg("minconf", Number, "Has no effect.").optional(),
        arg("comment", Text, "What it is for; only the wallet keeps it.").optional(),
        arg("subtractfeefrom", List, "Addresses that pay the fee in equal parts.")
            .optional()
            .shape("[\"address\",...]"),
        REPLACEABLE,
        TARGET,
        MODE,
        RATE,
        VERBOSE,
    ]),
];

/// Scripts, amounts, and whether the fee is taken from the amount.
pub(super) type Recipients = Vec<(ScriptBuf, Amount, bool)>;

/// Recipients of outputs as JSON, some of which pay the fee.
pub(super) fn recipients(wallet: &Wallet, outputs: &Value, payers: &Value) -> Answer<Recipients> {
    let names: Vec<&str> = match outputs {
        Value::Object(object) => object.keys().map(String::as_str).collect(),
        Value::Array(list) => {
            let objects = list.iter().filter_map(Value::as_object);
            objects.flat_map(|object| object.keys().map(String::as_str)).collect()
        }
        _ => Vec::new(),
    };
    let outputs = construct::outputs(outputs, wallet.network())?;
    let payers = payers_of(payers, &names)?;
    let recipients = outputs.into_iter().enumerate();
    Ok(recipients.map(|(place, to)| (to.script_pubkey, to.value, payers.contains(&place))).collect())
}

/// The places of outputs that pay the fee, given by place or by name: Bitcoin Core's
/// `InterpretSubtractFeeFromOutputInstructions`.
pub(super) fn payers_of(given: &Value, names: &[&str]) -> Answer<Vec<usize>> {
    const WRONG: &str = "Invalid parameter 'subtract fee from output',";
    let mut payers = Vec::new();
    for payer in given.as_array().into_iter().flatten() {
        let place = match payer {
            Value::String(name) => match names.iter().position(|other| other == name) {
                Some(place) => i32::try_from(place).unwrap_or(i32::MAX),
                None => return invalid(format!("{WRONG} destination {name} not found in tx outputs")),
            },
            Value::Number(_) => value::int(payer)?,
            other => return invalid(format!("{WRONG} invalid value type: {}", value::type_name(other))),
        };
        let Ok(known) = usize::try_from(place) else {
            return invalid(format!("{WRONG} negative position: {place}"));
        };
        if payers.contains(&known) {
            return invalid(format!("{WRONG} duplicated position: {place}"));
        }
        if known >= names.len() {
            return invalid(format!("{WRONG} position too large: {place}"));
        }
        payers.push(known);
    }
    Ok(payers)
}

fn set_replaceable(control: &mut CoinControl, given: Option<&Value>) -> Answer<()> {
    if let Some(given) = given {
        (control.has_signal_rbf, control.signal_rbf) = (true, value::flag(given)?);
    }
    Ok(())
}

fn to_address(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let mut notes = BTreeMap::new();
    for (position, name) in [(2, "comment"), (3, "to")] {
        let text = call.text_or(position, "")?;
        if !text.is_empty() {
            notes.insert(name.to_owned(), text.to_owned());
        }
    }
    let mut control = CoinControl::default();
    set_replaceable(&mut control, call.get(5))?;
    control.avoid_address_reuse = avoid_reuse(call, &wallet, 8)?;
    // What is left of an address that was spent from would be left aside, so all of it is spent.
    control.avoid_partial_spends |= control.avoid_address_reuse;
    fees::set(&wallet, &mut control, call.value(6), call.value(7), call.value(9), false)?;
    ensure_unlocked(&wallet)?;
    let payers = if call.flag_or(4, false)? { json!([0]) } else { Value::Null };
    let amounts = Map::from_iter([(call.text(0)?.to_owned(), call.value(1).clone())]);
    let recipients = recipients(&wallet, &amounts.into(), &payers)?;
    pay(&wallet, recipients, &control, notes, call.flag_or(10, false)?)
}

fn to_many(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    if !call.text_or(0, "")?.is_empty() {
        return invalid("Dummy value must be set to \"\"");
    }
    let mut notes = BTreeMap::new();
    let comment = call.text_or(3, "")?;
    if !comment.is_empty() {
        notes.insert("comment".to_owned(), comment.to_owned());
    }
    let mut control = CoinControl::default();
    set_replaceable(&mut control, call.get(5))?;
    fees::set(&wallet, &mut control, call.value(6), call.value(7), call.value(8), false)?;
    let recipients = recipients(&wallet, call.value(1), call.value(4))?;
    pay(&wallet, recipients, &control, notes, call.flag_or(9, false)?)
}

fn pay(
    wallet: &Wallet,
    mut recipients: Recipients,
    control: &CoinControl,
    notes: BTreeMap<String, String>,
    verbose: bool,
) -> Answer {
    ensure_unlocked(wallet)?;
    if wallet.private_keys_disabled()? {
        return refused("Error: Private keys are disabled for this wallet");
    }
    if recipients.is_empty() {
        let text = "Transaction must have at least one recipient";
        return Err(RpcError::new(Code::WalletInsufficientFunds, text));
    }
    recipients.shuffle(&mut OsRng);
    let spending = wallet.spending()?;
    let made = spending.make(SpendRequest { sign: true, ..SpendRequest::new(recipients, control) });
    let made = made.map_err(with_code(Code::WalletInsufficientFunds))?;
    spending.commit(&made.tx, Texts { value_map: notes, ..Texts::default() })?;
    let txid = made.tx.compute_txid().to_string();
    if verbose {
        return Ok(json!({ "txid": txid, "fee_reason": fees::reason(made.calculation.reason) }));
    }
    Ok(txid.into())
}
