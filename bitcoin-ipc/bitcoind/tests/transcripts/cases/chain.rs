//! The chain: blocks, headers, coins, filters, statistics.

use serde_json::{Value, json};

use crate::chapter::{BANK, Case, Chapter, NOW, Stopped};

pub(crate) const CHAPTER: Chapter = Chapter {
    name: "chain",
    options: &[],
    blocks: 0,
    chance: false,
    cases: &[
        ("a_chain_without_blocks", empty),
        ("first_blocks", first_blocks),
        ("blocks_by_hash", blocks),
        ("headers_by_hash", headers),
        ("hashes_by_height", hashes),
        ("numbers_of_a_block", stats),
        ("numbers_of_many_blocks", tx_stats),
        ("filters", filters),
        ("coins", coins),
        ("the_set_of_coins", coin_set),
        ("proofs_that_a_block_has_a_transaction", proofs),
        ("scans_of_coins", scan_coins),
        ("scans_of_blocks", scan_blocks),
        ("what_a_descriptor_received_and_spent", activity),
        ("waits_that_end_at_once", waits),
        ("indexes", indexes),
        ("a_branch_that_is_given_up", branch),
    ],
};

const NOBODY: &str = "1111111111111111111111111111111111111111111111111111111111111111";

fn empty(case: &mut Case<'_>) -> Result<(), Stopped> {
    for method in [
        "getblockchaininfo",
        "getbestblockhash",
        "getblockcount",
        "getdifficulty",
        "getchaintips",
        "getchaintxstats",
        "gettxoutsetinfo",
        "getdeploymentinfo",
        "getmininginfo",
        "getchainstates",
        "getindexinfo",
        "verifychain",
        "getmempoolinfo",
        "getrawmempool",
        "getnetworkhashps",
    ] {
        case.each(method, [json!([])]);
    }
    let genesis = case.ok("getblockhash", json!([0]))?;
    case.each("getblock", (0..4).map(|verbosity| json!([genesis, verbosity])));
    case.each("getblockheader", [json!([genesis]), json!([genesis, false])]);
    case.each("getblockstats", [json!([0]), json!([genesis, ["height", "txs"]])]);
    case.each("getblockfilter", [json!([genesis])]);
    let coinbase = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b";
    case.each("gettxout", [json!([coinbase, 0])]);
    case.each("getrawtransaction", [json!([coinbase]), json!([coinbase, 1, genesis])]);
    case.each("gettxoutproof", [json!([[coinbase]])]);
    Ok(())
}

fn first_blocks(case: &mut Case<'_>) -> Result<(), Stopped> {
    case.ok("generatetoaddress", json!([3, BANK]))?;
    case.clock(NOW + 600)?;
    case.ok("generatetoaddress", json!([2, BANK]))?;
    case.mine(105)?;
    let paid = case.pay(&[("bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85", 1_000)])?;
    case.each("getrawtransaction", [json!([paid]), json!([paid, 1]), json!([paid, 2])]);
    case.mine(1)?;
    for method in [
        "getblockchaininfo",
        "getbestblockhash",
        "getchaintips",
        "getmininginfo",
        "getdeploymentinfo",
        "getchainstates",
    ] {
        case.each(method, [json!([])]);
    }
    case.each("verifychain", [json!([4, 0]), json!([0, 3])]);
    case.each("getrawtransaction", [json!([paid]), json!([paid, 1]), json!([paid, 2])]);
    Ok(())
}

/// The last block's hash, and the id of its last transaction.
fn last(case: &mut Case<'_>) -> Result<(Value, Value), Stopped> {
    let hash = case.quiet("getbestblockhash", json!([]))?;
    let block = case.quiet("getblock", json!([hash, 1]))?;
    let txs = block["tx"].as_array().cloned().unwrap_or_default();
    Ok((hash, txs.last().cloned().unwrap_or_default()))
}

fn blocks(case: &mut Case<'_>) -> Result<(), Stopped> {
    let (hash, _) = last(case)?;
    case.each("getblock", (0..4).map(|verbosity| json!([hash, verbosity])));
    case.each("getblock", [json!([hash, true]), json!([hash, false]), json!([hash, 9]), json!([hash, -1])]);
    case.each(
        "getblock",
        [json!([NOBODY]), json!([hash, "1"]), json!(["11"]), json!(["zz"]), json!([hash, 1.5])],
    );
    Ok(())
}

fn headers(case: &mut Case<'_>) -> Result<(), Stopped> {
    let (hash, _) = last(case)?;
    case.each(
        "getblockheader",
        [json!([hash]), json!([hash, false]), json!([NOBODY]), json!([hash, 1]), json!([""])],
    );
    let before = case.ok("getblockhash", json!([7]))?;
    case.each("getblockheader", [json!({ "blockhash": before }), json!({ "hash": before })]);
    Ok(())
}

fn hashes(case: &mut Case<'_>) -> Result<(), Stopped> {
    case.each(
        "getblockhash",
        [
            json!([1]),
            json!([111]),
            json!([112]),
            json!([-1]),
            json!([1.5]),
            json!([4_294_967_296_u64]),
            json!(["1"]),
        ],
    );
    Ok(())
}

fn stats(case: &mut Case<'_>) -> Result<(), Stopped> {
    let (hash, _) = last(case)?;
    case.each(
        "getblockstats",
        [json!([hash]), json!([111]), json!([111, ["minfee", "avgfee", "utxo_size_inc_actual"]])],
    );
    case.each(
        "getblockstats",
        [
            json!([112]),
            json!([-1]),
            json!([1, ["nonsense"]]),
            json!([NOBODY]),
            json!(["zz"]),
            json!([1, "x"]),
            json!([1, [1]]),
        ],
    );
    Ok(())
}

fn tx_stats(case: &mut Case<'_>) -> Result<(), Stopped> {
    let (hash, _) = last(case)?;
    case.each(
        "getchaintxstats",
        [
            json!([]),
            json!([10]),
            json!([0]),
            json!([10, hash]),
            json!([110]),
            json!([111]),
            json!([-1]),
            json!([1, NOBODY]),
            json!(["1"]),
        ],
    );
    case.each(
        "getnetworkhashps",
        [json!([]), json!([10]), json!([-1]), json!([0]), json!([5, 50]), json!([5, 500]), json!([-2])],
    );
    Ok(())
}

fn filters(case: &mut Case<'_>) -> Result<(), Stopped> {
    let (hash, _) = last(case)?;
    case.each(
        "getblockfilter",
        [
            json!([hash]),
            json!([hash, "basic"]),
            json!([hash, "extended"]),
            json!([NOBODY]),
            json!([hash, ""]),
        ],
    );
    Ok(())
}

fn coins(case: &mut Case<'_>) -> Result<(), Stopped> {
    let (_, paid) = last(case)?;
    case.each(
        "gettxout",
        [
            json!([paid, 0]),
            json!([paid, 1]),
            json!([paid, 2]),
            json!([paid, -1]),
            json!([paid, 0, false]),
            json!([NOBODY, 0]),
        ],
    );
    let waiting = case.pay(&[(BANK, 5_000)])?;
    case.each("gettxout", [json!([waiting, 0]), json!([waiting, 0, false]), json!([waiting, 0, true])]);
    case.each(
        "gettxspendingprevout",
        [
            json!([[{ "txid": waiting, "vout": 0 }, { "txid": paid, "vout": 0 }]]),
            json!([[]]),
            json!([[{ "txid": paid }]]),
            json!([[{ "txid": paid, "vout": -1 }]]),
        ],
    );
    case.mine(1)?;
    Ok(())
}

fn coin_set(case: &mut Case<'_>) -> Result<(), Stopped> {
    for params in [
        json!([]),
        json!(["none"]),
        json!(["muhash"]),
        json!(["hash_serialized_3"]),
        json!(["x"]),
        json!(["muhash", 5]),
        json!(["none", 5, false]),
    ] {
        case.each("gettxoutsetinfo", [params]);
    }
    Ok(())
}

fn proofs(case: &mut Case<'_>) -> Result<(), Stopped> {
    let (hash, paid) = last(case)?;
    let proof = case.ok("gettxoutproof", json!([[paid], hash]))?;
    case.each("verifytxoutproof", [json!([proof]), json!(["00"]), json!(["zz"])]);
    case.each(
        "gettxoutproof",
        [
            json!([[paid, paid]]),
            json!([[]]),
            json!([["zz"]]),
            json!([[NOBODY]]),
            json!([[NOBODY], hash]),
            json!([[paid], NOBODY]),
        ],
    );
    Ok(())
}

fn scan_coins(case: &mut Case<'_>) -> Result<(), Stopped> {
    let bank = format!("addr({BANK})");
    let count = case.quiet("scantxoutset", json!(["start", [bank]]))?;
    assert_eq!(count["success"], true);
    case.each("scantxoutset", [
        json!(["start", ["addr(bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85)"]]),
        json!(["start", [{ "desc": "wsh(pk(0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798))" }]]),
        json!(["start", [{ "desc": "pkh(tpubD6NzVbkrYhZ4WaWSyoBvQwbpLkojyoTZPRsgXELWz3Popb3qkjcJyJUGLnL4qHHoQvao8ESaAstxYSnhyswJ76uZPStJRJCTKvosUCJZL5B/1/*)", "range": 3 }]]),
        json!(["start", []]),
        json!(["start"]),
        json!(["status"]),
        json!(["abort"]),
        json!(["x"]),
        json!(["start", ["x"]]),
        json!(["start", [1]]),
        json!(["start", [{ "desc": "x" }]]),
        json!(["start", [{}]]),
    ]);
    Ok(())
}

fn scan_blocks(case: &mut Case<'_>) -> Result<(), Stopped> {
    let to = "addr(bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85)";
    case.each(
        "scanblocks",
        [
            json!(["start", [to]]),
            json!(["start", [to], 0, 100]),
            json!(["start", [to], 100]),
            json!(["start", [to], 0, 112, "basic", { "filter_false_positives": true }]),
            json!(["start", [to], 500]),
            json!(["start", [to], 10, 5]),
            json!(["start", [to], -1]),
            json!(["start", [to], 0, 5, "x"]),
            json!(["status"]),
            json!(["abort"]),
            json!(["start"]),
            json!(["x"]),
        ],
    );
    Ok(())
}

fn activity(case: &mut Case<'_>) -> Result<(), Stopped> {
    let (hash, _) = last(case)?;
    let before = case.quiet("getblockhash", json!([111]))?;
    let to = "addr(bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85)";
    case.each(
        "getdescriptoractivity",
        [
            json!([[before], [to], true]),
            json!([[before, hash], [to, format!("addr({BANK})")], true]),
            json!([[], [to], true]),
            json!([[NOBODY], [to], true]),
            json!([["zz"], [to]]),
            json!([[before], ["x"]]),
            json!([]),
        ],
    );
    Ok(())
}

fn waits(case: &mut Case<'_>) -> Result<(), Stopped> {
    let (hash, _) = last(case)?;
    case.each("waitforblock", [json!([hash, 0]), json!([NOBODY, 1]), json!(["zz", 1]), json!([hash, -1])]);
    case.each("waitforblockheight", [json!([5, 1]), json!([5000, 1]), json!(["5"]), json!([5, -1])]);
    case.each("waitfornewblock", [json!([1]), json!([0, NOBODY]), json!([-1]), json!([1, "zz"])]);
    Ok(())
}

fn indexes(case: &mut Case<'_>) -> Result<(), Stopped> {
    case.each(
        "getindexinfo",
        [json!([]), json!(["txindex"]), json!(["basic block filter index"]), json!(["x"]), json!([1])],
    );
    Ok(())
}

fn branch(case: &mut Case<'_>) -> Result<(), Stopped> {
    let start = case.quiet("getbestblockhash", json!([]))?;
    let paid = case.pay(&[(BANK, 7_000)])?;
    case.mine(1)?;
    let lost = case.quiet("getbestblockhash", json!([]))?;
    let mut tip = start;
    case.clock(NOW + 1_200)?;
    for _ in 0..2 {
        tip = case.block_on(&tip, 1, &[])?;
    }
    case.each("getchaintips", [json!([])]);
    case.each("getblockheader", [json!([lost])]);
    case.each("getblock", [json!([lost, 1]), json!([lost, 3])]);
    case.each("getrawtransaction", [json!([paid, 1]), json!([paid, 1, lost])]);
    case.each("getblockstats", [json!([lost])]);
    case.each("getblockfilter", [json!([lost])]);
    case.each("gettxoutproof", [json!([[paid]]), json!([[paid], lost])]);
    case.each("getrawmempool", [json!([])]);
    case.each("getchaintxstats", [json!([5, lost])]);
    case.mine(1)?;
    case.each("getrawtransaction", [json!([paid, 1])]);
    Ok(())
}
