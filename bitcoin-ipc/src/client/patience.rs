//! How long a stream puts up with a node that gives nothing.

use std::time::{Duration, Instant};

use mp_runtime::{Error, ErrorKind, Result};

use super::link::Link;

/// The pause before a stream asks again. A node that shuts down answers with nothing until it is
/// gone.
const PAUSE: Duration = Duration::from_millis(200);

/// Whether the node may be back after this error: the connection is gone, or the node has hung.
pub(super) fn is_lost(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Disconnected | ErrorKind::Timeout)
}

/// Whether a stream has nothing to give after this error: the node has stayed away, or cannot do what it
/// takes. Other errors concern one item.
pub(super) fn ends_streams(error: &Error) -> bool {
    is_lost(error)
        || matches!(
            error.kind(),
            ErrorKind::Io | ErrorKind::Unimplemented | ErrorKind::Misuse | ErrorKind::Cancelled
        )
}

/// The time that a stream waits for its node, as long as a lost connection may stay away.
pub(super) struct Patience<'c> {
    link: &'c Link,
    since: Option<Instant>,
}

impl<'c> Patience<'c> {
    pub(super) fn new(link: &'c Link) -> Self {
        Patience { link, since: None }
    }

    /// Waits a little and has the client connect again, or gives `error` back when the time is up.
    pub(super) async fn after(&mut self, error: Error) -> Result<()> {
        let since = *self.since.get_or_insert_with(Instant::now);
        let limit = self.link.options().reconnect.give_up;
        if limit.is_some_and(|limit| since.elapsed() > limit) {
            return Err(error);
        }
        self.link.pause(PAUSE).await;
        let session = self.link.session().await?;
        if error.kind() == ErrorKind::Timeout {
            // Was it this call that took long, or has the node hung? Then it may answer through another
            // connection, or be another node by now.
            let _ = self.link.probe(&session).await;
        }
        Ok(())
    }

    /// How long there was nothing.
    pub(super) fn spent(&self) -> Duration {
        self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}
