//! A node's chain, mempool and notifications change together.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod mine;

use std::sync::{Arc, Mutex};

use bitcoin::{Amount, Block, Network, ScriptBuf, Transaction, TxOut};
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::signals::Signals;
use bitcoin_ipc::interfaces::ChainNotifications;
use bitcoin_ipc::types::{BlockInfo, BlockLocator, ChainstateRole, MempoolRemovalReason};
use bitcoin_node::chainstate::Verdict;
use bitcoin_node::mempool::AcceptOptions;
use bitcoin_node::state::{Options, State};
use mine::{REWARD, block, spend};
use mp_runtime::{Result, ipc_interface};

/// Writes down what it hears.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Heard {
    fn note(&self, text: String) -> Result<()> {
        self.0.lock().unwrap().push(text);
        Ok(())
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[ipc_interface]
impl ChainNotifications for Heard {
    fn transaction_added_to_mempool(&self, tx: &Transaction) -> Result<()> {
        self.note(format!("added {}", tx.compute_txid()))
    }
    fn transaction_removed_from_mempool(&self, tx: &Transaction, reason: MempoolRemovalReason) -> Result<()> {
        self.note(format!("removed {} {reason:?}", tx.compute_txid()))
    }
    fn block_connected(&self, role: ChainstateRole, info: &BlockInfo) -> Result<()> {
        assert!(role.validated && !role.historical);
        assert!(info.data.is_some() && info.undo_data.is_some());
        self.note(format!("connected {} {}", info.height, info.hash))
    }
    fn block_disconnected(&self, info: &BlockInfo) -> Result<()> {
        self.note(format!("disconnected {} {}", info.height, info.hash))
    }
    fn updated_block_tip(&self) -> Result<()> {
        self.note("tip".to_owned())
    }
    fn chain_state_flushed(&self, _: ChainstateRole, _: &BlockLocator) -> Result<()> {
        self.note("flushed".to_owned())
    }
}

/// Spends the first output of a transaction, with a second output: smaller ones are not relayed.
fn pay(from: &Transaction, fee: u64) -> Transaction {
    let mut tx = spend(from, fee);
    tx.output.push(TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new_op_return([0; 32]) });
    tx
}

fn open(directory: &std::path::Path) -> Arc<State> {
    let mut options = Options::new(directory, Network::Regtest);
    // The coins of these tests can be spent by anyone, which is not standard.
    options.mempool.require_standard = false;
    State::open(&options, Signals::default(), Shutdown::new()).unwrap()
}

/// Blocks on the tip; `branch` makes those of one height differ.
fn extend(state: &State, count: u32, branch: i64) -> Vec<Block> {
    let tip = state.tip();
    let mut parent = tip.hash;
    let made = (1..=count).map(|step| {
        let block = block(parent, tip.height + step, branch, REWARD, &[]);
        parent = block.block_hash();
        assert_eq!(state.process_block(&block).unwrap(), Verdict::Valid);
        block
    });
    made.collect()
}

#[test]
fn a_transaction_survives_a_reorganisation_and_a_crash() {
    let directory = tempfile::tempdir().unwrap();
    let state = open(directory.path());
    let blocks = extend(&state, 101, 0);
    let tx = pay(&blocks[0].txdata[0], 1000);
    let txid = tx.compute_txid();
    let heard = Arc::new(Heard::default());
    let registration = state.notify(heard.clone()).unwrap();

    let accepted = state.accept(Arc::new(tx.clone()), AcceptOptions::default()).unwrap().unwrap();
    assert_eq!(accepted.entry.fee.to_sat(), 1000);
    registration.drain().unwrap();
    assert_eq!(heard.take(), [format!("added {txid}")]);

    // Confirmed, then on a branch that loses: the transaction is back.
    let fork = state.tip();
    let confirming = block(fork.hash, fork.height + 1, 1, REWARD, std::slice::from_ref(&tx));
    assert_eq!(state.process_block(&confirming).unwrap(), Verdict::Valid);
    assert!(state.mempool().is_empty());
    assert!(state.index().coin(&tx.input[0].previous_output).unwrap().is_none());
    let first = block(fork.hash, fork.height + 1, 2, REWARD, &[]);
    let second = block(first.block_hash(), fork.height + 2, 2, REWARD, &[]);
    assert_eq!(state.process_block(&first).unwrap(), Verdict::Inconclusive);
    assert_eq!(state.process_block(&second).unwrap(), Verdict::Valid);
    assert!(state.mempool().get(&txid).is_some());
    assert!(state.index().coin(&tx.input[0].previous_output).unwrap().is_some());
    registration.drain().unwrap();
    let height = fork.height + 1;
    let expected = [
        format!("connected {height} {}", confirming.block_hash()),
        "tip".to_owned(),
        format!("disconnected {height} {}", confirming.block_hash()),
        // Whoever has heard of the new blocks has heard of this.
        format!("added {txid}"),
        format!("connected {height} {}", first.block_hash()),
        format!("connected {} {}", height + 1, second.block_hash()),
        "tip".to_owned(),
    ];
    let told: Vec<_> = heard.take().into_iter().filter(|event| event != "flushed").collect();
    assert_eq!(told, expected);

    // As after a crash: nothing is closed in order.
    let tip = state.tip();
    drop(registration);
    drop(state);
    let state = open(directory.path());
    assert_eq!(state.tip(), tip);
    assert!(state.mempool().get(&txid).is_some());
    state.close().unwrap();
}

#[test]
fn one_who_does_not_listen_holds_up_nobody() {
    /// Never comes back from its first notification until it is let go.
    struct Stuck(Mutex<std::sync::mpsc::Receiver<()>>);

    #[ipc_interface]
    impl ChainNotifications for Stuck {
        fn updated_block_tip(&self) -> Result<()> {
            let _ = self.0.lock().unwrap().recv();
            Ok(())
        }
    }

    let directory = tempfile::tempdir().unwrap();
    let state = open(directory.path());
    let (let_go, stuck) = std::sync::mpsc::channel();
    let _stuck = state.notify(Arc::new(Stuck(Mutex::new(stuck)))).unwrap();
    let heard = Arc::new(Heard::default());
    let registration = state.notify(heard.clone()).unwrap();
    // More blocks than are kept at hand, so that the late one reads them from disk.
    extend(&state, 20, 0);
    registration.drain().unwrap();
    assert_eq!(heard.take().iter().filter(|event| event.starts_with("connected")).count(), 20);
    drop(let_go);
}

#[test]
fn those_who_wait_wake_with_the_tip_and_at_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let state = open(directory.path());
    let genesis = state.tip().hash;
    let waiting = state.clone();
    let thread = std::thread::spawn(move || {
        let seen = waiting.wait(None, |now| now.tip.hash != genesis);
        let end = waiting.wait(None, |_| false);
        (seen.tip.height, end.stopping)
    });
    extend(&state, 1, 0);
    state.close().unwrap();
    assert_eq!(thread.join().unwrap(), (1, true));
}

#[test]
fn a_broadcast_keeps_to_its_highest_fee() {
    use bitcoin_ipc::types::{TransactionError, TxBroadcast};

    const ALL: TxBroadcast = TxBroadcast::MempoolAndBroadcastToAll;
    let directory = tempfile::tempdir().unwrap();
    let state = open(directory.path());
    let blocks = extend(&state, 101, 0);
    let tx = pay(&blocks[0].txdata[0], 5000);
    let refused = state.broadcast(&tx, Amount::from_sat(4999), ALL).unwrap().unwrap_err();
    assert_eq!(refused.error, TransactionError::MaxFeeExceeded);
    assert!(state.mempool().is_empty());
    assert_eq!(state.broadcast(&tx, Amount::from_sat(5000), ALL).unwrap(), Ok(()));
    assert_eq!(state.broadcast(&tx, Amount::ZERO, ALL).unwrap(), Ok(()), "again is no error");
    let txid = tx.compute_txid();
    assert!(state.mempool().unbroadcast().contains(&txid), "no peer has taken it");
    let twice = state.broadcast(&pay(&blocks[0].txdata[0], 5001), Amount::ZERO, ALL).unwrap().unwrap_err();
    assert_eq!(twice.error, TransactionError::MempoolRejected);
    assert!(twice.message.starts_with("insufficient fee"), "{}", twice.message);
    let early = state.broadcast(&pay(&blocks[50].txdata[0], 1000), Amount::ZERO, ALL).unwrap().unwrap_err();
    assert!(early.message.starts_with("bad-txns-premature-spend-of-coinbase"), "{}", early.message);
}
