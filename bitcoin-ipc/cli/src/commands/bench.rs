//! `bench`: how fast the node answers.

use std::time::{Duration, Instant};

use bitcoin_ipc::Result;
use bitcoin_ipc::interfaces::{Echo, Mining};
use futures::future::try_join_all;
use serde_json::json;

use crate::amounts::{count, duration, micros};
use crate::arguments::Bench;
use crate::failure::Failure;
use crate::node::Node;
use crate::output::Output;
use crate::progress::waiting;
use crate::table::Table;

/// What is called.
#[derive(Clone, Copy)]
enum Method<'a> {
    Echo(&'a dyn Echo),
    GetTip(&'a dyn Mining),
}

impl Method<'_> {
    fn name(self) -> &'static str {
        match self {
            Method::Echo(_) => "Echo.echo",
            Method::GetTip(_) => "Mining.getTip",
        }
    }

    async fn call(self) -> Result<()> {
        match self {
            Method::Echo(echo) => echo.echo("bench").await.map(drop),
            Method::GetTip(mining) => mining.get_tip().await.map(drop),
        }
    }
}

/// Measures, and prints how many calls there were and how long they took.
pub(crate) async fn run(command: &Bench, node: &Node, output: Output) -> Result<(), Failure> {
    let client = node.client().await?;
    let (echo, mining) = (client.echo().await?, client.mining());
    let tasks = command.tasks.get();
    let mut table = Table::new(&["method", "at once", "per second", "p50", "p90", "p99", "max"]);
    for (method, tasks) in [
        (Method::Echo(&*echo), 1),
        (Method::GetTip(&*mining), 1),
        (Method::Echo(&*echo), tasks),
        (Method::GetTip(&*mining), tasks),
    ] {
        // The first calls make threads at the node.
        measure(method, tasks, Duration::ZERO).await?;
        let run = measure(method, tasks, Duration::from_secs(command.seconds));
        let measured = waiting("measuring", run).await?;
        if output.json {
            output.line(measured.json(method.name(), tasks))?;
        } else {
            table.row(measured.row(method.name(), tasks));
        }
    }
    if output.json { Ok(()) } else { output.line(table) }
}

/// The durations of calls, sorted, and how long they took together.
struct Measured {
    durations: Vec<Duration>,
    elapsed: Duration,
}

/// Makes calls one after the other, in so many tasks, for so long.
async fn measure(method: Method<'_>, tasks: u16, limit: Duration) -> Result<Measured> {
    let start = Instant::now();
    let task = async || {
        let mut durations = Vec::new();
        loop {
            let begin = Instant::now();
            method.call().await?;
            durations.push(begin.elapsed());
            if start.elapsed() >= limit {
                return Ok::<_, bitcoin_ipc::Error>(durations);
            }
        }
    };
    let durations = try_join_all((0..tasks).map(|_| task())).await?;
    let elapsed = start.elapsed();
    let mut durations = durations.concat();
    durations.sort_unstable();
    Ok(Measured { durations, elapsed })
}

impl Measured {
    /// The duration that so many of a hundred calls did not exceed.
    fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.durations.len() * percent).div_ceil(100).saturating_sub(1);
        self.durations.get(rank).copied().unwrap_or_default()
    }

    fn per_second(&self) -> u64 {
        let calls = self.durations.len() as f64;
        (calls / self.elapsed.as_secs_f64().max(f64::EPSILON)).round() as u64
    }

    fn row(&self, method: &str, tasks: u16) -> Vec<String> {
        let percentiles = [50, 90, 99, 100].map(|percent| duration(self.percentile(percent)));
        let start = [method.to_owned(), tasks.to_string(), count(self.per_second())];
        start.into_iter().chain(percentiles).collect()
    }

    fn json(&self, method: &str, tasks: u16) -> serde_json::Value {
        json!({
            "method": method,
            "tasks": tasks,
            "calls": self.durations.len(),
            "per_second": self.per_second(),
            "p50_us": micros(self.percentile(50)),
            "p90_us": micros(self.percentile(90)),
            "p99_us": micros(self.percentile(99)),
            "max_us": micros(self.percentile(100)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_calls_that_were_made() {
        let measured = |count: u64| Measured {
            durations: (1..=count).map(Duration::from_millis).collect(),
            elapsed: Duration::from_secs(2),
        };
        let hundred = measured(100);
        assert_eq!([50, 99, 100].map(|percent| hundred.percentile(percent).as_millis()), [50, 99, 100]);
        assert_eq!(hundred.per_second(), 50);
        assert_eq!([50, 90, 100].map(|percent| measured(1).percentile(percent).as_millis()), [1, 1, 1]);
        assert_eq!(measured(0).percentile(50), Duration::ZERO);
    }
}
