//! Waits that end although the node has hung.
//!
//! In: a call that may take long because it waits for something. Out: its result; or an error of kind
//! `Timeout`, and a closed connection, when the node answers nothing else meanwhile either.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};
use mp_runtime::{Error, ErrorKind, Result};

use super::link::Link;
use super::session::Session;

/// How long a wait may take.
#[derive(Clone, Copy)]
pub(super) enum WaitTime {
    /// So long by its own parameter, beside the time that any call may take.
    AtMost(Duration),
    /// As long as it wants, if only the node answers something else.
    Open,
}

impl Link {
    /// Awaits a call that waits, and meanwhile asks the node for something else now and then, as often as a
    /// call may take. A node that does not answer that either is taken for lost: its connection is closed, so
    /// that the next call opens another one.
    pub(super) async fn watched<T>(
        &self,
        session: &Arc<Session>,
        time: WaitTime,
        call: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let Some(patience) = self.options().call_timeout else { return call.await };
        let limit = match time {
            WaitTime::AtMost(time) => Some(time.saturating_add(patience)),
            WaitTime::Open => None,
        };
        let both = async {
            match select(pin!(call), pin!(self.hang(session, patience))).await {
                Either::Left((result, _)) => result,
                Either::Right((error, _)) => Err(error),
            }
        };
        self.within(limit, both).await
    }

    /// Resolves when the node answers nothing.
    async fn hang(&self, session: &Arc<Session>, patience: Duration) -> Error {
        loop {
            self.pause(patience).await;
            match self.probe(session).await {
                Ok(()) => {}
                // The call hears of it by itself.
                Err(error) if error.kind() == ErrorKind::Disconnected => std::future::pending().await,
                Err(error) => return error,
            }
        }
    }

    /// Asks the node for something that costs nothing. When it does not answer in the time of a call, its
    /// connection is closed.
    ///
    /// # Errors
    ///
    /// When it does not answer, or the connection is lost; an error of the node is an answer.
    pub(super) async fn probe(&self, session: &Arc<Session>) -> Result<()> {
        match self.limited(session.settle()).await {
            Err(error) if error.kind() == ErrorKind::Timeout => {
                tracing::info!(target: "ipc", "IPC node answers nothing; its connection is closed");
                session.close();
                self.forget(session);
                Err(error)
            }
            Err(error) if error.kind() == ErrorKind::Disconnected => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}
