//! The index from outside.
//!
//! In: mined chains that grow, fork and are left alone. Out: what the index says of them, against
//! what the blocks themselves say.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod agree;
#[path = "../mine/mod.rs"]
mod mine;

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};

use bitcoin::{Amount, Block, Network, OutPoint, ScriptBuf, Transaction, TxOut};
use bitcoin_node::chainstate::{ChainEvent, Chainstate};
use bitcoin_node::index::{Error, Index, Options};

use agree::{ALL, Node, all, all_of, check, check_against_rebuilt, coins, matured, open_chain, open_index};
use mine::REWARD;

#[test]
fn coins_come_and_go_with_blocks() {
    fn shared<T: Send + Sync>(_: &T) {}
    let (node, blocks) = matured();
    shared(&node.index);
    node.check();
    let first = OutPoint::new(blocks[0].txdata[0].compute_txid(), 0);
    assert!(node.index.coin(&first).unwrap().unwrap().coinbase);
    let before = node.index.view().unwrap();

    // One spends what the other makes, in the same block; one output is never a coin, one is empty.
    let mut one = mine::spend(&blocks[0].txdata[0], 3000);
    one.output[0].value -= Amount::from_sat(700);
    let data = ScriptBuf::from_bytes(vec![0x6a, 1, 7]);
    one.output.push(TxOut { value: Amount::from_sat(500), script_pubkey: data });
    one.output.push(TxOut { value: Amount::from_sat(200), script_pubkey: ScriptBuf::new() });
    for length in [10_000, 10_001] {
        let script_pubkey = ScriptBuf::from_bytes(vec![0x51; length]);
        one.output.push(TxOut { value: Amount::ZERO, script_pubkey });
    }
    let two = mine::spend(&one, 50);
    let block = node.mine(0, 3050, &[one.clone(), two.clone()]);
    node.follow();
    node.check();
    assert_eq!(node.index.coin(&first).unwrap(), None);
    let coin = |transaction: &Transaction, vout| {
        node.index.coin(&OutPoint::new(transaction.compute_txid(), vout)).unwrap()
    };
    assert_eq!([0, 1, 2, 3, 4].map(|vout| coin(&one, vout).is_some()), [false, false, true, true, false]);
    assert_eq!(coin(&two, 0).unwrap().height, 102);
    assert_eq!(node.index.block(block.block_hash()).unwrap().unwrap().fees, Amount::from_sat(3050));
    check_against_rebuilt(&node.chain, &node.index);

    // What was taken before does not change.
    assert_eq!(before.best().height, 101);
    assert!(before.coin(&first).unwrap().is_some());
    assert_eq!(before.hash_at(102).unwrap(), None);
    // The genesis block's coinbase is neither a coin nor a known transaction.
    let genesis = bitcoin::constants::genesis_block(Network::Regtest).txdata[0].compute_txid();
    assert_eq!(node.index.coin(&OutPoint::new(genesis, 0)).unwrap(), None);
    assert_eq!(node.index.transaction(genesis).unwrap(), None);
    let mut seen = 0;
    let stop = |_, _| {
        seen += 1;
        if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    node.index.for_each_coin(stop).unwrap();
    assert_eq!(seen, 3);

    // All of it is undone.
    node.fork(101, 2, 1);
    let events: Vec<_> = node.events.try_iter().collect();
    node.index.apply(&events[..1]).unwrap();
    assert_eq!((node.index.best(), all(&node.index)), (before.best(), all_of(&before)));
    assert_eq!(node.index.totals().unwrap(), before.totals());
    assert_eq!(node.index.view().unwrap().hash_at(102).unwrap(), None);
    node.index.apply(&events[1..]).unwrap();
    node.check();
}

#[test]
fn a_reorganisation_there_and_back() {
    let (node, blocks) = matured();
    let spend = mine::spend(&blocks[0].txdata[0], 1000);
    let first = OutPoint::new(blocks[0].txdata[0].compute_txid(), 0);
    let left = node.mine(0, 1000, std::slice::from_ref(&spend));
    node.follow();
    let header = node.index.filter_header(left.block_hash()).unwrap();

    let other = node.fork(101, 2, 1);
    node.follow();
    node.check();
    check_against_rebuilt(&node.chain, &node.index);
    assert!(node.index.coin(&first).unwrap().is_some());
    assert_eq!(node.index.transaction(spend.compute_txid()).unwrap(), None);
    // What is known of the block that left is kept.
    assert_eq!(node.index.block(left.block_hash()).unwrap().unwrap().height, 102);
    assert_eq!(node.index.filter_header(left.block_hash()).unwrap(), header);

    // Back: two more on the block that left.
    let mut parent = left.block_hash();
    for height in 103..105 {
        let block = mine::block(parent, height, 2, REWARD, &[]);
        parent = block.block_hash();
        node.chain.process_block(&block).unwrap();
    }
    node.follow();
    node.check();
    check_against_rebuilt(&node.chain, &node.index);
    assert_eq!(node.index.coin(&first).unwrap(), None);
    assert_eq!(node.index.transaction(spend.compute_txid()).unwrap(), Some(left.block_hash()));
    assert!(!node.chain.is_active(other[1].block_hash()));
    assert!(node.index.filter(other[1].block_hash()).unwrap().is_some());
}

#[test]
fn filters_match_the_scripts_of_outputs_and_of_spent_coins() {
    let (node, blocks) = matured();
    let paid = ScriptBuf::from_bytes([&[0, 20], &[7; 20][..]].concat());
    let absent = ScriptBuf::from_bytes([&[0, 20], &[8; 20][..]].concat());
    let mut pay = mine::spend(&blocks[0].txdata[0], 0);
    pay.output[0].script_pubkey = ScriptBuf::from_bytes(vec![0x61, 0x61, 0x51]);
    pay.output[0].value -= Amount::from_sat(400);
    pay.output.push(TxOut { value: Amount::from_sat(400), script_pubkey: paid.clone() });
    let block = node.mine(0, 0, std::slice::from_ref(&pay));
    let special = pay.output[0].script_pubkey.clone();
    node.follow();
    let matches = |block: &Block, script: &ScriptBuf| {
        let filter = node.index.filter(block.block_hash()).unwrap().unwrap();
        filter.match_any(&block.block_hash(), std::iter::once(script.as_bytes())).unwrap()
    };
    assert!(matches(&block, &paid));
    assert!(matches(&block, &mine::anyone()));
    assert!(!matches(&block, &absent));
    assert!(!matches(&blocks[3], &paid));
    assert!(!matches(&block, &block.txdata[0].output[1].script_pubkey), "data");
    assert!(matches(&block, &special));
    node.check();
    // A coin's script is in the filter of the block that spends it, too.
    let later = node.mine(0, 10, &[mine::spend(&pay, 10)]);
    let idle = node.mine(0, 0, &[]);
    node.follow();
    assert!(matches(&later, &special));
    assert!(!matches(&idle, &special));
    // The same filter by the library, which asks for each spent script.
    let undo = node.chain.undo(block.block_hash()).unwrap().unwrap();
    let script = undo.transactions[0].spent[0].output.script_pubkey.clone();
    let whole = bitcoin::bip158::BlockFilter::new_script_filter(&block, |_| Ok(script.clone())).unwrap();
    assert_eq!(node.index.filter(block.block_hash()).unwrap(), Some(whole));
}

#[test]
fn it_catches_up_from_behind_and_from_another_branch() {
    let (node, blocks) = matured();
    let spend = mine::spend(&blocks[0].txdata[0], 1000);
    node.mine(0, 1000, &[spend]);
    node.follow();
    let Node { directory, chain, index, .. } = node;
    drop(index);
    let grow = |from: u32, count: u32, branch: i64| {
        let mut parent = chain.hash_at(from).unwrap();
        for height in from + 1..=from + count {
            let block = mine::block(parent, height, branch, REWARD, &[]);
            parent = block.block_hash();
            chain.process_block(&block).unwrap();
        }
        assert_eq!(chain.tip().unwrap().hash, parent);
    };
    // Behind.
    grow(102, 20, 0);
    let index = open_index(directory.path(), &chain);
    check(&chain, &index);
    drop(index);
    // On a branch that was left while the index was closed.
    grow(95, 30, 1);
    let index = open_index(directory.path(), &chain);
    check(&chain, &index);
    // The same while it is open and no event was applied.
    grow(90, 50, 2);
    index.sync(&chain, &|_, _| false).unwrap();
    check(&chain, &index);
}

#[test]
fn it_is_rebuilt_where_it_does_not_fit() {
    let (long, _) = matured();
    let short = Node::new();
    short.grow(10, 5);
    short.follow();
    let Node { directory, index, .. } = long;
    drop(index);
    let (file, lost) =
        (short.directory.path().join("index/index.redb"), directory.path().join("index/index.redb"));
    let Node { directory, chain, index, .. } = short;
    drop(index);
    // Ahead, at a block that is not stored.
    std::fs::copy(&lost, &file).unwrap();
    check(&chain, &open_index(directory.path(), &chain));
    // Not a database.
    std::fs::write(&file, vec![7; 100_000]).unwrap();
    check(&chain, &open_index(directory.path(), &chain));
    // Empty.
    std::fs::write(&file, []).unwrap();
    check(&chain, &open_index(directory.path(), &chain));
    // Of another network.
    let other = tempfile::tempdir().unwrap();
    let signet = Chainstate::open(other.path(), Network::Signet).unwrap();
    let path = directory.path().join("index");
    let index = Index::open(&path, &signet, ALL, &|_, _| false).unwrap();
    assert_eq!((index.best().height, index.totals().unwrap().outputs), (0, 0));
    drop(index);
    check(&chain, &open_index(directory.path(), &chain));
}

#[test]
fn what_is_not_asked_for_is_not_kept() {
    let (node, blocks) = matured();
    let Node { directory, chain, index, .. } = node;
    let (hash, txid) = (blocks[2].block_hash(), blocks[2].txdata[0].compute_txid());
    assert!(index.has_filters() && index.has_transactions());
    drop(index);
    let path = directory.path().join("index");
    let index = Index::open(&path, &chain, Options::default(), &|_, _| false).unwrap();
    assert!(!index.has_filters() && !index.has_transactions());
    assert_eq!((index.filter(hash).unwrap(), index.transaction(txid).unwrap()), (None, None));
    assert_eq!(all(&index), coins(&chain));
    drop(index);
    // Asked for again, it is made for all blocks.
    for options in [Options { filters: true, txindex: false }, Options { filters: false, txindex: true }] {
        let index = Index::open(&path, &chain, options, &|_, _| false).unwrap();
        assert_eq!(index.filter(hash).unwrap().is_some(), options.filters);
        assert_eq!(index.transaction(txid).unwrap().is_some(), options.txindex);
    }
    check(&chain, &open_index(directory.path(), &chain));
}

#[test]
fn events_out_of_order_change_nothing() {
    let (node, _) = matured();
    node.grow(3, 0);
    let events: Vec<_> = node.events.try_iter().collect();
    let connected: Vec<_> =
        events.iter().filter(|event| matches!(event, ChainEvent::BlockConnected { .. })).collect();
    let error = node.index.apply(connected[1..].iter().copied()).unwrap_err();
    assert!(matches!(error, Error::OutOfOrder { .. }), "{error}");
    // The second does not follow on itself: the first is not kept either.
    node.index.apply([connected[0], connected[0]]).unwrap_err();
    assert_eq!(node.index.best().height, 101);
    node.index.apply(&events).unwrap();
    node.check();
    node.index.apply(&events).unwrap_err();
    node.check();
}

#[test]
fn it_stops_where_it_is_asked_to_and_goes_on_from_there() {
    let (node, _) = matured();
    let Node { directory, chain, index, .. } = node;
    drop(index);
    let path = directory.path().join("other");
    let asked = Cell::new(0);
    let forty = |_, _| {
        asked.set(asked.get() + 1);
        asked.get() > 40
    };
    let error = Index::open(&path, &chain, ALL, &forty).err().unwrap();
    assert!(matches!(error, Error::Interrupted), "{error}");
    // Forty blocks are there: the rest takes one question each.
    asked.set(0);
    let count = |_, _| {
        asked.set(asked.get() + 1);
        false
    };
    let index = Index::open(&path, &chain, ALL, &count).unwrap();
    assert_eq!(asked.get(), 102 - 40);
    check(&chain, &index);
    let error = Index::open(&path, &chain, ALL, &|_, _| false).err().unwrap();
    assert!(matches!(error, Error::Database(_)), "{error}");
}

/// Not a test of its own: what [`a_killed_index_goes_on_from_its_last_block`] kills.
#[test]
fn child_follows_until_killed() {
    let Some(directory) = std::env::var_os("INDEX_CHILD") else { return };
    let goal: u32 = std::env::var("INDEX_GOAL").unwrap().parse().unwrap();
    let chain = open_chain(Path::new(&directory));
    let index = open_index(Path::new(&directory), &chain);
    let events = chain.subscribe();
    // The kill comes somewhere between the goal and this.
    while index.best().height < goal + 10 {
        let tip = chain.tip().unwrap();
        chain.process_block(&mine::block(tip.hash, tip.height + 1, 0, REWARD, &[])).unwrap();
        index.apply(&events.try_iter().collect::<Vec<_>>()).unwrap();
        println!("\nheight {}", index.best().height);
    }
    // Until whoever is to kill it has gone.
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn a_killed_index_goes_on_from_its_last_block() {
    let directory = tempfile::tempdir().unwrap();
    for goal in [30, 70] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_follows_until_killed", "--nocapture"])
            .env("INDEX_CHILD", directory.path())
            .env("INDEX_GOAL", goal.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let goal = format!("height {goal}");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == goal));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let chain = open_chain(directory.path());
    let path = directory.path().join("index");
    // The index needs no more questions than the chain went on by.
    let asked = Cell::new(0);
    let count = |_, _| {
        asked.set(asked.get() + 1);
        false
    };
    let index = Index::open(&path, &chain, ALL, &count).unwrap();
    assert!(chain.tip().unwrap().height >= 70);
    assert!(asked.get() <= chain.tip().unwrap().height - 70, "{} blocks", asked.get());
    check(&chain, &index);
}
