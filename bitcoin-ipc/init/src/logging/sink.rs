//! Where lines go: into memory first, and to the log once it is open.
//!
//! In: lines, and the opened log. Out: its file, which begins with the lines from before, as far as
//! they were kept.

use std::collections::VecDeque;
use std::sync::{Mutex, OnceLock, PoisonError, RwLock};

use tracing::{Level, Metadata};

use super::categories::{Levels, category};
use super::file::LogFile;
use crate::time;

/// How many bytes of lines are kept before the log is open: Bitcoin Core's `DEFAULT_MAX_LOG_BUFFER`.
const MOST_BYTES: usize = 1_000_000;

/// The most detailed level that is kept before the log is open; what of it is not wanted goes then.
const EARLY: Level = Level::DEBUG;

/// What one event says.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) level: Level,
    pub(super) category: Option<&'static str>,
    /// When, in microseconds since 1970.
    pub(super) micros: u64,
    /// The thread's name.
    pub(super) thread: String,
    /// The category, the level and the text.
    pub(super) text: String,
}

/// An open log and what goes to it.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) levels: RwLock<Levels>,
    pub(super) thread_names: bool,
    pub(super) file: LogFile,
}

impl Opened {
    /// Reads what goes to the log. Subscribers ask rarely: they remember the answers until
    /// [`switch`](Self::switch) makes them ask again.
    pub(super) fn with_levels<T>(&self, read: impl FnOnce(&Levels) -> T) -> T {
        read(&self.levels.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Switches a category; false if there is none of this name.
    pub(super) fn switch(&self, name: &str, on: bool) -> bool {
        let known = self.levels.write().unwrap_or_else(PoisonError::into_inner).switch(name, on);
        tracing::callsite::rebuild_interest_cache();
        known
    }

    fn write(&self, line: &Line) {
        let Line { micros, thread, text, .. } = line;
        let time = time::format(*micros);
        if self.thread_names {
            self.file.write(&format!("{time} [{thread}] {text}\n"));
        } else {
            self.file.write(&format!("{time} {text}\n"));
        }
    }
}

/// The lines from before the log was open, the newest ones.
#[derive(Debug, Default)]
struct Early {
    lines: VecDeque<Line>,
    bytes: usize,
    discarded: u64,
}

impl Early {
    fn keep(&mut self, line: Line) {
        self.bytes += size(&line);
        self.lines.push_back(line);
        while self.bytes > MOST_BYTES
            && let Some(oldest) = self.lines.pop_front()
        {
            self.bytes -= size(&oldest);
            self.discarded += 1;
        }
    }
}

fn size(line: &Line) -> usize {
    size_of::<Line>() + line.thread.len() + line.text.len()
}

/// The end of all lines.
#[derive(Debug, Default)]
pub(super) struct Sink {
    opened: OnceLock<Opened>,
    early: Mutex<Early>,
}

impl Sink {
    /// Writes what was kept, and then every line at once. Only the first log counts.
    pub(super) fn open(&self, log: Opened) {
        // Held to the end, so that no line overtakes an earlier one.
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        let Early { lines, discarded, .. } = std::mem::take(&mut *early);
        let log = self.opened.get_or_init(|| log);
        if discarded > 0 {
            let text = format!("Early logging buffer overflowed, {discarded} log lines discarded.");
            let (level, category, thread) = (Level::WARN, None, "main".to_owned());
            log.write(&Line { level, category, micros: time::now(), thread, text });
        }
        let wanted = |line: &&Line| log.with_levels(|levels| levels.wants(line.level, line.category));
        lines.iter().filter(wanted).for_each(|line| log.write(line));
    }

    /// The log, once it is open.
    pub(super) fn opened(&self) -> Option<&Opened> {
        self.opened.get()
    }

    /// Whether an event is logged; until the log is open, whether it may be.
    pub(super) fn wants(&self, event: &Metadata<'_>) -> bool {
        let (level, category) = (*event.level(), category(event.target()));
        match self.opened() {
            Some(log) => log.with_levels(|levels| levels.wants(level, category)),
            None => level <= Level::INFO || (level <= EARLY && category.is_some()),
        }
    }

    /// Whether any event of this level may be logged.
    pub(super) fn most(&self) -> Level {
        self.opened().map_or(EARLY, |log| log.with_levels(Levels::most))
    }

    /// Writes or keeps a line.
    pub(super) fn write(&self, line: Line) {
        if self.opened().is_none() {
            let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
            // It may have been opened meanwhile.
            if self.opened().is_none() {
                return early.keep(line);
            }
        }
        if let Some(log) = self.opened() {
            log.write(&line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: String) -> Line {
        Line { level: Level::INFO, category: None, micros: 0, thread: "t".to_owned(), text }
    }

    fn opened(path: &std::path::Path, thread_names: bool) -> Opened {
        let file = LogFile::open(Some(path), false).expect("a log");
        Opened { levels: RwLock::default(), thread_names, file }
    }

    #[test]
    fn early_lines_come_first() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("debug.log");
        let sink = Sink::default();
        sink.write(line("one".to_owned()));
        sink.write(line("two".to_owned()));
        sink.open(opened(&path, true));
        sink.write(line("three".to_owned()));
        let text = std::fs::read_to_string(&path).expect("the log");
        let start = "1970-01-01T00:00:00.000000Z [t] ";
        assert_eq!(text, format!("{start}one\n{start}two\n{start}three\n"));
    }

    #[test]
    fn early_details_are_written_if_they_are_wanted() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("debug.log");
        let sink = Sink::default();
        for category in ["ipc", "node"] {
            let line = line(category.to_owned());
            sink.write(Line { level: Level::DEBUG, category: Some(category), ..line });
        }
        let mut levels = Levels::default();
        assert!(levels.switch("ipc", true));
        sink.open(Opened { levels: RwLock::new(levels), ..opened(&path, false) });
        let text = std::fs::read_to_string(&path).expect("the log");
        assert_eq!(text, "1970-01-01T00:00:00.000000Z ipc\n");
    }

    #[test]
    fn too_many_early_lines_cost_the_oldest() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("debug.log");
        let sink = Sink::default();
        let long = "x".repeat(300_000);
        for number in 0..5 {
            sink.write(line(format!("{number} {long}")));
        }
        assert!(sink.early.lock().expect("a lock").bytes <= MOST_BYTES);
        sink.open(opened(&path, false));
        let text = std::fs::read_to_string(&path).expect("the log");
        let lines: Vec<&str> = text.lines().map(|line| &line[28..]).collect();
        assert_eq!(lines[0], "Early logging buffer overflowed, 2 log lines discarded.");
        assert_eq!(lines.len(), 4);
        for (line, start) in lines[1..].iter().zip(["2 x", "3 x", "4 x"]) {
            assert!(line.starts_with(start));
        }
    }
}
