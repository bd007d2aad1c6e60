//! The file of what is to the user's taste.
//!
//! In: the data directory. Out: the choices, and the file when they change. It is for its owner alone.

use std::io::Write as _;
use std::path::PathBuf;

use bitcoin_init::config::Settings;
use bitcoin_init::{Result, owner};

use crate::model::prefs::Prefs;
use crate::text::words::Language;

/// The file, which all networks share.
#[derive(Clone, Debug)]
pub(super) struct File(PathBuf);

impl File {
    /// The one in the data directory.
    pub(super) fn of(settings: &Settings) -> Result<File> {
        Ok(File(settings.data_dir()?.join("gui.json")))
    }

    /// What it says; without a file what is usual.
    pub(super) fn read(&self) -> Prefs {
        let system = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(std::env::var_os);
        let system = system.and_then(|locale| Language::of_locale(locale.to_str()?)).unwrap_or_default();
        Prefs::read(&std::fs::read_to_string(&self.0).unwrap_or_default(), system)
    }

    /// Writes it, whole or not at all.
    pub(super) fn write(&self, prefs: &Prefs) {
        let written = || {
            let new = self.0.with_extension("json.new");
            owner::create(&new)?.write_all(prefs.text().as_bytes())?;
            std::fs::rename(&new, &self.0)
        };
        if let Err(error) = written() {
            tracing::warn!(target: "gui", "{} is not written: {error}", self.0.display());
        }
    }
}
