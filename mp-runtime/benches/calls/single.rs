//! One call after the other.
//!
//! In: an end of a connection. Out: the time of small calls, of records, and of bytes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Criterion;

use super::bare_socket::ping_pong;
use super::by_hand::{self, Blocking};
use super::interface::{self, Adder, Calls, Local, Record, connected};
use super::pairs::{Group, Row, apart};
use super::spans::heard;

/// The time that a number of calls by a blocking function take.
fn timed<T: PartialEq>(expected: T, mut call: impl FnMut() -> T) -> impl FnMut(u64) -> Duration {
    move |iterations| {
        let started = Instant::now();
        for _ in 0..iterations {
            assert!(call() == expected, "the call returns what it should");
        }
        started.elapsed()
    }
}

/// The time that a number of awaited calls take.
async fn time<T: PartialEq>(iterations: u64, expected: &T, mut call: impl AsyncFnMut() -> T) -> Duration {
    let started = Instant::now();
    for _ in 0..iterations {
        assert!(call().await == *expected, "the call returns what it should");
    }
    started.elapsed()
}

fn by_hand<T: PartialEq + 'static>(
    expected: T,
    call: impl AsyncFn(&by_hand::Calls) -> capnp::Result<T> + 'static,
) -> impl FnMut(u64) -> Duration {
    let client = by_hand::Beside::new();
    move |n| {
        client.run(async |calls| {
            time(n, &expected, async || call(calls).await.expect("a call that returns")).await
        })
    }
}

fn ours<T: PartialEq + 'static>(
    expected: T,
    call: impl AsyncFn(&dyn Calls) -> mp_runtime::Result<T> + 'static,
) -> impl FnMut(u64) -> Duration {
    let mut client = interface::Beside::new();
    move |n| {
        client.run(async |calls| {
            time(n, &expected, async || call(calls).await.expect("a call that returns")).await
        })
    }
}

/// Small calls: awaited, with somebody who listens to the spans of both ends, blocking, on a thread of the server, with a
/// callback.
pub(crate) fn calls(criterion: &mut Criterion, rows: &mut Vec<Row>) {
    let mut group = Group::new(criterion, rows, "call");
    group.add("bare", &[], ping_pong(80));
    group.add("hand", &["bare"], apart(|| by_hand(3, async |calls| calls.add(1, 2).await)));
    group.add("async", &["hand"], apart(|| ours(3, async |calls| calls.add_later(1, 2).await)));
    let call = || ours(3, async |calls| calls.add_later(1, 2).await);
    group.add("async-spans", &["async"], apart(move || heard(call)));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let calls = connected();
    group.add("async-afar", &["hand"], move |n| {
        runtime.block_on(time(n, &3, async || calls.add_later(1, 2).await.expect("a sum")))
    });
    let client = Blocking::new();
    group.add("hand-sync", &["hand"], timed(3, move || client.add(1, 2)));
    let calls = connected();
    group.add("sync", &["hand", "hand-sync"], timed(Ok(3), move || calls.add(1, 2)));
    let client = Blocking::new();
    group.add("hand-context", &["hand"], timed(3, move || client.add_on_thread(1, 2)));
    let calls = connected();
    group.add("context", &["hand", "hand-context"], timed(Ok(3), move || calls.add_on_thread(1, 2)));
    let call = || by_hand(3, async |calls| calls.add_by_callback(&by_hand::local(), 1, 2).await);
    group.add("hand-callback", &["hand"], apart(call));
    let adder: Arc<dyn Adder> = Arc::new(Local);
    let call = async move |calls: &dyn Calls| calls.add_later_by_callback(adder.clone(), 1, 2).await;
    group.add("callback-async", &["hand", "hand-callback"], apart(|| ours(3, call)));
    let calls = connected();
    let call = timed(Ok(3), move || calls.add_by_callback(&Local, 1, 2));
    group.add("callback-sync", &["hand", "hand-callback"], call);
}

/// A struct with a map and a set. Awaited calls give it away, so all of those clone it first.
pub(crate) fn records(criterion: &mut Criterion, rows: &mut Vec<Row>) {
    let mut group = Group::new(criterion, rows, "record");
    let record = Record::sample();
    group.add("bare", &[], ping_pong(1000));
    let (sent, expected) = (record.clone(), record.clone());
    let call = async move |calls: &by_hand::Calls| calls.pass(&sent.clone()).await;
    group.add("hand", &["bare"], apart(|| by_hand(expected, call)));
    let (sent, expected) = (record.clone(), record.clone());
    let call = async move |calls: &dyn Calls| calls.pass_later(sent.clone()).await;
    group.add("async", &["hand"], apart(|| ours(expected, call)));
    let (calls, sent) = (connected(), record.clone());
    group.add("sync", &["hand"], timed(Ok(record), move || calls.pass(&sent)));
}

/// Bytes of several lengths, there and back.
pub(crate) fn bytes(criterion: &mut Criterion, rows: &mut Vec<Row>) {
    for (name, length) in [("1kB", 1 << 10), ("64kB", 64 << 10), ("1MB", 1 << 20), ("4MB", 4 << 20)] {
        let mut group = Group::new(criterion, rows, format!("bytes-{name}"));
        let bytes = vec![7u8; length];
        group.add("bare", &[], ping_pong(length));
        let (sent, expected) = (bytes.clone(), bytes.clone());
        let call = async move |calls: &by_hand::Calls| calls.echo(&sent.clone()).await;
        group.add("hand", &["bare"], apart(|| by_hand(expected, call)));
        let (sent, expected) = (bytes.clone(), bytes.clone());
        let call = async move |calls: &dyn Calls| calls.echo_later(sent.clone()).await;
        group.add("async", &["hand"], apart(|| ours(expected, call)));
        let (calls, sent) = (connected(), bytes.clone());
        group.add("sync", &["hand"], timed(Ok(bytes), move || calls.echo(&sent)));
    }
}
