//! The options of a log.
//!
//! In: settings and a suffix. Out: where lines go and which count.

use std::path::PathBuf;
use std::sync::RwLock;

use super::categories::Levels;
use super::file::LogFile;
use super::sink::Opened;
use crate::config::Settings;
use crate::error::{Error, Result};

/// Where a log goes and what goes to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOptions {
    pub(super) file: Option<PathBuf>,
    pub(super) console: bool,
    pub(super) thread_names: bool,
    pub(super) levels: Levels,
    warnings: Vec<String>,
}

impl LogOptions {
    /// What the settings say. The suffix, such as `.wallet`, is added to the path of the file, so that
    /// a child process does not write into its parent's; `/dev/null` stays as it is. `console` is
    /// what counts without `-printtoconsole`.
    ///
    /// # Errors
    ///
    /// For a level that does not exist, or when there is no data directory.
    pub fn new(settings: &Settings, suffix: &str, console: bool) -> Result<Self> {
        let file = match settings.path("debuglogfile", "debug.log") {
            None => None,
            Some(path) => {
                let path = settings.network_dir()?.join(path);
                let null = path.as_os_str() == "/dev/null";
                let mut text = path.into_os_string();
                text.push(if null { "" } else { suffix });
                Some(PathBuf::from(text))
            }
        };
        let (levels, warnings) =
            Levels::new(&settings.list("debug"), &settings.list("debugexclude"), &settings.list("loglevel"))?;
        Ok(LogOptions {
            file,
            console: settings.bool("printtoconsole", console),
            thread_names: settings.bool("logthreadnames", false),
            levels,
            warnings,
        })
    }

    /// Opens the log that they describe.
    pub(super) fn open(&self) -> Result<Opened> {
        let file = LogFile::open(self.file.as_deref(), self.console).map_err(|error| {
            let path = self.file.as_deref().unwrap_or("none".as_ref()).display();
            Error::new(format!(
                "cannot open the log {path}: {error}; give another with -debuglogfile, or -nodebuglogfile"
            ))
        })?;
        Ok(Opened { levels: RwLock::new(self.levels.clone()), thread_names: self.thread_names, file })
    }

    /// The path of the file, if there is one.
    #[must_use]
    pub fn file(&self) -> Option<&std::path::Path> {
        self.file.as_deref()
    }

    /// All categories, and whether more than the usual is logged of each.
    #[must_use]
    pub fn categories(&self) -> Vec<(&'static str, bool)> {
        self.levels.list()
    }

    /// What was strange in the options, for the log once it is open.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}
