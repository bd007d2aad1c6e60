//! How the cost of a call grows with what there is beside it.
//!
//! In: callers, bytes, objects and connections, more each time. Out: the time of one call, and how many times the time
//! of the first row of its kind that is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use mp_runtime::EventLoop;

use super::serving::{Server, Store};
use super::table::{head, median, row};

const SLICE: Duration = Duration::from_millis(300);

/// The typical microseconds of one round.
async fn time(mut round: impl AsyncFnMut()) -> f64 {
    let mut times = Vec::new();
    let until = Instant::now() + SLICE;
    while times.len() < 5 || Instant::now() < until {
        let started = Instant::now();
        round().await;
        times.push(started.elapsed().as_secs_f64() * 1e6);
    }
    median(times)
}

/// Prints the rows of one kind.
struct Rows(Option<f64>);

impl Rows {
    fn add(&mut self, what: String, time: f64) {
        let first = *self.0.get_or_insert(time);
        row(&what, &[format!("{time:.1}"), format!("{:.2}", time / first)], "");
    }
}

pub(crate) fn print() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    head("growth: µs per awaited call, with so many beside it", &["µs", "× the first"]);
    runtime.block_on(async {
        let server = Server::start();
        let event_loop = EventLoop::new("client").expect("an event loop");
        let store: Arc<dyn Store> = server.store(&event_loop).object();
        let add = async |store: &dyn Store| assert_eq!(store.add(1, 2).await, Ok(3));

        let mut rows = Rows(None);
        for count in [1, 10, 100, 1_000] {
            let round = async || drop(join_all((0..count).map(|_| add(&*store))).await);
            rows.add(format!("{count} callers"), time(round).await / f64::from(count));
        }
        let mut rows = Rows(None);
        for length in [1, 1 << 10, 1 << 16, 1 << 20, 8 << 20] {
            let bytes = vec![7; length];
            let round = async || assert_eq!(store.echo(bytes.clone()).await.map(|got| got.len()), Ok(length));
            rows.add(format!("{length} bytes"), time(round).await);
        }
        let (mut rows, mut items) = (Rows(None), Vec::new());
        for count in [1, 1_000, 10_000, 100_000] {
            while items.len() < count {
                items.push(store.item(items.len() as i32).await.expect("an item"));
            }
            rows.add(format!("{count} live objects"), time(async || add(&*store).await).await);
        }
        // A server of its own: to let go of all those takes a while.
        let server = Server::start();
        let (mut rows, mut connections) = (Rows(None), Vec::new());
        for count in [1, 100, 1_000, 10_000] {
            while connections.len() < count {
                let one: Arc<dyn Store> = server.store(&event_loop).object();
                add(&*one).await;
                connections.push(one);
            }
            rows.add(format!("{count} connections"), time(async || add(&*connections[0]).await).await);
        }
    });
}
