//! A mempool beside a naive model of it.
//!
//! In: any bytes, as steps: payments, replacements, packages, blocks, reorganisations, priorities, time, a restart.
//! Out: a panic where the mempool and the model do not agree. Fuzzers and property tests call [`run`].

mod bytes;
mod chain;
mod checks;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bitcoin::{
    Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness, absolute, transaction,
};
use bitcoin_ipc::types::{Coin, MempoolRemovalReason};
use bitcoin_mempool::select::{SelectOptions, select};
use bitcoin_mempool::{
    AcceptOptions, Accepted, Change, Mempool, MempoolOptions, Outcome, Rate, RejectKind, Rejected, Removed,
    ScriptCheck, ScriptCheckError,
};

use bytes::Bytes;
use chain::{Chain, script};

/// All scripts let spend.
#[derive(Debug)]
struct Anything;

impl ScriptCheck for Anything {
    fn first_failure(&self, _: &Transaction, _: &[Coin]) -> Result<Option<usize>, ScriptCheckError> {
        Ok(None)
    }
}

/// The mempool, and what it should be.
struct Model {
    pool: Mempool,
    chain: Chain,
    /// What should be in the mempool by the changes that were told.
    held: BTreeSet<Txid>,
    /// The number that the next change should have.
    sequence: u64,
    now: u64,
    /// Everything that was made, whatever became of it.
    made: Vec<Transaction>,
    /// Outputs of all of these, and the coins of the beginning, with their amounts.
    outputs: Vec<(OutPoint, u64)>,
    /// Whether a block has left: then rules of policy may be broken.
    reorganised: bool,
    /// Whether the mempool had an occasion to make room since a fee was added to.
    trimmed: bool,
}

/// Runs the steps that bytes stand for.
pub fn run(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let mut model = Model::new(&mut bytes);
    while !bytes.is_empty() {
        model.step(&mut bytes);
        model.check();
    }
}

impl Model {
    fn new(bytes: &mut Bytes<'_>) -> Self {
        let options = MempoolOptions {
            max_bytes: [10_000, 25_000, 300_000][bytes.below(3)],
            expiry: Duration::from_secs(10_000),
            cluster_count: [3, 6, 64][bytes.below(3)],
            cluster_vsize: [600, 101_000][bytes.below(2)],
            ..MempoolOptions::default()
        };
        let chain = Chain::new();
        let mut outputs: Vec<_> = chain.coins.keys().map(|outpoint| (*outpoint, 100_000)).collect();
        outputs.sort();
        Model {
            pool: Mempool::new(options, Arc::new(Anything)),
            chain,
            held: BTreeSet::new(),
            sequence: 1,
            now: 1_800_000_000,
            made: Vec::new(),
            outputs,
            reorganised: false,
            trimmed: true,
        }
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) {
        match bytes.below(16) {
            0..=8 => {
                let tx = self.make(bytes);
                self.accept(&tx);
            }
            9 | 10 => self.package(bytes),
            11 => self.block(bytes),
            12 => self.reorganise(bytes),
            13 => self.prioritise(bytes),
            14 => {
                self.now += [1, 60, 5000, 20_000][bytes.below(4)];
                let removed = self.pool.expire(self.now);
                self.tell_removed(&removed);
            }
            _ => self.restart(),
        }
    }

    fn accept_options(&self) -> AcceptOptions {
        AcceptOptions { now: self.now, ..AcceptOptions::default() }
    }

    /// A transaction that spends some outputs, spent or not.
    fn make(&mut self, bytes: &mut Bytes<'_>) -> Transaction {
        let mut chosen = BTreeSet::new();
        let there = |(outpoint, _): &&(OutPoint, u64)| {
            self.pool.coin(&self.chain, outpoint).expect("the chain can be read").is_some()
        };
        // Mostly some that are there, newer ones first; each may be spent already.
        let known: Vec<_> = self.outputs.iter().rev().filter(there).take(24).copied().collect();
        for _ in 0..=bytes.below(3) {
            let any = known.is_empty() || bytes.below(8) == 7;
            let from = if any { &self.outputs } else { &known };
            chosen.insert(from[bytes.below(from.len())]);
        }
        let value: u64 = chosen.iter().map(|(_, value)| value).sum();
        let fee = [0, 11, 100, 300, 1000, 2000, 5000, 20_000][bytes.below(8)].min(value);
        let count = bytes.below(3) as u64 + 1;
        let input = |(outpoint, _): &(OutPoint, u64)| TxIn {
            previous_output: *outpoint,
            script_sig: ScriptBuf::new(),
            sequence: Sequence::MAX,
            witness: Witness::from_slice(&[[1_u8; 71].as_slice(), &[2; 33]]),
        };
        let output = |_| TxOut { value: Amount::from_sat((value - fee) / count), script_pubkey: script() };
        let mut output: Vec<_> = (0..count).map(output).collect();
        // What the division leaves.
        output[0].value += Amount::from_sat((value - fee) % count);
        if bytes.below(8) == 7 {
            output.push(TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new_op_return([0; 70]) });
        }
        let tx = Transaction {
            version: transaction::Version([2, 2, 2, 3][bytes.below(4)]),
            lock_time: absolute::LockTime::ZERO,
            input: chosen.iter().map(input).collect(),
            output,
        };
        let txid = tx.compute_txid();
        if !self.made.contains(&tx) {
            self.made.push(tx.clone());
            let outputs = tx.output.iter().zip(0..).filter(|(output, _)| output.value > Amount::ZERO);
            self.outputs
                .extend(outputs.map(|(output, index)| (OutPoint::new(txid, index), output.value.to_sat())));
        }
        tx
    }

    fn accept(&mut self, tx: &Transaction) {
        let tx = Arc::new(tx.clone());
        let options = self.accept_options();
        let before = (self.pool.sequence(), self.pool.usage());
        let tested = self.pool.accept(&self.chain, tx.clone(), AcceptOptions { test_only: true, ..options });
        assert_eq!((self.pool.sequence(), self.pool.usage()), before, "a test changes nothing");
        let floor = self.pool.min_rate(self.now);
        let paid = self.replacement_of(&tx);
        match (self.pool.accept(&self.chain, tx, options), tested) {
            (Ok(accepted), Ok(tested)) => {
                assert_eq!(accepted.replaced, tested.replaced);
                self.taken(&accepted, floor, &paid);
                self.tell(&accepted.changes);
                self.trimmed = true;
            }
            (Err(rejected), Ok(_)) => {
                assert_eq!(rejected.reason, "mempool full");
                self.tell(&rejected.changes);
            }
            (Err(rejected), Err(tested)) => {
                assert_eq!((&rejected.reason, &rejected.details), (&tested.reason, &tested.details));
                self.refused(&rejected);
            }
            (Ok(accepted), Err(tested)) => panic!("{tested} was said of {}", accepted.entry.txid),
        }
    }

    fn refused(&self, rejected: &Rejected) {
        assert!(rejected.changes.is_empty(), "{rejected}");
        assert_ne!(rejected.kind, RejectKind::Unread, "{rejected}");
    }

    /// What a transaction would replace pays, by what it conflicts with.
    fn replacement_of(&self, tx: &Transaction) -> HashMap<Txid, i64> {
        let rivals = tx.input.iter().filter_map(|input| self.pool.spender(&input.previous_output));
        let mut all: HashMap<Txid, i64> = HashMap::new();
        for rival in rivals {
            for entry in self.pool.descendants(&rival.txid).into_iter().chain([rival]) {
                all.insert(entry.txid, entry.modified_fee.to_sat());
            }
        }
        all
    }

    /// One was taken by itself: it pays enough, also for those that it replaces.
    fn taken(&self, accepted: &Accepted, floor: Rate, rivals: &HashMap<Txid, i64>) {
        let (entry, options) = (&accepted.entry, self.pool.options());
        let fee = entry.modified_fee.to_sat();
        assert!(fee >= floor.max(options.min_relay_rate).fee(entry.vsize));
        assert!(rivals.keys().all(|rival| accepted.replaced.contains(rival)));
        // A sibling may have had to leave as well.
        if !rivals.is_empty() && rivals.len() == accepted.replaced.len() {
            let old: i64 = rivals.values().sum();
            assert!(fee >= old + options.incremental_relay_rate.fee(entry.vsize), "{fee}, {old}");
        }
    }

    /// Some transactions together: children that may pay for parents.
    fn package(&mut self, bytes: &mut Bytes<'_>) {
        let mut txs: Vec<_> = (0..=bytes.below(4)).map(|_| Arc::new(self.make(bytes))).collect();
        txs.extend(
            self.made
                .get(bytes.below(self.made.len()))
                .cloned()
                .filter(|_| bytes.below(4) == 3)
                .map(Arc::new),
        );
        let options = self.accept_options();
        let before = (self.pool.sequence(), self.pool.usage());
        let tested = AcceptOptions { test_only: true, ..options };
        assert!(self.pool.accept_package(&self.chain, &txs, tested).changes.is_empty());
        assert_eq!((self.pool.sequence(), self.pool.usage()), before, "a test changes nothing");
        let verdict = self.pool.accept_package(&self.chain, &txs, options);
        self.tell(&verdict.changes);
        for tx in &txs {
            let here = self.pool.get_by_wtxid(&tx.compute_wtxid()).is_some();
            match verdict.outcomes.get(&tx.compute_wtxid()) {
                Some(Outcome::Taken { .. } | Outcome::Present { .. }) => assert!(here),
                Some(Outcome::Refused(rejected)) => {
                    assert_ne!(rejected.kind, RejectKind::Unread);
                    assert!(!here, "{rejected}");
                }
                Some(_) | None => {}
            }
        }
        if verdict.refused.is_none() {
            assert!(txs.iter().all(|tx| self.pool.get(&tx.compute_txid()).is_some()));
        }
    }

    /// A block of what pays best, or of whatever was made.
    fn block(&mut self, bytes: &mut Bytes<'_>) {
        let txs = if bytes.below(2) == 0 {
            let max_weight = [8000 + 500, 8000 + 1200, 4_000_000][bytes.below(3)];
            self.selected(max_weight)
        } else {
            let from = bytes.below(self.made.len());
            self.made.iter().skip(from).take(3).cloned().collect()
        };
        let block = self.chain.block(&txs);
        self.connect(&block);
    }

    fn connect(&mut self, block: &bitcoin::Block) {
        self.chain.connect(block);
        let removed = self.pool.block_connected(block, self.now);
        self.tell_removed(&removed);
        // What is mined is known by its outputs, not by its place in the mempool.
        let mined = block.txdata.iter().map(Transaction::compute_txid).collect::<BTreeSet<_>>();
        assert!(mined.is_disjoint(&self.held));
    }

    /// What goes into a block is closed, in order, and within its limits.
    fn selected(&self, max_weight: u64) -> Vec<Transaction> {
        let options = SelectOptions { max_weight, ..SelectOptions::default() };
        let selection = select(&self.pool, &options, self.chain.height + 1, u32::MAX).expect("sound options");
        let mut before = BTreeSet::new();
        let (mut weight, mut fees) = (8000, Amount::ZERO);
        for selected in &selection.transactions {
            let txid = selected.tx.compute_txid();
            let entry = self.pool.get(&txid).expect("it waits");
            assert_eq!((selected.fee, selected.sigops_cost), (entry.fee, entry.sigops_cost));
            assert!(self.pool.parents(&selected.tx).iter().all(|parent| before.contains(&parent.txid)));
            weight += entry.weight;
            fees += entry.fee;
            assert!(before.insert(txid));
        }
        assert_eq!((selection.weight, selection.fees), (weight, fees));
        assert!(weight == 8000 || weight < max_weight);
        selection.transactions.iter().map(|selected| (*selected.tx).clone()).collect()
    }

    /// Blocks leave, others come.
    fn reorganise(&mut self, bytes: &mut Bytes<'_>) {
        let depth = bytes.below(3) + 1;
        for _ in 0..depth {
            let Some(block) = self.chain.disconnect() else { break };
            let removed = self.pool.block_disconnected(&block);
            self.tell_removed(&removed);
            self.reorganised = true;
        }
        for _ in 0..bytes.below(depth + 2) {
            let from = bytes.below(self.made.len());
            let txs: Vec<_> = self.made.iter().skip(from).take(2).cloned().collect();
            let block = self.chain.block(&txs);
            self.connect(&block);
        }
        let changes = self.pool.after_reorg(&self.chain, self.now).expect("the chain can be read");
        self.tell(&changes);
        self.trimmed = true;
    }

    fn prioritise(&mut self, bytes: &mut Bytes<'_>) {
        let Some(tx) = self.made.get(bytes.below(self.made.len())) else { return };
        let delta = [-20_000, -300, 0, 300, 5000, 1_000_000][bytes.below(6)];
        let txid = tx.compute_txid();
        let before = self.pool.get(&txid).map(|entry| entry.modified_fee.to_sat());
        self.pool.prioritise(txid, delta);
        let after = self.pool.get(&txid).map(|entry| entry.modified_fee.to_sat());
        assert_eq!(after, before.map(|fee| fee + delta));
        self.trimmed = false;
    }

    /// The process ends, and another one begins with its records.
    fn restart(&mut self) {
        let records = self.pool.records();
        let mut new = Mempool::new(self.pool.options().clone(), Arc::new(Anything));
        let changes = new.restore(&self.chain, records, self.now);
        assert_eq!(new.deltas(), self.pool.deltas());
        let here = |txid: &Txid| self.pool.get(txid).is_some();
        assert!(new.entries().iter().all(|entry| here(&entry.txid)), "nothing comes from nowhere");
        self.pool = new;
        (self.held, self.sequence) = (BTreeSet::new(), 1);
        self.tell(&changes);
        // Fees that were added to take room as well.
        self.trimmed = false;
    }

    /// Follows changes as those do who listen.
    fn tell(&mut self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::Added { entry, sequence } => {
                    assert_eq!(*sequence, self.sequence);
                    self.sequence += 1;
                    assert!(self.held.insert(entry.txid), "{} came twice", entry.txid);
                }
                Change::Removed(removed) => self.tell_removed(std::slice::from_ref(removed)),
            }
        }
    }

    fn tell_removed(&mut self, removed: &[Removed]) {
        for removed in removed {
            assert_eq!(removed.sequence, self.sequence);
            self.sequence += u64::from(removed.reason != MempoolRemovalReason::Block);
            assert!(self.held.remove(&removed.entry.txid), "{} left twice", removed.entry.txid);
        }
    }
}
