//! The calls of libmultiprocess's own test interface, beside libmultiprocess.
//!
//! In: a server of ours, and the program that `MP_CXX_FOO` names. Out: a table; the two take turns, so that noise of
//! the machine hits both.

use std::collections::{BTreeMap, HashMap};
use std::process::Command;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use mp_runtime::{EventLoop, Result};
use mp_tests::foo::{FooCallback, FooInterface, FooStruct};

use super::serving::Server;
use super::table::{head, held, median, row};

/// Rounds, in each of which everything is measured once on each side.
const ROUNDS: usize = 3;
/// For so long a call is repeated.
const SLICE: Duration = Duration::from_millis(150);
const CALLERS: usize = 64;

struct Local;

impl FooCallback for Local {
    fn call(&self, arg: i32) -> Result<i32> {
        Ok(arg)
    }
}

fn sample() -> FooStruct {
    FooStruct {
        name: "name".into(),
        set_int: (0..20).collect(),
        unordered_set_int: (0..20).collect(),
        vector_bool: (0..20).map(|number| number % 2 == 1).collect(),
        optional_int: Some(3),
        map_string_int: (0..20).map(|number| (format!("key{number}"), number)).collect(),
    }
}

/// Makes a call, and says whether it returned what it should.
type Call = fn(&dyn FooInterface) -> bool;

/// The name of a call, the most that it may cost of what it costs libmultiprocess, and how it is made.
type Contender = (&'static str, f64, Box<dyn Fn(&dyn FooInterface) -> bool + Send + Sync>);

fn contenders() -> Vec<Contender> {
    fn of(
        name: &'static str,
        goal: f64,
        call: impl Fn(&dyn FooInterface) -> bool + Send + Sync + 'static,
    ) -> Contender {
        (name, goal, Box::new(call))
    }
    let record = sample();
    let mut all = vec![
        of("small", 0.5, |foo| foo.add(1, 2) == Ok(3)),
        of("context", 0.33, |foo| foo.call_int_fn_async(3) == Ok(3)),
        of("callback", 0.33, |foo| foo.callback(&Local, 3) == Ok(3)),
        of("struct", 0.33, move |foo| foo.pass(record.clone()).is_ok_and(|passed| passed == record)),
    ];
    for (name, length) in [("bytes-100kB", 100_000), ("bytes-1MB", 1_000_000), ("bytes-4MB", 4_000_000)] {
        let bytes = vec![7; length];
        all.push(of(name, 0.15, move |foo| foo.pass_data(&bytes).is_ok_and(|passed| passed.len() == length)));
    }
    all
}

/// The typical microseconds of one call.
fn time(foo: &dyn FooInterface, call: &dyn Fn(&dyn FooInterface) -> bool) -> f64 {
    let mut slices = Vec::new();
    let until = Instant::now() + SLICE;
    while Instant::now() < until {
        let started = Instant::now();
        let mut count = 0;
        while count == 0 || started.elapsed() < SLICE / 15 {
            assert!(call(foo), "the call returns what it should");
            count += 1;
        }
        slices.push(started.elapsed().as_secs_f64() * 1e6 / f64::from(count));
    }
    median(slices)
}

/// The microseconds between two calls of many threads.
fn time_many(foo: &Arc<dyn FooInterface>, call: Call) -> f64 {
    const EACH: usize = 200;
    let ready = Barrier::new(CALLERS + 1);
    let started = std::thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                // The first call of a thread makes its thread at the peer.
                assert!(call(&**foo), "the call returns what it should");
                ready.wait();
                for _ in 0..EACH {
                    assert!(call(&**foo), "the call returns what it should");
                }
            });
        }
        ready.wait();
        Instant::now()
    });
    started.elapsed().as_secs_f64() * 1e6 / (CALLERS * EACH) as f64
}

/// The other side's figures, if there is one.
fn other_side() -> Option<HashMap<String, f64>> {
    let program = std::env::var_os("MP_CXX_FOO")?;
    let output = Command::new(&program).output().expect("the program that MP_CXX_FOO names");
    let text = String::from_utf8(output.stdout).expect("lines");
    let line = |line: &str| {
        let (name, time) = line.split_once('\t')?;
        Some((name.to_owned(), time.trim().parse().ok()?))
    };
    Some(text.lines().filter_map(line).collect())
}

pub(crate) fn print(rows: &[&str], figures: &mut BTreeMap<String, f64>) {
    let chosen = |name: &str| rows.is_empty() || rows.contains(&name);
    let server = Server::start();
    let foo = server.foo(&EventLoop::new("client").expect("an event loop")).object();
    let mut many: Vec<(&str, f64, Call)> = vec![
        ("callers-64", 0.05, |foo| foo.add(1, 2) == Ok(3)),
        ("callers-64-context", 0.025, |foo| foo.call_int_fn_async(3) == Ok(3)),
    ];
    many.retain(|(name, ..)| chosen(name));
    let mut contenders = contenders();
    contenders.retain(|(name, ..)| chosen(name));
    let mut ours: HashMap<&str, Vec<f64>> = HashMap::new();
    let mut theirs: HashMap<&str, Vec<f64>> = HashMap::new();
    for _ in 0..ROUNDS {
        let other = other_side().unwrap_or_default();
        for (name, _, call) in &contenders {
            ours.entry(name).or_default().push(time(&*foo, call));
        }
        for (name, _, call) in &many {
            ours.entry(name).or_default().push(time_many(&foo, *call));
        }
        let names = contenders.iter().map(|(name, ..)| *name).chain(many.iter().map(|(name, ..)| *name));
        for name in names {
            theirs.entry(name).or_default().extend(other.get(name));
        }
    }
    head(
        "two processes, one socket: µs per call (for callers: µs between two calls of all)",
        &["ours", "libmultiprocess", "ratio"],
    );
    let goals = contenders.iter().map(|(name, goal, _)| (*name, *goal));
    for (name, goal) in goals.chain(many.iter().map(|(name, goal, _)| (*name, *goal))) {
        let (own, other) = (&ours[name], &theirs[name]);
        let ratio = median(own.iter().zip(other).map(|(own, other)| own / other).collect());
        let known = !other.is_empty();
        if known {
            figures.insert(format!("{name} × libmultiprocess"), ratio);
        }
        let shown = |value: f64, digits: usize| format!("{value:.digits$}");
        row(
            name,
            &[
                shown(median(own.clone()), 1),
                if known { shown(median(other.clone()), 1) } else { "-".into() },
                if known { shown(ratio, 3) } else { "-".into() },
            ],
            &if known { held(ratio, goal) } else { format!("≤ {goal}") },
        );
    }
    if other_side().is_none() {
        println!("MP_CXX_FOO names no program of libmultiprocess's; there is nothing to compare with");
    }
}
