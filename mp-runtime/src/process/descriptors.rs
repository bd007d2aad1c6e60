//! The descriptors of a child that is about to run its program.
//!
//! In: nothing. Out: none but the standard streams will be open in the program. Called between fork and exec, so there
//! are system calls here and nothing else.

use std::os::fd::{BorrowedFd, RawFd};

/// The first one that is no standard stream.
const FIRST: RawFd = 3;
/// Where the system cannot do it at once, so many are looked at; a process has more only when it was told to.
const MOST: u64 = 1 << 16;

/// Has all descriptors but the standard streams close when the program starts.
///
/// # Errors
///
/// None that could be mended: what cannot be closed was not open.
pub(super) fn close_on_exec() -> std::io::Result<()> {
    if all_at_once() {
        return Ok(());
    }
    let most =
        rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(MOST).min(MOST);
    for descriptor in FIRST..RawFd::try_from(most).unwrap_or(RawFd::MAX) {
        #[allow(unsafe_code)]
        // SAFETY: used for one system call, which answers with an error when the number is not an open descriptor.
        let descriptor = unsafe { BorrowedFd::borrow_raw(descriptor) };
        let _ = rustix::io::fcntl_setfd(descriptor, rustix::io::FdFlags::CLOEXEC);
    }
    Ok(())
}

/// Does it with one system call, where there is one: Linux 5.11 and later.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn all_at_once() -> bool {
    #[allow(unsafe_code)]
    // SAFETY: the call takes three numbers and sets a flag of descriptors, whose owners do not see it: the program that
    // runs next has none of them.
    let result =
        unsafe { libc::syscall(libc::SYS_close_range, FIRST, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    result == 0
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn all_at_once() -> bool {
    false
}
