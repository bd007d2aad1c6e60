//! Scenario 2: processes are killed at random moments, with work under way. The others stay up and say
//! what happened, and nothing that was acknowledged is lost.
//!
//! `KILLS_SEED` repeats the moments of a run, which prints its seed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod moments;

use std::collections::BTreeMap;

use bitcoin_demo::programs::{Form, Node, NodeOptions, Programs, Wallet, wait_for};
use bitcoin_demo::scenario::Load;
use moments::Moments;
use serde_json::json;

fn start(options: NodeOptions) -> Node {
    // With few addresses ahead, wallets load quickly.
    let options = options.arg("-fallbackfee=0.0002").arg("-keypool=100");
    Node::start(&Programs::built().unwrap(), options).unwrap()
}

/// Checks everything, then once more after an end in order.
fn finish(mut node: Node, load: Load) {
    load.wait_for_more().unwrap();
    let done = load.stop();
    let (blocks, payments, addresses) = (done.blocks.len(), done.payments.len(), done.addresses.len());
    println!("acknowledged: {blocks} blocks, {payments} payments, {addresses} addresses; and not:");
    let mut failures = BTreeMap::<String, usize>::new();
    for failure in &done.failures {
        *failures.entry(failure.to_string()).or_default() += 1;
    }
    failures.iter().for_each(|(failure, count)| println!("  {count:>5} {failure}"));
    done.check(&node).unwrap();
    node.stop().unwrap();
    node.start_again().unwrap();
    done.check(&node).unwrap();
    node.stop().unwrap();
}

fn kill_node(node: &mut Node, load: &Load) {
    node.kill().unwrap();
    node.start_again().unwrap();
    load.resume(node).unwrap();
}

#[test]
fn one_process_loses_nothing() {
    let mut moments = Moments::new();
    let mut node = start(NodeOptions::new(Form::OneProcess));
    let load = Load::start(&node).unwrap();
    for _ in 0..10 {
        load.wait_for_more().unwrap();
        moments.pause();
        kill_node(&mut node, &load);
    }
    finish(node, load);
}

#[test]
fn two_processes_lose_nothing() {
    let mut moments = Moments::new();
    let mut node = start(NodeOptions::new(Form::TwoProcesses));
    let load = Load::start(&node).unwrap();
    for _ in 0..25 {
        load.wait_for_more().unwrap();
        moments.pause();
        kill_wallet(&node);
        load.wait_for_more().unwrap();
        moments.pause();
        kill_node(&mut node, &load);
    }
    finish(node, load);
}

/// Kills the wallets' process; the node goes on, says so, and starts it again.
fn kill_wallet(node: &Node) {
    let killed = node.kill_wallet().unwrap();
    node.rpc("getblockcount", json!([])).unwrap();
    let mut answer = None;
    let back = wait_for(|| {
        let other = node.wallet_pid().filter(|pid| *pid != killed);
        answer = Some(node.rpc("listwallets", json!([])));
        let loaded = matches!(&answer, Some(Ok(wallets)) if *wallets == json!(["miner", "shop"]));
        Ok((other.is_some() && loaded).then_some(()))
    });
    assert!(
        back.unwrap().is_some(),
        "the wallets are not back, but {answer:?}; their log:\n{}",
        node.wallet_log()
    );
    let says = format!("The wallet process {} has ended (", killed.as_raw_nonzero());
    assert!(node.log().contains(&says), "`{says}` is not in the log:\n{}", node.log());
}

#[test]
fn an_attached_wallet_loses_nothing() {
    let mut moments = Moments::new();
    let mut node = start(NodeOptions::new(Form::TwoProcesses).arg("-disablewallet"));
    let directory = node.directory().join("attached");
    let connect = format!("unix:{}", node.socket().display());
    let programs = node.programs().clone();
    let attach =
        || Wallet::start(&programs, &directory, &connect, &["-fallbackfee=0.0002", "-keypool=100"]).unwrap();
    let mut wallet = attach();
    serves(&node, &mut wallet);
    let load = Load::start(&node).unwrap();
    for _ in 0..5 {
        load.wait_for_more().unwrap();
        moments.pause();
        wallet.process().kill().unwrap();
        node.rpc("getblockcount", json!([])).unwrap();
        wallet = attach();
        serves(&node, &mut wallet);
        load.wait_for_more().unwrap();
        moments.pause();
        let gone = wallet.log().matches("The node has gone").count();
        node.kill().unwrap();
        let says = wait_for(|| Ok((wallet.log().matches("The node has gone").count() > gone).then_some(())));
        assert!(says.unwrap().is_some(), "it does not say that the node has gone:\n{}", wallet.log());
        node.start_again().unwrap();
        serves(&node, &mut wallet);
        load.resume(&node).unwrap();
    }
    load.wait_for_more().unwrap();
    load.stop().check(&node).unwrap();
    wallet.stop().unwrap();
    node.stop().unwrap();
}

/// Waits until the wallet's methods are there.
fn serves(node: &Node, wallet: &mut Wallet) {
    let there = wait_for(|| {
        let ended = wallet.process().ended()?;
        assert!(ended.is_none(), "the wallet has ended with {ended:?}: {}", wallet.process().output());
        Ok(node.rpc("listwallets", json!([])).is_ok().then_some(()))
    });
    assert!(there.unwrap().is_some(), "the wallet does not attach:\n{}", wallet.log());
}
