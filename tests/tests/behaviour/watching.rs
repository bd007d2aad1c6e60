//! What a trace of the program and a monitor see of calls.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task;

use mp_runtime::monitor::{CallCounts, Side};
use mp_runtime::{ErrorKind, EventLoop, Remote, Result, ipc_interface, pair};
use tokio::sync::Semaphore;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use super::work::until;

#[ipc_interface(file = "watching.capnp", file_id = 0xe5a1_0000_0000_00b2)]
trait Gate: Send + Sync {
    async fn pass(&self) -> Result<u32>;
    fn fail(&self) -> Result<()>;
}

struct Guard(Semaphore);

#[ipc_interface]
impl Gate for Guard {
    async fn pass(&self) -> Result<u32> {
        tracing::info!(target: "guard", "somebody waits");
        self.0.acquire().await.expect("a gate").forget();
        Ok(1)
    }

    fn fail(&self) -> Result<()> {
        tracing::info!(target: "guard", "nobody passes");
        Err(mp_runtime::Error::failed("shut"))
    }
}

/// Spans with their fields, and events of the served object with the spans around them.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

#[derive(Default)]
struct Fields(BTreeSet<String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if !["connection", "call"].contains(&field.name()) {
            self.0.insert(format!("{}={value:?}", field.name()));
        }
    }
}

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Seen {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let fields: Vec<String> = fields.0.into_iter().collect();
        self.0.lock().unwrap().push(format!("{} {}", attributes.metadata().name(), fields.join(" ")));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() == "guard" {
            let around = context.event_span(event).map_or("nothing", |span| span.name());
            self.0.lock().unwrap().push(format!("an event in {around}"));
        }
    }
}

#[test]
fn a_call_has_a_span_on_either_side() {
    let seen = Seen::default();
    let subscriber = tracing_subscriber::registry().with(seen.clone());
    // Everything on this thread, so that one subscriber sees it.
    tracing::subscriber::with_default(subscriber, || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (event_loop, driver) = EventLoop::with_driver("traced");
            let mut driver = pin!(driver);
            let mut work = pin!(async {
                let (gate, _connection) = pair::<dyn Gate>(&event_loop, Arc::new(Guard(Semaphore::new(1))));
                assert_eq!(gate.pass().await, Ok(1));
            });
            poll_fn(|cx| {
                let _ = driver.as_mut().poll(cx);
                work.as_mut().poll(cx)
            })
            .await;
        });
    });
    let seen = seen.0.lock().unwrap();
    let expected = [
        "ipc.call interface=\"Gate\" method=\"pass\"",
        "ipc.serve interface=\"Gate\" method=\"pass\"",
        "an event in ipc.serve",
    ];
    let found: Vec<&String> = seen.iter().filter(|line| !line.contains("destroy")).collect();
    assert_eq!(found, expected, "{seen:?}");
}

fn counts(counts: &CallCounts, method: &str) -> Vec<(Side, u64, u64, u64)> {
    let all = counts.snapshot().into_iter().filter(|count| count.method == method);
    all.map(|count| (count.side, count.in_flight, count.calls, count.errors)).collect()
}

#[test]
fn a_monitor_knows_how_many_calls_are_under_way() {
    let counted = Arc::new(CallCounts::default());
    let event_loop = EventLoop::new("watched").unwrap();
    event_loop.set_monitor(counted.clone());
    let guard = Arc::new(Guard(Semaphore::new(0)));
    let (gate, connection): (Remote<dyn Gate>, _) = pair(&event_loop, guard.clone());
    let (client, server) = (Side::Client, Side::Server);
    let are = |expected: [(Side, u64, u64, u64); 2]| until(|| counts(&counted, "pass") == expected);

    let calls: RefCell<Vec<_>> = RefCell::new((0..3).map(|_| Box::pin(gate.pass())).collect());
    let still_wait = || {
        let mut cx = task::Context::from_waker(task::Waker::noop());
        calls.borrow_mut().retain_mut(|call| call.as_mut().poll(&mut cx).is_pending());
        calls.borrow().len()
    };
    assert_eq!(still_wait(), 3);
    are([(client, 3, 0, 0), (server, 3, 0, 0)]);
    // One ends, one is cancelled, and one ends with the connection.
    guard.0.add_permits(1);
    until(|| still_wait() == 2);
    are([(client, 2, 1, 0), (server, 2, 1, 0)]);
    drop(calls.borrow_mut().pop());
    are([(client, 1, 2, 1), (server, 1, 2, 1)]);
    assert_eq!(gate.fail().map_err(|error| error.kind()), Err(ErrorKind::Failed));
    until(|| counts(&counted, "fail") == [(client, 0, 1, 1), (server, 0, 1, 1)]);
    connection.close();
    are([(client, 0, 3, 2), (server, 0, 3, 2)]);
    let text = counted.to_prometheus();
    assert!(
        text.contains("ipc_calls_in_flight{side=\"client\",interface=\"Gate\",method=\"pass\"} 0"),
        "{text}"
    );
}
