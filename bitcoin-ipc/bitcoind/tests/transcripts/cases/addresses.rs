//! Wallets' addresses and labels.

use serde_json::{Value, json};

use crate::chapter::{BANK, Case, Chapter, Stopped};

pub(crate) const CHAPTER: Chapter = Chapter {
    name: "addresses",
    options: &[],
    blocks: 1,
    chance: false,
    cases: &[
        ("addresses_of_each_kind", kinds),
        ("addresses_of_others", others),
        ("labels", labels),
        ("labels_that_are_refused", wrong_labels),
        ("keypools", keypools),
        ("messages_that_are_signed", messages),
        ("descriptors_of_a_wallet", descriptors),
    ],
};

fn kinds(case: &mut Case<'_>) -> Result<(), Stopped> {
    case.wallet("kinds", 0)?;
    for kind in ["legacy", "p2sh-segwit", "bech32", "bech32m"] {
        for method in ["getnewaddress", "getrawchangeaddress"] {
            let params = if method == "getnewaddress" { json!(["tea", kind]) } else { json!([kind]) };
            let address = case.ok(method, params)?;
            case.ok("getaddressinfo", json!([address]))?;
        }
    }
    case.each(
        "getnewaddress",
        [json!([]), json!([""]), json!([null, null]), json!({ "address_type": "legacy" })],
    );
    case.each(
        "getnewaddress",
        [
            json!(["", "x"]),
            json!(["*"]),
            json!([1]),
            json!(["", 1]),
            json!(["", ""]),
            json!(["a", "bech32", 1]),
        ],
    );
    case.each("getrawchangeaddress", [json!([]), json!(["x"]), json!([1]), json!([""])]);
    case.each("getwalletinfo", [json!([])]);
    Ok(())
}

fn others(case: &mut Case<'_>) -> Result<(), Stopped> {
    case.wallet("others", 1)?;
    case.each(
        "getaddressinfo",
        [
            json!([BANK]),
            json!(["bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6"]),
            json!(["bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85"]),
            json!(["2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm"]),
            json!(["bcrt1pfeesnyr2tx"]),
            json!(["bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"]),
            json!(["1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"]),
            json!(["x"]),
            json!([""]),
            json!(["bcrt1qx"]),
            json!([1]),
            json!([]),
        ],
    );
    Ok(())
}

fn labels(case: &mut Case<'_>) -> Result<(), Stopped> {
    case.wallet("labels", 2)?;
    let tea = case.ok("getnewaddress", json!(["tea"]))?;
    case.ok("getnewaddress", json!(["tea", "legacy"]))?;
    case.ok("getnewaddress", json!(["milk"]))?;
    case.ok("setlabel", json!([BANK, "bank"]))?;
    case.each(
        "getaddressesbylabel",
        [json!(["tea"]), json!(["milk"]), json!(["bank"]), json!(["none"]), json!([""])],
    );
    case.each("listlabels", [json!([]), json!(["receive"]), json!(["send"])]);
    case.ok("setlabel", json!([tea, "milk"]))?;
    case.each("getaddressesbylabel", [json!(["tea"]), json!(["milk"])]);
    case.ok("setlabel", json!([tea, ""]))?;
    case.each("getaddressinfo", [json!([tea]), json!([BANK])]);
    case.each("listlabels", [json!([])]);
    case.ok("setlabel", json!([BANK, "Ünï ☕ \u{202e}"]))?;
    case.each("listlabels", [json!(["send"])]);
    Ok(())
}

fn wrong_labels(case: &mut Case<'_>) -> Result<(), Stopped> {
    case.of("labels");
    case.each(
        "setlabel",
        [json!([BANK, "*"]), json!(["x", "a"]), json!([BANK]), json!([BANK, 1]), json!([1, "a"])],
    );
    case.each("getaddressesbylabel", [json!(["*"]), json!([]), json!([1])]);
    case.each("listlabels", [json!(["x"]), json!([1]), json!(["send", 1])]);
    Ok(())
}

fn keypools(case: &mut Case<'_>) -> Result<(), Stopped> {
    case.wallet("keypools", 3)?;
    case.each("getwalletinfo", [json!([])]);
    case.ok("getnewaddress", json!([]))?;
    case.each("getwalletinfo", [json!([])]);
    case.each("keypoolrefill", [json!([]), json!([-1]), json!(["1"]), json!([1.5]), json!([20])]);
    case.each("getwalletinfo", [json!([])]);
    Ok(())
}

fn messages(case: &mut Case<'_>) -> Result<(), Stopped> {
    case.wallet("messages", 4)?;
    let legacy = case.ok("getnewaddress", json!(["", "legacy"]))?;
    let signature = case.ok("signmessage", json!([legacy, "hello"]))?;
    case.of_node();
    case.each("verifymessage", [json!([legacy, signature, "hello"]), json!([legacy, signature, "hallo"])]);
    case.of("messages");
    let bech32 = case.ok("getnewaddress", json!(["", "bech32"]))?;
    case.each(
        "signmessage",
        [
            json!([bech32, "x"]),
            json!([BANK, "x"]),
            json!(["x", "x"]),
            json!(["mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r", "x"]),
            json!([legacy]),
            json!([legacy, 1]),
            json!([legacy, ""]),
        ],
    );
    Ok(())
}

fn descriptors(case: &mut Case<'_>) -> Result<(), Stopped> {
    case.wallet("descriptors", 5)?;
    case.ok("getnewaddress", json!([]))?;
    case.each("listdescriptors", [json!([]), json!([true]), json!([false]), json!([1])]);
    case.each(
        "gethdkeys",
        [json!([]), json!([{ "private": true }]), json!([{ "active_only": true }]), json!([{ "x": 1 }])],
    );
    let watch: Vec<Value> =
        case.ok("listdescriptors", json!([]))?["descriptors"].as_array().cloned().unwrap_or_default();
    case.of_node();
    case.ok("createwallet", json!({ "wallet_name": "watching", "disable_private_keys": true }))?;
    case.of("watching");
    case.each("getnewaddress", [json!([])]);
    case.ok("importdescriptors", json!([watch]))?;
    case.each("getnewaddress", [json!([])]);
    case.each("listdescriptors", [json!([]), json!([true])]);
    case.each("getwalletinfo", [json!([])]);
    Ok(())
}
