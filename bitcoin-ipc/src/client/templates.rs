//! Block templates, one after the other.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bitcoin::Amount;
use futures::Stream;
use futures::future::BoxFuture;
use mp_runtime::{Error, ErrorKind, Result};

use super::connection::Client;
use super::patience::Patience;
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
}

impl Default for TemplateOptions {
    fn default() -> Self {
        TemplateOptions {
            create: BlockCreateOptions::default(),
            fee_threshold: Amount::MAX_MONEY,
            cooldown: true,
        }
    }
}

type Template = Arc<dyn BlockTemplate>;

/// Block templates, one after the other; see [`Client::templates`]. It ends with an error when the
/// node stays away. Dropping it ends the wait at the node.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Templates {
    client: Client,
    options: TemplateOptions,
    last: Option<Template>,
    next: Option<BoxFuture<'static, Result<Template>>>,
    over: bool,
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Templates").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Templates {
    pub(super) fn new(client: Client, options: TemplateOptions) -> Self {
        Templates { client, options, last: None, next: None, over: false }
    }
}

async fn next(client: Client, options: TemplateOptions, mut last: Option<Template>) -> Result<Template> {
    let mut patience = Patience::new(&client);
    loop {
        let found = match last.take() {
            Some(template) => {
                let wait = BlockWaitOptions { timeout: None, fee_threshold: options.fee_threshold };
                template.wait_next(&wait).await
            }
            None => client.mining().create_new_block(&options.create, options.cooldown).await,
        };
        // A template is gone with its connection; the next one comes through another.
        let error = match found {
            Ok(Some(template)) => return Ok(template),
            Ok(None) => Error::disconnected("the node gives no more templates; it is shutting down"),
            Err(error) if error.kind() == ErrorKind::Disconnected => error,
            Err(error) => return Err(error),
        };
        patience.after(error).await?;
    }
}

impl Stream for Templates {
    type Item = Result<Arc<dyn BlockTemplate>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        let this = &mut *self;
        let (client, options, last) = (&this.client, this.options, &mut this.last);
        let future = this.next.get_or_insert_with(|| Box::pin(next(client.clone(), options, last.take())));
        let Poll::Ready(found) = future.as_mut().poll(cx) else { return Poll::Pending };
        this.next = None;
        match &found {
            Ok(template) => this.last = Some(template.clone()),
            Err(_) => this.over = true,
        }
        Poll::Ready(Some(found))
    }
}
