//! The log of a program.
//!
//! In: `tracing` events, and the options that say which count. Out: `debug.log`, and the console.
//! What is logged before it is known where to waits in an [`EarlyLog`].
//!
//! A line is `2026-11-21T10:10:35.123456Z [category:level] text key=value`, as Bitcoin Core's are.

mod categories;
mod file;
mod layer;
mod options;
mod sink;

pub use categories::{CATEGORIES, CORE_CATEGORIES};
pub use layer::LogLayer;
pub use options::LogOptions;

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use signal_hook::consts::SIGHUP;
use tracing_subscriber::layer::SubscriberExt;

use crate::error::{Error, Result};
use categories::Levels;
use sink::Sink;

/// The log of this process.
static OF_PROCESS: OnceLock<Arc<Sink>> = OnceLock::new();

/// A log that is not open yet: its lines wait in memory until the settings say where they go.
///
/// Those at debug wait too, in case the settings want them; of more than 1 MB the oldest are discarded.
/// When the process ends before, nobody sees them.
#[derive(Debug)]
pub struct EarlyLog {
    sink: Arc<Sink>,
}

impl EarlyLog {
    /// Makes this the log of the whole process.
    ///
    /// # Errors
    ///
    /// When the process has one already.
    pub fn start() -> Result<EarlyLog> {
        let sink = Arc::<Sink>::default();
        let subscriber = tracing_subscriber::registry().with(LogLayer { sink: sink.clone() });
        tracing::subscriber::set_global_default(subscriber)
            .map_err(|_| Error::new("this process has a log already"))?;
        Ok(EarlyLog { sink: OF_PROCESS.get_or_init(|| sink).clone() })
    }

    /// Opens the log, writes what has waited, and opens it anew on SIGHUP, which is how a log is
    /// rotated.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened; the lines go on waiting, so that another one can be tried.
    pub fn open(&self, options: &LogOptions) -> Result<Log> {
        if self.sink.opened().is_some() {
            return Err(Error::new("this process has a log already"));
        }
        let opened = options.open()?;
        signal_hook::flag::register(SIGHUP, opened.file.stale())
            .map_err(|error| Error::new(format!("cannot handle SIGHUP: {error}")))?;
        self.sink.open(opened);
        // What was not wanted before may be now.
        tracing::callsite::rebuild_interest_cache();
        Ok(Log { sink: self.sink.clone() })
    }
}

/// The running log: it can be opened anew, and counts lines that could not be written.
#[derive(Clone, Debug)]
pub struct Log {
    sink: Arc<Sink>,
}

impl Log {
    /// The log of the whole process, once [`EarlyLog::open`] or [`Log::start`] has opened it.
    #[must_use]
    pub fn of_process() -> Option<Log> {
        let sink = OF_PROCESS.get().filter(|sink| sink.opened().is_some())?;
        Some(Log { sink: sink.clone() })
    }

    /// All categories, [`CATEGORIES`] and [`CORE_CATEGORIES`], in the order of their names, and whether
    /// more than the usual is logged of each.
    #[must_use]
    pub fn categories(&self) -> Vec<(&'static str, bool)> {
        self.sink.opened().map(|log| log.with_levels(Levels::list)).unwrap_or_default()
    }

    /// Switches a category on or off, or all of them as `all`, `1` or nothing. What is on is logged in
    /// as much detail as `-loglevel` says. False if there is no such category.
    pub fn switch(&self, category: &str, on: bool) -> bool {
        self.sink.opened().is_some_and(|log| log.switch(category, on))
    }

    /// Opens the log and makes a layer for a subscriber of the caller's.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened.
    pub fn open(options: &LogOptions) -> Result<(Log, LogLayer)> {
        let sink = Arc::<Sink>::default();
        sink.open(options.open()?);
        Ok((Log { sink: sink.clone() }, LogLayer { sink }))
    }

    /// Opens the log and makes it that of the whole process, as [`EarlyLog`] does in two steps.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or the process has a log already.
    pub fn start(options: &LogOptions) -> Result<Log> {
        EarlyLog::start()?.open(options)
    }

    /// Opens the file anew with the next line, after another program has moved it.
    pub fn reopen(&self) {
        if let Some(log) = self.sink.opened() {
            log.file.stale().store(true, Ordering::Relaxed);
        }
    }

    /// How many lines could not be written, for example because the disk is full.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.sink.opened().map_or(0, |log| log.file.dropped())
    }
}
