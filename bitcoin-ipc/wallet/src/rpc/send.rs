//! The command that pays with all options, and what it has in common with `sendall`.
//!
//! In: outputs, options. Out: a transaction that is on its way, or a PSBT that others have to sign.

use bitcoin::{Sequence, Transaction};
use bitcoin_ipc::types::{CoinControl, PsbtFillOptions};
use bitcoin_rpc::Kind::{Any, Number, Object};
use bitcoin_rpc::construct::{self, OUTPUTS, Parts};
use bitcoin_rpc::error::invalid;
use bitcoin_rpc::psbt::text;
use bitcoin_rpc::{Answer, arg, transaction, value};
use serde_json::{Map, Value};

use super::command::{Call, Command, command};
use super::fees::{self, MODE, RATE, TARGET};
use super::funding::{self, fund, options, unsigned};
use super::psbt::psbt_error;
use super::solving;
use super::spending::recipients;
use crate::wallet::{Spending, Texts};

pub(super) const COMMANDS: &[Command] = &[command("send", "Pays, or makes a PSBT that pays.", send).args(&[
    arg("outputs", Any, "What it pays: a list of objects with one field, or one object.")
        .shape(OUTPUTS)
        .outputs(),
    TARGET,
    MODE,
    RATE,
    arg("options", Object, "How it is funded, and what becomes of it.").optional().fields(&[
        "add_inputs",
        "include_unsafe",
        "minconf",
        "maxconf",
        "add_to_wallet",
        "change_address",
        "change_position",
        "change_type",
        "fee_rate",
        "include_watching",
        "inputs",
        "locktime",
        "lock_unspents",
        "psbt",
        "subtract_fee_from_outputs",
        "max_tx_weight",
        "conf_target",
        "estimate_mode",
        "replaceable",
        "solving_data",
    ]),
    arg("version", Number, "The transaction's version.").default("2"),
])];

/// Refuses options by the names that they had once.
pub(super) fn refuse_old_names(options: &Map<String, Value>) -> Answer<()> {
    const NAMES: [(&str, &str); 5] = [
        ("feeRate", "fee_rate (sat/vB)"),
        ("changeAddress", "change_address"),
        ("changePosition", "change_position"),
        ("lockUnspents", "lock_unspents"),
        ("subtractFeeFromOutputs", "subtract_fee_from_outputs"),
    ];
    match NAMES.iter().find(|(old, _)| options.contains_key(*old)) {
        Some((old, new)) => invalid(format!("Use {new} instead of {old}")),
        None => Ok(()),
    }
}

fn send(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let mut options = options(call, 4)?;
    fees::into_options(call.value(1), call.value(2), call.value(3), &mut options)?;
    refuse_old_names(&options)?;
    let option = |name: &str| options.get(name).unwrap_or(&Value::Null);
    let replaceable = options.get("replaceable").map_or(Ok(wallet.options().rbf), value::flag)?;
    let recipients = recipients(&wallet, call.value(0), option("subtract_fee_from_outputs"))?;
    let parts = Parts {
        inputs: option("inputs"),
        outputs: call.value(0),
        lock_time: option("locktime"),
        replaceable: Some(replaceable),
        version: call.int_or(5, 2)?,
    };
    let tx = construct::transaction(parts, wallet.network())?;
    // Of the other options' types, this one's is looked at first.
    options.get("max_tx_weight").map(value::int::<i32>).transpose()?;
    let inputs = option("inputs").clone();
    let mut control = match has_own_lock_time(&tx, &options) {
        true => funding::locked_at(tx.lock_time.to_consensus_u32()),
        false => CoinControl::default(),
    };
    control.allow_other_inputs = tx.input.is_empty();
    (control.has_signal_rbf, control.signal_rbf) = (true, replaceable);
    solving::weights_of_inputs(&inputs, &mut options)?;
    let spending = wallet.spending()?;
    let funded = fund(&spending, &tx, recipients, &options, control, false)?;
    finish(spending, &options, funded.tx)
}

/// Whether a transaction keeps its lock time, as it was given or an input's sequence number has a meaning of its
/// own; otherwise the wallet chooses one.
pub(super) fn has_own_lock_time(tx: &Transaction, options: &Map<String, Value>) -> bool {
    let usual =
        |sequence| [Sequence::ENABLE_LOCKTIME_NO_RBF, Sequence::ENABLE_RBF_NO_LOCKTIME].contains(&sequence);
    options.contains_key("locktime") || !tx.input.iter().all(|input| usual(input.sequence))
}

/// Signs a transaction and sends it, unless the options say otherwise or signatures of others are
/// missing: Bitcoin Core's `FinishTransaction`.
pub(super) fn finish(spending: Spending<'_>, options: &Map<String, Value>, tx: Transaction) -> Answer {
    let flag = |name: &str, default| options.get(name).map_or(Ok(default), value::flag);
    let (wants_psbt, add) = (flag("psbt", false)?, flag("add_to_wallet", true)?);
    let mut psbt = unsigned(tx, 2)?;
    let mut complete = false;
    for sign in [false, true] {
        let fill = PsbtFillOptions { sign, sighash_type: None, finalize: true, bip32_derivs: !sign };
        let filled = spending.fill_psbt(&fill, &psbt)?;
        if let Some(error) = filled.error {
            return Err(psbt_error(error));
        }
        (psbt, complete) = (filled.psbtx, filled.complete);
    }
    let mut object = Map::new();
    if wants_psbt || !complete || !add {
        object.insert("psbt".into(), text(psbt.clone()).into());
    }
    if complete {
        let tx = psbt.extract_tx_unchecked_fee_rate();
        object.insert("txid".into(), tx.compute_txid().to_string().into());
        if add && !wants_psbt {
            spending.commit(&tx, Texts::default())?;
        } else {
            object.insert("hex".into(), transaction::hex(&tx).into());
        }
    }
    object.insert("complete".into(), complete.into());
    Ok(object.into())
}
