//! Blocks, reorganisations, payments and kills in any order: the ledger says what a naive model says.

use std::collections::{BTreeMap, HashMap, HashSet};

use bdk_wallet::chain::{BlockId, Merge as _};
use bitcoin::hashes::Hash as _;
use bitcoin::transaction::Version;
use bitcoin::{
    Amount, BlockHash, Network, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness,
    absolute,
};
use bitcoin_ipc::types::OutputType;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::super::{BlockPart, Ledger, LedgerChanges, TxState};
use crate::keys::{Candidate, Derived, Deriver, Descriptor, Range};

const DESCRIPTOR: &str = "wpkh(tpubD6NzVbkrYhZ4WaWSyoBvQwbpLkojyoTZPRsgXELWz3Popb3qkjcJyJUGLnL4qHHoQvao8ESaAstxYSnhyswJ76uZPStJRJCTKvosUCJZL5B/0/*)";
/// How far the wallet looks ahead, and how many of its addresses are paid.
const AHEAD: u32 = 20;
const PAID: u32 = 8;

/// A transaction that the ledger was told of.
#[derive(Clone)]
struct Known {
    tx: Transaction,
    /// When it was last told to be pending, 0 for never, and when it was abandoned.
    told: u64,
    abandoned: u64,
}

/// What is, and what the ledger was told of it.
struct World {
    descriptor: Descriptor,
    own: Vec<ScriptBuf>,
    /// By height.
    chain: Vec<(BlockHash, Vec<Transaction>)>,
    mempool: Vec<Transaction>,
    known: HashMap<Txid, Known>,
    clock: u64,
    ledger: Ledger,
    /// What was written, and what was known then.
    kept: (LedgerChanges, HashMap<Txid, Known>),
}

fn foreign() -> ScriptBuf {
    ScriptBuf::new_op_return([])
}

fn inputs(tx: &Transaction) -> impl Iterator<Item = OutPoint> {
    tx.input.iter().map(|input| input.previous_output)
}

fn transaction(inputs: &[OutPoint], outputs: Vec<TxOut>, number: u64) -> Transaction {
    let input = |previous_output: &OutPoint| TxIn {
        previous_output: *previous_output,
        script_sig: ScriptBuf::new(),
        sequence: Sequence::MAX,
        witness: Witness::new(),
    };
    // No two are the same.
    let lock_time = absolute::LockTime::from_consensus(u32::try_from(number).unwrap());
    Transaction {
        version: Version::TWO,
        lock_time,
        input: inputs.iter().map(input).collect(),
        output: outputs,
    }
}

impl World {
    fn new() -> World {
        let public = Candidate::read(DESCRIPTOR, Network::Regtest).unwrap();
        let descriptor = Descriptor {
            id: 1,
            identity: public.identity(),
            deriver: Deriver::new(crate::keys::read_public(DESCRIPTOR, Network::Regtest).unwrap()),
            kind: OutputType::Bech32,
            internal: false,
            active: true,
            birth: 0,
        };
        let genesis = BlockHash::from_byte_array([0xff; 32]);
        let mut ledger = Ledger::new(genesis, AHEAD);
        ledger.add(&descriptor, descriptor.deriver.derive(Range::default(), AHEAD).unwrap());
        let own = (0..PAID).map(|number| descriptor.deriver.scripts_at(number).unwrap()[0].clone()).collect();
        let kept = (LedgerChanges::default(), HashMap::new());
        let (chain, mempool, known) = (vec![(genesis, Vec::new())], Vec::new(), HashMap::new());
        let mut world = World { descriptor, own, chain, mempool, known, clock: 0, ledger, kept };
        // Coins of others, to begin with.
        let gifts =
            (0..6).map(|number| transaction(&[], vec![world.output(u32::MAX, number)], 1_000 + number));
        let gifts = gifts.collect();
        world.mine(gifts);
        world.save();
        world
    }

    /// Pays an address of the wallet, or somebody else.
    fn output(&self, to: u32, value: u64) -> TxOut {
        let own = usize::try_from(to % (PAID + 4)).ok().and_then(|to| self.own.get(to)).cloned();
        TxOut { value: Amount::from_sat(1000 + value), script_pubkey: own.unwrap_or_else(foreign) }
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    fn chain_txs(&self) -> impl Iterator<Item = &Transaction> {
        self.chain.iter().flat_map(|(_, txs)| txs)
    }

    /// What can be spent; rewards stay where they are.
    fn coins(&self) -> Vec<OutPoint> {
        let all = || self.chain_txs().chain(&self.mempool);
        let spent: HashSet<OutPoint> = all().flat_map(inputs).collect();
        let outputs = all().filter(|tx| !tx.is_coinbase()).flat_map(|tx| {
            let txid = tx.compute_txid();
            (0..).zip(&tx.output).map(move |(vout, _)| OutPoint::new(txid, vout))
        });
        outputs.filter(|coin| !spent.contains(coin)).collect()
    }

    fn make(&mut self, coins: &[OutPoint], to: u32) -> Transaction {
        let number = self.tick();
        let outputs = vec![self.output(to, number), self.output(to / 16, number)];
        transaction(coins, outputs, number)
    }

    fn is_own(&self, tx: &Transaction) -> bool {
        let pays = |tx: &Transaction, vout: usize| self.own.contains(&tx.output[vout].script_pubkey);
        let spends = |coin: OutPoint| {
            let known = self.known.get(&coin.txid);
            known.is_some_and(|known| pays(&known.tx, usize::try_from(coin.vout).unwrap()))
        };
        (0..tx.output.len()).any(|vout| pays(tx, vout)) || inputs(tx).any(spends)
    }

    fn is_rival(&self, tx: &Transaction) -> bool {
        let (txid, spent) = (tx.compute_txid(), inputs(tx).collect::<Vec<_>>());
        self.known
            .iter()
            .any(|(id, known)| *id != txid && inputs(&known.tx).any(|coin| spent.contains(&coin)))
    }

    // What happens, and what the ledger is told.

    fn add(&mut self, tx: Transaction) {
        self.mempool.push(tx.clone());
        self.tell_added(&tx);
    }

    fn tell_added(&mut self, tx: &Transaction) {
        if self.is_own(tx) {
            let (txid, told) = (tx.compute_txid(), self.tick());
            self.ledger.set_in_mempool(txid, true);
            self.ledger.add_pending(tx, i64::try_from(told).unwrap());
            let abandoned = self.known.get(&txid).map_or(0, |known| known.abandoned);
            self.known.insert(txid, Known { tx: tx.clone(), told, abandoned });
        }
    }

    /// Takes transactions out of the mempool, and all that spend from them.
    fn drop_from_mempool(&mut self, gone: impl Fn(&Transaction) -> bool) {
        let mut lost: Vec<Txid> = Vec::new();
        for tx in &self.mempool {
            if gone(tx) || inputs(tx).any(|coin| lost.contains(&coin.txid)) {
                lost.push(tx.compute_txid());
            }
        }
        self.mempool.retain(|tx| !lost.contains(&tx.compute_txid()));
        for txid in lost {
            self.ledger.set_in_mempool(txid, false);
        }
    }

    fn mine(&mut self, txs: Vec<Transaction>) {
        let number = self.tick();
        let mut all = vec![transaction(
            &[OutPoint::null()],
            vec![self.output(u32::try_from(number % 16).unwrap(), 0)],
            number,
        )];
        all.extend(txs);
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_le_bytes());
        self.chain.push((BlockHash::from_byte_array(hash), all));
        self.tell_connected(self.chain.len() - 1);
        let spent: HashSet<OutPoint> = self.chain_txs().flat_map(inputs).collect();
        let mined: HashSet<Txid> = self.chain_txs().map(Transaction::compute_txid).collect();
        self.mempool.retain(|tx| !mined.contains(&tx.compute_txid()));
        self.drop_from_mempool(|tx| inputs(tx).any(|coin| spent.contains(&coin)));
    }

    fn tell_connected(&mut self, height: usize) {
        let (hash, txs) = self.chain[height].clone();
        let below = Some(self.chain[height - 1].0);
        let height = u32::try_from(height).unwrap();
        let part = BlockPart::new(hash, height, below, 0, (0..).zip(txs.clone()).collect());
        self.ledger.connect(part).unwrap();
        for tx in txs {
            if self.is_own(&tx) || self.is_rival(&tx) {
                let new = Known { tx: tx.clone(), told: 0, abandoned: 0 };
                self.known.entry(tx.compute_txid()).or_insert(new);
            }
        }
    }

    /// Blocks are lost; what was in them waits again.
    fn lose(&mut self, count: usize) {
        let height = self.chain.len().saturating_sub(count).max(2);
        let lost = self.chain.split_off(height);
        self.ledger.disconnect_from(u32::try_from(height).unwrap()).unwrap();
        let waiting = std::mem::take(&mut self.mempool);
        let back = lost.into_iter().flat_map(|(_, txs)| txs).filter(|tx| !tx.is_coinbase());
        for tx in back.collect::<Vec<_>>() {
            self.add(tx);
        }
        self.mempool.extend(waiting);
    }

    fn abandon(&mut self, txid: Txid) {
        for txid in [vec![txid], self.ledger.descendants(txid)].concat() {
            if self.place(txid).is_none() && !self.ledger.in_mempool(txid) {
                let now = self.tick();
                self.ledger.abandon(txid, i64::try_from(now).unwrap());
                self.known.get_mut(&txid).unwrap().abandoned = now;
            }
        }
    }

    fn save(&mut self) {
        let changes = self.ledger.changes().clone();
        self.kept.0.chain.merge(changes.chain);
        self.kept.0.graph.merge(changes.graph);
        self.kept.0.scripts.merge(changes.scripts);
        self.kept.1 = self.known.clone();
        self.ledger.kept();
    }

    /// A kill, a start, and what a wallet does then: it goes from the last block that it shares with the chain to the
    /// tip, and hears what the mempool has.
    fn restart(&mut self) {
        let (kept, known) = self.kept.clone();
        let range = kept.scripts.ranges.get(&1).copied().unwrap_or_default();
        let derived: Derived = self.descriptor.deriver.derive(range, AHEAD).unwrap();
        self.ledger = Ledger::load(kept, [(&self.descriptor, derived)], AHEAD).unwrap();
        self.known = known;
        let shared = (0..self.chain.len()).rev().find(|height| {
            self.ledger.hash_at(u32::try_from(*height).unwrap()) == Some(self.chain[*height].0)
        });
        let shared = shared.unwrap();
        self.ledger.disconnect_from(u32::try_from(shared + 1).unwrap()).unwrap();
        for height in shared + 1..self.chain.len() {
            self.tell_connected(height);
        }
        for tx in self.mempool.clone() {
            self.tell_added(&tx);
        }
    }

    // What is to be expected.

    /// The block of the chain that a transaction is in.
    fn place(&self, txid: Txid) -> Option<BlockId> {
        let height = self.chain.iter().position(|(_, txs)| txs.iter().any(|tx| tx.compute_txid() == txid))?;
        Some(BlockId { height: u32::try_from(height).unwrap(), hash: self.chain[height].0 })
    }

    /// The lowest block that spent what a transaction, or one that it spends from, wants to spend.
    fn conflict(&self, txid: Txid) -> Option<u32> {
        let tx = &self.known.get(&txid)?.tx;
        if self.place(txid).is_some() || tx.is_coinbase() {
            return None;
        }
        let rivals = self
            .known
            .values()
            .filter(|known| inputs(&known.tx).any(|coin| inputs(tx).any(|own| own == coin)));
        let rivals = rivals.filter_map(|known| self.place(known.tx.compute_txid())).map(|block| block.height);
        let parents = inputs(tx).filter_map(|coin| self.conflict(coin.txid));
        rivals.chain(parents).min()
    }

    /// Those that wait and count: of two that spend one coin, the one that was told last.
    fn pending(&self) -> HashSet<Txid> {
        let open = |txid: &Txid| {
            let known = &self.known[txid];
            self.place(*txid).is_none() && !known.tx.is_coinbase() && self.conflict(*txid).is_none()
        };
        let mut all: Vec<(u64, Txid)> = self
            .known
            .iter()
            .filter(|(txid, _)| open(txid))
            .map(|(txid, known)| (known.told, *txid))
            .collect();
        all.sort_unstable();
        let (mut found, mut spent) = (HashSet::new(), HashMap::new());
        while let Some((told, txid)) = all.pop() {
            // With what it spends, as far as that waits too.
            let (mut way, mut next) = (Vec::new(), vec![txid]);
            while let Some(txid) = next.pop() {
                if let Some(known) = self.known.get(&txid).filter(|_| self.place(txid).is_none()) {
                    way.push(txid);
                    next.extend(inputs(&known.tx).map(|coin| coin.txid));
                }
            }
            let counts = way.iter().all(|txid| {
                let known = &self.known[txid];
                open(txid)
                    // What is spent by what was told later is there again.
                    && known.abandoned <= known.told.max(told)
                    && inputs(&known.tx).all(|coin| spent.get(&coin).is_none_or(|spender| spender == txid))
            });
            if counts {
                for txid in way {
                    spent.extend(inputs(&self.known[&txid].tx).map(|coin| (coin, txid)));
                    found.insert(txid);
                }
            }
        }
        found
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        let view = self.ledger.view();
        let pending = self.pending();
        let mut spent = HashSet::new();
        let mut seen = BTreeMap::new();
        for (txid, known) in &self.known {
            let expected = match self.place(*txid) {
                Some(BlockId { height, hash }) => TxState::Confirmed { height, hash, time: 0 },
                None => match self.conflict(*txid) {
                    Some(height) => TxState::BlockConflicted { height },
                    None if !pending.contains(txid) => TxState::Abandoned,
                    None if self.mempool.iter().any(|tx| tx.compute_txid() == *txid) => TxState::InMempool,
                    None => TxState::Inactive,
                },
            };
            if matches!(expected, TxState::Confirmed { .. } | TxState::InMempool | TxState::Inactive) {
                spent.extend(inputs(&known.tx));
            }
            if self.is_own(&known.tx) {
                prop_assert_eq!(view.state(*txid), expected, "{}", txid);
                prop_assert!(self.ledger.tx(*txid).is_some());
                seen.insert(*txid, &known.tx);
            }
        }
        prop_assert_eq!(
            self.ledger.txs().map(|(txid, _)| txid).collect::<HashSet<_>>(),
            seen.keys().copied().collect()
        );
        for (txid, tx) in seen {
            for (vout, output) in
                (0..).zip(&tx.output).filter(|(_, output)| self.own.contains(&output.script_pubkey))
            {
                let coin = OutPoint::new(txid, vout);
                prop_assert_eq!(self.ledger.own_txout(coin), Some(output));
                prop_assert_eq!(view.spender(coin).is_some(), spent.contains(&coin), "{}", coin);
            }
        }
        let tip = self.ledger.tip();
        prop_assert_eq!(
            (tip.height as usize, tip.hash),
            (self.chain.len() - 1, self.chain.last().unwrap().0)
        );
        Ok(())
    }

    fn step(&mut self, (what, one, other): (u8, u32, u32)) {
        let of = |list: usize, number: u32| (list > 0).then(|| number as usize % list);
        let waiting = of(self.mempool.len(), one).map(|place| self.mempool[place].clone());
        match what {
            0..=3 => {
                let coins = self.coins();
                let Some(first) = of(coins.len(), one) else { return };
                let second = of(coins.len(), other).filter(|second| *second != first && other % 3 == 0);
                let chosen: Vec<_> =
                    [Some(first), second].into_iter().flatten().map(|place| coins[place]).collect();
                let tx = self.make(&chosen, other);
                self.add(tx);
            }
            4 => {
                // What waits is replaced.
                let Some(old) = waiting else { return };
                let new = self.make(&[old.input[0].previous_output], other);
                self.drop_from_mempool(|tx| *tx == old);
                self.add(new);
            }
            5 => {
                let count = of(self.mempool.len() + 1, one).unwrap();
                self.mine(self.mempool[..count].to_vec());
            }
            6 => {
                // A block has what nobody saw before, instead of what waits.
                let Some(old) = waiting else { return };
                let coin = old.input[0].previous_output;
                if self.place(coin.txid).is_some() {
                    let rival = self.make(&[coin], other);
                    self.mine(vec![rival]);
                }
            }
            7 => self.drop_from_mempool(|tx| Some(tx) == waiting.as_ref()),
            8 => self.lose(one as usize % 3 + 1),
            9 => {
                // Nobody abandons what others made for others.
                let own = self.known.iter().filter(|(_, known)| self.is_own(&known.tx));
                let mut txids: Vec<Txid> = own.map(|(txid, _)| *txid).collect();
                txids.sort_unstable();
                if let Some(place) = of(txids.len(), one) {
                    self.abandon(txids[place]);
                }
            }
            10 => self.save(),
            _ => self.restart(),
        }
    }
}

/// The same cases each time, unless `PROPTEST_CASES` asks for so many others.
fn config() -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig { cases: 64, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() },
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_ledger_says_what_a_naive_model_says(steps in vec((0..12_u8, any::<u32>(), any::<u32>()), 1..60)) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
            world.check()?;
        }
    }
}
