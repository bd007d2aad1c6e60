//! What is said of a block without taking it, and the kernel's word on the same block.
//!
//! In: blocks that each break one rule. Out: the same reason from both.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod mine;

use std::path::Path;
use std::sync::Arc;

use bitcoin::consensus::encode::deserialize_hex;
use bitcoin::hashes::Hash;
use bitcoin::opcodes::all::{OP_CHECKSIG, OP_ENDIF, OP_IF, OP_PUSHBYTES_0, OP_RETURN};
use bitcoin::script::Builder;
use bitcoin::{
    Amount, Block, CompactTarget, Network, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxMerkleNode,
    TxOut, Txid, Witness, absolute, block,
};
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::signals::Signals;
use bitcoin_ipc::types::{BlockCheckOptions, Reject};
use bitcoin_node::chainstate::Verdict;
use bitcoin_node::check_block::check_block;
use bitcoin_node::state::{Options, State};
use mine::{REWARD, anyone, grind, spend};

fn open(directory: &Path, network: Network) -> Arc<State> {
    State::open(&Options::new(directory, network), Signals::default(), Shutdown::new()).unwrap()
}

/// A chain whose lowest coinbases may be spent.
struct Bench {
    state: Arc<State>,
    blocks: Vec<Block>,
    /// Confirmed in the highest block: a coin that nobody can spend, one for anyone, and one more.
    split: Transaction,
    _directory: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let state = open(directory.path(), Network::Regtest);
        let mut blocks = Vec::new();
        for _ in 0..110 {
            let tip = state.tip();
            let block = mine::block(tip.hash, tip.height + 1, 0, REWARD, &[]);
            assert_eq!(state.process_block(&block).unwrap(), Verdict::Valid);
            blocks.push(block);
        }
        let mut split = spend(&blocks[0].txdata[0], 0);
        let never = Builder::new().push_opcode(OP_PUSHBYTES_0).into_script();
        split.output = [(1, never), (2, anyone()), (3, anyone())]
            .map(|(value, script_pubkey)| TxOut { value: Amount::from_sat(value), script_pubkey })
            .to_vec();
        let mut bench = Bench { state, blocks, split, _directory: directory };
        let block = bench.block(&[bench.split.clone()]);
        assert_eq!(bench.state.process_block(&block).unwrap(), Verdict::Valid);
        bench.blocks.push(block);
        bench
    }

    /// A good block on the tip, if the transactions are good.
    fn block(&self, rest: &[Transaction]) -> Block {
        let tip = self.state.tip();
        mine::block(tip.hash, tip.height + 1, 0, REWARD, rest)
    }

    /// The same, changed, with root and work of its own.
    fn changed(&self, rest: &[Transaction], change: impl FnOnce(&mut Block)) -> Block {
        let mut block = self.block(rest);
        change(&mut block);
        block.header.merkle_root = block.compute_merkle_root().unwrap_or_else(TxMerkleNode::all_zeros);
        grind(&mut block, true);
        block
    }

    fn coinbase(&self, height: usize) -> &Transaction {
        &self.blocks[height - 1].txdata[0]
    }

    /// Spends a coinbase that is old enough, with a change.
    fn spend(&self, height: usize, change: impl FnOnce(&mut Transaction)) -> Transaction {
        let mut tx = spend(self.coinbase(height), 1000);
        change(&mut tx);
        tx
    }
}

fn output(value: u64, script_pubkey: ScriptBuf) -> TxOut {
    TxOut { value: Amount::from_sat(value), script_pubkey }
}

/// A transaction and one that spends from it, whose scripts have more signature operations in all than
/// a block may have; none of them shows in the outputs.
fn hidden_sigops(bench: &Bench) -> [Transaction; 2] {
    let mut script = Builder::new().push_opcode(OP_PUSHBYTES_0).push_opcode(OP_IF);
    for _ in 0..9000 {
        script = script.push_opcode(OP_CHECKSIG);
    }
    let script = script.push_opcode(OP_ENDIF).push_int(1).into_script();
    let parent = bench.spend(2, |tx| tx.output = vec![output(1000, script.to_p2wsh()); 9]);
    let mut child = spend(&parent, 0);
    let input = |vout| TxIn {
        previous_output: OutPoint::new(parent.compute_txid(), vout),
        witness: Witness::from_slice(&[script.as_bytes()]),
        ..TxIn::default()
    };
    child.input = (0..9).map(input).collect();
    [parent, child]
}

/// Blocks that each break the rule of the reason.
fn broken(bench: &Bench) -> Vec<(&'static str, Block)> {
    let good = bench.block(&[]);
    let with = |tx: Transaction| bench.block(&[tx]);
    let mut list = Vec::new();
    let mut no_work = good.clone();
    grind(&mut no_work, false);
    list.push(("high-hash", no_work));
    let mut impossible = good.clone();
    impossible.header.bits = CompactTarget::from_consensus(0x2300_0001);
    list.push(("high-hash", impossible));
    let mut root = good.clone();
    root.header.merkle_root = TxMerkleNode::all_zeros();
    grind(&mut root, true);
    list.push(("bad-txnmrklroot", root));
    let mut twice = bench.block(&[bench.spend(2, |_| ()), bench.spend(3, |_| ())]);
    twice.txdata.push(twice.txdata[2].clone());
    list.push(("bad-txns-duplicate", twice));

    list.push(("bad-blk-length", bench.changed(&[], |block| block.txdata.clear())));
    let large = output(0, ScriptBuf::from_bytes(vec![0x6a; 1_000_000]));
    list.push(("bad-blk-length", bench.changed(&[], |block| block.txdata[0].output.push(large))));
    let first = |block: &mut Block| block.txdata[0] = bench.spend(2, |_| ());
    list.push(("bad-cb-missing", bench.changed(&[], first)));
    list.push(("bad-cb-multiple", with(bench.coinbase(1).clone())));
    let long = |block: &mut Block| {
        let script = &mut block.txdata[0].input[0].script_sig;
        *script = ScriptBuf::from_bytes([script.as_bytes(), &[0; 100]].concat());
    };
    list.push(("bad-cb-length", bench.changed(&[], long)));
    list.push(("bad-txns-vout-empty", with(bench.spend(2, |tx| tx.output.clear()))));
    let above = Amount::MAX_MONEY.to_sat() + 1;
    list.push((
        "bad-txns-vout-toolarge",
        with(bench.spend(2, |tx| tx.output[0].value = Amount::from_sat(above))),
    ));
    let negative = |tx: &mut Transaction| tx.output[0].value = Amount::from_sat(u64::MAX);
    list.push(("bad-txns-vout-negative", with(bench.spend(2, negative))));
    let all = |tx: &mut Transaction| tx.output = vec![output(above - 1, anyone()); 2];
    list.push(("bad-txns-txouttotal-toolarge", with(bench.spend(2, all))));
    let again = |tx: &mut Transaction| tx.input.push(tx.input[0].clone());
    list.push(("bad-txns-inputs-duplicate", with(bench.spend(2, again))));
    let null = |tx: &mut Transaction| tx.input.push(TxIn::default());
    list.push(("bad-txns-prevout-null", with(bench.spend(2, null))));
    let sigops = Builder::new().into_script();
    let sigops = ScriptBuf::from_bytes([sigops.into_bytes(), vec![0xac; 20_001]].concat());
    list.push(("bad-blk-sigops", with(bench.spend(2, |tx| tx.output[0].script_pubkey = sigops))));

    let bits = |block: &mut Block| block.header.bits = CompactTarget::from_consensus(0x207f_fffe);
    list.push(("bad-diffbits", bench.changed(&[], bits)));
    let median = bench.state.chain().median_time_past(good.header.prev_blockhash).unwrap().unwrap();
    list.push(("time-too-old", bench.changed(&[], |block| block.header.time = median)));
    let ahead = u32::try_from(bench.state.clock().now() + 3 * 60 * 60).unwrap();
    list.push(("time-too-new", bench.changed(&[], |block| block.header.time = ahead)));
    for (version, reason) in
        [(3, "bad-version(0x00000003)"), (1, "bad-version(0x00000001)"), (-1, "bad-version(0xffffffff)")]
    {
        let version = block::Version::from_consensus(version);
        list.push((reason, bench.changed(&[], |block| block.header.version = version)));
    }

    let locked = |tx: &mut Transaction| {
        tx.lock_time = absolute::LockTime::from_consensus(1000);
        tx.input[0].sequence = Sequence::ZERO;
    };
    list.push(("bad-txns-nonfinal", with(bench.spend(2, locked))));
    let later = absolute::LockTime::from_consensus(median);
    let by_time = |tx: &mut Transaction| {
        locked(tx);
        tx.lock_time = later;
    };
    list.push(("bad-txns-nonfinal", with(bench.spend(2, by_time))));
    let height = |block: &mut Block| {
        block.txdata[0].input[0].script_sig = Builder::new().push_int(9).push_int(9).into_script();
    };
    list.push(("bad-cb-height", bench.changed(&[], height)));
    let reserved = |block: &mut Block| block.txdata[0].input[0].witness = Witness::from_slice(&[[0; 31]]);
    list.push(("bad-witness-nonce-size", bench.changed(&[], reserved)));
    let other = |block: &mut Block| block.txdata[0].input[0].witness = Witness::from_slice(&[[1; 32]]);
    list.push(("bad-witness-merkle-match", bench.changed(&[], other)));
    let uncommitted = |block: &mut Block| block.txdata[0].output.truncate(1);
    list.push(("unexpected-witness", bench.changed(&[], uncommitted)));
    let heavy = |tx: &mut Transaction| tx.input[0].witness = Witness::from_slice(&[vec![0; 4_000_000]]);
    list.push(("bad-blk-weight", with(bench.spend(2, heavy))));

    list.push(("bad-txns-BIP30", with(bench.split.clone())));
    let unknown = |tx: &mut Transaction| tx.input[0].previous_output.txid = Txid::all_zeros();
    list.push(("bad-txns-inputs-missingorspent", with(bench.spend(2, unknown))));
    list.push(("bad-txns-inputs-missingorspent", with(bench.spend(1, |_| ()))));
    let both = [bench.spend(2, |_| ()), bench.spend(2, |tx| tx.output[0].value = Amount::ZERO)];
    list.push(("bad-txns-inputs-missingorspent", bench.block(&both)));
    let parent = bench.spend(2, |_| ());
    let child = spend(&parent, 10);
    list.push(("bad-txns-inputs-missingorspent", bench.block(&[child, parent])));
    list.push(("bad-txns-premature-spend-of-coinbase", with(bench.spend(13, |_| ()))));
    let more = |tx: &mut Transaction| tx.output[0].value = Amount::from_sat(REWARD + 1);
    list.push(("bad-txns-in-belowout", with(bench.spend(2, more))));
    let young = |tx: &mut Transaction| {
        tx.input[0].previous_output = OutPoint::new(bench.split.compute_txid(), 1);
        tx.input[0].sequence = Sequence::from_height(2);
        tx.output[0].value = Amount::ZERO;
    };
    list.push(("bad-txns-nonfinal", with(bench.spend(2, young))));
    list.push(("bad-blk-sigops", bench.block(&hidden_sigops(bench))));
    let tip = bench.state.tip();
    let fee = bench.spend(2, |_| ());
    list.push(("bad-cb-amount", mine::block(tip.hash, tip.height + 1, 0, REWARD + 1001, &[fee])));
    let never = |tx: &mut Transaction| {
        tx.input[0].previous_output = OutPoint::new(bench.split.compute_txid(), 0);
        tx.output[0].value = Amount::ZERO;
    };
    list.push(("block-script-verify-flag-failed", with(bench.spend(2, never))));
    list
}

#[test]
fn the_kernel_gives_the_same_reasons() {
    let bench = Bench::new();
    let all = BlockCheckOptions::default();
    let before = bench.state.tip();
    for (expected, block) in broken(&bench) {
        let reject = check_block(&bench.state, &block, &all).unwrap().expect_err(expected);
        let Verdict::Invalid(kernels) = bench.state.process_block(&block).unwrap() else {
            panic!("{expected}: the kernel took it");
        };
        // Of scripts the kernel's log says the rule, its answer does not.
        let short = |reason: &str| reason.split(" (").next().unwrap().to_owned();
        assert_eq!(short(&reject.reason), expected, "{reject}");
        assert_eq!(short(&kernels.reason), expected, "{kernels:?}");
        assert_eq!(reject.debug.trim_end(), kernels.details.trim_end(), "{expected}");
        assert_eq!(bench.state.tip(), before);
    }
}

#[test]
fn good_blocks_pass_and_leave_no_trace() {
    let bench = Bench::new();
    let all = BlockCheckOptions::default();
    let parent =
        bench.spend(2, |tx| tx.output.push(output(0, ScriptBuf::from_bytes(vec![OP_RETURN.to_u8()]))));
    let child = spend(&parent, 10);
    let ready = bench.spend(12, |tx| {
        tx.lock_time = absolute::LockTime::from_consensus(111);
        tx.input[0].sequence = Sequence::from_height(100);
    });
    let block = bench.block(&[parent, child, ready]);
    let hash = block.block_hash();
    assert_eq!(check_block(&bench.state, &block, &all).unwrap(), Ok(()));
    assert_eq!(bench.state.chain().height(hash), None);
    assert_eq!(bench.state.process_block(&block).unwrap(), Verdict::Valid);
    // It is no longer on the highest block now.
    let reject = check_block(&bench.state, &block, &all).unwrap().unwrap_err();
    assert_eq!(reject, Reject { reason: "inconclusive-not-best-prevblk".into(), debug: String::new() });
}

#[test]
fn what_is_left_out_is_not_checked() {
    let bench = Bench::new();
    let mut block = bench.block(&[]);
    block.header.merkle_root = TxMerkleNode::all_zeros();
    grind(&mut block, false);
    let check = |check_merkle_root, check_pow| {
        let options = BlockCheckOptions { check_merkle_root, check_pow };
        check_block(&bench.state, &block, &options).unwrap().map_err(|reject| reject.reason)
    };
    assert_eq!(check(true, true), Err("high-hash".to_owned()));
    assert_eq!(check(false, true), Err("high-hash".to_owned()));
    assert_eq!(check(true, false), Err("bad-txnmrklroot".to_owned()));
    assert_eq!(check(false, false), Ok(()));
}

/// The first two blocks of the default signet.
const SIGNET: [&str; 2] = [
    "00000020f61eee3b63a380a477a063af32b2bbc97c9ff9f01f2c4225e973988108000000f575c83235984e7dc4afc1f3\
     0944c170462e84437ab6f2d52e16878a79e4678bd1914d5fae77031eccf4070001010000000001010000000000000000\
     000000000000000000000000000000000000000000000000ffffffff025151feffffff0200f2052a0100000016001492\
     43f727dd5343293eb83174324019ec16c2630f0000000000000000776a24aa21a9ede2f61c3f71d1defd3fa999dfa369\
     53755c690689799962b48bebd836974e8cf94c4fecc7daa2490047304402205e423a8754336ca99dbe16509b877ef1bf\
     98d008836c725005b3c787c41ebe46022047246e4467ad7cc7f1ad98662afcaf14c115e0095a227c7b05c5182591c23e\
     7e01000120000000000000000000000000000000000000000000000000000000000000000000000000",
    "00000020533b53ded9bff4adc94101d32400a144c54edc5ed492a3b26c63b2d686000000b38fef50592017cfafbcab88\
     eb3d9cf50b2c801711cad8299495d26df5e54812e7914d5fae77031ecfdd0b0001010000000001010000000000000000\
     000000000000000000000000000000000000000000000000ffffffff025251feffffff0200f2052a01000000160014fd\
     09839740f0e0b4fc6d5e2527e4022aa9b89dfa0000000000000000776a24aa21a9ede2f61c3f71d1defd3fa999dfa369\
     53755c690689799962b48bebd836974e8cf94c4fecc7daa24900473044022031d64a1692cdad1fc0ced69838169fe19a\
     e01be524d831b95fcf5ea4e6541c3c02204f9dea0801df8b4d0cd0857c62ab35c6c25cc47c930630dc7fe723531daa3e\
     9b01000120000000000000000000000000000000000000000000000000000000000000000000000000",
];

#[test]
fn a_signet_block_needs_its_signature() {
    let directory = tempfile::tempdir().unwrap();
    let state = open(directory.path(), Network::Signet);
    let all = BlockCheckOptions::default();
    for hex in SIGNET {
        let block: Block = deserialize_hex(hex).unwrap();
        let mut unsigned = block.clone();
        let script = &mut unsigned.txdata[0].output[1].script_pubkey;
        *script = ScriptBuf::from_bytes(script.as_bytes()[..38].to_vec());
        unsigned.header.merkle_root = unsigned.compute_merkle_root().unwrap();
        let unsolved = BlockCheckOptions { check_merkle_root: true, check_pow: false };
        assert_eq!(check_block(&state, &unsigned, &unsolved).unwrap(), Ok(()));
        // The header stays solved, so that the signature is what is missing.
        unsigned.header = block.header;
        let reject = check_block(&state, &unsigned, &all).unwrap().unwrap_err();
        assert_eq!(reject.reason, "bad-signet-blksig");
        let Verdict::Invalid(kernels) = state.process_block(&unsigned).unwrap() else { panic!() };
        assert_eq!((reject.reason, reject.debug), (kernels.reason, kernels.details));
        assert_eq!(check_block(&state, &block, &all).unwrap(), Ok(()));
        assert_eq!(state.process_block(&block).unwrap(), Verdict::Valid);
    }
}
