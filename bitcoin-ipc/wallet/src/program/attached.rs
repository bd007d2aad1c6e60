//! Wallets that follow a node which comes and goes by itself.
//!
//! In: a loader without a node, and where nodes come from. Out: wallets that are loaded and follow the node that is
//! there; when it is gone they remain, and follow the next one.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bitcoin_init::shutdown::Shutdown;
use bitcoin_ipc::interfaces::watch::AnyChain;
use bitcoin_ipc::interfaces::{ChainClient, Handler};
use bitcoin_ipc::{Error, ErrorKind, Result};

use super::genesis;
use crate::Loader;
use crate::listeners::lock;

/// The pause between two looks for a node.
const PAUSE: Duration = Duration::from_millis(500);
/// The same after a node that is there and will not do.
const LONG_PAUSE: Duration = Duration::from_secs(5);
/// How often a wait is mentioned.
const MENTION: Duration = Duration::from_secs(30);

/// Where nodes come from.
pub(super) trait Nodes: Send + Sync + 'static {
    /// A node that is there.
    type Node: Node;

    /// Looks for a node, without waiting for one; why there is none is a text.
    ///
    /// # Errors
    ///
    /// What is there cannot be one for these wallets.
    fn look(&self) -> Result<std::result::Result<Self::Node, String>>;

    /// Where they are looked for.
    fn address(&self) -> String;
}

/// A node that wallets may follow. Clones are the same.
pub(super) trait Node: Clone + Send + 'static {
    /// What it offers wallets.
    ///
    /// # Errors
    ///
    /// It offers them nothing, or is gone.
    fn chain(&self) -> Result<AnyChain>;

    /// Gives it the wallets once they follow it; it has them until what this gives is dropped.
    ///
    /// # Errors
    ///
    /// It is gone.
    fn offer(&self, loader: &Loader) -> Result<Option<Box<dyn Handler>>>;

    /// Waits until it is gone, and says why.
    fn wait_gone(&self) -> Error;

    /// Ends what waits for it.
    fn cut_off(&self);

    /// Stops something that uses it, and lets go of it.
    ///
    /// # Errors
    ///
    /// What `stop` says.
    fn leave(&self, stop: impl FnOnce() -> Result<()>) -> Result<()>;
}

/// Runs until it is time to stop; then unloads the wallets and leaves the node.
///
/// # Errors
///
/// What is there before there was a node cannot be one for these wallets, or the wallets cannot be loaded.
pub(super) fn run<N: Nodes>(nodes: Arc<N>, loader: Loader, shutdown: &Shutdown) -> Result<()> {
    let attachment =
        Arc::new(Attachment { nodes, loader, shutdown: shutdown.clone(), node: Mutex::default() });
    let (follower, end) = (attachment.clone(), shutdown.clone());
    let thread = std::thread::Builder::new().name("node".into()).spawn(move || {
        // Also after a panic.
        let _end = RequestOnDrop(end);
        follower.follow()
    })?;
    shutdown.wait();
    tracing::info!(target: "wallet", "Shutdown in progress...");
    let node = lock(&attachment.node).take();
    let stopped = match node {
        Some(node) => node.leave(|| attachment.loader.stop()),
        None => attachment.loader.stop(),
    };
    let followed =
        thread.join().unwrap_or_else(|_| Err(Error::failed("the thread that follows the node failed")));
    // It may have loaded one more wallet meanwhile.
    attachment.loader.stop()?;
    followed.and(stopped)
}

struct RequestOnDrop(Shutdown);

impl Drop for RequestOnDrop {
    fn drop(&mut self) {
        self.0.request();
    }
}

struct Attachment<N: Nodes> {
    nodes: Arc<N>,
    loader: Loader,
    shutdown: Shutdown,
    node: Mutex<Option<N::Node>>,
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

impl<N: Nodes> Attachment<N> {
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
                    let at = self.nodes.address();
                    tracing::warn!(target: "wallet", "The node has gone: {}; waiting for it at {at}.", error.text());
                }
                Err(error) if !progress.attached => return Err(error),
                // It is there, and does not do what it should: that will not be better at once.
                Err(error) => {
                    self.mention(&mut progress, error.text());
                    self.shutdown.wait_timeout(LONG_PAUSE);
                }
            }
            self.shutdown.wait_timeout(PAUSE);
        }
        Ok(())
    }

    /// One look for a node, and if there is one, all of its time.
    fn follow_one(&self, progress: &mut Progress) -> Result<()> {
        let node = match self.nodes.look()? {
            Ok(node) => node,
            Err(reason) => {
                self.mention(progress, &reason);
                return Ok(());
            }
        };
        *lock(&self.node) = Some(node.clone());
        // Whoever wants to stop us cuts it off, or has wanted so before it was there.
        if self.shutdown.requested() {
            node.cut_off();
        }
        let chain = node.chain()?;
        genesis::check(&*chain.chain(), self.loader.options().network)?;
        self.take(chain, progress)?;
        // It is the node's until that is gone.
        let _offered = node.offer(&self.loader)?;
        let again = if std::mem::replace(&mut progress.attached, true) { " again" } else { "" };
        progress.mentioned = None;
        tracing::info!(target: "wallet", "Attached{again} to the node at {}.", self.nodes.address());
        Err(node.wait_gone())
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
        tracing::info!(target: "wallet", "{again} for a node at {}: {reason}.", self.nodes.address());
    }
}
