//! The command that spends everything.
//!
//! In: recipients, of which some get a given amount and the others the rest. Out: a transaction without
//! change.

use bitcoin::{Address, Amount, OutPoint, Sequence, Transaction, TxIn};
use bitcoin_ipc::types::CoinControl;
use bitcoin_rpc::Kind::{List, Object};
use bitcoin_rpc::construct::{self, Parts};
use bitcoin_rpc::error::invalid;
use bitcoin_rpc::{Answer, Code, RpcError, arg, value};
use serde_json::{Map, Value, json};

use super::command::{Call, Command, command, refused};
use super::fees::{self, MODE, RATE, TARGET};
use super::funding::{options, read_depths};
use super::refusal::with_code;
use super::send::{finish, has_own_lock_time, refuse_old_names};
use crate::ledger::TxState;
use crate::wallet::{
    InputWeights, MAX_WEIGHT, OutputWeights, TRUC, TRUC_CHILD_MAX_WEIGHT, TRUC_MAX_WEIGHT, Wallet,
    combined_bump, dust, fee_for, sum,
};

pub(super) const COMMANDS: &[Command] =
    &[command("sendall", "Spends all coins, or some of them to the last satoshi.", send_all).args(&[
        arg("recipients", List, "Addresses that share the rest, and objects with a given amount.")
            .shape("[\"address\",{\"address\":amount,...},...]")
            .outputs(),
        TARGET,
        MODE,
        RATE,
        arg("options", Object, "Which coins, and what becomes of the transaction.").optional().fields(&[
            "add_to_wallet",
            "fee_rate",
            "include_watching",
            "inputs",
            "locktime",
            "lock_unspents",
            "psbt",
            "send_max",
            "minconf",
            "maxconf",
            "version",
            "conf_target",
            "estimate_mode",
            "replaceable",
            "solving_data",
        ]),
    ])];

fn short(text: &str) -> RpcError {
    RpcError::new(Code::WalletInsufficientFunds, text)
}

/// A call's options, and what the wallet makes of them.
struct SendAllRequest {
    options: Map<String, Value>,
    control: CoinControl,
    /// Satoshi for 1000 virtual bytes.
    rate: i64,
    version: u32,
    replaceable: bool,
}

fn read(wallet: &Wallet, options: Map<String, Value>) -> Answer<SendAllRequest> {
    let option = |name: &str| options.get(name);
    let mut control = CoinControl::default();
    let or_null = |name| option(name).unwrap_or(&Value::Null);
    let (target, mode, rate) = (or_null("conf_target"), or_null("estimate_mode"), or_null("fee_rate"));
    fees::set(wallet, &mut control, target, mode, rate, false)?;
    if let Some(depth) = option("minconf").map(value::int::<i32>).transpose()?.filter(|depth| *depth < 0) {
        return invalid(format!("Invalid minconf (minconf cannot be negative): {depth}"));
    }
    read_depths(&options, &mut control)?;
    let choice = wallet.usable_rate(&control).map_err(with_code(match control.fee_rate {
        Some(_) => Code::InvalidParameter,
        None => Code::WalletError,
    }))?;
    let version = option("version").map_or(Ok(2), value::int)?;
    let replaceable = option("replaceable").map_or(Ok(wallet.options().rbf), value::flag)?;
    (control.has_version, control.version) = (1, version);
    Ok(SendAllRequest { rate: choice.rate, version, replaceable, control, options })
}

fn send_all(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let mut options = options(call, 4)?;
    fees::into_options(call.value(1), call.value(2), call.value(3), &mut options)?;
    refuse_old_names(&options)?;
    let (mut pairs, mut sharers) = (Vec::new(), Vec::new());
    for recipient in call.list(0)? {
        match recipient {
            Value::String(address) => {
                pairs.push(json!({ address: 0 }));
                sharers.push(address.as_str());
            }
            other => pairs.push(other.clone()),
        }
    }
    if sharers.is_empty() {
        return invalid("Must provide at least one address without a specified amount");
    }
    let request = read(&wallet, options)?;
    let option = |name: &str| request.options.get(name).unwrap_or(&Value::Null);
    let parts = Parts {
        inputs: option("inputs"),
        outputs: &pairs.into(),
        lock_time: option("locktime"),
        replaceable: Some(request.replaceable),
        version: request.version,
    };
    let mut tx = construct::transaction(parts, wallet.network())?;
    let spending = wallet.spending()?;
    choose(&wallet, &request, &mut tx)?;
    share(&wallet, &request, &mut tx, &sharers)?;
    if request.options.get("lock_unspents").map_or(Ok(false), value::flag)? {
        spending.lock_coins(tx.input.iter().map(|input| input.previous_output))?;
    }
    if !has_own_lock_time(&tx, &request.options) {
        tx.lock_time = wallet.lock_time()?;
    }
    finish(spending, &request.options, tx)
}

/// Adds all coins, unless coins were given; these have to be the wallet's and unspent.
fn choose(wallet: &Wallet, request: &SendAllRequest, tx: &mut Transaction) -> Answer<()> {
    let has = |name: &str| request.options.contains_key(name);
    if has("inputs") {
        if has("send_max") {
            return invalid("Cannot combine send_max with specific inputs.");
        }
        if has("minconf") || has("maxconf") {
            return invalid("Cannot combine minconf or maxconf with specific inputs.");
        }
        let outpoints = || tx.input.iter().map(|input| input.previous_output);
        for (OutPoint { txid, vout }, info) in outpoints().zip(wallet.output_infos(outpoints())?) {
            if info.is_spent {
                return invalid(format!("Input not available. UTXO ({txid}:{vout}) was already spent."));
            }
            let counts = info.own.is_some() && info.state != TxState::Abandoned;
            let Some(parent) = info.tx.filter(|_| counts) else {
                return invalid(format!("Input not found. UTXO ({txid}:{vout}) is not part of wallet."));
            };
            let (theirs, ours) = (parent.version.0, tx.version.0);
            if info.depth == 0 && (theirs == TRUC) != (ours == TRUC) {
                return invalid(format!(
                    "Can't spend unconfirmed version {theirs} pre-selected input with a version {ours} tx"
                ));
            }
        }
        return Ok(());
    }
    let worthwhile = request.options.get("send_max").map_or(Ok(false), value::flag)?;
    let sequence =
        if request.replaceable { Sequence::ENABLE_RBF_NO_LOCKTIME } else { Sequence::ENABLE_LOCKTIME_NO_RBF };
    for coin in wallet.pool(&request.control, request.rate)? {
        if worthwhile && fee_for(request.rate, coin.weight.vbytes()) > coin.output.value {
            continue;
        }
        tx.input.push(TxIn { previous_output: coin.outpoint, sequence, ..TxIn::default() });
    }
    Ok(())
}

/// Shares what is left after the fee and the given amounts.
fn share(wallet: &Wallet, request: &SendAllRequest, tx: &mut Transaction, sharers: &[&str]) -> Answer<()> {
    let chain = wallet.chain();
    let (mut total, mut inputs, mut unconfirmed) = (Amount::ZERO, InputWeights::default(), Vec::new());
    let outpoints = || tx.input.iter().map(|input| input.previous_output);
    for (outpoint, info) in outpoints().zip(wallet.output_infos(outpoints())?) {
        total = sum([total, info.own.map(|output| output.value).unwrap_or_default()])?;
        let Some(weight) = info.weight else {
            return refused(
                "Unable to determine the size of the transaction, the wallet contains unsolvable descriptors",
            );
        };
        inputs.add(weight);
        if info.depth == 0 {
            unconfirmed.push(outpoint);
        }
    }
    let scripts = tx.output.iter().map(|output| &output.script_pubkey);
    let weight = inputs.with_outputs(scripts.fold(OutputWeights::default(), |all, script| all.with(script)));
    let fee = fee_for(request.rate, weight.div_ceil(4));
    if fee > wallet.options().max_tx_fee {
        return refused("Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)");
    }
    let bump = combined_bump(&*chain, &unconfirmed, request.rate)?;
    let effective = total.checked_sub(sum([fee, bump])?).filter(|left| *left > Amount::ZERO);
    let Some(effective) = effective else {
        return Err(match request.options.get("send_max").is_some_and(|max| *max == true) {
            true => {
                short("Total value of UTXO pool too low to pay for transaction, try using lower feerate.")
            }
            false => short(
                "Total value of UTXO pool too low to pay for transaction. Try using lower feerate or excluding uneconomic UTXOs with 'send_max' option.",
            ),
        });
    };
    let most = match (request.version == 3, unconfirmed.is_empty()) {
        (false, _) => MAX_WEIGHT,
        (true, true) => TRUC_MAX_WEIGHT,
        (true, false) => TRUC_CHILD_MAX_WEIGHT,
    };
    if weight > most {
        return refused("Transaction too large.");
    }
    let given = sum(tx.output.iter().map(|output| output.value))?;
    if given > total {
        return Err(short("Assigned more value to outputs than available funds."));
    }
    let Some(rest) = effective.checked_sub(given) else {
        return Err(short("Insufficient funds for fees after creating specified outputs."));
    };
    let dust_rate = chain.relay_dust_fee()?.sat_per_kvb().unwrap_or_default();
    let count = u64::try_from(sharers.len()).unwrap_or(1);
    let mut odd = rest % count;
    for output in &mut tx.output {
        let address = Address::from_script(&output.script_pubkey, wallet.network());
        let address = address.map(|address| address.to_string()).unwrap_or_default();
        let dust = dust(&output.script_pubkey, dust_rate);
        if sharers.contains(&address.as_str()) {
            output.value = rest / count + std::mem::replace(&mut odd, Amount::ZERO);
            if output.value < dust {
                return Err(short("Dynamically assigned remainder results in dust output."));
            }
        } else if output.value < dust {
            return invalid(format!("Specified output amount to {address} is below dust threshold."));
        }
    }
    Ok(())
}
