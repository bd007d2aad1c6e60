//! The blocking client on threads that must not wait.

use std::time::{Duration, Instant};

use bitcoin_ipc::mock::MemoryNode;
use bitcoin_ipc::types::BlockCreateOptions;
use bitcoin_ipc::{Client, ConnectOptions, Error, ErrorKind, Release, RpcError, TemplateOptions, blocking};
use mp_runtime::EventLoop;
use serde_json::json;

fn options() -> ConnectOptions {
    ConnectOptions::new().call_timeout(Some(Duration::from_secs(20)))
}

fn client(node: &MemoryNode) -> blocking::Client {
    Client::local(options(), node.services(), Release::V32).expect("a client").into()
}

fn is_misuse(error: Option<Error>) {
    let error = error.expect("an error");
    assert_eq!(error.kind(), ErrorKind::Misuse, "{error}");
    assert!(error.text().contains("the asynchronous"), "{error}");
}

/// Nothing of it waits here.
fn all_is_misuse(client: &blocking::Client) {
    let started = Instant::now();
    is_misuse(client.release().err());
    is_misuse(client.echo("hello").err());
    is_misuse(client.mining().get_tip().err());
    is_misuse(client.mining().create_new_block(&BlockCreateOptions::default(), false).err());
    is_misuse(client.tips().next().expect("an item").err());
    is_misuse(client.templates(TemplateOptions::default()).next().expect("an item").err());
    match client.execute_rpc("getblockcount", json!([]), None) {
        Err(RpcError::Ipc(error)) => is_misuse(Some(error)),
        other => panic!("{other:?}"),
    }
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn inside_an_executor_it_is_an_error() {
    let client = client(&MemoryNode::new());
    futures::executor::block_on(async { all_is_misuse(&client) });
    futures::executor::block_on(async { is_misuse(blocking::connect("unix:/nowhere").err()) });
    assert_eq!(client.echo("after it"), Ok("after it".into()));
}

#[test]
fn inside_a_task_of_tokio_it_is_an_error_and_beside_it_is_not() {
    let client = client(&MemoryNode::new());
    let one = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let many = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    for runtime in [one, many] {
        runtime.block_on(async {
            all_is_misuse(&client);
            is_misuse(blocking::connect("unix:/nowhere").err());
            is_misuse(blocking::connect_with(options(), "unix:/nowhere").err());
            let inner = client.clone();
            tokio::spawn(async move { all_is_misuse(&inner) }).await.expect("an end");
            let inner = client.clone();
            let beside = tokio::task::spawn_blocking(move || inner.echo("beside"));
            assert_eq!(beside.await.expect("an end"), Ok("beside".into()));
        });
        let _guard = runtime.enter();
        assert_eq!(client.echo("in sight of it"), Ok("in sight of it".into()));
    }
}

#[test]
fn on_the_thread_of_the_driver_it_is_an_error_also_before_it_is_polled() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("node.sock");
    let server_loop = EventLoop::new("node").expect("a loop");
    let _server = MemoryNode::new().listen(&server_loop, &path, Release::V32).expect("a server");
    let (event_loop, driver) = EventLoop::with_driver("client");
    let connect = options().event_loop(event_loop.clone()).connect(&path);
    let client: blocking::Client = futures::executor::block_on(connect).expect("a client").into();
    all_is_misuse(&client);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let local = tokio::task::LocalSet::new();
    let other = client.clone();
    let done = local.spawn_local(driver);
    // Once it runs, any other thread may wait.
    let elsewhere = std::thread::spawn(move || other.echo("from elsewhere"));
    runtime.block_on(local.run_until(async {
        while !elsewhere.is_finished() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        all_is_misuse(&client);
        assert_eq!(elsewhere.join().expect("an end"), Ok("from elsewhere".into()));
        drop((client, event_loop));
        done.await.expect("an end");
    }));
}

#[test]
fn a_loop_whose_driver_is_gone_is_a_lost_connection() {
    let node = MemoryNode::new();
    let (event_loop, driver) = EventLoop::with_driver("client");
    drop(driver);
    let options = options().event_loop(event_loop);
    let client: blocking::Client =
        Client::local(options, node.services(), Release::V32).expect("a client").into();
    let error = client.echo("hello").expect_err("no loop");
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
}
