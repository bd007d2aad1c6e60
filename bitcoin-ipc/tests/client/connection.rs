//! Connecting, connecting again, deadlines, and the monitor.

use std::sync::Arc;
use std::time::Duration;

use bitcoin_ipc::mock::MemoryNode;
use bitcoin_ipc::{Client, ConnectOptions, ErrorKind, Reconnect, Release};
use mp_runtime::EventLoop;
use mp_runtime::monitor::{CallCounts, Side};

use super::{listen_again, run};

#[test]
fn errors_say_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = run(bitcoin_ipc::connect(&folder.path().join("none.sock"))).expect_err("no socket");
    assert_eq!(missing.kind(), ErrorKind::Io);
    assert!(missing.text().contains("start bitcoin-node with -ipcbind=unix"), "{missing}");
    let stale = folder.path().join("stale.sock");
    drop(std::os::unix::net::UnixListener::bind(&stale).expect("a socket"));
    let stale = run(bitcoin_ipc::connect(&stale)).expect_err("a stale socket");
    assert!(stale.text().contains("nobody answers"), "{stale}");
    let unknown = run(bitcoin_ipc::connect("tcp:here")).expect_err("no address");
    assert!(unknown.text().contains("unrecognized address"), "{unknown}");
}

#[test]
fn handles_outlive_their_connection() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("node.sock");
    let event_loop = EventLoop::new("node").expect("a loop");
    let node = MemoryNode::new();
    for release in Release::ALL {
        let server = node.listen(&event_loop, &path, release).expect("a server");
        run(async {
            let quickly = Reconnect { first_pause: Duration::from_millis(5), ..Reconnect::default() };
            let client = ConnectOptions::new().reconnect(quickly).connect(&path).await.expect("a client");
            let mining = client.mining();
            assert_eq!(mining.get_tip().await, Ok(Some(node.tip())));
            client.disconnect();
            assert_eq!(mining.get_tip().await, Ok(Some(node.tip())));
            assert_eq!(client.connections(), 2);
            // The node may be of another release when it comes back.
            drop(server);
            client.disconnect();
            let _server = listen_again(&node, &event_loop, &path, Release::V32).await;
            assert_eq!(client.release().await, Ok(Release::V32));
            assert_eq!(mining.get_tip().await, Ok(Some(node.tip())));
        });
        while path.exists() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

#[test]
fn a_client_of_one_connection_makes_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("node.sock");
    let event_loop = EventLoop::new("node").expect("a loop");
    let node = MemoryNode::new();
    let server = node.listen(&event_loop, &path, Release::V32).expect("a server");
    run(async {
        let client = ConnectOptions::new().one_connection().connect(&path).await.expect("a client");
        let mining = client.mining();
        assert_eq!(mining.get_tip().await, Ok(Some(node.tip())));
        client.disconnect();
        for _ in 0..2 {
            let error = mining.get_tip().await.expect_err("no connection");
            assert_eq!(error.kind(), ErrorKind::Disconnected);
        }
        assert_eq!((client.connections(), server.accepted()), (1, 1));
    });
}

#[test]
fn a_node_that_does_not_answer_is_noticed() {
    let (near, far) = std::os::unix::net::UnixStream::pair().expect("sockets");
    drop(near);
    drop(far);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("silent.sock");
    // It takes connections, and never says a word.
    let _silent = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
    run(async {
        let options = ConnectOptions::new().call_timeout(Some(Duration::from_millis(50)));
        let client = options.connect(&path).await.expect("a client");
        let error = client.mining().get_tip().await.expect_err("no answer");
        assert_eq!(error.kind(), ErrorKind::Timeout);
    });
}

#[test]
fn the_monitor_hears_of_calls_and_errors() {
    let counts = Arc::new(CallCounts::default());
    let node = MemoryNode::new();
    let options = ConnectOptions::new().monitor(counts.clone());
    let client = Client::local(options, node.services(), Release::V31).expect("a client");
    run(async {
        client.mining().get_tip().await.expect("a tip");
        let snapshot = counts.snapshot();
        let of = |method: &str, side| {
            let found = snapshot.iter().find(|count| count.method == method && count.side == side);
            found.unwrap_or_else(|| panic!("no {method} in {snapshot:?}"))
        };
        assert_eq!(of("getTip", Side::Client).calls, 1);
        assert_eq!(of("getTip", Side::Server).errors, 0);
        // How the release was found out.
        assert_eq!(of("makeRpc", Side::Client).errors, 1);
        assert!(
            counts
                .to_prometheus()
                .contains("ipc_calls_total{side=\"client\",interface=\"Mining\",method=\"getTip\"} 1")
        );
    });
}
