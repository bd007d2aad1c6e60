//! Commands about labels.
//!
//! In: addresses, labels. Out: the address book.

use std::collections::BTreeSet;

use bitcoin_ipc::types::{AddressPurpose, Destination};
use bitcoin_rpc::Kind::Text;
use bitcoin_rpc::error::invalid;
use bitcoin_rpc::{Answer, Code, RpcError, arg};
use serde_json::{Map, Value, json};

use super::command::{Call, Command, command, label};

pub(super) const COMMANDS: &[Command] = &[
    command("setlabel", "Gives an address a label.", set)
        .args(&[arg("address", Text, "The address."), arg("label", Text, "The label.")]),
    command("getaddressesbylabel", "Gives the addresses of a label.", addresses).args(&[arg(
        "label",
        Text,
        "The label.",
    )]),
    command("listlabels", "Gives all labels.", list).args(&[arg(
        "purpose",
        Text,
        "Only those of addresses to \"receive\", \"send\" or \"refund\".",
    )
    .optional()]),
];

fn purpose_name(purpose: AddressPurpose) -> &'static str {
    match purpose {
        AddressPurpose::Receive => "receive",
        AddressPurpose::Send => "send",
        AddressPurpose::Refund => "refund",
    }
}

fn set(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    let address = call.address(0, "Invalid Bitcoin address")?;
    let label = label(call.value(1))?;
    let destination = Destination::of_script(&address.script_pubkey());
    let mine = wallet.is_mine(&destination)?;
    let purpose = if mine { AddressPurpose::Receive } else { AddressPurpose::Send };
    wallet.set_address_book(&destination, &label, purpose)?;
    Ok(Value::Null)
}

fn addresses(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    let label = label(call.value(0))?;
    let mut object = Map::new();
    for entry in wallet.book()?.into_iter().filter(|entry| entry.name == label) {
        if let Some(address) = entry.dest.address(wallet.network()) {
            object.insert(address.to_string(), json!({ "purpose": purpose_name(entry.purpose) }));
        }
    }
    if object.is_empty() {
        return Err(RpcError::new(Code::WalletInvalidLabelName, format!("No addresses with label {label}")));
    }
    Ok(object.into())
}

fn list(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    let wanted = call.text_or(0, "")?;
    if !["", "receive", "send", "refund"].contains(&wanted) {
        return invalid(
            "Invalid 'purpose' argument, must be a known purpose string, typically 'send', or 'receive'.",
        );
    }
    let entries = wallet.book()?.into_iter();
    let fit = entries.filter(|entry| wanted.is_empty() || purpose_name(entry.purpose) == wanted);
    let labels: BTreeSet<String> = fit.map(|entry| entry.name).collect();
    Ok(labels.into_iter().collect())
}
