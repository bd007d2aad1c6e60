//! Many callers at once.
//!
//! In: a number of threads or tasks that call as fast as they can. Out: the time of rounds, in each
//! of which every caller makes one call.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use criterion::Criterion;
use futures::future::join_all;

use super::by_hand::{self, Blocking};
use super::interface::{self, connected};
use super::pairs::{Group, Row, apart};

/// Threads that make blocking calls all at the same time.
struct Callers {
    work: Vec<Sender<u64>>,
    done: Receiver<(Instant, Instant)>,
}

impl Callers {
    fn new(count: u64, call: impl Fn() -> i32 + Clone + Send + 'static) -> Self {
        let (report, done) = channel();
        let ready = Arc::new(Barrier::new(count as usize));
        let work = (0..count)
            .map(|_| {
                let (sender, work) = channel::<u64>();
                let (call, report, ready) = (call.clone(), report.clone(), ready.clone());
                std::thread::spawn(move || {
                    // The first call of a thread makes its thread at the peer.
                    assert_eq!(call(), 3);
                    for rounds in work {
                        ready.wait();
                        let started = Instant::now();
                        for _ in 0..rounds {
                            assert_eq!(call(), 3);
                        }
                        report.send((started, Instant::now())).expect("somebody who counts");
                    }
                });
                sender
            })
            .collect();
        Callers { work, done }
    }

    /// From the start of the first caller to the end of the last.
    fn run(&self, rounds: u64) -> Duration {
        for work in &self.work {
            work.send(rounds).expect("a caller");
        }
        let times: Vec<_> = self.work.iter().map(|_| self.done.recv().expect("a caller")).collect();
        let first = times.iter().map(|time| time.0).min().expect("callers");
        let last = times.iter().map(|time| time.1).max().expect("callers");
        last.duration_since(first)
    }
}

fn from_threads(
    callers: u64,
    call: impl Fn() -> i32 + Clone + Send + 'static,
) -> impl FnMut(u64) -> Duration {
    let callers = Callers::new(callers, call);
    move |rounds| callers.run(rounds)
}

/// The time of calls that this many tasks make, all at the same time.
async fn from_tasks(callers: u64, rounds: u64, call: impl AsyncFn() -> i32) -> Duration {
    let started = Instant::now();
    join_all((0..callers).map(|_| async {
        for _ in 0..rounds {
            assert_eq!(call().await, 3);
        }
    }))
    .await;
    started.elapsed()
}

fn tasks_by_hand(callers: u64) -> impl FnMut(u64) -> Duration {
    let client = by_hand::Beside::new();
    move |rounds| {
        client.run(async |calls| {
            from_tasks(callers, rounds, async || calls.add(1, 2).await.expect("a sum")).await
        })
    }
}

fn tasks(callers: u64) -> impl FnMut(u64) -> Duration {
    let mut client = interface::Beside::new();
    move |rounds| {
        client.run(async |calls| {
            from_tasks(callers, rounds, async || calls.add_later(1, 2).await.expect("a sum")).await
        })
    }
}

/// Blocking calls from 1 to 64 threads, beside as many tasks of the hand-written client.
pub(crate) fn many_threads(criterion: &mut Criterion, rows: &mut Vec<Row>) {
    for callers in [1, 4, 16, 64] {
        let mut group = Group::new(criterion, rows, format!("threads-{callers}"));
        group.rounds_of(callers);
        group.add("hand", &[], apart(move || tasks_by_hand(callers)));
        let client = Blocking::new();
        group.add("hand-sync", &["hand"], from_threads(callers, move || client.add(1, 2)));
        let calls = Arc::new(connected());
        let call = move || calls.add(1, 2).expect("a sum");
        group.add("sync", &["hand", "hand-sync"], from_threads(callers, call));
        let calls = Arc::new(connected());
        let call = move || calls.add_on_thread(1, 2).expect("a sum");
        group.add("context", &["hand"], from_threads(callers, call));
    }
}

/// Whether more threads make fewer calls: each number of threads takes turns with the one before.
pub(crate) fn growing(criterion: &mut Criterion, rows: &mut Vec<Row>) {
    /// Every number of threads divides it.
    const CALLS: u64 = 64;
    let steps: [(u64, &str, &[&str]); 4] =
        [(1, "1", &[]), (4, "4", &["1"]), (16, "16", &["4"]), (64, "64", &["16"])];
    for (name, on_thread) in [("growing-sync", false), ("growing-ctx", true)] {
        let mut group = Group::new(criterion, rows, name);
        group.rounds_of(CALLS);
        for (threads, what, peers) in steps {
            let calls = Arc::new(connected());
            let mut run = from_threads(threads, move || {
                if on_thread { calls.add_on_thread(1, 2) } else { calls.add(1, 2) }.expect("a sum")
            });
            group.add(what, peers, move |rounds| run(rounds * CALLS / threads));
        }
    }
}

/// Asynchronous calls from 64 and 1,000 tasks.
pub(crate) fn many_tasks(criterion: &mut Criterion, rows: &mut Vec<Row>) {
    for callers in [64, 1000] {
        let mut group = Group::new(criterion, rows, format!("tasks-{callers}"));
        group.rounds_of(callers);
        group.add("hand", &[], apart(move || tasks_by_hand(callers)));
        group.add("async", &["hand"], apart(move || tasks(callers)));
    }
}
