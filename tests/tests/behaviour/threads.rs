//! Which thread serves which call.

use std::collections::BTreeSet;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use mp_runtime::{ErrorKind, EventLoop, Limits, Remote, connect_stream, serve_stream};

use super::work::{AsyncWork, Work, Worker, client};

#[tokio::test]
async fn asynchronous_calls_never_wait_for_each_other_at_a_blocking_server() {
    let worker = Arc::new(Worker::default());
    let work = client::<dyn AsyncWork>(&worker);
    // All of them are inside the method at the same time.
    let calls = join_all((0..16).map(|_| work.thread()));
    let opened = tokio::task::spawn_blocking({
        let worker = worker.clone();
        move || {
            worker.gate.wait_for(16);
            worker.gate.open();
        }
    });
    let first: BTreeSet<String> = calls.await.into_iter().map(|name| name.unwrap()).collect();
    opened.await.unwrap();
    assert_eq!(first.len(), 16);
    // The threads are used again, and none is made while one is free.
    for _ in 0..20 {
        let again: BTreeSet<String> =
            join_all((0..16).map(|_| work.thread())).await.into_iter().map(|name| name.unwrap()).collect();
        assert!(again.is_subset(&first));
    }
}

#[test]
fn each_calling_thread_keeps_its_thread_at_the_peer() {
    let worker = Arc::new(Worker::default());
    worker.gate.open();
    let work = client::<dyn Work>(&worker).object();
    let names: Vec<String> = (0..8)
        .map(|_| {
            let work = work.clone();
            std::thread::spawn(move || {
                let name = work.thread().unwrap();
                for _ in 0..20 {
                    assert_eq!(work.thread().as_ref(), Ok(&name));
                }
                name
            })
        })
        .map(|thread| thread.join().unwrap())
        .collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 8);
}

#[test]
fn threads_of_the_peer_end_with_those_they_serve() {
    let worker = Arc::new(Worker::default());
    worker.gate.open();
    let work = client::<dyn Work>(&worker).object();
    for _ in 0..300 {
        let work = work.clone();
        std::thread::spawn(move || work.thread().map(drop)).join().unwrap().unwrap();
    }
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    // Other tests have threads too, but nobody has hundreds.
    super::work::until(|| threads() < 150);
}

#[tokio::test]
async fn a_pool_is_made_once_and_has_threads() {
    let worker = Arc::new(Worker::default());
    let work = client::<dyn AsyncWork>(&worker);
    let connection = work.connection();
    for (count, why) in [(0, "a pool needs at least one thread"), (100_000, "larger than the 256 allowed")] {
        let error = connection.make_pool(count).await.unwrap_err();
        assert!(error.text().contains(why), "{error}");
    }
    assert_eq!(connection.make_pool(2).await, Ok(()));
    let error = connection.make_pool(2).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert_eq!(error.text(), "makePool called on connection with existing pool");
    connection.close();
    connection.closed().await;
    assert_eq!(connection.make_pool(2).await.unwrap_err().kind(), ErrorKind::Disconnected);
}

#[test]
fn a_busy_thread_delays_only_those_who_named_it() {
    let worker = Arc::new(Worker::default());
    let work = client::<dyn Work>(&worker).object();
    let waiting = std::thread::spawn({
        let work = work.clone();
        move || work.pass_gate(1)
    });
    worker.gate.wait_for(1);
    assert_eq!(work.unlock("a".into(), "b".into()), Ok(false));
    worker.gate.open();
    assert_eq!(waiting.join().unwrap(), Ok(1));
}

#[test]
fn a_vanished_peer_leaves_no_thread_waiting_here() {
    let worker = Arc::new(Worker::default());
    for _ in 0..50 {
        let work = client::<dyn Work>(&worker);
        let connection = work.connection().clone();
        let object = work.object();
        let waiting = std::thread::spawn(move || object.pass_gate(1));
        worker.gate.wait_for(1);
        connection.close();
        assert_eq!(waiting.join().unwrap().unwrap_err().kind(), ErrorKind::Disconnected);
        worker.gate.open();
        worker.gate.wait_for(0);
        worker.gate.shut();
        assert!(connection.wait_closed(Some(Duration::from_secs(10))).unwrap());
    }
}

/// A client of `worker` with limits at either side.
fn limited(worker: &Arc<Worker>, client: Limits, server: Limits) -> Remote<dyn AsyncWork> {
    let (near, far) = UnixStream::pair().unwrap();
    let server_loop = EventLoop::new("work-server").unwrap();
    server_loop.set_limits(server);
    serve_stream::<dyn Work>(&server_loop, far, worker.clone());
    let client_loop = EventLoop::new("work-client").unwrap();
    client_loop.set_limits(client);
    connect_stream(&client_loop, near)
}

#[tokio::test]
async fn more_asynchronous_calls_than_threads_wait_for_each_other() {
    let worker = Arc::new(Worker::default());
    let work = limited(&worker, Limits::default().with_asynchronous_threads(4), Limits::default());
    let mut calls = Box::pin(join_all((0..20).map(|_| work.thread())));
    let waits = tokio::task::spawn_blocking({
        let worker = worker.clone();
        move || worker.gate.wait_for(4)
    });
    tokio::select! {
        _ = &mut calls => panic!("the gate is shut"),
        waits = waits => waits.unwrap(),
    }
    // One that waits may be cancelled before anything of it was sent.
    let cancelled = tokio::time::timeout(Duration::from_millis(20), work.pass_gate(1)).await;
    assert!(cancelled.is_err());
    worker.gate.open();
    let names: BTreeSet<String> = calls.await.into_iter().map(|name| name.unwrap()).collect();
    assert_eq!(names.len(), 4);
    assert_eq!(work.pass_gate(2).await, Ok(2));
    assert_eq!(worker.gate.waiting.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_thread_that_the_peer_refuses_spoils_no_later_call() {
    let worker = Arc::new(Worker::default());
    let work = limited(&worker, Limits::default(), Limits::default().with_threads(2));
    let mut calls = Box::pin(join_all((0..5).map(|_| work.thread())));
    let waits = tokio::task::spawn_blocking({
        let worker = worker.clone();
        move || worker.gate.wait_for(2)
    });
    tokio::select! {
        _ = &mut calls => panic!("the gate is shut"),
        waits = waits => waits.unwrap(),
    }
    worker.gate.open();
    let outcomes = calls.await;
    let refused: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
    assert_eq!(refused.len(), 3);
    for error in refused {
        assert!(error.text().contains("the most it may have"), "{error}");
    }
    for _ in 0..20 {
        assert!(work.thread().await.is_ok());
    }
}

#[test]
fn a_thread_that_was_refused_to_a_caller_is_asked_for_again() {
    let worker = Arc::new(Worker::default());
    worker.gate.open();
    let (near, far) = UnixStream::pair().unwrap();
    let server_loop = EventLoop::new("work-server").unwrap();
    server_loop.set_limits(Limits::default().with_threads(1));
    serve_stream::<dyn Work>(&server_loop, far, worker.clone());
    let remote = connect_stream::<dyn Work>(&EventLoop::new("work-client").unwrap(), near);
    let work = remote.object();
    let (taken, is_taken) = std::sync::mpsc::channel();
    let (release, is_released) = std::sync::mpsc::channel::<()>();
    let holder = std::thread::spawn({
        let work = work.clone();
        move || {
            taken.send(work.thread()).unwrap();
            let _ = is_released.recv();
        }
    });
    assert!(is_taken.recv().unwrap().is_ok());
    let error = work.thread().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overloaded, "{error}");
    drop(release);
    holder.join().unwrap();
    // The other thread has given its own back.
    super::work::until(|| work.thread().is_ok());
}
