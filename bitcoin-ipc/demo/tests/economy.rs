//! What wallets ask of a node: at first, for each block, and while nothing happens; beside BDK, and beside Bitcoin Core's
//! own wallet for the time of a first search. All three have to find the same.
//!
//! `BITCOIN_NODE` names Core's `bitcoin-node` of v32 with wallets; without it our own node takes its place, which has no
//! wallets for others. `ECONOMY_BLOCKS` says how long the chain is (400), `ECONOMY_ADDRESSES` how many addresses the wallet
//! has (1,000). The table is printed; calls are held, times are not.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
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

/// Counts what crosses on the way to a node's HTTP.
struct Relay {
    port: u16,
    calls: Arc<AtomicU64>,
    bytes: Arc<AtomicU64>,
}

impl Relay {
    fn start(to: u16) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Relay {
            port: listener.local_addr().unwrap().port(),
            calls: Arc::default(),
            bytes: Arc::default(),
        };
        let (calls, bytes) = (relay.calls.clone(), relay.bytes.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(node) = TcpStream::connect(("127.0.0.1", to)) else { continue };
                let (answers, asker) = (node.try_clone().unwrap(), client.try_clone().unwrap());
                let (calls, sent, came) = (calls.clone(), bytes.clone(), bytes.clone());
                std::thread::spawn(move || pass(client, node, &sent, Some(&calls)));
                std::thread::spawn(move || pass(answers, asker, &came, None));
            }
        });
        relay
    }

    fn traffic(&self) -> Traffic {
        Traffic { calls: self.calls.load(Ordering::SeqCst), bytes: self.bytes.load(Ordering::SeqCst) }
    }
}

/// Passes bytes on until one side hangs up, and counts them and the calls among them.
fn pass(
    mut from: TcpStream,
    mut to: TcpStream,
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
    to.shutdown(Shutdown::Write)
}

/// What a wallet has found: its transactions, and all of its coins in satoshi.
type Found = (usize, u64);

/// Our wallet, in a process of its own on the node.
struct Ours {
    wallets: Wallet,
    caller: Caller,
    relay: Relay,
    _folder: tempfile::TempDir,
}

impl Ours {
    fn start(node: &Node, port: u16, addresses: u64) -> Ours {
        let relay = Relay::start(port);
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let socket = folder.path().join("wallet.sock");
        let args = [
            format!("-core=http://127.0.0.1:{}", relay.port),
            format!("-coredatadir={}", node.directory().display()),
            format!("-ipcbind=unix:{}", socket.display()),
            format!("-keypool={addresses}"),
        ];
        let mut wallets = Wallet::run(node.programs(), folder.path(), &args).unwrap();
        wallets.wait_for_log("Attached to the node").unwrap();
        let caller = Caller::connect(&socket).unwrap();
        Ours { wallets, caller, relay, _folder: folder }
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
    relay: Relay,
}

impl Bdk {
    fn start(port: u16, cookie: &Path, descriptors: &Value, addresses: u64) -> Bdk {
        let relay = Relay::start(port);
        let url = format!("http://127.0.0.1:{}", relay.port);
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
        Bdk { wallet, emitter: Emitter::new(Box::new(client), tip, 0, NO_EXPECTED_MEMPOOL_TXS), relay }
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

    // The first search.
    let ours = Ours::start(&node, port, addresses);
    let begun = ours.relay.traffic();
    let took = ours.search(&descriptors);
    let mut rows = vec![("first search, ours".to_owned(), Some(took), ours.relay.traffic() - begun)];
    let mut bdk = Bdk::start(port, &cookie, &descriptors, addresses);
    let begun = Instant::now();
    bdk.poll();
    rows.push(("first search, BDK".to_owned(), Some(begun.elapsed()), bdk.relay.traffic()));
    let expected = usize::try_from(blocks / EACH).unwrap();
    assert_eq!(ours.found().0, expected);
    assert_eq!(bdk.found(), ours.found());
    if core.is_some() {
        let caller = Caller::connect(&node.socket()).unwrap();
        let blank = json!({ "wallet_name": "theirs", "blank": true });
        caller.call(None, "createwallet", blank).unwrap();
        let begun = Instant::now();
        succeeded(&caller.call(Some("theirs"), "importdescriptors", json!([descriptors])).unwrap());
        rows.push(("first search, Bitcoin Core's own".to_owned(), Some(begun.elapsed()), Traffic::default()));
        let theirs = found(|method, params| caller.call(Some("theirs"), method, params).unwrap());
        assert_eq!(theirs, ours.found());
    }

    // What comes, block by block.
    let to = ours.call("getnewaddress", json!([]));
    let others = node.wallet_rpc("others", "getnewaddress", json!([])).unwrap();
    let best = || node.rpc("getbestblockhash", json!([])).unwrap();
    let settle = |ours: &Ours| {
        // Told, and without a question by whoever uses the wallet, which costs one itself.
        let quiet = wait_for(|| {
            let before = ours.relay.traffic();
            std::thread::sleep(Duration::from_secs(2));
            Ok((ours.relay.traffic().calls <= before.calls + 1).then_some(()))
        });
        assert!(quiet.unwrap().is_some(), "it goes on asking");
    };
    settle(&ours);
    for (what, to, paid) in [("a block of others", &others, false), ("a block with a payment", &to, true)] {
        let (before, polled) = (ours.relay.traffic(), bdk.relay.traffic());
        node.rpc("generatetoaddress", json!([1, to])).unwrap();
        settle(&ours);
        rows.push((format!("{what}, ours"), None, ours.relay.traffic() - before));
        // Whoever is paid has a next address, for which the node looks as well.
        assert!(rows.last().unwrap().2.calls <= if paid { 24 } else { 8 }, "{rows:#?}");
        bdk.poll();
        rows.push((format!("{what}, BDK"), None, bdk.relay.traffic() - polled));
        assert_eq!(bdk.found().0, expected + usize::from(paid));
        let last = ours.call("getbalances", json!([]))["lastprocessedblock"]["hash"].clone();
        assert_eq!(last, best());
        assert_eq!(bdk.found(), ours.found());
    }

    // Nothing.
    let polled = bdk.relay.traffic();
    bdk.poll();
    rows.push(("one look of BDK's".to_owned(), None, bdk.relay.traffic() - polled));
    settle(&ours);
    let before = ours.relay.traffic();
    std::thread::sleep(Duration::from_secs(30));
    let idle = ours.relay.traffic() - before;
    rows.push(("half a minute of nothing, ours".to_owned(), None, idle));
    assert!(idle.calls <= 10, "{rows:#?}");

    ours.wallets.stop().unwrap();
    node.stop().unwrap();
    // Past the harness, which keeps what tests print that pass.
    let mut out = io::stdout().lock();
    writeln!(out, "\n{blocks} blocks, {addresses} addresses{:>25}{:>10}{:>14}", "time", "calls", "bytes")
        .unwrap();
    for (what, took, Traffic { calls, bytes }) in rows {
        let took = took.map_or("-".to_owned(), |took| format!("{took:.2?}"));
        writeln!(out, "{what:<36}{took:>12}{calls:>10}{bytes:>14}").unwrap();
    }
}
