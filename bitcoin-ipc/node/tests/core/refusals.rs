//! Blocks that break a rule, each given to both nodes.

use bitcoin::block::Version;
use bitcoin::hashes::Hash;
use bitcoin::{
    Amount, Block, BlockHash, CompactTarget, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxMerkleNode,
    TxOut, Witness, absolute,
};
use bitcoin_ipc::types::{BlockCheckOptions, Reject};
use serde_json::json;

use super::both::{Both, NOW};
use super::mine::{self, REWARD, grind, spend};

const CHECKS: [BlockCheckOptions; 4] = [
    BlockCheckOptions { check_merkle_root: true, check_pow: true },
    BlockCheckOptions { check_merkle_root: true, check_pow: false },
    BlockCheckOptions { check_merkle_root: false, check_pow: true },
    BlockCheckOptions { check_merkle_root: false, check_pow: false },
];

/// The chain that blocks are to follow; its coinbases pay to anyone.
struct Chain {
    blocks: Vec<Block>,
}

impl Chain {
    fn generate(both: &Both, count: u32) -> Self {
        let descriptor = both.core("getdescriptorinfo", json!(["raw(51)"])).unwrap();
        let descriptor = &descriptor["descriptor"];
        let hashes = both.core("generatetodescriptor", json!([count, descriptor])).unwrap();
        both.copy(&hashes);
        let block = |hash| {
            let hex = both.core("getblock", json!([hash, 0])).unwrap();
            bitcoin::consensus::encode::deserialize_hex(hex.as_str().unwrap()).unwrap()
        };
        Chain { blocks: hashes.as_array().unwrap().iter().map(block).collect() }
    }

    fn tip(&self) -> &Block {
        self.blocks.last().unwrap()
    }

    /// The coinbase at a height.
    fn coinbase(&self, height: usize) -> &Transaction {
        &self.blocks[height - 1].txdata[0]
    }

    /// The next block, of which all is right but what is given.
    fn next(&self, reward: u64, rest: &[Transaction]) -> Block {
        let height = u32::try_from(self.blocks.len()).unwrap() + 1;
        let mut block = mine::block(self.tip().block_hash(), height, 0, reward, rest);
        block.header.time = self.tip().header.time + 1;
        grind(&mut block, true);
        block
    }

    /// The next block after a change, with the root and the work that belong to it.
    fn changed(&self, rest: &[Transaction], change: impl FnOnce(&mut Block)) -> Block {
        let mut block = self.next(REWARD, rest);
        change(&mut block);
        block.header.merkle_root = block.compute_merkle_root().unwrap_or(TxMerkleNode::all_zeros());
        grind(&mut block, true);
        block
    }

    /// The next block, whose header is changed.
    fn header(&self, change: impl FnOnce(&mut bitcoin::block::Header)) -> Block {
        let mut block = self.next(REWARD, &[]);
        change(&mut block.header);
        block
    }

    /// A block of one transaction more, which spends the coinbase at height 1 and is changed.
    fn with(&self, change: impl FnOnce(&mut Transaction)) -> Block {
        let mut tx = spend(self.coinbase(1), 1000);
        change(&mut tx);
        self.next(REWARD, &[tx])
    }
}

fn worked(mut block: Block) -> Block {
    grind(&mut block, true);
    block
}

fn headers(chain: &Chain) -> Vec<(&'static str, Block)> {
    let version = |version| worked(chain.header(|header| header.version = Version::from_consensus(version)));
    let time = |time| worked(chain.header(|header| header.time = time));
    vec![
        ("unknown parent", worked(chain.header(|header| header.prev_blockhash = BlockHash::all_zeros()))),
        (
            "other parent",
            worked(chain.header(|header| header.prev_blockhash = chain.blocks[50].block_hash())),
        ),
        ("root", worked(chain.header(|header| header.merkle_root = TxMerkleNode::all_zeros()))),
        ("bits", worked(chain.header(|header| header.bits = CompactTarget::from_consensus(0x207f_fffe)))),
        ("negative bits", chain.header(|header| header.bits = CompactTarget::from_consensus(0x04ff_ffff))),
        ("no work", {
            let mut block = chain.next(REWARD, &[]);
            grind(&mut block, false);
            block
        }),
        ("version 1", version(1)),
        ("version 3", version(3)),
        ("negative version", version(-1)),
        ("median time", time(chain.blocks[chain.blocks.len() - 6].header.time)),
        ("old time", time(1)),
        ("in two hours", time(u32::try_from(NOW).unwrap() + 7200)),
        ("future", time(u32::try_from(NOW).unwrap() + 7201)),
    ]
}

fn coinbases(chain: &Chain) -> Vec<(&'static str, Block)> {
    let coinbase = |change: fn(&mut Transaction)| chain.changed(&[], |block| change(&mut block.txdata[0]));
    let script = |bytes: &[u8]| {
        chain.changed(&[], |block| {
            block.txdata[0].input[0].script_sig = ScriptBuf::from_bytes(bytes.to_vec());
        })
    };
    let second = {
        let mut second = chain.next(REWARD, &[]).txdata.remove(0);
        second.input[0].script_sig = ScriptBuf::from_bytes(vec![0x51; 4]);
        second.output.truncate(1);
        second
    };
    vec![
        ("no transaction", chain.changed(&[], |block| block.txdata.clear())),
        ("no coinbase", chain.changed(&[spend(chain.coinbase(1), 0)], |block| drop(block.txdata.remove(0)))),
        ("two coinbases", chain.next(REWARD, &[second])),
        ("no script", script(&[])),
        ("short script", script(&[0x51])),
        ("long script", script(&[0x51; 101])),
        ("other height", script(&[0x01, 0x11, 0x51])),
        ("greedy", chain.next(REWARD + 1, &[])),
        ("very greedy", chain.next(Amount::MAX_MONEY.to_sat() + 1, &[])),
        ("modest", chain.next(REWARD - 1, &[])),
        ("no output", coinbase(|coinbase| coinbase.output.clear())),
        (
            "locked",
            coinbase(|coinbase| {
                coinbase.lock_time = absolute::LockTime::from_consensus(1000);
                coinbase.input[0].sequence = Sequence::ZERO;
            }),
        ),
        ("no commitment", coinbase(|coinbase| coinbase.output.truncate(1))),
        ("no reserved value", coinbase(|coinbase| coinbase.input[0].witness = Witness::new())),
        ("short reserved value", {
            coinbase(|coinbase| coinbase.input[0].witness = Witness::from_slice(&[[0; 31]]))
        }),
        ("other reserved value", {
            coinbase(|coinbase| coinbase.input[0].witness = Witness::from_slice(&[[1; 32]]))
        }),
        ("commitment twice", coinbase(|coinbase| coinbase.output.push(coinbase.output[1].clone()))),
        (
            "bare",
            coinbase(|coinbase| {
                coinbase.output.truncate(1);
                coinbase.input[0].witness = Witness::new();
            }),
        ),
    ]
}

fn transactions(chain: &Chain) -> Vec<(&'static str, Block)> {
    let value = |value| chain.with(|tx| tx.output[0].value = Amount::from_sat(value));
    let tip = u32::try_from(chain.blocks.len()).unwrap();
    let lock = |height| {
        chain.with(|tx| {
            tx.lock_time = absolute::LockTime::from_consensus(height);
            tx.input[0].sequence = Sequence::ZERO;
        })
    };
    let first = spend(chain.coinbase(1), 1000);
    let child = spend(&first, 1000);
    let other = spend(chain.coinbase(1), 2000);
    let relative = |blocks| {
        let mut tx = spend(&first, 1000);
        tx.input[0].sequence = Sequence::from_height(blocks);
        chain.next(REWARD, &[first.clone(), tx])
    };
    // OP_RETURN and OP_CHECKSIG, of which the one cannot be spent and the other counts.
    let unspendable = |script: Vec<u8>| {
        chain.with(|tx| {
            tx.output.push(TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::from_bytes(script) });
        })
    };
    vec![
        ("one", chain.next(REWARD, std::slice::from_ref(&first))),
        ("with its fee", chain.next(REWARD + 1000, std::slice::from_ref(&first))),
        ("more than its fee", chain.next(REWARD + 1001, std::slice::from_ref(&first))),
        ("parent and child", chain.next(REWARD, &[first.clone(), child.clone()])),
        ("child and parent", chain.next(REWARD, &[child.clone(), first.clone()])),
        ("orphan", chain.next(REWARD, &[child])),
        ("double spend", chain.next(REWARD, &[first.clone(), other])),
        ("twice", chain.changed(&[first.clone(), first.clone()], |_| {})),
        ("early", chain.next(REWARD, &[spend(chain.coinbase(chain.blocks.len()), 0)])),
        ("just early", chain.next(REWARD, &[spend(chain.coinbase(chain.blocks.len() - 98), 0)])),
        ("just ripe", chain.next(REWARD, &[spend(chain.coinbase(chain.blocks.len() - 99), 0)])),
        ("more than there is", value(REWARD + 1)),
        ("more than can be", value(Amount::MAX_MONEY.to_sat() + 1)),
        ("negative", value(1 << 63)),
        (
            "a sum too large",
            chain.with(|tx| {
                tx.output[0].value = Amount::MAX_MONEY;
                tx.output.push(tx.output[0].clone());
            }),
        ),
        ("no output", chain.with(|tx| tx.output.clear())),
        ("an input twice", chain.with(|tx| tx.input.push(tx.input[0].clone()))),
        (
            "an input of none",
            chain.with(|tx| {
                tx.input.push(TxIn { previous_output: OutPoint::null(), ..TxIn::default() });
            }),
        ),
        ("a missing input", chain.with(|tx| tx.input[0].previous_output.vout = 7)),
        ("locked until now", lock(tip)),
        ("locked", lock(tip + 1)),
        ("locked by time", lock(u32::try_from(NOW).unwrap() + 100_000)),
        ("relative lock that is over", relative(0)),
        ("relative lock", relative(1)),
        (
            "script that fails",
            chain.with(|tx| {
                tx.input[0].script_sig = ScriptBuf::from_bytes(vec![0x00, 0x69]);
            }),
        ),
        ("unclean stack", chain.with(|tx| tx.input[0].script_sig = ScriptBuf::from_bytes(vec![0x51]))),
        (
            "witness of a script without",
            chain.with(|tx| {
                tx.input[0].witness = Witness::from_slice(&[[1; 5]]);
            }),
        ),
        (
            "witness that is not committed to",
            chain.changed(std::slice::from_ref(&first), |block| {
                block.txdata[1].input[0].witness = Witness::from_slice(&[[1; 5]]);
            }),
        ),
        (
            "witness without a commitment",
            chain.changed(std::slice::from_ref(&first), |block| {
                block.txdata[0].output.truncate(1);
                block.txdata[0].input[0].witness = Witness::new();
                block.txdata[1].input[0].witness = Witness::from_slice(&[[1; 5]]);
            }),
        ),
        ("checks of signatures", unspendable(vec![0xac; 20_000])),
        ("too many checks of signatures", unspendable(vec![0xac; 20_001])),
        ("large", unspendable(vec![0x6a; 990_000])),
        ("too large", unspendable(vec![0x6a; 1_000_000])),
    ]
}

/// The kernel does not say what was wrong with a script when it is asked to run one.
fn known(mut reject: Reject) -> Reject {
    const SCRIPT: &str = "block-script-verify-flag-failed";
    if reject.reason.starts_with(SCRIPT) {
        reject.reason.truncate(SCRIPT.len());
    }
    reject
}

pub(crate) fn blocks_are_refused_for_the_same_reasons() {
    let both = Both::start();
    let chain = Chain::generate(&both, 120);
    let blocks = [headers(&chain), coinbases(&chain), transactions(&chain)].concat();
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (what, block) in blocks {
        let [verdict, ..] = CHECKS.map(|options| {
            let checked = both.ask(|mining| mining.check_block(&block, &options).unwrap().map_err(known));
            both.equal(&format!("checkBlock {what}, {options:?}"), checked)
        });
        if verdict.is_ok() { &mut good } else { &mut bad }.push((what, block));
    }
    assert!(good.len() >= 10 && bad.len() >= 40, "{} of {}", good.len(), bad.len());
    // Those that are good go last: the first becomes the tip, the others lie beside it.
    for (what, block) in bad.iter().chain(&good) {
        for time in ["first", "second"] {
            let submitted = both.ask(|mining| mining.submit_block(block).unwrap());
            let _ = both.equal(&format!("submitBlock {what}, for the {time} time"), submitted);
        }
        let tips = both.ask(|mining| mining.get_tip().unwrap());
        both.equal(&format!("getTip after {what}"), tips);
    }
    both.same_sorted("getchaintips", "hash");
    both.finish();
}
