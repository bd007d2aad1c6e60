//! What transactions cost and spend: fees, locks, unconfirmed parents, replacements, signatures made offline.

use serde_json::{Value, json};

use super::Written;
use crate::case::{BANK, Case, Stopped, text};

pub(crate) const CHAPTER: Written = (
    "spending",
    "-walletrbf=1 blocks=130 chance",
    &[
        ("sizes_of_each_kind", sizes),
        ("a_fee_rate_of_nothing", nothing),
        ("locks_of_spent_coins", locks),
        ("unconfirmed_parents", parents),
        ("transactions_of_version_3", truc),
        ("limits_of_weight", weights),
        ("amounts_out_of_range", amounts),
        ("replacements", replacements),
        ("a_replacement_of_two_wallets", together),
        ("coins_of_others", others),
        ("an_abandoned_child", abandoned),
        ("signatures_made_offline", offline),
        ("everything_is_sent", everything),
    ],
);

const KINDS: [&str; 4] = ["legacy", "p2sh-segwit", "bech32", "bech32m"];
/// An output of the bank with 0.005 BTC, as it stands in a transaction.
const HALF: &str = "20a1070000000000160014751e76e8199196d454941c45d1b3a323f1433bd6";

/// A wallet with coins of these kinds and amounts in satoshi, which are confirmed so often. Gives the coins.
fn rich(
    case: &mut Case<'_>,
    name: &str,
    account: u32,
    coins: &[(&str, u64)],
    depth: u32,
) -> Result<Vec<Value>, Stopped> {
    case.wallet(name, account)?;
    let mut found = Vec::new();
    for (kind, amount) in coins {
        let address = case.quiet("getnewaddress", json!(["", kind]))?;
        let paid = case.pay(&[(text(&address)?, *amount)])?;
        found.push(json!({ "txid": paid, "vout": 0 }));
    }
    case.mine(depth)?;
    Ok(found)
}

fn sizes(case: &mut Case<'_>) -> Result<(), Stopped> {
    let coins = KINDS.map(|kind| (kind, 1_000_000));
    let coins = rich(case, "sizes", 10, &coins, 6)?;
    for (place, coin) in coins.iter().enumerate() {
        for rate in [json!(1), json!("1.234"), json!(50)] {
            let options =
                json!({ "fee_rate": rate, "change_position": 1, "inputs": [coin], "add_to_wallet": false });
            case.ok("send", json!([{ BANK: "0.005" }, null, "unset", null, options]))?;
            let all = json!({ "fee_rate": rate, "inputs": [coin], "add_to_wallet": false });
            let _ = case.ask("sendall", json!([[BANK], null, "unset", null, all]));
        }
        let together = json!({ "fee_rate": 7, "changePosition": 0, "subtractFeeFromOutputs": [0] });
        let inputs = &coins[..=place];
        let outputs = json!([{ BANK: "0.0075" }, { "data": "cafe" }]);
        let _ = case.ask("walletcreatefundedpsbt", json!([inputs, outputs, 0, together]));
    }
    Ok(())
}

fn nothing(case: &mut Case<'_>) -> Result<(), Stopped> {
    rich(case, "nothing", 11, &[("bech32", 1_000_000)], 6)?;
    let raw = format!("020000000001{HALF}00000000");
    for rate in [json!(0), json!("0"), json!("0.000"), json!("0.001")] {
        case.each(
            "fundrawtransaction",
            [
                json!([raw, { "fee_rate": rate, "changePosition": 1 }, false]),
                json!([raw, { "feeRate": rate, "changePosition": 1 }, false]),
            ],
        );
        let options = json!({ "fee_rate": rate, "changePosition": 1 });
        let _ = case.ask("walletcreatefundedpsbt", json!([[], [{ BANK: "0.005" }], 0, options]));
    }
    let _ = case.ask("send", json!([{ BANK: "0.005" }, null, "unset", 0]));
    let _ = case.ask("sendall", json!([[BANK], null, "unset", 0]));
    let _ = case.ask("fundrawtransaction", json!([raw, { "fee_rate": -1 }, false]));
    let _ = case.ask("walletcreatefundedpsbt", json!([[], [{ "data": "cafe" }], 0, { "fee_rate": 0 }]));
    Ok(())
}

fn locks(case: &mut Case<'_>) -> Result<(), Stopped> {
    let coins = rich(case, "spent", 12, &[("bech32", 1_000_000), ("bech32", 2_000_000)], 6)?;
    case.each("lockunspent", [json!([false, [coins[0]]]), json!([false, [coins[1]], true])]);
    for coin in &coins {
        let options = json!({ "inputs": [coin], "fee_rate": 5, "change_position": 0 });
        case.ok("send", json!([{ BANK: "0.001" }, null, "unset", null, options]))?;
        case.each("listlockunspent", [json!([])]);
        case.each("lockunspent", [json!([true, [coin]]), json!([false, [coin]])]);
    }
    case.mine(1)?;
    case.restart()?;
    case.of_node();
    case.quiet("loadwallet", json!(["spent"]))?;
    case.of("spent");
    case.each("listlockunspent", [json!([])]);
    let options = json!({ "lock_unspents": true, "fee_rate": 5, "change_position": 0 });
    case.ok("send", json!([{ BANK: "0.001" }, null, "unset", null, options]))?;
    case.each("listlockunspent", [json!([])]);
    Ok(())
}

fn parents(case: &mut Case<'_>) -> Result<(), Stopped> {
    rich(case, "parents", 13, &[("bech32", 5_000_000)], 6)?;
    let send = |case: &mut Case<'_>, rate: u64| {
        let options = json!({ "fee_rate": rate, "change_position": 1 });
        case.ok("send", json!([{ BANK: "0.001" }, null, "unset", null, options]))
    };
    for rate in [1, 100, 2, 50] {
        let sent = send(case, rate)?;
        let _ = case.ask("gettransaction", json!([sent["txid"]]));
    }
    let _ = case.ask("getbalances", json!([]));
    let _ = case.ask("listunspent", json!([0]));
    let all = json!({ "fee_rate": 80, "add_to_wallet": false });
    let _ = case.ask("sendall", json!([[BANK], null, "unset", null, all]));
    Ok(())
}

fn truc(case: &mut Case<'_>) -> Result<(), Stopped> {
    rich(case, "truc", 14, &[("bech32", 5_000_000)], 6)?;
    let send = |case: &mut Case<'_>, version: u32| {
        let options = json!({ "fee_rate": 5, "change_position": 1 });
        case.ask("send", json!([{ BANK: "0.001" }, null, "unset", null, options, version]))
    };
    let first = send(case, 3);
    let _ = case.ask("sendtoaddress", json!([BANK, "0.001"]));
    let _ = send(case, 2);
    let all = |version: u32| json!([[BANK], null, "unset", 5, { "version": version }]);
    let _ = case.ask("sendall", all(2));
    let coin = json!({ "txid": first.unwrap_or_default()["txid"], "vout": 1 });
    let chosen = |version: u32| {
        let options = json!({ "fee_rate": 5, "change_position": 1, "inputs": [coin] });
        json!([{ BANK: "0.001" }, null, "unset", null, options, version])
    };
    let _ = case.ask("send", chosen(2));
    let _ = case.ask("sendall", json!([[BANK], null, "unset", 5, { "version": 2, "inputs": [coin] }]));
    let _ = case.ask("send", chosen(3));
    let _ = send(case, 3);
    let _ = case.ask("sendall", all(3));
    case.mine(1)?;
    let _ = send(case, 2);
    let _ = send(case, 3);
    let _ = case.ask("getbalances", json!([]));
    Ok(())
}

fn weights(case: &mut Case<'_>) -> Result<(), Stopped> {
    let coins = [("bech32", 1_000_000), ("bech32", 20_000), ("bech32", 20_000), ("bech32", 20_000)];
    rich(case, "weights", 15, &coins, 6)?;
    for (amount, weight) in [
        ("0.005", 4_000),
        ("0.005", 600),
        ("0.0104", 700),
        ("0.0104", 4_000),
        ("0.005", 100),
        ("0.005", 400_001),
        ("0.005", 300),
    ] {
        let options = json!({ "fee_rate": 1, "max_tx_weight": weight, "changePosition": 0 });
        let made = case.quiet("walletcreatefundedpsbt", json!([[], [{ BANK: amount }], 0, options]));
        if made.is_err() {
            let _ = case.ask("walletcreatefundedpsbt", json!([[], [{ BANK: amount }], 0, options]));
        }
    }
    Ok(())
}

fn amounts(case: &mut Case<'_>) -> Result<(), Stopped> {
    rich(case, "amounts", 16, &[("bech32", 1_000_000)], 6)?;
    let script = "160014751e76e8199196d454941c45d1b3a323f1433bd6";
    let of = |values: &[&str]| {
        let outputs: String = values.iter().map(|value| format!("{value}{script}")).collect();
        format!("0200000000{:02x}{outputs}00000000", values.len())
    };
    // Of 2^64 - 1, of 2^63, of two that wrap, of more than there is, of two that are more than there is.
    let (most, half, money) = ("ffffffffffffffff", "0000000000000080", "0040075af0750700");
    for values in [&[most][..], &[half], &[half, half], &["0140075af0750700"], &[money], &[money, money]] {
        let _ = case.ask("fundrawtransaction", json!([of(values), {}, false]));
    }
    for rate in [json!("2100000000000000"), json!(1_000_000_000), json!("21000001"), json!(1e16)] {
        let options = json!({ "fee_rate": rate });
        let _ = case.ask("walletcreatefundedpsbt", json!([[], [{ BANK: "0.005" }], 0, options]));
    }
    case.each("getbalances", [json!([])]);
    Ok(())
}

fn replacements(case: &mut Case<'_>) -> Result<(), Stopped> {
    rich(case, "replacements", 17, &[("bech32", 5_000_000)], 6)?;
    let options = json!({ "fee_rate": 2, "change_position": 1 });
    let sent = case.ok("send", json!([{ BANK: "0.01" }, null, "unset", null, options]))?;
    let txid = &sent["txid"];
    for options in [
        json!({ "fee_rate": 2 }),
        json!({ "fee_rate": "2.05" }),
        json!({ "fee_rate": "0.05" }),
        json!({ "fee_rate": 100_000 }),
        json!({ "original_change_index": 5 }),
        json!({ "outputs": [], "fee_rate": 20 }),
        json!({ "outputs": [{ BANK: 1 }], "fee_rate": 20 }),
        json!({ "outputs": [{ BANK: "0.001" }], "original_change_index": 1 }),
    ] {
        let _ = case.ask("bumpfee", json!([txid, options]));
    }
    for options in [
        json!({}),
        json!({ "fee_rate": 3 }),
        json!({ "fee_rate": "33.333" }),
        json!({ "fee_rate": 20, "original_change_index": 0 }),
        json!({ "fee_rate": 20, "outputs": [{ BANK: "0.049" }] }),
        json!({ "fee_rate": 20, "outputs": [{ BANK: "0.0001" }, { "data": "cafe" }] }),
    ] {
        let _ = case.ask("psbtbumpfee", json!([txid, options]));
    }
    let bumped = case.ok("bumpfee", json!([txid, { "fee_rate": 25 }]))?;
    let _ = case.ask("bumpfee", json!([txid]));
    let _ = case.ask("bumpfee", json!([bumped["txid"], { "fee_rate": 25 }]));
    case.mine(1)?;
    let _ = case.ask("bumpfee", json!([bumped["txid"]]));
    let _ = case.ask("bumpfee", json!([txid]));
    // All of it is the wallet's own, and pays the fee.
    let change = case.ok("getrawchangeaddress", json!([]))?;
    let options = json!({ "fee_rate": 2 });
    let sent = case.ok("sendall", json!([[change], null, "unset", null, options]))?;
    case.ok("bumpfee", json!([sent["txid"], { "fee_rate": 9 }]))?;
    case.each("getbalances", [json!([])]);
    Ok(())
}

/// A transaction that two wallets pay, each of one coin, and the first one raises the fee of.
fn together(case: &mut Case<'_>) -> Result<(), Stopped> {
    for (account, kind) in [(18, "bech32"), (20, "legacy"), (22, "bech32m"), (24, "p2sh-segwit")] {
        let (ours, theirs) = (format!("ours {kind}"), format!("theirs {kind}"));
        let theirs_coin = rich(case, &theirs, account + 1, &[(kind, 1_000_000)], 1)?.remove(0);
        let ours_coin = rich(case, &ours, account, &[("bech32", 3_000_000)], 6)?.remove(0);
        let change = case.ok("getrawchangeaddress", json!([]))?;
        let (change, signals) = (text(&change)?, 4_294_967_293_u32);
        let input = |coin: &Value| json!({ "txid": coin["txid"], "vout": coin["vout"], "sequence": signals });
        let outputs = json!([{ BANK: "0.02" }, { change: "0.0199" }]);
        let psbt = case.quiet("createpsbt", json!([[input(&ours_coin), input(&theirs_coin)], outputs]))?;
        // Both know their coins before anyone signs, for the kind that signs all amounts.
        let mut psbt = case.quiet("walletprocesspsbt", json!([psbt, false]))?["psbt"].clone();
        for (wallet, sign) in [(&theirs, true), (&ours, true), (&theirs, true)] {
            case.of(wallet);
            psbt = case.quiet("walletprocesspsbt", json!([psbt, sign]))?["psbt"].clone();
        }
        let whole = case.quiet("finalizepsbt", json!([psbt]))?;
        case.of_node();
        let txid = case.quiet("sendrawtransaction", json!([whole["hex"]]))?;
        case.of(&ours);
        let _ = case.ask("bumpfee", json!([txid, { "fee_rate": 50 }]));
        let _ = case.ask("psbtbumpfee", json!([txid, { "fee_rate": 50 }]));
        let _ = case.ask("psbtbumpfee", json!([txid, { "fee_rate": 10 }]));
        case.mine(1)?;
    }
    Ok(())
}

/// What a wallet is told of coins that are not its own.
fn others(case: &mut Case<'_>) -> Result<(), Stopped> {
    let mut theirs = rich(case, "others", 30, &KINDS.map(|kind| (kind, 1_000_000)), 1)?;
    let mut told = Vec::new();
    for coin in &theirs {
        let coins = case.quiet("listunspent", json!([]))?;
        let found = coins.as_array().into_iter().flatten().find(|found| found["txid"] == coin["txid"]);
        let address = found.unwrap_or(&Value::Null)["address"].clone();
        let info = case.quiet("getaddressinfo", json!([address]))?;
        let scripts = json!([info["embedded"]["scriptPubKey"]]);
        told.push((info["pubkey"].clone(), scripts, info["desc"].clone()));
    }
    // Two of three keys, which no wallet here has.
    for form in
        ["sh(multi(1,K1))", "wsh(multi(2,K1,K2,K3))", "sh(wsh(multi(1,K1,K2)))", "wsh(pk(K1))", "sh(pkh(K1))"]
    {
        let keys = [
            "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
            "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5",
            "02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9",
        ];
        let text = form.replace("K1", keys[0]).replace("K2", keys[1]).replace("K3", keys[2]);
        let text = case.checked(&text)?;
        let address = case.quiet("deriveaddresses", json!([text]))?[0].clone();
        let paid = case.pay(&[(address.as_str().unwrap_or_default(), 1_000_000)])?;
        theirs.push(json!({ "txid": paid, "vout": 0 }));
        told.push((Value::Null, json!([]), text.into()));
    }
    rich(case, "teller", 31, &[("bech32", 5_000_000)], 6)?;
    for (coin, (key, scripts, descriptor)) in theirs.iter().zip(told) {
        let fund = |case: &mut Case<'_>, mut options: Value| {
            options["changePosition"] = json!(1);
            options["fee_rate"] = json!(10);
            options["add_inputs"] = json!(true);
            let outputs = json!([{ BANK: "0.02" }]);
            let _ = case.ask("walletcreatefundedpsbt", json!([[coin], outputs, 0, options]));
        };
        fund(case, json!({}));
        if key.is_string() {
            fund(case, json!({ "solving_data": { "pubkeys": [key] } }));
            if scripts[0].is_string() {
                fund(case, json!({ "solving_data": { "pubkeys": [key], "scripts": scripts } }));
            }
        }
        fund(case, json!({ "solving_data": { "descriptors": [descriptor] } }));
        for weight in [273, 600, 65_539] {
            let mut weighed = coin.clone();
            weighed["weight"] = json!(weight);
            let options = json!({ "fee_rate": 10, "changePosition": 1, "add_inputs": true });
            let outputs = json!([{ BANK: "0.02" }]);
            let _ = case.ask("walletcreatefundedpsbt", json!([[weighed], outputs, 0, options]));
        }
    }
    let coin = &theirs[0];
    let outputs = json!([{ BANK: "0.02" }]);
    for options in [
        json!({ "solving_data": { "pubkeys": ["not a pubkey"] } }),
        json!({ "solving_data": { "pubkeys": ["01234567890a0b0c0d0e0f"] } }),
        json!({ "solving_data": { "pubkeys": ["02".repeat(33)] } }),
        json!({ "solving_data": { "scripts": ["not a script"] } }),
        json!({ "solving_data": { "descriptors": ["not a descriptor"] } }),
        json!({ "solving_data": [] }),
        json!({ "input_weights": [] }),
    ] {
        let _ = case.ask("walletcreatefundedpsbt", json!([[coin], outputs, 0, options]));
    }
    for weight in [json!(null), json!("x"), json!(-1), json!(164), json!(400_001)] {
        let mut weighed = coin.clone();
        weighed["weight"] = weight;
        let _ = case.ask("walletcreatefundedpsbt", json!([[weighed], outputs, 0, {}]));
    }
    case.of_node();
    let raw = case.quiet("createrawtransaction", json!([[coin], outputs]))?;
    case.of("teller");
    for weights in [
        json!([{ "txid": coin["txid"], "vout": 0, "weight": 700 }]),
        json!([{ "txid": coin["txid"], "weight": 700 }]),
        json!([{ "txid": coin["txid"], "vout": -1, "weight": 700 }]),
        json!([{ "txid": coin["txid"], "vout": 0 }]),
        json!([{ "txid": "00", "vout": 0, "weight": 700 }]),
        json!([1]),
    ] {
        let options = json!({ "input_weights": weights, "fee_rate": 10, "changePosition": 1 });
        let _ = case.ask("fundrawtransaction", json!([raw, options]));
    }
    let nowhere = json!([[{ "txid": "bb".repeat(32), "vout": 0 }], outputs, 0, {}]);
    let _ = case.ask("walletcreatefundedpsbt", nowhere);
    let mut weighed = coin.clone();
    weighed["weight"] = json!(700);
    let options = json!({ "inputs": [weighed], "add_inputs": true, "fee_rate": 10, "change_position": 1, "psbt": true });
    let _ = case.ask("send", json!([outputs, null, "unset", null, options]));
    Ok(())
}

fn abandoned(case: &mut Case<'_>) -> Result<(), Stopped> {
    rich(case, "abandoned", 26, &[("bech32", 5_000_000)], 6)?;
    let send = |case: &mut Case<'_>| {
        let options = json!({ "fee_rate": 2, "change_position": 1 });
        case.ok("send", json!([{ BANK: "0.01" }, null, "unset", null, options]))
    };
    let parent = send(case)?;
    let child = send(case)?;
    let _ = case.ask("abandontransaction", json!([child["txid"]]));
    let _ = case.ask("bumpfee", json!([parent["txid"], { "fee_rate": 20 }]));
    case.each("getbalances", [json!([])]);
    Ok(())
}

fn offline(case: &mut Case<'_>) -> Result<(), Stopped> {
    case.wallet("offline", 27)?;
    let coin = json!({ "txid": "aa".repeat(32), "vout": 3 });
    case.of_node();
    let raw = case.ok("createrawtransaction", json!([[coin], [{ BANK: "0.9" }]]))?;
    case.of("offline");
    for kind in KINDS {
        let address = case.quiet("getnewaddress", json!(["", kind]))?;
        let script = case.quiet("getaddressinfo", json!([address]))?["scriptPubKey"].clone();
        let of = |amount: Value| {
            let mut prevout = json!({ "txid": coin["txid"], "vout": 3, "scriptPubKey": script });
            if !amount.is_null() {
                prevout["amount"] = amount;
            }
            json!([raw, [prevout]])
        };
        case.each("signrawtransactionwithwallet", [of(json!(1)), of(json!(0)), of(json!(null))]);
        for sighash in ["NONE", "SINGLE|ANYONECANPAY"] {
            let mut params = of(json!(1));
            if let Some(params) = params.as_array_mut() {
                params.push(json!(sighash));
            }
            let _ = case.ask("signrawtransactionwithwallet", params);
        }
    }
    let script = "76a914000000000000000000000000000000000000000088ac";
    let strange = json!({ "txid": coin["txid"], "vout": 3, "scriptPubKey": script, "amount": 1 });
    case.each(
        "signrawtransactionwithwallet",
        [json!([raw]), json!([raw, [strange]]), json!([raw, [{ "txid": coin["txid"], "vout": 3 }]])],
    );
    Ok(())
}

fn everything(case: &mut Case<'_>) -> Result<(), Stopped> {
    let coins: Vec<(&str, u64)> =
        KINDS.iter().map(|kind| (*kind, 1_000_000)).chain([("bech32", 600), ("legacy", 700)]).collect();
    rich(case, "everything", 28, &coins, 6)?;
    for options in [
        json!({ "fee_rate": 1 }),
        json!({ "fee_rate": 20 }),
        json!({ "fee_rate": 20, "send_max": true }),
        json!({ "fee_rate": 20, "send_max": true, "minconf": 9 }),
        json!({ "fee_rate": 20, "minconf": -1 }),
        json!({ "fee_rate": 20, "maxconf": 2, "minconf": 3 }),
        json!({ "fee_rate": "0.5" }),
        json!({ "fee_rate": 100_000 }),
        json!({ "fee_rate": 6_000, "send_max": true }),
        json!({ "fee_rate": 3, "version": 3 }),
        json!({ "fee_rate": 3, "version": 4 }),
    ] {
        let mut options = options;
        options["add_to_wallet"] = json!(false);
        let Ok(made) = case.quiet("sendall", json!([[BANK], null, "unset", null, options])) else {
            let _ = case.ask("sendall", json!([[BANK], null, "unset", null, options]));
            continue;
        };
        // The order of the inputs is left to chance; the outputs tell the fee.
        let decoded = case.quiet("decoderawtransaction", json!([made["hex"]]))?;
        let inputs = decoded["vin"].as_array().map_or(0, Vec::len);
        case.note("everything", json!([inputs, decoded["vout"]]));
    }
    Ok(())
}
