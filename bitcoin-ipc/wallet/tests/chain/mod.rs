//! A chain in memory, for tests of wallets.
//!
//! In: scripts to mine to, transactions. Out: real blocks without proof of work, a mempool whose
//! transactions have good signatures, filters, reorganisations. Notifications arrive before the call that
//! caused them returns.

mod interface;
mod watching;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use bdk_wallet::miniscript::interpreter::Interpreter;
use bitcoin::absolute::LockTime;
use bitcoin::block::{Header, Version};
use bitcoin::constants::genesis_block;
use bitcoin::hashes::Hash as _;
use bitcoin::key::Secp256k1;
use bitcoin::sighash::Prevouts;
use bitcoin::{
    Amount, Block, BlockHash, Network, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxMerkleNode, TxOut,
    Txid, Witness, transaction,
};
use bitcoin_ipc::interfaces::{ChainNotifications, RpcCommand};
use bitcoin_ipc::types::{BlockInfo, ChainstateRole, MempoolRemovalReason};
use serde_json::Value;

/// A chain in memory.
#[derive(Clone, Default)]
pub(crate) struct TestChain(Arc<Shared>);

#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) state: Mutex<State>,
    pub(crate) lost: AtomicBool,
    pub(crate) filters: AtomicBool,
    /// What `-deprecatedrpc` names.
    pub(crate) deprecated: Mutex<HashSet<String>>,
    /// Why no transaction is taken into the mempool.
    pub(crate) refusal: Mutex<Option<String>>,
    /// Called when something is asked, with nothing locked.
    hook: Mutex<Option<Hook>>,
    /// Heights of blocks that cannot be read.
    unreadable: Mutex<HashSet<usize>>,
    /// How many blocks were read with their transactions.
    pub(crate) blocks_read: AtomicU64,
    pub(crate) settings: Mutex<BTreeMap<String, Value>>,
    /// What the user was warned of.
    warned: Mutex<Vec<String>>,
    pub(crate) commands: Mutex<BTreeMap<u64, Arc<RpcCommand>>>,
}

/// What the chain is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// What is in the block of this height.
    Block(usize),
    /// To watch more scripts.
    Watch,
}

type Hook = Arc<dyn Fn(Asked) + Send + Sync>;

pub(crate) struct State {
    pub(crate) blocks: Vec<Block>,
    pub(crate) all: HashMap<BlockHash, (Block, usize)>,
    pub(crate) mempool: Vec<Transaction>,
    listeners: BTreeMap<u64, Arc<dyn ChainNotifications>>,
    next_listener: u64,
    nonce: u32,
}

impl Default for State {
    fn default() -> Self {
        let genesis = genesis_block(Network::Regtest);
        let all = HashMap::from([(genesis.block_hash(), (genesis.clone(), 0))]);
        State {
            blocks: vec![genesis],
            all,
            mempool: Vec::new(),
            listeners: BTreeMap::new(),
            next_listener: 0,
            nonce: 0,
        }
    }
}

impl State {
    /// What a transaction can spend: of the chain and the mempool, without what the mempool spends.
    pub(crate) fn output(&self, outpoint: OutPoint) -> Option<TxOut> {
        let confirmed = self.blocks.iter().flat_map(|block| &block.txdata);
        let found = confirmed.chain(&self.mempool).find(|tx| tx.compute_txid() == outpoint.txid)?;
        found.output.get(outpoint.vout as usize).cloned()
    }

    /// The hashes of a block and all below it, by height.
    pub(crate) fn branch(&self, hash: BlockHash) -> Vec<BlockHash> {
        let mut hashes = Vec::new();
        let mut at = self.all.get(&hash);
        while let Some((block, _)) = at {
            hashes.push(block.block_hash());
            at = self.all.get(&block.header.prev_blockhash);
        }
        hashes.reverse();
        hashes
    }

    pub(crate) fn spent_in_chain(&self, outpoint: OutPoint) -> bool {
        let txs = self.blocks.iter().flat_map(|block| &block.txdata);
        txs.flat_map(|tx| &tx.input).any(|input| input.previous_output == outpoint)
    }

    pub(crate) fn fee(&self, tx: &Transaction) -> Option<u64> {
        let spent = tx.input.iter().map(|input| self.output(input.previous_output));
        let spent: Amount = spent.map(|output| output.map(|output| output.value)).sum::<Option<_>>()?;
        let paid: Amount = tx.output.iter().map(|output| output.value).sum();
        spent.checked_sub(paid).map(Amount::to_sat)
    }

    /// These transactions of the mempool, and all in it that they spend from.
    pub(crate) fn ancestors(&self, txids: &[Txid]) -> Vec<&Transaction> {
        let (mut open, mut seen) = (txids.to_vec(), Vec::new());
        while let Some(txid) = open.pop() {
            let found = self.mempool.iter().find(|tx| tx.compute_txid() == txid);
            let Some(tx) = found.filter(|tx| !seen.contains(tx)) else { continue };
            seen.push(tx);
            open.extend(tx.input.iter().map(|input| input.previous_output.txid));
        }
        seen
    }

    /// The transactions of the mempool that hang together with one, by whatever way.
    pub(crate) fn cluster(&self, txid: Txid) -> Vec<&Transaction> {
        let spends = |one: &Transaction, of: &Transaction| {
            one.input.iter().any(|input| input.previous_output.txid == of.compute_txid())
        };
        let mut found: Vec<&Transaction> =
            self.mempool.iter().filter(|tx| tx.compute_txid() == txid).collect();
        let mut looked = 0;
        while let Some(at) = found.get(looked).copied() {
            looked += 1;
            let near = self.mempool.iter().filter(|tx| spends(tx, at) || spends(at, tx));
            let new: Vec<_> = near.filter(|tx| !found.contains(tx)).collect();
            found.extend(new);
        }
        found
    }

    /// These transactions of the mempool, and all in it that spend from them.
    fn with_descendants(&self, mut txs: Vec<Transaction>) -> Vec<Transaction> {
        // They came after what they spend.
        for tx in &self.mempool {
            let spends = |one: &Transaction| {
                tx.input.iter().any(|input| input.previous_output.txid == one.compute_txid())
            };
            if !txs.contains(tx) && txs.iter().any(spends) {
                txs.push(tx.clone());
            }
        }
        txs
    }

    fn rivals(&self, tx: &Transaction) -> Vec<Transaction> {
        let spends = |other: &&Transaction| {
            let mut inputs = other.input.iter();
            inputs.any(|input| tx.input.iter().any(|mine| mine.previous_output == input.previous_output))
        };
        self.mempool.iter().filter(spends).cloned().collect()
    }
}

impl TestChain {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }

    /// Lets all calls fail, as if the node were gone, or work again.
    pub(crate) fn set_lost(&self, lost: bool) {
        self.0.lost.store(lost, Ordering::SeqCst);
        if lost {
            self.state().listeners.clear();
        }
    }

    pub(crate) fn set_filters(&self, filters: bool) {
        self.0.filters.store(filters, Ordering::SeqCst);
    }

    /// Allows what Bitcoin Core is going to drop.
    pub(crate) fn allow_deprecated(&self, name: &str) {
        self.0.deprecated.lock().unwrap().insert(name.to_owned());
    }

    /// Lets no transaction into the mempool, for this reason, or lets them in again.
    pub(crate) fn refuse(&self, reason: Option<&str>) {
        *self.0.refusal.lock().unwrap() = reason.map(str::to_owned);
    }

    /// Calls this before anything is answered.
    pub(crate) fn set_hook(&self, hook: impl Fn(Asked) + Send + Sync + 'static) {
        *self.0.hook.lock().unwrap() = Some(Arc::new(hook));
    }

    fn asked(&self, what: Asked) {
        let hook = self.0.hook.lock().unwrap().clone();
        if let Some(hook) = hook {
            hook(what);
        }
    }

    /// Lets a block not be readable any more.
    pub(crate) fn lose_block(&self, height: usize) {
        self.0.unreadable.lock().unwrap().insert(height);
    }

    fn is_readable(&self, height: usize) -> bool {
        !self.0.unreadable.lock().unwrap().contains(&height)
    }

    pub(crate) fn blocks_read(&self) -> u64 {
        self.0.blocks_read.load(Ordering::SeqCst)
    }

    pub(crate) fn settings(&self) -> MutexGuard<'_, BTreeMap<String, Value>> {
        self.0.settings.lock().unwrap()
    }

    /// What the user was warned of since this was asked.
    pub(crate) fn take_warned(&self) -> Vec<String> {
        std::mem::take(&mut self.0.warned.lock().unwrap())
    }

    pub(crate) fn listeners(&self) -> usize {
        self.state().listeners.len()
    }

    /// The commands that wallets added.
    pub(crate) fn commands(&self) -> Vec<Arc<RpcCommand>> {
        self.0.commands.lock().unwrap().values().cloned().collect()
    }

    fn add_command(&self, command: RpcCommand) -> u64 {
        let mut commands = self.0.commands.lock().unwrap();
        let id = commands.last_key_value().map_or(0, |(last, _)| last + 1);
        commands.insert(id, Arc::new(command));
        id
    }

    fn remove_command(&self, id: u64) {
        let gone = self.0.commands.lock().unwrap().remove(&id);
        drop(gone);
    }

    pub(crate) fn height(&self) -> usize {
        self.state().blocks.len() - 1
    }

    pub(crate) fn in_mempool(&self, txid: Txid) -> bool {
        self.state().mempool.iter().any(|tx| tx.compute_txid() == txid)
    }

    /// What transactions of the mempool and those above them lack to reach a rate, in satoshi for 1000
    /// virtual bytes. (A node leaves out those above that reach it by themselves; here it is the sum.)
    fn missing_fee(&self, txids: &[Txid], rate: i64) -> Amount {
        let state = self.state();
        let above = state.ancestors(txids);
        let size: u64 = above.iter().map(|tx| tx.vsize() as u64).sum();
        let paid: u64 = above.iter().filter_map(|tx| state.fee(tx)).sum();
        Amount::from_sat((size * rate as u64).div_ceil(1000).saturating_sub(paid))
    }

    fn tell(&self, call: impl Fn(&dyn ChainNotifications)) {
        let listeners: Vec<_> = self.state().listeners.values().cloned().collect();
        for listener in listeners {
            call(&*listener);
        }
    }

    pub(crate) fn listen(&self, listener: Arc<dyn ChainNotifications>) -> u64 {
        let mut state = self.state();
        state.next_listener += 1;
        let id = state.next_listener;
        state.listeners.insert(id, listener);
        id
    }

    pub(crate) fn unlisten(&self, id: u64) {
        let gone = self.state().listeners.remove(&id);
        drop(gone);
    }

    /// Mines blocks that pay 50 BTC to a script, with everything from the mempool in the first one.
    pub(crate) fn mine(&self, count: usize, script: &ScriptBuf) {
        for _ in 0..count {
            let txs = std::mem::take(&mut self.state().mempool);
            self.mine_block(txs, script);
        }
    }

    /// Mines a block that nobody hears of.
    pub(crate) fn mine_quietly(&self, script: &ScriptBuf) {
        let listeners = std::mem::take(&mut self.state().listeners);
        self.mine_block(Vec::new(), script);
        self.state().listeners = listeners;
    }

    /// Mines a block with these transactions; what conflicts with them leaves the mempool.
    pub(crate) fn mine_block(&self, txs: Vec<Transaction>, script: &ScriptBuf) {
        let (info, conflicts) = {
            let mut state = self.state();
            state.nonce += 1;
            let height = state.blocks.len();
            let fees = txs.iter().filter_map(|tx| state.fee(tx)).sum();
            let block = block(&state.blocks[height - 1], height, state.nonce, txs, (script, fees));
            let conflicts: Vec<Transaction> =
                block.txdata[1..].iter().flat_map(|tx| state.rivals(tx)).collect();
            let conflicts = conflicts.into_iter().filter(|tx| !block.txdata.contains(tx)).collect();
            let conflicts = state.with_descendants(conflicts);
            let mined: Vec<Txid> = block.txdata.iter().map(Transaction::compute_txid).collect();
            state.mempool.retain(|tx| !mined.contains(&tx.compute_txid()) && !conflicts.contains(tx));
            let conflicts: Vec<_> =
                conflicts.into_iter().filter(|tx| !mined.contains(&tx.compute_txid())).collect();
            state.all.insert(block.block_hash(), (block.clone(), height));
            state.blocks.push(block.clone());
            (info(&block, height), conflicts)
        };
        for tx in conflicts {
            let reason = MempoolRemovalReason::Conflict;
            self.tell(|listener| listener.transaction_removed_from_mempool(&tx, reason).unwrap());
        }
        let role = ChainstateRole { validated: true, historical: false };
        self.tell(|listener| listener.block_connected(role, &info).unwrap());
        self.tell(|listener| listener.updated_block_tip().unwrap());
    }

    /// Takes the highest blocks away; their transactions are in the mempool again. Gives the blocks, the
    /// highest first.
    pub(crate) fn disconnect(&self, count: usize) -> Vec<Block> {
        let mut gone = Vec::new();
        for _ in 0..count {
            let (block, height) = {
                let mut state = self.state();
                let block = state.blocks.pop().unwrap();
                (block, state.blocks.len())
            };
            let info = info(&block, height);
            self.tell(|listener| listener.block_disconnected(&info).unwrap());
            gone.push(block);
        }
        let back: Vec<_> = gone.iter().rev().flat_map(|block| &block.txdata[1..]).cloned().collect();
        // Those that wait already may spend them.
        self.state().mempool.splice(0..0, back.clone());
        for tx in &back {
            self.tell(|listener| listener.transaction_added_to_mempool(tx).unwrap());
        }
        gone
    }

    /// Puts blocks back that were taken away.
    pub(crate) fn reconnect(&self, gone: Vec<Block>) {
        for block in gone.into_iter().rev() {
            let info = {
                let mut state = self.state();
                let mined: Vec<Txid> = block.txdata.iter().map(Transaction::compute_txid).collect();
                state.mempool.retain(|tx| !mined.contains(&tx.compute_txid()));
                let height = state.blocks.len();
                state.blocks.push(block.clone());
                info(&block, height)
            };
            let role = ChainstateRole { validated: true, historical: false };
            self.tell(|listener| listener.block_connected(role, &info).unwrap());
        }
    }

    /// Takes a transaction out of the mempool, as a node does that is full.
    pub(crate) fn evict(&self, txid: Txid) {
        let gone = {
            let mut state = self.state();
            let place = state.mempool.iter().position(|tx| tx.compute_txid() == txid).unwrap();
            state.mempool.remove(place)
        };
        let reason = MempoolRemovalReason::SizeLimit;
        self.tell(|listener| listener.transaction_removed_from_mempool(&gone, reason).unwrap());
    }

    /// Takes a transaction into the mempool, in place of what it conflicts with if it pays more.
    pub(crate) fn submit(&self, tx: &Transaction) -> Result<(), String> {
        let replaced = {
            let mut state = self.state();
            let txid = tx.compute_txid();
            if state.mempool.iter().any(|other| other.compute_txid() == txid) {
                return Ok(());
            }
            if let Some(reason) = &*self.0.refusal.lock().unwrap() {
                return Err(reason.clone());
            }
            let fee = state.fee(tx).ok_or("bad-txns-inputs-missingorspent")?;
            if tx.input.iter().any(|input| state.spent_in_chain(input.previous_output)) {
                return Err("bad-txns-inputs-missingorspent".into());
            }
            if fee < tx.vsize() as u64 {
                return Err("min relay fee not met".into());
            }
            check_signatures(&state, tx)?;
            let rivals = state.with_descendants(state.rivals(tx));
            let old: u64 = rivals.iter().filter_map(|rival| state.fee(rival)).sum();
            if !rivals.is_empty() && fee < old + tx.vsize() as u64 {
                return Err("insufficient fee, rejecting replacement".into());
            }
            state.mempool.retain(|other| !rivals.contains(other));
            state.mempool.push(tx.clone());
            rivals
        };
        for old in replaced {
            let reason = MempoolRemovalReason::Replaced;
            self.tell(|listener| listener.transaction_removed_from_mempool(&old, reason).unwrap());
        }
        self.tell(|listener| listener.transaction_added_to_mempool(tx).unwrap());
        Ok(())
    }
}

fn check_signatures(state: &State, tx: &Transaction) -> Result<(), String> {
    let spent = tx.input.iter().map(|input| state.output(input.previous_output).unwrap());
    let spent: Vec<TxOut> = spent.collect();
    for (index, input) in tx.input.iter().enumerate() {
        let script = &spent[index].script_pubkey;
        let (age, time) = (input.sequence, tx.lock_time);
        let read = Interpreter::from_txdata(script, &input.script_sig, &input.witness, age, time);
        let read = read.map_err(|error| format!("mandatory-script-verify-flag-failed ({error})"))?;
        for step in read.iter(&Secp256k1::verification_only(), tx, index, &Prevouts::All(&spent)) {
            step.map_err(|error| format!("mandatory-script-verify-flag-failed ({error})"))?;
        }
    }
    Ok(())
}

fn block(
    below: &Block,
    height: usize,
    nonce: u32,
    txs: Vec<Transaction>,
    reward: (&ScriptBuf, u64),
) -> Block {
    let coinbase = Transaction {
        version: transaction::Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![TxIn {
            previous_output: OutPoint::null(),
            // The nonce keeps coinbases of one height apart.
            script_sig: ScriptBuf::builder().push_int(height as i64).push_int(nonce.into()).into_script(),
            sequence: Sequence::MAX,
            // As in every block of today.
            witness: Witness::from_slice(&[[0; 32]]),
        }],
        output: vec![TxOut {
            value: Amount::from_int_btc(50) + Amount::from_sat(reward.1),
            script_pubkey: reward.0.clone(),
        }],
    };
    let txdata: Vec<Transaction> = std::iter::once(coinbase).chain(txs).collect();
    let header = Header {
        version: Version::TWO,
        prev_blockhash: below.block_hash(),
        merkle_root: TxMerkleNode::all_zeros(),
        time: below.header.time + 600,
        bits: below.header.bits,
        nonce,
    };
    let mut block = Block { header, txdata };
    block.header.merkle_root = block.compute_merkle_root().unwrap();
    block
}

pub(crate) fn info(block: &Block, height: usize) -> BlockInfo {
    BlockInfo {
        hash: block.block_hash(),
        prev_hash: Some(block.header.prev_blockhash),
        height: height as i32,
        file_number: -1,
        data_pos: 0,
        data: Some(block.clone()),
        undo_data: None,
        chain_time_max: block.header.time,
    }
}

/// A script that no wallet has.
pub(crate) fn elsewhere() -> ScriptBuf {
    ScriptBuf::new_p2wsh(&bitcoin::WScriptHash::from_byte_array([7; 32]))
}
