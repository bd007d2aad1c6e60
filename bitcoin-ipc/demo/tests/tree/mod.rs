//! A folder with all in it, to see whether anything has changed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What is known of a file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) mode: u32,
    /// When it was changed last, with parts of a second.
    changed: (i64, i64),
    pub(crate) folder: bool,
    /// The content of a file.
    content: Vec<u8>,
}

/// Everything below a folder, and the folder.
pub(crate) fn tree(folder: &Path) -> BTreeMap<PathBuf, Leaf> {
    let mut found = BTreeMap::new();
    note(folder, &mut found);
    found
}

fn note(path: &Path, found: &mut BTreeMap<PathBuf, Leaf>) {
    let about = fs::symlink_metadata(path).unwrap();
    let content = if about.is_file() { fs::read(path).unwrap() } else { Vec::new() };
    let leaf = Leaf {
        mode: about.permissions().mode() & 0o7777,
        changed: (about.mtime(), about.mtime_nsec()),
        folder: about.is_dir(),
        content,
    };
    found.insert(path.to_owned(), leaf);
    if about.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            note(&entry.unwrap().path(), found);
        }
    }
}
