//! What crosses the socket for a wallet in another process, in three ways: it reads whole blocks, it asks
//! for filters (BIP 158) and reads the blocks that match, or the node looks for its scripts.
//!
//! In: 150 blocks of 20 payments each, of which ten concern the wallet, and a reorganisation. Out: the
//! same wallet in all three ways, and a table of bytes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod nodes;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bitcoin::hashes::Hash;
use bitcoin::{Amount, Network, ScriptBuf, Txid, WPubkeyHash};
use bitcoin_ipc::interfaces::Chain;
use bitcoin_ipc::interfaces::watch::WatchingChain;
use bitcoin_ipc::types::{CoinControl, Destination, OutputType, Recipient, Secret, WalletBalances};
use bitcoin_wallet::{Loader, Options, ScanResult, WalletHandle};
use mp_runtime::EventLoop;
use mp_split::Counted;
use tempfile::TempDir;

use nodes::{Node, Strangers, anyone, served};

/// How many scripts of each of its eight descriptors the wallet looks ahead.
const KEYPOOL: u32 = 100;
const PAYMENTS: usize = 20;
const BLOCKS: usize = 150;

/// A wallet in another process.
struct Way {
    name: &'static str,
    counted: Counted,
    chain: Arc<dyn Chain>,
    loader: Loader,
    wallet: WalletHandle,
    _folder: TempDir,
    start: u64,
    live: u64,
    catch_up: u64,
    rescan: u64,
}

fn options(folder: &Path, watch: bool) -> Options {
    let options = Options::new(folder.join("wallets"), Network::Regtest);
    Options { keypool: KEYPOOL, watch, fallback_fee: 10_000, ..options }
}

impl Way {
    fn new(name: &'static str, event_loop: &EventLoop, node: &Node, watch: bool, backup: &Path) -> Way {
        let folder = tempfile::tempdir().unwrap();
        let counted = Counted::new(event_loop, served(node)).unwrap();
        let chain: Arc<dyn WatchingChain> = counted.init.make_watching_chain().unwrap().unwrap();
        let loader = Loader::new(options(folder.path(), watch), chain.clone());
        let wallet = loader.restore(backup, "live", true).unwrap().unwrap();
        let start = counted.bytes();
        Way { name, counted, chain, loader, wallet, _folder: folder, start, live: 0, catch_up: 0, rescan: 0 }
    }

    /// What a user sees of a wallet.
    fn seen(wallet: &WalletHandle) -> (WalletBalances, BTreeMap<Txid, i32>, (u32, bitcoin::BlockHash)) {
        let txs = wallet.wallet_txs().unwrap();
        let txids = txs.iter().map(|tx| tx.tx.as_ref().unwrap().compute_txid());
        let depth = |txid| wallet.tx_details(txid).unwrap().unwrap().tx_status.depth_in_main_chain;
        (wallet.balances().unwrap(), txids.map(|txid| (txid, depth(txid))).collect(), wallet.tip().unwrap())
    }
}

fn stranger(number: usize) -> ScriptBuf {
    let mut hash = [9; 20];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    ScriptBuf::new_p2wpkh(&WPubkeyHash::from_byte_array(hash))
}

fn pay(wallet: &WalletHandle, script: &ScriptBuf, amount: Amount) -> bitcoin::Transaction {
    let dest = Destination::of_script(script);
    let recipients = [Recipient { dest, amount, subtract_fee_from_amount: false }];
    let made = wallet.create_transaction(&recipients, &CoinControl::default(), true, None).unwrap();
    wallet.commit_transaction(&made.tx, Default::default(), Vec::new()).unwrap();
    made.tx
}

#[test]
fn a_wallet_learns_the_same_in_all_ways_and_most_cheaply_when_the_node_looks_for_it() {
    let [filters, plain, other] = [Node::new(true), Node::new(false), Node::new(false)];
    let all = [&filters, &plain, &other];
    let extend = |txs| {
        let block = filters.make(txs);
        all.iter().for_each(|node| node.take(&block));
        block
    };
    let coinbase = extend(vec![]).txdata.remove(0);
    (0..100).for_each(|_| drop(extend(vec![]).block_hash().to_string()));
    let (mut strangers, shared) = Strangers::new(PAYMENTS as u32, &coinbase);
    extend(vec![shared]);

    // The wallet's user, whose calls are not counted.
    let folder = tempfile::tempdir().unwrap();
    let chain: Arc<dyn WatchingChain> = Arc::new(filters.offer.chain());
    let user = Loader::new(options(folder.path(), true), chain.clone());
    let wallet = user.create("user", &Secret::default(), 0).unwrap();
    let backup = folder.path().join("backup");
    wallet.backup(&backup).unwrap();

    let event_loop = EventLoop::new("traffic").unwrap();
    let mut ways = [
        Way::new("whole blocks", &event_loop, &plain, false, &backup),
        Way::new("filters", &event_loop, &filters, false, &backup),
        Way::new("watching", &event_loop, &filters, true, &backup),
    ];

    let mut number = 0;
    for block in 0..BLOCKS {
        let mut txs = Vec::new();
        for payer in 0..PAYMENTS {
            number += 1;
            let concerns = payer == 3 && block % 15 == 0 && block < 120;
            let to = match concerns {
                true => wallet.new_address(OutputType::Bech32, "").unwrap().script_pubkey(),
                false => stranger(number),
            };
            txs.push(strangers.pay(payer, &to, Amount::from_sat(100_000)));
        }
        if block == 130 || block == 140 {
            chain.wait_for_notifications().unwrap();
            let tx = pay(&wallet, &stranger(0), Amount::from_sat(150_000));
            plain.send(&tx);
            txs.push(tx);
        }
        for tx in &txs {
            filters.send(tx);
            plain.send(tx);
        }
        extend(txs);
    }

    // Two blocks are lost, with one more payment, which is in the chain again later.
    let to = wallet.new_address(OutputType::Bech32m, "").unwrap().script_pubkey();
    let payment = strangers.pay(0, &to, Amount::from_sat(100_000));
    let mut lost = Vec::new();
    for txs in [vec![payment.clone()], vec![]] {
        let block = filters.make(txs);
        [&filters, &plain].iter().for_each(|node| node.take(&block));
        lost.push(block);
    }
    for way in &ways {
        way.chain.wait_for_notifications().unwrap();
        assert_eq!(way.wallet.tip().unwrap().1, lost[1].block_hash(), "{}", way.name);
    }
    for _ in 0..3 {
        // Not the lost ones again.
        let block = other.make(vec![strangers.pay(1, &anyone(), Amount::from_sat(1000))]);
        all.iter().for_each(|node| node.take(&block));
    }
    chain.wait_for_notifications().unwrap();
    assert_eq!(wallet.balances().unwrap().unconfirmed_balance.to_sat(), 100_000, "the payment is pending");
    extend(vec![payment]);

    for way in &mut ways {
        way.chain.wait_for_notifications().unwrap();
        way.live = way.counted.bytes();
    }
    chain.wait_for_notifications().unwrap();
    let expected = Way::seen(&wallet);
    assert_eq!(expected.1.len(), 8 + 2 + 1);
    assert_eq!(expected.2.1, filters.state().tip().hash);
    for way in &mut ways {
        assert_eq!(Way::seen(&way.wallet), expected, "{}, live", way.name);
        way.wallet.unload().unwrap();
        // The backup knows nothing of all this.
        let _ = way.counted.bytes();
        let again = way.loader.restore(&backup, "again", true).unwrap().unwrap();
        way.catch_up = way.counted.bytes();
        assert_eq!(Way::seen(&again), expected, "{}, later", way.name);
        assert_eq!(again.rescan(0, None).unwrap(), ScanResult::Done(again.tip().unwrap().0 as i32));
        way.rescan = way.counted.bytes();
        assert_eq!(Way::seen(&again), expected, "{}, from the beginning", way.name);
    }

    println!("{:<14}{:>12}{:>12}{:>12}{:>12}", "bytes", "start", "live", "catch up", "rescan");
    for Way { name, start, live, catch_up, rescan, .. } in &ways {
        println!("{name:<14}{start:>12}{live:>12}{catch_up:>12}{rescan:>12}");
    }
    let [blocks, by_filter, watching] = &ways;
    assert!(blocks.live > 5 * watching.live && by_filter.live > 5 * watching.live);
    assert!(blocks.catch_up > 5 * watching.catch_up && blocks.rescan > 5 * watching.rescan);
    assert!(by_filter.catch_up > 5 * watching.catch_up && by_filter.rescan > 5 * watching.rescan);
}
