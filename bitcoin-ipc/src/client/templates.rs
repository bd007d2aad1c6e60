//! Block templates, one after the other.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bitcoin::Amount;
use futures::Stream;
use futures::future::BoxFuture;
use mp_runtime::{Error, Result};
use tokio::sync::OwnedSemaphorePermit;

use super::link::Link;
use super::mining::create_held;
use super::patience::{Patience, ends_streams, is_lost};
use super::template::{Held, HeldTemplate};
use crate::interfaces::BlockTemplate;
use crate::types::{BlockCreateOptions, BlockWaitOptions};

/// Which templates to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemplateOptions {
    /// What they are to be like.
    pub create: BlockCreateOptions,
    /// How much the fees have to rise for another template on the same block; by default never.
    pub fee_threshold: Amount,
    /// Whether the first one waits until the chain has caught up with its headers.
    pub cooldown: bool,
    /// What to do when as many templates are held as may be.
    pub when_full: WhenFull,
}

/// What a stream does when as many templates are held as
/// [`ConnectOptions::max_templates`](super::ConnectOptions::max_templates) allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenFull {
    /// The oldest template that came through this stream gives its place to the new one, and further calls
    /// on it are errors of kind [`Cancelled`](mp_runtime::ErrorKind::Cancelled). So the newest template is
    /// never late.
    #[default]
    DropOldest,
    /// The next template waits until one is dropped.
    Wait,
}

impl Default for TemplateOptions {
    fn default() -> Self {
        TemplateOptions {
            create: BlockCreateOptions::default(),
            fee_threshold: Amount::MAX_MONEY,
            cooldown: true,
            when_full: WhenFull::default(),
        }
    }
}

/// Block templates, one after the other; see [`Client::templates`](super::Client::templates).
///
/// A template that could not be made is an error, and the stream goes on with another one after a pause. It
/// ends with an error when the node stays away or is not one that could give any. Dropping it ends the wait
/// at the node. Beside the templates that were given out, the node keeps the last one for each stream.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Templates {
    options: TemplateOptions,
    /// What the stream knows, while nobody looks for the next template.
    state: Option<State>,
    next: Option<BoxFuture<'static, (State, Result<Template>)>>,
}

type Template = Arc<dyn BlockTemplate>;

struct State {
    link: Link,
    options: TemplateOptions,
    last: Option<Arc<Held>>,
    /// The templates that were given out, from the oldest.
    given: VecDeque<Weak<HeldTemplate>>,
    /// The pause before the next attempt, after errors.
    pause: Option<Duration>,
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Templates").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Templates {
    pub(super) fn new(link: Link, options: TemplateOptions) -> Self {
        let state = State { link, options, last: None, given: VecDeque::new(), pause: None };
        Templates { options, state: Some(state), next: None }
    }
}

impl State {
    async fn next(mut self) -> (State, Result<Template>) {
        let next = self.find().await;
        self.pause = next.is_err().then(|| self.link.longer_pause(self.pause));
        (self, next)
    }

    async fn find(&mut self) -> Result<Template> {
        if let Some(pause) = self.pause {
            self.link.pause(pause).await;
        }
        // Who waits for room and then for a template gets the newest one.
        let seat = match self.options.when_full {
            WhenFull::Wait => Some(self.link.seat().await?),
            WhenFull::DropOldest => None,
        };
        let held = self.wait().await?;
        self.last = Some(held.clone());
        let seat = match seat {
            Some(seat) => seat,
            None => self.room().await?,
        };
        let template = HeldTemplate::new(held, seat);
        self.given.push_back(Arc::downgrade(&template));
        Ok(template)
    }

    /// The next template of the node.
    async fn wait(&mut self) -> Result<Arc<Held>> {
        let TemplateOptions { create, fee_threshold, cooldown, .. } = self.options;
        let link = &self.link;
        let mut patience = Patience::new(link);
        loop {
            let found = match self.last.take() {
                Some(last) => last.next(&BlockWaitOptions { timeout: None, fee_threshold }).await,
                None => create_held(link, &create, cooldown).await,
            };
            // A template is gone with its connection; the next one comes through another.
            let error = match found {
                Ok(Some(template)) => return Ok(template),
                Ok(None) => Error::disconnected("the node gives no more templates; it is shutting down"),
                Err(error) if is_lost(&error) => error,
                Err(error) => return Err(error),
            };
            patience.after(error).await?;
        }
    }

    /// A seat: a free one, that of the oldest template, or when others have all of them, the next one that
    /// is free.
    async fn room(&mut self) -> Result<OwnedSemaphorePermit> {
        self.given.retain(|given| given.strong_count() > 0);
        loop {
            match self.link.free_seat() {
                Ok(seat) => return Ok(seat),
                Err(_) => match self.given.pop_front() {
                    Some(oldest) => {
                        if let Some(oldest) = oldest.upgrade() {
                            oldest.make_room();
                        }
                    }
                    None => return self.link.seat().await,
                },
            }
        }
    }
}

impl Stream for Templates {
    type Item = Result<Template>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let next = match (&mut this.next, this.state.take()) {
            (Some(next), _) => next,
            (None, Some(state)) => this.next.insert(Box::pin(state.next())),
            (None, None) => return Poll::Ready(None),
        };
        let Poll::Ready((state, found)) = next.as_mut().poll(cx) else { return Poll::Pending };
        this.next = None;
        if !found.as_ref().is_err_and(ends_streams) {
            this.state = Some(state);
        }
        Poll::Ready(Some(found))
    }
}
