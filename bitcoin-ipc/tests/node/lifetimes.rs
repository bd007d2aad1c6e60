//! Objects, connections and processes that end.

use std::time::{Duration, Instant};

use bitcoin_ipc::{ConnectOptions, ErrorKind, Release, TemplateOptions, TipEvent};
use futures::StreamExt;

use super::node::{Node, START, run};
use super::solve::{mine, template};

pub(crate) fn two_hundred_templates_leave_nothing_behind() {
    let node = Node::start();
    run(async {
        let client = node.client().await;
        mine(&client, 1).await;
        let destroyed = || node.log().matches("BlockTemplate.destroy").count();
        let before = destroyed();
        let mut memory = 0;
        for count in 0..200 {
            let template = template(&client).await;
            template.get_block_header().await.expect("a header");
            if count == 100 {
                memory = node.memory();
            }
        }
        client.mining().get_tip().await.expect("an answer");
        let mut after = destroyed();
        while after == before || after < before + 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            after = destroyed();
        }
        let grown = node.memory().saturating_sub(memory);
        println!("memory of the node: {memory} kB after 100 templates, {grown} kB more after 200");
        assert!(grown < 20_000, "the node has grown by {grown} kB");
    });
}

pub(crate) fn a_killed_node_comes_back() {
    let mut node = Node::start();
    run(async {
        let client = node.client().await;
        mine(&client, 1).await;
        let mining = client.mining();
        let mut tips = client.tips();
        let mut templates = client.templates(TemplateOptions::default());
        tips.next().await.expect("a tip").expect("a tip");
        let old = templates.next().await.expect("a template").expect("a template");
        let again = async {
            // The stream is waiting by then.
            tokio::time::sleep(Duration::from_millis(100)).await;
            node.kill();
            tokio::time::sleep(Duration::from_millis(200)).await;
            node.restart();
            // A killed node loses what it had not written, and waits for headers when it has old
            // blocks only.
            node.generate(START);
        };
        let (event, ()) = futures::join!(tips.next(), again);
        match event {
            Some(Ok(TipEvent::Reconnected { gap, tip })) => {
                println!("connected again after {gap:?}");
                assert!(tip.height <= 2 * START + 1, "{tip:?}");
            }
            other => panic!("{other:?}"),
        }
        assert!(mining.get_tip().await.expect("an answer").is_some());
        assert!(old.get_block().await.is_err());
        let next = templates.next().await.expect("a template").expect("a template");
        next.get_block().await.expect("a block");
        assert!(client.connections() >= 2);
    });
}

pub(crate) fn a_node_that_is_restarted_comes_back() {
    let mut node = Node::start();
    run(async {
        let client = node.client().await;
        if client.release().await == Ok(Release::V30) {
            println!("v30.0 aborts when a client comes back before it has loaded; later releases do not");
            return;
        }
        mine(&client, 1).await;
        let mut tips = client.tips();
        let mut templates = client.templates(TemplateOptions::default());
        let tip = tips.next().await.expect("a tip").expect("a tip").tip();
        templates.next().await.expect("a template").expect("a template");
        let again = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let restart = move || {
                node.stop();
                node.restart();
                node
            };
            tokio::task::spawn_blocking(restart).await.expect("the node again")
        };
        let (event, template, node) = futures::join!(tips.next(), templates.next(), again);
        match event {
            Some(Ok(TipEvent::Reconnected { gap, tip: now })) => {
                println!("connected again after {gap:?}");
                assert_eq!(now, tip);
            }
            other => panic!("{other:?}"),
        }
        let template = template.expect("a template").expect("a template");
        assert_eq!(template.get_block_header().await.expect("a header").prev_blockhash, tip.hash);
        drop(node);
    });
}

pub(crate) fn a_client_that_vanishes_harms_nobody() {
    let node = Node::start();
    run(async {
        let client = node.client().await;
        if client.release().await == Ok(Release::V30) {
            println!("v30.0 aborts when a wait of a client that is gone returns; later releases do not");
            return;
        }
        mine(&client, 1).await;
        for _ in 0..3 {
            let other = node.client().await;
            let tip = other.mining().get_tip().await.expect("an answer").expect("a tip");
            let template = template(&other).await;
            let mining = other.mining();
            let waiting = mining.wait_tip_changed(tip.hash, None);
            let _ = tokio::time::timeout(Duration::from_millis(30), waiting).await;
            let _ = tokio::time::timeout(
                Duration::from_millis(30),
                template.wait_next(&bitcoin_ipc::types::BlockWaitOptions::default()),
            )
            .await;
            other.disconnect();
        }
        let block = mine(&client, 1).await;
        let tip = client.mining().get_tip().await.expect("an answer").expect("a tip");
        assert_eq!(tip.hash, block.block_hash());
        assert_eq!(client.connections(), 1);
    });
}

pub(crate) fn a_node_that_is_stopped_is_noticed_and_comes_back() {
    let node = Node::start();
    let second = Duration::from_secs(1);
    run(async {
        let client = node.client_with(ConnectOptions::new().call_timeout(Some(second))).await;
        let (mut tips, mut templates) = (
            client.tips(),
            client.templates(TemplateOptions { cooldown: false, ..TemplateOptions::default() }),
        );
        let first = tips.next().await.expect("a tip").expect("a tip").tip();
        let template = templates.next().await.expect("a template").expect("a template");
        let peer = client.peer().expect("a peer");
        node.signal("STOP");
        let started = Instant::now();
        let mining = client.mining();
        let waiting = async {
            let error = mining.wait_tip_changed(first.hash, None).await.expect_err("no answer");
            assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Disconnected), "{error}");
            assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
            // The streams ask twice before they give the connection up; a new one waits at the socket.
            while client.connections() == 1 {
                assert!(started.elapsed() < Duration::from_secs(30), "the streams notice it too");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            node.signal("CONT");
            mine(&client, 1).await.block_hash()
        };
        let (event, next, hash) = futures::join!(tips.next(), templates.next(), waiting);
        // The first ones through the new connection may be from before the block.
        let mut tip = event.expect("a tip").expect("a tip").tip();
        while tip.hash != hash {
            assert_eq!(tip, first);
            tip = tips.next().await.expect("a tip").expect("a tip").tip();
        }
        let mut next = next.expect("a template").expect("a template");
        while next.get_block_header().await.expect("a header").prev_blockhash != hash {
            next = templates.next().await.expect("a template").expect("a template");
        }
        assert!(template.get_block().await.is_err(), "it went with its connection");
        assert_eq!(client.peer(), Some(peer), "the same process");
    });
}
