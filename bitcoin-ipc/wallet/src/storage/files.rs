//! Database files as a whole: how they get their names, and how they go.
//!
//! In: paths. Out: files that are there or not, also after a crash.

use std::path::Path;

use crate::{Error, Result};

/// Makes a new or renamed file last.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder).and_then(|file| file.sync_all()).map_err(|error| Error::io(folder, error))
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
