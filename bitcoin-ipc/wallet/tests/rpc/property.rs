//! Whatever is asked, in whatever order: a wallet is the same after it was unloaded and loaded, and after its
//! process was killed; it counts each of its coins once; and no spent coin is locked.
//!
//! In: sequences of requests, some that make sense and some that do not, and of blocks. Out: what a user sees
//! before and after. `PROPERTY_CASES` says how many sequences there are, and `PROPERTY_SEED` which ones.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use bitcoin::{Network, OutPoint, TxOut, Txid};
use bitcoin_ipc::interfaces::{Chain, ChainClient as _};
use bitcoin_ipc::types::TxBroadcast;
use bitcoin_wallet::{Loader, Options};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::{Value, json};

use super::chain::elsewhere;
use super::choosing::satoshi;
use super::node::{Node, foreign, script, topped_up, with_checksum};
use super::nonsense::values::params;

/// One private, one that only watches, and one whose coins others have, to pay and to double-spend with.
const WALLETS: [&str; 3] = ["w", "cold", "rich"];
/// Commands that meaningless requests are not made of: they write files, take long, or do what is forgotten on
/// purpose when a wallet is unloaded.
const LEFT_OUT: &[&str] = &[
    "backupwallet",
    "createwallet",
    "encryptwallet",
    "exportwatchonlywallet",
    "loadwallet",
    "lockunspent",
    "restorewallet",
    "unloadwallet",
    "walletpassphrase",
    "walletpassphrasechange",
];

/// What is done, and two numbers that say with what.
type Step = (u8, u32, u32);

struct Story {
    node: Node,
    /// What was asked, for whoever has to find out what went wrong.
    asked: RefCell<Vec<String>>,
    /// The account key of `w`, public and private, and where it comes from.
    keys: [String; 3],
}

impl Story {
    fn new() -> Story {
        let node = Node::new();
        node.ok("createwallet", json!(["rich"]));
        let rich = node.ok("getnewaddress", json!([]));
        node.chain.mine(3, &script(&rich));
        node.chain.mine(98, &elsewhere());
        node.ok("createwallet", json!(["w"]));
        node.ok("createwallet", json!(["cold", true, true]));
        let of = |private: bool| {
            let told = node.ask("listdescriptors", json!([private]), "/wallet/w").unwrap();
            let all = told["descriptors"].as_array().unwrap().clone();
            let one = all
                .into_iter()
                .find(|one| one["desc"].as_str().unwrap().starts_with("wpkh") && one["internal"] == false);
            one.unwrap()["desc"].as_str().unwrap().to_owned()
        };
        let (public, private) = (of(false), of(true));
        let (origin, rest) = public.strip_prefix("wpkh(").unwrap().split_once(']').unwrap();
        let keys = [
            rest.split_once('/').unwrap().0.to_owned(),
            private.strip_prefix("wpkh(").unwrap().split_once("/0/*").unwrap().0.to_owned(),
            format!("{origin}]"),
        ];
        let story = Story { node, asked: RefCell::default(), keys };
        let paid = story.ask("w", "getnewaddress", json!([])).unwrap();
        story.ask("rich", "sendtoaddress", json!([paid, 20])).unwrap();
        story.node.chain.mine(1, &elsewhere());
        story
    }

    fn ask(&self, wallet: &str, method: &str, params: Value) -> Result<Value, (i64, String)> {
        let told = self.node.ask(method, params.clone(), &format!("/wallet/{wallet}"));
        let how = match &told {
            Ok(_) => String::new(),
            Err((code, text)) => format!(" -> {code} {text}"),
        };
        self.asked.borrow_mut().push(format!("{wallet}: {method} {params}{how}"));
        told
    }

    fn list(&self, wallet: &str, method: &str, params: Value) -> Vec<Value> {
        let told = self.node.ask(method, params, &format!("/wallet/{wallet}"));
        told.ok().and_then(|told| told.as_array().cloned()).unwrap_or_default()
    }

    /// An entry of a list that a number picks.
    fn pick(&self, wallet: &str, method: &str, params: Value, number: u32) -> Option<Value> {
        let all = self.list(wallet, method, params);
        (!all.is_empty()).then(|| all[number as usize % all.len()].clone())
    }

    fn own_address(&self, number: u32) -> Value {
        let known = self.list("w", "listreceivedbyaddress", json!([0, true]));
        match known.len() {
            0 => self.ask("w", "getnewaddress", json!([])).unwrap_or(json!(foreign())),
            count => known[number as usize % count]["address"].clone(),
        }
    }

    fn descriptor(&self, private: bool, form: u32, number: u32) -> String {
        let [public, secret, origin] = &self.keys;
        let key = if private { secret.clone() } else { public.clone() };
        let from = if private || number.is_multiple_of(2) { key.clone() } else { format!("{origin}{key}") };
        let at = number % 40;
        let text = match form % 12 {
            0 => format!("wpkh({from}/0/*)"),
            1 => format!("wpkh({from}/0/{at})"),
            2 => format!("wpkh({from}/1/*)"),
            3 => format!("pkh({from}/0/*)"),
            4 => format!("sh(wpkh({from}/0/{at}))"),
            5 => format!("combo({from}/0/{at})"),
            6 => format!("combo({from}/0/*)"),
            7 => format!("tr({from}/0/*)"),
            8 => format!("wsh(multi(1,{from}/0/*,{from}/1/*))"),
            9 => format!("wsh(sortedmulti(1,{from}/1/*,{from}/0/*))"),
            10 if private => format!("wpkh({from}/0h/*h)"),
            10 => format!("addr({})", self.own_address(number).as_str().unwrap_or_default()),
            _ => format!("wpkh({from}/<0;1>/*)"),
        };
        with_checksum(&text)
    }

    fn import(&self, wallet: &str, one: u32, two: u32) {
        let desc = self.descriptor(wallet == "w", one, two);
        let mut request = json!({ "desc": desc, "timestamp": 0 });
        if desc.contains('*') {
            let first = two % 5 * (one % 7);
            match two % 4 {
                0 => {}
                1 => request["range"] = json!(one % 60),
                2 => request["range"] = json!([first, first + one % 60]),
                _ => {
                    request["active"] = json!(true);
                    request["internal"] = json!(one % 2 == 1);
                }
            }
        } else if two.is_multiple_of(3) {
            request["label"] = json!(format!("imported {}", one % 3));
        }
        let _ = self.ask(wallet, "importdescriptors", json!([[request]]));
    }

    fn run(&self, (what, one, two): Step) {
        let node = &self.node;
        let amount = f64::from(1 + one % 50_000_000) / 1e8;
        let rate = 1 + two % 40;
        match what % 24 {
            0 | 1 => {
                let to = if one.is_multiple_of(3) { self.own_address(two) } else { json!(foreign()) };
                let request = json!({ "address": to, "amount": amount, "fee_rate": rate });
                let _ = self.ask("w", "sendtoaddress", request);
            }
            2 | 3 => {
                let request = json!({ "address": self.own_address(one), "amount": amount, "fee_rate": rate });
                let _ = self.ask("rich", "sendtoaddress", request);
            }
            4 => self.import("w", one, two),
            5 | 6 => self.import("cold", one, two),
            7 => {
                let label = ["", "tea", "a=b", "é"][two as usize % 4];
                let address = if one.is_multiple_of(4) { json!(foreign()) } else { self.own_address(one) };
                let _ = self.ask("w", "setlabel", json!([address, label]));
            }
            8 => {
                if let Some(coin) = self.pick("w", "listunspent", json!([0]), one) {
                    let coin = json!([{ "txid": coin["txid"], "vout": coin["vout"] }]);
                    let _ = self.ask("w", "lockunspent", json!([false, coin, true]));
                }
            }
            9 => {
                if let Some(coin) = self.pick("w", "listlockunspent", json!([]), one) {
                    // One in two is spent by name, which takes the lock off.
                    if two.is_multiple_of(2) {
                        let _ = self.ask("w", "lockunspent", json!([true, [coin]]));
                    } else {
                        let request = json!({ "outputs": { foreign(): amount }, "fee_rate": rate, "options": { "inputs": [coin], "add_inputs": true } });
                        let _ = self.ask("w", "send", request);
                    }
                }
            }
            10 => {
                if let Some(entry) = self.pick("w", "listtransactions", json!(["*", 1000]), one) {
                    let _ = self.ask("w", "bumpfee", json!([entry["txid"], { "fee_rate": rate + 20 }]));
                }
            }
            11 => {
                // The node forgets one, and the user gives it up.
                let first = node.chain.state().mempool.last().map(bitcoin::Transaction::compute_txid);
                if let Some(txid) = first {
                    self.asked.borrow_mut().push(format!("evicted {txid}"));
                    node.chain.evict(txid);
                    if two.is_multiple_of(2) {
                        let _ = self.ask("w", "abandontransaction", json!([txid.to_string()]));
                    }
                }
            }
            12 | 13 => {
                let count = 1 + one as usize % 3;
                let to = if two.is_multiple_of(3) { script(&self.own_address(one)) } else { elsewhere() };
                self.asked.borrow_mut().push(format!("mined {count} to {to}"));
                node.chain.mine(count, &to);
            }
            14 => {
                let count = 1 + one as usize % 4;
                self.asked.borrow_mut().push(format!("reorganised {count}"));
                node.chain.disconnect(count);
                for _ in 0..=count {
                    node.chain.mine_block(Vec::new(), &elsewhere());
                }
            }
            15 => {
                let kind = ["legacy", "p2sh-segwit", "bech32", "bech32m"][two as usize % 4];
                let _ = self.ask("w", "getnewaddress", json!([format!("label {}", one % 3), kind]));
            }
            16 => self.double_spend(one, rate),
            17 => {
                let _ = self.ask("w", "setwalletflag", json!(["avoid_reuse", two.is_multiple_of(2)]));
            }
            18 => {
                let _ = self.ask("w", "rescanblockchain", json!([one % 150]));
            }
            19 => {
                let _ = self.ask(
                    "w",
                    "sendall",
                    json!({ "recipients": [self.own_address(one)], "fee_rate": rate }),
                );
            }
            20 => {
                let kind = ["bech32", "legacy"][two as usize % 2];
                let _ = self.ask("w", "createwalletdescriptor", json!([kind]));
            }
            21 if one.is_multiple_of(4) => {
                let _ = self.ask("w", "encryptwallet", json!(["secret"]));
                let _ = self.ask("w", "walletpassphrase", json!(["secret", 100_000]));
            }
            22 if one.is_multiple_of(3) => self.reload("w"),
            _ => self.nonsense(one, two),
        }
    }

    /// The sender of a payment takes it back, with a transaction that does not concern the wallet.
    fn double_spend(&self, one: u32, rate: u32) {
        let Some(entry) = self.pick("w", "listtransactions", json!(["*", 1000]), one) else { return };
        if entry["category"] == "receive" && entry["confirmations"] == 0 {
            let _ = self.ask(
                "rich",
                "bumpfee",
                json!([entry["txid"], { "fee_rate": rate + 40, "outputs": [{ foreign(): 1 }] }]),
            );
        }
    }

    fn nonsense(&self, one: u32, two: u32) {
        let commands = self.node.chain.commands();
        let commands: Vec<_> =
            commands.iter().filter(|command| !LEFT_OUT.contains(&command.name.as_str())).collect();
        let command = commands[one as usize % commands.len()].name.clone();
        let own = vec![self.own_address(one), self.list("w", "listunspent", json!([0])).into()];
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&one.to_le_bytes());
        seed[4..8].copy_from_slice(&two.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let params =
            params(own).new_tree(&mut TestRunner::new_with_rng(Config::default(), rng)).unwrap().current();
        let _ = self.ask(["w", "cold"][two as usize % 2], &command, params);
    }

    fn reload(&self, wallet: &str) {
        let _ = self.ask(wallet, "unloadwallet", json!([]));
        let loaded = self.node.ask("loadwallet", json!([wallet]), "");
        loaded.unwrap_or_else(|error| panic!("{wallet} cannot be loaded: {error:?}"));
    }

    /// Gives the node what it forgot, as a wallet does when it is loaded.
    fn resubmit(&self) {
        for wallet in self.node.loader.wallets().iter().chain(&self.node.loader.wallets()) {
            wallet.resubmit(TxBroadcast::MempoolNoBroadcast).unwrap();
        }
    }

    /// All that a user sees of the wallets.
    fn sight(&self) -> BTreeMap<String, Value> {
        let mut seen = BTreeMap::new();
        for wallet in WALLETS {
            let uri = format!("/wallet/{wallet}");
            let mut labels = self.list(wallet, "listlabels", json!([]));
            labels.push(json!(""));
            let by_label = labels.into_iter().map(|label| ("getaddressesbylabel", json!([label])));
            let asked = [
                ("getbalances", json!([])),
                ("getwalletinfo", json!([])),
                ("listdescriptors", json!([])),
                ("listlabels", json!([])),
                ("listlockunspent", json!([])),
                ("listunspent", json!([0])),
                ("listunspent", json!({ "include_immature_coinbase": true, "query_options": {} })),
                ("listtransactions", json!(["*", 10_000])),
                ("listreceivedbyaddress", json!([0, true])),
                ("listreceivedbylabel", json!([0, true])),
                ("listaddressgroupings", json!([])),
            ];
            for (method, params) in asked.into_iter().chain(by_label) {
                let mut told = match self.node.ask(method, params.clone(), &uri) {
                    Ok(told) => told,
                    Err(error) => json!([error.0, error.1]),
                };
                if let Some(told) = told.as_object_mut() {
                    // An encrypted wallet is locked when it is loaded.
                    told.remove("unlocked_until");
                }
                topped_up(&mut told);
                seen.insert(format!("{wallet} {method} {params}"), told);
            }
        }
        seen
    }

    fn check_coins(&self) -> Result<(), TestCaseError> {
        let (mut outputs, mut spent, mut pending) =
            (HashMap::<OutPoint, TxOut>::new(), HashSet::new(), HashSet::<Txid>::new());
        {
            let state = self.node.chain.state();
            let confirmed = state.blocks.iter().flat_map(|block| &block.txdata);
            for tx in confirmed.chain(&state.mempool) {
                let txid = tx.compute_txid();
                outputs.extend(
                    (0..).zip(&tx.output).map(|(vout, output)| (OutPoint { txid, vout }, output.clone())),
                );
                spent.extend(tx.input.iter().map(|input| input.previous_output));
            }
            pending.extend(state.mempool.iter().map(bitcoin::Transaction::compute_txid));
        }
        for name in WALLETS {
            let wallet = self.node.loader.wallet(name).unwrap();
            for coin in wallet.locked_coins().unwrap() {
                if spent.contains(&coin) {
                    return fail(format!("{name} keeps the lock of {coin}, which is spent"));
                }
            }
            let all = self.list(name, "listtransactions", json!(["*", 10_000]));
            let unsent = all.iter().any(|entry| {
                let txid: Txid = entry["txid"].as_str().unwrap().parse().unwrap();
                entry["confirmations"] == 0
                    && !pending.contains(&txid)
                    && entry["abandoned"] != true
                    && entry.get("replaced_by_txid").is_none()
            });
            if unsent {
                continue;
            }
            let unspent = outputs.iter().filter(|(outpoint, _)| !spent.contains(*outpoint));
            let own = unspent.filter_map(|(_, output)| wallet.credit(output).unwrap());
            let wanted: i64 = own.map(|amount| amount.to_sat()).sum();
            let told = self.node.ask("getbalances", json!([]), &format!("/wallet/{name}")).unwrap();
            let counted: i64 = ["trusted", "untrusted_pending", "immature", "used", "nonmempool"]
                .iter()
                .filter_map(|kind| told["mine"].get(kind))
                .map(satoshi)
                .sum();
            if counted != wanted {
                return fail(format!("{name} counts {counted} sat, and has {wanted}: {told}"));
            }
        }
        Ok(())
    }

    /// The same wallets in another process, after the first one was killed.
    fn kill(&mut self) {
        let left = tempfile::tempdir().unwrap();
        copy(&self.node.folder.path().join("wallets"), &left.path().join("wallets"));
        self.node.loader.stop().unwrap();
        let options = Options { keypool: 20, ..Options::new(left.path().join("wallets"), Network::Regtest) };
        let loader = Loader::new(options, Arc::new(self.node.chain.clone()) as Arc<dyn Chain>);
        loader.register_rpcs().unwrap();
        (self.node.loader, self.node.folder) = (loader, left);
        for wallet in WALLETS {
            let loaded = self.node.ask("loadwallet", json!([wallet]), "");
            loaded.unwrap_or_else(|error| panic!("{wallet} cannot be loaded after a kill: {error:?}"));
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for name in std::fs::read_dir(from).unwrap() {
        let name = name.unwrap().file_name();
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() { copy(&from, &to) } else { std::fs::copy(from, to).map(drop).unwrap() }
    }
}

fn fail(reason: String) -> Result<(), TestCaseError> {
    Err(TestCaseError::fail(reason))
}

fn same(
    before: &BTreeMap<String, Value>,
    after: &BTreeMap<String, Value>,
    what: &str,
) -> Result<(), TestCaseError> {
    for (asked, told) in before {
        if after.get(asked) != Some(told) {
            let now = after.get(asked).cloned().unwrap_or_default();
            return fail(format!("{asked} {what}:\n  before {told}\n  after  {now}"));
        }
    }
    Ok(())
}

fn whatever_is_asked(steps: Vec<Step>, killed: bool) -> Result<(), TestCaseError> {
    let mut story = Story::new();
    let result = (|| {
        for step in steps {
            story.run(step);
        }
        story.resubmit();
        story.check_coins()?;
        let before = story.sight();
        if killed {
            story.kill();
            return same(&before, &story.sight(), "after a kill");
        }
        WALLETS.iter().for_each(|wallet| story.reload(wallet));
        same(&before, &story.sight(), "after unload and load")?;
        story.check_coins()
    })();
    result.map_err(|error: TestCaseError| {
        TestCaseError::fail(format!("{error}\nasked:\n  {}", story.asked.borrow().join("\n  ")))
    })
}

fn number(name: &str, default: u32) -> u32 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn a_wallet_is_the_same_after_whatever_was_asked() {
    let config = Config {
        cases: number("PROPERTY_CASES", 12),
        max_shrink_iters: number("PROPERTY_SHRINK", 60),
        failure_persistence: None,
        ..Config::default()
    };
    let mut seed = [7; 32];
    seed[..4].copy_from_slice(&number("PROPERTY_SEED", 0).to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let step = (0_u8..24, proptest::num::u32::ANY, proptest::num::u32::ANY);
    let steps = (proptest::collection::vec(step, 5..40), proptest::bool::ANY);
    if let Err(error) = runner.run(&steps, |(steps, killed)| whatever_is_asked(steps, killed)) {
        panic!("{error}");
    }
}
