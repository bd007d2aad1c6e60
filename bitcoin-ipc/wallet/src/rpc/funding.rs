//! Commands that add coins and change to a transaction, and their options.
//!
//! In: a transaction, options. Out: the same with inputs that cover it, without signatures.

use bitcoin::hex::FromHex as _;
use bitcoin::{Amount, Transaction};
use bitcoin_ipc::types::psbt::Psbt;
use bitcoin_ipc::types::{CoinControl, Destination, PsbtFillOptions};
use bitcoin_rpc::Kind::{Any, Bool, Hex, List, Number, Object};
use bitcoin_rpc::construct::{self, OUTPUTS, Parts};
use bitcoin_rpc::error::{invalid, undecodable, unknown};
use bitcoin_rpc::psbt::{self, VERSION};
use bitcoin_rpc::{Answer, Code, address, amount, arg, transaction, value};
use serde_json::{Map, Value, json};

use super::command::{Call, Command, command, output_type};
use super::fees;
use super::psbt::psbt_error;
use super::refusal::with_code;
use super::solving;
use super::spending::{Recipients, payers_of, recipients};
use crate::wallet::{SpendRequest, Spending, Wallet};

/// Options of all commands that fund transactions.
pub(super) const TYPES: &[(&str, &str)] = &[
    ("add_inputs", "bool"),
    ("include_unsafe", "bool"),
    ("add_to_wallet", "bool"),
    ("changeAddress", "string"),
    ("change_address", "string"),
    ("changePosition", "number"),
    ("change_position", "number"),
    ("change_type", "string"),
    ("includeWatching", "bool"),
    ("include_watching", "bool"),
    ("inputs", "array"),
    ("lockUnspents", "bool"),
    ("lock_unspents", "bool"),
    ("locktime", "number"),
    ("fee_rate", "any"),
    ("feeRate", "any"),
    ("psbt", "bool"),
    ("solving_data", "object"),
    ("subtractFeeFromOutputs", "array"),
    ("subtract_fee_from_outputs", "array"),
    ("replaceable", "bool"),
    ("conf_target", "number"),
    ("estimate_mode", "string"),
    ("minconf", "number"),
    ("maxconf", "number"),
    ("input_weights", "array"),
    ("max_tx_weight", "number"),
];

/// Those that can be given by name as if they were arguments.
const FIELDS: &[&str] = &[
    "add_inputs",
    "include_unsafe",
    "minconf",
    "maxconf",
    "changeAddress",
    "changePosition",
    "change_type",
    "includeWatching",
    "lockUnspents",
    "fee_rate",
    "feeRate",
    "subtractFeeFromOutputs",
    "input_weights",
    "max_tx_weight",
    "conf_target",
    "estimate_mode",
    "replaceable",
    "solving_data",
];

/// How the help writes inputs that say what they weigh.
const PSBT_INPUTS: &str = "[{\"txid\":\"hex\",\"vout\":n,\"sequence\":n,\"weight\":n},...]";
/// The same of `walletcreatefundedpsbt`, whose inputs say what they weigh.
const PSBT_FIELDS: &[&str] = &[
    "add_inputs",
    "include_unsafe",
    "minconf",
    "maxconf",
    "changeAddress",
    "changePosition",
    "change_type",
    "includeWatching",
    "lockUnspents",
    "fee_rate",
    "feeRate",
    "subtractFeeFromOutputs",
    "max_tx_weight",
    "conf_target",
    "estimate_mode",
    "replaceable",
    "solving_data",
];

pub(super) const COMMANDS: &[Command] = &[
    Command::new(
        "rawtransactions",
        "fundrawtransaction",
        "Adds coins and change to a transaction.",
        fund_raw,
    )
    .args(&[
        arg("hexstring", Hex, "The transaction."),
        arg("options", Object, "How it is funded.").optional().fields(FIELDS),
        arg("iswitness", Bool, "Whether it is in the form with witnesses.").default("whichever makes sense"),
    ]),
    command("walletcreatefundedpsbt", "Makes a PSBT with coins and change.", create_psbt).args(&[
        arg("inputs", List, "What it spends in any case.").optional().shape(PSBT_INPUTS),
        arg("outputs", Any, "What it pays: a list of objects with one field, or one object.")
            .shape(OUTPUTS)
            .outputs(),
        arg("locktime", Number, "Its lock time.").default("0"),
        arg("options", Object, "How it is funded.").optional().fields(PSBT_FIELDS),
        arg("bip32derivs", Bool, "Whether to tell where keys come from.").default("true"),
        arg("version", Number, "The transaction's version.").default("2"),
        VERSION,
    ]),
];

/// A transaction with enough inputs.
pub(super) struct Funded {
    pub(super) tx: Transaction,
    pub(super) fee: Amount,
    pub(super) change_pos: Option<u32>,
}

impl Funded {
    /// Where change is, -1 for nowhere.
    fn change(&self) -> i64 {
        self.change_pos.map_or(-1, i64::from)
    }
}

/// The options of a call, which may be left out.
pub(super) fn options(call: &Call<'_>, position: usize) -> Answer<Map<String, Value>> {
    Ok(call.get(position).map(value::object).transpose()?.cloned().unwrap_or_default())
}

/// An option with two spellings. One that is null is given, and has the wrong type, as in Bitcoin Core.
fn either<'a>(options: &'a Map<String, Value>, new: &str, old: &str) -> Option<&'a Value> {
    options.get(new).or_else(|| options.get(old))
}

fn given<'a>(options: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    either(options, name, name)
}

/// Reads the options into coin control, but for what is up to the caller, and gives the place of change.
fn read(
    wallet: &Wallet,
    options: &Map<String, Value>,
    outputs: usize,
    control: &mut CoinControl,
    below: bool,
) -> Answer<Option<u32>> {
    value::fields(options, TYPES)?;
    if let Some(add) = given(options, "add_inputs") {
        control.allow_other_inputs = value::flag(add)?;
    }
    let change_address = either(options, "change_address", "changeAddress");
    if let Some(text) = change_address {
        let Ok(address) = address::parse(value::text(text)?, wallet.network()) else {
            return unknown("Change address must be a valid bitcoin address");
        };
        control.dest_change = Destination::of_script(&address.script_pubkey());
    }
    let mut change_pos = None;
    if let Some(place) = either(options, "change_position", "changePosition") {
        let place = u32::try_from(value::int::<i32>(place)?).ok();
        change_pos = place.filter(|place| usize::try_from(*place).is_ok_and(|place| place <= outputs));
        if change_pos.is_none() {
            return invalid("changePosition out of bounds");
        }
    }
    if let Some(kind) = given(options, "change_type") {
        if change_address.is_some() {
            return invalid("Cannot specify both change address and address type options");
        }
        (control.has_change_type, control.change_type) = (true, output_type(value::text(kind)?, "change")?);
    }
    if let Some(unsafe_inputs) = given(options, "include_unsafe") {
        control.include_unsafe_inputs = value::flag(unsafe_inputs)?;
    }
    if let Some(rate) = given(options, "feeRate") {
        let both = |name| given(options, name).is_some();
        if both("fee_rate") {
            return invalid("Cannot specify both fee_rate (sat/vB) and feeRate (BTC/kvB)");
        }
        if both("conf_target") {
            return invalid(
                "Cannot specify both conf_target and feeRate. Please provide either a confirmation target in blocks for automatic fee estimation, or an explicit fee rate.",
            );
        }
        if both("estimate_mode") {
            return invalid("Cannot specify both estimate_mode and feeRate");
        }
        fees::set_rate(control, amount::parse_amount(rate)?.to_sat());
        control.override_fee_rate = true;
    }
    if let Some(replaceable) = given(options, "replaceable") {
        (control.has_signal_rbf, control.signal_rbf) = (true, value::flag(replaceable)?);
    }
    read_depths(options, control)?;
    let option = |name| options.get(name).unwrap_or(&Value::Null);
    fees::set(wallet, control, option("conf_target"), option("estimate_mode"), option("fee_rate"), below)?;
    if let Some(weight) = given(options, "max_tx_weight") {
        // One below nothing is too much, which is said where the limits are known.
        (control.has_max_tx_weight, control.max_tx_weight) = (1, value::int::<i32>(weight)?.cast_unsigned());
    }
    Ok(change_pos)
}

/// Reads how many confirmations coins need and may have.
pub(super) fn read_depths(options: &Map<String, Value>, control: &mut CoinControl) -> Answer<()> {
    if let Some(depth) = given(options, "minconf") {
        control.min_depth = value::int(depth)?;
        if control.min_depth < 0 {
            return invalid("Negative minconf");
        }
    }
    if let Some(depth) = given(options, "maxconf") {
        control.max_depth = value::int(depth)?;
        if control.max_depth < control.min_depth {
            return invalid(format!(
                "maxconf can't be lower than minconf: {} < {}",
                control.max_depth, control.min_depth
            ));
        }
    }
    Ok(())
}

/// Adds coins and change: Bitcoin Core's `FundTransaction`. Of the transaction, the inputs and the
/// version count. A fee rate may be below the minimum if `below` says so.
pub(super) fn fund(
    spending: &Spending<'_>,
    base: &Transaction,
    recipients: Recipients,
    options: &Map<String, Value>,
    mut control: CoinControl,
    below: bool,
) -> Answer<Funded> {
    let change_pos = read(spending, options, recipients.len(), &mut control, below)?;
    let version = u32::from_ne_bytes(base.version.0.to_ne_bytes());
    (control.has_version, control.version) = (1, version);
    if recipients.is_empty() {
        return invalid("TX must have at least one output");
    }
    let lock = either(options, "lock_unspents", "lockUnspents").map_or(Ok(false), value::flag)?;
    let presets = solving::presets(spending, base, options)?;
    control.set_selected = base.input.iter().map(|input| input.previous_output).collect();
    let made = spending.make(SpendRequest { change_pos, presets, ..SpendRequest::new(recipients, &control) });
    let made = made.map_err(with_code(Code::WalletError))?;
    let mut tx = made.tx;
    for input in &mut tx.input {
        // What was there keeps its sequence number and signatures.
        if let Some(old) = base.input.iter().find(|old| old.previous_output == input.previous_output) {
            input.clone_from(old);
        }
    }
    if lock {
        spending.lock_coins(tx.input.iter().map(|input| input.previous_output))?;
    }
    Ok(Funded { tx, fee: made.fee, change_pos: made.change_pos })
}

/// Coin control that keeps a lock time.
pub(super) fn locked_at(lock_time: u32) -> CoinControl {
    CoinControl { has_lock_time: 1, lock_time, ..CoinControl::default() }
}

fn fund_raw(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let witness = call.get(2).map(value::flag).transpose()?;
    let (with, without) = (witness.unwrap_or(true), !witness.unwrap_or(false));
    let bytes = Vec::from_hex(call.text(0)?).ok();
    let Some(tx) = bytes.and_then(|bytes| transaction::decode(&bytes, with, without)) else {
        return undecodable("TX decode failed");
    };
    let options = options(call, 1)?;
    let names = vec!["dummy"; tx.output.len()];
    let payers = payers_of(options.get("subtractFeeFromOutputs").unwrap_or(&Value::Null), &names)?;
    let outputs = tx.output.iter().enumerate();
    let recipients =
        outputs.map(|(place, to)| (to.script_pubkey.clone(), to.value, payers.contains(&place))).collect();
    let control = locked_at(tx.lock_time.to_consensus_u32());
    let funded = fund(&wallet.spending()?, &tx, recipients, &options, control, true)?;
    Ok(json!({
        "hex": transaction::hex(&funded.tx),
        "fee": amount::amount(funded.fee),
        "changepos": funded.change(),
    }))
}

fn create_psbt(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let mut options = options(call, 3)?;
    let replaceable = given(&options, "replaceable").map(value::flag).transpose()?;
    let parts = Parts {
        inputs: call.value(0),
        outputs: call.value(1),
        lock_time: call.value(2),
        replaceable: Some(replaceable.unwrap_or(wallet.options().rbf)),
        version: call.int_or(5, 2)?,
    };
    let tx = construct::transaction(parts, wallet.network())?;
    let payers = options.get("subtractFeeFromOutputs").unwrap_or(&Value::Null);
    let recipients = recipients(&wallet, call.value(1), payers)?;
    solving::weights_of_inputs(call.value(0), &mut options)?;
    let mut control = locked_at(tx.lock_time.to_consensus_u32());
    control.allow_other_inputs = tx.input.is_empty();
    let funded = fund(&wallet.spending()?, &tx, recipients, &options, control, true)?;
    let version = psbt::version::<i32>(call.value(6))?;
    let fill = PsbtFillOptions {
        sign: false,
        sighash_type: None,
        finalize: true,
        bip32_derivs: call.flag_or(4, true)?,
    };
    let change = funded.change();
    let filled = wallet.fill_psbt(&fill, &unsigned(funded.tx, version)?)?;
    if let Some(error) = filled.error {
        return Err(psbt_error(error));
    }
    Ok(json!({
        "psbt": psbt::text(filled.psbtx),
        "fee": amount::amount(funded.fee),
        "changepos": change,
    }))
}

/// A PSBT of a transaction, whose signatures are left out.
pub(super) fn unsigned(mut tx: Transaction, version: u32) -> Answer<Psbt> {
    for input in &mut tx.input {
        input.script_sig = Default::default();
        input.witness.clear();
    }
    psbt::create(tx, version)
}
