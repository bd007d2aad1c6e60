//! What may be another answer than Bitcoin Core's, and why. Nothing else may.

use super::node::Answer;

/// In what way an answer may be another one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum How {
    /// The field is there, with another value.
    Value,
    /// The field is there only in ours.
    Extra,
    /// The list has the same entries in another order.
    Order,
    /// Both texts begin with these words.
    Begins(&'static str),
}

const NO_PEERS: &str = "there are no peers here";
const BY_CHANCE: &str = "Bitcoin Core has them in another order each time";
const NO_REASON: &str = "the kernel does not say which rule of scripts was broken";

/// Answers that may differ. A place is a path of field names; `*` is any one of them.
const ANSWERS: &[(&str, &str, How, &str)] = &[
    ("*", "/warnings", How::Value, "Bitcoin Core warns of builds that are no release"),
    ("getblockchaininfo", "/size_on_disk", How::Value, "files grow by other steps"),
    ("getchainstates", "/chainstates/*/coins_tip_cache_bytes", How::Value, "the kernel has its own caches"),
    ("gettxoutsetinfo", "/disk_size", How::Value, "another database"),
    ("getmempoolinfo", "/usage", How::Value, "other structures in memory"),
    ("getmemoryinfo", "/locked/*", How::Value, "no memory of the node is locked: keys are in wallets"),
    ("getmemoryinfo", "", How::Begins("<malloc version"), "what the C library has"),
    ("getblocktemplate", "/longpollid", How::Value, "ends with a number that only its maker understands"),
    ("testmempoolaccept", "/*/reject-reason", How::Begins("mempool-script-verify-flag-failed ("), NO_REASON),
    ("testmempoolaccept", "/*/reject-details", How::Begins("mempool-script-verify-flag-failed ("), NO_REASON),
    ("savemempool", "/filename", How::Value, "the mempool is kept in a journal"),
    ("getrpcinfo", "/active_commands/*/duration", How::Value, "a time"),
    ("getnettotals", "/timemillis", How::Value, "a time"),
    ("logging", "/node", How::Extra, "what Bitcoin Core logs without a category has this one here"),
    ("logging", "/wallet", How::Extra, "what Bitcoin Core logs without a category has this one here"),
    ("help", "", How::Value, "help is in each program's own words"),
    ("getnetworkinfo", "/version", How::Value, "of the release that comes next"),
    ("getnetworkinfo", "/subversion", How::Value, "the program's name"),
    ("getnetworkinfo", "/protocolversion", How::Value, NO_PEERS),
    ("getnetworkinfo", "/localservices", How::Value, NO_PEERS),
    ("getnetworkinfo", "/localservicesnames", How::Value, NO_PEERS),
    ("getnetworkinfo", "/localrelay", How::Value, NO_PEERS),
    ("getnetworkinfo", "/networkactive", How::Value, NO_PEERS),
    ("getnetworkinfo", "/networks", How::Value, NO_PEERS),
    ("getnetworkinfo", "/tx_send_rate", How::Value, NO_PEERS),
    ("getnetworkinfo", "/inv_buckets/*/*", How::Value, NO_PEERS),
    ("getaddednodeinfo", "", How::Value, NO_PEERS),
    ("listbanned", "", How::Value, NO_PEERS),
    ("listwalletdir", "/wallets", How::Order, "the order of a folder's entries"),
    ("listunspent", "", How::Order, BY_CHANCE),
    ("listsinceblock", "/transactions", How::Order, BY_CHANCE),
    ("listsinceblock", "/removed", How::Order, BY_CHANCE),
    ("listreceivedbyaddress", "/*/txids", How::Order, BY_CHANCE),
    ("gettransaction", "/decoded/locktime", How::Value, "one in ten reaches further back, by chance"),
];

/// Errors with the same code, whose words may differ: the method, the code, how Bitcoin Core's text begins, and why.
const WORDS: &[(&str, i64, &str, &str)] = &[
    ("restorewallet", -36, "Failed to restore wallet. Database file exists", "another name of the file"),
    ("sendrawtransaction", -26, "mempool-script-verify-flag-failed (", NO_REASON),
];

/// What is an error on one side alone, or has another code: the method, how Bitcoin Core's answer begins, and why.
const OUTCOMES: &[(&str, &str, &str)] = &[
    (
        "gettxoutproof",
        "\"00000020a55a8333",
        "Bitcoin Core's index keeps the transactions of branches that were given up",
    ),
    ("getmemoryinfo", "\"<malloc version", "of the C library's memory, which is not the only one here"),
    ("importmempool", "{}", "the mempool is kept in a journal of another name"),
    ("getzmqnotifications", "-32601", "of a Bitcoin Core that was built without ZeroMQ"),
    (
        "backupwallet",
        "null",
        "a copy to nowhere is none: Bitcoin Core says yes to an empty name, and keeps nothing",
    ),
    ("addnode", "", NO_PEERS),
    ("disconnectnode", "", NO_PEERS),
    ("setban", "", NO_PEERS),
    ("addconnection", "", NO_PEERS),
    ("addpeeraddress", "", NO_PEERS),
    ("sendmsgtopeer", "", NO_PEERS),
    ("ping", "", NO_PEERS),
    ("setnetworkactive", "", NO_PEERS),
    ("getaddednodeinfo", "", NO_PEERS),
    ("getblockfrompeer", "", NO_PEERS),
];

/// Answers that are others on purpose: the case, how the question begins, and why.
const ON_PURPOSE: &[(&str, &str, &str)] = &[(
    "a_watching_wallet",
    "getaddressinfo",
    "an address of a receiving descriptor is not taken for change because it is not in the address book",
)];

/// Answers in which the places of change, the order of inputs, or what followed from them is by chance: the case, and
/// how the question begins.
const CHANCE: &[(&str, &str)] = &[
    ("sends_that_are_refused", "send [[{\"$BANK\": 0.25}], null, \"unset\", 5, {}, 1] of wrong"),
    ("sends_that_are_refused", "getbalances"),
    (
        "sendmany",
        "sendmany [\"\", {\"$BANK\": 0.25, \"bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6\": 0.75}",
    ),
    ("sendmany", "listtransactions"),
    ("sendmany", "getbalances"),
    ("sendall", "sendall [[\"$BANK\"], null, \"unset\", 1, {\"send_max\": true, \"locktime\": 0}]"),
    ("sendall", "gettransaction"),
    ("sendall", "getbalances"),
    ("sendtoaddress", ""),
    ("bumps", "psbtbumpfee [\"${sent/txid}\", {\"fee_rate\": 20}]"),
    ("bumps", "bumpfee [\"${sent/txid}\", {\"fee_rate\": 20}]"),
    ("bumps", "bumpfee [\"${sent/txid}\", {\"fee_rate\": 30}]"),
    ("bumps", "bumpfee [\"${sent/txid}\", {\"fee_rate\": 40}]"),
    ("bumps", "bumpfee [\"${bumped/txid}\""),
    ("bumps", "gettransaction"),
    ("bumps", "getmempoolentry"),
    ("bumps", "listtransactions"),
    ("bumps", "getbalances"),
    ("payments_that_are_given_up", "getbalances"),
    ("foreign_coins", "psbtbumpfee"),
];

/// Whether an answer is another one on purpose, or cannot be compared.
pub(crate) fn differs(case: &str, asked: &str) -> bool {
    let on_purpose = ON_PURPOSE.iter().map(|(of, start, _)| (of, start));
    let all = on_purpose.chain(CHANCE.iter().map(|(of, start)| (of, start)));
    all.into_iter().any(|(of, start)| *of == case && asked.starts_with(start))
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
