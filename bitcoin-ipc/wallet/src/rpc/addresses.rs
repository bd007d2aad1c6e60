//! Commands that give new addresses, and sign messages with their keys.
//!
//! In: labels, kinds. Out: addresses, signatures.

use bitcoin::address::AddressData;
use bitcoin_ipc::types::SigningResult;
use bitcoin_rpc::Kind::{Number, Text};
use bitcoin_rpc::error::{failed, invalid, unknown, wrong_type};
use bitcoin_rpc::{Answer, Code, arg, value};
use serde_json::Value;

use super::command::{Call, Command, command, ensure_unlocked, label, output_type, refused};
use super::refusal::with_code;

const KIND: &str = "\"legacy\", \"p2sh-segwit\", \"bech32\" or \"bech32m\".";

pub(super) const COMMANDS: &[Command] = &[
    command("getnewaddress", "Gives a new address.", new).args(&[
        arg("label", Text, "Its label.").default("\"\""),
        arg("address_type", Text, KIND).default("set by -addresstype"),
    ]),
    command("getrawchangeaddress", "Gives a new address for change.", new_change).args(&[arg(
        "address_type",
        Text,
        KIND,
    )
    .default("set by -changetype")]),
    command("keypoolrefill", "Derives new addresses ahead, of each kind and for change.", refill)
        .args(&[arg("newsize", Number, "How many.").default("set by -keypool")]),
    command("signmessage", "Signs a message with the key of a P2PKH address.", sign)
        .args(&[arg("address", Text, "The address."), arg("message", Text, "The message.")]),
    command("walletdisplayaddress", "Shows an address on an external signer, which no wallet has.", display)
        .args(&[arg("address", Text, "The address.")]),
];

const NO_KEYS: &str = "Error: This wallet has no available keys";

fn new(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    if !wallet.can_get_addresses()? {
        return refused(NO_KEYS);
    }
    let label = label(call.value(0))?;
    let kind = call.get(1).map(|kind| output_type(value::text(kind)?, "address")).transpose()?;
    let kind = kind.unwrap_or(wallet.options().address_type);
    let address = wallet.new_address(kind, &label).map_err(with_code(Code::WalletKeypoolRanOut))?;
    Ok(address.to_string().into())
}

fn new_change(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    if !wallet.gives_any(true)? {
        return refused(NO_KEYS);
    }
    let options = wallet.options();
    let kind = call.get(0).map(|kind| output_type(value::text(kind)?, "address")).transpose()?;
    let kind = kind.unwrap_or(options.change_type.unwrap_or(options.address_type));
    let address = wallet.new_change_address(kind).map_err(with_code(Code::WalletKeypoolRanOut))?;
    Ok(address.to_string().into())
}

fn refill(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    let Ok(size) = u32::try_from(call.int_or::<i32>(0, 0)?) else {
        return invalid("Invalid parameter, expected valid size.");
    };
    ensure_unlocked(&wallet)?;
    wallet.look_ahead(if size == 0 { wallet.options().keypool } else { size })?;
    Ok(Value::Null)
}

fn sign(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    ensure_unlocked(&wallet)?;
    let address = call.address(0, "Invalid address")?;
    let AddressData::P2pkh { pubkey_hash } = address.to_address_data() else {
        return wrong_type("Address does not refer to key");
    };
    match wallet.sign_message(call.text(1)?, pubkey_hash)? {
        Ok(signature) => Ok(signature.into()),
        Err(SigningResult::SigningFailed) => unknown("Sign failed"),
        Err(_) => refused("Private key not available"),
    }
}

/// No wallet here has its keys on an external signer.
fn display(call: &Call<'_>) -> Answer {
    call.wallet()?;
    call.address(0, "Invalid address")?;
    failed("There is no ScriptPubKeyManager for this address")
}
