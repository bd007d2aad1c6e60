//! The command that spends everything.
//!
//! In: recipients, of which some get a given amount and the others the rest. Out: a transaction without
//! change.

use bitcoin::{Address, Amount, FeeRate, OutPoint, Sequence, Transaction, TxIn, Weight};
use bitcoin_common::json_rpc::Kind::{List, Object};
use bitcoin_common::json_rpc::construct::{self, Parts};
use bitcoin_common::json_rpc::error::invalid;
use bitcoin_common::json_rpc::{Answer, Code, RpcError, arg, value};
use bitcoin_ipc::types::{CoinControl, WireFeeRate};
use serde_json::{Map, Value, json};

use super::command::{Call, Command, command, refused};
use super::fees::{self, MODE, RATE, TARGET};
use super::funding::{TRUC_MAX_WEIGHT, options, read_depths};
use super::send::{finish, refuse_old_names};
use crate::ledger::Place;
use crate::wallet::{WalletHandle, fee_for};

/// The most weight units that nodes relay: Bitcoin Core's `MAX_STANDARD_TX_WEIGHT`.
const MAX_WEIGHT: u64 = 400_000;

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
            "include_watching",
            "inputs",
            "locktime",
            "lock_unspents",
            "psbt",
            "send_max",
            "minconf",
            "maxconf",
            "version",
            "replaceable",
            "solving_data",
        ]),
    ])];

fn short(text: &str) -> RpcError {
    RpcError::new(Code::WalletInsufficientFunds, text)
}

/// A call's options, and what the wallet makes of them.
struct Wish {
    options: Map<String, Value>,
    control: CoinControl,
    /// Satoshi for 1000 virtual bytes.
    rate: i64,
    version: u32,
    replaceable: bool,
}

fn read(call: &Call<'_>, wallet: &WalletHandle) -> Answer<Wish> {
    let mut options = options(call, 4)?;
    fees::into_options(call.value(1), call.value(2), call.value(3), &mut options)?;
    refuse_old_names(&options)?;
    let option = |name: &str| options.get(name).filter(|value| !value.is_null());
    if option("solving_data").is_some() {
        return refused("this wallet spends only its own coins, and takes no solving_data of others");
    }
    let mut control = CoinControl::default();
    let or_null = |name| option(name).unwrap_or(&Value::Null);
    let (target, mode, rate) = (or_null("conf_target"), or_null("estimate_mode"), or_null("fee_rate"));
    fees::set(wallet, &mut control, target, mode, rate, false)?;
    read_depths(&options, &mut control)?;
    let choice = wallet.fee_choice(&control)?;
    let wanted = control.fee_rate.and_then(|rate| rate.sat_per_kvb());
    if let Some(wanted) = wanted.filter(|wanted| *wanted < choice.rate) {
        return invalid(format!(
            "Fee rate ({} sat/vB) is lower than the minimum fee rate setting ({} sat/vB).",
            decimals(wanted),
            decimals(choice.rate)
        ));
    }
    if choice.rate == 0 {
        return refused(
            "Fee estimation failed. Fallbackfee is disabled. Wait a few blocks or enable -fallbackfee.",
        );
    }
    let version = option("version").map_or(Ok(2), value::int)?;
    let replaceable = option("replaceable").map_or(Ok(wallet.options().rbf), value::flag)?;
    Ok(Wish { rate: choice.rate, version, replaceable, control, options })
}

/// A rate for a virtual byte.
fn decimals(sat_per_kvb: i64) -> String {
    format!("{}.{:03}", sat_per_kvb / 1000, sat_per_kvb % 1000)
}

fn send_all(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let wish = read(call, &wallet)?;
    let option = |name: &str| wish.options.get(name).unwrap_or(&Value::Null);
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
    let parts = Parts {
        inputs: option("inputs"),
        outputs: &pairs.into(),
        lock_time: option("locktime"),
        replaceable: Some(wish.replaceable),
        version: wish.version,
    };
    let mut tx = construct::transaction(parts, wallet.network())?;
    let spending = wallet.spending()?;
    choose(&wallet, &wish, &mut tx)?;
    share(&wallet, &wish, &mut tx, &sharers)?;
    if option("lock_unspents") == true {
        spending.lock_coins(tx.input.iter().map(|input| input.previous_output))?;
    }
    if option("locktime").is_null() {
        let current = !wallet.chain().is_initial_block_download()?;
        tx.lock_time = wallet.state()?.lock_time(current);
    }
    finish(spending, &wish.options, tx)
}

/// Adds all coins, unless coins were given; these have to be the wallet's and unspent.
fn choose(wallet: &WalletHandle, wish: &Wish, tx: &mut Transaction) -> Answer<()> {
    let has = |name: &str| wish.options.contains_key(name);
    if has("inputs") {
        if has("send_max") {
            return invalid("Cannot combine send_max with specific inputs.");
        }
        if has("minconf") || has("maxconf") {
            return invalid("Cannot combine minconf or maxconf with specific inputs.");
        }
        let mut state = wallet.state()?;
        let view = state.ledger.view();
        for OutPoint { txid, vout } in tx.input.iter().map(|input| input.previous_output) {
            let outpoint = OutPoint { txid, vout };
            if view.spender(outpoint).is_some() {
                return invalid(format!("Input not available. UTXO ({txid}:{vout}) was already spent."));
            }
            if state.ledger.own_txout(outpoint).is_none() || view.place(txid) == Place::Inactive {
                return invalid(format!("Input not found. UTXO ({txid}:{vout}) is not part of wallet."));
            }
        }
        return Ok(());
    }
    let worthwhile = wish.options.get("send_max").map_or(Ok(false), value::flag)?;
    let coins = wallet.available_coins(&wish.control)?;
    let state = wallet.state()?;
    let sequence =
        if wish.replaceable { Sequence::ENABLE_RBF_NO_LOCKTIME } else { Sequence::ENABLE_LOCKTIME_NO_RBF };
    for coin in coins {
        let weight = Weight::from_wu(41 * 4) + state.satisfaction(coin.outpoint)?;
        if worthwhile && fee_for(wish.rate, weight.to_vbytes_ceil()) > coin.output.value {
            continue;
        }
        tx.input.push(TxIn { previous_output: coin.outpoint, sequence, ..TxIn::default() });
    }
    Ok(())
}

/// Shares what is left after the fee and the given amounts.
fn share(wallet: &WalletHandle, wish: &Wish, tx: &mut Transaction, sharers: &[&str]) -> Answer<()> {
    let chain = wallet.chain();
    let (mut total, mut weight) = (Amount::ZERO, tx.weight() + Weight::from_wu(2));
    {
        let state = wallet.state()?;
        for outpoint in tx.input.iter().map(|input| input.previous_output) {
            total += state.ledger.own_txout(outpoint).map_or(Amount::ZERO, |output| output.value);
            weight += state.satisfaction(outpoint)? + Weight::from_wu(1);
        }
    }
    let fee = fee_for(wish.rate, weight.to_vbytes_ceil());
    if fee > wallet.options().max_tx_fee {
        return refused("Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)");
    }
    let outpoints: Vec<OutPoint> = tx.input.iter().map(|input| input.previous_output).collect();
    let bump = chain.calculate_combined_bump_fee(&outpoints, &WireFeeRate::from_sat_per_kvb(wish.rate))?;
    let effective = total.checked_sub(fee + bump.unwrap_or_default()).filter(|left| *left > Amount::ZERO);
    let Some(effective) = effective else {
        return Err(match wish.options.get("send_max").is_some_and(|max| *max == true) {
            true => {
                short("Total value of UTXO pool too low to pay for transaction, try using lower feerate.")
            }
            false => short(
                "Total value of UTXO pool too low to pay for transaction. Try using lower feerate or excluding uneconomic UTXOs with 'send_max' option.",
            ),
        });
    };
    let most = if wish.version == 3 { TRUC_MAX_WEIGHT.into() } else { MAX_WEIGHT };
    if weight.to_wu() > most {
        return refused("Transaction too large.");
    }
    let given: Amount = tx.output.iter().map(|output| output.value).sum();
    if given > total {
        return Err(short("Assigned more value to outputs than available funds."));
    }
    let Some(rest) = effective.checked_sub(given) else {
        return Err(short("Insufficient funds for fees after creating specified outputs."));
    };
    let dust_rate = chain.relay_dust_fee()?.sat_per_kvb().unwrap_or_default();
    let dust_rate = FeeRate::from_sat_per_kwu(u64::try_from(dust_rate).unwrap_or_default().div_ceil(4));
    let count = u64::try_from(sharers.len()).unwrap_or(1);
    let mut odd = rest % count;
    for output in &mut tx.output {
        let address = Address::from_script(&output.script_pubkey, wallet.network());
        let address = address.map(|address| address.to_string()).unwrap_or_default();
        let dust = output.script_pubkey.minimal_non_dust_custom(dust_rate);
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
