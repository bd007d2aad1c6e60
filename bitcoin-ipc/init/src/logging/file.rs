//! The file of a log.
//!
//! In: whole lines. Out: each written at once, or dropped and counted; no failure reaches those who
//! log.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::owner;

/// A log file, the console, both or neither.
#[derive(Debug)]
pub(super) struct LogFile {
    path: Option<PathBuf>,
    console: bool,
    state: Mutex<State>,
    stale: Arc<AtomicBool>,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    file: Option<File>,
    /// A line was written in part, so the next one needs a line of its own.
    torn: bool,
}

impl LogFile {
    /// Opens the file to append to it.
    pub(super) fn open(path: Option<&Path>, console: bool) -> io::Result<Self> {
        let file = path.map(append).transpose()?;
        Ok(LogFile {
            path: path.map(Path::to_owned),
            console,
            state: Mutex::new(State { file, torn: false }),
            stale: Arc::new(AtomicBool::new(false)),
            dropped: AtomicU64::new(0),
        })
    }

    /// Set to have the file opened anew with the next line.
    pub(super) fn stale(&self) -> Arc<AtomicBool> {
        self.stale.clone()
    }

    /// How many lines were lost.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Writes a line, which ends with a line feed.
    pub(super) fn write(&self, line: &str) {
        // A panic elsewhere does not end the log.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.stale.swap(false, Ordering::Relaxed)
            && let Some(path) = &self.path
            && let Ok(file) = append(path)
        {
            *state = State { file: Some(file), torn: false };
        }
        if self.console {
            // A console that is gone takes nothing from the file.
            let _ = io::stdout().write_all(line.as_bytes());
        }
        if state.write(line).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl State {
    fn write(&mut self, line: &str) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        if self.torn {
            file.write_all(b"\n")?;
            self.torn = false;
        }
        let mut rest = line.as_bytes();
        while !rest.is_empty() {
            match file.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.torn = rest.len() < line.len();
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    let file = owner::options().append(true).create(true).open(path)?;
    owner::restrict(&file)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_file_is_opened_anew() {
        let dir = tempfile::tempdir().expect("a directory");
        let (path, old) = (dir.path().join("debug.log"), dir.path().join("old.log"));
        let log = LogFile::open(Some(&path), false).expect("a log");
        log.write("one\n");
        std::fs::rename(&path, &old).expect("a move");
        log.write("two\n");
        log.stale().store(true, Ordering::Relaxed);
        log.write("three\n");
        assert_eq!(std::fs::read_to_string(&old).expect("the old one"), "one\ntwo\n");
        assert_eq!(std::fs::read_to_string(&path).expect("the new one"), "three\n");
        assert_eq!(log.dropped(), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_costs_lines_only() {
        let log = LogFile::open(Some(Path::new("/dev/full")), false).expect("a log");
        log.write("one\n");
        log.write("two\n");
        assert_eq!(log.dropped(), 2);
    }
}
