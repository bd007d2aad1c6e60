//! Child processes that inherit one end of a socket pair.
//!
//! In: a program's path, or in the child the program's arguments. Out: a running child and the
//! parent's end of the pair, or the child's end.

mod child;
mod descriptors;
mod spawned;

use std::ffi::OsString;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, ErrorKind, Result};

pub use child::Child;
pub use spawned::{SpawnArgument, parent_stream};

/// The option of a spawned process that names its descriptor, as Bitcoin Core's children take it.
const OPTION: &str = "-ipcfd";

/// Starts `program` with one end of a socket pair and returns the other.
pub(crate) fn spawn(program: &Path, argument: SpawnArgument) -> Result<(Child, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    let descriptor = theirs.as_raw_fd();
    let mut command = Command::new(program);
    match argument {
        SpawnArgument::IpcFd => command.arg(OPTION).arg(descriptor.to_string()),
        SpawnArgument::Bare => command.arg(descriptor.to_string()),
    };
    let inherited = theirs.as_raw_fd();
    // What Rust opens closes on exec, but this process may have other code, or descriptors of its own parent. Only
    // this one must stay, and only in this child, so its flag is cleared after the fork and other children cannot
    // inherit it.
    let keep = move || {
        descriptors::close_on_exec()?;
        #[allow(unsafe_code)]
        // SAFETY: the descriptor is open in the child, which was forked while `theirs` lived.
        let descriptor = unsafe { std::os::fd::BorrowedFd::borrow_raw(inherited) };
        rustix::io::fcntl_setfd(descriptor, rustix::io::FdFlags::empty())?;
        Ok(())
    };
    #[allow(unsafe_code)]
    // SAFETY: the closure makes system calls and touches no memory but its own copies of
    // numbers, so it may run between fork and exec in a process that had several threads.
    unsafe {
        command.pre_exec(keep)
    };
    let child = command.spawn().map_err(|error| {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => "no such program; is it installed beside this one?".to_owned(),
            std::io::ErrorKind::PermissionDenied => "it may not be executed".to_owned(),
            _ => error.to_string(),
        };
        Error::new(ErrorKind::Io, format!("cannot start {}: {reason}", program.display())).because(error)
    })?;
    drop(theirs);
    Ok((Child::new(child, program), ours))
}

/// The path of the program `name` in the directory of the running program, where programs that
/// belong together are installed.
///
/// # Errors
///
/// When the system cannot tell where the running program is.
pub fn sibling(name: &str) -> Result<PathBuf> {
    let mut path = std::env::current_exe()?;
    path.set_file_name(OsString::from(name));
    Ok(path)
}
