//! The child's side of a spawn.
//!
//! In: the program's arguments. Out: the socket to the parent, if a parent gave one.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};

use super::OPTION;
use crate::error::{Error, ErrorKind, Result};

/// How a child process learns the number of its descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SpawnArgument {
    /// `-ipcfd N`, the arguments of Bitcoin Core's children.
    #[default]
    IpcFd,
    /// `N` alone, the argument of a child of libmultiprocess's example.
    Bare,
}

/// Descriptors that were handed out: each has one owner.
static TAKEN: Mutex<BTreeSet<RawFd>> = Mutex::new(BTreeSet::new());

/// The socket to the parent process, when the arguments (without the program's name) say that
/// this process was spawned: `-ipcfd N`, `-ipcfd=N` or `N`, and nothing else. `None` for any other
/// arguments.
///
/// # Errors
///
/// When the arguments have that form but the number is not a socket that a parent left open, or
/// was taken before.
pub fn parent_stream<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Result<Option<UnixStream>> {
    let args: Vec<A> = args.into_iter().collect();
    let texts: Vec<Option<&str>> = args.iter().map(|arg| arg.as_ref().to_str()).collect();
    let number = match texts[..] {
        [Some(option), Some(number)] if option == OPTION => number,
        [Some(option)] => match option.strip_prefix(OPTION) {
            Some(rest) => rest.strip_prefix('=').unwrap_or(""),
            None if !option.is_empty() && option.bytes().all(|byte| byte.is_ascii_digit()) => option,
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    take(number).map(Some)
}

fn take(number: &str) -> Result<UnixStream> {
    let bad = |reason: &str| {
        let text =
            format!("`{OPTION} {number}`: {reason}; a parent process passes it, do not give it by hand");
        Error::new(ErrorKind::Io, text)
    };
    let descriptor: RawFd = number.parse().map_err(|_| bad("not the number of a descriptor"))?;
    // The first three are the standard streams.
    if descriptor <= 2 {
        return Err(bad("not a descriptor that a parent passes"));
    }
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    if taken.contains(&descriptor) {
        return Err(bad("taken already"));
    }
    #[allow(unsafe_code)]
    // SAFETY: the borrow is used for two system calls, which answer with an error when the number
    // is not an open descriptor.
    let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
    let flags = rustix::io::fcntl_getfd(borrowed).map_err(|_| bad("no such descriptor is open"))?;
    // What this process opened itself closes on exec; what a parent left for it does not.
    if flags.contains(rustix::io::FdFlags::CLOEXEC) {
        return Err(bad("not a descriptor that a parent passes"));
    }
    if !is_unix_stream(borrowed) {
        return Err(bad("not a Unix socket"));
    }
    taken.insert(descriptor);
    #[allow(unsafe_code)]
    // SAFETY: the descriptor is open and was inherited over exec, so nothing in this process made
    // it; `TAKEN` makes sure that it gets one owner only.
    let owned = unsafe { OwnedFd::from_raw_fd(descriptor) };
    rustix::io::fcntl_setfd(&owned, rustix::io::FdFlags::CLOEXEC)
        .map_err(|error| bad(&error.to_string()).because(std::io::Error::from(error)))?;
    Ok(owned.into())
}

fn is_unix_stream(descriptor: BorrowedFd<'_>) -> bool {
    use rustix::net::{AddressFamily, SocketType, sockopt};
    sockopt::socket_domain(descriptor) == Ok(AddressFamily::UNIX)
        && sockopt::socket_type(descriptor) == Ok(SocketType::STREAM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_arguments_are_not_a_spawn() {
        for args in
            [&[][..], &["--help"], &["-ipcfd", "5", "-debug"], &["/tmp/node.sock"], &["-ipcbind=unix"], &[""]]
        {
            assert!(parent_stream(args).is_ok_and(|stream| stream.is_none()), "{args:?}");
        }
    }

    #[test]
    fn a_descriptor_that_no_parent_passed_is_refused() {
        let own = std::fs::File::open("/dev/null").expect("the null device");
        let own = std::os::fd::AsRawFd::as_raw_fd(&own).to_string();
        for args in
            [&["-ipcfd", "0"][..], &["-ipcfd", "9999"], &["-ipcfd=x"], &["-ipcfd"], &["9999"], &[&own]]
        {
            let error = parent_stream(args).expect_err("a refusal");
            assert!(error.text().contains("a parent process passes it"), "{error}");
        }
    }
}
