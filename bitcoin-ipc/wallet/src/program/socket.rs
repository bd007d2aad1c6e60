//! The socket of a node.
//!
//! In: a path. Out: a connection, that nobody listens yet, or an error that says what to do.

use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

use bitcoin_ipc::interfaces::Chain;
use bitcoin_ipc::{Error, ErrorKind, Result, Trust};
use mp_runtime::{EventLoop, PeerCredentials, connect_stream, try_connect};

/// What is at a path.
#[derive(Debug)]
pub(super) enum Answer {
    /// Somebody listens.
    Node(UnixStream),
    /// Nobody listens, for this reason.
    Nobody(&'static str),
}

/// Connects to the node that listens at a path, if one does and it is to be trusted. Does not wait.
///
/// # Errors
///
/// There is something else, or it may not be used.
pub(super) fn connect(path: &Path, trust: Trust) -> Result<Answer> {
    let refused = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Ok(Answer::Nobody("there is no socket")),
        io::ErrorKind::ConnectionRefused => Ok(Answer::Nobody("whoever made the socket is gone")),
        // A node that is very busy, or ends right now.
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted | io::ErrorKind::ConnectionReset => {
            Ok(Answer::Nobody("it does not answer"))
        }
        io::ErrorKind::PermissionDenied => Err(denied(path)),
        _ => Err(Error::new(ErrorKind::Io, format!("cannot connect to {}: {error}", path.display()))),
    };
    match path.metadata() {
        Ok(found) if !found.file_type().is_socket() => Err(Error::new(
            ErrorKind::Io,
            format!(
                "{} is not a socket: give the socket of a node with -ipcconnect=unix:<path>",
                path.display()
            ),
        )),
        Ok(_) => match try_connect(path) {
            Ok(stream) => {
                trust.check(path, PeerCredentials::of(&stream)?)?;
                Ok(Answer::Node(stream))
            }
            Err(error) => refused(error),
        },
        Err(error) => refused(error),
    }
}

/// Names what is in the way, which is the socket or a directory above it, and whose it is.
fn denied(path: &Path) -> Error {
    let visible = path.ancestors().find_map(|place| Some((place, place.metadata().ok()?.uid())));
    let whose = visible
        .map_or_else(String::new, |(place, user)| format!("; {} belongs to user {user}", place.display()));
    Error::new(
        ErrorKind::Io,
        format!(
            "no permission for {}{whose}, and this process runs as another one or without the right to it: \
             run it as the user that runs the node",
            path.display()
        ),
    )
}

/// A node that is gone already, for wallets that have none yet.
///
/// # Errors
///
/// The system has no sockets to give.
pub(super) fn nobody(event_loop: &EventLoop) -> Result<Arc<dyn Chain>> {
    let (near, far) = UnixStream::pair()?;
    drop(far);
    let chain = connect_stream::<dyn Chain>(event_loop, near);
    chain.connection().close();
    Ok(chain.object())
}
