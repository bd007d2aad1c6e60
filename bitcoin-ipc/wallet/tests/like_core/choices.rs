//! What Bitcoin Core's wallet pays for a choice of coins, kept for comparison where there is no Bitcoin Core.
//!
//! In: random coins, payments, rates. Out: the file `tests/recorded/choices.json`, which `tests/rpc/choices.rs`
//! compares with. `MP_TRANSCRIPT=write` makes it anew.

use bitcoin::key::rand::rngs::StdRng;
use bitcoin::key::rand::seq::SliceRandom as _;
use bitcoin::key::rand::{Rng as _, SeedableRng as _};
use serde_json::{Map, Value, json};

use super::core::Core;

/// An address that no wallet here has.
const STRANGER: &str = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
const COINS: usize = 300;
const CASES: usize = 200;

fn text(satoshi: u64) -> String {
    format!("{}.{:08}", satoshi / 100_000_000, satoshi % 100_000_000)
}

pub(crate) fn record() -> Result<(), String> {
    let core = Core::start();
    let ok = |method: &str, params: Value, wallet: &str| {
        let uri = if wallet.is_empty() { String::new() } else { format!("/wallet/{wallet}") };
        core.ask(method, params, &uri).unwrap_or_else(|error| panic!("{method}: {error:?}"))
    };
    let mut random = StdRng::seed_from_u64(7);
    let amounts: Vec<u64> = (0..COINS).map(|_| 10_f64.powf(random.gen_range(3.3..8.3)) as u64).collect();
    ok("createwallet", json!(["bank"]), "");
    ok("createwallet", json!(["w"]), "");
    let bank = ok("getnewaddress", json!([]), "bank");
    ok("generatetoaddress", json!([150, bank]), "");
    let mut places = Map::new();
    for amount in &amounts {
        let address = ok("getnewaddress", json!([]), "w");
        places.insert(address.as_str().unwrap().to_owned(), text(*amount).into());
    }
    ok("sendmany", json!({ "dummy": "", "amounts": places, "fee_rate": 5 }), "bank");
    ok("generatetoaddress", json!([6, bank]), "");
    let listed = ok("listunspent", json!([]), "w");
    let mut coins: Vec<(u64, Value)> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|coin| {
            let satoshi = coin["amount"].to_string().replace('.', "").parse().unwrap();
            (satoshi, json!({ "txid": coin["txid"], "vout": coin["vout"] }))
        })
        .collect();
    coins.sort_by_key(|(satoshi, _)| *satoshi);
    let mut sorted = amounts;
    sorted.sort_unstable();
    assert_eq!(coins.iter().map(|(satoshi, _)| *satoshi).collect::<Vec<_>>(), sorted);
    let mut cases = Vec::new();
    while cases.len() < CASES {
        let count = 10_f64.powf(random.gen_range(0.3..2.3)) as usize;
        let mut chosen: Vec<usize> = (0..COINS).collect();
        chosen.shuffle(&mut random);
        chosen.truncate(count);
        chosen.sort_unstable();
        let sum: u64 = chosen.iter().map(|place| sorted[*place]).sum();
        let pay = (sum as f64 * random.gen_range(0.02..0.95)) as u64;
        let rate = 10_f64.powf(random.gen_range(0.0..2.3)) as u64;
        let locked: Vec<&Value> =
            (0..COINS).filter(|place| !chosen.contains(place)).map(|place| &coins[place].1).collect();
        ok("lockunspent", json!([false, locked]), "w");
        let options = json!({ "fee_rate": rate });
        let made = core.ask(
            "walletcreatefundedpsbt",
            json!([[], [{ STRANGER: text(pay) }], 0, options]),
            "/wallet/w",
        );
        ok("lockunspent", json!([true]), "w");
        let Ok(made) = made else { continue };
        let fee: u64 = made["fee"].to_string().replace('.', "").parse().unwrap();
        let change = made["changepos"] != -1;
        cases.push(json!({ "coins": chosen, "pay": pay, "rate": rate, "fee": fee, "change": change }));
    }
    let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
    let text = format!("{{\"amounts\":{},\n\"cases\":[\n{}\n]}}\n", json!(sorted), lines.join(",\n"));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/choices.json");
    std::fs::write(file, text).map_err(|error| error.to_string())
}
