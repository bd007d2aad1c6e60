//! Database files as a whole: how they are made, for their owner alone, how they get their names, and how
//! they go.
//!
//! In: paths. Out: files that are there or not, also after a crash.

use std::io::Read;
use std::path::Path;

use bitcoin_init::owner;

use crate::{Error, Result};

/// How an SQLite database begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Makes a new or renamed file last.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder).and_then(|file| file.sync_all()).map_err(|error| Error::io(folder, error))
}

/// Makes an empty file for a database. What SQLite puts beside it gets its mode.
pub(crate) fn make(path: &Path) -> Result<()> {
    let made = owner::options().write(true).create_new(true).open(path);
    made.map(drop).map_err(|error| Error::io(path, error))
}

/// Takes from others what they may do with a database, which an older version of this program let them.
pub(crate) fn restrict(path: &Path) -> Result<()> {
    for ending in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        owner::restrict_path(Path::new(&name)).map_err(|error| Error::io(Path::new(&name), error))?;
    }
    Ok(())
}

/// Whether a file is an SQLite database.
pub(crate) fn is_database(path: &Path) -> bool {
    let mut start = [0; MAGIC.len()];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == *MAGIC
}

/// Copies a file.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut source = std::fs::File::open(from).map_err(|error| Error::io(from, error))?;
    let copied = owner::create(to).and_then(|mut target| std::io::copy(&mut source, &mut target));
    copied.map(drop).map_err(|error| Error::io(to, error))
}

/// Removes a database that was never finished, with its log.
pub(crate) fn remove_database(path: &Path) -> Result<()> {
    for ending in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io(Path::new(&name), error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Gives a finished database its name. It is closed, so that it has no log.
pub(crate) fn put_in_place(part: &Path, path: &Path) -> Result<()> {
    let synced = std::fs::File::open(part).and_then(|file| file.sync_all());
    synced.and_then(|()| std::fs::rename(part, path)).map_err(|error| Error::io(path, error))?;
    sync_folder(path)
}
