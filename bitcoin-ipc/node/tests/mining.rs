//! The mining interface on a socket.
//!
//! In: a node, and a client of it in the form of each release. Out: templates, solved blocks, waits
//! and their ends.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

#[allow(dead_code, reason = "most blocks are made by templates here")]
mod mine;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bitcoin::hashes::Hash;
use bitcoin::{Amount, Block, BlockHash, Network, ScriptBuf, Transaction, TxMerkleNode, TxOut, Txid, Wtxid};
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::signals::Signals;
use bitcoin_ipc::interfaces::{BlockTemplate, Mining};
use bitcoin_ipc::release::Services;
use bitcoin_ipc::types::{BlockCheckOptions, BlockCreateOptions, BlockWaitOptions, Reject};
use bitcoin_ipc::{Client, ConnectOptions, ErrorKind, Release};
use bitcoin_node::chainstate::Verdict;
use bitcoin_node::mempool::AcceptOptions;
use bitcoin_node::mining::{NodeMining, mine as solve};
use bitcoin_node::state::{Options, State};
use bitcoin_node::template::SelectOptions;
use futures::FutureExt;
use mine::{REWARD, anyone, spend};
use tokio::join;

/// So long a wait ends the test only if something is broken.
const LONG: Option<Duration> = Some(Duration::from_secs(60));

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let limit = Duration::from_secs(30);
    runtime.block_on(async { tokio::time::timeout(limit, test).await }).expect("an end within 30 seconds")
}

fn open(directory: &Path) -> Arc<State> {
    let mut options = Options::new(directory, Network::Regtest);
    // The coins of these tests can be spent by anyone, which is not standard.
    options.mempool.require_standard = false;
    State::open(&options, Signals::default(), Shutdown::new()).unwrap()
}

fn client(state: &Arc<State>, release: Release) -> Client {
    let mining: Arc<dyn Mining> = Arc::new(NodeMining::new(state.clone(), SelectOptions::default()));
    let services = Services { mining: Some(mining), ..Services::default() };
    Client::local(ConnectOptions::new(), services, release).unwrap()
}

/// Blocks of now on the tip; their coinbases pay to anyone.
fn generate(state: &State, count: u32) -> Vec<Block> {
    let one = |_| {
        let block = solve(state, &SelectOptions::default(), &anyone(), None, &mut 1000, &|| false);
        let block = block.unwrap().unwrap();
        assert_eq!(state.process_block(&block).unwrap(), Verdict::Valid);
        block
    };
    (0..count).map(one).collect()
}

/// Spends a coinbase, with a second output: smaller transactions are not relayed.
fn pay(from: &Transaction, fee: u64) -> Transaction {
    let mut tx = spend(from, fee);
    tx.output.push(TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new_op_return([0; 32]) });
    tx
}

fn accept(state: &State, tx: &Transaction) {
    state.accept(Arc::new(tx.clone()), AcceptOptions::default()).unwrap().unwrap();
}

async fn template(client: &Client) -> Arc<dyn BlockTemplate> {
    let template = client.mining().create_new_block(&BlockCreateOptions::default(), false).await;
    template.unwrap().unwrap()
}

/// A template's block with a coinbase of the miner's own, and proof of work.
async fn solved(template: &dyn BlockTemplate) -> Block {
    let mut block = template.get_block().await.unwrap();
    block.txdata[0] = template.get_coinbase_tx().await.unwrap().transaction(&[0x51, 0x51], anyone());
    let path = template.get_coinbase_merkle_path().await.unwrap();
    block.header.merkle_root = bitcoin_ipc::types::merkle_root(&block.txdata[0], &path);
    assert_eq!(block.compute_merkle_root(), Some(block.header.merkle_root));
    mine::grind(&mut block, true);
    block
}

async fn submit(template: &dyn BlockTemplate, block: &Block) -> Result<(), Reject> {
    let header = &block.header;
    let version = header.version.to_consensus().cast_unsigned();
    template.submit_solution(version, header.time, header.nonce, &block.txdata[0]).await.unwrap()
}

#[test]
fn a_solved_template_is_the_new_tip_in_every_release() {
    let directory = tempfile::tempdir().unwrap();
    let state = open(directory.path());
    run(async {
        for (release, height) in Release::ALL.into_iter().zip(1..) {
            let client = client(&state, release);
            let mining = client.mining();
            assert_eq!(mining.is_test_chain().await, Ok(true));
            let before = mining.get_tip().await.unwrap().unwrap();
            assert_eq!((before.height, before.hash), (height - 1, state.tip().hash));
            let template = template(&client).await;
            assert_eq!(template.get_block_header().await.unwrap().prev_blockhash, before.hash);
            let block = solved(&*template).await;
            assert_eq!(mining.check_block(&block, &BlockCheckOptions::default()).await, Ok(Ok(())));
            let (changed, submitted) =
                join!(mining.wait_tip_changed(before.hash, LONG), submit(&*template, &block));
            assert_eq!(submitted, Ok(()));
            let tip = changed.unwrap().unwrap();
            assert_eq!((tip.height, tip.hash), (height, block.block_hash()));
            assert_eq!(mining.is_initial_block_download().await, Ok(false));
            // A wait without a change gives the same block.
            assert_eq!(mining.wait_tip_changed(tip.hash, Some(Duration::ZERO)).await, Ok(Some(tip)));
        }
    });
}

#[test]
fn templates_signal_while_a_change_is_under_way() {
    let directory = tempfile::tempdir().unwrap();
    let state = open(directory.path());
    run(async {
        let client = client(&state, Release::V32);
        // Regtest's change starts at 144, is locked in at 288 and active at 432.
        for (more, version) in [(142, 0x2000_0000), (1, 0x3000_0000), (287, 0x3000_0000), (1, 0x2000_0000)] {
            generate(&state, more);
            let header = template(&client).await.get_block_header().await.unwrap();
            assert_eq!(header.version.to_consensus(), version, "{}", state.tip().height + 1);
        }
    });
}

#[test]
fn refused_blocks_come_with_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    let state = open(directory.path());
    let blocks = generate(&state, 2);
    let client = client(&state, Release::V32);
    run(async {
        let mining = client.mining();
        let refused = async |block: &Block| mining.submit_block(block).await.unwrap().unwrap_err().reason;
        assert_eq!(refused(&blocks[1]).await, "duplicate");
        let beside = mine::block(blocks[0].block_hash(), 2, 7, REWARD, &[]);
        let mut beside = Block {
            header: bitcoin::block::Header { time: blocks[1].header.time, ..beside.header },
            ..beside
        };
        mine::grind(&mut beside, true);
        assert_eq!(refused(&beside).await, "inconclusive");
        let options = BlockCheckOptions::default();
        let reject = mining.check_block(&beside, &options).await.unwrap().unwrap_err();
        assert_eq!(reject.reason, "inconclusive-not-best-prevblk");

        let template = template(&client).await;
        let mut block = solved(&*template).await;
        let good = block.clone();
        block.header.time = 1;
        mine::grind(&mut block, true);
        assert_eq!(submit(&*template, &block).await.unwrap_err().reason, "time-too-old");
        mine::grind(&mut block, false);
        let reject = submit(&*template, &block).await.unwrap_err();
        assert_eq!((reject.reason.as_str(), reject.debug.as_str()), ("high-hash", "proof of work failed"));
        // A coinbase that is none, as of bytes that are all zero.
        let empty = Transaction {
            version: bitcoin::transaction::Version(0),
            lock_time: bitcoin::absolute::LockTime::ZERO,
            input: Vec::new(),
            output: Vec::new(),
        };
        // About every second header has proof of work enough.
        let mut said = std::collections::BTreeSet::new();
        for nonce in 0..100 {
            let reject = template.submit_solution(1, 0, nonce, &empty).await.unwrap().unwrap_err();
            said.insert((reject.reason, reject.debug));
        }
        let both = [("bad-cb-missing", "first tx is not coinbase"), ("high-hash", "proof of work failed")];
        assert!(said.iter().map(|(reason, debug)| (reason.as_str(), debug.as_str())).eq(both), "{said:?}");
        // What was refused leaves the template as it was.
        assert_eq!(submit(&*template, &good).await, Ok(()));
        let next = solved(&*self::template(&client).await).await;
        assert_eq!(mining.submit_block(&next).await, Ok(Ok(())));
        assert_eq!(state.tip().hash, next.block_hash());
    });
}

#[test]
fn what_waits_comes_into_templates_and_blocks() {
    let directory = tempfile::tempdir().unwrap();
    let state = open(directory.path());
    let blocks = generate(&state, 102);
    let (cheap, dear) = (pay(&blocks[0].txdata[0], 1000), pay(&blocks[1].txdata[0], 9000));
    let child = pay(&cheap, 400);
    for tx in [&cheap, &child, &dear] {
        accept(&state, tx);
    }
    let client = client(&state, Release::V32);
    run(async {
        let mining = client.mining();
        let found = mining.get_transactions_by_txid(&[Txid::all_zeros(), child.compute_txid()]).await;
        assert_eq!(found, Ok(vec![None, Some(child.clone())]));
        let found = mining.get_transactions_by_witness_id(&[dear.compute_wtxid(), Wtxid::all_zeros()]).await;
        assert_eq!(found, Ok(vec![Some(dear.clone()), None]));
        let template = template(&client).await;
        assert_eq!(template.get_block().await.unwrap().txdata[1..], [dear, cheap, child]);
        assert_eq!(template.get_tx_fees().await, Ok([9000, 1000, 400].map(Amount::from_sat).to_vec()));
        assert_eq!(template.get_tx_sigops().await, Ok(vec![0; 3]));
        let required = template.get_coinbase_tx().await.unwrap();
        assert_eq!(required.block_reward_remaining, Amount::from_sat(REWARD + 10_400));
        let empty = BlockCreateOptions { use_mempool: false, ..BlockCreateOptions::default() };
        let empty = mining.create_new_block(&empty, false).await.unwrap().unwrap();
        assert_eq!(empty.get_tx_fees().await, Ok(Vec::new()));
        assert_eq!(empty.get_coinbase_merkle_path().await, Ok(Vec::<TxMerkleNode>::new()));
        let block = solved(&*template).await;
        assert_eq!(submit(&*template, &block).await, Ok(()));
        assert!(state.mempool().is_empty());
    });
}

#[test]
fn the_next_template_comes_with_a_block_or_with_fees() {
    let directory = tempfile::tempdir().unwrap();
    let state = open(directory.path());
    let blocks = generate(&state, 102);
    let client = client(&state, Release::V32);
    run(async {
        let first = template(&client).await;
        let options = |fee_threshold, timeout| BlockWaitOptions {
            timeout,
            fee_threshold: Amount::from_sat(fee_threshold),
        };
        let short = Some(Duration::from_millis(1));
        assert!(first.wait_next(&options(1, short)).await.unwrap().is_none());
        // Less than is asked for.
        accept(&state, &pay(&blocks[0].txdata[0], 5000));
        assert!(first.wait_next(&options(5001, short)).await.unwrap().is_none());
        let never = BlockWaitOptions { timeout: short, ..BlockWaitOptions::default() };
        assert!(first.wait_next(&never).await.unwrap().is_none());
        // As much as is asked for, while the wait is open.
        let enough = options(6000, LONG);
        let (next, ()) = join!(first.wait_next(&enough), async {
            accept(&state, &pay(&blocks[1].txdata[0], 1000));
        });
        let next = next.unwrap().unwrap();
        assert_eq!(next.get_tx_fees().await.unwrap().iter().copied().sum::<Amount>(), Amount::from_sat(6000));
        assert_eq!(next.get_coinbase_tx().await.unwrap().height(), Some(103));
        // A block, whatever the fees are.
        let forever = BlockWaitOptions::default();
        let (after, block) = join!(next.wait_next(&forever), async {
            let block = solved(&*next).await;
            assert_eq!(submit(&*next, &block).await, Ok(()));
            block
        });
        let after = after.unwrap().unwrap();
        assert_eq!(after.get_block_header().await.unwrap().prev_blockhash, block.block_hash());
        assert_eq!(after.get_tx_fees().await, Ok(Vec::new()));
        // After 20 minutes without a block the next one may be an easy one.
        state.clock().set_mock_time(u64::from(block.header.time) + 20 * 60 + 1);
        let easy = after.wait_next(&forever).await.unwrap().unwrap();
        assert_eq!(u64::from(easy.get_block_header().await.unwrap().time), state.clock().now());
    });
}

#[test]
fn an_interrupt_ends_one_wait_now_or_later() {
    let directory = tempfile::tempdir().unwrap();
    let state = open(directory.path());
    generate(&state, 1);
    let mining = NodeMining::new(state.clone(), SelectOptions::default());
    let hash = state.tip().hash;
    run(async {
        let nothing = Some(Duration::ZERO);
        // The next one.
        mining.interrupt().await.unwrap();
        assert_eq!(mining.wait_tip_changed(hash, None).await, Ok(None));
        assert_eq!(mining.wait_tip_changed(hash, nothing).await.unwrap().unwrap().hash, hash);
        // The one that is under way.
        let (interrupted, rung) = join!(mining.wait_tip_changed(hash, None), mining.interrupt());
        assert_eq!((interrupted, rung), (Ok(None), Ok(())));
        // An interrupt counts for more than a change, and for templates too.
        mining.interrupt().await.unwrap();
        assert_eq!(mining.wait_tip_changed(BlockHash::all_zeros(), None).await, Ok(None));
        mining.interrupt().await.unwrap();
        let options = BlockCreateOptions::default();
        assert!(mining.create_new_block(&options, false).await.unwrap().is_none());
        let template = mining.create_new_block(&options, true).await.unwrap().unwrap();
        template.interrupt_wait().await.unwrap();
        assert!(template.wait_next(&BlockWaitOptions::default()).await.unwrap().is_none());
        let waits = BlockWaitOptions::default();
        let (next, rung) = join!(template.wait_next(&waits), template.interrupt_wait());
        assert!(next.unwrap().is_none());
        rung.unwrap();
        // Each template has its own: this one still waits.
        let other = mining.create_new_block(&options, false).await.unwrap().unwrap();
        template.interrupt_wait().await.unwrap();
        let mut waiting = other.wait_next(&waits);
        assert!((&mut waiting).now_or_never().is_none());
    });
}

#[test]
fn a_stop_ends_all_waits() {
    let directory = tempfile::tempdir().unwrap();
    let state = open(directory.path());
    generate(&state, 1);
    let client = client(&state, Release::V32);
    run(async {
        let template = template(&client).await;
        let mining = client.mining();
        let waits = BlockWaitOptions::default();
        let (tip, next, ()) =
            join!(mining.wait_tip_changed(state.tip().hash, None), template.wait_next(&waits), async {
                mining.get_tip().await.unwrap();
                state.close().unwrap();
            });
        assert_eq!(tip, Ok(None));
        assert!(next.unwrap().is_none());
        let options = BlockCreateOptions::default();
        assert!(mining.create_new_block(&options, false).await.unwrap().is_none());
    });
}

#[test]
fn a_cooldown_lasts_until_the_chain_has_caught_up() {
    let directory = tempfile::tempdir().unwrap();
    let state = open(directory.path());
    let old = mine::block(state.tip().hash, 1, 0, REWARD, &[]);
    assert_eq!(state.process_block(&old).unwrap(), Verdict::Valid);
    let mining = NodeMining::new(state.clone(), SelectOptions::default());
    let options = BlockCreateOptions::default();
    run(async {
        assert_eq!(mining.is_initial_block_download().await, Ok(true));
        let mut waiting = mining.create_new_block(&options, true);
        // It is waiting while others who do not want to wait get theirs.
        for _ in 0..5 {
            tokio::select! {
                _ = &mut waiting => panic!("the chain is old"),
                other = mining.create_new_block(&options, false) => assert!(other.unwrap().is_some()),
            }
        }
        let (template, _) = join!(waiting, async { generate(&state, 1) });
        let header = template.unwrap().unwrap().get_block_header().await.unwrap();
        assert_eq!(header.prev_blockhash, state.tip().hash);
    });
}

#[test]
fn options_that_make_no_block_are_errors() {
    let directory = tempfile::tempdir().unwrap();
    let state = open(directory.path());
    let client = client(&state, Release::V32);
    run(async {
        let refused = async |block_reserved_weight, coinbase_output_max_additional_sigops| {
            let options = BlockCreateOptions {
                block_reserved_weight,
                coinbase_output_max_additional_sigops,
                ..BlockCreateOptions::default()
            };
            let error = client.mining().create_new_block(&options, false).await.err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Failed);
            error.text().to_owned()
        };
        let low = "block_reserved_weight (1999) is lower than minimum safety value of (2000)";
        assert_eq!(refused(1999, 400).await, low);
        let high = "block_reserved_weight (4000001) exceeds consensus maximum block weight (4000000)";
        assert_eq!(refused(4_000_001, 400).await, high);
        assert!(refused(2000, 80_001).await.contains("sigops"));
        template(&client).await;
    });
}

/// Adds outputs that pay nobody, until a transaction has so many bytes.
fn padded(mut tx: Transaction, bytes: usize) -> Transaction {
    let output = |bytes| {
        let data = bitcoin::script::PushBytesBuf::try_from(vec![7; bytes]).unwrap();
        TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new_op_return(data) }
    };
    while tx.total_size() < bytes {
        tx.output.push(output((bytes - tx.total_size()).clamp(1, 9000)));
    }
    tx
}

#[test]
fn templates_that_are_held_share_their_transactions() {
    let directory = tempfile::tempdir().unwrap();
    let state = open(directory.path());
    let blocks = generate(&state, 101);
    let tx = pay(&blocks[0].txdata[0], 100_000);
    accept(&state, &tx);
    let mining = NodeMining::new(state.clone(), SelectOptions::default());
    let users = || Arc::strong_count(&state.mempool().get(&tx.compute_txid()).unwrap().tx);
    run(async {
        let mut held = Vec::new();
        for _ in 0..100 {
            let options = BlockCreateOptions::default();
            held.push(mining.create_new_block(&options, false).await.unwrap().unwrap());
        }
        // The mempool has it too, and for a moment so may whoever is told of it.
        assert!(users() > held.len(), "{}", users());
        // They stay as they are when the transaction has gone.
        let block = solved(&*held[0]).await;
        assert_eq!(submit(&*held[0], &block).await, Ok(()));
        assert_eq!(held[99].get_block().await.unwrap().txdata[1..], *std::slice::from_ref(&tx));
    });
}

#[test]
fn an_answer_that_would_be_too_large_is_not_made() {
    let directory = tempfile::tempdir().unwrap();
    let state = open(directory.path());
    let blocks = generate(&state, 101);
    let tx = padded(pay(&blocks[0].txdata[0], 1_000_000), 90_000);
    accept(&state, &tx);
    let mining = NodeMining::new(state.clone(), SelectOptions::default());
    let (txid, wtxid, fit) = (tx.compute_txid(), tx.compute_wtxid(), (64 << 20) / tx.total_size());
    run(async {
        let some = mining.get_transactions_by_txid(&vec![txid; 100]).await.unwrap();
        assert!(some.len() == 100 && some.iter().all(|found| found.as_ref() == Some(&tx)));
        let text = format!(
            "the transactions are {} bytes together, and one answer at most 67108864",
            tx.total_size() * 100_000
        );
        let error = mining.get_transactions_by_txid(&vec![txid; 100_000]).await.unwrap_err();
        assert_eq!((error.kind(), error.text()), (ErrorKind::Limit, &*text));
        let error = mining.get_transactions_by_witness_id(&vec![wtxid; fit + 1]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
        // Ids that are not there cost nothing.
        assert_eq!(
            mining.get_transactions_by_txid(&vec![Txid::all_zeros(); 100_000]).await.unwrap().len(),
            100_000
        );
    });
}

#[test]
fn blocks_are_generated_within_limits() {
    let directory = tempfile::tempdir().unwrap();
    let state = open(directory.path());
    let blocks = generate(&state, 101);
    let waiting = pay(&blocks[0].txdata[0], 1000);
    accept(&state, &waiting);
    let options = SelectOptions::default();
    let solve = |transactions, tries: &mut u64, stop| {
        solve(&state, &options, &anyone(), transactions, tries, &move || stop)
    };
    let mut tries = 0;
    assert_eq!(solve(None, &mut tries, false).unwrap(), None);
    tries = 1000;
    assert_eq!(solve(None, &mut tries, true).unwrap(), None);
    assert_eq!(tries, 1000);
    let block = solve(None, &mut tries, false).unwrap().unwrap();
    assert_eq!(block.txdata[1..], *std::slice::from_ref(&waiting));
    assert_eq!(u64::from(block.header.nonce), 1000 - tries);
    // Only what is asked for; its fee is left.
    let empty = solve(Some(Vec::new()), &mut tries, false).unwrap().unwrap();
    assert_eq!((empty.txdata.len(), empty.txdata[0].output[0].value.to_sat()), (1, REWARD));
    let invalid = solve(Some(vec![pay(&blocks[100].txdata[0], 1)]), &mut tries, false).unwrap_err();
    assert!(invalid.text().starts_with("TestBlockValidity failed: bad-txns-premature"), "{invalid}");
    let chosen = solve(Some(vec![waiting.clone()]), &mut tries, false).unwrap().unwrap();
    assert_eq!(chosen.txdata[0].output[0].value.to_sat(), REWARD);
    assert_eq!(state.process_block(&chosen).unwrap(), Verdict::Valid);
    assert!(state.mempool().is_empty());
}
