//! Following the chain.
//!
//! In: a node. Out: a wallet that knows what happened in its chain and mempool, also while the wallet
//! was not looking.
//!
//! First the wallet registers for notifications, which wait; then it searches the blocks from its own
//! best one to the node's; then it takes the mempool; then it applies what waited, and from then on each
//! notification as it comes. Some arrive twice that way, which is harmless.
//!
//! A node that watches scripts ([`WatchingChain`](bitcoin_ipc::interfaces::watch::WatchingChain)) gets those
//! of the wallet, as far as it looks ahead, and more when it derives more; it tells and searches only what
//! concerns them. Another node tells everything, and the wallet reads the blocks, or those that match the
//! filters if there are any.
//!
//! What crossed the socket in the test `tests/split` in bytes, for a wallet that looks 100 scripts ahead in
//! each of its eight descriptors; 155 blocks with 20 payments each, 11 of them of the wallet, came live, were
//! caught up with, and were searched again with the 103 below them:
//!
//! | | start | live | catch up | rescan |
//! |---|---|---|---|---|
//! | whole blocks | 3,496 | 2,393,608 | 651,112 | 732,896 |
//! | filters | 3,496 | 2,392,672 | 5,830,880 | 9,764,688 |
//! | watching | 40,296 | 276,016 | 49,128 | 5,336 |
//!
//! Filters are asked for with all scripts for each block, which pays only where blocks are larger than that.

mod apply;
mod import;
mod notices;
mod owed;
mod scan;
mod watch;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::ThreadId;
use std::time::Instant;

use bitcoin_ipc::interfaces::Handler;
use bitcoin_ipc::interfaces::watch::AnyChain;

use crate::Result;
use crate::listeners::lock;
use crate::wallet::{Follow, Wallet};
use notices::{Notice, NotificationsReceiver};
pub use scan::ScanResult;
use watch::Watch;

/// A loaded wallet that follows the chain. Clones are the same wallet; after it was unloaded, their methods fail.
#[derive(Clone, Debug)]
pub struct WalletHandle(Arc<Follower>);

impl std::ops::Deref for WalletHandle {
    type Target = Arc<Wallet>;

    fn deref(&self) -> &Arc<Wallet> {
        &self.0.wallet
    }
}

/// Takes a wallet out of its loader, and closes it.
pub(crate) type Unload = Box<dyn Fn(&WalletHandle) -> Result<()> + Send + Sync>;

/// A wallet, and how it follows the chain.
struct Follower {
    wallet: Arc<Wallet>,
    unload: Unload,
    /// Counts registrations; what an older one hears is ignored.
    registration: AtomicU64,
    link: Mutex<Option<Link>>,
    queue: Mutex<Queue>,
    /// Held by whoever applies notices, so that they keep their order.
    applying: Mutex<()>,
    /// The thread that applies notices. What a listener does may cause more of them.
    applier: Mutex<Option<ThreadId>>,
    /// Held by whoever searches the chain.
    scanning: Mutex<()>,
    /// Whether somebody searches, for those who only want to know.
    is_scanning: AtomicBool,
    /// When the last search began.
    since: Mutex<Option<Instant>>,
    abort: AtomicBool,
    /// Hundredths of the search.
    progress: AtomicU64,
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Follower").field("wallet", &self.wallet).finish_non_exhaustive()
    }
}

impl Follow for Follower {
    fn derived(self: Arc<Self>) {
        WalletHandle(self).watch_new_scripts();
    }

    fn read_again(self: Arc<Self>) {
        std::thread::spawn(move || {
            let wallet = WalletHandle(self);
            if let Err(error) = wallet.follow() {
                tracing::warn!(target: "wallet", wallet = wallet.name(), %error, "the node is not followed");
            }
        });
    }
}

/// How the node tells the wallet. Dropping it ends that.
enum Link {
    /// Everything.
    Plain(Box<dyn Handler>),
    /// What concerns its scripts.
    Watching(Arc<Watch>),
}

impl Link {
    fn disconnect(&self) -> bitcoin_ipc::Result<()> {
        match self {
            Link::Plain(handler) => handler.disconnect(),
            Link::Watching(watch) => watch.remote.disconnect(),
        }
    }
}

#[derive(Default)]
struct Queue {
    notices: VecDeque<Notice>,
    waiting: bool,
}

impl WalletHandle {
    /// A wallet that does not follow the chain yet.
    pub(crate) fn new(wallet: Wallet, unload: Unload) -> Self {
        WalletHandle(Arc::new_cyclic(|follower: &Weak<Follower>| Follower {
            wallet: wallet.followed_by(follower.clone()),
            unload,
            registration: AtomicU64::default(),
            link: Mutex::default(),
            queue: Mutex::default(),
            applying: Mutex::default(),
            applier: Mutex::default(),
            scanning: Mutex::default(),
            is_scanning: AtomicBool::default(),
            since: Mutex::default(),
            abort: AtomicBool::default(),
            progress: AtomicU64::default(),
        }))
    }

    /// What of the wallet's file cannot be used, and what of the chain is still to be searched, in words for the
    /// user.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn warnings(&self) -> Result<Vec<String>> {
        let mut warnings = self.options().warnings.clone();
        warnings.extend(self.summary(self.scan_progress().is_some())?.warnings);
        Ok(warnings)
    }

    /// Closes the wallet, whose file is free then. Its handles remain, and fail.
    ///
    /// # Errors
    ///
    /// It is closed already.
    pub fn unload(&self) -> Result<()> {
        (self.0.unload)(self)
    }

    /// Lets go of the node and the file.
    pub(crate) fn close(&self) {
        Wallet::close(self, || self.stop());
    }

    /// Whether it is the same wallet.
    pub(crate) fn is(&self, other: &WalletHandle) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Stops hearing and searching.
    fn stop(&self) {
        self.0.registration.fetch_add(1, Ordering::SeqCst);
        self.0.abort.store(true, Ordering::SeqCst);
        let link = lock(&self.0.link).take();
        if let Some(link) = link {
            let _ = link.disconnect();
        }
        lock(&self.0.queue).notices.clear();
    }

    /// Registers with the node and catches up with it: from the wallet's best block to the node's, and
    /// the mempool. Then the wallet's unconfirmed transactions go to the node again.
    ///
    /// # Errors
    ///
    /// The node cannot be asked, has another chain, or lacks blocks. The wallet can be read meanwhile.
    pub fn follow(&self) -> Result<()> {
        let follow = &self.0;
        let registration = follow.registration.fetch_add(1, Ordering::SeqCst) + 1;
        let old = lock(&follow.link).take();
        drop(old);
        {
            let mut queue = lock(&follow.queue);
            queue.notices.clear();
            queue.waiting = true;
        }
        let caught_up = self.catch_up(registration);
        lock(&follow.queue).waiting = false;
        caught_up?;
        self.apply_queue();
        self.resubmit(bitcoin_ipc::types::TxBroadcast::MempoolNoBroadcast)
    }

    fn catch_up(&self, registration: u64) -> Result<()> {
        let receiver = Arc::new(NotificationsReceiver { wallet: Arc::downgrade(&self.0), registration });
        let chain = self.any_chain();
        let link = match &chain {
            AnyChain::Watching(chain) if self.options().watch => {
                Link::Watching(Arc::new(Watch::new(chain.watch_scripts(receiver)?)))
            }
            chain => Link::Plain(chain.chain().handle_notifications(receiver)?),
        };
        let unused = lock(&self.0.link).replace(link);
        drop(unused);
        let watch = self.watch();
        if let Some(watch) = &watch {
            self.settle(watch, 0)?;
        }
        self.scan_to_tip()?;
        self.search_owed()?;
        self.forget_mempool()?;
        self.request_mempool()
    }

    /// Takes what the mempool has, in between what the node tells.
    fn hear_mempool(&self) -> Result<()> {
        let follow = &self.0;
        let this = std::thread::current().id();
        if *lock(&follow.applier) == Some(this) {
            return self.request_mempool();
        }
        let heard = {
            let _applying = lock(&follow.applying);
            *lock(&follow.applier) = Some(this);
            let heard = self.request_mempool();
            *lock(&follow.applier) = None;
            heard
        };
        // What was told meanwhile.
        self.apply_queue();
        heard
    }

    fn request_mempool(&self) -> Result<()> {
        let (chain, watch) = (self.any_chain(), self.watch());
        let receiver = notices::MempoolReceiver(self.clone());
        let Some(watch) = watch else { return Ok(chain.chain().request_mempool_transactions(&receiver)?) };
        // What is found may be followed by what pays scripts that it derived.
        loop {
            let scripts = self.script_count()?;
            watch.remote.request_mempool_transactions(&receiver)?;
            if self.script_count()? == scripts {
                return Ok(());
            }
        }
    }

    /// Takes a notification of the node.
    fn hear(&self, registration: u64, notice: Notice) {
        let follow = &self.0;
        if follow.registration.load(Ordering::SeqCst) != registration {
            return;
        }
        {
            let mut queue = lock(&follow.queue);
            queue.notices.push_back(notice);
            if queue.waiting {
                return;
            }
        }
        self.apply_queue();
    }

    /// Applies what waits. When this returns, what waited before is applied.
    fn apply_queue(&self) {
        let follow = &self.0;
        let this = std::thread::current().id();
        if *lock(&follow.applier) == Some(this) {
            // A listener caused it; its turn comes when the listener is done.
            return;
        }
        let _applying = lock(&follow.applying);
        *lock(&follow.applier) = Some(this);
        loop {
            let notice = lock(&follow.queue).notices.pop_front();
            let Some(notice) = notice else { break };
            if let Err(error) = self.apply(notice) {
                tracing::warn!(target: "wallet", wallet = self.name(), %error, "a notification was not applied");
            }
        }
        *lock(&follow.applier) = None;
    }
}
