//! ChainNotifications: a listener that is handed over, and one that is lent.

use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

use bitcoin::Transaction;
use bitcoin_ipc::Result;
use bitcoin_ipc::interfaces::ChainNotifications;
use bitcoin_ipc::types::{BlockInfo, BlockLocator, BlockUndo, ChainstateRole, MempoolRemovalReason, TxUndo};

use crate::ends::Ends;
use crate::sample::{block_hash, coin, transaction};
use crate::script::{Script, played, same};

/// Hears what its script says.
#[derive(Clone, Default)]
struct Listener {
    script: Arc<Script>,
}

impl ChainNotifications for Listener {
    played! {
        fn transaction_added_to_mempool(&self, tx: &Transaction) -> ();
        fn transaction_removed_from_mempool(&self, tx: &Transaction, reason: MempoolRemovalReason) -> ();
        fn block_connected(&self, role: ChainstateRole, block: &BlockInfo) -> ();
        fn block_disconnected(&self, block: &BlockInfo) -> ();
        fn updated_block_tip(&self) -> ();
        fn chain_state_flushed(&self, role: ChainstateRole, locator: &BlockLocator) -> ();
    }
}

pub(crate) fn notifications_arrive_until_the_handler_ends(ends: &Ends) {
    let chain = ends.chain();
    let listener = Listener::default();
    let script = &listener.script;
    script.expect("updated_block_tip", "()".into(), ());
    ends.peer.when_registered(|listener: &Arc<dyn ChainNotifications>| {
        assert_eq!(listener.updated_block_tip(), Ok(()));
    });
    let handler = chain.handle_notifications(Arc::new(listener.clone())).expect("a handler");
    let node = ends.peer.kept::<Arc<dyn ChainNotifications>>("handle_notifications").expect("a listener");
    let tx = transaction(1);
    same!(script, node.transaction_added_to_mempool(&tx), ());
    for reason in [MempoolRemovalReason::SizeLimit, MempoolRemovalReason::Replaced] {
        same!(script, node.transaction_removed_from_mempool(&tx, reason), ());
    }
    let role = ChainstateRole { validated: true, historical: true };
    let block = bitcoin::constants::genesis_block(bitcoin::Network::Regtest);
    let full = BlockInfo {
        hash: block.block_hash(),
        prev_hash: Some(block_hash(1)),
        height: 7,
        file_number: 2,
        data_pos: 300,
        data: Some(block),
        undo_data: Some(BlockUndo { transactions: vec![TxUndo { spent: vec![coin(1), coin(2)] }] }),
        chain_time_max: u32::MAX,
    };
    let bare = BlockInfo { prev_hash: None, height: 0, data: None, undo_data: None, ..full.clone() };
    same!(script, node.block_connected(role, &full), ());
    same!(script, node.block_connected(ChainstateRole { validated: false, historical: true }, &bare), ());
    same!(script, node.block_disconnected(&full), ());
    same!(script, node.updated_block_tip(), ());
    let locator = BlockLocator { hashes: vec![block_hash(3), block_hash(2)] };
    same!(script, node.chain_state_flushed(role, &locator), ());
    drop(node);
    assert_eq!(handler.disconnect(), Ok(()));
    assert!(ends.peer.kept::<Arc<dyn ChainNotifications>>("handle_notifications").is_none());
    // The connection's own hold on the listener goes a moment later.
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while Arc::strong_count(script) > 1 {
        assert!(std::time::Instant::now() < patience, "somebody still holds the listener");
        std::thread::yield_now();
    }
}

/// Remembers transactions, and on which thread it heard of them.
#[derive(Default)]
struct Witness(Mutex<Vec<(Transaction, ThreadId)>>);

impl ChainNotifications for Witness {
    fn transaction_added_to_mempool(&self, tx: &Transaction) -> Result<()> {
        self.0.lock().expect("a lock").push((tx.clone(), std::thread::current().id()));
        Ok(())
    }
}

pub(crate) fn a_lent_listener_hears_on_the_calling_thread(ends: &Ends) {
    let chain = ends.chain();
    let witness = Witness::default();
    assert_eq!(chain.request_mempool_transactions(&witness), Ok(()));
    let here = std::thread::current().id();
    let heard = witness.0.into_inner().expect("a lock");
    assert_eq!(heard, [(transaction(7), here), (transaction(8), here)]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let witness = Witness::default();
            assert_eq!(chain.request_mempool_transactions(&witness), Ok(()));
            let there = std::thread::current().id();
            assert_ne!(there, here);
            let heard = witness.0.into_inner().expect("a lock");
            assert_eq!(heard, [(transaction(7), there), (transaction(8), there)]);
        });
    });
}
