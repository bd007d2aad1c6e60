//! Our RPC and Mining beside those of Bitcoin Core's node, over the same blocks and transactions.
//!
//! `BITCOIN_NODE` names a `bitcoin-node` of v32; without it all tests here are ignored and say so.
//! Answers are compared as text, so that the order of fields and the digits of numbers count.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

#[path = "core/answers.rs"]
mod answers;
#[path = "core/both.rs"]
mod both;
#[path = "core/descriptors.rs"]
mod descriptors;
mod mine;
#[path = "core/mistakes.rs"]
mod mistakes;
#[path = "core/packages.rs"]
mod packages;
#[path = "core/psbt.rs"]
mod psbt;
#[path = "core/psbt_mistakes.rs"]
mod psbt_mistakes;
#[path = "core/psbt_versions.rs"]
mod psbt_versions;
#[path = "core/random.rs"]
mod random;
#[path = "core/refusals.rs"]
mod refusals;
#[path = "core/scanning.rs"]
mod scanning;
#[path = "core/signing.rs"]
mod signing;
#[path = "core/spending.rs"]
mod spending;
#[path = "core/templates.rs"]
mod templates;

use libtest_mimic::{Arguments, Trial};

const VARIABLE: &str = "BITCOIN_NODE";

const TESTS: &[(&str, fn())] = &[
    ("usage_lines_are_the_same", answers::usage_lines_are_the_same),
    ("an_empty_chain_looks_the_same", answers::an_empty_chain_looks_the_same),
    ("a_deployment_goes_through_its_states", answers::a_deployment_goes_through_its_states),
    ("blocks_and_transactions_look_the_same", answers::blocks_and_transactions_look_the_same),
    ("transactions_are_signed_the_same", signing::transactions_are_signed_the_same),
    ("scans_find_the_same", scanning::scans_find_the_same),
    ("categories_are_switched_the_same", scanning::categories_are_switched_the_same),
    ("versions_signal_the_same", scanning::versions_signal_the_same),
    (
        "unknown_rules_are_warned_of_in_the_same_words",
        scanning::unknown_rules_are_warned_of_in_the_same_words,
    ),
    ("nodes_without_peers_say_the_same", scanning::nodes_without_peers_say_the_same),
    ("mistakes_about_scans_have_the_same_words", scanning::mistakes_about_scans_have_the_same_words),
    ("psbts_are_signed_the_same", || psbt::psbts_are_signed_the_same(0)),
    ("psbts_of_version_2_are_signed_the_same", || psbt::psbts_are_signed_the_same(2)),
    ("psbts_of_coins_are_signed_the_same", || psbt::psbts_of_coins_are_signed_the_same(0)),
    ("psbts_of_version_2_of_coins_are_signed_the_same", || psbt::psbts_of_coins_are_signed_the_same(2)),
    ("psbts_with_long_keys_are_signed_the_same", || {
        psbt::psbts_with_long_keys_are_signed_the_same(0);
        psbt::psbts_with_long_keys_are_signed_the_same(2);
    }),
    ("psbts_are_joined_the_same", psbt_mistakes::psbts_are_joined_the_same),
    ("psbts_that_are_wrong_are_refused_the_same", || {
        psbt_mistakes::psbts_that_are_wrong_are_refused_the_same(0);
        psbt_mistakes::psbts_that_are_wrong_are_refused_the_same(2);
    }),
    ("psbts_have_the_same_versions", psbt_versions::psbts_have_the_same_versions),
    ("psbts_of_version_2_are_combined_the_same", psbt_versions::psbts_of_version_2_are_combined_the_same),
    ("required_lock_times_are_kept_the_same", psbt_versions::required_lock_times_are_kept_the_same),
    ("broken_psbts_are_refused_the_same", psbt_versions::broken_psbts_are_refused_the_same),
    ("texts_of_users_are_read_the_same", answers::texts_of_users_are_read_the_same),
    ("descriptors_are_read_the_same", descriptors::descriptors_are_read_the_same),
    ("mistakes_in_descriptors_have_the_same_words", descriptors::mistakes_in_descriptors_have_the_same_words),
    ("coins_of_descriptors_are_described_the_same", descriptors::coins_of_descriptors_are_described_the_same),
    ("mistakes_have_the_same_words", mistakes::mistakes_have_the_same_words),
    ("templates_have_the_same_parts", templates::templates_have_the_same_parts),
    ("solutions_are_judged_the_same", templates::solutions_are_judged_the_same),
    ("the_next_template_is_the_same", templates::the_next_template_is_the_same),
    ("blocks_are_refused_for_the_same_reasons", refusals::blocks_are_refused_for_the_same_reasons),
    ("packages_are_tested_the_same", packages::packages_are_tested_the_same),
    ("packages_are_taken_the_same", packages::packages_are_taken_the_same),
    ("packages_replace_the_same", packages::packages_replace_the_same),
    ("restricted_packages_are_taken_the_same", packages::restricted_packages_are_taken_the_same),
    ("clusters_are_told_and_limited_the_same", packages::clusters_are_told_and_limited_the_same),
    ("mempool_files_are_read", packages::mempool_files_are_read),
    ("packages_by_chance_are_judged_the_same", random::packages_by_chance_are_judged_the_same),
];

fn main() {
    let skipped = std::env::var_os(VARIABLE).is_none();
    if skipped {
        println!("SKIPPED: set {VARIABLE} to a bitcoin-node of v32 to run these tests");
    }
    let trials = TESTS.iter().map(|(name, test)| {
        Trial::test(*name, || {
            test();
            Ok(())
        })
        .with_ignored_flag(skipped)
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}
