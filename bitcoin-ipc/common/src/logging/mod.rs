//! The log of a program.
//!
//! In: `tracing` events, and the options that say which count. Out: `debug.log`, and the console.
//!
//! A line is `2026-11-21T10:10:35.123456Z [category:level] text key=value`, as Bitcoin Core's are.

mod categories;
mod file;
mod layer;
mod options;

pub use categories::CATEGORIES;
pub use layer::LogLayer;
pub use options::LogOptions;

use std::sync::Arc;

use signal_hook::consts::SIGHUP;
use tracing_subscriber::layer::SubscriberExt;

use crate::error::{Error, Result};
use file::LogFile;

/// The running log: it can be opened anew, and counts lines that could not be written.
#[derive(Clone, Debug)]
pub struct Log {
    file: Arc<LogFile>,
}

impl Log {
    /// Opens the log and makes a layer for a subscriber of the caller's.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened.
    pub fn open(options: &LogOptions) -> Result<(Log, LogLayer)> {
        let file = LogFile::open(options.file.as_deref(), options.console).map_err(|error| {
            let path = options.file.as_deref().unwrap_or("none".as_ref()).display();
            Error::new(format!(
                "cannot open the log {path}: {error}; give another with -debuglogfile, or -nodebuglogfile"
            ))
        })?;
        let file = Arc::new(file);
        let layer = LogLayer {
            levels: options.levels.clone(),
            thread_names: options.thread_names,
            file: file.clone(),
        };
        Ok((Log { file }, layer))
    }

    /// Opens the log, makes it that of the whole process, and opens it anew on SIGHUP, which is how a
    /// log is rotated.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or the process has a log already.
    pub fn start(options: &LogOptions) -> Result<Log> {
        let (log, layer) = Log::open(options)?;
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::set_global_default(subscriber)
            .map_err(|_| Error::new("this process has a log already"))?;
        signal_hook::flag::register(SIGHUP, log.file.stale())
            .map_err(|error| Error::new(format!("cannot handle SIGHUP: {error}")))?;
        Ok(log)
    }

    /// Opens the file anew with the next line, after another program has moved it.
    pub fn reopen(&self) {
        self.file.stale().store(true, std::sync::atomic::Ordering::Relaxed);
    }

    /// How many lines could not be written, for example because the disk is full.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.file.dropped()
    }
}
