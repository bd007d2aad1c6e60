//! What may be another answer than Bitcoin Core's, and why. Nothing else may.

use super::node::Answer;

/// In what way an answer may be another one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum How {
    /// The field is there, with another value.
    Value,
    /// The field is there only in Bitcoin Core's answer.
    Missing,
    /// The field is there only in ours.
    Extra,
    /// The list has the same entries in another order.
    Order,
}

/// Answers that may differ. A place is a path of field names; `*` is any one of them.
const ANSWERS: &[(&str, &str, How, &str)] = &[
    ("*", "/warnings", How::Value, "Bitcoin Core warns of builds that are no release"),
    ("getblockchaininfo", "/size_on_disk", How::Value, "files grow by other steps"),
    ("getchainstates", "/chainstates/*/coins_tip_cache_bytes", How::Value, "the kernel has its own caches"),
    ("gettxoutsetinfo", "/disk_size", How::Value, "another database"),
    ("listwalletdir", "/wallets", How::Order, "the order of a folder's entries"),
    ("gettransaction", "/decoded/locktime", How::Value, "one in ten reaches further back, by chance"),
];

/// Errors with the same code, whose words may differ: the method, the code, how Bitcoin Core's text begins, and why.
const WORDS: &[(&str, i64, &str, &str)] =
    &[("restorewallet", -36, "Failed to restore wallet. Database file exists", "another name of the file")];

/// What is an error on one side alone, or has another code: the method, how Bitcoin Core's answer begins, and why.
const OUTCOMES: &[(&str, &str, &str)] = &[(
    "gettxoutproof",
    "\"00000020a55a8333",
    "Bitcoin Core's index keeps the transactions of branches that were given up",
)];

/// Answers that are wrong here, and are to be mended: the case, and how the question begins.
const WRONG: &[(&str, &str)] = &[
    ("addresses_of_each_kind", "getwalletinfo"),
    ("labels", "getaddressesbylabel"),
    ("keypools", "getwalletinfo"),
    ("descriptors_of_a_wallet", "listdescriptors"),
    ("descriptors_of_a_wallet", "importdescriptors"),
    ("first_blocks", "getmininginfo"),
    ("the_set_of_coins", "gettxoutsetinfo [\"muhash\""),
    ("scans_of_coins", "scantxoutset [\"start\",[\"x\"]]"),
    ("scans_of_coins", "scantxoutset [\"start\",[{\"desc\":\"x\"}]]"),
    ("what_a_descriptor_received_and_spent", "getdescriptoractivity [[\"0a6b3f"),
    ("descriptors_of_a_wallet", "getwalletinfo [] of \"watching\""),
    ("a_payment_that_goes_out", "getmempoolentry "),
    ("a_wallet_is_made_unloaded_and_loaded", "createwallet [\"a\"]"),
    ("a_wallet_is_made_unloaded_and_loaded", "getwalletinfo [] of \"a\""),
    ("a_wallet_is_made_unloaded_and_loaded", "getwalletinfo [] of \"b\""),
    ("a_wallet_is_made_unloaded_and_loaded", "getwalletinfo [] of \"c\""),
    ("a_wallet_is_made_unloaded_and_loaded", "loadwallet [\"none\"]"),
    ("a_wallet_is_made_unloaded_and_loaded", "loadwallet [\"\"]"),
    ("wallets_that_are_refused", "createwallet {\"wallet_name\":\"d\",\"external_signer\":true}"),
    ("wallets_that_are_refused", "createwallet [\"../d\"]"),
    ("wallets_that_are_refused", "listwalletdir []"),
    ("a_copy_is_kept_and_taken_back", "getwalletinfo [] of \"taken\""),
    ("a_passphrase", "getwalletinfo [] of \"locked\""),
];

/// Whether an answer is known to be wrong.
pub(crate) fn wrong(case: &str, asked: &str) -> bool {
    WRONG.iter().any(|(of, start)| *of == case && asked.starts_with(start))
}

/// How the answer of a method may differ at a place.
pub(crate) fn how(method: &str, place: &str) -> Option<How> {
    let found = ANSWERS.iter().find(|(of, pattern, ..)| is_of(of, method) && fits(pattern, place));
    found.map(|(_, _, how, _)| *how)
}

/// Whether an error's text may be another one.
pub(crate) fn words(method: &str, code: i64, theirs: &str) -> bool {
    WORDS
        .iter()
        .any(|(of, number, start, _)| is_of(of, method) && *number == code && theirs.starts_with(start))
}

/// Whether one side may answer with an error and the other one not, or with another code.
pub(crate) fn outcome(method: &str, theirs: &Answer) -> bool {
    let text = match theirs {
        Ok(value) => value.to_string(),
        Err((code, text)) => format!("{code} {text}"),
    };
    OUTCOMES.iter().any(|(of, start, _)| is_of(of, method) && text.starts_with(start))
}

fn is_of(of: &str, method: &str) -> bool {
    of == "*" || of == method
}

fn fits(pattern: &str, place: &str) -> bool {
    let (mut pattern, mut place) = (pattern.split('/'), place.split('/'));
    loop {
        match (pattern.next(), place.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if one == "*" || one == other => {}
            _ => return false,
        }
    }
}
