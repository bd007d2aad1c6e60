//! Waits at the node.

use std::time::{Duration, Instant};

use bitcoin::Amount;
use bitcoin_ipc::types::BlockWaitOptions;
use bitcoin_ipc::{TemplateOptions, TipEvent};
use futures::StreamExt;

use super::node::{Node, START, run};
use super::solve::{mine, template};

const LONG: BlockWaitOptions =
    BlockWaitOptions { timeout: Some(Duration::from_secs(60)), fee_threshold: Amount::MAX_MONEY };

pub(crate) fn waits_end_with_a_block_or_in_time() {
    let node = Node::start();
    run(async {
        let client = node.client().await;
        mine(&client, 1).await;
        let mining = client.mining();
        let tip = mining.get_tip().await.expect("an answer").expect("a tip");
        let again = mining.wait_tip_changed(tip.hash, Some(Duration::from_millis(50))).await;
        assert_eq!(again, Ok(Some(tip)));
        let template = template(&client).await;
        let short = BlockWaitOptions { timeout: Some(Duration::from_millis(50)), ..LONG };
        assert!(template.wait_next(&short).await.expect("an answer").is_none());
        let (next, changed, block) = futures::join!(
            template.wait_next(&LONG),
            mining.wait_tip_changed(tip.hash, Some(Duration::from_secs(60))),
            async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                mine(&client, 1).await
            }
        );
        let next = next.expect("an answer").expect("a template");
        assert_eq!(next.get_block_header().await.expect("a header").prev_blockhash, block.block_hash());
        assert_eq!(changed.expect("an answer").expect("a tip").hash, block.block_hash());
    });
}

pub(crate) fn a_dropped_wait_does_not_end_the_next_one() {
    let node = Node::start();
    run(async {
        let client = node.client().await;
        mine(&client, 1).await;
        let template = template(&client).await;
        for pause in [0, 1, 10, 100] {
            let dropped = tokio::time::timeout(Duration::from_millis(pause), template.wait_next(&LONG));
            assert!(dropped.await.is_err(), "nothing to come");
            let short = BlockWaitOptions { timeout: Some(Duration::from_millis(500)), ..LONG };
            let started = Instant::now();
            assert!(template.wait_next(&short).await.expect("an answer").is_none());
            assert!(started.elapsed() >= Duration::from_millis(450), "it was cut short");
        }
        let (next, _) = futures::join!(template.wait_next(&LONG), mine(&client, 1));
        assert!(next.expect("an answer").is_some());
    });
}

pub(crate) fn fifty_calls_while_a_wait_is_open() {
    let node = Node::start();
    run(async {
        let client = node.client().await;
        mine(&client, 1).await;
        let mining = client.mining();
        let tip = mining.get_tip().await.expect("an answer").expect("a tip");
        let wait = mining.wait_tip_changed(tip.hash, Some(Duration::from_secs(60)));
        let calls = async {
            for _ in 0..4 {
                let answers = futures::future::join_all((0..50).map(|_| mining.get_tip())).await;
                assert!(answers.iter().all(|answer| answer == &Ok(Some(tip))));
            }
            mine(&client, 1).await
        };
        let (changed, block) = futures::join!(wait, calls);
        assert_eq!(changed.expect("an answer").expect("a tip").hash, block.block_hash());
    });
}

pub(crate) fn streams_follow_the_chain() {
    let node = Node::start();
    run(async {
        let client = node.client().await;
        mine(&client, 1).await;
        let mut tips = client.tips();
        let mut templates = client.templates(TemplateOptions::default());
        assert_eq!(tips.next().await.expect("a tip").expect("a tip").tip().height, START + 1);
        templates.next().await.expect("a template").expect("a template");
        for height in START + 2..START + 5 {
            let block = mine(&client, 1).await;
            match tips.next().await {
                Some(Ok(TipEvent::Tip(tip))) => {
                    assert_eq!((tip.height, tip.hash), (height, block.block_hash()));
                }
                other => panic!("{other:?}"),
            }
            let template = templates.next().await.expect("a template").expect("a template");
            let header = template.get_block_header().await.expect("a header");
            assert_eq!(header.prev_blockhash, block.block_hash());
        }
    });
}
