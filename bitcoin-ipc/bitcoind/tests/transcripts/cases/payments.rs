//! Wallets' payments: what is sent, bumped, abandoned, locked.

use serde_json::json;

use crate::chapter::{BANK, Case, Chapter, Stopped, text};

pub(crate) const CHAPTER: Chapter = Chapter {
    name: "payments",
    options: &["-walletrbf=1"],
    blocks: 120,
    chance: true,
    cases: &[
        ("a_payment_that_comes_in", received),
        ("a_payment_that_goes_out", sent),
        ("payments_that_are_refused", refused),
        ("locks", locks),
    ],
};

fn received(case: &mut Case<'_>) -> Result<(), Stopped> {
    case.wallet("received", 0)?;
    let address = case.ok("getnewaddress", json!(["tea"]))?;
    let paid = case.pay(&[(text(&address)?, 150_000_000)])?;
    let look = |case: &mut Case<'_>| {
        case.each("getbalances", [json!([])]);
        case.each("getbalance", [json!([]), json!(["*", 1]), json!(["*", 0]), json!(["*", 0, true])]);
        case.each("listunspent", [json!([]), json!([0]), json!([0, 9, [address]])]);
        case.each("gettransaction", [json!([paid]), json!([paid, true, true])]);
        case.each("listtransactions", [json!([])]);
        case.each("listreceivedbyaddress", [json!([]), json!([0, true])]);
        case.each("listreceivedbylabel", [json!([0])]);
        case.each("getreceivedbyaddress", [json!([address]), json!([address, 0])]);
        case.each("getreceivedbylabel", [json!(["tea"]), json!(["tea", 0])]);
    };
    look(case);
    case.mine(1)?;
    look(case);
    case.mine(6)?;
    case.each("gettransaction", [json!([paid])]);
    case.each("listsinceblock", [json!([])]);
    case.each("listaddressgroupings", [json!([])]);
    Ok(())
}

fn sent(case: &mut Case<'_>) -> Result<(), Stopped> {
    case.wallet("sent", 1)?;
    let address = case.ok("getnewaddress", json!([]))?;
    case.pay(&[(text(&address)?, 200_000_000)])?;
    case.mine(1)?;
    // Where the change stands is left to chance, unless all is spent.
    let all = json!([BANK, 2, "rent", "landlord", true, true, null, null, false, 5, true]);
    let paid = case.ok("sendtoaddress", all)?;
    let paid = &paid["txid"];
    case.each("gettransaction", [json!([paid]), json!([paid, true, true])]);
    case.each("getbalances", [json!([])]);
    case.each("listunspent", [json!([0])]);
    case.each("listtransactions", [json!([])]);
    case.of_node();
    case.each("getmempoolentry", [json!([paid])]);
    case.of("sent");
    case.mine(1)?;
    case.each("gettransaction", [json!([paid])]);
    case.each("getbalances", [json!([])]);
    Ok(())
}

fn refused(case: &mut Case<'_>) -> Result<(), Stopped> {
    case.wallet("refused", 2)?;
    let address = case.ok("getnewaddress", json!([]))?;
    case.pay(&[(text(&address)?, 10_000_000)])?;
    case.mine(1)?;
    case.each(
        "sendtoaddress",
        [
            json!(["x", 1]),
            json!([BANK, "x"]),
            json!([BANK, -1]),
            json!([BANK, 0]),
            json!([BANK, true]),
            json!([BANK, "0.000000001"]),
            json!([BANK, 0.1]),
            json!([BANK, 22_000_000]),
            json!([BANK, 0.000_000_01]),
            json!({ "address": BANK, "amount": 0.01, "conf_target": 0 }),
            json!({ "address": BANK, "amount": 0.01, "estimate_mode": "x" }),
            json!({ "address": BANK, "amount": 0.01, "fee_rate": 1, "conf_target": 1 }),
            json!({ "address": BANK, "amount": 0.01, "fee_rate": 0 }),
            json!({ "address": BANK, "amount": 0.01, "fee_rate": -1 }),
            json!({ "address": BANK, "amount": 0.01, "fee_rate": 20_000 }),
            json!({ "address": BANK, "amount": 0.01, "fee_rate": "1.0001" }),
            json!({ "address": BANK, "amount": 0.01, "avoid_reuse": true }),
        ],
    );
    Ok(())
}

fn locks(case: &mut Case<'_>) -> Result<(), Stopped> {
    case.wallet("locks", 3)?;
    let address = case.ok("getnewaddress", json!([]))?;
    let paid = case.pay(&[(text(&address)?, 30_000_000)])?;
    let coin = json!({ "txid": paid, "vout": 0 });
    case.each("lockunspent", [json!([false, [coin]]), json!([false, [coin]])]);
    case.each("listlockunspent", [json!([])]);
    case.each("listunspent", [json!([0])]);
    case.each("getbalances", [json!([])]);
    case.mine(1)?;
    case.each("sendtoaddress", [json!([BANK, 0.1])]);
    case.each(
        "lockunspent",
        [
            json!([true, [coin]]),
            json!([true, [coin]]),
            json!([true]),
            json!([false, [{ "txid": paid, "vout": 9 }]]),
            json!([false, [{ "txid": "00", "vout": 0 }]]),
            json!([false, [{ "vout": 0 }]]),
            json!([false, [1]]),
            json!([1]),
        ],
    );
    case.each("listlockunspent", [json!([])]);
    Ok(())
}
