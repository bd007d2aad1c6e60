//! Nodes that hang: every wait ends within its own time and that of a call.

use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use bitcoin::hashes::Hash;
use bitcoin::{Amount, BlockHash};
use bitcoin_ipc::mock::MemoryNode;
use bitcoin_ipc::types::{BlockCreateOptions, BlockWaitOptions};
use bitcoin_ipc::{
    Client, ConnectOptions, Error, ErrorKind, Reconnect, Release, Result, TemplateOptions, TipEvent, Trust,
};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryFutureExt};
use mp_runtime::{EventLoop, Server};
use serde_json::json;

use super::freezer::Freezer;
use super::run;

/// How long a call may take here.
const CALL: Duration = Duration::from_millis(300);
/// What a test with its processes may take longer.
const SLACK: Duration = Duration::from_secs(8);

fn options() -> ConnectOptions {
    let reconnect = Reconnect {
        first_pause: Duration::from_millis(5),
        longest_pause: Duration::from_millis(20),
        give_up: Some(Duration::from_millis(600)),
    };
    ConnectOptions::new().call_timeout(Some(CALL)).reconnect(reconnect)
}

/// A node in memory behind a freezer, and a client of it.
struct Frozen {
    node: MemoryNode,
    freezer: Freezer,
    client: Client,
    _server: Server,
    _folder: tempfile::TempDir,
}

impl Frozen {
    async fn start(release: Release) -> Frozen {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("node.sock");
        let node = MemoryNode::new();
        let event_loop = EventLoop::new("node").expect("a loop");
        let _server = node.listen(&event_loop, &path, release).expect("a server");
        let freezer = Freezer::before(&path);
        let client = options().connect(freezer.path()).await.expect("a client");
        Frozen { node, freezer, client, _server, _folder: folder }
    }
}

/// Whether an error is that of a node that hangs, or of a connection that was closed because it does.
fn is_lost(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Disconnected)
}

/// Awaits what has to fail because the node hangs, within `time` and not before it.
async fn hangs<T>(what: &str, time: Duration, call: impl Future<Output = Result<T>>) {
    let started = Instant::now();
    let Err(error) = call.await else { panic!("{what}: an answer") };
    assert_eq!(error.kind(), ErrorKind::Timeout, "{what}: {error}");
    let took = started.elapsed();
    assert!(took >= time.min(CALL) && took < time + SLACK, "{what}: {took:?}");
}

async fn silent(path: &Path) -> Client {
    options().connect(path).await.expect("a client")
}

#[test]
fn a_node_that_never_says_a_word_ends_every_wait() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("silent.sock");
    let _silent = UnixListener::bind(&path).expect("a socket");
    run(async {
        let client = silent(&path).await;
        let mining = client.mining();
        let hash = BlockHash::all_zeros();
        let create = BlockCreateOptions::default();
        let second = Duration::from_secs(1);
        hangs("a tip's change", second + CALL, mining.wait_tip_changed(hash, Some(second))).await;
        hangs("any tip's change", CALL, mining.wait_tip_changed(hash, None)).await;
        hangs("a template", CALL, mining.create_new_block(&create, false)).await;
        hangs("a template after the download", CALL, mining.create_new_block(&create, true)).await;
        hangs("the release", CALL, client.release()).await;
        let rpc = async {
            match client.execute_rpc("waitfornewblock", json!([]), None).await {
                Ok(result) => Ok(result),
                Err(bitcoin_ipc::RpcError::Ipc(error)) => Err(error),
                Err(error) => panic!("{error}"),
            }
        };
        hangs("a method", CALL, rpc).await;
    });
}

#[test]
fn a_node_that_never_says_a_word_ends_the_streams() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("silent.sock");
    let _silent = UnixListener::bind(&path).expect("a socket");
    run(async {
        let client = silent(&path).await;
        let mut tips = client.tips();
        let policy = Duration::from_millis(600) + CALL * 2;
        hangs("tips", policy, async { tips.next().await.expect("an error") }).await;
        assert!(tips.next().await.is_none());
        let mut templates = client.templates(TemplateOptions::default());
        hangs("templates", policy, async { templates.next().await.expect("an error") }).await;
        assert!(templates.next().await.is_none());
        assert!(client.connections() > 2, "it was tried again");
    });
}

#[test]
fn a_node_that_hangs_after_some_answers_ends_the_waits() {
    for release in Release::ALL {
        run(async {
            let frozen = Frozen::start(release).await;
            let Frozen { node, freezer, client, .. } = &frozen;
            let mining = client.mining();
            let create = BlockCreateOptions::default();
            let template = mining.create_new_block(&create, false).await;
            let template = template.expect("an answer").expect("a template");
            let long = Duration::from_secs(3600);
            let tip = node.tip().hash;
            let next = BlockWaitOptions { timeout: Some(long), fee_threshold: Amount::MAX_MONEY };
            let ever = BlockWaitOptions { timeout: None, ..next };
            let freeze = async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                freezer.freeze();
                Ok::<_, bitcoin_ipc::Error>(())
            };
            // All of them are under way when the node hangs, and it is noticed long before their time. Who
            // notices it first closes the connection, which is what the others hear.
            let gone = async |what: &str, call: BoxFuture<'_, Result<()>>| {
                let started = Instant::now();
                let error = call.await.expect_err("an error");
                assert!(is_lost(&error), "{what} {release}: {error}");
                assert!(started.elapsed() < CALL * 2 + SLACK, "{what} {release}: {:?}", started.elapsed());
            };
            futures::join!(
                async { freeze.await.expect("no error") },
                gone("a tip's change", mining.wait_tip_changed(tip, Some(long)).map_ok(drop).boxed()),
                gone("any tip's change", mining.wait_tip_changed(tip, None).map_ok(drop).boxed()),
                gone("the next template", template.wait_next(&next).map_ok(drop).boxed()),
            );
            // The connection was given up, and so was the template.
            let error = template.wait_next(&ever).await.err().expect("an error");
            assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
            freezer.thaw();
            assert_eq!(mining.get_tip().await, Ok(Some(node.tip())));
        });
    }
}

#[test]
fn an_echo_notices_that_the_node_hangs() {
    run(async {
        let frozen = Frozen::start(Release::V32).await;
        let echo = frozen.client.echo().await.expect("an echo");
        assert_eq!(echo.echo("hello").await, Ok("hello".into()));
        frozen.freezer.freeze();
        hangs("an echo", CALL, echo.echo("hello")).await;
    });
}

#[test]
fn a_wait_alone_notices_that_the_node_hangs() {
    run(async {
        let frozen = Frozen::start(Release::V32).await;
        let Frozen { freezer, client, .. } = &frozen;
        let create = BlockCreateOptions::default();
        let template = client.mining().create_new_block(&create, false).await;
        let template = template.expect("an answer").expect("a template");
        let ever = BlockWaitOptions { timeout: None, fee_threshold: Amount::MAX_MONEY };
        let (_, ()) = futures::join!(
            async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                freezer.freeze();
            },
            hangs("the next template", CALL * 2, template.wait_next(&ever))
        );
        assert!(!client.is_connected());
    });
}

#[test]
fn a_method_of_rpc_notices_that_the_node_hangs() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("node.sock");
    let event_loop = EventLoop::new("node").expect("a loop");
    let _server = super::rpc_waits::serve(&event_loop, &path);
    run(async {
        let freezer = Freezer::before(&path);
        let client = options().connect(freezer.path()).await.expect("a client");
        let method = async {
            let result = client.execute_rpc("waitfornewblock", json!([]), None).await;
            result.map_err(|error| match error {
                bitcoin_ipc::RpcError::Ipc(error) => error,
                other => panic!("{other}"),
            })
        };
        futures::join!(
            async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                freezer.freeze();
            },
            hangs("a method", CALL * 2, method)
        );
    });
}

#[test]
fn streams_go_on_when_the_node_has_recovered() {
    run(async {
        let frozen = Frozen::start(Release::V32).await;
        let Frozen { node, freezer, client, .. } = &frozen;
        let mut tips = client.tips();
        let mut templates = client.templates(TemplateOptions::default());
        assert_eq!(tips.next().await, Some(Ok(TipEvent::Tip(node.tip()))));
        templates.next().await.expect("a template").expect("a template");
        let thaw = async {
            freezer.freeze();
            let connections = client.connections();
            // It is noticed, and another connection is tried.
            while client.connections() == connections {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            node.mine(1).expect("a block");
            freezer.thaw();
        };
        let (event, template, ()) = futures::join!(tips.next(), templates.next(), thaw);
        match event {
            Some(Ok(TipEvent::Reconnected { tip, .. })) => assert_eq!(tip, node.tip()),
            other => panic!("{other:?}"),
        }
        let template = template.expect("a template").expect("a template");
        let header = template.get_block_header().await.expect("a header");
        assert_eq!(header.prev_blockhash, node.tip().hash);
    });
}

#[test]
fn a_second_wait_on_a_template_ends_in_its_own_time() {
    let node = MemoryNode::new();
    let client = node.client(Release::V32).expect("a client");
    run(async {
        let template = client.mining().create_new_block(&BlockCreateOptions::default(), false).await;
        let template = template.expect("an answer").expect("a template");
        let wait = |timeout| BlockWaitOptions { timeout, fee_threshold: Amount::MAX_MONEY };
        let (ever, short) = (wait(None), wait(Some(Duration::from_millis(50))));
        let mut first = std::pin::pin!(template.wait_next(&ever));
        let second = async {
            tokio::task::yield_now().await;
            template.wait_next(&short).await
        };
        match futures::future::select(&mut first, std::pin::pin!(second)).await {
            futures::future::Either::Right((second, _)) => assert!(second.expect("an answer").is_none()),
            futures::future::Either::Left(_) => panic!("nothing has changed"),
        }
    });
}

#[test]
fn a_queue_that_is_full_is_given_up_in_time_and_blocks_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("full.sock");
    let (listener, waiting) = full_queue(&path);
    run(async {
        let started = Instant::now();
        let mut ticks = 0;
        let mut connect = std::pin::pin!(options().connect(&path));
        let error = loop {
            tokio::select! {
                result = &mut connect => break result.expect_err("nobody accepts"),
                () = tokio::time::sleep(Duration::from_millis(10)) => ticks += 1,
            }
        };
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.text().contains("nobody accepts connections at"), "{error}");
        assert!(started.elapsed() >= CALL && started.elapsed() < SLACK, "{:?}", started.elapsed());
        assert!(ticks > 3, "the executor went on meanwhile");
    });
    // Once somebody accepts, there is room.
    let accepting = std::thread::spawn(move || {
        (0..=waiting.len()).map(|_| rustix::net::accept(&listener).expect("a peer")).collect::<Vec<_>>()
    });
    run(async { options().connect(&path).await }).expect("a place in the queue");
    drop(accepting.join().expect("peers"));
}

#[test]
fn a_reconnection_to_a_full_queue_is_given_up_by_the_policy() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("node.sock");
    let node = MemoryNode::new();
    let event_loop = EventLoop::new("node").expect("a loop");
    let server = node.listen(&event_loop, &path, Release::V32).expect("a server");
    run(async {
        let client = options().connect(&path).await.expect("a client");
        assert_eq!(client.mining().get_tip().await, Ok(Some(node.tip())));
        drop(server);
        while path.exists() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        client.disconnect();
        let _full = full_queue(&path);
        let started = Instant::now();
        let error = client.mining().get_tip().await.expect_err("nobody accepts");
        assert!(error.text().contains("nobody accepts connections at"), "{error}");
        assert!(started.elapsed() < SLACK, "{:?}", started.elapsed());
    });
}

/// A listener that accepts nobody, and those who fill its queue.
fn full_queue(path: &Path) -> (rustix::fd::OwnedFd, Vec<std::os::unix::net::UnixStream>) {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};
    let listener = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).expect("a socket");
    rustix::net::bind(&listener, &SocketAddrUnix::new(path).expect("an address")).expect("a name");
    rustix::net::listen(&listener, 1).expect("a queue");
    let waiting = std::iter::from_fn(|| mp_runtime::try_connect(path).ok()).collect();
    (listener, waiting)
}

#[test]
fn the_peer_is_known_and_has_to_be_trusted() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("node.sock");
    let node = MemoryNode::new();
    let event_loop = EventLoop::new("node").expect("a loop");
    let _server = node.listen(&event_loop, &path, Release::V32).expect("a server");
    run(async {
        for trust in [Trust::OwnOrRoot, Trust::User(4711), Trust::Anyone] {
            let client = options().trust(trust).connect(&path).await.expect("a client");
            let peer = client.peer().expect("a peer");
            assert_eq!((peer.uid, peer.pid), (rustix::process::geteuid().as_raw(), Some(std::process::id())));
            client.disconnect();
            assert_eq!(client.peer(), None);
        }
        assert_eq!(node.client(Release::V32).expect("a client").peer(), None);
    });
}

#[test]
fn whoever_stands_in_for_the_node_is_told_nothing() {
    if !rustix::process::geteuid().is_root() {
        return eprintln!("skipped: it takes root to listen as somebody else");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("node.sock");
    let at = path.clone();
    let listening = std::thread::spawn(move || {
        let listener = UnixListener::bind(at).expect("a socket");
        // Whose the thread is when it listens is what counts, so it listens once more.
        let nobody = rustix::process::Uid::from_raw(65534);
        rustix::thread::set_thread_res_uid(nobody, nobody, nobody).expect("another user");
        rustix::net::listen(&listener, 9).expect("a queue");
        listener
    });
    let listener = listening.join().expect("a listener");
    run(async {
        for trust in [Trust::OwnOrRoot, Trust::User(4711)] {
            let error = options().trust(trust).connect(&path).await.expect_err("a stranger");
            assert_eq!(error.kind(), ErrorKind::Io);
            assert!(error.text().contains("is user 65534, who is neither this one nor root"), "{error}");
            let mut heard = Vec::new();
            let (mut peer, _) = listener.accept().expect("a peer");
            std::io::Read::read_to_end(&mut peer, &mut heard).expect("its end");
            assert_eq!(heard, Vec::<u8>::new());
        }
        for trust in [Trust::User(65534), Trust::Anyone] {
            let client = options().trust(trust).connect(&path).await.expect("a client");
            assert_eq!(client.peer().expect("a peer").uid, 65534);
        }
    });
}
