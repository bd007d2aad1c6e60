//! Ten thousand peers of one process, each of which calls once a second.
//!
//! In: a server. Out: how long the calls take.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use mp_runtime::EventLoop;

use super::serving::{Server, Store};
use super::table::{head, row};

const PEERS: usize = 10_000;
const SECONDS: u32 = 5;

pub(crate) fn print() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let server = Server::start();
    let event_loop = EventLoop::new("client").expect("an event loop");
    let mut times = runtime.block_on(async {
        let peers: Vec<Arc<dyn Store>> = (0..PEERS).map(|_| server.store(&event_loop).object()).collect();
        let begin = Instant::now() + Duration::from_secs(1);
        let calls = peers.iter().enumerate().map(async |(number, peer)| {
            let mut times = Vec::new();
            for second in 0..SECONDS {
                let at =
                    Duration::from_secs(1) * second + Duration::from_secs(1) * number as u32 / PEERS as u32;
                tokio::time::sleep_until((begin + at).into()).await;
                let started = Instant::now();
                assert_eq!(peer.add(1, 2).await, Ok(3));
                times.push(started.elapsed());
            }
            times
        });
        join_all(calls).await.concat()
    });
    times.sort();
    let at = |part: f64| {
        let place = (times.len() as f64 * part) as usize;
        format!("{:.2}", times[place.min(times.len() - 1)].as_secs_f64() * 1e3)
    };
    head("10,000 peers, each calling once a second: ms per call", &["median", "p99", "longest"]);
    row(&format!("{} calls", times.len()), &[at(0.5), at(0.99), at(1.0)], "");
}
