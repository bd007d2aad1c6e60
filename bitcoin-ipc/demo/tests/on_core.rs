//! The same scenarios with wallets that attach to an unmodified Bitcoin Core, over IPC and over HTTP.
//!
//! `BITCOIN_NODE` names Core's `bitcoin-node` of v32, and `BITCOIND` a `bitcoind` of v29 or later, which has HTTP alone.
//! Without them our own node takes their place, behind the same adapter: it answers JSON-RPC and tells its tips as Core
//! does. It has no HTTP, so a bridge stands in front of it.
//! `KILLS` says how often wallets and node are ended (3 times each); `KILLS_SEED` repeats the moments of a run.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod checked;
mod moments;

use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use bitcoin_backend::Method;
use bitcoin_demo::programs::{Caller, Form, Node, NodeOptions, Programs, Wallet, Way, wait_for};
use bitcoin_demo::scenario::{Load, story};
use checked::check;
use moments::Moments;
use serde_json::{Value, json};

fn core(way: Way) -> Option<PathBuf> {
    let bitcoind = std::env::var_os("BITCOIND").filter(|_| way == Way::Http);
    let core = bitcoind.or_else(|| std::env::var_os("BITCOIN_NODE")).map(PathBuf::from);
    if core.is_none() {
        // Not by `println`, which only tests that fail show.
        let skipped = "SKIPPED in part: without BITCOIN_NODE the node is our own\n";
        std::io::stderr().write_all(skipped.as_bytes()).unwrap();
    }
    core
}

/// A node that is not started.
fn prepare(way: Way) -> Node {
    let mut options = NodeOptions::new(Form::OnCore(way)).arg("-fallbackfee=0.0002").arg("-keypool=100");
    options.core = core(way);
    Node::prepare(&Programs::built().unwrap(), options).unwrap()
}

/// The only methods that a node of HTTP lets itself be asked.
fn allowed(node: &mut Node, methods: impl IntoIterator<Item = &'static str>) {
    let methods: Vec<&str> = methods.into_iter().collect();
    let args = &mut node.options().core_args;
    args.retain(|arg| !arg.starts_with("-rpcwhitelist="));
    args.push(format!("-rpcwhitelist=__cookie__:{}", methods.join(",")));
}

fn by_wallets() -> impl Iterator<Item = &'static str> {
    Method::ALL.iter().map(|method| method.name())
}

fn told(way: Way) {
    let mut node = prepare(way);
    // What the story asks the node itself.
    let by_users = ["generatetoaddress", "getbestblockhash", "getblockcount", "submitblock"];
    if way == Way::Http {
        allowed(&mut node, by_wallets().chain(by_users));
    }
    node.start_again().unwrap();
    let story = story(&mut node, &mut |line| println!("{line}")).unwrap_or_else(|error| {
        panic!("{error}\nthe wallets' log:\n{}", node.wallet_log());
    });
    check(&story);
    node.stop().unwrap();
    let known: BTreeSet<&str> = by_wallets().chain(by_users).collect();
    let others: Vec<String> =
        node.asked().into_keys().filter(|method| !known.contains(method.as_str())).collect();
    assert_eq!(others, [""; 0], "the node was asked what it should not be");
}

#[test]
fn the_story_over_ipc() {
    told(Way::Ipc);
}

#[test]
fn the_story_over_http() {
    told(Way::Http);
}

/// Wallets and node are ended in turns, with work under way.
fn killed(way: Way) {
    let times: u32 = std::env::var("KILLS").map_or(3, |times| times.parse().expect("KILLS is a number"));
    let mut moments = Moments::new();
    let mut node = prepare(way);
    node.start_again().unwrap();
    let load = Load::start(&node).unwrap();
    for _ in 0..times {
        load.wait_for_more().unwrap();
        moments.pause();
        node.kill_attached().unwrap();
        node.attach_wallets().unwrap();
        node.wait_until_it_answers().unwrap();
        load.resume(&node).unwrap();
        load.wait_for_more().unwrap();
        moments.pause();
        match core(way) {
            // A Core that is killed loses blocks itself.
            Some(_) => node.stop_without_wallets().unwrap(),
            None => node.kill().unwrap(),
        }
        node.start_again().unwrap();
        load.resume(&node).unwrap();
    }
    load.wait_for_more().unwrap();
    let done = load.stop();
    println!("acknowledged: {} blocks, {} payments", done.blocks.len(), done.payments.len());
    done.check(&node).unwrap();
    node.stop().unwrap();
    node.start_again().unwrap();
    done.check(&node).unwrap();
    node.stop().unwrap();
}

#[test]
fn kills_over_ipc_lose_nothing() {
    killed(Way::Ipc);
}

#[test]
fn kills_over_http_lose_nothing() {
    killed(Way::Http);
}

/// Two processes of wallets on one node pay each other, and one ends in the midst of it.
fn shared(way: Way) {
    let mut node = prepare(way);
    node.start_again().unwrap();
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let socket = folder.path().join("wallet.sock");
    let mut wallets = node.more_wallets(folder.path(), &socket).unwrap();
    wallets.wait_for_log("Attached to the node").unwrap();
    // Nobody else gets what these hold.
    let mut second = node.more_wallets(folder.path(), &folder.path().join("another.sock")).unwrap();
    assert!(!second.process().wait().unwrap().success());
    assert!(second.process().output().contains("is in use by process"), "{}", second.process().output());

    let other = Caller::connect(&socket).unwrap();
    node.rpc("createwallet", json!(["one"])).unwrap();
    let created = json!({ "wallet_name": "two", "load_on_startup": true });
    other.call(None, "createwallet", created).unwrap();
    let one = |method: &str, params: Value| node.wallet_rpc("one", method, params).unwrap();
    let own = one("getnewaddress", json!([]));
    let mine = |count: u32| node.rpc("generatetoaddress", json!([count, own])).unwrap();
    mine(101);
    let two =
        |caller: &Caller, method: &str, params: Value| caller.call(Some("two"), method, params).unwrap();
    let to = two(&other, "getnewaddress", json!([]));
    let paid = one("sendtoaddress", json!({ "address": to, "amount": "1.5", "fee_rate": 2 }));
    // What is not in a block yet is seen by both, and spent.
    let pending = || {
        let balances = two(&other, "getbalances", json!([]));
        let pending = balances["mine"]["untrusted_pending"].to_string();
        Ok((pending == "1.50000000").then_some(()))
    };
    assert!(wait_for(pending).unwrap().is_some(), "the payment {paid} does not come");
    mine(1);
    let best = node.rpc("getbestblockhash", json!([])).unwrap();
    let seen = |caller: &Caller| {
        let balances = two(caller, "getbalances", json!([]));
        let mine = &balances["mine"];
        let best = balances["lastprocessedblock"]["hash"].clone();
        (best, mine["trusted"].to_string(), mine["untrusted_pending"].to_string())
    };
    let expected =
        |best: &Value, trusted: &str, pending: &str| (best.clone(), trusted.to_owned(), pending.to_owned());
    let reached = |caller: &Caller, what: &(Value, String, String)| {
        let mut last = seen(caller);
        let there = wait_for(|| {
            last = seen(caller);
            Ok((last == *what).then_some(()))
        });
        assert!(there.unwrap().is_some(), "{last:?} instead of {what:?}");
    };
    reached(&other, &expected(&best, "1.50000000", "0.00000000"));

    // One is killed, is paid meanwhile, and has all of it when it is back.
    wallets.process().kill().unwrap();
    one("sendtoaddress", json!({ "address": to, "amount": "0.25", "fee_rate": 2 }));
    mine(2);
    one("sendtoaddress", json!({ "address": to, "amount": "0.125", "fee_rate": 2 }));
    let mut wallets = node.more_wallets(folder.path(), &socket).unwrap();
    let back = wait_for(|| {
        Ok(Caller::connect(&socket).ok().filter(|it| it.call(Some("two"), "getbalances", json!([])).is_ok()))
    });
    let other = back.unwrap().unwrap_or_else(|| panic!("{}", wallets.process().output()));
    let best = node.rpc("getbestblockhash", json!([])).unwrap();
    reached(&other, &expected(&best, "1.75000000", "0.12500000"));

    // It gives back all that it has, and the other one has it once.
    mine(1);
    let best = node.rpc("getbestblockhash", json!([])).unwrap();
    reached(&other, &expected(&best, "1.87500000", "0.00000000"));
    two(&other, "sendall", json!({ "recipients": [own], "fee_rate": 1 }));
    mine(1);
    let best = node.rpc("getbestblockhash", json!([])).unwrap();
    reached(&other, &expected(&best, "0.00000000", "0.00000000"));
    let rows = one("listtransactions", json!(["*", 1000]));
    let rows = rows.as_array().unwrap();
    let sum = |category: &str| {
        let of = rows.iter().filter(|row| row["category"] == category);
        of.map(|row| (row["amount"].to_string().parse::<f64>().unwrap() * 1e8).round() as i64).sum::<i64>()
    };
    assert_eq!(sum("send"), -187_500_000);
    let received = sum("receive");
    assert!((187_490_000..187_500_000).contains(&received), "{received} sat came back");
    wallets.stop().unwrap();
    node.stop().unwrap();
}

#[test]
fn two_processes_of_wallets_share_a_node_over_ipc() {
    shared(Way::Ipc);
}

#[test]
fn two_processes_of_wallets_share_a_node_over_http() {
    shared(Way::Http);
}

/// A wait would hold up all others.
#[test]
fn a_node_that_answers_one_at_a_time_is_not_waited_for() {
    let mut node = prepare(Way::Http);
    node.options().core_args.push("-rpcthreads=1".to_owned());
    node.start_again().unwrap();
    let seen = wait_for(|| Ok(node.wallet_log().contains("nothing while a call waits").then_some(())));
    assert!(seen.unwrap().is_some(), "{}", node.wallet_log());
    let story = story(&mut node, &mut |line| println!("{line}")).unwrap_or_else(|error| {
        panic!("{error}\nthe wallets' log:\n{}", node.wallet_log());
    });
    check(&story);
    // Where that can be counted: once each time that wallets come to a node.
    let waits = node.asked().get("waitfornewblock").copied().unwrap_or_default();
    let attached = node.wallet_log().matches("nothing while a call waits").count() as u64;
    assert!(waits <= attached, "{waits} waits of {attached} visits");
    node.stop().unwrap();
}

/// What the doctor says of a node, and whether wallets can work with it.
fn doctor(node: &Node) -> (bool, String) {
    let look = std::process::Command::new(node.programs().path("bitcoin-wallet"))
        .args(["-regtest", &format!("-core={}", node.core_address())])
        .arg(format!("-coredatadir={}", node.directory().display()))
        .arg("doctor")
        .env("HOME", node.directory())
        .output()
        .unwrap();
    (look.status.success(), String::from_utf8(look.stdout).unwrap())
}

#[test]
fn a_node_that_lets_ask_less_is_told_from_one_that_will_not_do() {
    let mut node = prepare(Way::Http);
    let users = ["generatetoaddress", "getblockcount"];
    // A list of before it was asked where it publishes, and for clusters; and nobody may wait.
    let since = ["getzmqnotifications", "getmempoolcluster", "waitfornewblock"];
    allowed(&mut node, by_wallets().filter(|name| !since.contains(name)).chain(users));
    node.start_again().unwrap();
    node.rpc("createwallet", json!(["w"])).unwrap();
    let to = node.wallet_rpc("w", "getnewaddress", json!([])).unwrap();
    node.rpc("generatetoaddress", json!([101, to])).unwrap();
    let trusted = || {
        let balances = node.wallet_rpc("w", "getbalances", json!([])).unwrap();
        balances["mine"]["trusted"].to_string()
    };
    assert_eq!(trusted(), "50.00000000");
    // The second one spends the change of the first, which has paid too little.
    let pay = |rate: u32| {
        let params = json!({ "address": to, "amount": "1", "fee_rate": rate });
        let sent = node.wallet_rpc("w", "sendtoaddress", params).unwrap();
        let entry = node.rpc("getmempoolentry", json!([sent])).unwrap();
        let fee =
            bitcoin::Amount::from_str_in(&entry["fees"]["base"].to_string(), bitcoin::Denomination::Bitcoin);
        (fee.unwrap().to_sat(), entry["vsize"].as_u64().unwrap())
    };
    let (first, second) = (pay(1), pay(20));
    // It pays for both.
    assert!(first.0 + second.0 >= 20 * (first.1 + second.1), "{first:?} {second:?}");
    assert_eq!(trusted(), format!("49.{:08}", 100_000_000 - first.0 - second.0));
    let refused = node.rpc("getbestblockhash", json!([])).unwrap_err();
    let text = refused.to_string();
    assert!(refused.code() == Some(-32601) && text.contains("getbestblockhash is not for"), "{text}");
    let (works, found) = doctor(&node);
    assert!(
        works
            && found
                .contains("note  it does not let this user ask for getzmqnotifications,waitfornewblock\n"),
        "{found}"
    );
    node.stop().unwrap();

    allowed(&mut node, by_wallets().filter(|name| *name != "gettxout"));
    node.launch().unwrap();
    let mut seen = (true, String::new());
    let told = wait_for(|| {
        seen = doctor(&node);
        Ok(seen.1.contains("ask for").then_some(()))
    });
    assert!(told.unwrap().is_some(), "{}", seen.1);
    assert!(!seen.0 && seen.1.contains("FAIL  it does not let this user ask for gettxout\n"), "{}", seen.1);
    assert!(seen.1.contains("-> rpcwhitelist=<user>:estimatesmartfee,"), "{}", seen.1);
    // It may not have come to its own start.
    node.kill().unwrap();
}

/// Payments are seen when the node says that they came, and nothing is asked meanwhile.
#[test]
fn what_a_node_says_of_its_mempool_is_heard() {
    let mut node = prepare(Way::Http);
    if node.options().core.is_some() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        node.options().core_args.push(format!("-zmqpubrawtx=tcp://127.0.0.1:{port}"));
    }
    node.start_again().unwrap();
    if node.rpc("getzmqnotifications", json!([])).is_err_and(|error| error.code() == Some(-32601))
        && node.asked().is_empty()
    {
        std::io::stderr().write_all(b"SKIPPED: this node was built without ZeroMQ\n").unwrap();
        return;
    }
    let heard = wait_for(|| Ok(node.wallet_log().contains("The node says at tcp://").then_some(())));
    assert!(heard.unwrap().is_some(), "{}", node.wallet_log());
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let socket = folder.path().join("wallet.sock");
    let mut wallets = node.more_wallets(folder.path(), &socket).unwrap();
    wallets.wait_for_log("Attached to the node").unwrap();
    let other = Caller::connect(&socket).unwrap();
    node.rpc("createwallet", json!(["one"])).unwrap();
    other.call(None, "createwallet", json!(["two"])).unwrap();
    let own = node.wallet_rpc("one", "getnewaddress", json!([])).unwrap();
    node.rpc("generatetoaddress", json!([101, own])).unwrap();
    let to = other.call(Some("two"), "getnewaddress", json!([])).unwrap();
    let pending = || {
        let balances = other.call(Some("two"), "getbalances", json!([])).unwrap();
        balances["mine"]["untrusted_pending"].to_string()
    };
    assert_eq!(pending(), "0.00000000");
    // Somebody else sends what one has signed.
    let unsent =
        json!({ "outputs": [{ to.as_str().unwrap(): "0.5" }], "fee_rate": 2, "add_to_wallet": false });
    let signed = node.wallet_rpc("one", "send", unsent).unwrap();
    node.kill_attached().unwrap();
    // Until two has looked for all of its scripts, and nothing happens any more.
    let asked = |node: &Node| node.asked().get("getmempoolinfo").copied();
    let quiet = wait_for(|| {
        let before = asked(&node);
        std::thread::sleep(Duration::from_secs(11));
        Ok((asked(&node) == before).then_some(()))
    });
    assert!(quiet.unwrap().is_some(), "the node is asked though it says all: {:?}", node.asked());
    let searches = |wallets: &Wallet| wallets.log().matches("the mempool is searched").count();
    let before = searches(&wallets);
    other.call(None, "sendrawtransaction", json!([signed["hex"]])).unwrap();
    // Without a hint that would be after two minutes.
    let searched = wait_for(|| Ok((searches(&wallets) > before).then_some(())));
    assert!(searched.unwrap().is_some(), "{}", wallets.log());
    assert_eq!(pending(), "0.50000000");
    wallets.stop().unwrap();
    node.stop().unwrap();
}
