//! Every method, in the form of every release.

use bitcoin::hashes::Hash;
use bitcoin::{Amount, Txid, Wtxid};
use bitcoin_ipc::mock::MemoryNode;
use bitcoin_ipc::types::{BlockCheckOptions, BlockCreateOptions, BlockWaitOptions};
use bitcoin_ipc::{ErrorKind, Release, RpcError, blocking};
use serde_json::json;
use std::time::Duration;

use super::{run, solve, transaction};

#[test]
fn the_release_is_found_out() {
    for release in Release::ALL {
        let client = MemoryNode::new().client(release).expect("a client");
        assert_eq!(run(client.release()), Ok(release));
    }
}

#[test]
fn questions_are_answered_alike() {
    for release in Release::ALL {
        let node = MemoryNode::new();
        node.mine(2).expect("blocks");
        let client = node.client(release).expect("a client");
        run(async {
            let mining = client.mining();
            assert_eq!(mining.is_test_chain().await, Ok(true));
            assert_eq!(mining.is_initial_block_download().await, Ok(false));
            assert_eq!(mining.get_tip().await, Ok(Some(node.tip())));
            assert_eq!(client.echo().await.expect("echo").echo("hello").await, Ok("hello".into()));
            let block = node.block(2).expect("a block");
            let verdict = mining.check_block(&block, &BlockCheckOptions::default()).await.expect("a verdict");
            assert_eq!(verdict.expect_err("a reason").reason, "inconclusive-not-best-prevblk");
        });
    }
}

#[test]
fn a_template_is_made_looked_at_and_solved() {
    for release in Release::ALL {
        let node = MemoryNode::new();
        node.mine(1).expect("a block");
        (1..4).for_each(|number| node.add_transaction(transaction(number), Amount::from_sat(100)));
        let client = node.client(release).expect("a client");
        run(async {
            let options = BlockCreateOptions::default();
            let template = client.mining().create_new_block(&options, true).await;
            let template = template.expect("an answer").expect("a template");
            let header = template.get_block_header().await.expect("a header");
            assert_eq!(header.prev_blockhash, node.tip().hash);
            assert_eq!(template.get_block().await.expect("a block").txdata.len(), 4);
            assert_eq!(template.get_tx_fees().await, Ok(vec![Amount::from_sat(100); 3]));
            assert_eq!(template.get_tx_sigops().await, Ok(vec![0; 3]));
            assert_eq!(template.get_coinbase_merkle_path().await.expect("a path").len(), 2);
            let required = template.get_coinbase_tx().await.expect("requirements");
            assert_eq!(required.block_reward_remaining, Amount::from_sat(50 * 100_000_000 + 300));
            assert_eq!((required.version, required.lock_time), (2, 1));
            assert_eq!(required.required_outputs.len(), 1);
            assert_eq!(required.witness, Some(vec![0; 32]));
            let bad = template
                .submit_solution(1, 1, 1, &super::coinbase(&required))
                .await
                .expect("a verdict")
                .expect_err("a reason");
            if release == Release::V32 {
                assert!(!bad.reason.is_empty());
            } else {
                assert!(bad.debug.contains("no reason"), "{bad}");
            }
            assert_eq!(solve(&*template).await, Ok(()));
            assert_eq!(node.tip().height, 2);
        });
    }
}

#[test]
fn without_the_mempool_a_template_is_empty() {
    for release in Release::ALL {
        let node = MemoryNode::new();
        node.add_transaction(transaction(1), Amount::from_sat(100));
        let client = node.client(release).expect("a client");
        run(async {
            let options = BlockCreateOptions { use_mempool: false, ..BlockCreateOptions::default() };
            let template = client.mining().create_new_block(&options, false).await;
            let template = template.expect("an answer").expect("a template");
            assert_eq!(template.get_tx_fees().await, Ok(Vec::new()));
            // Nothing is better than what ignores the mempool, so the time runs out.
            let wait = BlockWaitOptions {
                timeout: Some(Duration::from_millis(30)),
                fee_threshold: Amount::from_sat(1),
            };
            assert!(template.wait_next(&wait).await.expect("an answer").is_none());
        });
    }
}

#[test]
fn bad_options_are_an_error_of_the_node() {
    for release in Release::ALL {
        let client = MemoryNode::new().client(release).expect("a client");
        let options = BlockCreateOptions { block_reserved_weight: 1, ..BlockCreateOptions::default() };
        let error = run(async { client.mining().create_new_block(&options, false).await.err() });
        let error = error.expect("an error");
        assert_eq!(error.kind(), ErrorKind::Failed);
        assert!(error.text().contains("block_reserved_weight (1)"), "{error}");
    }
}

#[test]
fn what_a_release_lacks_names_the_one_that_has_it() {
    let node = MemoryNode::new();
    let block = node.block(0).expect("a block");
    for release in [Release::V30, Release::V31] {
        let client = node.client(release).expect("a client");
        run(async {
            let mining = client.mining();
            let errors = [
                mining.submit_block(&block).await.err(),
                mining.get_transactions_by_txid(&[]).await.err(),
                mining.get_transactions_by_witness_id(&[]).await.err(),
                client.rpc().await.err(),
            ];
            for error in errors {
                let error = error.expect("an error");
                assert_eq!(error.kind(), ErrorKind::Unimplemented);
                assert!(error.text().contains(&format!("Bitcoin Core {release}")), "{error}");
                assert!(error.text().contains("needs v32"), "{error}");
            }
        });
    }
}

#[test]
fn v32_takes_blocks_and_finds_transactions() {
    let node = MemoryNode::new();
    let known = transaction(5);
    node.add_transaction(known.clone(), Amount::from_sat(7));
    let client = node.client(Release::V32).expect("a client");
    run(async {
        let mining = client.mining();
        let missing = Txid::all_zeros();
        let found = mining.get_transactions_by_txid(&[missing, known.compute_txid()]).await;
        assert_eq!(found, Ok(vec![None, Some(known.clone())]));
        let ids = [known.compute_wtxid(), Wtxid::all_zeros()];
        assert_eq!(mining.get_transactions_by_witness_id(&ids).await, Ok(vec![Some(known.clone()), None]));
        let other = MemoryNode::new();
        let hash = other.mine(1).expect("a block")[0];
        let block = other.block(1).expect("a block");
        assert_eq!(mining.submit_block(&block).await, Ok(Ok(())));
        assert_eq!(node.tip().hash, hash);
        let again = mining.submit_block(&block).await.expect("a verdict");
        assert_eq!(again.expect_err("a reason").reason, "duplicate");
    });
}

#[test]
fn rpc_has_results_and_typed_errors() {
    let node = MemoryNode::new();
    node.mine(2).expect("blocks");
    let client = node.client(Release::V32).expect("a client");
    run(async {
        assert_eq!(client.execute_rpc("getblockcount", json!([]), None).await, Ok(json!(2)));
        let hash = client.execute_rpc("getblockhash", json!({"height": 2}), Some("w")).await;
        assert_eq!(hash, Ok(json!(node.tip().hash.to_string())));
        match client.execute_rpc("nonsense", json!([]), None).await {
            Err(RpcError::Rpc { code, message, .. }) => {
                assert_eq!((code, message.as_str()), (-32601, "Method not found"));
            }
            other => panic!("{other:?}"),
        }
        let error = client.execute_rpc("getblockcount", json!(5), None).await.expect_err("an error");
        assert!(error.to_string().contains("field `params`"), "{error}");
    });
}

#[test]
fn the_blocking_form_does_the_same() {
    let node = MemoryNode::new();
    let client: blocking::Client = node.client(Release::V31).expect("a client").into();
    assert_eq!(client.release(), Ok(Release::V31));
    assert_eq!(client.echo("hi"), Ok("hi".into()));
    let mining = client.mining();
    assert_eq!(mining.get_tip(), Ok(Some(node.tip())));
    let template = mining.create_new_block(&BlockCreateOptions::default(), false);
    let template = template.expect("an answer").expect("a template");
    assert_eq!(template.get_tx_fees(), Ok(Vec::new()));
    let mut tips = client.tips();
    let first = tips.next().expect("a tip").expect("a tip");
    node.mine(1).expect("a block");
    let second = tips.next().expect("a tip").expect("a tip");
    assert_eq!((first.tip().height, second.tip().height), (0, 1));
}
