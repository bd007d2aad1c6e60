//! Many callers at once: the time of one call is that of all of them, divided by their number.

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Criterion;
use futures::future::join_all;

use super::by_hand;
use super::interface::{Calls, beside_loop, connected};

/// The calls that each of `callers` makes, so that there are at least `iterations` in all; and the
/// share of `iterations` in that number.
fn share(iterations: u64, callers: u64) -> (u64, f64) {
    let each = iterations.div_ceil(callers);
    (each, iterations as f64 / (each * callers) as f64)
}

fn from_threads(
    calls: &Arc<dyn Calls>,
    callers: u64,
    iterations: u64,
    call: fn(&dyn Calls) -> mp_runtime::Result<i32>,
) -> Duration {
    let (each, part) = share(iterations, callers);
    let ready = Arc::new(std::sync::Barrier::new(callers as usize + 1));
    let threads: Vec<_> = (0..callers)
        .map(|_| {
            let (calls, ready) = (calls.clone(), ready.clone());
            std::thread::spawn(move || {
                // The first call of a thread makes its thread at the peer.
                call(&*calls).expect("a sum");
                ready.wait();
                for _ in 0..each {
                    assert_eq!(call(&*calls), Ok(3));
                }
            })
        })
        .collect();
    ready.wait();
    let started = Instant::now();
    for thread in threads {
        thread.join().expect("a caller");
    }
    started.elapsed().mul_f64(part)
}

/// Blocking calls from 1 to 64 threads, beside as many tasks of the hand-written client.
pub(crate) fn threads(criterion: &mut Criterion) {
    for callers in [1, 4, 16, 64] {
        let mut group = criterion.benchmark_group(format!("threads-{callers}"));
        group.bench_function("hand", |b| b.iter_custom(|n| tasks_by_hand(callers, n)));
        let remote = connected();
        let calls = remote.object();
        group.bench_function("sync", |b| {
            b.iter_custom(|n| from_threads(&calls, callers, n, |calls| calls.add(1, 2)));
        });
        group.bench_function("context", |b| {
            b.iter_custom(|n| from_threads(&calls, callers, n, |calls| calls.add_on_thread(1, 2)));
        });
        group.finish();
    }
}

fn tasks_by_hand(callers: u64, iterations: u64) -> Duration {
    let (each, part) = share(iterations, callers);
    by_hand::beside_client(async |calls| {
        calls.add(1, 2).await.expect("a sum");
        let started = Instant::now();
        join_all((0..callers).map(|_| async {
            for _ in 0..each {
                assert_eq!(calls.add(1, 2).await.expect("a sum"), 3);
            }
        }))
        .await;
        started.elapsed()
    })
    .mul_f64(part)
}

/// Asynchronous calls from 64 and 1,000 tasks.
pub(crate) fn tasks(criterion: &mut Criterion) {
    for callers in [64, 1000] {
        let mut group = criterion.benchmark_group(format!("tasks-{callers}"));
        group.bench_function("hand", |b| b.iter_custom(|n| tasks_by_hand(callers, n)));
        group.bench_function("async", |b| {
            b.iter_custom(|n| {
                let (each, part) = share(n, callers);
                beside_loop(async |calls| {
                    calls.add_later(1, 2).await.expect("a sum");
                    let started = Instant::now();
                    join_all((0..callers).map(|_| async {
                        for _ in 0..each {
                            assert_eq!(calls.add_later(1, 2).await, Ok(3));
                        }
                    }))
                    .await;
                    started.elapsed()
                })
                .mul_f64(part)
            });
        });
        group.finish();
    }
}
