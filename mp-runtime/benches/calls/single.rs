//! One call after the other.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Criterion;

use super::bare_socket::ping_pong;
use super::by_hand;
use super::interface::{Adder, Local, Record, beside_loop, connected};

/// The time that `iterations` of a future take.
async fn time<F: Future>(iterations: u64, mut run: impl FnMut() -> F) -> Duration {
    let started = Instant::now();
    for _ in 0..iterations {
        run().await;
    }
    started.elapsed()
}

/// Small calls: plain, on a thread, with a callback, with collections.
pub(crate) fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("call");
    group.bench_function("bare", |b| b.iter_custom(|n| ping_pong(80, n)));
    group.bench_function("hand", |b| {
        b.iter_custom(|n| {
            by_hand::beside_client(async |calls| {
                assert_eq!(calls.add(1, 2).await.expect("a sum"), 3);
                time(n, || async { calls.add(1, 2).await.expect("a sum") }).await
            })
        });
    });
    group.bench_function("async", |b| {
        b.iter_custom(|n| {
            beside_loop(async |calls| {
                assert_eq!(calls.add_later(1, 2).await, Ok(3));
                time(n, || async { calls.add_later(1, 2).await.expect("a sum") }).await
            })
        });
    });
    group.bench_function("sync", |b| {
        let calls = connected();
        assert_eq!(calls.add(1, 2), Ok(3));
        b.iter(|| calls.add(1, 2).expect("a sum"));
    });
    group.bench_function("context", |b| {
        let calls = connected();
        assert_eq!(calls.add_on_thread(1, 2), Ok(3));
        b.iter(|| calls.add_on_thread(1, 2).expect("a sum"));
    });
    group.bench_function("callback", |b| {
        let calls = connected();
        assert_eq!(calls.add_by_callback(&Local, 1, 2), Ok(3));
        b.iter(|| calls.add_by_callback(&Local, 1, 2).expect("a sum"));
    });
    group.bench_function("callback-hand", |b| {
        b.iter_custom(|n| {
            by_hand::beside_client(async |calls| {
                let adder = by_hand::local();
                assert_eq!(calls.add_by_callback(&adder, 1, 2).await.expect("a sum"), 3);
                time(n, || async { calls.add_by_callback(&adder, 1, 2).await.expect("a sum") }).await
            })
        });
    });
    group.bench_function("callback-async", |b| {
        b.iter_custom(|n| {
            beside_loop(async |calls| {
                let adder: Arc<dyn Adder> = Arc::new(Local);
                assert_eq!(calls.add_later_by_callback(adder.clone(), 1, 2).await, Ok(3));
                time(n, || async { calls.add_later_by_callback(adder.clone(), 1, 2).await.expect("a sum") })
                    .await
            })
        });
    });
    let record = Record::sample();
    group.bench_function("record-sync", |b| {
        let calls = connected();
        assert_eq!(calls.pass(&record).as_ref(), Ok(&record));
        b.iter(|| calls.pass(&record).expect("a record"));
    });
    group.bench_function("record-async", |b| {
        b.iter_custom(|n| {
            beside_loop(async |calls| {
                time(n, || async { calls.pass_later(record.clone()).await.expect("a record") }).await
            })
        });
    });
    group.finish();
}

/// Bytes of several lengths, there and back.
pub(crate) fn bytes(criterion: &mut Criterion) {
    for (name, length) in [("1kB", 1 << 10), ("64kB", 64 << 10), ("1MB", 1 << 20), ("4MB", 4 << 20)] {
        let mut group = criterion.benchmark_group(format!("bytes-{name}"));
        let bytes = vec![7u8; length];
        group.bench_function("bare", |b| b.iter_custom(|n| ping_pong(length, n)));
        group.bench_function("hand", |b| {
            b.iter_custom(|n| {
                by_hand::beside_client(async |calls| {
                    assert_eq!(calls.echo(&bytes).await.expect("bytes"), bytes);
                    time(n, || async { calls.echo(&bytes).await.expect("bytes") }).await
                })
            });
        });
        group.bench_function("async", |b| {
            b.iter_custom(|n| {
                beside_loop(async |calls| {
                    assert_eq!(calls.echo_later(bytes.clone()).await.as_ref(), Ok(&bytes));
                    time(n, || async { calls.echo_later(bytes.clone()).await.expect("bytes") }).await
                })
            });
        });
        group.bench_function("sync", |b| {
            let calls = connected();
            assert_eq!(calls.echo(&bytes).as_ref(), Ok(&bytes));
            b.iter(|| calls.echo(&bytes).expect("bytes"));
        });
        group.finish();
    }
}
