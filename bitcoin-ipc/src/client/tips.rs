//! The highest block, each time that it changes.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::Stream;
use futures::future::BoxFuture;
use mp_runtime::{Error, Result};

use super::link::Link;
use super::mining::ClientMining;
use super::patience::{Patience, ends_streams, is_lost};
use crate::interfaces::Mining;
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

/// The pause while the node loads its chain and has no highest block.
const LOADING: Duration = Duration::from_millis(200);

/// The highest block, each time that it changes; see [`Client::tips`](super::Client::tips).
///
/// An error of the node is an item, and the stream goes on after a pause. It ends with an error when the
/// connection does not come back, or the node hangs for as long. Dropping it ends the wait at the node.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Tips {
    link: Link,
    known: Option<BlockRef>,
    next: Option<BoxFuture<'static, Result<TipEvent>>>,
    /// The pause before the next attempt, after errors.
    pause: Option<Duration>,
    over: bool,
}

impl std::fmt::Debug for Tips {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tips").field("known", &self.known).finish_non_exhaustive()
    }
}

impl Tips {
    pub(super) fn new(link: Link) -> Self {
        Tips { link, known: None, next: None, pause: None, over: false }
    }
}

/// The current tip, once the node has one.
async fn current(link: &Link, patience: &mut Patience<'_>) -> Result<BlockRef> {
    let mining = ClientMining(link.clone());
    loop {
        match mining.get_tip().await {
            Ok(Some(tip)) => return Ok(tip),
            Ok(None) => link.pause(LOADING).await,
            Err(error) if is_lost(&error) => patience.after(error).await?,
            Err(error) => return Err(error),
        }
    }
}

async fn next(link: Link, known: Option<BlockRef>, pause: Option<Duration>) -> Result<TipEvent> {
    if let Some(pause) = pause {
        link.pause(pause).await;
    }
    let mut patience = Patience::new(&link);
    let Some(known) = known else { return current(&link, &mut patience).await.map(TipEvent::Tip) };
    let mining = ClientMining(link.clone());
    let connection = link.connections();
    loop {
        let error = match mining.wait_tip_changed(known.hash, None).await {
            Ok(Some(tip)) => return Ok(TipEvent::Tip(tip)),
            Ok(None) => Error::disconnected("the node gives no more blocks; it is shutting down"),
            Err(error) if is_lost(&error) => error,
            Err(error) => return Err(error),
        };
        patience.after(error).await?;
        let tip = current(&link, &mut patience).await?;
        if link.connections() != connection {
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
        let (link, known, pause) = (&this.link, this.known, this.pause);
        let future = this.next.get_or_insert_with(|| Box::pin(next(link.clone(), known, pause)));
        let Poll::Ready(found) = future.as_mut().poll(cx) else { return Poll::Pending };
        this.next = None;
        match &found {
            Ok(event) => (this.known, this.pause) = (Some(event.tip()), None),
            Err(error) => {
                this.over = ends_streams(error);
                this.pause = Some(link.longer_pause(pause));
            }
        }
        Poll::Ready(Some(found))
    }
}
