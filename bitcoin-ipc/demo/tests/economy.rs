//! What wallets ask of a node: at first, for each block, and while nothing happens; beside the same wallet on our own node,
//! beside BDK, and beside Bitcoin Core's own wallet for the time of a first search. All have to find the same.
//!
//! `BITCOIN_NODE` names Core's `bitcoin-node` of v32 with wallets; without it our own node takes its place, which has no
//! wallets for others. `ECONOMY_BLOCKS` says how long the chain is (400), `ECONOMY_ADDRESSES` how many addresses the wallet
//! has (1,000). The table is printed; calls are held, times are not.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bdk_bitcoind_rpc::bitcoincore_rpc::{Auth, Client};
use bdk_bitcoind_rpc::{Emitter, NO_EXPECTED_MEMPOOL_TXS};
use bitcoin_demo::programs::{Caller, Form, Node, NodeOptions, Programs, Wallet, Way, wait_for};
use serde_json::{Value, json};

/// Each of so many blocks pays the wallet.
const EACH: u64 = 20;

/// What crossed a relay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Traffic {
    calls: u64,
    bytes: u64,
}

impl std::ops::Sub for Traffic {
    type Output = Traffic;

    fn sub(self, other: Traffic) -> Traffic {
        Traffic { calls: self.calls - other.calls, bytes: self.bytes - other.bytes }
    }
}

/// A stream that has two directions.
trait Line: Read + Write + Send + Sized + 'static {
    fn again(&self) -> io::Result<Self>;
    fn end(&self) -> io::Result<()>;
}

impl Line for TcpStream {
    fn again(&self) -> io::Result<Self> {
        self.try_clone()
    }

    fn end(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl Line for UnixStream {
    fn again(&self) -> io::Result<Self> {
        self.try_clone()
    }

    fn end(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

/// What has crossed.
#[derive(Clone, Default)]
struct Counts {
    calls: Arc<AtomicU64>,
    bytes: Arc<AtomicU64>,
}

impl Counts {
    fn traffic(&self) -> Traffic {
        Traffic { calls: self.calls.load(Ordering::SeqCst), bytes: self.bytes.load(Ordering::SeqCst) }
    }

    /// Passes on what one side says to the other, and counts it.
    fn relay<L: Line>(&self, client: L, node: L) {
        let (answers, asker) = (node.again().unwrap(), client.again().unwrap());
        let (asked, answered) = (self.clone(), self.clone());
        std::thread::spawn(move || pass(client, node, &asked.bytes, Some(&asked.calls)));
        std::thread::spawn(move || pass(answers, asker, &answered.bytes, None));
    }

    /// Counts what crosses on the way to a node's HTTP. Gives the port where it is asked.
    fn of_http(&self, to: u16) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, counts) = (listener.local_addr().unwrap().port(), self.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(node) = TcpStream::connect(("127.0.0.1", to)) else { continue };
                counts.relay(client, node);
            }
        });
        port
    }

    /// Counts the bytes that cross on the way to a node's socket.
    fn of_socket(&self, place: &Path, to: PathBuf) {
        let listener = UnixListener::bind(place).unwrap();
        let counts = self.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(node) = UnixStream::connect(&to) else { continue };
                counts.relay(client, node);
            }
        });
    }
}

/// Passes bytes on until one side hangs up, and counts them and the calls of JSON-RPC among them.
fn pass(
    mut from: impl Line,
    mut to: impl Line,
    bytes: &AtomicU64,
    calls: Option<&AtomicU64>,
) -> io::Result<()> {
    const CALL: &[u8] = b"\"method\":";
    let mut buffer = vec![0; 1 << 16];
    // A word may come in two parts.
    let mut kept = 0;
    loop {
        let count = match from.read(&mut buffer[kept..]) {
            Ok(0) | Err(_) => break,
            Ok(count) => count,
        };
        to.write_all(&buffer[kept..kept + count])?;
        bytes.fetch_add(count as u64, Ordering::SeqCst);
        if let Some(calls) = calls {
            let end = kept + count;
            let found = buffer[..end].windows(CALL.len()).filter(|part| *part == CALL).count();
            calls.fetch_add(found as u64, Ordering::SeqCst);
            let rest = end.min(CALL.len() - 1);
            buffer.copy_within(end - rest..end, 0);
            kept = rest;
        }
    }
    to.end()
}

/// What a wallet has found: its transactions, and all of its coins in satoshi.
type Found = (usize, u64);

/// Our wallet, in a process of its own on a node.
struct Ours {
    wallets: Wallet,
    caller: Caller,
    counts: Counts,
    /// Whether its calls are counted by its log.
    logged: bool,
    _folder: tempfile::TempDir,
}

impl Ours {
    /// On a node that is asked over HTTP.
    fn on_core(node: &Node, port: u16, addresses: u64) -> Ours {
        let (counts, folder) = (Counts::default(), tempfile::tempdir_in("/tmp").unwrap());
        let socket = folder.path().join("wallet.sock");
        let args = [
            format!("-core=http://127.0.0.1:{}", counts.of_http(port)),
            format!("-coredatadir={}", node.directory().display()),
            format!("-ipcbind=unix:{}", socket.display()),
            format!("-keypool={addresses}"),
        ];
        let mut wallets = Wallet::run(node.programs(), folder.path(), &args).unwrap();
        wallets.wait_for_log("Attached to the node").unwrap();
        let caller = Caller::connect(&socket).unwrap();
        Ours { wallets, caller, counts, logged: false, _folder: folder }
    }

    /// On a node of ours, by its interfaces.
    fn on_own(node: &Node, addresses: u64) -> Ours {
        let (counts, folder) = (Counts::default(), tempfile::tempdir_in("/tmp").unwrap());
        let socket = folder.path().join("relay.sock");
        counts.of_socket(&socket, node.socket());
        let args = [
            format!("-ipcconnect=unix:{}", socket.display()),
            format!("-keypool={addresses}"),
            "-debug=ipc".to_owned(),
        ];
        let mut wallets = Wallet::run(node.programs(), folder.path(), &args).unwrap();
        wallets.wait_for_log("Attached to the node").unwrap();
        let caller = Caller::connect(&node.socket()).unwrap();
        Ours { wallets, caller, counts, logged: true, _folder: folder }
    }

    fn traffic(&self) -> Traffic {
        let mut traffic = self.counts.traffic();
        if self.logged {
            // What it asks, and what it is told.
            let is_call = |line: &&str| {
                line.contains("IPC client send ")
                    || line.contains("IPC server recv request ") && line.contains("Notifications.")
            };
            traffic.calls = self.wallets.log().lines().filter(is_call).count() as u64;
        }
        traffic
    }

    /// Waits until it has heard of all, without a question by whoever uses the wallet, which costs one itself.
    fn settle(&self) {
        let quiet = wait_for(|| {
            let before = self.traffic();
            std::thread::sleep(Duration::from_secs(2));
            Ok((self.traffic().calls <= before.calls + 1).then_some(()))
        });
        assert!(quiet.unwrap().is_some(), "it goes on asking");
    }

    fn best(&self) -> Value {
        self.call("getbalances", json!([]))["lastprocessedblock"]["hash"].clone()
    }

    fn call(&self, method: &str, params: Value) -> Value {
        self.caller.call(Some("w"), method, params).unwrap()
    }

    /// The first search; gives how long it took.
    fn search(&self, descriptors: &Value) -> Duration {
        let blank = json!({ "wallet_name": "w", "blank": true });
        self.caller.call(None, "createwallet", blank).unwrap();
        let begun = Instant::now();
        succeeded(&self.call("importdescriptors", json!([descriptors])));
        self.call("getbalances", json!([]));
        begun.elapsed()
    }

    fn found(&self) -> Found {
        found(|method, params| self.call(method, params))
    }
}

fn succeeded(imported: &Value) {
    assert!(imported.as_array().unwrap().iter().all(|one| one["success"] == true), "{imported}");
}

/// What a wallet shows by its methods.
fn found(call: impl Fn(&str, Value) -> Value) -> Found {
    let mine = call("getbalances", json!([]))["mine"].clone();
    let sat = |name: &str| {
        bitcoin::Amount::from_str_in(&mine[name].to_string(), bitcoin::Denomination::Bitcoin)
            .unwrap()
            .to_sat()
    };
    let all = ["trusted", "untrusted_pending", "immature"].into_iter().map(sat).sum();
    let count = call("getwalletinfo", json!([]))["txcount"].as_u64().unwrap();
    (usize::try_from(count).unwrap(), all)
}

/// BDK's wallet, which asks when it is told to.
struct Bdk {
    wallet: bdk_wallet::Wallet,
    emitter: Emitter<Box<Client>>,
    counts: Counts,
}

impl Bdk {
    fn start(port: u16, cookie: &Path, descriptors: &Value, addresses: u64) -> Bdk {
        let counts = Counts::default();
        let url = format!("http://127.0.0.1:{}", counts.of_http(port));
        let client = Client::new(&url, Auth::CookieFile(cookie.to_owned())).unwrap();
        let of = |internal: bool| {
            let mut entries = descriptors.as_array().unwrap().iter();
            entries.find(|one| one["internal"] == internal).unwrap()["desc"].as_str().unwrap().to_owned()
        };
        let wallet = bdk_wallet::Wallet::create(of(false), of(true))
            .network(bitcoin::Network::Regtest)
            .lookahead(u32::try_from(addresses).unwrap())
            .create_wallet_no_persist()
            .unwrap();
        let tip = wallet.latest_checkpoint();
        Bdk { wallet, emitter: Emitter::new(Box::new(client), tip, 0, NO_EXPECTED_MEMPOOL_TXS), counts }
    }

    /// Asks for all that is new.
    fn poll(&mut self) {
        while let Some(event) = self.emitter.next_block().unwrap() {
            let (height, connected) = (event.block_height(), event.connected_to());
            self.wallet.apply_block_connected_to(&event.block, height, connected).unwrap();
        }
        let mempool = self.emitter.mempool().unwrap();
        self.wallet.apply_unconfirmed_txs(mempool.update);
        self.wallet.apply_evicted_txs(mempool.evicted);
    }

    fn found(&self) -> Found {
        (self.wallet.transactions().count(), self.wallet.balance().total().to_sat())
    }
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// A chain that pays a wallet now and then; gives the wallet's descriptors, for imports from the first block.
fn chain(node: &Node, blocks: u64, addresses: u64) -> Value {
    node.rpc("createwallet", json!(["source"])).unwrap();
    node.rpc("createwallet", json!(["others"])).unwrap();
    let others = node.wallet_rpc("others", "getnewaddress", json!([])).unwrap();
    for _ in 0..blocks / EACH {
        let own = node.wallet_rpc("source", "getnewaddress", json!([])).unwrap();
        node.rpc("generatetoaddress", json!([1, own])).unwrap();
        node.rpc("generatetoaddress", json!([EACH - 1, others])).unwrap();
    }
    let listed = node.wallet_rpc("source", "listdescriptors", json!([true])).unwrap();
    let native = listed["descriptors"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["desc"].as_str().unwrap().starts_with("wpkh("));
    native
        .map(|one| {
            json!({
                "desc": one["desc"], "active": true, "internal": one["internal"], "range": [0, addresses - 1],
                "next_index": one["next_index"], "timestamp": 0,
            })
        })
        .collect()
}

/// A node of ours that has the same blocks.
struct Mirror(Node);

impl Mirror {
    fn of(node: &Node) -> Mirror {
        let options = NodeOptions::new(Form::TwoProcesses).arg("-disablewallet").arg("-blockfilterindex=1");
        let mirror = Mirror(Node::start(node.programs(), options).unwrap());
        mirror.follow(node);
        mirror
    }

    fn follow(&self, node: &Node) {
        let height = |node: &Node| node.rpc("getblockcount", json!([])).unwrap().as_u64().unwrap();
        for height in height(&self.0) + 1..=height(node) {
            let hash = node.rpc("getblockhash", json!([height])).unwrap();
            let block = node.rpc("getblock", json!([hash, 0])).unwrap();
            assert_eq!(self.0.rpc("submitblock", json!([block])).unwrap(), Value::Null);
        }
    }
}

/// The table that is printed.
#[derive(Debug, Default)]
struct Rows(Vec<(String, Option<Duration>, Traffic)>);

impl Rows {
    fn add(&mut self, what: String, took: Option<Duration>, traffic: Traffic) {
        self.0.push((what, took, traffic));
    }

    /// What it says, past the harness, which keeps what tests print that pass.
    fn print(self, blocks: u64, addresses: u64) {
        let mut out = io::stdout().lock();
        let head = format!("{blocks} blocks, {addresses} addresses");
        writeln!(out, "\n{head:<40}{:>12}{:>10}{:>14}", "time", "calls", "bytes").unwrap();
        for (what, took, Traffic { calls, bytes }) in self.0 {
            let took = took.map_or("-".to_owned(), |took| format!("{took:.2?}"));
            writeln!(out, "{what:<40}{took:>12}{calls:>10}{bytes:>14}").unwrap();
        }
    }
}

#[test]
fn wallets_ask_little_of_a_node() {
    let core = std::env::var_os("BITCOIN_NODE").map(PathBuf::from);
    if core.is_none() {
        // Not by `println`, which only tests that fail show.
        let skipped = "SKIPPED in part: without BITCOIN_NODE the node is our own, and has no wallet to compare times with\n";
        io::stderr().write_all(skipped.as_bytes()).unwrap();
    }
    let blocks = number("ECONOMY_BLOCKS", 400);
    let addresses = number("ECONOMY_ADDRESSES", 1000).max(blocks / EACH + 100);
    let mut options = NodeOptions::new(Form::OnCore(Way::Http)).arg("-keypool=100");
    options.core = core.clone();
    options.core_wallets = core.is_some();
    let mut node = Node::prepare(&Programs::built().unwrap(), options).unwrap();
    node.start_again().unwrap();
    let port: u16 = node.core_address().rsplit_once(':').unwrap().1.parse().unwrap();
    let descriptors = chain(&node, blocks, addresses);
    let cookie = node.directory().join("regtest/.cookie");
    let mut mirror = Mirror::of(&node);

    // The first search.
    let mut rows = Rows::default();
    let all = [
        ("ours", Ours::on_core(&node, port, addresses)),
        ("ours on our own node", Ours::on_own(&mirror.0, addresses)),
    ];
    for (name, ours) in &all {
        let begun = ours.traffic();
        let took = ours.search(&descriptors);
        rows.add(format!("first search, {name}"), Some(took), ours.traffic() - begun);
    }
    let mut bdk = Bdk::start(port, &cookie, &descriptors, addresses);
    let begun = Instant::now();
    bdk.poll();
    rows.add("first search, BDK".to_owned(), Some(begun.elapsed()), bdk.counts.traffic());
    let expected = usize::try_from(blocks / EACH).unwrap();
    assert_eq!(bdk.found().0, expected);
    all.iter().for_each(|(name, ours)| assert_eq!(ours.found(), bdk.found(), "{name}"));
    if core.is_some() {
        let caller = Caller::connect(&node.socket()).unwrap();
        let blank = json!({ "wallet_name": "theirs", "blank": true });
        caller.call(None, "createwallet", blank).unwrap();
        let begun = Instant::now();
        succeeded(&caller.call(Some("theirs"), "importdescriptors", json!([descriptors])).unwrap());
        rows.add("first search, Bitcoin Core's own".to_owned(), Some(begun.elapsed()), Traffic::default());
        let theirs = found(|method, params| caller.call(Some("theirs"), method, params).unwrap());
        assert_eq!(theirs, bdk.found());
    }

    // What comes, block by block.
    let to = all[0].1.call("getnewaddress", json!([]));
    let others = node.wallet_rpc("others", "getnewaddress", json!([])).unwrap();
    all.iter().for_each(|(_, ours)| ours.settle());
    for (what, to, paid) in [("a block of others", &others, false), ("a block with a payment", &to, true)] {
        let (before, polled) = (all.each_ref().map(|(_, ours)| ours.traffic()), bdk.counts.traffic());
        node.rpc("generatetoaddress", json!([1, to])).unwrap();
        mirror.follow(&node);
        for ((name, ours), before) in all.iter().zip(before) {
            ours.settle();
            rows.add(format!("{what}, {name}"), None, ours.traffic() - before);
            // Whoever is paid has a next address, for which the node looks as well.
            assert!(rows.0.last().unwrap().2.calls <= if paid { 24 } else { 8 }, "{rows:#?}");
        }
        bdk.poll();
        rows.add(format!("{what}, BDK"), None, bdk.counts.traffic() - polled);
        assert_eq!(bdk.found().0, expected + usize::from(paid));
        let best = node.rpc("getbestblockhash", json!([])).unwrap();
        for (name, ours) in &all {
            assert_eq!(ours.best(), best, "{name}");
            assert_eq!(ours.found(), bdk.found(), "{name}");
        }
    }

    // Nothing.
    let polled = bdk.counts.traffic();
    bdk.poll();
    rows.add("one look of BDK's".to_owned(), None, bdk.counts.traffic() - polled);
    all.iter().for_each(|(_, ours)| ours.settle());
    let before = all.each_ref().map(|(_, ours)| ours.traffic());
    std::thread::sleep(Duration::from_secs(30));
    for ((name, ours), before) in all.iter().zip(before) {
        rows.add(format!("half a minute of nothing, {name}"), None, ours.traffic() - before);
        assert!(rows.0.last().unwrap().2.calls <= 10, "{rows:#?}");
    }

    for (_, ours) in all {
        ours.wallets.stop().unwrap();
    }
    mirror.0.stop().unwrap();
    node.stop().unwrap();
    rows.print(blocks, addresses);
}
