//! What a connection, a proxy and a call cost in memory.
//!
//! In: many of them. Out: how many bytes of heap one takes, on each side.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::future::join_all;
use mp_runtime::EventLoop;

use super::cost::heap;
use super::serving::{Server, Store};
use super::table::{head, held, row};

/// How much both heaps grow while something is made, divided by how many were made.
async fn growth<T>(store: &dyn Store, count: usize, make: impl Future<Output = T>) -> (T, [f64; 2]) {
    let before = [heap(), store.heap().await.expect("an answer")];
    let made = make.await;
    let after = [heap(), store.heap().await.expect("an answer")];
    let each = |side: usize| after[side].saturating_sub(before[side]) as f64 / count as f64;
    (made, [each(0), each(1)])
}

/// Waits until both sides have let go of what was dropped: neither heap changes any more.
async fn settle(store: &dyn Store) {
    let mut last = [0; 2];
    let mut still = 0;
    while still < 10 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let now = [heap(), store.heap().await.expect("an answer")];
        // A timer of the loop's may come and go.
        let same = now.iter().zip(last).all(|(now, last)| now.abs_diff(last) < 1_000);
        still = if same { still + 1 } else { 0 };
        last = now;
    }
}

fn print_row(figures: &mut BTreeMap<String, f64>, what: &str, [ours, servers]: [f64; 2], most: f64) {
    figures.insert(format!("bytes for each {what}"), ours.max(servers));
    row(what, &[format!("{ours:.0}"), format!("{servers:.0}")], &held(ours.max(servers), most));
}

pub(crate) fn print(figures: &mut BTreeMap<String, f64>) {
    let server = Server::start();
    let event_loop = EventLoop::new("client").expect("an event loop");
    let store = server.store(&event_loop);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    head("memory: bytes of heap for each", &["calling side", "serving side"]);
    runtime.block_on(async {
        const CONNECTIONS: usize = 500;
        let connect = async {
            let all: Vec<_> = (0..CONNECTIONS).map(|_| server.store(&event_loop)).collect();
            for one in &all {
                one.add(1, 2).await.expect("a sum");
            }
            all
        };
        let (connections, bytes) = growth(&*store, CONNECTIONS, connect).await;
        print_row(figures, "idle connection", bytes, 32_768.0);
        drop(connections);
        settle(&*store).await;

        const PROXIES: usize = 10_000;
        let make = async {
            let mut all = Vec::with_capacity(PROXIES);
            for number in 0..PROXIES {
                all.push(store.item(number as i32).await.expect("an item"));
            }
            all
        };
        let (items, bytes) = growth(&*store, PROXIES, make).await;
        print_row(figures, "idle proxy", bytes, 512.0);
        assert_eq!(items[77].number().await, Ok(77));
        drop(items);
        settle(&*store).await;

        const CALLS: usize = 1_000;
        let mut calls = pin!(join_all((0..CALLS).map(|_| store.wait())));
        let begin = async {
            let waits = calls.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(waits, Poll::Pending), "the calls do not return");
            // They leave in order, so these are at the peer when this is.
            store.add(1, 2).await.expect("a sum");
        };
        let ((), bytes) = growth(&*store, CALLS, begin).await;
        print_row(figures, "open call", bytes, 4_096.0);
    });
}
