//! The chain from outside.
//!
//! In: mined blocks, good and bad, and a process that is killed. Out: what a node reports of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod mine;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use bitcoin::{Block, Network};
use bitcoin_ipc::types::BlockLocator;
use bitcoin_node::chainstate::{ChainEvent, Chainstate, Error, RejectKind, Verdict};

use mine::REWARD;

fn open(directory: &Path) -> Chainstate {
    Chainstate::open(directory, Network::Regtest).unwrap()
}

/// Puts blocks on the tip.
fn grow(chain: &Chainstate, count: u32, branch: i64) -> Vec<Block> {
    let mut blocks = Vec::new();
    for _ in 0..count {
        let tip = chain.tip().unwrap();
        let block = mine::block(tip.hash, tip.height + 1, branch, REWARD, &[]);
        assert_eq!(chain.process_block(&block).unwrap(), Verdict::Valid);
        blocks.push(block);
    }
    blocks
}

fn reason(chain: &Chainstate, block: &Block) -> String {
    match chain.process_block(block).unwrap() {
        Verdict::Invalid(reject) => reject.reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn blocks_are_read_back_and_outlast_a_restart() {
    fn shared<T: Send + Sync>(_: &T) {}
    let directory = tempfile::tempdir().unwrap();
    let chain = open(directory.path());
    shared(&chain);
    let genesis = chain.tip().unwrap();
    assert_eq!(genesis.height, 0);
    let blocks = grow(&chain, 101, 0);
    let tip = chain.tip().unwrap();
    assert_eq!((tip.height, tip.hash), (101, blocks[100].block_hash()));
    assert_eq!(chain.process_block(&blocks[100]).unwrap(), Verdict::Duplicate);
    let fifth = blocks[4].block_hash();
    assert_eq!(chain.hash_at(5), Some(fifth));
    assert_eq!((chain.hash_at(102), chain.hash_at(u32::MAX)), (None, None));
    assert_eq!((chain.height(fifth), chain.is_active(fifth)), (Some(5), true));
    assert_eq!(chain.header(fifth).unwrap(), Some(blocks[4].header));
    assert_eq!(chain.block(fifth).unwrap().as_ref(), Some(&blocks[4]));
    assert_eq!(chain.undo(genesis.hash).unwrap().unwrap().transactions, []);
    assert_eq!(chain.ancestor(tip.hash, 5), Some(fifth));
    assert_eq!(chain.median_time_past(tip.hash).unwrap(), Some(blocks[95].header.time));
    let work = chain.chain_work(fifth).unwrap().unwrap();
    assert_eq!(work.to_be_bytes()[31], 12);
    let locator = chain.locator(tip.hash).unwrap();
    assert_eq!((locator.hashes[0], locator.hashes.last()), (tip.hash, Some(&genesis.hash)));
    assert_eq!(chain.fork(&locator), Some(tip));
    assert_eq!(chain.fork(&BlockLocator::default()), Some(genesis));
    chain.close().unwrap();
    assert!(directory.path().join("clean").exists());
    let chain = open(directory.path());
    assert!(!directory.path().join("clean").exists());
    assert_eq!(chain.tip().unwrap(), tip);
    drop(chain);
    assert!(directory.path().join("clean").exists());
}

#[test]
fn a_coin_is_spent_once() {
    let directory = tempfile::tempdir().unwrap();
    let chain = open(directory.path());
    let blocks = grow(&chain, 101, 0);
    let spend = mine::spend(&blocks[0].txdata[0], 1000);
    let block = mine::block(blocks[100].block_hash(), 102, 0, REWARD + 1000, &[spend]);
    assert_eq!(chain.process_block(&block).unwrap(), Verdict::Valid);
    let undo = chain.undo(block.block_hash()).unwrap().unwrap();
    let coin = &undo.transactions[0].spent[0];
    assert_eq!((&coin.output, coin.height, coin.coinbase), (&blocks[0].txdata[0].output[0], 1, true));
    let again = mine::spend(&blocks[0].txdata[0], 2000);
    let twice = mine::block(block.block_hash(), 103, 0, REWARD, &[again]);
    assert_eq!(reason(&chain, &twice), "bad-txns-inputs-missingorspent");
    assert_eq!(chain.tip().unwrap().hash, block.block_hash());
}

#[test]
fn bad_blocks_are_refused_with_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    let chain = open(directory.path());
    let tip = grow(&chain, 3, 0)[2].block_hash();
    let good = mine::block(tip, 4, 0, REWARD, &[]);

    let mut root = good.clone();
    root.header.merkle_root = bitcoin::hashes::Hash::all_zeros();
    mine::grind(&mut root, true);
    assert_eq!(reason(&chain, &root), "bad-txnmrklroot");
    let mut work = good.clone();
    mine::grind(&mut work, false);
    assert_eq!(reason(&chain, &work), "high-hash");
    let greedy = mine::block(tip, 4, 0, REWARD + 1, &[]);
    assert_eq!(reason(&chain, &greedy), "bad-cb-amount");
    assert_eq!(reason(&chain, &greedy), "duplicate-invalid");
    assert_eq!(reason(&chain, &mine::block(tip, 9, 0, REWARD, &[])), "bad-cb-height");
    assert_eq!(reason(&chain, &mine::block(good.block_hash(), 5, 0, REWARD, &[])), "prev-blk-not-found");
    let empty = Block { header: good.header, txdata: Vec::new() };
    assert!(matches!(chain.process_block(&empty).unwrap(), Verdict::Invalid(_)));

    let bytes = bitcoin::consensus::serialize(&good);
    for length in 0..bytes.len() {
        let Verdict::Invalid(reject) = chain.process_bytes(&bytes[..length]).unwrap() else { panic!() };
        assert_eq!(reject.kind, RejectKind::Malformed);
    }
    for at in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0xff;
        // Some of these are valid; none may panic.
        chain.process_bytes(&bytes).unwrap();
    }
}

#[test]
fn a_reorganisation_is_told_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let chain = open(directory.path());
    let base = chain.tip().unwrap().hash;
    let (first, second) = (chain.subscribe(), chain.subscribe());
    let old = grow(&chain, 3, 1);
    let mut parent = base;
    let mut new = Vec::new();
    for height in 1..=4 {
        let block = mine::block(parent, height, 2, REWARD, &[]);
        parent = block.block_hash();
        let verdict = if height < 4 { Verdict::Inconclusive } else { Verdict::Valid };
        assert_eq!(chain.process_block(&block).unwrap(), verdict);
        new.push(block);
    }
    assert!(!chain.is_active(old[2].block_hash()));
    let forked = chain.fork(&chain.locator(old[2].block_hash()).unwrap()).unwrap();
    assert_eq!(forked.hash, base);
    let mut expected = Vec::new();
    for (block, height) in old.iter().zip(1..) {
        expected.push(("connected", block.block_hash(), height));
        expected.push(("tip", block.block_hash(), height));
    }
    expected.extend(old.iter().zip(1..4).rev().map(|(block, height)| ("gone", block.block_hash(), height)));
    expected.extend(new.iter().zip(1..).map(|(block, height)| ("connected", block.block_hash(), height)));
    expected.push(("tip", parent, 4));
    for events in [first, second] {
        let told = events.try_iter().map(|event| match event {
            ChainEvent::BlockConnected { block, height, .. } => ("connected", block.block_hash(), height),
            ChainEvent::BlockDisconnected { block, height, .. } => ("gone", block.block_hash(), height),
            ChainEvent::Tip { hash, height } => ("tip", hash, height),
            other => panic!("{other:?}"),
        });
        assert_eq!(told.collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_directory_has_one_owner_and_one_network() {
    let directory = tempfile::tempdir().unwrap();
    let chain = open(directory.path());
    let error = Chainstate::open(directory.path(), Network::Regtest).err().unwrap();
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    drop(chain);
    let error = Chainstate::open(directory.path(), Network::Signet).err().unwrap();
    assert!(matches!(error, Error::OtherNetwork { .. }), "{error}");
    open(directory.path());
}

/// Not a test of its own: what [`a_killed_import_is_rebuilt`] kills.
#[test]
fn a_chain_that_was_copied_alone_goes_on() {
    let (directory, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let chain = open(directory.path());
    let blocks = grow(&chain, 3, 0);
    drop(chain);
    for folder in ["blocks", "chainstate"] {
        copy_all(&directory.path().join(folder), &copy.path().join(folder));
    }
    let error = Chainstate::open(copy.path(), Network::Signet).err().unwrap();
    assert!(matches!(error, Error::OtherNetwork { .. }), "{error}");
    let chain = open(copy.path());
    assert_eq!(chain.tip().unwrap().hash, blocks[2].block_hash());
    drop(chain);
    // Without what says whose they are, they are somebody else's.
    for file in ["network", "blocks/network"] {
        std::fs::remove_file(copy.path().join(file)).unwrap();
    }
    let error = Chainstate::open(copy.path(), Network::Regtest).err().unwrap();
    assert!(matches!(error, Error::NotOurs(_)), "{error}");
}

#[test]
fn child_imports_until_killed() {
    let Some(directory) = std::env::var_os("CHAINSTATE_CHILD") else { return };
    let goal: u32 = std::env::var("CHAINSTATE_GOAL").unwrap().parse().unwrap();
    let chain = open(Path::new(&directory));
    // The kill comes somewhere between the goal and this.
    while chain.tip().unwrap().height < goal + 10 {
        grow(&chain, 1, 0);
        println!("\nheight {}", chain.tip().unwrap().height);
    }
    // Until whoever is to kill it has gone.
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// Imports until a height, and kills the importer.
fn kill_at(directory: &Path, goal: u32) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_imports_until_killed", "--nocapture"])
        .env("CHAINSTATE_CHILD", directory)
        .env("CHAINSTATE_GOAL", goal.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reached = lines.any(|line| line.unwrap() == format!("height {goal}"));
    // Another owner is named while it lives.
    let error = Chainstate::open(directory, Network::Regtest).err().unwrap();
    assert!(error.to_string().contains(&format!("process {}:", child.id())), "{error}");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(reached);
}

/// Opens what was killed at a height; every block up to it must be there.
fn open_killed(directory: &Path, goal: u32) -> Chainstate {
    let chain = open(directory);
    let tip = chain.tip().unwrap();
    assert!(tip.height >= goal, "{} < {goal}", tip.height);
    for height in 1..=tip.height {
        let hash = chain.hash_at(height).unwrap();
        assert!(chain.block(hash).unwrap().is_some());
        assert!(chain.undo(hash).unwrap().is_some());
    }
    assert!(!directory.join("salvage").exists());
    chain
}

/// Damages a block of a closed chain on disk: whoever reads it again can go no further.
fn damage(directory: &Path, block: &Block) {
    let (key, path) = (directory.join("blocks/xor.dat"), directory.join("blocks/blk00000.dat"));
    let key = std::fs::read(key).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let end = bytes.len().min(100_000);
    let plain: Vec<u8> = bytes[..end].iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
    let wanted = bitcoin::consensus::serialize(block);
    let at = plain.windows(wanted.len()).position(|window| window == wanted).unwrap();
    bytes[at + 100] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_killed_import_goes_on_without_a_rebuild() {
    let directory = tempfile::tempdir().unwrap();
    let chain = open(directory.path());
    // The importer would mine others.
    let blocks = grow(&chain, 20, 9);
    chain.close().unwrap();
    damage(directory.path(), &blocks[4]);
    // Twice: the blocks that were read again are not lost either.
    kill_at(directory.path(), 50);
    kill_at(directory.path(), 100);
    let chain = open(directory.path());
    assert!(chain.tip().unwrap().height >= 100);
    assert_eq!(chain.hash_at(20), Some(blocks[19].block_hash()));
    assert!(chain.block(chain.hash_at(100).unwrap()).unwrap().is_some());
    assert!(!directory.path().join("salvage").exists());
    drop(chain);
    assert!(open(directory.path()).tip().unwrap().height >= 100);
}

#[test]
fn a_killed_import_keeps_other_branches() {
    let directory = tempfile::tempdir().unwrap();
    kill_at(directory.path(), 30);
    let chain = open_killed(directory.path(), 30);
    let base = chain.hash_at(10).unwrap();
    let side = mine::block(base, 11, 7, REWARD, &[]);
    assert_eq!(chain.process_block(&side).unwrap(), Verdict::Inconclusive);
    // Not closed and not dropped: as good as killed, but for the lock.
    let copy = tempfile::tempdir().unwrap();
    copy_all(directory.path(), copy.path());
    let copied = open_killed(copy.path(), 30);
    assert_eq!(copied.tip().unwrap(), chain.tip().unwrap());
    assert_eq!(copied.block(side.block_hash()).unwrap(), Some(side));
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (entry, to) = (entry.as_ref().unwrap(), to.join(entry.as_ref().unwrap().file_name()));
        if entry.path().is_dir() {
            copy_all(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn a_killed_import_is_rebuilt_where_it_must() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    // Nothing says which blocks there were.
    kill_at(path, 40);
    std::fs::remove_file(path.join("stored")).unwrap();
    drop(open_killed(path, 40));
    // An attempt to go on did not come to its end, and the files have lost the blocks meanwhile.
    let tip = open(path).tip().unwrap().height;
    kill_at(path, tip + 20);
    let (blocks, copies) = (path.join("blocks"), path.join("salvage"));
    std::fs::create_dir(&copies).unwrap();
    for name in ["blk00000.dat", "xor.dat"] {
        std::fs::copy(blocks.join(name), copies.join(name)).unwrap();
    }
    let file = std::fs::OpenOptions::new().write(true).open(blocks.join("blk00000.dat")).unwrap();
    file.set_len(2_000).unwrap();
    drop(open_killed(path, tip + 20));
    // A block that was stored is nowhere.
    kill_at(path, tip + 40);
    let mut stored = std::fs::OpenOptions::new().append(true).open(path.join("stored")).unwrap();
    stored.write_all(&[0x11; 32]).unwrap();
    drop(open_killed(path, tip + 40));
    // The kernel's databases are damaged.
    kill_at(path, tip + 60);
    std::fs::write(path.join("blocks/index/CURRENT"), "nothing").unwrap();
    grow(&open_killed(path, tip + 60), 1, 3);
}
