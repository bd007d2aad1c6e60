//! Streams of templates and of tips.

use std::sync::Arc;
use std::time::Duration;

use bitcoin::Amount;
use bitcoin_ipc::mock::MemoryNode;
use bitcoin_ipc::{Client, ConnectOptions, Reconnect, Release, TemplateOptions, TipEvent};
use futures::StreamExt;
use mp_runtime::EventLoop;

use super::{listen_again, run, transaction};

#[test]
fn templates_come_with_blocks_and_with_fees() {
    for release in Release::ALL {
        let node = MemoryNode::new();
        let client = node.client(release).expect("a client");
        run(async {
            let options =
                TemplateOptions { fee_threshold: Amount::from_sat(50), ..TemplateOptions::default() };
            let mut templates = client.templates(options);
            let first = templates.next().await.expect("a template").expect("a template");
            let before = first.get_block_header().await.expect("a header").prev_blockhash;
            node.add_transaction(transaction(1), Amount::from_sat(20));
            node.add_transaction(transaction(2), Amount::from_sat(40));
            let second = templates.next().await.expect("a template").expect("a template");
            assert_eq!(second.get_tx_fees().await.expect("fees").len(), 2);
            node.mine(1).expect("a block");
            let third = templates.next().await.expect("a template").expect("a template");
            let after = third.get_block_header().await.expect("a header").prev_blockhash;
            assert_ne!(before, after);
            assert_eq!(after, node.tip().hash);
        });
    }
}

#[test]
fn tips_come_one_after_the_other() {
    for release in Release::ALL {
        let node = MemoryNode::new();
        let client = node.client(release).expect("a client");
        run(async {
            let mut tips = client.tips();
            for height in 0..4 {
                let tip = tips.next().await.expect("a tip").expect("a tip");
                assert_eq!(tip, TipEvent::Tip(node.tip()));
                assert_eq!(tip.tip().height, height);
                node.mine(1).expect("a block");
            }
        });
    }
}

#[test]
fn streams_go_on_after_a_lost_connection() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("node.sock");
    let event_loop = EventLoop::new("node").expect("a loop");
    let node = MemoryNode::new();
    let server = node.listen(&event_loop, &path, Release::V32).expect("a server");
    run(async {
        let quickly = Reconnect { first_pause: Duration::from_millis(5), ..Reconnect::default() };
        let client = ConnectOptions::new().reconnect(quickly).connect(&path).await.expect("a client");
        let mut tips = client.tips();
        let mut templates = client.templates(TemplateOptions::default());
        assert_eq!(tips.next().await, Some(Ok(TipEvent::Tip(node.tip()))));
        let old = templates.next().await.expect("a template").expect("a template");
        let again = async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            drop(server);
            client.disconnect();
            tokio::time::sleep(Duration::from_millis(60)).await;
            node.mine(1).expect("a block");
            listen_again(&node, &event_loop, &path, Release::V32).await
        };
        let (event, _server) = futures::join!(tips.next(), again);
        match event {
            Some(Ok(TipEvent::Reconnected { gap, tip })) => {
                assert_eq!(tip, node.tip());
                assert!(gap >= Duration::from_millis(40), "{gap:?}");
            }
            other => panic!("{other:?}"),
        }
        let next = templates.next().await.expect("a template").expect("a template");
        assert_eq!(next.get_block_header().await.expect("a header").prev_blockhash, node.tip().hash);
        assert!(old.get_block().await.is_err(), "a template does not outlive its connection");
        assert_eq!(client.connections(), 2);
    });
}

#[test]
fn a_node_that_stays_away_ends_the_streams() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("node.sock");
    let event_loop = EventLoop::new("node").expect("a loop");
    let node = MemoryNode::new();
    let server = node.listen(&event_loop, &path, Release::V31).expect("a server");
    run(async {
        let reconnect = Reconnect {
            first_pause: Duration::from_millis(5),
            longest_pause: Duration::from_millis(10),
            give_up: Some(Duration::from_millis(50)),
        };
        let client = ConnectOptions::new().reconnect(reconnect).connect(&path).await.expect("a client");
        let mut tips = client.tips();
        tips.next().await.expect("a tip").expect("a tip");
        drop(server);
        client.disconnect();
        let error = tips.next().await.expect("an error").expect_err("an error");
        assert!(error.text().contains("-ipcbind=unix"), "{error}");
        assert_eq!(tips.next().await, None);
    });
}

#[test]
fn dropping_a_stream_leaves_nothing_behind_at_the_node() {
    let counts = Arc::new(mp_runtime::monitor::CallCounts::default());
    let node = MemoryNode::new();
    let options = ConnectOptions::new().monitor(counts.clone());
    let client = Client::local(options, node.services(), Release::V32).expect("a client");
    run(async {
        for _ in 0..5 {
            let mut templates = client.templates(TemplateOptions::default());
            templates.next().await.expect("a template").expect("a template");
            let waiting = tokio::time::timeout(Duration::from_millis(20), templates.next());
            assert!(waiting.await.is_err());
        }
        let count = |method: &str| {
            let counts = counts.snapshot();
            let found = counts.iter().filter(|count| count.method == method);
            found.map(|count| count.calls).sum::<u64>()
        };
        // Both ends are here, so each call counts twice.
        while count("waitNext") < 10 || count("destroy") < 10 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(count("destroy"), 10, "each template is destroyed once");
    });
}
