//! The chain that wallets get from an unmodified node, beside the one that our node offers them itself.
//!
//! One node, two ways to it: its own `Chain`, and the one that is made of its JSON-RPC. Both are asked everything,
//! on a chain with a branch that lost and a mempool in which transactions hang together, and have to say the same.
//! What each answer was made of is written down in `bitcoin-ipc/backend/CHAIN.md` and `NODE.md`, which these tests keep;
//! after a change write them with `MP_METHODS=write`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod node;
mod table;

use std::collections::HashSet;
use std::fmt::{Debug, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bitcoin::{Amount, BlockHash, OutPoint, ScriptBuf, Transaction, Txid};
use bitcoin_backend::{Core, CoreAddress, CoreOptions, Method};
use bitcoin_demo::programs::{Form, Node, NodeOptions, Programs};
use bitcoin_demo::scenario::{competing_blocks, hash, submit, text};
use bitcoin_init::arguments::{Arguments, NETWORK_OPTIONS, NODE_OPTIONS, Program, SHARED_OPTIONS};
use bitcoin_init::config::{Settings, SharedSettings};
use bitcoin_init::datadir;
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::signals::Signals;
use bitcoin_ipc::interfaces::watch::{SplitInit, WatchedBlock, WatchedNotifications, WatchingChain};
use bitcoin_ipc::interfaces::{Chain, ChainNotifications};
use bitcoin_ipc::types::{
    BilingualStr, BlockFilterType, BlockInfo, BlockLocator, ChainstateRole, FoundBlockRequest,
    MempoolRemovalReason, SettingsAction, TxBroadcast, WireFeeRate,
};
use bitcoin_ipc::{ErrorKind, Result, Trust};
use mp_runtime::{EventLoop, connect_stream};
use serde_json::{Value, json};
use table::Table;

/// How often the mempool is searched for those who listen.
const INTERVAL: Duration = Duration::from_millis(200);

/// Both ways to one node.
struct Both {
    own: Arc<dyn WatchingChain>,
    core: Core,
    table: Table,
}

impl Both {
    /// What the node is asked for a call by way of its JSON-RPC.
    fn made_of<T>(&mut self, method: &'static str, limit: &str, call: impl FnOnce(&Core) -> T) -> T {
        self.table.made_of(&self.core, method, limit, || call(&self.core))
    }

    /// Waits until the followers ask nothing more of a mempool that nobody listens to.
    fn settle(&self) {
        let count = || self.core.asked().get(&Method::GetMempoolInfo).copied();
        let mut before = count();
        loop {
            std::thread::sleep(INTERVAL * 5);
            let now = count();
            if now == before {
                return;
            }
            before = now;
        }
    }

    /// Asks both; they have to say the same.
    fn same<T: PartialEq + Debug>(
        &mut self,
        method: &'static str,
        call: impl Fn(&dyn Chain) -> Result<T>,
    ) -> T {
        self.near(method, "", call)
    }

    fn near<T: PartialEq + Debug>(
        &mut self,
        method: &'static str,
        limit: &'static str,
        call: impl Fn(&dyn Chain) -> Result<T>,
    ) -> T {
        let core = self.made_of(method, limit, |core| call(core)).unwrap();
        let own = call(&*self.own).unwrap();
        assert_eq!(core, own, "{method}: by JSON-RPC, and by the node itself");
        core
    }

    /// Asks only by way of JSON-RPC, where the other way cannot say the same.
    fn only<T>(
        &mut self,
        method: &'static str,
        limit: &'static str,
        call: impl Fn(&dyn Chain) -> Result<T>,
    ) -> T {
        self.made_of(method, limit, |core| call(core)).unwrap()
    }
}

fn settings(directory: &Path) -> SharedSettings {
    let program = Program::new("test", "1", "A test.")
        .options(SHARED_OPTIONS)
        .options(NETWORK_OPTIONS)
        .options(NODE_OPTIONS);
    let mut arguments = Arguments::default();
    arguments.options.insert("regtest".to_owned(), vec!["1".into()]);
    arguments.options.insert("datadir".to_owned(), vec![directory.display().to_string().into()]);
    let settings = Settings::load(&program, arguments).unwrap();
    datadir::prepare(&settings).unwrap();
    SharedSettings::new(settings)
}

fn core(node: &Node, directory: &Path) -> Core {
    Core::connect(CoreOptions {
        address: CoreAddress::Ipc(node.socket().into()),
        login: CoreOptions::cookie(node.directory(), bitcoin::Network::Regtest),
        network: bitcoin::Network::Regtest,
        data_dir: node.directory().to_owned(),
        trust: Trust::default(),
        settings: settings(directory),
        dust_rate: WireFeeRate::from_sat_per_kvb(3000),
        interval: INTERVAL,
        shutdown: Shutdown::new(),
        signals: Signals::default(),
    })
    .unwrap()
}

fn all_facts() -> FoundBlockRequest {
    let most = FoundBlockRequest {
        want_hash: true,
        want_height: true,
        want_time: true,
        want_max_time: true,
        want_mtp_time: true,
        want_in_active_chain: true,
        want_locator: true,
        next_block: None,
        want_data: true,
    };
    FoundBlockRequest { next_block: Some(Box::new(most.clone())), ..most }
}

fn best(node: &Node) -> BlockHash {
    hash(&node.rpc("getbestblockhash", json!([])).unwrap()).unwrap()
}

fn pay(node: &Node, amount: &str) -> Txid {
    let to = node.wallet_rpc("w", "getnewaddress", json!([])).unwrap();
    let params = json!({ "address": to, "amount": amount, "fee_rate": 5 });
    text(&node.wallet_rpc("w", "sendtoaddress", params).unwrap()).unwrap().parse().unwrap()
}

fn transaction(node: &Node, txid: Txid) -> Transaction {
    let raw = node.rpc("getrawtransaction", json!([txid.to_string()])).unwrap();
    bitcoin::consensus::encode::deserialize_hex(text(&raw).unwrap()).unwrap()
}

#[test]
fn both_say_the_same_of_everything() {
    let options = NodeOptions::new(Form::TwoProcesses).arg("-fallbackfee=0.0002").arg("-keypool=20");
    let mut node = Node::start(&Programs::built().unwrap(), options).unwrap();
    node.rpc("createwallet", json!(["w"])).unwrap();
    let to = node.wallet_rpc("w", "getnewaddress", json!([])).unwrap();
    node.rpc("generatetoaddress", json!([110, to])).unwrap();
    let stale = best(&node);
    let fork = hash(&node.rpc("getblockhash", json!([108])).unwrap()).unwrap();
    for block in competing_blocks(&node, fork, 3).unwrap() {
        submit(&node, &block).unwrap();
    }
    let tip = best(&node);
    let event_loop = EventLoop::new("test").unwrap();
    let stream = std::os::unix::net::UnixStream::connect(node.socket()).unwrap();
    let init = connect_stream::<dyn SplitInit>(&event_loop, stream);
    let own = init.make_watching_chain().unwrap().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut both = Both { own, core: core(&node, folder.path()), table: Table::default() };

    blocks(&mut both, tip, stale, fork);
    mempool(&mut both, &node, tip);
    rules(&mut both);
    settings_and_words(&mut both);
    told(&mut both, &node);
    let table = std::mem::take(&mut both.table);
    drop(both);
    drop(init);
    node.stop().unwrap();
    kept(&table);
}

fn blocks(both: &mut Both, tip: BlockHash, stale: BlockHash, fork: BlockHash) {
    let unknown = "00000000000000000000000000000000000000000000000000000000000000ff".parse().unwrap();
    both.same("getHeight", |chain| chain.get_height());
    for height in [0, 1, 108, 111] {
        both.same("getBlockHash", |chain| chain.get_block_hash(height));
    }
    assert!(both.core.get_block_hash(112).is_err() && both.own.get_block_hash(112).is_err());
    for height in [0, 111, 112, -1] {
        both.same("haveBlockOnDisk", |chain| chain.have_block_on_disk(height));
    }
    let locators = [vec![], vec![tip], vec![stale, fork], vec![unknown, fork], vec![unknown]];
    for hashes in locators {
        both.same("findLocatorFork", |chain| {
            chain.find_locator_fork(&BlockLocator { hashes: hashes.clone() })
        });
    }
    let basic = BlockFilterType::Basic;
    both.same("hasBlockFilterIndex", |chain| chain.has_block_filter_index(basic));
    let paid =
        both.own.find_block(tip, &all_facts()).unwrap().unwrap().data.unwrap().txdata[0].output[0].clone();
    let sets = [vec![], vec![paid.script_pubkey.to_bytes()], vec![vec![0x6a, 1, 7]]];
    for set in sets {
        let set: HashSet<Vec<u8>> = set.into_iter().collect();
        both.same("blockFilterMatchesAny", |chain| chain.block_filter_matches_any(basic, tip, &set));
    }
    let near = "the latest time up to a block is the later one of its own and its median time";
    let all = all_facts();
    for block in [tip, stale, fork, unknown] {
        both.near("findBlock", near, |chain| chain.find_block(block, &all));
    }
    let times: Vec<i64> = [0, 1, 50, 111]
        .map(|height| {
            let block = both.own.get_block_hash(height).unwrap();
            both.own.find_block(block, &all).unwrap().unwrap().time
        })
        .to_vec();
    for time in times.into_iter().flat_map(|time| [time - 1, time, time + 1]).chain([0, i64::MAX / 2]) {
        for height in [0, 40] {
            both.near(
                "findFirstBlockWithTimeAndHeight",
                "where clocks were three hours off, a lower block",
                |chain| chain.find_first_block_with_time_and_height(time, height, &all),
            );
        }
    }
    for (block, height) in
        [(tip, 0), (tip, 110), (tip, 111), (tip, 112), (stale, 110), (stale, 109), (stale, 50), (tip, -1)]
    {
        both.same("findAncestorByHeight", |chain| chain.find_ancestor_by_height(block, height, &all));
    }
    for (block, ancestor) in [(tip, fork), (stale, fork), (tip, stale), (fork, tip), (tip, unknown)] {
        both.same("findAncestorByHash", |chain| chain.find_ancestor_by_hash(block, ancestor, &all));
    }
    for (a, b) in [(tip, stale), (stale, tip), (tip, fork), (fork, stale), (tip, tip), (tip, unknown)] {
        both.same("findCommonAncestor", |chain| chain.find_common_ancestor(a, b, &all, &all, &all));
    }
    for block in [tip, fork, stale] {
        let near = "the node's guess, by the share of transactions that lie below";
        let core =
            both.only("guessVerificationProgress", near, |chain| chain.guess_verification_progress(block));
        assert!((0.0..=1.0).contains(&core));
    }
    for (min, max) in [(0, None), (0, Some(111)), (50, Some(60))] {
        both.same("hasBlocks", |chain| chain.has_blocks(tip, min, max));
    }
    both.same("havePruned", |chain| chain.have_pruned());
    both.same("getPruneHeight", |chain| chain.get_prune_height());
}

fn mempool(both: &mut Both, node: &Node, tip: BlockHash) {
    // A payment, its change spent, and that change spent again.
    let hanging: Vec<Txid> = ["49", "48", "47"].map(|amount| pay(node, amount)).to_vec();
    let last = transaction(node, hanging[2]);
    let confirmed = both.own.find_block(tip, &all_facts()).unwrap().unwrap().data.unwrap().txdata.remove(0);
    let spent = transaction(node, hanging[0]).input[0].previous_output;
    let outputs: Vec<OutPoint> = hanging
        .iter()
        .chain([&confirmed.compute_txid()])
        .flat_map(|txid| (0..3).map(|vout| OutPoint::new(*txid, vout)))
        .chain([spent])
        .collect();
    both.same("findCoins", |chain| {
        let mut coins = outputs.iter().map(|coin| (*coin, None)).collect();
        chain.find_coins(&mut coins)?;
        Ok(coins)
    });
    both.same("isRBFOptIn", |chain| chain.is_rbf_opt_in(&last));
    both.same("isRBFOptIn", |chain| chain.is_rbf_opt_in(&confirmed));
    for txid in hanging.iter().copied().chain([confirmed.compute_txid()]) {
        both.same("isInMempool", |chain| chain.is_in_mempool(txid));
        both.same("hasDescendantsInMempool", |chain| chain.has_descendants_in_mempool(txid));
        both.same("getTransactionAncestry", |chain| chain.get_transaction_ancestry(txid));
    }
    for rate in [0, 1000, 5000, 5001, 20_000, 1_000_000] {
        let rate = WireFeeRate::from_sat_per_kvb(rate);
        for coins in [&outputs[..], &outputs[..3], &outputs[6..9], &[]] {
            both.same("calculateIndividualBumpFees", |chain| {
                chain.calculate_individual_bump_fees(coins, &rate)
            });
            both.same("calculateCombinedBumpFee", |chain| chain.calculate_combined_bump_fee(coins, &rate));
        }
    }
    let near = "the limits are this program's options: the node counts clusters instead";
    both.near("getPackageLimits", near, |chain| chain.get_package_limits());
    assert_eq!(both.same("checkChainLimits", |chain| chain.check_chain_limits(&last)), Ok(()));
    broadcast(both, &last, &confirmed);
}

fn broadcast(both: &mut Both, known: &Transaction, confirmed: &Transaction) {
    let all = TxBroadcast::MempoolAndBroadcastToAll;
    let much = Amount::ONE_BTC;
    let known_one = both.near(
        "broadcastTransaction",
        "not without telling peers (MEMPOOL_NO_BROADCAST) unless it is there already",
        |chain| chain.broadcast_transaction(known, much, all),
    );
    assert_eq!(known_one, Ok(()));
    both.same_words(|chain| chain.broadcast_transaction(confirmed, much, all));
    // Fees are looked at before anything is sent, and what is malformed has Core's words.
    let mut poor = known.clone();
    poor.input[0].previous_output.vout = 77;
    both.same_words(|chain| chain.broadcast_transaction(&poor, much, all));
    let quietly = both.core.broadcast_transaction(known, much, TxBroadcast::MempoolNoBroadcast).unwrap();
    assert_eq!(quietly, Ok(()), "it is there");
    let quietly = both.core.broadcast_transaction(&poor, much, TxBroadcast::MempoolNoBroadcast).unwrap_err();
    assert_eq!(quietly.kind(), ErrorKind::Unimplemented, "{quietly}");
}

impl Both {
    /// Refusals have the same words.
    fn same_words(&mut self, call: impl Fn(&dyn Chain) -> Result<std::result::Result<(), String>>) {
        let (core, own) = (call(&self.core).unwrap(), call(&*self.own).unwrap());
        assert!(core.is_err(), "{core:?}");
        assert_eq!(core, own);
    }
}

fn rules(both: &mut Both) {
    for (blocks, conservative) in [(1, true), (6, false), (1008, false)] {
        both.near(
            "estimateSmartFee",
            "without the estimator's buckets, and not below what is relayed",
            |chain| {
                let estimate = chain.estimate_smart_fee(blocks, conservative, false)?;
                Ok(estimate.result.sat_per_kvb())
            },
        );
    }
    both.same("estimateMaxBlocks", |chain| chain.estimate_max_blocks());
    both.near("mempoolMinFee", "not below what is relayed", |chain| {
        let lowest = [chain.mempool_min_fee()?, chain.relay_min_fee()?];
        Ok(lowest.iter().filter_map(WireFeeRate::sat_per_kvb).max())
    });
    both.same("relayMinFee", |chain| chain.relay_min_fee());
    both.same("relayIncrementalFee", |chain| chain.relay_incremental_fee());
    both.near("relayDustFee", "as -dustrelayfee of this program says", |chain| chain.relay_dust_fee());
    both.same("isReadyToBroadcast", |chain| chain.is_ready_to_broadcast());
    both.same("isInitialBlockDownload", |chain| chain.is_initial_block_download());
    both.near("shutdownRequested", "of this program", |chain| chain.shutdown_requested());
    both.same("hasAssumedValidChain", |chain| chain.has_assumed_valid_chain());
}

fn settings_and_words(both: &mut Both) {
    let word = BilingualStr::untranslated("a word");
    let log = "goes to this program's log";
    both.only("initMessage", log, |chain| chain.init_message("a word"));
    both.only("initWarning", log, |chain| chain.init_warning(&word));
    both.only("initError", log, |chain| chain.init_error(&word));
    both.only("showProgress", log, |chain| chain.show_progress("a word", 5, false));
    let own = "of this program's own settings.json";
    both.only("overwriteRwSetting", own, |chain| {
        assert!(chain.overwrite_rw_setting("wallet", &json!(["a"]), SettingsAction::Write)?);
        Ok(())
    });
    assert_eq!(both.only("getRwSetting", own, |chain| chain.get_rw_setting("wallet")), json!(["a"]));
    assert_eq!(both.only("getSettingsList", own, |chain| chain.get_settings_list("wallet")), [json!("a")]);
    both.only("getSetting", own, |chain| chain.get_setting("wallet"));
    both.only("updateRwSetting", own, |chain| {
        let update = |value: &mut Value| {
            *value = json!(["b"]);
            Ok(Some(SettingsAction::Write))
        };
        assert!(chain.update_rw_setting("wallet", Box::new(update))?);
        Ok(())
    });
    assert_eq!(both.core.get_rw_setting("wallet").unwrap(), json!(["b"]));
    assert!(
        both.only("deleteRwSettings", own, |chain| chain.delete_rw_settings("wallet", SettingsAction::Write))
    );
    assert_eq!(both.core.get_rw_setting("wallet").unwrap(), Value::Null);
    both.near("rpcEnableDeprecated", "as -deprecatedrpc of this program says", |chain| {
        chain.rpc_enable_deprecated("bip125")
    });
    both.table.note("handleRpc", [], "answered at this program's own socket, before the node");
}

/// Notes what it hears.
#[derive(Default)]
struct Ear(Mutex<Vec<String>>);

impl Ear {
    fn note(&self, line: String) -> Result<()> {
        self.0.lock().unwrap().push(line);
        Ok(())
    }

    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl WatchedNotifications for Ear {
    fn transaction_added(&self, tx: &Transaction) -> Result<()> {
        self.note(format!("added {}", tx.compute_txid()))
    }

    fn transaction_removed(&self, tx: &Transaction, reason: MempoolRemovalReason) -> Result<()> {
        self.note(format!("removed {} {reason:?}", tx.compute_txid()))
    }

    fn block_connected(&self, block: &WatchedBlock) -> Result<()> {
        let txids: Vec<_> =
            block.transactions.iter().map(|found| (found.index, found.tx.compute_txid())).collect();
        self.note(format!("connected {} {:?} {} {txids:?}", block.height, block.prev_hash, block.hash))
    }

    fn block_disconnected(&self, block: &WatchedBlock) -> Result<()> {
        let txids: Vec<_> =
            block.transactions.iter().map(|found| (found.index, found.tx.compute_txid())).collect();
        self.note(format!("disconnected {} {} {txids:?}", block.height, block.hash))
    }
}

impl ChainNotifications for Ear {
    fn transaction_added_to_mempool(&self, tx: &Transaction) -> Result<()> {
        self.note(format!("added {}", tx.compute_txid()))
    }

    fn block_connected(&self, _role: ChainstateRole, block: &BlockInfo) -> Result<()> {
        let txids = block.data.iter().flat_map(|data| &data.txdata).map(Transaction::compute_txid);
        self.note(format!("connected {} {:?}", block.height, txids.collect::<Vec<_>>()))
    }

    fn block_disconnected(&self, block: &BlockInfo) -> Result<()> {
        self.note(format!("disconnected {}", block.hash))
    }
}

/// Those of a mempool come in whatever order it is searched; blocks do not.
fn in_order(mut lines: Vec<String>) -> Vec<String> {
    lines.sort_by_key(|line| if line.starts_with("added") { (0, line.clone()) } else { (1, String::new()) });
    lines
}

fn told(both: &mut Both, node: &Node) {
    let [core, own] = [(); 2].map(|()| Arc::new(Ear::default()));
    let watch =
        [both.core.watch_scripts(core.clone()).unwrap(), both.own.watch_scripts(own.clone()).unwrap()];
    let address = node.wallet_rpc("w", "getnewaddress", json!([])).unwrap();
    let script = node.wallet_rpc("w", "getaddressinfo", json!([address])).unwrap();
    let script = ScriptBuf::from_hex(text(&script["scriptPubKey"]).unwrap()).unwrap();
    // The wallet's other scripts, by what they were paid.
    let genesis = both.own.get_block_hash(0).unwrap();
    let paid: Vec<ScriptBuf> = both
        .own
        .find_block(both.own.get_block_hash(1).unwrap(), &all_facts())
        .unwrap()
        .unwrap()
        .data
        .unwrap()
        .txdata[0]
        .output
        .iter()
        .map(|output| output.script_pubkey.clone())
        .take(1)
        .collect();
    let scripts: Vec<ScriptBuf> = paid.into_iter().chain([script]).collect();
    let begun = watch.each_ref().map(|watch| watch.add_scripts(&scripts).unwrap());
    assert_eq!(begun[0], begun[1]);
    let scanned = watch.each_ref().map(|watch| {
        let (mut start, mut found, mut last) = (Some(genesis), Vec::new(), None);
        while let Some(block) = start {
            let scanned = watch.scan_blocks(block, None, 30).unwrap().unwrap();
            assert_eq!(scanned.unreadable, None);
            found.extend(scanned.blocks.into_iter().map(|block| WatchedBlock { max_time: 0, ..block }));
            (start, last) = (scanned.next, scanned.last);
        }
        (found, last)
    });
    assert!(scanned[0].0.len() > 100, "{}", scanned[0].0.len());
    assert_eq!(scanned[0], scanned[1]);
    both.table.note(
        "ScriptWatch.scanBlocks",
        [Method::GetBlock, Method::GetBlockFilter, Method::ScanBlocks],
        "by filters where the node has them",
    );
    let waiting = watch.each_ref().map(|watch| {
        let ear = Ear::default();
        watch.request_mempool_transactions(&ear).unwrap();
        in_order(ear.heard())
    });
    assert_eq!(waiting[0], waiting[1]);
    assert!(!waiting[0].is_empty());
    both.table.note(
        "ScriptWatch.requestMempoolTransactions",
        [Method::GetDescriptorActivity, Method::GetRawTransaction],
        "",
    );
    // What comes, goes, and comes back.
    let settled = |both: &mut Both| {
        both.made_of("waitForNotifications", "", |core| core.wait_for_notifications()).unwrap();
        both.own.wait_for_notifications().unwrap();
    };
    // What waited already is told by way of JSON-RPC as soon as it is found, asked for or not.
    settled(both);
    for ear in [&core, &own] {
        let known = ear.heard();
        assert!(known.iter().all(|line| waiting[0].contains(line)), "{known:?}");
    }
    let told = |both: &mut Both, what: &str| {
        settled(both);
        let (core, own) = (in_order(core.heard()), in_order(own.heard()));
        assert_eq!(core, own, "{what}");
        assert!(!core.is_empty(), "{what}");
    };
    let params = json!({ "address": address, "amount": "0.5", "fee_rate": 5 });
    let payment = text(&node.wallet_rpc("w", "sendtoaddress", params).unwrap()).unwrap().to_owned();
    told(both, "a payment");
    node.wallet_rpc("w", "bumpfee", json!([payment])).unwrap();
    told(both, "a replacement");
    node.rpc("generatetoaddress", json!([2, address])).unwrap();
    told(both, "two blocks");
    let top = best(node);
    let height = node.rpc("getblockcount", json!([])).unwrap().as_u64().unwrap();
    let below = hash(&node.rpc("getblockhash", json!([height - 2])).unwrap()).unwrap();
    for block in competing_blocks(node, below, 3).unwrap() {
        submit(node, &block).unwrap();
    }
    told(both, "another branch");
    for block in competing_blocks(node, top, 2).unwrap() {
        submit(node, &block).unwrap();
    }
    told(both, "back again");
    both.table.copy("waitForNotifications", "waitForNotificationsIfTipChanged");
    both.table.note(
        "WatchingChain.watchScripts",
        [
            Method::GetBlock,
            Method::GetBlockFilter,
            Method::GetBlockHeader,
            Method::GetDescriptorActivity,
            Method::WaitForNewBlock,
        ],
        "why a transaction left the mempool is as near as it can be had",
    );
    drop(watch);
    // Those who hear everything.
    let all = Arc::new(Ear::default());
    let handler = both
        .made_of("handleNotifications", "the mempool is read whole", |core| {
            core.handle_notifications(all.clone())
        })
        .unwrap();
    let block = text(&node.rpc("generatetoaddress", json!([1, address])).unwrap()[0]).unwrap().to_owned();
    both.core.wait_for_notifications().unwrap();
    let heard = all.heard();
    let count = node.rpc("getblock", json!([block])).unwrap()["nTx"].as_u64().unwrap();
    assert!(
        heard
            .iter()
            .any(|line| line.starts_with("connected") && line.matches(',').count() as u64 + 1 >= count),
        "{heard:?}"
    );
    drop(handler);
    both.settle();
    both.only("requestMempoolTransactions", "the mempool is read whole", |chain| {
        chain.request_mempool_transactions(&Ear::default())
    });
}

fn kept(table: &Table) {
    let head = "\
# The chain of an unmodified Bitcoin Core

What each method of `Chain`, and of those that watch scripts, is made of there. A test (`chain_on_core` of
`bitcoin-demo`) has made this file by asking all of them, and compared each answer with that of our own node of the
same chain; after a change write it with

    MP_METHODS=write cargo test -p bitcoin-demo --test chain_on_core

What windows ask for is in [`NODE.md`](NODE.md).
";
    let mut end = "
## All that is asked of a node

For `-rpcwhitelist`. Nothing else is asked but what users ask themselves.

| method | what for |
|---|---|
"
    .to_owned();
    for method in Method::ALL {
        writeln!(end, "| `{}` | {} |", method.name(), method.purpose()).unwrap();
    }
    let names: Vec<_> = Method::ALL.iter().map(|method| method.name()).collect();
    writeln!(end, "\nIn one line:\n\n    rpcwhitelist=<user>:{}", names.join(",")).unwrap();
    table.kept::<dyn Chain>("CHAIN.md", head, &end);
}
