//! The highest block, each time that it changes.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::Stream;
use futures::future::BoxFuture;
use mp_runtime::{Error, ErrorKind, Result};

use super::connection::Client;
use super::patience::Patience;
use crate::types::BlockRef;

/// What a follower of the chain hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TipEvent {
    /// The highest block is this one now.
    Tip(BlockRef),
    /// The connection was lost and is back. Blocks that came and went meanwhile were not seen.
    Reconnected {
        /// How long there was no connection.
        gap: Duration,
        /// The highest block now.
        tip: BlockRef,
    },
}

impl TipEvent {
    /// The highest block.
    #[must_use]
    pub fn tip(&self) -> BlockRef {
        match self {
            TipEvent::Tip(tip) | TipEvent::Reconnected { tip, .. } => *tip,
        }
    }
}

/// The longest that one call waits, so that a node that hangs is noticed.
const PATIENCE: Duration = Duration::from_secs(60);

/// The pause while the node loads its chain and has no highest block.
const LOADING: Duration = Duration::from_millis(200);

/// The highest block, each time that it changes; see [`Client::tips`]. It ends with an error when
/// the connection does not come back. Dropping it ends the wait at the node.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Tips {
    client: Client,
    known: Option<BlockRef>,
    next: Option<BoxFuture<'static, Result<TipEvent>>>,
    over: bool,
}

impl std::fmt::Debug for Tips {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tips").field("known", &self.known).finish_non_exhaustive()
    }
}

impl Tips {
    pub(super) fn new(client: Client) -> Self {
        Tips { client, known: None, next: None, over: false }
    }
}

/// The current tip, once the node has one.
async fn current(client: &Client, patience: &mut Patience<'_>) -> Result<BlockRef> {
    let mining = client.mining();
    loop {
        match mining.get_tip().await {
            Ok(Some(tip)) => return Ok(tip),
            Ok(None) => client.sleep(LOADING).await,
            Err(error) if error.kind() == ErrorKind::Disconnected => patience.after(error).await?,
            Err(error) => return Err(error),
        }
    }
}

async fn next(client: Client, known: Option<BlockRef>) -> Result<TipEvent> {
    let mut patience = Patience::new(&client);
    let Some(known) = known else { return current(&client, &mut patience).await.map(TipEvent::Tip) };
    let mining = client.mining();
    let connection = client.connections();
    loop {
        let error = match mining.wait_tip_changed(known.hash, Some(PATIENCE)).await {
            Ok(Some(tip)) if tip == known => continue,
            Ok(Some(tip)) => return Ok(TipEvent::Tip(tip)),
            Ok(None) => Error::disconnected("the node gives no more blocks; it is shutting down"),
            Err(error) if error.kind() == ErrorKind::Disconnected => error,
            Err(error) => return Err(error),
        };
        patience.after(error).await?;
        let tip = current(&client, &mut patience).await?;
        if client.connections() != connection {
            return Ok(TipEvent::Reconnected { gap: patience.spent(), tip });
        }
        if tip != known {
            return Ok(TipEvent::Tip(tip));
        }
    }
}

impl Stream for Tips {
    type Item = Result<TipEvent>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        let this = &mut *self;
        let (client, known) = (&this.client, this.known);
        let future = this.next.get_or_insert_with(|| Box::pin(next(client.clone(), known)));
        let Poll::Ready(found) = future.as_mut().poll(cx) else { return Poll::Pending };
        this.next = None;
        match &found {
            Ok(event) => this.known = Some(event.tip()),
            Err(_) => this.over = true,
        }
        Poll::Ready(Some(found))
    }
}
