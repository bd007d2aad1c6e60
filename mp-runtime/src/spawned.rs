//! Parent and child processes that call each other.
//!
//! In: a program. Out: the running child's first interface; in the child, our interface at the
//! parent's service until it leaves.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::connection::Connection;
use crate::error::Result;
use crate::event_loop::EventLoop;
use crate::process::{Child, SpawnArgument};
use crate::proxy::Interface;
use crate::remote::{Remote, connect_stream, serve_stream};

/// Starts `program` as a child process and connects to the interface that it serves.
///
/// The child ends by itself when the connection closes: drop the interface, then
/// [`wait`](Child::wait).
///
/// # Errors
///
/// When the program cannot be started; the text names it.
pub fn spawn<I: Interface + ?Sized + 'static>(
    event_loop: &EventLoop,
    program: impl AsRef<Path>,
    argument: SpawnArgument,
) -> Result<(Child, Remote<I>)> {
    let (child, stream) = crate::process::spawn(program.as_ref(), argument)?;
    tracing::info!(target: "ipc", program = %program.as_ref().display(), pid = child.pid(), "IPC process spawned");
    Ok((child, connect_stream(event_loop, stream)))
}

/// How long a process whose parent has left waits for the parent's objects to be dropped.
const PATIENCE: Duration = Duration::from_secs(10);

/// In a spawned child: serves `root` to the parent until it leaves, however it did. The caller exits then.
///
/// When this returns, calls of the parent have ended and what it held is dropped, `root` as well if the caller does
/// not keep it; or ten seconds have not been enough for that.
///
/// # Errors
///
/// When called on an event-loop thread, or the loop cannot run.
pub fn serve_parent<I: Interface + ?Sized + 'static>(
    event_loop: &EventLoop,
    stream: std::os::unix::net::UnixStream,
    root: Arc<I>,
) -> Result<()> {
    let connection: Connection = serve_stream(event_loop, stream, root);
    connection.wait_closed(None)?;
    if !connection.wait_for_drops(PATIENCE)? {
        tracing::warn!(target: "ipc", "objects of the parent process are still in use {PATIENCE:?} after it has left");
    }
    Ok(())
}
