//! The drivers against our own server, a node in memory that takes the form of each release.
//!
//! In: drivers made for Bitcoin Core's nodes. Out: that the server answers what its own chain says,
//! and refuses with Core's words.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::path::PathBuf;
use std::time::Duration;

use bitcoin::consensus::{deserialize, serialize};
use bitcoin::hashes::Hash;
use bitcoin::{
    Amount, Block, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness, absolute,
    transaction,
};
use bitcoin_ipc::Release;
use bitcoin_ipc::mock::MemoryNode;
use mp_foreign::{Basics, Chain, CoinbaseTx, Dispatch, Plan, Template, Tip, Verdict, sv2, v30, v31, v32};
use mp_runtime::{EventLoop, Server};
use tempfile::TempDir;

/// The blocks there are when a test begins: enough for scripts that name a height in two bytes.
const BLOCKS: usize = 101;
/// The first subsidy of a regtest chain, in satoshis.
const SUBSIDY: i64 = 5_000_000_000;
/// The fees of the transactions in the mempool, in satoshis.
const FEES: [u8; 2] = [200, 50];
/// The target of every block of regtest.
const BITS: u32 = 0x207f_ffff;
/// The nodes beside the coinbase in a tree of it and two more transactions.
const MERKLE_PATH: usize = 2;

/// What Core says to calls in a form that it no longer serves.
const OLD_MINING: &str = "Old mining interface (@2) not supported. Please update your client!";
const OLD_SOLUTION: &str = "Old submitSolution (@7) not supported. Please update your client!";

/// A server under way.
struct Served {
    node: MemoryNode,
    dir: TempDir,
    _server: Server,
    _event_loop: EventLoop,
}

impl Served {
    /// Serves a node with `BLOCKS` blocks and two transactions.
    fn start(release: Release) -> Self {
        let node = MemoryNode::new();
        node.mine(BLOCKS).unwrap();
        for fee in FEES {
            node.add_transaction(payment(fee), Amount::from_sat(fee.into()));
        }
        let dir = tempfile::tempdir().unwrap();
        let event_loop = EventLoop::new("node").unwrap();
        let server = node.listen(&event_loop, dir.path().join("n.sock"), release).unwrap();
        Self { node, dir, _server: server, _event_loop: event_loop }
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("n.sock")
    }

    /// The last block as the wire has it.
    fn tip(&self) -> Tip {
        let tip = self.node.tip();
        Tip { hash: tip.hash.to_byte_array().to_vec(), height: tip.height }
    }
}

/// A transaction with a witness and one operation that checks a signature.
fn payment(number: u8) -> Transaction {
    Transaction {
        version: transaction::Version::TWO,
        lock_time: absolute::LockTime::ZERO,
        input: vec![TxIn {
            previous_output: OutPoint { txid: Txid::from_byte_array([number; 32]), vout: 0 },
            script_sig: ScriptBuf::new(),
            sequence: Sequence::MAX,
            witness: Witness::from_slice(&[[number]]),
        }],
        output: vec![TxOut {
            value: Amount::from_sat(1000),
            script_pubkey: ScriptBuf::from_bytes(vec![0xac]),
        }],
    }
}

fn fees() -> i64 {
    FEES.into_iter().map(i64::from).sum()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The ways in which a client may treat threads of its own. They wait less than for a real node.
fn plans() -> [Plan; 2] {
    let step = Duration::from_secs(6);
    [true, false].map(|own_threads| Plan { own_threads, step, ..Plan::default() })
}

fn check_basics(basics: &Basics, plan: &Plan) {
    assert_eq!(basics.echoed, plan.echo);
    assert!(basics.thread_name.ends_with(" (from driver's name)"), "{basics:?}");
    assert_eq!(basics.without_thread, Ok(true));
}

fn check_chain(chain: &Chain, served: &Served) {
    assert!(chain.is_test_chain);
    assert!(!chain.is_initial_block_download);
    let tip = served.tip();
    assert_eq!(tip.height, BLOCKS as i32);
    assert_eq!(chain.tip.as_ref(), Some(&tip));
    assert_eq!((&chain.tip_after_wait, &chain.tip_at_once), (&tip, &tip));
}

fn check_template(template: &Template, served: &Served, plan: &Plan) {
    assert_eq!(template.header, template.block[..80]);
    let block: Block = deserialize(&template.block).unwrap();
    let last = served.node.block(BLOCKS).unwrap();
    assert_eq!(block.header.prev_blockhash, last.block_hash());
    assert_eq!((block.header.bits.to_consensus(), block.header.nonce), (BITS, 0));
    assert!(block.header.time >= last.header.time);
    assert!(block.txdata[0].is_coinbase());
    assert_eq!(block.txdata[1..], FEES.map(payment));
    assert_eq!(template.tx_fees, FEES.map(i64::from));
    assert_eq!(template.tx_sigops, [4, 4]);
    assert_eq!(template.merkle_path.len(), MERKLE_PATH);
    assert_eq!(template.merkle_path[0], payment(FEES[0]).compute_txid().to_byte_array());

    assert!(!template.next_after_timeout);
    let interrupted = &template.interrupted;
    assert_eq!(interrupted.answer, Ok(()));
    assert!(!interrupted.next && interrupted.meanwhile);
    assert!(interrupted.took < plan.step / 4, "{interrupted:?}");

    // No root and a nonce of zero; every second hash is work enough.
    let Verdict { accepted, reason, debug } = &template.checked;
    let words = [("high-hash", "proof of work failed"), ("bad-txnmrklroot", "hashMerkleRoot mismatch")];
    assert!(!accepted && words.contains(&(reason, debug)), "{reason}: {debug}");
    check_accepted(&template.checked_contents);
}

fn check_accepted(verdict: &Verdict) {
    assert_eq!(verdict, &Verdict { accepted: true, reason: String::new(), debug: String::new() });
}

fn check_coinbase(coinbase: &CoinbaseTx, template: &Template) {
    assert_eq!(coinbase.block_reward_remaining, SUBSIDY + fees());
    // The script that pushes the height, which is 102.
    assert_eq!(coinbase.script_sig_prefix, [1, 102]);
    assert_eq!((coinbase.witness.as_slice(), coinbase.lock_time), ([0; 32].as_slice(), 101));
    assert_eq!((coinbase.version, coinbase.sequence), (2, 0xffff_fffe));
    let block: Block = deserialize(&template.block).unwrap();
    let outputs: Vec<Vec<u8>> = block.txdata[0].output[1..].iter().map(serialize).collect();
    assert_eq!((outputs.len(), &coinbase.required_outputs), (1, &outputs));
}

#[test]
fn v30_drives_our_server_of_its_form() {
    let served = Served::start(Release::V30);
    for plan in plans() {
        let seen = run(v30::drive(&served.socket(), &plan)).unwrap();
        check_basics(&seen.basics, &plan);
        check_chain(&seen.chain, &served);
        check_template(&seen.template, &served, &plan);
        assert!(!seen.submitted);
        let coinbase: Transaction = deserialize(&seen.coinbase_tx).unwrap();
        assert_eq!(coinbase.output[0].value, Amount::from_sat((SUBSIDY + fees()) as u64));
        let index = usize::try_from(seen.witness_commitment_index).unwrap();
        assert_eq!((index, coinbase.output.len()), (1, 2));
        assert_eq!(coinbase.output[index].script_pubkey.as_bytes(), seen.coinbase_commitment);
        // The height and an OP_0.
        assert_eq!(coinbase.input[0].script_sig.as_bytes(), [1, 102, 0]);
    }
}

#[test]
fn v31_drives_our_server_of_its_form() {
    let served = Served::start(Release::V31);
    for plan in plans() {
        let seen = run(v31::drive(&served.socket(), &plan)).unwrap();
        check_v31(&seen, &plan, &served);
        assert_eq!(seen.submitted, Ok(false));
    }
}

#[test]
fn v31_drives_our_server_of_the_next_form_but_for_solutions() {
    let served = Served::start(Release::V32);
    for plan in plans() {
        let seen = run(v31::drive(&served.socket(), &plan)).unwrap();
        check_v31(&seen, &plan, &served);
        check_failed(&seen.submitted.unwrap_err(), "submitSolution", OLD_SOLUTION);
    }
}

fn check_v31(seen: &v31::Seen, plan: &Plan, served: &Served) {
    check_basics(&seen.basics, plan);
    check_chain(&seen.chain, served);
    check_template(&seen.template, served, plan);
    check_coinbase(&seen.coinbase_tx, &seen.template);
    check_interrupted(&seen.interrupted_tip);
    check_failed(seen.make_mining_old.as_ref().unwrap_err(), "makeMiningOld2", OLD_MINING);
}

/// Core's exceptions are failures, not methods that are missing.
fn check_failed(error: &str, call: &str, text: &str) {
    assert_eq!(error, format!("{call}: Failed: remote exception: {text}"));
}

fn check_interrupted(tip: &Tip) {
    assert_eq!(tip, &Tip { hash: Vec::new(), height: 0 });
}

#[test]
fn v30_is_told_that_our_later_server_does_not_serve_it() {
    for release in [Release::V31, Release::V32] {
        let served = Served::start(release);
        let error = run(v30::drive(&served.socket(), &Plan::default())).unwrap_err();
        check_failed(&error, "makeMining", OLD_MINING);
    }
}

#[test]
fn v32_drives_our_server_with_named_threads() {
    check_v32(Dispatch::Named);
}

#[test]
fn v32_drives_our_server_with_a_pool() {
    check_v32(Dispatch::Pool);
}

fn check_v32(dispatch: Dispatch) {
    let served = Served::start(Release::V32);
    let known = payment(FEES[0]);
    for plan in plans() {
        let txids = vec![known.compute_txid().to_byte_array(), [0x11; 32]];
        let wtxids = vec![[0x22; 32], known.compute_wtxid().to_byte_array()];
        let plan = Plan { dispatch, txids, wtxids, ..plan };
        let seen = run(v32::drive(&served.socket(), &plan)).unwrap();
        check_basics(&seen.basics, &plan);
        check_chain(&seen.chain, &served);
        check_template(&seen.template, &served, &plan);
        check_coinbase(&seen.coinbase_tx, &seen.template);
        check_interrupted(&seen.interrupted_tip);
        // A nonce and a time of zero.
        let reason: &str = &seen.submitted.reason;
        assert!(!seen.submitted.accepted && ["high-hash", "time-too-old"].contains(&reason), "{reason}");
        let Verdict { accepted, reason, debug } = &seen.submitted_block;
        assert_eq!((*accepted, &**reason, &**debug), (false, "high-hash", "proof of work failed"));
        assert_eq!(seen.by_txid, [serialize(&known), vec![]]);
        assert_eq!(seen.by_wtxid, [vec![], serialize(&known)]);
        let rpc: serde_json::Value = serde_json::from_str(&seen.rpc).unwrap();
        assert_eq!((&rpc["result"], &rpc["id"]), (&BLOCKS.into(), &1.into()));
        assert!(seen.rpc_malformed.is_err(), "{:?}", seen.rpc_malformed);
        check_failed(&seen.make_mining_old.unwrap_err(), "makeMiningOld2", OLD_MINING);
        check_failed(&seen.submit_solution_old.unwrap_err(), "submitSolutionOld7", OLD_SOLUTION);
    }
}

fn provider(release: Release, version: sv2::Version) {
    let served = Served::start(release);
    let before = served.tip();
    let advance = async || drop(served.node.mine(1).unwrap());
    let seen = run(sv2::drive(&served.socket(), version, &Plan::default(), advance)).unwrap();
    let after = served.tip();
    assert_eq!(after.height, before.height + 1);
    assert_eq!((&seen.first.prev_hash, &seen.next.prev_hash), (&before.hash, &after.hash));
    assert_eq!((seen.first.template_id, seen.next.template_id), (0, 1));
    assert_eq!(seen.first.coinbase_value, (SUBSIDY + fees()) as u64);
    // The block took the transactions.
    assert_eq!(seen.next.coinbase_value, SUBSIDY as u64);
    assert_eq!((seen.first.merkle_path, seen.next.merkle_path), (MERKLE_PATH, 0));
    assert_eq!(seen.transactions, FEES.map(|fee| serialize(&payment(fee))));
    for (work, height) in [(&seen.first, 102), (&seen.next, 103)] {
        assert!(work.future);
        assert_eq!(work.coinbase_prefix[..2], [1, height]);
        assert_eq!((work.coinbase_outputs, work.bits), (1, BITS));
        let last = served.node.block(usize::from(height) - 1).unwrap();
        assert!(work.timestamp >= last.header.time, "{work:?}");
    }
}

#[test]
fn sv2_drives_our_server_of_30() {
    provider(Release::V30, sv2::Version::V30X);
}

#[test]
fn sv2_drives_our_server_of_31() {
    provider(Release::V31, sv2::Version::V31X);
}

#[test]
fn sv2_drives_our_server_of_32() {
    provider(Release::V32, sv2::Version::V31X);
}
