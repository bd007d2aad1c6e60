//! The client for programs without futures.
//!
//! Every method blocks its thread until the node has answered. Calls of different threads do not
//! wait for each other. On a thread that may not be blocked, because it runs the tasks of an executor or drives
//! the client's event loop, each is an error of kind [`Misuse`](mp_runtime::ErrorKind::Misuse).

use std::sync::Arc;

use futures::executor;
use futures::stream::{Stream, StreamExt};
use mp_runtime::{Error, EventLoop, Json, Result, block_on, may_block};
use serde_json::Value;

use super::{Address, ConnectOptions, RpcError, TemplateOptions, TipEvent};
pub use crate::interfaces::{BlockingBlockTemplate as Template, BlockingMining as Mining};
use crate::release::Release;

/// Connects to a node of the main network; see [`connect`](super::connect).
///
/// # Errors
///
/// When the address makes no sense, or nothing answers there; the text says what to do.
pub fn connect<A>(address: A) -> Result<Client>
where
    A: TryInto<Address>,
    Error: From<A::Error>,
{
    connect_with(ConnectOptions::new(), address)
}

/// Connects to a node with options; see [`ConnectOptions::connect`].
///
/// # Errors
///
/// When the address makes no sense, or nothing answers there; the text says what to do.
pub fn connect_with<A>(options: ConnectOptions, address: A) -> Result<Client>
where
    A: TryInto<Address>,
    Error: From<A::Error>,
{
    may_block(None)?;
    executor::block_on(options.connect(address)).map(Client)
}

/// A client of a running node; see [`Client`](super::Client), of which it is made with
/// [`From`].
#[derive(Clone, Debug)]
pub struct Client(super::Client);

impl From<super::Client> for Client {
    fn from(client: super::Client) -> Self {
        Client(client)
    }
}

impl Client {
    /// The node's release.
    ///
    /// # Errors
    ///
    /// When the connection is lost and does not come back.
    pub fn release(&self) -> Result<Release> {
        block_on(self.0.event_loop(), self.0.release())
    }

    /// Block templates and blocks.
    #[must_use]
    pub fn mining(&self) -> Arc<dyn Mining> {
        <dyn Mining>::of(self.0.mining(), self.0.event_loop())
    }

    /// Block templates, one after the other.
    pub fn templates(
        &self,
        options: TemplateOptions,
    ) -> impl Iterator<Item = Result<Arc<dyn Template>>> + use<> {
        let mut templates = self.0.templates(options);
        let event_loop = self.0.event_loop().clone();
        std::iter::from_fn(move || {
            let next = next_of(&mut templates, &event_loop)?;
            Some(next.map(|template| <dyn Template>::of(template, &event_loop)))
        })
    }

    /// The highest block, each time that it changes.
    pub fn tips(&self) -> impl Iterator<Item = Result<TipEvent>> + use<> {
        let mut tips = self.0.tips();
        let event_loop = self.0.event_loop().clone();
        std::iter::from_fn(move || next_of(&mut tips, &event_loop))
    }

    /// Sends a text to the node and gives what comes back.
    ///
    /// # Errors
    ///
    /// When the connection is lost and does not come back.
    pub fn echo(&self, text: &str) -> Result<String> {
        block_on(self.0.event_loop(), async { self.0.echo().await?.echo(text).await })
    }

    /// Calls a method of the node's JSON-RPC server; see
    /// [`Client::execute_rpc`](super::Client::execute_rpc).
    ///
    /// # Errors
    ///
    /// When the method fails, the node is older than v32, or the connection is lost.
    pub fn execute_rpc(
        &self,
        method: &str,
        params: impl Into<Json>,
        wallet: Option<&str>,
    ) -> Result<Value, RpcError> {
        block_on(self.0.event_loop(), self.0.execute_rpc(method, params, wallet))
    }

    /// The client itself, for programs that have futures as well.
    #[must_use]
    pub fn into_inner(self) -> super::Client {
        self.0
    }
}

/// The next item of a stream.
fn next_of<T>(
    stream: &mut (impl Stream<Item = Result<T>> + Unpin),
    event_loop: &EventLoop,
) -> Option<Result<T>> {
    match may_block(Some(event_loop)) {
        Ok(()) => executor::block_on(stream.next()),
        Err(error) => Some(Err(error)),
    }
}
