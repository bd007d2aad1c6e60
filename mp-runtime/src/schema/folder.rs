//! A folder of schema files, checked in beside the source.
//!
//! In: a schema and a folder. Out: the folder with the schema's files, or the list of files that
//! differ. Files that the schema does not reach are left alone.

use std::io;
use std::path::{Path, PathBuf};

use super::Schema;

/// A file that does not say what the source says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stale {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: StaleReason,
    /// What it ought to contain.
    pub expected: String,
}

/// Why a file is stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StaleReason {
    /// It is not there.
    Missing,
    /// It differs, first at this line (counted from 1).
    Differs {
        /// The line.
        line: usize,
    },
}

impl std::fmt::Display for Stale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.reason {
            StaleReason::Missing => write!(f, "{} is missing", self.path.display()),
            StaleReason::Differs { line } => {
                write!(f, "{} is out of date, from line {line} on", self.path.display())
            }
        }
    }
}

impl Schema {
    /// The files in `folder` that differ from the schema.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn stale(&self, folder: &Path) -> io::Result<Vec<Stale>> {
        let mut stale = Vec::new();
        for file in self.texts() {
            let path = folder.join(&file.path);
            let reason = match std::fs::read_to_string(&path) {
                Ok(text) if text == file.text => continue,
                Ok(text) => StaleReason::Differs { line: first_difference(&text, &file.text) },
                Err(error) if error.kind() == io::ErrorKind::NotFound => StaleReason::Missing,
                Err(error) => return Err(error),
            };
            stale.push(Stale { path, reason, expected: file.text });
        }
        Ok(stale)
    }

    /// Writes the files that differ into `folder`, and returns them.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or written.
    pub fn write(&self, folder: &Path) -> io::Result<Vec<Stale>> {
        let stale = self.stale(folder)?;
        for file in &stale {
            if let Some(parent) = file.path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(&file.path, &file.expected)?;
        }
        Ok(stale)
    }
}

/// The number of the first line in which two texts differ.
fn first_difference(one: &str, other: &str) -> usize {
    let common = one.lines().zip(other.lines()).take_while(|(one, other)| one == other);
    common.count() + 1
}
