//! The same templates from both nodes, and what becomes of them.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bitcoin::block::Header;
use bitcoin::{Amount, Block, ScriptBuf, Transaction, Txid, Wtxid};
use bitcoin_ipc::blocking::{Mining, Template};
use bitcoin_ipc::types::{BlockCreateOptions, BlockWaitOptions, Reject};
use serde_json::{Value, json};

use super::answers::{ADDRESS, LEGACY, TAPROOT, pay, spend};
use super::both::{Both, NOW, Pair};
use super::mine::{anyone, grind};

/// A time after which a wait has shown that nothing comes.
const SOON: Duration = Duration::from_millis(1);

fn new(mining: &dyn Mining, options: &BlockCreateOptions) -> Arc<dyn Template> {
    mining.create_new_block(options, false).unwrap().unwrap()
}

fn decoded<T: bitcoin::consensus::Decodable>(hex: &Value) -> T {
    bitcoin::consensus::encode::deserialize_hex(hex.as_str().unwrap()).unwrap()
}

/// Compares each field of two templates.
fn same_parts(both: &Both, what: &str, templates: &Pair<Arc<dyn Template>>) {
    let each = |name: &str| format!("{what}: {name}");
    both.equal(&each("getBlockHeader"), templates.each(|template| template.get_block_header().unwrap()));
    both.equal(&each("getBlock"), templates.each(|template| template.get_block().unwrap()));
    both.equal(&each("getTxFees"), templates.each(|template| template.get_tx_fees().unwrap()));
    both.equal(&each("getTxSigops"), templates.each(|template| template.get_tx_sigops().unwrap()));
    both.equal(&each("getCoinbaseTx"), templates.each(|template| template.get_coinbase_tx().unwrap()));
    let path = |template: &Arc<dyn Template>| template.get_coinbase_merkle_path().unwrap();
    both.equal(&each("getCoinbaseMerklePath"), templates.each(path));
}

/// Compares the templates of now, for several options; gives those of the default ones.
fn same_templates(both: &Both, what: &str) -> Pair<Arc<dyn Template>> {
    let default = BlockCreateOptions::default();
    for options in [
        BlockCreateOptions { use_mempool: false, ..default },
        BlockCreateOptions { block_reserved_weight: 2000, ..default },
        BlockCreateOptions { block_reserved_weight: 3_999_000, ..default },
        BlockCreateOptions { block_reserved_weight: 4_000_000, ..default },
        BlockCreateOptions { coinbase_output_max_additional_sigops: 0, ..default },
        BlockCreateOptions { coinbase_output_max_additional_sigops: 79_999, ..default },
        BlockCreateOptions { coinbase_output_max_additional_sigops: 80_000, ..default },
    ] {
        same_parts(both, &format!("{what}, {options:?}"), &both.ask(|mining| new(mining, &options)));
    }
    let templates = both.ask(|mining| new(mining, &default));
    same_parts(both, what, &templates);
    templates
}

fn same_chain(both: &Both) {
    both.equal("isTestChain", both.ask(|mining| mining.is_test_chain().unwrap()));
    both.equal("isInitialBlockDownload", both.ask(|mining| mining.is_initial_block_download().unwrap()));
    let tip = both.equal("getTip", both.ask(|mining| mining.get_tip().unwrap())).unwrap();
    let unchanged = |mining: &dyn Mining| mining.wait_tip_changed(tip.hash, Some(Duration::ZERO)).unwrap();
    both.equal("waitTipChanged without a change", both.ask(unchanged));
    let parent: Block = decoded(&both.core("getblock", json!([tip.hash, 0])).unwrap());
    let changed = |mining: &dyn Mining| mining.wait_tip_changed(parent.header.prev_blockhash, None).unwrap();
    both.equal("waitTipChanged after a change", both.ask(changed));
}

fn enter(both: &Both, tx: &Value) -> Transaction {
    both.same("sendrawtransaction", json!([tx])).unwrap();
    decoded(tx)
}

/// Transactions of several prices, some of which depend on others.
fn fill(both: &Both) -> Vec<Transaction> {
    let split = enter(both, &pay(both, 1, json!([{ ADDRESS: 20 }, { LEGACY: 10 }, { TAPROOT: "19.9999" }])));
    let txid = json!(split.compute_txid());
    // A child that pays for its parent, beside one that does not.
    let child = enter(both, &spend(both, &txid, 0, json!([{ ADDRESS: "19.995" }, { "data": "00" }])));
    let frugal = enter(both, &spend(both, &txid, 1, json!([{ TAPROOT: "9.99999" }])));
    let grandchild = json!(child.compute_txid());
    let grandchild = enter(both, &spend(both, &grandchild, 0, json!([{ LEGACY: "19.9949" }])));
    let alone = enter(both, &pay(both, 2, json!({ TAPROOT: 49.9998 })));
    let dear = enter(both, &pay(both, 3, json!([{ LEGACY: 25 }, { ADDRESS: "24.99" }])));
    let wide = enter(both, &pay(both, 4, json!([{ ADDRESS: "49.999" }, { "data": "00".repeat(5000) }])));
    vec![split, child, frugal, grandchild, alone, dear, wide]
}

fn same_lookups(both: &Both, transactions: &[Transaction]) {
    let mut txids: Vec<Txid> = transactions.iter().map(Transaction::compute_txid).collect();
    let mut wtxids: Vec<Wtxid> = transactions.iter().map(Transaction::compute_wtxid).collect();
    // Neither finds one by the other's id, nor one that is there no more.
    txids.push(wtxids[0].to_raw_hash().into());
    wtxids.push(txids[0].to_raw_hash().into());
    let by_txid = |mining: &dyn Mining| mining.get_transactions_by_txid(&txids).unwrap();
    both.equal("getTransactionsByTxID", both.ask(by_txid));
    let by_wtxid = |mining: &dyn Mining| mining.get_transactions_by_witness_id(&wtxids).unwrap();
    both.equal("getTransactionsByWitnessID", both.ask(by_wtxid));
}

pub(crate) fn templates_have_the_same_parts() {
    let both = Both::start();
    same_chain(&both);
    same_templates(&both, "genesis");
    both.generate(1, ADDRESS);
    same_chain(&both);
    both.generate(109, ADDRESS);
    same_chain(&both);
    same_templates(&both, "an empty mempool");
    let transactions = fill(&both);
    same_lookups(&both, &transactions);
    same_templates(&both, "a full mempool");
    both.same("prioritisetransaction", json!([transactions[2].compute_txid(), null, 5_000_000])).unwrap();
    same_templates(&both, "a preferred transaction");
    both.generate(1, ADDRESS);
    same_lookups(&both, &transactions);
    same_templates(&both, "a mempool that was mined");
    // Signalling begins at 144 and ends at 432; the reward is halved each 150 blocks.
    for count in [31, 1, 1, 5, 1, 136, 1, 12, 130, 2, 1] {
        both.generate(count, ADDRESS);
        same_chain(&both);
        same_templates(&both, &format!("after {count} blocks"));
    }
    both.same("setmocktime", json!([NOW + 7200])).unwrap();
    same_templates(&both, "two hours later");
    for (block_reserved_weight, coinbase_output_max_additional_sigops) in
        [(1999, 400), (4_000_001, 400), (u64::MAX, 400), (8000, 80_001), (8000, u64::MAX)]
    {
        let options = BlockCreateOptions {
            block_reserved_weight,
            coinbase_output_max_additional_sigops,
            ..BlockCreateOptions::default()
        };
        let refused = |mining: &dyn Mining| mining.create_new_block(&options, false).err().map(said);
        both.equal(&format!("createNewBlock {options:?}"), both.ask(refused));
    }
    both.finish();
}

/// What the other process said.
fn said(error: mp_runtime::Error) -> String {
    error.text().to_owned()
}

/// The block of a template with a coinbase of its miner, and proof of work.
fn solved(template: &Arc<dyn Template>) -> Block {
    let mut block = template.get_block().unwrap();
    block.txdata[0] = template.get_coinbase_tx().unwrap().transaction(&[0x51, 0x51], anyone());
    block.header.merkle_root = block.compute_merkle_root().unwrap();
    grind(&mut block, true);
    block
}

fn submit(template: &Arc<dyn Template>, header: &Header, coinbase: &Transaction) -> Result<(), Reject> {
    let version = header.version.to_consensus().cast_unsigned();
    template.submit_solution(version, header.time, header.nonce, coinbase).unwrap()
}

pub(crate) fn solutions_are_judged_the_same() {
    let both = Both::start();
    both.generate(110, ADDRESS);
    fill(&both);
    let templates = same_templates(&both, "to be solved");
    let good = both.equal("the solution", templates.each(solved));
    let judge = |what: &str, block: &Block| {
        let judged = |template: &Arc<dyn Template>| submit(template, &block.header, &block.txdata[0]);
        both.equal(&format!("submitSolution {what}"), templates.each(judged))
    };
    let mut block = good.clone();
    grind(&mut block, false);
    judge("without work", &block).unwrap_err();
    block.txdata[0].output[0].value += Amount::ONE_SAT;
    block.header.merkle_root = block.compute_merkle_root().unwrap();
    grind(&mut block, true);
    judge("that pays too much", &block).unwrap_err();
    block.txdata[0] = good.txdata[0].clone();
    block.txdata[0].input[0].script_sig = ScriptBuf::from_bytes(vec![0x51, 0x51]);
    block.header.merkle_root = block.compute_merkle_root().unwrap();
    grind(&mut block, true);
    judge("of another height", &block).unwrap_err();
    let mut block = good.clone();
    block.header.time = 1;
    grind(&mut block, true);
    judge("of the past", &block).unwrap_err();
    same_chain(&both);
    judge("as it should be", &good).unwrap();
    same_chain(&both);
    judge("once more", &good).unwrap_err();
    same_templates(&both, "after the solution");
    both.finish();
}

/// The next templates, of which there are two or none.
fn next(
    both: &Both,
    what: &str,
    now: &Pair<Arc<dyn Template>>,
    options: &BlockWaitOptions,
) -> Option<Pair<Arc<dyn Template>>> {
    let waited = now.each(|template| template.wait_next(options).unwrap());
    both.equal(&format!("{what}: whether there is one"), waited.each(Option::is_some));
    let next = waited.both()?;
    same_parts(both, what, &next);
    Some(next)
}

pub(crate) fn the_next_template_is_the_same() {
    let both = Both::start();
    // Core's waits never end while its clock is set. The time of a block is its parents' if that is
    // ahead of the clock, and so the same in both.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    both.same("setmocktime", json!([now + 3600])).unwrap();
    both.generate(110, ADDRESS);
    both.same("setmocktime", json!([0])).unwrap();
    let first = same_templates(&both, "the first");
    let options =
        |fee_threshold, timeout| BlockWaitOptions { timeout, fee_threshold: Amount::from_sat(fee_threshold) };
    assert!(next(&both, "nothing new", &first, &options(1, Some(SOON))).is_none());
    enter(&both, &pay(&both, 1, json!({ ADDRESS: "49.9999" })));
    assert!(next(&both, "too little", &first, &options(10_001, Some(SOON))).is_none());
    let second = next(&both, "enough", &first, &options(10_000, None)).unwrap();
    enter(&both, &pay(&both, 2, json!({ ADDRESS: "49.9998" })));
    let third = next(&both, "more", &second, &options(1, None)).unwrap();
    // Whatever the fees are.
    both.generate(1, LEGACY);
    next(&both, "a block", &third, &BlockWaitOptions::default()).unwrap();
    both.finish();
}
