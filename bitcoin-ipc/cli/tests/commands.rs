//! Every command against a node in memory, as each release.

mod common;

use bitcoin::consensus::encode::serialize_hex;
use bitcoin::{Address, Network};
use bitcoin_ipc::Release;
use common::{Node, TXID};
use serde_json::{Value, json};

#[test]
fn info_shows_the_node() {
    for release in Release::ALL {
        let node = Node::start(release);
        let human = node.run("info").good();
        for text in [format!("release        {release}\n"), "chain          regtest\n".into(), node.tip()] {
            assert!(human.contains(&text), "{text}: {human}");
        }
        let [info] = &node.run("--json info").json()[..] else { panic!("one line") };
        assert_eq!(info["release"], json!(release.to_string()));
        assert_eq!(info["tip"], json!({ "height": 2, "hash": node.memory.tip().hash }));
        assert_eq!((&info["test_chain"], &info["connected"]), (&json!(true), &json!(true)));
        assert_eq!(info["socket"], json!(node.socket));
    }
}

#[test]
fn tip_shows_the_highest_block() {
    for release in Release::ALL {
        let node = Node::start(release);
        assert_eq!(node.run("tip").good(), format!("{}\n", node.tip()));
        assert_eq!(node.run("--json tip").json(), [json!({ "height": 2, "hash": node.memory.tip().hash })]);
        assert_eq!(node.run(&format!("--release {release} tip")).good(), format!("{}\n", node.tip()));
    }
}

#[test]
fn tip_follows_the_chain() {
    for release in Release::ALL {
        let node = Node::start(release);
        let mut running = node.running("tip --watch");
        assert_eq!(running.line(), node.tip());
        for _ in 0..2 {
            node.memory.mine(1).expect("a block");
            assert_eq!(running.line(), node.tip());
        }
        assert_eq!(running.interrupt(), 130);
    }
}

#[test]
fn template_shows_what_is_in_it() {
    for release in Release::ALL {
        let node = Node::start(release);
        node.add_transaction(2_000);
        let human = node.run("template").good();
        for text in [
            "height             3\n",
            "fees               0.00002000 BTC (2 000 sat)\n",
            "merkle path        1 long",
        ] {
            assert!(human.contains(text), "{text}: {human}");
        }
        let [template] = &node.run("--json template").json()[..] else { panic!("one line") };
        assert_eq!(template["height"], 3);
        assert_eq!(template["previous_block"], json!(node.memory.tip().hash));
        assert_eq!((&template["transactions"], &template["fees"]), (&json!(1), &json!(2_000)));
        assert_eq!(template["coinbase"]["reward"], 5_000_002_000_u64);
        assert_eq!(template["coinbase"]["required_outputs"].as_array().map(Vec::len), Some(1));
        let [empty] = &node.run("--json template --no-mempool").json()[..] else { panic!("one line") };
        assert_eq!((&empty["transactions"], &empty["merkle_path_length"]), (&json!(0), &json!(0)));
    }
}

#[test]
fn template_follows_fees_and_blocks() {
    for release in Release::ALL {
        let node = Node::start(release);
        let mut running = node.running("--json template --watch --fee-threshold 1000");
        let mut next = || -> Value { serde_json::from_str(&running.line()).expect("JSON") };
        assert_eq!(next()["fees"], 0);
        node.add_transaction(5_000);
        assert_eq!(next()["fees"], 5_000);
        node.memory.mine(1).expect("a block");
        let third = next();
        assert_eq!((&third["height"], &third["fees"]), (&json!(4), &json!(0)));
        assert_eq!(running.interrupt(), 130);
    }
}

#[test]
fn mine_makes_blocks_that_the_node_accepts() {
    for release in Release::ALL {
        let node = Node::start(release);
        let tx = node.add_transaction(2_000);
        let hashes = node.run("mine 3").good();
        let expected: Vec<String> = (3..6)
            .map(|height| node.memory.block(height).expect("a block").block_hash().to_string())
            .collect();
        assert_eq!(hashes.lines().collect::<Vec<_>>(), expected);
        assert_eq!(node.memory.block(3).expect("a block").txdata[1], tx);
        let paid = |height| {
            node.memory.block(height).expect("a block").txdata[0].output[0].script_pubkey.to_hex_string()
        };
        assert_eq!(paid(5), "51");

        let run = node.run("--json mine 1 --address bcrt1q6z64a43mjgkcq0ul2znwneq3spghrlau9slefp").json();
        assert_eq!(run, [json!({ "hash": node.memory.tip().hash })]);
        assert_eq!(paid(6), "0014d0b55ed63b922d803f9f50a6e9e411805171ffbc");
        node.run("mine --script 5252").good();
        assert_eq!(paid(7), "5252");
        let main = node.run("mine 1 --address bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4").bad();
        assert!(main.contains("bcrt1"), "{main}");
    }
}

#[test]
fn tx_finds_what_is_in_the_mempool() {
    let node = Node::start(Release::V32);
    let tx = node.add_transaction(2_000);
    let (txid, wtxid) = (tx.compute_txid(), tx.compute_wtxid());
    let human = node.run(&format!("tx {txid}")).good();
    let script = &tx.output[0].script_pubkey;
    let address = Address::from_script(script, Network::Regtest).expect("an address").to_string();
    for text in [
        wtxid.to_string(),
        format!("0.00068000 BTC (68 000 sat) to {address}\n"),
        format!("{TXID}:1"),
        serialize_hex(&tx),
    ] {
        assert!(human.contains(&text), "{text}: {human}");
    }
    let [found] = &node.run(&format!("--json tx --witness {wtxid}")).json()[..] else { panic!("one line") };
    assert_eq!(found["txid"], json!(txid));
    assert_eq!(found["outputs"][0]["value"], 68_000);
    assert_eq!(found["outputs"][0]["address"], json!(address));
    assert_eq!(found["inputs"][0]["vout"], 1);
    let missing = node.run(&format!("tx {TXID}")).bad();
    assert!(missing.contains(TXID) && missing.contains("getrawtransaction"), "{missing}");
    let old = Node::start(Release::V31).run(&format!("tx {TXID}")).bad();
    assert!(old.contains("v32"), "{old}");
}

#[test]
fn rpc_prints_as_bitcoin_cli_does() {
    let node = Node::start(Release::V32);
    let hash = node.memory.tip().hash;
    assert_eq!(node.run("rpc getblockcount").good(), "2\n");
    assert_eq!(node.run("rpc getblockhash 2").good(), format!("{hash}\n"));
    assert_eq!(node.run("rpc --named getblockhash height=2").good(), format!("{hash}\n"));
    assert_eq!(node.run("rpc getmempoolinfo").good(), "{\n  \"loaded\": true,\n  \"size\": 0\n}\n");
    assert_eq!(node.run("--json rpc getbestblockhash").json(), [json!(hash)]);
    for (words, code, said) in [
        ("rpc getblockhash -5", 8, "error code: -8\nerror message:\nBlock height out of range\n"),
        ("rpc nonsense", 89, "error code: -32601\nerror message:\nMethod not found\n"),
        ("rpc getblockhash x", 1, "error: Error parsing JSON: x\n"),
        ("rpc -named", 1, "error: too few parameters (need at least command)\n"),
        ("rpc -stdinwalletpassphrase x", 1, "error: -stdinwalletpassphrase is only applicable"),
    ] {
        let run = node.run(words);
        assert_eq!((run.code, run.stdout.as_str()), (code, ""), "{words}");
        assert!(run.stderr.starts_with(said), "{words}: {}", run.stderr);
    }
    for release in [Release::V30, Release::V31] {
        let old = Node::start(release).run("rpc getblockcount").bad();
        assert!(old.contains(&release.to_string()) && old.contains("it needs v32"), "{old}");
    }
}

#[test]
fn echo_comes_back() {
    for release in Release::ALL {
        let node = Node::start(release);
        assert_eq!(node.run("echo").good(), "hello\n");
        assert_eq!(node.run("--json echo 5€").json(), [json!({ "echo": "5€" })]);
    }
}

#[test]
fn bench_measures_and_top_shows_it() {
    let node = Node::start(Release::V32);
    let measured = node.run("--json bench --seconds 1 --tasks 4").json();
    let kinds: Vec<_> = measured.iter().map(|one| (one["method"].as_str(), one["tasks"].as_u64())).collect();
    let both = ["Echo.echo", "Mining.getTip"].map(Some);
    assert_eq!(kinds, [1, 4].map(|tasks| both.map(|method| (method, Some(tasks)))).concat());
    for one in &measured {
        assert!(
            one["calls"].as_u64() > Some(10) && one["max_us"].as_f64() >= one["p50_us"].as_f64(),
            "{one}"
        );
    }

    let counted = node.run("--json top --once").json();
    let echo = counted.iter().find(|row| row["method"] == "echo").expect("a row");
    let made: u64 = [0, 2].iter().map(|&number| measured[number]["calls"].as_u64().expect("a number")).sum();
    // The calls that make threads are not measured.
    assert!(echo["calls"].as_u64() > Some(made), "{echo}");
    assert_eq!((&echo["side"], &echo["errors"]), (&json!("server"), &json!(0)));
    let socket = node.socket.with_file_name("monitor.sock");
    let human = common::run(&format!("top --once --socket {}", socket.display())).good();
    assert!(human.starts_with("method ") && human.contains("\nEcho.echo "), "{human}");
}
