//! Measures a contender in turns with its peers, so that noise of the machine hits all of them.
//!
//! In: contenders, each a function that makes a number of calls and says how long they took. Out:
//! criterion's figures, and for each contender the ratios to its peers, from slices of a few
//! milliseconds that took turns.

use std::cell::RefCell;
use std::sync::mpsc::channel;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};

/// Into this many slices one sample of criterion's is cut.
const SLICES: u64 = 4;
/// A shorter sample says nothing; criterion's warm-up has some.
const SHORTEST: Duration = Duration::from_millis(2);

/// Makes a number of calls and returns the time they took.
pub(crate) type Run = Box<dyn FnMut(u64) -> Duration>;

/// A contender on a thread of its own, because a thread that drives an event loop must not block.
pub(crate) fn apart<R: FnMut(u64) -> Duration>(
    make: impl FnOnce() -> R + Send + 'static,
) -> impl FnMut(u64) -> Duration {
    let (work, slices) = channel();
    let (report, times) = channel();
    std::thread::spawn(move || {
        let mut run = make();
        for iterations in slices {
            report.send(run(iterations)).expect("somebody who counts");
        }
    });
    move |iterations| {
        work.send(iterations).expect("a contender");
        times.recv().expect("a contender")
    }
}

/// What was measured of one contender.
pub(crate) struct Row {
    pub(crate) group: String,
    pub(crate) what: &'static str,
    pub(crate) peers: &'static [&'static str],
    samples: Vec<Sample>,
}

/// The time of one call, and as a multiple of the time of each peer's.
struct Sample {
    nanoseconds: f64,
    ratios: Vec<f64>,
}

impl Row {
    /// The typical time of one call, unless criterion's filter left the contender out.
    pub(crate) fn nanoseconds(&self) -> Option<f64> {
        median(self.samples.iter().map(|sample| sample.nanoseconds))
    }

    /// The typical ratio to a peer.
    pub(crate) fn ratio(&self, peer: &str) -> Option<f64> {
        let place = self.peers.iter().position(|known| *known == peer)?;
        median(self.samples.iter().map(|sample| sample.ratios[place]))
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Contenders that are compared with each other.
pub(crate) struct Group<'c> {
    name: String,
    /// How many calls one iteration makes.
    calls: u64,
    criterion: BenchmarkGroup<'c, WallTime>,
    contenders: Vec<(&'static str, RefCell<Run>)>,
    rows: &'c mut Vec<Row>,
}

impl<'c> Group<'c> {
    pub(crate) fn new(criterion: &'c mut Criterion, rows: &'c mut Vec<Row>, name: impl Into<String>) -> Self {
        let name = name.into();
        Group { criterion: criterion.benchmark_group(&name), name, calls: 1, contenders: Vec::new(), rows }
    }

    /// Says that an iteration makes this many calls.
    pub(crate) fn rounds_of(&mut self, calls: u64) {
        self.calls = calls;
        self.criterion.throughput(Throughput::Elements(calls));
    }

    /// Measures a contender beside peers that were added before.
    pub(crate) fn add(
        &mut self,
        what: &'static str,
        peers: &'static [&'static str],
        run: impl FnMut(u64) -> Duration + 'static,
    ) -> &mut Self {
        self.contenders.push((what, RefCell::new(Box::new(run))));
        let find = |name: &str| {
            let found = self.contenders.iter().find(|(known, _)| *known == name);
            &found.expect("a peer is added before it is named").1
        };
        let turns: Vec<_> = std::iter::once(what).chain(peers.iter().copied()).map(find).collect();
        let (calls, mut samples) = (self.calls, Vec::new());
        self.criterion.bench_function(what, |bencher| {
            bencher.iter_custom(|iterations| {
                let times = take_turns(&turns, iterations);
                if times[0] >= SHORTEST {
                    let own = times[0].as_secs_f64();
                    let ratios = times[1..].iter().map(|time| own / time.as_secs_f64()).collect();
                    samples.push(Sample { nanoseconds: own * 1e9 / (iterations * calls) as f64, ratios });
                }
                times[0]
            });
        });
        self.rows.push(Row { group: self.name.clone(), what, peers, samples });
        self
    }
}

/// Makes `iterations` calls of each in slices, and changes who begins.
fn take_turns(turns: &[&RefCell<Run>], iterations: u64) -> Vec<Duration> {
    let mut times = vec![Duration::ZERO; turns.len()];
    let slices = iterations.clamp(1, SLICES);
    for slice in 0..slices {
        let calls = iterations / slices + u64::from(slice < iterations % slices);
        for turn in 0..turns.len() {
            let index = (turn + slice as usize) % turns.len();
            times[index] += (turns[index].borrow_mut())(calls);
        }
    }
    times
}
