//! Command lines and files of others: what Bitcoin Core takes, starts here too, what cannot be done is said, and nothing
//! that is damaged is thrown away.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::fs;

use bitcoin_demo::programs::{Form, Node, NodeOptions, Programs, wait_for};
use serde_json::json;

fn prepared(args: &[&str]) -> Node {
    let mut node = Node::prepare(&Programs::built().unwrap(), NodeOptions::new(Form::OneProcess)).unwrap();
    node.options().args.extend(args.iter().map(|&arg| arg.to_owned()));
    node
}

#[test]
fn options_of_bitcoin_core_that_cannot_matter_are_taken_with_a_word() {
    let inert = [
        "-prune=550",
        "-reindex",
        "-zmqpubhashblock=tcp://127.0.0.1:1",
        "-logtimemicros",
        "-logsourcelocations",
        "-uacomment=testnode0",
        "-v2transport=1",
        "-bind=127.0.0.1:0",
        "-port=11000",
        "-whitelist=noban@127.0.0.1",
        "-rest",
        "-rpcservertimeout=99000",
        "-walletnotify=echo %s",
        "-checkmempool=1",
    ];
    let without =
        ["-nologratelimit", "-listen=0", "-debugexclude=libevent", "-rpcthreads=8", "-rpcworkqueue=16"];
    let mut node = prepared(&[&inert[..], &without[..]].concat());
    node.start_again().unwrap();
    for option in inert {
        let name = option.split('=').next().unwrap();
        assert!(node.log().contains(&format!("{name} has no effect: ")), "{option}: {}", node.log());
    }
    for option in ["-logratelimit", "-listen", "-debugexclude", "-rpcthreads", "-rpcworkqueue"] {
        assert!(!node.log().contains(&format!("{option} has no effect")), "{option}");
    }
    node.stop().unwrap();
}

#[test]
fn options_that_would_make_another_node_are_refused() {
    for (option, text) in [
        ("-blocksdir=/tmp", "Error: -blocksdir is not supported: blocks are kept in the data directory"),
        ("-signetchallenge=51", "Error: -signetchallenge is not supported: "),
        ("-testactivationheight=segwit@5", "Error: -testactivationheight is not supported: "),
        ("-vbparams=testdummy:0:1", "Error: -vbparams is not supported: "),
        ("-pid=none/there", "Error: Unable to create the PID file '"),
    ] {
        let mut node = prepared(&[option]);
        let said = node.launch().unwrap().complaint().unwrap();
        assert!(said.contains(text), "{said}");
        assert!(!node.directory().join("regtest/blocks").exists());
    }
}

#[test]
fn settings_that_are_damaged_are_left_as_they_are() {
    for text in ["", "[]", "{\"wallet\":[\"a\"", "{\"par\":1,\"par\":2}", "{} {}"] {
        let mut node = prepared(&[]);
        let file = node.directory().join("regtest/settings.json");
        fs::create_dir(node.directory().join("regtest")).unwrap();
        fs::write(&file, text).unwrap();
        let said = node.launch().unwrap().complaint().unwrap();
        assert!(said.contains(&file.display().to_string()), "{said}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    // What a write that was cut off left behind does not matter.
    let mut node = prepared(&[]);
    fs::create_dir(node.directory().join("regtest")).unwrap();
    fs::write(node.directory().join("regtest/settings.json.tmp"), "").unwrap();
    node.start_again().unwrap();
    node.rpc("createwallet", json!({ "wallet_name": "w", "load_on_startup": true })).unwrap();
    node.stop().unwrap();
}

#[test]
fn the_users_commands_run_and_the_process_can_be_found() {
    let mut node = prepared(&["-pid=node.pid"]);
    let folder = node.directory().to_owned();
    for (option, text) in [("startupnotify", "started"), ("shutdownnotify", "stopped"), ("blocknotify", "%s")]
    {
        let command = format!("-{option}=echo {text} >> {}/{option}", folder.display());
        node.options().args.push(command);
    }
    let said = |option: &str| fs::read_to_string(folder.join(option)).unwrap_or_default();
    node.start_again().unwrap();
    let pid = node.process().unwrap().pid().as_raw_nonzero().to_string();
    let file = folder.join("regtest/node.pid");
    assert_eq!(fs::read_to_string(&file).unwrap().trim(), pid);
    wait_for(|| Ok((said("startupnotify") == "started\n").then_some(()))).unwrap().unwrap();
    let address = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202";
    let mined = node.rpc("generatetoaddress", json!([20, address])).unwrap();
    let mut expected: Vec<&str> =
        mined.as_array().unwrap().iter().map(|hash| hash.as_str().unwrap()).collect();
    expected.sort_unstable();
    let heard = || {
        let mut lines: Vec<String> = said("blocknotify").lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    wait_for(|| Ok((heard() == expected).then_some(()))).unwrap().unwrap();
    assert_eq!(said("shutdownnotify"), "");
    node.stop().unwrap();
    assert_eq!(said("shutdownnotify"), "stopped\n");
    assert!(!file.exists());
}

#[test]
fn a_node_in_the_background_returns_at_once() {
    let mut node = prepared(&["-daemon", "-pid=node.pid"]);
    let process = node.launch().unwrap();
    assert!(process.wait().unwrap().success(), "{}", process.output());
    let said = process.output();
    let pid = said.trim().rsplit_once("starting as process ").unwrap().1.to_owned();
    let file = node.directory().join("regtest/node.pid");
    wait_for(|| Ok(fs::read_to_string(&file).is_ok_and(|text| text.trim() == pid).then_some(())))
        .unwrap()
        .unwrap();
    let socket = node.socket();
    let stopped = || {
        let caller = bitcoin_demo::programs::Caller::connect(&socket).ok()?;
        caller.call(None, "stop", json!([])).ok()
    };
    wait_for(|| Ok(stopped())).unwrap().unwrap();
    wait_for(|| Ok((!file.exists()).then_some(()))).unwrap().unwrap();
}
