//! A log that is still written.
//!
//! In: the path of a file, which may not be there yet. Out: its bytes; where nothing comes for a
//! moment, a line that only says what time it is, so that whoever merges logs by time need not wait
//! for a process that is silent.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;

const PAUSE: Duration = Duration::from_millis(10);
/// Silence of this length is filled. A process writes its lines well within it.
const SILENCE: Duration = Duration::from_millis(100);
/// What marks a line of ours.
const IDLE: &str = "[ipc:idle] IPC silence";

/// Whether a line is one that fills silence.
pub(super) fn is_idle(line: &str) -> bool {
    line.contains(IDLE)
}

/// Reads a file to its end, and on from there until it is to stop.
pub(super) struct Tail {
    path: PathBuf,
    file: Option<File>,
    stop: Arc<AtomicBool>,
    /// Whether the last line that was read is complete.
    whole: bool,
    silent: Instant,
}

impl Tail {
    pub(super) fn new(path: PathBuf, stop: Arc<AtomicBool>) -> Self {
        Tail { path, file: None, stop, whole: true, silent: Instant::now() }
    }
}

impl Read for Tail {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // Asked first, so that what was written before is still read.
            let stop = self.stop.load(Ordering::Relaxed);
            if self.file.is_none() {
                self.file = File::open(&self.path).ok();
            }
            if let Some(file) = &mut self.file {
                let read = file.read(buffer)?;
                if read > 0 {
                    self.whole = buffer[read - 1] == b'\n';
                    self.silent = Instant::now();
                    return Ok(read);
                }
            }
            if stop {
                return Ok(0);
            }
            if self.whole && self.silent.elapsed() > SILENCE {
                self.silent = Instant::now();
                let line = format!("{:.6} {IDLE}\n", Timestamp::now() - SILENCE / 2);
                if line.len() <= buffer.len() {
                    buffer[..line.len()].copy_from_slice(line.as_bytes());
                    return Ok(line.len());
                }
            }
            std::thread::sleep(PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};

    use super::*;

    #[test]
    fn a_growing_file_is_read_to_its_end() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let stop = Arc::new(AtomicBool::new(false));
        let mut lines = BufReader::new(Tail::new(file.path().to_owned(), stop.clone())).lines();
        let mut next = move || lines.next().map(|line| line.expect("a line"));
        writeln!(file.as_file(), "one").expect("writing");
        assert_eq!(next().as_deref(), Some("one"));
        assert!(next().is_some_and(|line| is_idle(&line)), "silence");
        writeln!(file.as_file(), "two").expect("writing");
        stop.store(true, Ordering::Relaxed);
        assert_eq!((next().as_deref(), next()), (Some("two"), None));
    }
}
