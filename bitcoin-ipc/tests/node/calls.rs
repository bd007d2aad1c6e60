//! Every method, and what the node answers to nonsense.

use bitcoin::absolute::LockTime;
use bitcoin::consensus::encode::serialize_hex;
use bitcoin::hashes::Hash;
use bitcoin::{Amount, OutPoint, ScriptBuf, Transaction, TxIn, TxOut, Txid, Wtxid, transaction};
use bitcoin_ipc::types::{BlockCheckOptions, BlockCreateOptions};
use bitcoin_ipc::{ErrorKind, Release, RpcError};
use serde_json::json;

use super::node::{Node, START, run};
use super::solve::{mine, solved, submit, template};

pub(crate) fn every_method_answers() {
    let node = Node::fresh();
    run(async {
        let client = node.client().await;
        println!("{}", client.release().await.expect("a release"));
        assert_eq!(client.echo().await.expect("echo").echo("hello").await, Ok("hello".into()));
        let mining = client.mining();
        assert_eq!(mining.is_test_chain().await, Ok(true));
        assert_eq!(mining.is_initial_block_download().await, Ok(true));
        let genesis = mining.get_tip().await.expect("an answer").expect("a tip");
        assert_eq!(genesis.height, 0);
        assert_eq!(genesis.hash, bitcoin::constants::genesis_block(bitcoin::Network::Regtest).block_hash());
        node.generate(START);
        let block = mine(&client, 3).await;
        let tip = mining.get_tip().await.expect("an answer").expect("a tip");
        assert_eq!((tip.height, tip.hash), (START + 3, block.block_hash()));
        assert_eq!(mining.is_initial_block_download().await, Ok(false));

        let template = template(&client).await;
        let header = template.get_block_header().await.expect("a header");
        assert_eq!(header.prev_blockhash, tip.hash);
        let block = template.get_block().await.expect("a block");
        assert_eq!((block.txdata.len(), block.header.prev_blockhash), (1, tip.hash));
        assert_eq!(template.get_tx_fees().await, Ok(Vec::new()));
        assert_eq!(template.get_tx_sigops().await, Ok(Vec::new()));
        assert_eq!(template.get_coinbase_merkle_path().await, Ok(Vec::new()));
        let required = template.get_coinbase_tx().await.expect("requirements");
        assert_eq!(required.block_reward_remaining, Amount::from_sat(50 * 100_000_000));
        assert_eq!(required.script_sig_prefix.as_bytes()[..2], [1, 24], "the height is 24");
        assert_eq!(required.witness.map(|witness| witness.len()), Some(32));
        assert_eq!(required.required_outputs.len(), 1);
        // With the cooldown too, now that the chain is up to date.
        let another = mining.create_new_block(&BlockCreateOptions::default(), true).await;
        assert!(another.expect("an answer").is_some());
    });
}

pub(crate) fn blocks_are_checked_submitted_and_refused() {
    let node = Node::start();
    run(async {
        let client = node.client().await;
        mine(&client, 1).await;
        let mining = client.mining();
        let template = template(&client).await;
        let block = solved(&*template).await;
        let all = BlockCheckOptions::default();
        assert_eq!(mining.check_block(&block, &all).await, Ok(Ok(())));
        let mut bad = block.clone();
        bad.header.merkle_root = bitcoin::TxMerkleNode::all_zeros();
        let none = BlockCheckOptions { check_merkle_root: false, check_pow: false };
        assert_eq!(mining.check_block(&bad, &none).await, Ok(Ok(())));
        let root_only = BlockCheckOptions { check_merkle_root: true, check_pow: false };
        let reject = mining.check_block(&bad, &root_only).await.expect("a verdict").expect_err("a reason");
        assert_eq!(reject.reason, "bad-txnmrklroot");

        // A time that is too early, so that the node has a reason whatever the hash is.
        let early = template.submit_solution(0x2000_0000, 1, 0, &block.txdata[0]).await.expect("a verdict");
        let reject = early.expect_err("a reason");
        match client.release().await.expect("a release") {
            Release::V32 => {
                assert!(["time-too-old", "high-hash"].contains(&reject.reason.as_str()), "{reject}")
            }
            _ => assert!(reject.debug.contains("gives no reason"), "{reject}"),
        }
        assert_eq!(submit(&*template, &block).await, Ok(()));
        let tip = mining.get_tip().await.expect("an answer").expect("a tip");
        assert_eq!(tip.hash, block.block_hash());
        if client.release().await == Ok(Release::V32) {
            let reject = mining.submit_block(&block).await.expect("a verdict").expect_err("a reason");
            assert_eq!(reject.reason, "duplicate");
            let next = super::solve::template(&client).await;
            let next = solved(&*next).await;
            assert_eq!(mining.submit_block(&next).await, Ok(Ok(())));
        }
    });
}

pub(crate) fn transactions_come_into_templates() {
    let node = Node::start();
    run(async {
        let client = node.client().await;
        let spent = mine(&client, 1).await.txdata[0].clone();
        mine(&client, 100).await;
        if client.release().await != Ok(Release::V32) {
            println!("v30 and v31 take no transactions by IPC");
            return;
        }
        let fee = Amount::from_sat(10_000);
        // Long enough, for a node refuses transactions of less than 65 bytes.
        let script = ScriptBuf::from_bytes(vec![0x51; 20]);
        let tx = Transaction {
            version: transaction::Version::TWO,
            lock_time: LockTime::ZERO,
            input: vec![TxIn { previous_output: OutPoint::new(spent.compute_txid(), 0), ..TxIn::default() }],
            output: vec![TxOut { value: spent.output[0].value - fee, script_pubkey: script }],
        };
        let hex = serialize_hex(&tx);
        let id = client.execute_rpc("sendrawtransaction", json!([hex, 0]), None).await;
        assert_eq!(id, Ok(json!(tx.compute_txid().to_string())));
        let mining = client.mining();
        let found = mining.get_transactions_by_txid(&[Txid::all_zeros(), tx.compute_txid()]).await;
        assert_eq!(found, Ok(vec![None, Some(tx.clone())]));
        let found = mining.get_transactions_by_witness_id(&[tx.compute_wtxid(), Wtxid::all_zeros()]).await;
        assert_eq!(found, Ok(vec![Some(tx.clone()), None]));
        let template = template(&client).await;
        assert_eq!(template.get_tx_fees().await, Ok(vec![fee]));
        assert_eq!(template.get_tx_sigops().await.expect("numbers").len(), 1);
        assert_eq!(template.get_coinbase_merkle_path().await.expect("a path").len(), 1);
        let block = template.get_block().await.expect("a block");
        assert_eq!(block.txdata[1], tx);
        let required = template.get_coinbase_tx().await.expect("requirements");
        assert_eq!(required.block_reward_remaining, Amount::from_sat(50 * 100_000_000) + fee);
        let empty = BlockCreateOptions { use_mempool: false, ..BlockCreateOptions::default() };
        let empty = mining.create_new_block(&empty, false).await.expect("an answer").expect("a template");
        assert_eq!(empty.get_tx_fees().await, Ok(Vec::new()));
        let block = solved(&*template).await;
        assert_eq!(submit(&*template, &block).await, Ok(()));
        assert_eq!(client.execute_rpc("getrawmempool", json!([]), None).await, Ok(json!([])));
    });
}

pub(crate) fn rpc_answers_and_fails() {
    let node = Node::start();
    run(async {
        let client = node.client().await;
        if client.release().await != Ok(Release::V32) {
            let error = client.execute_rpc("getblockcount", json!([]), None).await.expect_err("an error");
            assert!(error.to_string().contains("needs v32"), "{error}");
            return;
        }
        assert_eq!(client.execute_rpc("getblockcount", json!([]), None).await, Ok(json!(START)));
        let chain = client.execute_rpc("getblockchaininfo", json!({}), None).await.expect("a result");
        assert_eq!(chain["chain"], "regtest");
        for (method, params, code) in [
            ("nonsense", json!([]), -32601),
            ("getblockhash", json!([1_000_000]), -8),
            ("getblockhash", json!(["one"]), -3),
        ] {
            match client.execute_rpc(method, params, None).await {
                Err(RpcError::Rpc { code: found, .. }) => assert_eq!(found, code, "{method}"),
                other => panic!("{method}: {other:?}"),
            }
        }
    });
}

pub(crate) fn errors_of_the_node_arrive() {
    let node = Node::start();
    run(async {
        let client = node.client().await;
        mine(&client, 1).await;
        let mining = client.mining();
        for options in [
            BlockCreateOptions { block_reserved_weight: 1, ..BlockCreateOptions::default() },
            BlockCreateOptions { block_reserved_weight: 5_000_000, ..BlockCreateOptions::default() },
            BlockCreateOptions {
                coinbase_output_max_additional_sigops: 100_000,
                ..BlockCreateOptions::default()
            },
        ] {
            let Err(error) = mining.create_new_block(&options, false).await else {
                // v30 and v31 bring the options into range instead.
                assert_ne!(client.release().await, Ok(Release::V32));
                continue;
            };
            assert_eq!(error.kind(), ErrorKind::Failed, "{error}");
            assert_eq!(error.method(), Some("createNewBlock"));
            assert!(!error.text().is_empty());
        }
        // The connection lives on.
        assert_eq!(mining.is_test_chain().await, Ok(true));
        assert_eq!(client.connections(), 1);
    });
}
