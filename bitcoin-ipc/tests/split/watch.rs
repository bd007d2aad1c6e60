//! Watching scripts: what a wallet asks for, what it hears, and that a chain which watches is a
//! chain like any other.

use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

use bitcoin::{BlockHash, ScriptBuf, Transaction};
use bitcoin_ipc::Result;
use bitcoin_ipc::interfaces::watch::{
    AnyChain, ScannedBlocks, ScriptWatch, WatchedBlock, WatchedNotifications, WatchedTransaction,
    WatchingChain,
};
use bitcoin_ipc::interfaces::{Chain, ChainClient, Handler};
use bitcoin_ipc::types::{BlockLocator, BlockRef, GlobalArgs, MempoolRemovalReason};

use crate::ends::Ends;
use crate::peer::Peer;
use crate::sample::{block_hash, output, transaction};
use crate::script::{Script, played, same};

impl WatchingChain for Peer {
    fn watch_scripts(&self, notifications: Arc<dyn WatchedNotifications>) -> Result<Box<dyn ScriptWatch>> {
        let registered = self.keep("watch_scripts", notifications);
        Ok(Box::new(Watch { peer: self.clone(), registered }))
    }
}

/// A watch at the peer.
struct Watch {
    peer: Peer,
    registered: Box<dyn Handler>,
}

impl std::ops::Deref for Watch {
    type Target = Peer;

    fn deref(&self) -> &Peer {
        &self.peer
    }
}

impl Handler for Watch {
    fn disconnect(&self) -> Result<()> {
        self.registered.disconnect()
    }
}

impl ScriptWatch for Watch {
    played! {
        fn add_scripts(&self, scripts: &[ScriptBuf]) -> Option<BlockRef>;
        fn scan_blocks(&self, start: BlockHash, max_height: Option<i32>, max_blocks: u32) -> Option<ScannedBlocks>;
    }

    fn request_mempool_transactions(&self, notifications: &dyn WatchedNotifications) -> Result<()> {
        notifications.transaction_added(&transaction(7))?;
        notifications.transaction_added(&transaction(8))
    }
}

/// Hears what its script says.
#[derive(Clone, Default)]
struct Listener {
    script: Arc<Script>,
}

impl WatchedNotifications for Listener {
    played! {
        fn transaction_added(&self, tx: &Transaction) -> ();
        fn transaction_removed(&self, tx: &Transaction, reason: MempoolRemovalReason) -> ();
        fn block_connected(&self, block: &WatchedBlock) -> ();
        fn block_disconnected(&self, block: &WatchedBlock) -> ();
        fn updated_block_tip(&self) -> ();
        fn chain_state_flushed(&self, locator: &BlockLocator) -> ();
    }
}

/// Hears nothing.
pub(crate) struct Deaf;

impl WatchedNotifications for Deaf {}

fn block(number: u8) -> WatchedBlock {
    WatchedBlock {
        hash: block_hash(number),
        prev_hash: Some(block_hash(number + 1)),
        height: number.into(),
        time: 1_700_000_000,
        max_time: u32::MAX,
        transactions: vec![
            WatchedTransaction { index: 0, tx: transaction(number) },
            WatchedTransaction { index: u32::MAX, tx: transaction(number + 1) },
        ],
    }
}

fn bare(number: u8) -> WatchedBlock {
    WatchedBlock {
        prev_hash: None,
        height: 0,
        time: 0,
        max_time: 0,
        transactions: Vec::new(),
        ..block(number)
    }
}

fn block_ref(number: u8) -> BlockRef {
    BlockRef { hash: block_hash(number), height: number.into() }
}

/// The chain of the peer, which watches.
fn chain(ends: &Ends) -> Arc<dyn WatchingChain> {
    ends.init.make_watching_chain().expect("an answer").expect("a chain")
}

pub(crate) fn scripts_are_watched_and_blocks_are_scanned(ends: &Ends) {
    let script = &ends.peer.script;
    let watch = chain(ends).watch_scripts(Arc::new(Deaf)).expect("a watch");
    let scripts = [output(1).script_pubkey, ScriptBuf::new(), output(2).script_pubkey];
    for last_without in [None, Some(block_ref(5))] {
        same!(script, watch.add_scripts(&scripts), last_without);
    }
    same!(script, watch.add_scripts(&scripts[..0]), None);
    let scanned = ScannedBlocks {
        blocks: vec![block(1), block(3)],
        last: Some(block_ref(4)),
        unreadable: Some(block_ref(2)),
        next: Some(block_hash(5)),
    };
    same!(script, watch.scan_blocks(block_hash(1), Some(9), u32::MAX), Some(scanned));
    same!(script, watch.scan_blocks(block_hash(1), Some(0), 1), Some(ScannedBlocks::default()));
    same!(script, watch.scan_blocks(block_hash(2), None::<i32>, 100), None);
}

pub(crate) fn a_watch_is_heard_until_it_ends(ends: &Ends) {
    let listener = Listener::default();
    let script = &listener.script;
    script.expect("updated_block_tip", "()".into(), ());
    ends.peer.when_registered(|listener: &Arc<dyn WatchedNotifications>| {
        assert_eq!(listener.updated_block_tip(), Ok(()));
    });
    let watch = chain(ends).watch_scripts(Arc::new(listener.clone())).expect("a watch");
    let node = ends.peer.kept::<Arc<dyn WatchedNotifications>>("watch_scripts").expect("a listener");
    let tx = transaction(1);
    same!(script, node.transaction_added(&tx), ());
    for reason in [MempoolRemovalReason::Conflict, MempoolRemovalReason::Expiry] {
        same!(script, node.transaction_removed(&tx, reason), ());
    }
    same!(script, node.block_connected(&block(1)), ());
    same!(script, node.block_connected(&bare(2)), ());
    same!(script, node.block_disconnected(&block(3)), ());
    let locator = BlockLocator { hashes: vec![block_hash(3), block_hash(2)] };
    same!(script, node.chain_state_flushed(&locator), ());
    drop(node);
    // A watch is a handler like any other.
    let handler: Box<dyn Handler> = watch;
    assert_eq!(handler.disconnect(), Ok(()));
    assert!(ends.peer.kept::<Arc<dyn WatchedNotifications>>("watch_scripts").is_none());
}

pub(crate) fn a_dropped_watch_ends(ends: &Ends) {
    let watch = chain(ends).watch_scripts(Arc::new(Deaf)).expect("a watch");
    drop(watch);
    assert!(ends.peer.kept::<Arc<dyn WatchedNotifications>>("watch_scripts").is_none());
}

/// Remembers transactions, and on which thread it heard of them.
#[derive(Default)]
struct Witness(Mutex<Vec<(Transaction, ThreadId)>>);

impl WatchedNotifications for Witness {
    fn transaction_added(&self, tx: &Transaction) -> Result<()> {
        self.0.lock().expect("a lock").push((tx.clone(), std::thread::current().id()));
        Ok(())
    }
}

pub(crate) fn the_mempool_is_told_on_the_calling_thread(ends: &Ends) {
    let watch = chain(ends).watch_scripts(Arc::new(Deaf)).expect("a watch");
    let witness = Witness::default();
    assert_eq!(watch.request_mempool_transactions(&witness), Ok(()));
    let here = std::thread::current().id();
    let heard = witness.0.into_inner().expect("a lock");
    assert_eq!(heard, [(transaction(7), here), (transaction(8), here)]);
}

pub(crate) fn a_chain_that_watches_is_a_chain_like_any_other(ends: &Ends) {
    let script = &ends.peer.script;
    let watching = chain(ends);
    let plain: Arc<dyn Chain> = watching.clone();
    same!(script, plain.get_height(), Some(7));
    same!(script, watching.have_pruned(), true);
    let args = GlobalArgs::default();
    // It comes home as what it was sent as, and as less.
    for _ in 0..2 {
        script.expect("make_watching_wallet_loader", format!("{args:?}"), ());
        let loader = ends.init.make_watching_wallet_loader(&args, watching.clone());
        assert_eq!(loader.expect("an answer").expect("a loader").register_rpcs(), Ok(()));
        script.expect("make_wallet_loader", format!("{args:?}"), ());
        let loader = ends.init.make_wallet_loader(&args, plain.clone());
        assert_eq!(loader.expect("an answer").expect("a loader").register_rpcs(), Ok(()));
    }
}

pub(crate) fn a_wallet_process_is_given_a_chain_that_watches(ends: &Ends) {
    let node = Peer::new();
    let (say, hear) = std::sync::mpsc::channel();
    node.when_registered(move |_: &Arc<dyn WatchedNotifications>| say.send("watched").expect("a listener"));
    let args = GlobalArgs::default();
    ends.peer.script.expect("make_watching_wallet_loader", format!("{args:?}"), ());
    let loader = ends.init.any_wallet_loader(&args, Arc::new(node.clone())).expect("an answer");
    assert_eq!(hear.try_recv(), Ok("watched"), "the new face");
    let client: Arc<dyn ChainClient> =
        Arc::<dyn bitcoin_ipc::interfaces::WalletLoader>::from(loader.expect("a loader"));
    assert_eq!(client.register_rpcs(), Ok(()), "the old face");
    assert!(matches!(ends.init.any_chain(), Ok(Some(AnyChain::Watching(_)))));
}
