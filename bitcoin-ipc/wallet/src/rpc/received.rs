//! Commands about what addresses received.
//!
//! In: addresses, labels, depths. Out: sums.

use std::collections::{BTreeMap, HashSet};

use bitcoin::{Amount, ScriptBuf, Txid};
use bitcoin_ipc::types::Destination;
use bitcoin_rpc::Kind::{Bool, Number, Text};
use bitcoin_rpc::{Answer, Arg, address, amount, arg};
use serde_json::{Value, json};

use super::command::{Call, Command, command, label, refused};
use crate::wallet::{Received, Wallet};

const DEPTH: Arg = arg("minconf", Number, "The fewest confirmations.").default("1");
const IMMATURE: Arg =
    arg("include_immature_coinbase", Bool, "Also new coins that cannot be spent yet.").default("false");
const EMPTY: Arg = arg("include_empty", Bool, "Also those that received nothing.").default("false");
const WATCHED: Arg = arg("include_watchonly", Bool, "Has no effect.").default("false");

pub(super) const COMMANDS: &[Command] = &[
    command("getreceivedbyaddress", "Gives how much an address received.", by_address).args(&[
        arg("address", Text, "The address."),
        DEPTH,
        IMMATURE,
    ]),
    command("getreceivedbylabel", "Gives how much the addresses of a label received.", by_label).args(&[
        arg("label", Text, "The label."),
        DEPTH,
        IMMATURE,
    ]),
    command("listreceivedbyaddress", "Gives how much each address received.", list_by_address).args(&[
        DEPTH,
        EMPTY,
        WATCHED,
        arg("address_filter", Text, "Only this address.").optional(),
        IMMATURE,
    ]),
    command("listreceivedbylabel", "Gives how much the addresses of each label received.", list_by_label)
        .args(&[DEPTH, EMPTY, WATCHED, IMMATURE]),
];

fn sum(call: &Call<'_>, wallet: &Wallet, scripts: &HashSet<ScriptBuf>) -> Answer {
    if !wallet.script_infos(scripts)?.iter().any(|(info, _)| info.is_mine()) {
        return refused("Address not found in wallet");
    }
    let (received, _) = wallet.received(call.int_or(1, 1)?, call.flag_or(2, false)?)?;
    let of_these = received.into_iter().filter(|(script, _)| scripts.contains(script));
    let sum = of_these
        .fold(Amount::ZERO, |sum, (_, received)| sum.checked_add(received.amount).unwrap_or(Amount::MAX));
    Ok(amount::amount(sum))
}

fn by_address(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let address = call.address(0, "Invalid Bitcoin address")?;
    sum(call, &wallet, &HashSet::from([address.script_pubkey()]))
}

fn by_label(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let label = label(call.value(0))?;
    let entries = wallet.book()?.into_iter().filter(|entry| entry.name == label);
    let scripts: HashSet<ScriptBuf> = entries.filter_map(|entry| entry.dest.script_pubkey()).collect();
    if scripts.is_empty() {
        return refused("Label not found in wallet");
    }
    sum(call, &wallet, &scripts)
}

/// The label and what was received for each address of the address book that is the wallet's.
fn listed(
    call: &Call<'_>,
    wallet: &Wallet,
    only: Option<&ScriptBuf>,
    immature: bool,
) -> Answer<Vec<(ScriptBuf, String, Received)>> {
    let (depth, empty) = (call.int_or(0, 1)?, call.flag_or(1, false)?);
    let (mut received, book) = wallet.received(depth, immature)?;
    let mut listed = Vec::new();
    for entry in book {
        let script = entry.dest.script_pubkey().filter(|script| only.is_none_or(|only| only == script));
        let Some(script) = script else { continue };
        match received.remove(&script) {
            None if !empty || !entry.is_mine => {}
            received => listed.push((script, entry.name, received.unwrap_or_default())),
        }
    }
    Ok(listed)
}

fn list_by_address(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let only = match call.text_or(3, "")? {
        "" => None,
        text => match address::parse(text, wallet.network()) {
            Ok(address) => Some(address.script_pubkey()),
            Err(_) => return refused("address_filter parameter was invalid"),
        },
    };
    let listed = listed(call, &wallet, only.as_ref(), call.flag_or(4, false)?)?;
    let told = listed.into_iter().filter_map(|(script, label, received)| {
        let address = Destination::of_script(&script).address(wallet.network())?;
        Some(json!({
            "address": address.to_string(),
            "amount": amount::amount(received.amount),
            "confirmations": received.confirmations.unwrap_or_default(),
            "label": label,
            "txids": received.txids.iter().map(Txid::to_string).collect::<Vec<_>>(),
        }))
    });
    Ok(told.collect())
}

fn list_by_label(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let mut labels: BTreeMap<String, Received> = BTreeMap::new();
    for (_, label, received) in listed(call, &wallet, None, call.flag_or(3, false)?)? {
        let of_label = labels.entry(label).or_default();
        match received.confirmations {
            Some(depth) => of_label.add(received.amount, depth),
            None => of_label.amount = of_label.amount.checked_add(received.amount).unwrap_or(Amount::MAX),
        }
    }
    let told = labels.into_iter().map(|(label, received)| {
        json!({
            "amount": amount::amount(received.amount),
            "confirmations": received.confirmations.unwrap_or_default(),
            "label": label,
        })
    });
    Ok(told.collect::<Vec<Value>>().into())
}
