//! What a wallet in another process learns of the chain, through a real connection.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod mine;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use bitcoin::hashes::Hash;
use bitcoin::{Amount, Block, BlockHash, Network, OutPoint, ScriptBuf, Transaction, TxOut};
use bitcoin_init::arguments::{Invocation, Program, SHARED_OPTIONS, parse};
use bitcoin_init::arguments::{NETWORK_OPTIONS, NODE_OPTIONS};
use bitcoin_init::config::Settings;
use bitcoin_init::config::SharedSettings;
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::signals::Signals;
use bitcoin_ipc::interfaces::{Chain, ChainNotifications, Init, RpcCommand};
use bitcoin_ipc::types::{
    BlockFilterType, BlockInfo, BlockLocator, ChainstateRole, FoundBlockRequest, RpcOutcome, SettingsAction,
    TxBroadcast,
};
use bitcoin_node::chainstate::Verdict;
use bitcoin_node::program::{Door, Offer};
use bitcoin_node::rpc::{RpcOptions, RpcServer};
use bitcoin_node::state::{Options, State};
use bitcoin_node::template::SelectOptions;
use mine::{REWARD, anyone, block, spend};
use mp_runtime::{EventLoop, Remote, Result, ipc_interface, pair};
use serde_json::{Value, json};

/// A node with a chain of so many blocks, and a wallet's view of it.
struct Setup {
    state: Arc<State>,
    blocks: Vec<Block>,
    chain: Arc<dyn Chain>,
    rpc: RpcServer,
    _init: Remote<dyn Init>,
    directory: tempfile::TempDir,
}

fn setup(height: u32) -> Setup {
    let directory = tempfile::tempdir().unwrap();
    let program =
        Program::new("test", "1", "").options(SHARED_OPTIONS).options(NETWORK_OPTIONS).options(NODE_OPTIONS);
    let datadir = format!("-datadir={}", directory.path().display());
    let Invocation::Run(arguments) =
        parse(&program, ["test", "-regtest", &datadir, "-deprecatedrpc=old"]).unwrap()
    else {
        panic!("an ordinary run")
    };
    let settings = Settings::load(&program, arguments).unwrap();
    let mut options = Options::new(bitcoin_init::datadir::prepare(&settings).unwrap(), Network::Regtest);
    options.index.filters = true;
    options.mempool.require_standard = false;
    let state = State::open(&options, Signals::default(), Shutdown::new()).unwrap();
    let rpc = RpcServer::new(RpcOptions::new(&options.directory));
    rpc.set_ready(state.clone());
    let settings = SharedSettings::new(settings);
    let offer = Offer::new(state.clone(), rpc.clone(), settings, SelectOptions::default());
    let event_loop = EventLoop::new("test").unwrap();
    let (init, _) = pair(&event_loop, Arc::new(Door::of(offer)) as Arc<dyn Init>);
    let chain: Arc<dyn Chain> = init.make_chain().unwrap().unwrap().into();
    let mut parent = state.tip().hash;
    let mut blocks = Vec::new();
    for height in 1..=height {
        let next = block(parent, height, 0, REWARD, &[]);
        parent = next.block_hash();
        assert_eq!(state.process_block(&next).unwrap(), Verdict::Valid);
        blocks.push(next);
    }
    Setup { state, blocks, chain, rpc, _init: init, directory }
}

/// Spends the first output of a transaction, with a second output: smaller ones are not relayed.
fn pay(from: &Transaction, fee: u64) -> Transaction {
    let mut tx = spend(from, fee);
    tx.output.push(TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new_op_return([0; 32]) });
    tx
}

fn everything() -> FoundBlockRequest {
    FoundBlockRequest {
        want_hash: true,
        want_height: true,
        want_time: true,
        want_max_time: true,
        want_mtp_time: true,
        want_in_active_chain: true,
        want_locator: true,
        next_block: Some(Box::new(FoundBlockRequest { want_hash: true, ..FoundBlockRequest::default() })),
        want_data: true,
    }
}

#[test]
fn blocks_are_found_with_their_facts() {
    let Setup { blocks, chain, state, directory: _directory, .. } = setup(12);
    let hash = |height: usize| blocks[height - 1].block_hash();
    assert_eq!(chain.get_height(), Ok(Some(12)));
    assert_eq!(chain.get_block_hash(3), Ok(hash(3)));
    assert!(chain.get_block_hash(13).unwrap_err().text().contains("no block 13"));
    assert!(chain.get_block_hash(-1).is_err());
    assert_eq!((chain.have_block_on_disk(12), chain.have_block_on_disk(13)), (Ok(true), Ok(false)));

    let found = chain.find_block(hash(11), &everything()).unwrap().unwrap();
    assert_eq!(found.hash, Some(hash(11)));
    assert_eq!((found.height, found.in_active_chain), (11, true));
    assert_eq!(found.time, i64::from(blocks[10].header.time));
    assert_eq!(found.max_time, found.time, "times rise in this chain");
    assert_eq!(found.mtp_time, i64::from(blocks[5].header.time), "the median of blocks 1 to 11");
    assert_eq!(found.next_block.unwrap().hash, Some(hash(12)));
    assert_eq!(found.data.as_ref(), Some(&blocks[10]));
    let locator = found.locator.unwrap();
    assert_eq!(locator.hashes[0], hash(11));
    assert_eq!(chain.find_locator_fork(&locator), Ok(Some(11)));
    assert_eq!(chain.find_locator_fork(&BlockLocator { hashes: vec![] }), Ok(None));
    assert_eq!(chain.find_block(BlockHash::all_zeros(), &everything()), Ok(None));

    let only_hash = FoundBlockRequest { want_hash: true, ..FoundBlockRequest::default() };
    let hash_of = |found: Option<bitcoin_ipc::types::FoundBlock>| found.and_then(|found| found.hash);
    let from = |time: u32, height| {
        hash_of(chain.find_first_block_with_time_and_height(time.into(), height, &only_hash).unwrap())
    };
    assert_eq!(from(blocks[4].header.time, 0), Some(hash(5)));
    assert_eq!(from(blocks[4].header.time + 1, 0), Some(hash(6)));
    assert_eq!(from(0, 9), Some(hash(9)));
    assert_eq!(from(u32::MAX, 0), None);
    assert_eq!(hash_of(chain.find_ancestor_by_height(hash(9), 4, &only_hash).unwrap()), Some(hash(4)));
    assert_eq!(chain.find_ancestor_by_height(hash(4), 9, &only_hash), Ok(None));
    assert_eq!(hash_of(chain.find_ancestor_by_hash(hash(9), hash(2), &only_hash).unwrap()), Some(hash(2)));

    // A branch from block 10 that does not win.
    let side = block(hash(10), 11, 7, REWARD, &[]);
    assert_eq!(state.process_block(&side).unwrap(), Verdict::Inconclusive);
    let side = side.block_hash();
    assert_eq!(chain.find_ancestor_by_hash(side, hash(11), &only_hash), Ok(None));
    let common = chain.find_common_ancestor(hash(12), side, &everything(), &only_hash, &only_hash).unwrap();
    assert!(common.result);
    assert_eq!((common.ancestor.hash, common.block2.hash), (Some(hash(10)), Some(side)));
    let unknown =
        chain.find_common_ancestor(hash(12), BlockHash::all_zeros(), &only_hash, &only_hash, &only_hash);
    assert!(!unknown.unwrap().result);
    assert_eq!(chain.has_blocks(hash(12), 0, None), Ok(true));
    assert!(
        chain.guess_verification_progress(hash(1)).unwrap()
            < chain.guess_verification_progress(hash(12)).unwrap()
    );
}

#[test]
fn filters_find_what_pays_a_script() {
    let Setup { blocks, chain, directory: _directory, .. } = setup(2);
    assert_eq!(chain.has_block_filter_index(BlockFilterType::Basic), Ok(true));
    assert_eq!(chain.has_block_filter_index(BlockFilterType::Invalid), Ok(false));
    let matches = |hash, scripts: &[&[u8]]| {
        let scripts: HashSet<Vec<u8>> = scripts.iter().map(|script| script.to_vec()).collect();
        chain.block_filter_matches_any(BlockFilterType::Basic, hash, &scripts).unwrap()
    };
    let hash = blocks[0].block_hash();
    assert_eq!(matches(hash, &[b"nobody", anyone().as_bytes()]), Some(true));
    assert_eq!(matches(hash, &[b"nobody"]), Some(false));
    assert_eq!(matches(hash, &[]), Some(false));
    assert_eq!(matches(BlockHash::all_zeros(), &[anyone().as_bytes()]), None);
}

#[test]
fn coins_and_the_mempool_are_one() {
    let Setup { blocks, chain, directory: _directory, .. } = setup(101);
    let tx = pay(&blocks[0].txdata[0], 1000);
    let txid = tx.compute_txid();
    let (spent, made, missing) =
        (tx.input[0].previous_output, OutPoint::new(txid, 0), OutPoint::new(txid, 9));
    let look = || {
        let mut coins: BTreeMap<_, _> =
            [spent, made, missing].into_iter().map(|outpoint| (outpoint, None)).collect();
        chain.find_coins(&mut coins).unwrap();
        [coins[&spent].is_some(), coins[&made].is_some(), coins[&missing].is_some()]
    };
    assert_eq!(look(), [true, false, false]);
    assert_eq!(
        chain.broadcast_transaction(&tx, Amount::ZERO, TxBroadcast::MempoolAndBroadcastToAll),
        Ok(Ok(()))
    );
    // As in Bitcoin Core, what only the mempool spends is still a coin of the chain.
    assert_eq!(look(), [true, true, false]);
    assert_eq!((chain.is_in_mempool(txid), chain.has_descendants_in_mempool(txid)), (Ok(true), Ok(false)));
    let child = pay(&tx, 2000);
    let refused = chain.broadcast_transaction(&child, Amount::from_sat(1), TxBroadcast::MempoolNoBroadcast);
    assert!(refused.unwrap().unwrap_err().contains("Fee exceeds maximum"));
    let private = chain.broadcast_transaction(&child, Amount::ZERO, TxBroadcast::NoMempoolPrivateBroadcast);
    assert!(private.unwrap().unwrap_err().contains("no peers"));
    assert_eq!(
        chain.broadcast_transaction(&child, Amount::ZERO, TxBroadcast::MempoolNoBroadcast),
        Ok(Ok(()))
    );
    assert_eq!(chain.has_descendants_in_mempool(txid), Ok(true));
    let ancestry = chain.get_transaction_ancestry(child.compute_txid()).unwrap();
    assert_eq!((ancestry.ancestors, ancestry.descendants), (2, 2));
    assert_eq!(ancestry.ancestorfees.to_sat(), 3000);
    // Both are of one cluster, and wallets limit that.
    let ancestry = chain.get_transaction_ancestry(txid).unwrap();
    assert_eq!((ancestry.ancestors, ancestry.descendants), (1, 2));
    assert_eq!(chain.check_chain_limits(&child), Ok(Ok(())));

    /// Counts what it hears.
    #[derive(Default)]
    struct Count(Mutex<usize>);
    #[ipc_interface]
    impl ChainNotifications for Count {
        fn transaction_added_to_mempool(&self, _: &Transaction) -> Result<()> {
            *self.0.lock().unwrap() += 1;
            Ok(())
        }
    }
    let count = Count::default();
    chain.request_mempool_transactions(&count).unwrap();
    assert_eq!(*count.0.lock().unwrap(), 2);
}

#[test]
fn a_wallet_hears_of_blocks_in_order_and_can_wait_for_it() {
    #[derive(Default)]
    struct Heights(Mutex<Vec<i32>>);
    #[ipc_interface]
    impl ChainNotifications for Heights {
        fn block_connected(&self, _: ChainstateRole, info: &BlockInfo) -> Result<()> {
            self.0.lock().unwrap().push(info.height);
            Ok(())
        }
    }

    let Setup { state, chain, directory: _directory, .. } = setup(3);
    let heights = Arc::new(Heights::default());
    let handler = chain.handle_notifications(heights.clone()).unwrap();
    let mut parent = state.tip();
    let mut extend = || {
        let next = block(parent.hash, parent.height + 1, 0, REWARD, &[]);
        state.process_block(&next).unwrap();
        parent = state.tip();
    };
    (0..30).for_each(|_| extend());
    chain.wait_for_notifications().unwrap();
    assert_eq!(*heights.0.lock().unwrap(), (4..=33).collect::<Vec<_>>());
    let tip = chain.get_block_hash(33).unwrap();
    extend();
    chain.wait_for_notifications_if_tip_changed(tip).unwrap();
    assert_eq!(heights.0.lock().unwrap().len(), 31);
    handler.disconnect().unwrap();
    extend();
    chain.wait_for_notifications().unwrap();
    assert_eq!(heights.0.lock().unwrap().len(), 31);
}

#[test]
fn settings_are_changed_by_a_function_of_another_process() {
    let Setup { chain, directory, .. } = setup(0);
    let file = || {
        let text =
            std::fs::read_to_string(directory.path().join("regtest/settings.json")).unwrap_or_default();
        serde_json::from_str::<Value>(&text).unwrap_or_default()["wallet"].clone()
    };
    let add = |name: &'static str, action| {
        chain.update_rw_setting(
            "wallet",
            Box::new(move |value| {
                match value {
                    Value::Array(names) => names.push(json!(name)),
                    none => *none = json!([name]),
                }
                Ok(action)
            }),
        )
    };
    assert_eq!(add("one", Some(SettingsAction::Write)), Ok(true));
    assert_eq!(add("two", None), Ok(false), "no change is wanted");
    assert_eq!(file(), json!(["one"]));
    assert_eq!(add("two", Some(SettingsAction::SkipWrite)), Ok(true));
    assert_eq!(chain.get_rw_setting("wallet"), Ok(json!(["one", "two"])));
    assert_eq!(file(), json!(["one"]), "kept in memory only");
    assert_eq!(chain.overwrite_rw_setting("wallet", &json!(["three"]), SettingsAction::Write), Ok(true));
    assert_eq!(file(), json!(["three"]));
    assert_eq!(chain.delete_rw_settings("wallet", SettingsAction::Write), Ok(true));
    assert_eq!((chain.get_rw_setting("wallet"), file()), (Ok(Value::Null), Value::Null));
    assert_eq!(chain.get_setting("regtest"), Ok(json!("")));
    assert_eq!(
        (chain.rpc_enable_deprecated("old"), chain.rpc_enable_deprecated("new")),
        (Ok(true), Ok(false))
    );
}

#[test]
fn a_wallets_command_is_one_of_the_nodes() {
    let Setup { chain, rpc, directory: _directory, .. } = setup(0);
    let command = RpcCommand {
        category: "wallet".to_owned(),
        name: "twice".to_owned(),
        actor: Box::new(|request, _, _| {
            let number = Value::from(request.params)[0].as_i64().unwrap_or(0);
            Ok(RpcOutcome::Answered { response: json!(number * 2), handled: true })
        }),
        arg_names: vec![bitcoin_ipc::types::RpcArg { name: "number".to_owned(), named_only: false }],
        unique_id: 1,
    };
    let handler = chain.handle_rpc(command).unwrap();
    assert_eq!(rpc.execute("twice", json!([21]), "").unwrap(), json!(42));
    assert_eq!(rpc.execute("twice", json!({"number": 4}), "").unwrap(), json!(8));
    assert!(rpc.commands().contains(&"twice".to_owned()));
    handler.disconnect().unwrap();
    assert_eq!(rpc.execute("twice", json!([21]), "").unwrap_err().code(), -32601);
}
