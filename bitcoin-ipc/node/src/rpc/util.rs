//! Commands about addresses, keys and signed messages.
//!
//! In: texts of users. Out: what they mean.

use bitcoin::address::AddressData;
use bitcoin::script::Builder;
use bitcoin::secp256k1::{Message, Secp256k1};
use bitcoin::sign_message::{MessageSignature, signed_msg_hash};
use bitcoin::{Address, PrivateKey, PublicKey, ScriptBuf, opcodes};
use serde_json::{Map, Value};

use super::command::Kind::{List, Number, Text};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, failed, invalid, unknown, wrong_type};
use super::{address, script, value};

const UTIL: &str = "util";

pub(super) const COMMANDS: &[Command] = &[
    command(UTIL, "validateaddress", "Tells whether an address is one, and of what.", validate_address)
        .args(&[arg("address", Text, "The address.")]),
    command(UTIL, "createmultisig", "Makes the address of several keys.", create_multisig).args(&[
        arg("nrequired", Number, "How many of them have to sign."),
        arg("keys", List, "The public keys.").shape("[\"key\",...]"),
        arg("address_type", Text, "\"legacy\", \"p2sh-segwit\" or \"bech32\".").default("\"legacy\""),
    ]),
    command(UTIL, "verifymessage", "Tells whether an address has signed a message.", verify_message).args(&[
        arg("address", Text, "The address."),
        arg("signature", Text, "The signature, in base 64."),
        arg("message", Text, "The message."),
    ]),
    command(UTIL, "signmessagewithprivkey", "Signs a message.", sign_message)
        .args(&[arg("privkey", Text, "The private key."), arg("message", Text, "The message.")]),
];

fn validate_address(call: &Call<'_>) -> Answer {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    match address::locate(call.text(0)?, call.state.network()) {
        Err(fault) => {
            put("isvalid", false.into());
            put("error_locations", fault.locations.into());
            put("error", fault.message.into());
        }
        Ok(address) => {
            put("isvalid", true.into());
            put("address", address.to_string().into());
            let script = address.script_pubkey();
            put("scriptPubKey", format!("{script:x}").into());
            object.extend(address::describe(&address));
        }
    }
    Ok(object.into())
}

fn create_multisig(call: &Call<'_>) -> Answer {
    let needed: i32 = call.int(0)?;
    let texts = call.list(1)?;
    let keys = texts.iter().map(|key| value::public_key(value::text(key)?)).collect::<Answer<Vec<_>>>()?;
    let kind = call.text_or(2, "legacy")?;
    match kind {
        "legacy" | "p2sh-segwit" | "bech32" => {}
        "bech32m" => return unknown("createmultisig cannot create bech32m multisig addresses"),
        _ => return unknown(format!("Unknown address type '{kind}'")),
    }
    if needed < 1 {
        return invalid("a multisignature address must require at least one key to redeem");
    }
    let count = keys.len();
    if i64::try_from(count).unwrap_or(i64::MAX) < i64::from(needed) {
        return invalid(format!(
            "not enough keys supplied (got {count} keys, but need at least {needed} to redeem)"
        ));
    }
    if count > 20 {
        let text = "Number of keys involved in the multisignature address creation > 20\nReduce the number";
        return invalid(text);
    }
    let mut builder = Builder::new().push_int(needed.into());
    for key in &keys {
        builder = builder.push_key(key);
    }
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let inner: ScriptBuf = builder.push_int(count).push_opcode(opcodes::all::OP_CHECKMULTISIG).into_script();
    // Segregated witness has no place for long keys.
    let witness = kind != "legacy" && keys.iter().all(|key| key.compressed);
    if !witness && inner.len() > 520 {
        return invalid(format!("redeemScript exceeds size limit: {} > 520", inner.len()));
    }
    let network = call.state.network();
    let names: Vec<String> = keys.iter().map(PublicKey::to_string).collect();
    let multi = format!("multi({needed},{})", names.join(","));
    let (address, descriptor) = match (witness, kind) {
        (true, "bech32") => (Address::p2wsh(&inner, network), format!("wsh({multi})")),
        (true, _) => (Address::p2shwsh(&inner, network), format!("sh(wsh({multi}))")),
        (false, _) => match Address::p2sh(&inner, network) {
            Ok(address) => (address, format!("sh({multi})")),
            Err(error) => return failed(error.to_string()),
        },
    };
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("address", address.to_string().into());
    put("redeemScript", format!("{inner:x}").into());
    put("descriptor", script::with_checksum(&descriptor).into());
    if !witness && kind != "legacy" {
        let text =
            "Unable to make chosen address type, please ensure no uncompressed public keys are present.";
        put("warnings", vec![text].into());
    }
    Ok(object.into())
}

fn verify_message(call: &Call<'_>) -> Answer {
    let Ok(address) = address::parse(call.text(0)?, call.state.network()) else {
        return unknown("Invalid address");
    };
    let AddressData::P2pkh { .. } = address.to_address_data() else {
        return wrong_type("Address does not refer to key");
    };
    let signature = match MessageSignature::from_base64(call.text(1)?) {
        Ok(signature) => signature,
        Err(bitcoin::sign_message::MessageSignatureError::InvalidBase64) => {
            return wrong_type("Malformed base64 encoding");
        }
        Err(_) => return Ok(false.into()),
    };
    let hash = signed_msg_hash(call.text(2)?);
    let secp = Secp256k1::verification_only();
    Ok(signature.is_signed_by_address(&secp, &address, hash).unwrap_or(false).into())
}

fn sign_message(call: &Call<'_>) -> Answer {
    let key = match PrivateKey::from_wif(call.text(0)?) {
        Ok(key) if key.network == call.state.network().into() => key,
        _ => return unknown("Invalid private key"),
    };
    let message = Message::from_digest(*signed_msg_hash(call.text(1)?).as_ref());
    let signature = Secp256k1::signing_only().sign_ecdsa_recoverable(&message, &key.inner);
    Ok(MessageSignature::new(signature, key.compressed).to_base64().into())
}
