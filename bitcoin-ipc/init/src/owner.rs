//! Files and folders for their owner alone.
//!
//! In: paths. Out: files of mode 0600 and folders of mode 0700, whatever the process's mask of modes is
//! and whatever stood there before.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// What others may do with a file, in its mode.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// From now on what this process makes is for its owner alone, be it made by a library: Bitcoin Core's
/// `SetupEnvironment`. For the start of a program.
pub fn keep_to_owner() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

/// Options with which a file that is made is for its owner alone.
#[must_use]
pub fn options() -> OpenOptions {
    let options = OpenOptions::new();
    #[cfg(unix)]
    let options = {
        let mut options = options;
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
    };
    options
}

/// Makes a file, or empties the one that is there, for its owner alone.
///
/// # Errors
///
/// It cannot be written.
pub fn create(path: &Path) -> io::Result<File> {
    let file = options().write(true).create(true).truncate(true).open(path)?;
    restrict(&file)?;
    Ok(file)
}

/// Makes a folder, and those above it that are missing, for its owner alone. One that is there stays as
/// it is.
///
/// # Errors
///
/// It cannot be made.
pub fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Takes from others what they may do with an open file. Devices and pipes stay as they are, and so do
/// files of another user, who alone can change that.
///
/// # Errors
///
/// The system refuses.
pub fn restrict(file: &File) -> io::Result<()> {
    let found = file.metadata()?;
    match narrower(&found) {
        Some(permissions) => file.set_permissions(permissions),
        None => Ok(()),
    }
}

/// As [`restrict`], by name; a file or folder that is not there is no error.
///
/// # Errors
///
/// The system refuses.
pub fn restrict_path(path: &Path) -> io::Result<()> {
    let found = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    match narrower(&found) {
        Some(permissions) => fs::set_permissions(path, permissions),
        None => Ok(()),
    }
}

/// The permissions without those of others, where there are some to take.
#[cfg(unix)]
fn narrower(found: &fs::Metadata) -> Option<fs::Permissions> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let own = found.uid() == rustix::process::geteuid().as_raw();
    let mode = found.permissions().mode();
    let ordinary = found.is_file() || found.is_dir();
    (own && ordinary && mode & OTHERS != 0).then(|| fs::Permissions::from_mode(mode & 0o7777 & !OTHERS))
}

#[cfg(not(unix))]
fn narrower(_: &fs::Metadata) -> Option<fs::Permissions> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("a file").permissions().mode() & 0o7777
    }

    #[test]
    fn new_and_old_ones_are_for_the_owner() {
        let dir = tempfile::tempdir().expect("a directory");
        let (new, old) = (dir.path().join("new"), dir.path().join("old"));
        fs::write(&old, "text").expect("a file");
        fs::set_permissions(&old, fs::Permissions::from_mode(0o666)).expect("a mode");
        create(&new).expect("a file");
        create(&old).expect("a file");
        assert_eq!((mode(&new), mode(&old)), (0o600, 0o600));
        assert_eq!(fs::read_to_string(&old).expect("a file"), "");

        let below = dir.path().join("a/b");
        create_folder(&below).expect("folders");
        assert_eq!((mode(&dir.path().join("a")), mode(&below)), (0o700, 0o700));
        fs::set_permissions(&below, fs::Permissions::from_mode(0o755)).expect("a mode");
        create_folder(&below).expect("it is there");
        assert_eq!(mode(&below), 0o755);
        restrict_path(&below).expect("ours");
        restrict_path(&dir.path().join("none")).expect("nothing to do");
        assert_eq!(mode(&below), 0o700);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn devices_stay_as_they_are() {
        let before = mode(Path::new("/dev/null"));
        restrict_path(Path::new("/dev/null")).expect("nothing to do");
        create(Path::new("/dev/null")).expect("a device");
        assert_eq!(mode(Path::new("/dev/null")), before);
    }
}
