//! What node and wallets say to each other.
//!
//! In: their logs at `-debug=ipc`, while they are written or afterwards. Out: the lines of calls by
//! time, each request with its response, in the colour of its process.

mod tail;

use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use bitcoin_ipc_cli::combine_logs::{CombineOptions, Input, Summary, combine, style};

use crate::programs::Node;
use crate::{Failure, Result};
use tail::{Tail, is_idle};

/// The method by which a node hands an RPC method to the wallets that registered it.
pub const WALLET_METHOD: &str = "ActorCallback.call";

/// The logs of a node and its wallets, under the names that they are shown with.
fn logs(node: &Node) -> [(&'static str, PathBuf, bool); 2] {
    [("node", node.log_file(), false), ("wallet", node.wallet_log_file(), true)]
}

/// Combines both logs as they are now, with requests and responses paired.
///
/// # Errors
///
/// A log cannot be read.
pub fn combined(node: &Node, follow: Option<&str>, colour: bool, out: &mut dyn Write) -> Result<Summary> {
    let mut inputs = Vec::new();
    for (name, path, child) in logs(node) {
        match File::open(&path) {
            Ok(file) => inputs.push(Input::new(name, BufReader::new(file)).style(style(0, child))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut options = CombineOptions::default();
    (options.colour, options.pair) = (colour, true);
    options.follow = follow
        .map(str::parse)
        .transpose()
        .map_err(|error: bitcoin_init::Error| Failure::new(error.text()))?;
    Ok(combine(inputs, &options, &mut Shown::new(out))?)
}

/// How many calls of a method the node has sent so far.
#[must_use]
pub fn sent(node: &Node, method: &str) -> usize {
    let log = fs::read(node.log_file()).unwrap_or_default();
    let begin = format!("IPC client send {method} ");
    String::from_utf8_lossy(&log).lines().filter(|line| line.contains(&begin)).count()
}

/// Shows the calls of a node and its wallets while they happen, until it is dropped.
#[derive(Debug)]
pub struct Live {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Live {
    /// Begins to show them. Whatever reads the logs is over before this is dropped.
    ///
    /// # Errors
    ///
    /// There can be no thread.
    pub fn start(node: &Node, colour: bool, mut out: impl Write + Send + 'static) -> Result<Live> {
        let stop = Arc::new(AtomicBool::new(false));
        let inputs = logs(node).map(|(name, path, child)| {
            let reader = BufReader::new(Tail::new(path, stop.clone()));
            (name, reader, style(0, child))
        });
        let thread = std::thread::Builder::new().name("traffic".to_owned()).spawn(move || {
            let inputs = inputs.map(|(name, reader, style)| Input::new(name, reader).style(style));
            let mut options = CombineOptions::default();
            (options.colour, options.pair) = (colour, true);
            // Output that nobody reads any more ends it.
            let _ = combine(inputs.into(), &options, &mut Shown::new(&mut out));
        })?;
        Ok(Live { stop, thread: Some(thread) })
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported.
            let _ = thread.join();
        }
    }
}

/// Passes on the lines of calls, shortened.
struct Shown<'a> {
    out: &'a mut dyn Write,
    line: Vec<u8>,
}

impl<'a> Shown<'a> {
    fn new(out: &'a mut dyn Write) -> Self {
        Shown { out, line: Vec::new() }
    }
}

impl Write for Shown<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            self.line.push(*byte);
            if *byte == b'\n' {
                let line = String::from_utf8_lossy(&self.line).into_owned();
                self.line.clear();
                if let Some(line) = short(&line) {
                    self.out.write_all(line.as_bytes())?;
                }
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A line without its day and category; `None` for one that is no call's.
fn short(line: &str) -> Option<String> {
    let (head, text) = line.split_once(" [ipc:")?;
    let text = text.split_once("] IPC ").map(|(_, text)| text).filter(|_| !is_idle(line))?;
    let (name, time) = head.rsplit_once(' ')?;
    let time = time.split_once('T').map_or(time, |(_, time)| time);
    Some(format!("{name} {time} {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_calls_are_shortened() {
        let line = "node   2026-11-21T10:00:00.000110Z [ipc:debug] IPC client send A.b connection=1 call=1 {A.b#1}\n";
        let expected = "node   10:00:00.000110Z client send A.b connection=1 call=1 {A.b#1}\n";
        assert_eq!(short(line).as_deref(), Some(expected));
        for other in ["node   2026-11-21T10:00:00.000110Z [node:info] Done loading\n", "\n", "wallet  more\n"]
        {
            assert_eq!(short(other), None, "{other}");
        }
    }
}
