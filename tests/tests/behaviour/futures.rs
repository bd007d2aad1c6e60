//! Deadlines, cancellation, calls on objects that are yet to arrive.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mp_runtime::{ErrorKind, Handle, pipelined, pipelined_async, within};

use super::work::{AsyncWork, Work, Worker, client, until};

#[test]
fn a_deadline_ends_a_call_and_the_next_one_works() {
    let worker = Arc::new(Worker::default());
    let work = client::<dyn Work>(&worker);
    let error = within(Duration::from_millis(30), || work.pass_gate(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.method(), Some("passGate"));
    worker.gate.open();
    assert_eq!(work.pass_gate(2), Ok(2));
}

#[test]
fn a_handle_has_a_deadline_of_its_own() {
    let worker = Arc::new(Worker::default());
    let work = client::<dyn Work>(&worker);
    let handle = Handle::of(&*work).unwrap();
    handle.set_timeout(Some(Duration::from_millis(30)));
    assert_eq!(work.pass_gate(1).unwrap_err().kind(), ErrorKind::Timeout);
    handle.set_timeout(None);
    worker.gate.open();
    assert_eq!(work.pass_gate(2), Ok(2));
}

#[tokio::test]
async fn a_dropped_future_leaves_other_calls_alone() {
    let worker = Arc::new(Worker::default());
    let work = client::<dyn AsyncWork>(&worker);
    for number in 0..20 {
        let waited = tokio::time::timeout(Duration::from_millis(5), work.pass_gate(number)).await;
        assert!(waited.is_err());
    }
    assert_eq!(work.unlock("a".into(), "correct horse".into()).await, Ok(true));
    worker.gate.open();
    assert_eq!(work.pass_gate(5).await, Ok(5));
    tokio::task::spawn_blocking(move || worker.gate.wait_for(0)).await.unwrap();
}

#[tokio::test]
async fn dropping_a_future_sends_the_interrupt_method() {
    let worker = Arc::new(Worker::default());
    let work = client::<dyn AsyncWork>(&worker);
    for _ in 0..20 {
        let mut run = Box::pin(work.run());
        let started = tokio::task::spawn_blocking({
            let worker = worker.clone();
            move || until(|| worker.is_running())
        });
        tokio::select! {
            _ = &mut run => panic!("nobody has stopped it"),
            started = started => started.unwrap(),
        }
        drop(run);
        let worker = worker.clone();
        tokio::task::spawn_blocking(move || until(|| !worker.is_running())).await.unwrap();
    }
    let (ran, stopped) = tokio::join!(work.run(), async {
        let worker = worker.clone();
        tokio::task::spawn_blocking(move || until(|| worker.is_running())).await.unwrap();
        work.stop().await
    });
    assert_eq!((ran, stopped), (Ok(7), Ok(())));
}

#[test]
fn a_call_on_an_object_that_is_yet_to_arrive_needs_no_round_trip() {
    let worker = Arc::new(Worker::default());
    let work = client::<dyn Work>(&worker);
    // The gate is shut: the object does not exist yet, and `make` has not returned.
    let part = pipelined(|| work.make(true)).unwrap();
    worker.gate.wait_for(1);
    let value = std::thread::spawn(move || part.value());
    worker.gate.open();
    assert_eq!(value.join().unwrap(), Ok(42));
    until(|| worker.parts.load(Ordering::SeqCst) == 0);
}

#[tokio::test]
async fn a_pipelined_method_is_always_ahead_of_its_object() {
    let worker = Arc::new(Worker::default());
    let (blocking, awaiting) = (client::<dyn Work>(&worker), client::<dyn AsyncWork>(&worker));
    let later = awaiting.make_ahead().await.unwrap();
    tokio::task::spawn_blocking(move || {
        let part = blocking.make_ahead().unwrap();
        worker.gate.wait_for(2);
        worker.gate.open();
        assert_eq!(part.value(), Ok(42));
    })
    .await
    .unwrap();
    assert_eq!(later.value().await, Ok(42));
}

#[tokio::test]
async fn an_asynchronous_call_may_be_ahead_of_its_object_too() {
    let worker = Arc::new(Worker::default());
    let work = client::<dyn AsyncWork>(&worker);
    let part = pipelined_async(work.make(true)).await.unwrap();
    let value = part.value();
    let opened = worker.clone();
    tokio::task::spawn_blocking(move || {
        opened.gate.wait_for(1);
        opened.gate.open();
    })
    .await
    .unwrap();
    assert_eq!(value.await, Ok(42));
}

#[test]
fn an_object_that_never_arrives_fails_its_calls_with_the_reason() {
    let worker = Arc::new(Worker::default());
    worker.gate.open();
    let work = client::<dyn Work>(&worker);
    let part = pipelined(|| work.make(false)).unwrap();
    let error = part.value().unwrap_err();
    assert!(error.text().contains("out of parts"), "{error}");
    drop(part);
    assert_eq!(work.make(true).unwrap().value(), Ok(42));
}

#[test]
fn a_shutdown_that_runs_out_of_patience_ends_the_calls() {
    let worker = Arc::new(Worker::default());
    let work = client::<dyn Work>(&worker);
    let object = work.object();
    let waiting = std::thread::spawn(move || object.pass_gate(1));
    worker.gate.wait_for(1);
    assert_eq!(work.connection().shut_down(Duration::from_millis(50)), Ok(false));
    assert_eq!(waiting.join().unwrap().unwrap_err().kind(), ErrorKind::Disconnected);
    worker.gate.open();
}
