//! The wallets' commands of JSON-RPC next to those of Bitcoin Core's own wallet.
//!
//! In: the same requests to both. Out: answers with the same fields in the same order and the same values, and
//! the same errors; `alike` says what may differ.
//!
//! `BITCOIN_NODE` names a `bitcoin-node` of v32 with a wallet; without it all tests here are ignored and
//! say so.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod alike;
#[path = "../chain/mod.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod chain;
mod choices;
mod core;
mod hd_keys;
#[path = "../rpc/node.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod node;
mod privacy;
mod psbts;
mod stories;
mod story;

use libtest_mimic::{Arguments, Trial};

/// The stories by name.
const STORIES: &[(&str, story::Tell)] = &[
    ("wallets_come_and_go", stories::wallets),
    ("addresses_and_labels", stories::addresses),
    ("coins_and_balances", stories::coins),
    ("payments_and_transactions", stories::payments),
    ("psbts_and_raw_transactions", stories::psbts),
    ("psbts_of_both_versions", psbts::versions),
    ("passphrases", stories::passphrases),
    ("descriptors", stories::descriptors),
    ("addresses_that_are_not_used_again", privacy::reuse),
    ("addresses_that_belong_together", privacy::groupings),
    ("extended_keys", hd_keys::listed),
    ("derived_keys", hd_keys::derived),
    ("wallets_without_their_secrets", privacy::exported),
    ("single_transactions", privacy::pruned),
];

fn main() {
    let skipped = std::env::var_os("BITCOIN_NODE").is_none();
    if skipped {
        println!("SKIPPED: set BITCOIN_NODE to a bitcoin-node of v32 with a wallet to run these tests");
    }
    let trials = STORIES.iter().map(|(name, tell)| {
        let trial = Trial::test(*name, move || Ok(story::compare(*tell)?));
        trial.with_ignored_flag(skipped)
    });
    let own = Trial::test("the_comparison_tells_apart_what_differs", || Ok(alike::itself()?));
    let mut trials: Vec<Trial> = trials.chain([own]).collect();
    if !skipped && std::env::var("MP_TRANSCRIPT").is_ok_and(|wish| wish == "write") {
        trials.push(Trial::test("choices_of_coins_are_recorded", || Ok(choices::record()?)));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
