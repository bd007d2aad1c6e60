//! `top`: the calls of a process that serves a monitor, as they happen.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use bitcoin_ipc::monitor::{CallCount, Monitor};
use bitcoin_ipc::mp_runtime::{EventLoop, connect_within};
use bitcoin_ipc::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use crate::amounts::{count, duration, micros};
use crate::arguments::Top;
use crate::failure::Failure;
use crate::node::Node;
use crate::output::{Output, write};
use crate::table::Table;

/// How often the numbers are asked for.
const INTERVAL: Duration = Duration::from_secs(1);
/// How many lines of the screen are not rows.
const HEAD: usize = 3;

/// Asks for the numbers each second and prints them.
pub(crate) async fn run(command: &Top, node: &Node, output: Output) -> Result<(), Failure> {
    let socket = match &command.socket {
        Some(socket) => socket.clone(),
        None => node.monitor_socket()?,
    };
    let event_loop = EventLoop::new("bitcoin-ipc top")?;
    let monitor = connect_within::<dyn Monitor>(&event_loop, &socket, node.timeout()).await?;
    let live = !command.once && !output.json && std::io::stdout().is_terminal();
    let _screen = live.then(Screen::enter).transpose()?;
    let snapshot = async || within(node.timeout(), Snapshot::take(&*monitor)).await;
    let mut last = snapshot().await?;
    loop {
        tokio::time::sleep(INTERVAL).await;
        let next = snapshot().await?;
        let rows = rows(&last, &next);
        if live {
            let lines = Screen::rows().saturating_sub(HEAD);
            let shown = table(&rows[..rows.len().min(lines)]);
            write(&format!("\x1b[H\x1b[J{}  (Ctrl-C to leave)\n\n{shown}", socket.display()))?;
        } else if output.json {
            rows.iter().try_for_each(|row| output.line(row.json()))?;
        } else if command.once {
            output.line(table(&rows))?;
        } else {
            output.line(format_args!("{}\n", table(&rows)))?;
        }
        if command.once {
            return Ok(());
        }
        last = next;
    }
}

/// Awaits an answer of the monitor for so long.
async fn within<T>(limit: Duration, call: impl Future<Output = Result<T>>) -> Result<T> {
    let late = || Error::new(ErrorKind::Timeout, format!("the monitor has not answered within {limit:?}"));
    tokio::time::timeout(limit, call).await.map_err(|_| late())?
}

/// All numbers at one time.
struct Snapshot {
    time: Instant,
    counts: Vec<CallCount>,
}

impl Snapshot {
    async fn take(monitor: &dyn Monitor) -> Result<Snapshot> {
        Ok(Snapshot { counts: monitor.call_counts().await?, time: Instant::now() })
    }
}

/// The numbers of a method.
struct Row {
    count: CallCount,
    per_second: f64,
}

/// The methods, the busiest first.
fn rows(last: &Snapshot, next: &Snapshot) -> Vec<Row> {
    let seconds = next.time.duration_since(last.time).as_secs_f64().max(f64::EPSILON);
    let before = |count: &CallCount| {
        let same = |other: &&CallCount| {
            (other.served, &other.interface, &other.method) == (count.served, &count.interface, &count.method)
        };
        last.counts.iter().find(same).map_or(0, |last| last.calls)
    };
    let mut rows: Vec<Row> = next
        .counts
        .iter()
        .map(|count| {
            let per_second = count.calls.saturating_sub(before(count)) as f64 / seconds;
            Row { count: count.clone(), per_second }
        })
        .collect();
    rows.sort_by(|one, other| {
        other.per_second.total_cmp(&one.per_second).then(other.count.calls.cmp(&one.count.calls))
    });
    rows
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new(&["method", "side", "calls", "per second", "errors", "mean", "longest"]);
    for row in rows {
        let CallCount { interface, method, calls, errors, longest, .. } = &row.count;
        table.row(vec![
            format!("{interface}.{method}"),
            row.side().into(),
            count(*calls),
            format!("{:.1}", row.per_second),
            count(*errors),
            duration(row.mean()),
            duration(*longest),
        ]);
    }
    table
}

impl Row {
    fn side(&self) -> &'static str {
        if self.count.served { "server" } else { "client" }
    }

    fn mean(&self) -> Duration {
        match self.count.calls {
            0 => Duration::ZERO,
            calls => self.count.total.div_f64(calls as f64),
        }
    }

    fn json(&self) -> Value {
        let CallCount { interface, method, calls, errors, longest, .. } = &self.count;
        json!({
            "side": self.side(),
            "interface": interface,
            "method": method,
            "calls": calls,
            "per_second": (self.per_second * 10.0).round() / 10.0,
            "errors": errors,
            "mean_us": micros(self.mean()),
            "longest_us": micros(*longest),
        })
    }
}

/// The terminal's second screen, which leaves the first one as it was.
struct Screen;

impl Screen {
    fn enter() -> Result<Screen, Failure> {
        write("\x1b[?1049h\x1b[?25l\x1b[H\x1b[J")?;
        Ok(Screen)
    }

    /// How many lines it has; some terminals do not know.
    fn rows() -> usize {
        let size = rustix::termios::tcgetwinsize(std::io::stdout());
        size.ok().map(|size| usize::from(size.ws_row)).filter(|&rows| rows > 0).unwrap_or(24)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs no tidying.
        let _ = write("\x1b[?25h\x1b[?1049l");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(time: Instant, calls: &[(&str, u64)]) -> Snapshot {
        let counts = calls.iter().map(|&(method, calls)| CallCount {
            served: true,
            interface: "Mining".into(),
            method: method.into(),
            calls,
            errors: 0,
            total: Duration::from_millis(calls * 2),
            longest: Duration::from_millis(9),
            classes: Vec::new(),
        });
        Snapshot { time, counts: counts.collect() }
    }

    #[test]
    fn the_busiest_method_stands_first() {
        let start = Instant::now();
        let last = snapshot(start, &[("getTip", 10), ("waitTipChanged", 5)]);
        let next = snapshot(
            start + Duration::from_secs(2),
            &[("getTip", 10), ("waitTipChanged", 9), ("submitBlock", 1)],
        );
        let rows = rows(&last, &next);
        let shown: Vec<_> = rows.iter().map(|row| (row.count.method.as_str(), row.per_second)).collect();
        assert_eq!(shown, [("waitTipChanged", 2.0), ("submitBlock", 0.5), ("getTip", 0.0)]);
        assert_eq!(rows[0].mean(), Duration::from_millis(2));
    }
}
