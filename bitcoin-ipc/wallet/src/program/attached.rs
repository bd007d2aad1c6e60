//! Wallets that follow a node which listens on a socket.
//!
//! In: a loader without a node, a path. Out: wallets that are loaded and follow the node that is there;
//! when it is gone they remain, and follow the next one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bitcoin_init::shutdown::Shutdown;
use bitcoin_ipc::interfaces::watch::{AnyChain, SplitInit};
use bitcoin_ipc::interfaces::{ChainClient, Handler};
use bitcoin_ipc::{Error, ErrorKind, Result, Trust};
use mp_runtime::{Connection, EventLoop, connect_stream, within};

use super::genesis;
use super::socket::{self, Answer};
use crate::Loader;
use crate::listeners::lock;

/// The pause between two looks for a node.
const PAUSE: Duration = Duration::from_millis(500);
/// How often a wait is mentioned.
const MENTION: Duration = Duration::from_secs(30);
/// How long the end waits for calls that are under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs until it is time to stop; then unloads the wallets and leaves the node.
///
/// # Errors
///
/// What is at the path before there was a node cannot be one for these wallets, or the wallets cannot be
/// loaded.
pub(super) fn run(
    event_loop: &EventLoop,
    socket: &Path,
    trust: Trust,
    loader: Loader,
    shutdown: &Shutdown,
) -> Result<()> {
    let attachment = Arc::new(Attachment {
        event_loop: event_loop.clone(),
        socket: socket.to_owned(),
        trust,
        loader,
        shutdown: shutdown.clone(),
        connection: Mutex::default(),
    });
    let (follower, end) = (attachment.clone(), shutdown.clone());
    let thread = std::thread::Builder::new().name("node".into()).spawn(move || {
        // Also after a panic.
        let _end = RequestOnDrop(end);
        follower.follow()
    })?;
    shutdown.wait();
    tracing::info!(target: "wallet", "Shutdown in progress...");
    let connection = lock(&attachment.connection).take();
    let stopped = match connection {
        Some(connection) => stop(&connection, || attachment.loader.stop()),
        None => attachment.loader.stop(),
    };
    let followed =
        thread.join().unwrap_or_else(|_| Err(Error::failed("the thread that follows the node failed")));
    // It may have loaded one more wallet meanwhile.
    attachment.loader.stop()?;
    followed.and(stopped)
}

/// Stops something that uses a connection, while it can still say goodbye, and then closes it.
pub(super) fn stop(connection: &Connection, stop: impl FnOnce() -> Result<()>) -> Result<()> {
    let stopped = within(PATIENCE, stop);
    if !connection.shut_down(PATIENCE)? {
        tracing::warn!(target: "wallet", "Calls of the node were cut off.");
    }
    stopped
}

struct RequestOnDrop(Shutdown);

impl Drop for RequestOnDrop {
    fn drop(&mut self) {
        self.0.request();
    }
}

struct Attachment {
    event_loop: EventLoop,
    socket: PathBuf,
    trust: Trust,
    loader: Loader,
    shutdown: Shutdown,
    connection: Mutex<Option<Connection>>,
}

/// Where the work with nodes stands.
#[derive(Default)]
struct Progress {
    /// Whether there was a node, so that errors no longer end the program.
    attached: bool,
    /// Whether the wallets of the settings are loaded.
    loaded: bool,
    /// What was last said of the wait, and when.
    mentioned: Option<(String, Instant)>,
}

impl Attachment {
    /// Looks for a node, follows it until it is gone, and looks again.
    fn follow(&self) -> Result<()> {
        let mut progress = Progress::default();
        while !self.shutdown.requested() {
            match self.follow_one(&mut progress) {
                Ok(()) => {}
                Err(error) if self.shutdown.requested() => {
                    tracing::debug!(target: "wallet", %error, "a call to the node was not finished");
                }
                Err(error) if error.kind() == ErrorKind::Disconnected => {
                    progress.mentioned = None;
                    let at = self.socket.display();
                    tracing::warn!(target: "wallet", "The node has gone: {}; waiting for it at unix:{at}.", error.text());
                }
                Err(error) if !progress.attached => return Err(error),
                Err(error) => self.mention(&mut progress, error.text()),
            }
            self.shutdown.wait_timeout(PAUSE);
        }
        Ok(())
    }

    /// One look for a node, and if there is one, all of its time.
    fn follow_one(&self, progress: &mut Progress) -> Result<()> {
        let stream = match socket::connect(&self.socket, self.trust)? {
            Answer::Node(stream) => stream,
            Answer::Nobody(reason) => {
                self.mention(progress, reason);
                return Ok(());
            }
        };
        let init = connect_stream::<dyn SplitInit>(&self.event_loop, stream);
        let connection = init.connection().clone();
        *lock(&self.connection) = Some(connection.clone());
        // Whoever wants to stop us closes it, or has wanted so before it was there to be closed.
        if self.shutdown.requested() {
            connection.close();
        }
        let chain = self.chain(init.any_chain())?;
        genesis::check(&*chain.chain(), self.loader.options().network)?;
        self.take(chain, progress)?;
        // It is the node's until the connection is gone.
        let _offered = self.offer(&*init)?;
        drop(init);
        let again = if std::mem::replace(&mut progress.attached, true) { " again" } else { "" };
        progress.mentioned = None;
        tracing::info!(target: "wallet", "Attached{again} to the node at unix:{}.", self.socket.display());
        connection.wait_closed(None)?;
        Err(Error::disconnected("its connection is closed"))
    }

    /// Offers the wallets to the windows of the node, if it takes them.
    fn offer(&self, init: &dyn SplitInit) -> Result<Option<Box<dyn Handler>>> {
        match init.offer_wallet_loader(Arc::new(self.loader.clone())) {
            // It is older, or another program's.
            Err(error) if error.kind() == ErrorKind::Unimplemented => Ok(None),
            offered => offered,
        }
    }

    /// What the node offers its wallets.
    fn chain(&self, made: Result<Option<AnyChain>>) -> Result<AnyChain> {
        match made {
            Ok(Some(chain)) => Ok(chain),
            Err(error) if error.kind() != ErrorKind::Unimplemented => Err(error),
            Ok(None) | Err(_) => Err(Error::unimplemented(format!(
                "the node at unix:{} offers no chain to wallets (makeChain): releases of Bitcoin Core do not, \
                 it takes a build that is split into processes, such as this project's bitcoin-node",
                self.socket.display()
            ))),
        }
    }

    /// Gives the wallets a node. The first one also says which wallets are to be loaded.
    fn take(&self, chain: AnyChain, progress: &mut Progress) -> Result<()> {
        let loader = &self.loader;
        match loader.attach(chain).map_err(Error::from) {
            Err(error) if error.kind() == ErrorKind::Disconnected => return Err(error),
            Err(error) => {
                tracing::error!(target: "wallet", "A wallet cannot follow this node: {}", error.text())
            }
            Ok(()) => {}
        }
        loader.register_rpcs()?;
        if !progress.loaded {
            if !loader.verify()? || !ChainClient::load(loader)? {
                return Err(Error::failed(
                    "the wallets could not be loaded; what was said before is the reason",
                ));
            }
            progress.loaded = true;
        }
        loader.start(())
    }

    /// Says why there is no node: once, and now and then again.
    fn mention(&self, progress: &mut Progress, reason: &str) {
        let again = match &progress.mentioned {
            Some((said, when)) if said == reason && when.elapsed() < MENTION => return,
            Some((said, _)) if said == reason => "Still waiting",
            _ => "Waiting",
        };
        progress.mentioned = Some((reason.to_owned(), Instant::now()));
        tracing::info!(target: "wallet", "{again} for a node at unix:{}: {reason}.", self.socket.display());
    }
}
