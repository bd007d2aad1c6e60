//! Nodes with one chain.
//!
//! In: transactions. Out: blocks, which all nodes have.

use std::sync::Arc;

use bitcoin::opcodes::OP_TRUE;
use bitcoin::script::Builder;
use bitcoin::{
    Amount, Block, Network, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness, absolute,
    transaction,
};
use bitcoin_init::arguments::{
    LOG_OPTIONS, NETWORK_OPTIONS, NODE_OPTIONS, Program, SHARED_OPTIONS, WALLET_OPTIONS,
};
use bitcoin_init::config::Settings;
use bitcoin_init::config::SharedSettings;
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::signals::Signals;
use bitcoin_ipc::types::{GlobalArgs, TxBroadcast};
use bitcoin_node::chainstate::Verdict;
use bitcoin_node::mining::mine;
use bitcoin_node::program::{Door, Offer};
use bitcoin_node::rpc::{RpcOptions, RpcServer};
use bitcoin_node::state::{Options, State};
use bitcoin_node::template::SelectOptions;
use tempfile::TempDir;

/// The time of the first block that is made here, in seconds since 1970.
const TIME: u64 = 1_700_000_000;

pub(crate) struct Node {
    pub(crate) offer: Offer,
    _directory: TempDir,
}

impl Node {
    pub(crate) fn new(filters: bool) -> Node {
        let directory = tempfile::tempdir().unwrap();
        let program = Program::new("node", "1", "A node.")
            .options(SHARED_OPTIONS)
            .options(NETWORK_OPTIONS)
            .options(NODE_OPTIONS)
            .options(WALLET_OPTIONS)
            .options(LOG_OPTIONS);
        let settings = Settings::from_global_args(&program, GlobalArgs::default()).unwrap();
        let mut options = Options::new(directory.path(), Network::Regtest);
        options.index.filters = filters;
        options.mempool.require_standard = false;
        let state = State::open(&options, Signals::default(), Shutdown::new()).unwrap();
        state.clock().set_mock_time(TIME);
        let rpc = RpcServer::new(RpcOptions::new(directory.path()));
        let offer = Offer::new(state, rpc, SharedSettings::new(settings), SelectOptions::default());
        Node { offer, _directory: directory }
    }

    pub(crate) fn state(&self) -> &State {
        &self.offer.state
    }

    /// The next block, with these transactions, which pays anyone. It is not in the chain yet.
    pub(crate) fn make(&self, txs: Vec<Transaction>) -> Block {
        // Each block is ten minutes after the one before.
        self.state().clock().set_mock_time(TIME + 600 * u64::from(self.state().tip().height));
        let (select, mut tries) = (SelectOptions::default(), u64::MAX);
        mine(self.state(), &select, &anyone(), Some(txs), &mut tries, &|| false).unwrap().unwrap()
    }

    pub(crate) fn take(&self, block: &Block) {
        let verdict = self.state().process_block(block).unwrap();
        assert!(matches!(verdict, Verdict::Valid | Verdict::Inconclusive), "{verdict:?}");
        self.state().clock().set_mock_time(u64::from(block.header.time));
    }

    pub(crate) fn send(&self, tx: &Transaction) {
        assert_eq!(
            self.state().broadcast(tx, Amount::ZERO, TxBroadcast::MempoolAndBroadcastToAll).unwrap(),
            Ok(())
        );
    }
}

/// A script that anyone can spend from.
pub(crate) fn anyone() -> ScriptBuf {
    Builder::new().push_opcode(OP_TRUE).into_script()
}

/// Strangers, each with a coin of its own that it pays with again and again.
pub(crate) struct Strangers(Vec<(OutPoint, Amount)>);

impl Strangers {
    /// So many strangers share a coinbase; gives the transaction that shares it.
    pub(crate) fn new(count: u32, coinbase: &Transaction) -> (Strangers, Transaction) {
        let each = coinbase.output[0].value / u64::from(count) - Amount::from_sat(1000);
        let outputs = (0..count).map(|_| TxOut { value: each, script_pubkey: anyone() }).collect();
        let tx = spend(OutPoint::new(coinbase.compute_txid(), 0), outputs);
        let txid = tx.compute_txid();
        let coins = (0..count).map(|vout| (OutPoint::new(txid, vout), each)).collect();
        (Strangers(coins), tx)
    }

    /// A stranger pays to a script, as large as an ordinary payment.
    pub(crate) fn pay(&mut self, stranger: usize, script: &ScriptBuf, amount: Amount) -> Transaction {
        let (coin, value) = self.0[stranger];
        let rest = value - amount - Amount::from_sat(1000);
        let tx = spend(
            coin,
            vec![
                TxOut { value: rest, script_pubkey: anyone() },
                TxOut { value: amount, script_pubkey: script.clone() },
                // In place of a signature and a key.
                TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new_op_return([7; 70]) },
            ],
        );
        self.0[stranger] = (OutPoint::new(tx.compute_txid(), 0), rest);
        tx
    }
}

fn spend(coin: OutPoint, output: Vec<TxOut>) -> Transaction {
    Transaction {
        version: transaction::Version::TWO,
        lock_time: absolute::LockTime::ZERO,
        input: vec![TxIn {
            previous_output: coin,
            script_sig: ScriptBuf::new(),
            sequence: Sequence::MAX,
            witness: Witness::new(),
        }],
        output,
    }
}

/// The same node for several clients.
pub(crate) fn served(node: &Node) -> Arc<Door> {
    Arc::new(Door::of(node.offer.clone()))
}
