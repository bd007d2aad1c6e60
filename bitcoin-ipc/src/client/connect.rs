//! Connecting, and the client that it gives.
//!
//! In: options and an address. Out: a [`Client`]; what it gives calls the node over one [`Link`].

use std::sync::Arc;
use std::time::Duration;

use mp_runtime::{Error, EventLoop, Json, PeerCredentials, Result};

use super::address::Address;
use super::echo::ClientEcho;
use super::link::Link;
use super::mining::ClientMining;
use super::options::ConnectOptions;
use super::rpc::{self, RpcError};
use super::session::Source;
use super::templates::{TemplateOptions, Templates};
use super::tips::Tips;
use crate::interfaces::{Echo, Mining, Rpc};
use crate::release::{Release, Services};

/// How long closing a connection may take.
const CLOSING: Duration = Duration::from_millis(500);

/// Connects to a node of the main network, by an address such as `unix` or `unix:/path/node.sock`.
/// [`ConnectOptions`] has other networks and more.
///
/// # Errors
///
/// When the address makes no sense, or nothing answers there; the text says what to do.
pub async fn connect<A>(address: A) -> Result<Client>
where
    A: TryInto<Address>,
    Error: From<A::Error>,
{
    ConnectOptions::new().connect(address).await
}

impl ConnectOptions {
    /// Connects to a node.
    ///
    /// # Errors
    ///
    /// When the address makes no sense, or nothing answers there; the text says what to do.
    pub async fn connect<A>(self, address: A) -> Result<Client>
    where
        A: TryInto<Address>,
        Error: From<A::Error>,
    {
        let path = self.socket(&address.try_into()?)?;
        let trust = self.trust;
        let link = Link::new(self, Source::Socket { path, trust })?;
        link.open().await?;
        Ok(Client(link))
    }
}

/// A client of a running node. Copies are cheap and share the connection, which comes back when it
/// is lost: the next call connects again, with pauses that grow
/// ([`Reconnect`](super::Reconnect)).
#[derive(Clone)]
pub struct Client(Link);

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({:?}, connection {})", self.0.source(), self.connections())
    }
}

impl Client {
    /// A client of services in this process, as if they were a node of this release: for tests.
    ///
    /// # Errors
    ///
    /// When the system has no socket or thread to give.
    pub fn local(options: ConnectOptions, services: Services, release: Release) -> Result<Client> {
        let link = Link::new(options, Source::Local(services, release))?;
        link.open_now()?;
        Ok(Client(link))
    }

    /// The node's release.
    ///
    /// # Errors
    ///
    /// When the connection is lost and does not come back.
    pub async fn release(&self) -> Result<Release> {
        self.0.call(async |session| session.release().await).await
    }

    /// Block templates and blocks, in one form for all releases. The handle stays valid when the
    /// connection is lost. A lost call is made again when it only asks for something; it fails when
    /// it gives the node a block.
    #[must_use]
    pub fn mining(&self) -> Arc<dyn Mining> {
        Arc::new(ClientMining(self.0.clone()))
    }

    /// Block templates one after the other: the first at once, each other one when it is worth more
    /// or builds on a new block. After a lost connection it goes on with a new one.
    pub fn templates(&self, options: TemplateOptions) -> Templates {
        Templates::new(self.0.clone(), options)
    }

    /// The highest block: the current one at once, then each other one. After a lost connection it
    /// says how long there was none, and goes on.
    pub fn tips(&self) -> Tips {
        Tips::new(self.0.clone())
    }

    /// The node's echo.
    ///
    /// # Errors
    ///
    /// When the connection is lost and does not come back.
    pub async fn echo(&self) -> Result<Arc<dyn Echo>> {
        let made = self.0.call(async |session| Ok((session.clone(), session.echo().await?)));
        let (session, echo) = made.await?;
        Ok(Arc::new(ClientEcho { link: self.0.clone(), session, echo }))
    }

    /// The node's JSON-RPC server as it is on the wire; see [`execute_rpc`](Client::execute_rpc).
    ///
    /// # Errors
    ///
    /// When the node is older than v32, or the connection is lost and does not come back.
    pub async fn rpc(&self) -> Result<Arc<dyn Rpc>> {
        rpc::server(&self.0).await
    }

    /// Calls a method of the node's JSON-RPC server and gives its result. `params` is a list or an
    /// object, as a [`serde_json::Value`] or, where a field may come twice, as [`Json`]; `wallet` names the
    /// wallet for methods of one.
    ///
    /// # Errors
    ///
    /// When the method fails ([`RpcError::Rpc`]), the node is older than v32,
    /// or the connection is lost: the call is not made again, for it may have been executed.
    pub async fn execute_rpc(
        &self,
        method: &str,
        params: impl Into<Json>,
        wallet: Option<&str>,
    ) -> Result<serde_json::Value, RpcError> {
        rpc::execute(&self.0, method, params.into(), wallet).await
    }

    /// How many connections there have been so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.0.connections()
    }

    /// Whether the connection stands now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.0.live().is_some()
    }

    /// Whose process serves the connection that stands now; `None` without one, and for a client of this
    /// process's own services.
    #[must_use]
    pub fn peer(&self) -> Option<PeerCredentials> {
        self.0.live()?.peer()
    }

    /// The event loop of the client.
    #[must_use]
    pub fn event_loop(&self) -> &EventLoop {
        self.0.event_loop()
    }

    /// Closes the connection when what was sent has gone out, such as the end of a wait whose future
    /// was dropped. Waits for that at most half a second.
    pub async fn close(self) {
        if let Some(session) = self.0.live() {
            let limit = std::pin::pin!(self.0.pause(CLOSING));
            futures::future::select(std::pin::pin!(session.settle()), limit).await;
        }
        self.disconnect();
    }

    /// Closes the connection at once. The next call opens another one.
    pub fn disconnect(&self) {
        if let Some(session) = self.0.live() {
            session.close();
            self.0.forget(&session);
        }
    }
}
