//! What a wallet in another process learns of its scripts, through a real connection.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod mine;

use std::sync::{Arc, Mutex};

use bitcoin::hashes::Hash;
use bitcoin::script::Builder;
use bitcoin::transaction::Version;
use bitcoin::{Amount, BlockHash, Network, OutPoint, ScriptBuf, Transaction, TxOut};
use bitcoin_init::arguments::{Invocation, NETWORK_OPTIONS, NODE_OPTIONS, Program, SHARED_OPTIONS, parse};
use bitcoin_init::config::Settings;
use bitcoin_init::config::SharedSettings;
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::signals::Signals;
use bitcoin_ipc::interfaces::watch::{
    AnyChain, MAX_WATCHED_BYTES, ScriptWatch, SplitInit, WatchedBlock, WatchedNotifications, WatchingChain,
};
use bitcoin_ipc::types::{BlockRef, MempoolRemovalReason, TxBroadcast};
use bitcoin_node::chainstate::Verdict;
use bitcoin_node::program::{Door, Offer};
use bitcoin_node::rpc::{RpcOptions, RpcServer};
use bitcoin_node::state::{Options, State};
use bitcoin_node::template::SelectOptions;
use mine::{REWARD, block, spend};
use mp_runtime::{EventLoop, Remote, Result, ipc_interface, pair};

struct Setup {
    state: Arc<State>,
    chain: Arc<dyn WatchingChain>,
    init: Remote<dyn SplitInit>,
    _directory: tempfile::TempDir,
}

/// A node with 110 blocks.
fn setup(filters: bool) -> Setup {
    let directory = tempfile::tempdir().unwrap();
    let program =
        Program::new("test", "1", "").options(SHARED_OPTIONS).options(NETWORK_OPTIONS).options(NODE_OPTIONS);
    let datadir = format!("-datadir={}", directory.path().display());
    let Invocation::Run(arguments) = parse(&program, ["test", "-regtest", &datadir]).unwrap() else {
        panic!("an ordinary run")
    };
    let settings = Settings::load(&program, arguments).unwrap();
    let mut options = Options::new(bitcoin_init::datadir::prepare(&settings).unwrap(), Network::Regtest);
    options.index.filters = filters;
    options.mempool.require_standard = false;
    let state = State::open(&options, Signals::default(), Shutdown::new()).unwrap();
    let rpc = RpcServer::new(RpcOptions::new(&options.directory));
    let settings = SharedSettings::new(settings);
    let offer = Offer::new(state.clone(), rpc, settings, SelectOptions::default());
    let event_loop = EventLoop::new("test").unwrap();
    let (init, _) = pair(&event_loop, Arc::new(Door::of(offer)) as Arc<dyn SplitInit>);
    let Some(AnyChain::Watching(chain)) = init.any_chain().unwrap() else { panic!("a node that watches") };
    let setup = Setup { state, chain, init, _directory: directory };
    for _ in 0..110 {
        setup.mine(&[]);
    }
    setup
}

impl Setup {
    /// Puts a block on another one.
    fn mine_on(&self, parent: BlockHash, branch: i64, txs: &[Transaction]) -> BlockHash {
        let height = self.state.chain().height(parent).unwrap() + 1;
        let next = block(parent, height, branch, REWARD, txs);
        let verdict = self.state.process_block(&next).unwrap();
        assert!(matches!(verdict, Verdict::Valid | Verdict::Inconclusive), "{verdict:?}");
        next.block_hash()
    }

    fn mine(&self, txs: &[Transaction]) -> BlockHash {
        self.mine_on(self.state.tip().hash, 0, txs)
    }

    /// The coinbase at a height.
    fn coinbase(&self, height: u32) -> Transaction {
        let hash = self.state.chain().hash_at(height).unwrap();
        self.state.chain().block(hash).unwrap().unwrap().txdata[0].clone()
    }

    fn send(&self, tx: &Transaction) {
        let sent = self.chain.broadcast_transaction(tx, Amount::ZERO, TxBroadcast::MempoolAndBroadcastToAll);
        assert_eq!(sent, Ok(Ok(())));
    }

    fn watch(&self, scripts: &[ScriptBuf]) -> (Arc<Diary>, Box<dyn ScriptWatch>) {
        let diary = Arc::new(Diary::default());
        let watch = self.chain.watch_scripts(diary.clone()).unwrap();
        let tip = self.state.tip();
        let told = BlockRef { hash: tip.hash, height: tip.height as i32 };
        assert_eq!(watch.add_scripts(scripts), Ok(Some(told)));
        (diary, watch)
    }

    /// What was told since the last time.
    fn told(&self, diary: &Diary) -> Vec<Told> {
        self.chain.wait_for_notifications().unwrap();
        std::mem::take(&mut *diary.0.lock().unwrap())
    }
}

/// A script that anyone can spend from; each number is another one.
fn script(number: i64) -> ScriptBuf {
    Builder::new().push_int(number).into_script()
}

/// Spends the first output of a transaction to a script.
fn pay(from: &Transaction, to: &ScriptBuf, fee: u64) -> Transaction {
    let mut tx = spend(from, fee);
    tx.output[0].script_pubkey = to.clone();
    // Smaller ones are not relayed.
    tx.output.push(TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new_op_return([0; 32]) });
    tx
}

#[derive(Clone, Debug, PartialEq)]
enum Told {
    Added(Transaction),
    Removed(Transaction, MempoolRemovalReason),
    Connected(BlockHash, Vec<(u32, Transaction)>),
    Disconnected(BlockHash, Vec<(u32, Transaction)>),
}
use Told::{Added, Connected, Disconnected, Removed};

#[derive(Default)]
struct Diary(Mutex<Vec<Told>>);

impl Diary {
    fn note(&self, told: Told) -> Result<()> {
        self.0.lock().unwrap().push(told);
        Ok(())
    }
}

fn transactions(block: &WatchedBlock) -> Vec<(u32, Transaction)> {
    block.transactions.iter().map(|found| (found.index, found.tx.clone())).collect()
}

#[ipc_interface]
impl WatchedNotifications for Diary {
    fn transaction_added(&self, tx: &Transaction) -> Result<()> {
        self.note(Added(tx.clone()))
    }
    fn transaction_removed(&self, tx: &Transaction, reason: MempoolRemovalReason) -> Result<()> {
        self.note(Removed(tx.clone(), reason))
    }
    fn block_connected(&self, block: &WatchedBlock) -> Result<()> {
        self.note(Connected(block.hash, transactions(block)))
    }
    fn block_disconnected(&self, block: &WatchedBlock) -> Result<()> {
        self.note(Disconnected(block.hash, transactions(block)))
    }
}

#[test]
fn what_pays_or_spends_a_script_is_told_and_nothing_else() {
    let setup = setup(false);
    let mine = script(5);
    let (diary, watch) = setup.watch(std::slice::from_ref(&mine));
    let payment = pay(&setup.coinbase(1), &mine, 1000);
    let foreign = pay(&setup.coinbase(2), &script(6), 1000);
    let spending = pay(&payment, &script(6), 1000);
    let next = pay(&spending, &script(7), 1000);
    [&payment, &foreign, &spending, &next].into_iter().for_each(|tx| setup.send(tx));
    assert_eq!(setup.told(&diary), [Added(payment.clone()), Added(spending.clone())]);

    // One of a higher fee takes their place.
    let rival = pay(&payment, &script(8), 100_000);
    setup.send(&rival);
    let replaced = Removed(spending.clone(), MempoolRemovalReason::Replaced);
    assert_eq!(setup.told(&diary), [replaced, Added(rival.clone())]);
    setup.send(&pay(&setup.coinbase(3), &script(9), 1000));

    let with_both = setup.mine(&[foreign.clone(), payment.clone(), rival.clone()]);
    let without = setup.mine(&[]);
    let found = vec![(2, payment.clone()), (3, rival.clone())];
    assert_eq!(setup.told(&diary), [Connected(with_both, found), Connected(without, vec![])]);

    drop(watch);
    setup.mine(&[]);
    assert_eq!(setup.told(&diary), []);
}

#[test]
fn a_coin_of_the_chain_is_known_when_it_is_spent() {
    let setup = setup(false);
    let mine = script(5);
    let payment = pay(&setup.coinbase(1), &mine, 1000);
    setup.mine(std::slice::from_ref(&payment));
    // The watch begins after the payment.
    let (diary, watch) = setup.watch(&[script(4), mine]);
    let spending = pay(&payment, &script(6), 1000);
    setup.send(&spending);
    assert_eq!(setup.told(&diary), [Added(spending.clone())]);

    let other = Diary::default();
    setup.send(&pay(&setup.coinbase(2), &script(6), 1000));
    watch.request_mempool_transactions(&other).unwrap();
    assert_eq!(*other.0.lock().unwrap(), [Added(spending.clone())]);

    // In a block by itself, without the mempool's help: its coin is in the undo data.
    let (fresh, _watch) = setup.watch(&[script(5)]);
    let block = setup.mine(std::slice::from_ref(&spending));
    assert_eq!(setup.told(&fresh), [Connected(block, vec![(1, spending)])]);
}

#[test]
fn a_rival_is_told_though_it_pays_and_spends_nothing_that_is_watched() {
    let setup = setup(true);
    let (diary, _watch) = setup.watch(&[script(7)]);
    let coin = setup.coinbase(1);
    let paying = pay(&coin, &script(7), 1000);
    let rival = pay(&coin, &script(8), 100_000);
    setup.send(&paying);
    setup.send(&rival);
    let block = setup.mine(std::slice::from_ref(&rival));
    let replaced = Removed(paying.clone(), MempoolRemovalReason::Replaced);
    let connected = Connected(block, vec![(1, rival.clone())]);
    assert_eq!(setup.told(&diary), [Added(paying), replaced, Added(rival), connected]);
}

/// A transaction of version 3 may have one child (BIP 431), so another one is told whose child it is of.
#[test]
fn who_takes_the_place_of_a_child_is_told() {
    let setup = setup(true);
    let (diary, _watch) = setup.watch(&[script(7)]);
    let half = |script| TxOut { value: Amount::from_sat(1_000_000), script_pubkey: script };
    let mut payment = pay(&setup.coinbase(1), &script(7), 1000);
    payment.version = Version(3);
    payment.output = vec![half(script(7)), half(script(8))];
    let mut child = pay(&payment, &script(9), 1000);
    let mut sibling = pay(&payment, &script(9), 100_000);
    (child.version, sibling.version) = (Version(3), Version(3));
    sibling.input[0].previous_output.vout = 1;
    let mut other = pay(&payment, &script(9), 100_000);
    other.input[0].previous_output = OutPoint::new(setup.coinbase(2).compute_txid(), 0);
    [&payment, &child, &sibling, &other].into_iter().for_each(|tx| setup.send(tx));
    let replaced = Removed(child.clone(), MempoolRemovalReason::Replaced);
    assert_eq!(setup.told(&diary), [Added(payment), Added(child), replaced, Added(sibling)]);
}

#[test]
fn a_removal_is_told_of_what_came_with_the_mempool() {
    let setup = setup(false);
    let mine = script(5);
    let payment = pay(&setup.coinbase(1), &mine, 1000);
    setup.send(&payment);
    let (diary, watch) = setup.watch(&[mine]);
    let rest = Diary::default();
    watch.request_mempool_transactions(&rest).unwrap();
    assert_eq!(*rest.0.lock().unwrap(), [Added(payment.clone())]);
    let rival = pay(&setup.coinbase(1), &script(6), 100_000);
    let block = setup.mine(std::slice::from_ref(&rival));
    let conflict = Removed(payment, MempoolRemovalReason::Conflict);
    assert_eq!(setup.told(&diary), [conflict, Connected(block, vec![(1, rival)])]);
}

#[test]
fn a_reorganisation_takes_blocks_away_with_what_is_watched_now() {
    let setup = setup(false);
    let (early, late) = (script(5), script(6));
    let (diary, watch) = setup.watch(std::slice::from_ref(&early));
    let fork = setup.state.tip().hash;
    let txs = [pay(&setup.coinbase(1), &early, 1000), pay(&setup.coinbase(2), &late, 1000)];
    let lost = setup.mine(&txs);
    assert_eq!(setup.told(&diary), [Connected(lost, vec![(1, txs[0].clone())])]);
    assert_eq!(watch.add_scripts(&[late]), Ok(Some(BlockRef { hash: lost, height: 111 })));
    let first = setup.mine_on(fork, 1, &[]);
    let second = setup.mine_on(first, 1, &[]);
    let both = vec![(1, txs[0].clone()), (2, txs[1].clone())];
    let [a, b] = txs;
    let mut told = setup.told(&diary);
    // In the order of the mempool.
    told[1..3].sort_by_key(|told| *told != Added(a.clone()));
    let [a, b] = [Added(a), Added(b)];
    assert_eq!(told, [Disconnected(lost, both), a, b, Connected(first, vec![]), Connected(second, vec![])]);
}

#[test]
fn blocks_are_looked_through_with_and_without_filters() {
    for filters in [false, true] {
        let setup = setup(filters);
        let mine = script(5);
        let payment = pay(&setup.coinbase(1), &mine, 1000);
        let paid = setup.mine(std::slice::from_ref(&payment)); // 111
        setup.mine(&[]);
        let spending = pay(&payment, &script(6), 1000);
        let spent = setup.mine(std::slice::from_ref(&spending)); // 113
        setup.mine(&[]);
        let (_diary, watch) = setup.watch(&[mine]);
        let hash = |height: u32| setup.state.chain().hash_at(height).unwrap();
        let scan = |from: u32, to: Option<i32>, most: u32| {
            let scanned = watch.scan_blocks(hash(from), to, most).unwrap().unwrap();
            let found: Vec<_> =
                scanned.blocks.iter().map(|block| (block.hash, transactions(block))).collect();
            assert_eq!(scanned.unreadable, None);
            (found, scanned.last.map(|last| last.height), scanned.next)
        };
        let (first, second) = ((paid, vec![(1, payment)]), (spent, vec![(1, spending)]));
        assert_eq!(scan(0, None, 1000), (vec![first.clone(), second.clone()], Some(114), None));
        assert_eq!(scan(111, Some(113), 9), (vec![first.clone(), second.clone()], Some(113), None));
        assert_eq!(scan(111, Some(112), 9), (vec![first.clone()], Some(112), None));
        assert_eq!(scan(100, None, 12), (vec![first], Some(111), Some(hash(112))));
        assert_eq!(scan(112, None, 0), (vec![], Some(112), Some(hash(113))));
        assert_eq!(scan(112, Some(111), 5), (vec![], None, None));
        let found = watch.scan_blocks(spent, None, 1).unwrap().unwrap().blocks.remove(0);
        assert_eq!((found.prev_hash, found.height), (Some(hash(112)), 113));
        let header = setup.state.chain().header(spent).unwrap().unwrap();
        assert_eq!((found.time, found.max_time), (header.time, header.time));

        // A block that is in no chain, and one that is no more.
        assert_eq!(watch.scan_blocks(BlockHash::all_zeros(), None, 5), Ok(None));
        let lost = hash(114);
        let side = setup.mine_on(spent, 1, &[]);
        setup.mine_on(side, 1, &[]);
        assert_eq!(watch.scan_blocks(lost, None, 5), Ok(None));
    }
}

#[test]
fn no_block_falls_between_those_that_are_told_and_those_that_are_looked_through() {
    let setup = setup(false);
    let mine = script(5);
    let from = setup.state.tip().height + 1;
    let mut paying = Vec::new();
    let mut last = setup.coinbase(1);
    for _ in 0..30 {
        last = pay(&last, &mine, 1000);
        paying.push(last.clone());
    }
    let (diaries, hidden) = std::thread::scope(|scope| {
        scope.spawn(|| paying.iter().for_each(|tx| drop(setup.mine(std::slice::from_ref(tx)).to_string())));
        let watches = (0..8).map(|_| {
            let diary = Arc::new(Diary::default());
            let watch = setup.chain.watch_scripts(diary.clone()).unwrap();
            let hidden = watch.add_scripts(std::slice::from_ref(&mine)).unwrap().unwrap();
            ((diary, watch), hidden)
        });
        watches.unzip::<_, _, Vec<_>, Vec<_>>()
    });
    let start = setup.state.chain().hash_at(from).unwrap();
    for ((diary, watch), hidden) in diaries.iter().zip(hidden) {
        setup.chain.wait_for_notifications().unwrap();
        let scanned = watch.scan_blocks(start, Some(hidden.height), 1000).unwrap().unwrap();
        let scanned = scanned.blocks.iter().flat_map(transactions);
        let told = diary.0.lock().unwrap().clone();
        let told = told.into_iter().flat_map(|told| match told {
            Connected(_, found) => found,
            _ => vec![],
        });
        let mut found: Vec<_> = scanned.chain(told).map(|(_, tx)| tx.compute_txid()).collect();
        // One may come both ways.
        found.dedup();
        let all: Vec<_> = paying.iter().map(Transaction::compute_txid).collect();
        assert_eq!(found, all, "with blocks up to {} hidden", hidden.height);
    }
}

#[test]
fn too_many_scripts_are_refused_and_the_watch_goes_on() {
    let setup = setup(false);
    let mine = script(5);
    let (diary, watch) = setup.watch(std::slice::from_ref(&mine));
    let huge = ScriptBuf::from_bytes(vec![1; MAX_WATCHED_BYTES / 8]);
    let refused = (0..8).map(|number: u8| {
        let mut bytes = huge.to_bytes();
        bytes[0] = number;
        watch.add_scripts(&[ScriptBuf::from_bytes(bytes)])
    });
    let refused: Vec<_> = refused.filter_map(|answer| answer.err()).collect();
    assert_eq!(refused.len(), 1);
    assert!(refused[0].text().contains("at most"), "{}", refused[0]);
    let payment = pay(&setup.coinbase(1), &mine, 1000);
    setup.send(&payment);
    assert_eq!(setup.told(&diary), [Added(payment)]);
}

#[test]
fn those_who_know_only_bitcoin_cores_interfaces_notice_nothing() {
    let setup = setup(false);
    let chain = setup.init.make_chain().unwrap().unwrap();
    assert_eq!(chain.get_height(), Ok(Some(110)));
    let outpoint = OutPoint::new(setup.coinbase(1).compute_txid(), 0);
    let mut coins = [(outpoint, None)].into();
    chain.find_coins(&mut coins).unwrap();
    assert!(coins[&outpoint].is_some());
}
