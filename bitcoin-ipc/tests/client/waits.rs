//! Waits: together, interrupted, dropped.

use std::time::{Duration, Instant};

use bitcoin::Amount;
use bitcoin_ipc::mock::MemoryNode;
use bitcoin_ipc::types::{BlockCreateOptions, BlockWaitOptions};
use bitcoin_ipc::{Client, ConnectOptions, ErrorKind, Release};

use super::run;

const LONG: BlockWaitOptions =
    BlockWaitOptions { timeout: Some(Duration::from_secs(20)), fee_threshold: Amount::MAX_MONEY };

#[test]
fn a_dropped_wait_does_not_end_the_next_one() {
    for release in Release::ALL {
        let node = MemoryNode::new();
        let client = node.client(release).expect("a client");
        run(async {
            let template = client.mining().create_new_block(&BlockCreateOptions::default(), false).await;
            let template = template.expect("an answer").expect("a template");
            for pause in [0, 1, 5, 30] {
                let dropped = tokio::time::timeout(Duration::from_millis(pause), template.wait_next(&LONG));
                assert!(dropped.await.is_err(), "nothing to come");
                let short = BlockWaitOptions { timeout: Some(Duration::from_millis(300)), ..LONG };
                let started = Instant::now();
                let next = template.wait_next(&short).await.expect("an answer");
                assert!(next.is_none());
                assert!(started.elapsed() >= Duration::from_millis(290), "{release}: it was cut short");
            }
            // And a block is still seen.
            let waiting = template.wait_next(&LONG);
            let (next, _) = futures::join!(waiting, async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                node.mine(1)
            });
            assert!(next.expect("an answer").is_some());
        });
    }
}

#[test]
fn waits_on_one_template_take_turns() {
    let node = MemoryNode::new();
    let client = node.client(Release::V32).expect("a client");
    run(async {
        let template = client.mining().create_new_block(&BlockCreateOptions::default(), false).await;
        let template = template.expect("an answer").expect("a template");
        let (first, second, _) =
            futures::join!(template.wait_next(&LONG), template.wait_next(&LONG), async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                node.mine(1)
            });
        assert!(first.expect("an answer").is_some());
        assert!(second.expect("an answer").is_some());
    });
}

#[test]
fn many_calls_go_on_while_a_wait_is_open() {
    for release in Release::ALL {
        let node = MemoryNode::new();
        let client = node.client(release).expect("a client");
        run(async {
            let mining = client.mining();
            let tip = node.tip().hash;
            let wait = mining.wait_tip_changed(tip, Some(Duration::from_secs(20)));
            let calls = async {
                let calls = (0..50).map(|_| mining.get_tip());
                let answers = futures::future::join_all(calls).await;
                assert!(answers.iter().all(|answer| answer == &Ok(Some(node.tip()))));
                node.mine(1)
            };
            let (changed, _) = futures::join!(wait, calls);
            assert_eq!(changed, Ok(Some(node.tip())));
        });
    }
}

#[test]
fn a_tip_that_stays_comes_back_when_the_time_is_up() {
    for release in Release::ALL {
        let node = MemoryNode::new();
        let client = node.client(release).expect("a client");
        let tip = node.tip();
        let again =
            run(async { client.mining().wait_tip_changed(tip.hash, Some(Duration::from_millis(30))).await });
        assert_eq!(again, Ok(Some(tip)));
    }
}

#[test]
fn templates_beyond_the_limit_are_refused() {
    let node = MemoryNode::new();
    let options = ConnectOptions::new().max_templates(2);
    let client = Client::local(options, node.services(), Release::V32).expect("a client");
    run(async {
        let mining = client.mining();
        let options = BlockCreateOptions::default();
        let first = mining.create_new_block(&options, false).await.expect("an answer");
        let second = mining.create_new_block(&options, false).await.expect("an answer");
        let error = mining.create_new_block(&options, false).await.err().expect("a refusal");
        assert_eq!(error.kind(), ErrorKind::Limit);
        drop(first);
        assert!(mining.create_new_block(&options, false).await.expect("an answer").is_some());
        drop(second);
    });
}

#[test]
fn one_solution_at_a_time_is_submitted() {
    let node = MemoryNode::new();
    let client = node.client(Release::V32).expect("a client");
    run(async {
        let template = client.mining().create_new_block(&BlockCreateOptions::default(), false).await;
        let template = template.expect("an answer").expect("a template");
        let (one, other) = futures::join!(super::solve(&*template), super::solve(&*template));
        let refused = one.err().or(other.err()).expect("the second is a duplicate");
        assert_eq!(refused.reason, "duplicate");
        assert_eq!(node.tip().height, 1);
    });
}
