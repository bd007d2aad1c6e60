//! Watching calls: how many, how long, how many failed, how many are under way.
//!
//! In: every call of an event loop's connections, when it begins and when it has ended. Out: whatever a [`Monitor`]
//! makes of it; [`CallCounts`] keeps numbers per method, as Prometheus reads them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::error::ErrorKind;

/// Hears of calls that begin and end. It runs on the event loop, so it must be quick.
pub trait Monitor: Send + Sync {
    /// A call has been sent, or has arrived. The same monitor hears of its end.
    fn call_started(&self, _call: &StartedCall) {}

    /// A call has ended.
    fn call_ended(&self, call: &EndedCall);
}

/// Which side of a call this process was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// It made the call.
    Client,
    /// It served the call.
    Server,
}

/// A call that begins.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct StartedCall {
    /// Who made it.
    pub side: Side,
    /// The interface, by its schema name.
    pub interface: &'static str,
    /// The method, by its schema name.
    pub method: &'static str,
}

/// A call that has ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EndedCall {
    /// Who made it.
    pub side: Side,
    /// The interface, by its schema name.
    pub interface: &'static str,
    /// The method, by its schema name.
    pub method: &'static str,
    /// From the request to the response.
    pub duration: Duration,
    /// Why it failed, if it did.
    pub error: Option<ErrorKind>,
}

/// Upper bounds of the classes of duration that [`CallCounts`] counts, in microseconds.
pub const CLASSES: [u64; 8] = [100, 300, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 60_000_000];

/// The calls of one method.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MethodCounts {
    /// Who made the calls.
    pub side: Side,
    /// The interface, by its schema name.
    pub interface: &'static str,
    /// The method, by its schema name.
    pub method: &'static str,
    /// Calls that have begun and not ended yet.
    pub in_flight: u64,
    /// Calls that have ended.
    pub calls: u64,
    /// Those of them that failed.
    pub errors: u64,
    /// The time that all of them took.
    pub total: Duration,
    /// The time that the longest took.
    pub longest: Duration,
    /// How many took at most as long as each of [`CLASSES`] and longer than the one before.
    pub classes: [u64; CLASSES.len()],
}

/// A [`Monitor`] that counts calls by method.
#[derive(Debug, Default)]
pub struct CallCounts(Mutex<BTreeMap<(Side, &'static str, &'static str), MethodCounts>>);

impl CallCounts {
    fn of(
        &self,
        side: Side,
        interface: &'static str,
        method: &'static str,
        note: impl FnOnce(&mut MethodCounts),
    ) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        note(counts.entry((side, interface, method)).or_insert(MethodCounts {
            side,
            interface,
            method,
            in_flight: 0,
            calls: 0,
            errors: 0,
            total: Duration::ZERO,
            longest: Duration::ZERO,
            classes: [0; CLASSES.len()],
        }));
    }

    /// The numbers so far, by side, interface and method.
    #[must_use]
    pub fn snapshot(&self) -> Vec<MethodCounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The numbers in the text format of [Prometheus](https://prometheus.io/docs/instrumenting/exposition_formats/).
    #[must_use]
    pub fn to_prometheus(&self) -> String {
        let counts = self.snapshot();
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ =
            writeln!(text, "# HELP ipc_calls_total Calls that have ended.\n# TYPE ipc_calls_total counter");
        for count in &counts {
            let _ = writeln!(text, "ipc_calls_total{{{}}} {}", labels(count), count.calls);
        }
        let _ = writeln!(text, "# HELP ipc_errors_total Calls that failed.\n# TYPE ipc_errors_total counter");
        for count in &counts {
            let _ = writeln!(text, "ipc_errors_total{{{}}} {}", labels(count), count.errors);
        }
        let _ = writeln!(
            text,
            "# HELP ipc_calls_in_flight Calls that have not ended.\n# TYPE ipc_calls_in_flight gauge"
        );
        for count in &counts {
            let _ = writeln!(text, "ipc_calls_in_flight{{{}}} {}", labels(count), count.in_flight);
        }
        let _ =
            writeln!(text, "# HELP ipc_call_seconds How long calls took.\n# TYPE ipc_call_seconds histogram");
        for count in &counts {
            let labels = labels(count);
            let mut below = 0;
            for (class, bound) in count.classes.iter().zip(CLASSES) {
                below += class;
                let bound = Duration::from_micros(bound).as_secs_f64();
                let _ = writeln!(text, "ipc_call_seconds_bucket{{{labels},le=\"{bound}\"}} {below}");
            }
            let _ = writeln!(text, "ipc_call_seconds_bucket{{{labels},le=\"+Inf\"}} {}", count.calls);
            let _ = writeln!(text, "ipc_call_seconds_sum{{{labels}}} {}", count.total.as_secs_f64());
            let _ = writeln!(text, "ipc_call_seconds_count{{{labels}}} {}", count.calls);
        }
        text
    }
}

fn labels(count: &MethodCounts) -> String {
    let side = match count.side {
        Side::Client => "client",
        Side::Server => "server",
    };
    format!("side=\"{side}\",interface=\"{}\",method=\"{}\"", count.interface, count.method)
}

impl Monitor for CallCounts {
    fn call_started(&self, call: &StartedCall) {
        self.of(call.side, call.interface, call.method, |count| count.in_flight += 1);
    }

    fn call_ended(&self, call: &EndedCall) {
        let EndedCall { side, interface, method, duration, error } = *call;
        self.of(side, interface, method, |count| {
            count.in_flight = count.in_flight.saturating_sub(1);
            count.calls += 1;
            count.errors += u64::from(error.is_some());
            count.total = count.total.saturating_add(duration);
            count.longest = count.longest.max(duration);
            let class = CLASSES.iter().position(|bound| duration <= Duration::from_micros(*bound));
            if let Some(class) = class {
                count.classes[class] += 1;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_method_and_duration() {
        let counts = CallCounts::default();
        let call = |micros, error| EndedCall {
            side: Side::Client,
            interface: "Echo",
            method: "echo",
            duration: Duration::from_micros(micros),
            error,
        };
        let started = StartedCall { side: Side::Client, interface: "Echo", method: "echo" };
        (0..3).for_each(|_| counts.call_started(&started));
        counts.call_ended(&call(200, None));
        counts.call_ended(&call(70_000_000, Some(ErrorKind::Failed)));
        let [count] = &counts.snapshot()[..] else { panic!("one method") };
        assert_eq!((count.calls, count.errors, count.classes[1]), (2, 1, 1));
        assert_eq!(count.longest, Duration::from_secs(70));
        let text = counts.to_prometheus();
        let labels = "side=\"client\",interface=\"Echo\",method=\"echo\"";
        assert!(text.contains(&format!("ipc_calls_total{{{labels}}} 2\n")), "{text}");
        assert!(text.contains(&format!("ipc_calls_in_flight{{{labels}}} 1\n")), "{text}");
        assert!(text.contains(&format!("ipc_call_seconds_bucket{{{labels},le=\"60\"}} 1\n")), "{text}");
        assert!(text.contains(&format!("ipc_call_seconds_bucket{{{labels},le=\"+Inf\"}} 2\n")), "{text}");
    }
}
