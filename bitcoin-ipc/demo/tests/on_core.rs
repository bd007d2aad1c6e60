//! The same scenarios with wallets that attach to an unmodified Bitcoin Core, over IPC and over HTTP.
//!
//! `BITCOIN_NODE` names Core's `bitcoin-node` of v32. Without it our own node takes its place, behind the same
//! adapter: it answers JSON-RPC and tells its tips as Core does. It has no HTTP, so a bridge stands in front of it.
//! `KILLS` says how often wallets and node are ended (3 times each); `KILLS_SEED` repeats the moments of a run.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod bridge;
mod checked;
mod moments;

use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;

use bitcoin_backend::Method;
use bitcoin_demo::programs::{Form, Node, NodeOptions, Programs, Way};
use bitcoin_demo::scenario::{Load, story};
use bridge::Bridge;
use checked::check;
use moments::Moments;

fn core() -> Option<PathBuf> {
    let core = std::env::var_os("BITCOIN_NODE").map(PathBuf::from);
    if core.is_none() {
        // Not by `println`, which only tests that fail show.
        let skipped = "SKIPPED in part: without BITCOIN_NODE the node is our own\n";
        std::io::stderr().write_all(skipped.as_bytes()).unwrap();
    }
    core
}

/// A node that is not started, and what stands in front of it.
fn prepare(http: bool) -> (Node, Option<Bridge>) {
    let port = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let way = if http { Way::Http(port()) } else { Way::Ipc };
    let mut options = NodeOptions::new(Form::OnCore(way)).arg("-fallbackfee=0.0002").arg("-keypool=100");
    options.core = core();
    let bridged = http && options.core.is_none();
    let node = Node::prepare(&Programs::built().unwrap(), options).unwrap();
    let bridge = match way {
        Way::Http(port) if bridged => Some(Bridge::start(port, node.socket(), node.directory())),
        _ => None,
    };
    (node, bridge)
}

fn told(http: bool) {
    let (mut node, bridge) = prepare(http);
    node.start_again().unwrap();
    let story = story(&mut node, &mut |line| println!("{line}")).unwrap_or_else(|error| {
        panic!("{error}\nthe wallets' log:\n{}", node.wallet_log());
    });
    check(&story);
    node.stop().unwrap();
    if let Some(bridge) = bridge {
        // What the story asks the node itself.
        let by_users =
            ["generatetoaddress", "getbestblockhash", "getblockcount", "submitblock"].map(str::to_owned);
        let by_wallets = Method::ALL.iter().map(|method| method.name().to_owned());
        let known: BTreeSet<String> = by_wallets.chain(by_users).collect();
        let others: Vec<_> = bridge.asked().difference(&known).cloned().collect();
        assert_eq!(others, [""; 0], "the node was asked what it should not be");
    }
}

#[test]
fn the_story_over_ipc() {
    told(false);
}

#[test]
fn the_story_over_http() {
    told(true);
}

/// Wallets and node are ended in turns, with work under way.
fn killed(http: bool) {
    let times: u32 = std::env::var("KILLS").map_or(3, |times| times.parse().expect("KILLS is a number"));
    let mut moments = Moments::new();
    let (mut node, _bridge) = prepare(http);
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
        match core() {
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
    killed(false);
}

#[test]
fn kills_over_http_lose_nothing() {
    killed(true);
}
