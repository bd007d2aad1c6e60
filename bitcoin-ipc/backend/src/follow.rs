//! Following the node.
//!
//! In: a node that says when its tip changes. Out: to every listener each block that came or went, in the order of
//! the chain, and what came and went in the mempool between them.
//!
//! One at a time walks: whoever waits for news does it himself where nobody else does. From the block that was told
//! last it is down until a block is of the active chain, then up; the node is asked for the neighbour at each step,
//! so whatever it did meanwhile, nothing is left out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread::{self, ThreadId};
use std::time::Duration;

use bitcoin::{BlockHash, Transaction};
use bitcoin_ipc::types::BlockRef;
use bitcoin_ipc::{Error, ErrorKind, Result};

use crate::ask::{Ask, lock};
use crate::headers::Header;
use crate::hints::{self, Follower, Hints};
use crate::listeners::{Content, Ear, Listener};
use crate::mempool::{Search, Seen};

/// How long one question for the next tip waits.
const WAIT: Duration = Duration::from_secs(30);
/// The pause after the node was too busy to answer.
const PAUSE: Duration = Duration::from_secs(1);
/// How often in a row it may be too busy before it counts as gone.
const PATIENCE: u32 = 60;

/// Hints of so long a time are followed together.
const TOGETHER: Duration = Duration::from_millis(200);

const OTHER_CHAIN: &str = "its chain is another one now";

/// Who follows a node.
pub(crate) struct Follow {
    ask: Arc<Ask>,
    told: Mutex<Told>,
    turn: Mutex<Turn>,
    turned: Condvar,
    /// What is known of the mempool, for whoever walks.
    seen: Mutex<Seen>,
    interval: Duration,
    hints: Hints,
    stopped: AtomicBool,
    /// Why the node is not followed any more.
    lost: Mutex<Option<Error>>,
    changed: Condvar,
}

/// What was told, and to whom. A listener that comes hears of the block after `tip`.
struct Told {
    tip: BlockRef,
    listeners: Vec<Arc<Listener>>,
}

/// Takes a listener out when it is dropped.
pub(crate) struct Registration {
    follow: Arc<Follow>,
    pub(crate) listener: Arc<Listener>,
}

impl Registration {
    pub(crate) fn follow(&self) -> &Follow {
        &self.follow
    }

    pub(crate) fn end(&self) {
        lock(&self.follow.told).listeners.retain(|listener| !Arc::ptr_eq(listener, &self.listener));
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.end();
    }
}

/// What somebody wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Of blocks, as there are some.
    Blocks,
    /// Of the mempool, as it is time for that.
    Mempool,
    /// All that there is now.
    All,
}

/// Whose turn it is.
#[derive(Default)]
struct Turn {
    walker: Option<ThreadId>,
    /// The number of the last walk, and of the last one that came to its end.
    begun: u64,
    ended: u64,
    /// Whether the next one is to search a small mempool too, whenever that was done last.
    now: bool,
}

/// A walk; the next may begin when it is dropped.
struct Walk<'a> {
    follow: &'a Follow,
    number: u64,
    /// Whether all was told.
    ended: bool,
}

impl Drop for Walk<'_> {
    fn drop(&mut self) {
        let mut turn = lock(&self.follow.turn);
        turn.walker = None;
        if self.ended {
            turn.ended = self.number;
        }
        drop(turn);
        self.follow.turned.notify_all();
    }
}

impl Follow {
    /// Begins to follow a node on this host, from its tip. The mempool is searched this often.
    pub(crate) fn start(ask: Arc<Ask>, interval: Duration, host: &str) -> Result<Arc<Self>> {
        let tip = ask.tip()?;
        let published = hints::endpoint(&ask, host)?;
        let follow = Arc::new(Follow {
            ask,
            told: Mutex::new(Told { tip, listeners: Vec::new() }),
            turn: Mutex::default(),
            turned: Condvar::new(),
            seen: Mutex::default(),
            interval,
            hints: Hints::default(),
            stopped: AtomicBool::new(false),
            lost: Mutex::default(),
            changed: Condvar::new(),
        });
        for (name, run) in [("core-tips", tips as fn(&Weak<Follow>)), ("core-mempool", search)] {
            let weak = Arc::downgrade(&follow);
            thread::Builder::new().name(name.to_owned()).spawn(move || run(&weak))?;
        }
        if let Some(endpoint) = published {
            let weak = Arc::downgrade(&follow);
            let listen = move || hints::listen(&weak, &endpoint);
            thread::Builder::new().name("core-hints".to_owned()).spawn(listen)?;
        }
        Ok(follow)
    }

    pub(crate) fn ask(&self) -> &Arc<Ask> {
        &self.ask
    }

    /// The tip that was told last.
    pub(crate) fn tip(&self) -> BlockRef {
        lock(&self.told).tip
    }

    /// Adds a listener, who hears of what comes from now on.
    pub(crate) fn register(self: &Arc<Self>, ear: Ear) -> Registration {
        let mut told = lock(&self.told);
        let listener = Arc::new(Listener::new(ear, told.tip));
        told.listeners.push(listener.clone());
        Registration { follow: self.clone(), listener }
    }

    fn listeners(&self) -> Vec<Arc<Listener>> {
        lock(&self.told).listeners.clone()
    }

    /// Tells all that has happened so far. On a thread that is telling already nothing happens.
    ///
    /// One walks and the others wait for him: for a walk that began after they came, so that nobody waits for more
    /// than two.
    pub(crate) fn catch_up(&self, what: News) -> Result<()> {
        let mut turn = lock(&self.turn);
        if turn.walker == Some(thread::current().id()) {
            return Ok(());
        }
        let came = turn.begun;
        turn.now |= what == News::All;
        loop {
            if turn.ended > came {
                return Ok(());
            }
            if let Some(error) = lock(&self.lost).clone() {
                return Err(error);
            }
            if turn.walker.is_none() {
                break;
            }
            turn = self.turned.wait(turn).unwrap_or_else(PoisonError::into_inner);
        }
        turn.walker = Some(thread::current().id());
        let whole = what != News::Mempool || turn.now;
        turn.begun += u64::from(whole);
        let mut walk = Walk { follow: self, number: turn.begun, ended: false };
        let now = std::mem::take(&mut turn.now);
        drop(turn);
        self.look(whole, now)?;
        walk.ended = whole;
        Ok(())
    }

    /// Tells of blocks and of the mempool.
    fn look(&self, blocks: bool, now: bool) -> Result<()> {
        let mut seen = lock(&self.seen);
        if blocks {
            self.walk()?;
        }
        let (listeners, tip) = (self.listeners(), self.tip().hash);
        let search = Search { ask: &self.ask, hints: &self.hints, interval: self.interval, now };
        if !search.run(&mut seen, &listeners, tip)? {
            // A block came in between. Once more is enough: blocks may come faster than mempools are searched.
            self.walk()?;
            search.run(&mut seen, &listeners, self.tip().hash)?;
        }
        Ok(())
    }

    /// Walks the chain from the block that was told last to what is the tip now, or beyond. What comes while it
    /// walks is left to the next: blocks may come faster than they are told.
    fn walk(&self) -> Result<()> {
        let goal = self.ask.tip()?;
        if self.tip().hash == goal.hash {
            return Ok(());
        }
        let mut known: Option<Header> = None;
        loop {
            let told = self.tip();
            let header = match known.take() {
                Some(header) => header,
                None => self.told_header(told.hash)?,
            };
            if !header.active {
                let below = header.prev.ok_or_else(|| Error::disconnected(OTHER_CHAIN))?;
                let last = BlockRef { hash: below, height: header.height - 1 };
                let content = Content::new(&self.ask, &header);
                for listener in self.move_to(last) {
                    listener.disconnected(&content, last)?;
                }
                continue;
            }
            let next = match header.next {
                Some(next) => self.ask.known_header(next)?,
                None => break,
            };
            // It may have left the chain again.
            if !next.active || next.prev != Some(told.hash) {
                continue;
            }
            let content = Content::new(&self.ask, &next);
            for listener in self.move_to(next.place()) {
                listener.connected(&content, next.place())?;
            }
            if next.height >= goal.height {
                break;
            }
            known = Some(next).filter(|next| next.next.is_some());
        }
        self.listeners().iter().for_each(|listener| listener.settled());
        Ok(())
    }

    /// The header of the block that was told last.
    fn told_header(&self, hash: BlockHash) -> Result<Header> {
        self.ask.header(hash)?.ok_or_else(|| {
            Error::disconnected(format!(
                "it does not know block {hash} any more, which was its tip: {OTHER_CHAIN}"
            ))
        })
    }

    /// Notes what is told now, and gives those who hear it.
    fn move_to(&self, tip: BlockRef) -> Vec<Arc<Listener>> {
        let mut told = lock(&self.told);
        told.tip = tip;
        told.listeners.clone()
    }

    /// Whether it is still to be followed.
    fn goes_on(&self) -> bool {
        !self.stopped.load(Ordering::Relaxed) && lock(&self.lost).is_none()
    }

    /// Notes that the node is gone.
    fn lose(&self, error: Error) {
        let mut lost = lock(&self.lost);
        if lost.is_none() {
            *lost = Some(error);
        }
        drop(lost);
        self.changed.notify_all();
        self.turned.notify_all();
    }

    /// Ends it. What waits for the node is cut off.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.lose(Error::disconnected("the node is not followed any more"));
        self.ask.close();
    }

    /// Waits until another tip than this one is told and all walks are at their end, or the node is gone; at most so
    /// long.
    pub(crate) fn wait_change(&self, known: BlockHash, time: Duration) {
        let same = |turn: &mut Turn| (turn.walker.is_some() || self.tip().hash == known) && self.goes_on();
        let waited = self.turned.wait_timeout_while(lock(&self.turn), time, same);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits until the node is gone, and says why.
    pub(crate) fn wait_lost(&self) -> Error {
        let mut lost = lock(&self.lost);
        loop {
            if let Some(error) = &*lost {
                return error.clone();
            }
            lost = self.changed.wait(lost).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Sleeps, unless it is over.
    fn sleep(&self, time: Duration) {
        let lost = lock(&self.lost);
        if lost.is_none() {
            drop(self.changed.wait_timeout(lost, time));
        }
    }

    /// Sleeps as [`sleep`](Self::sleep), or until there is a hint.
    fn sleep_until_hint(&self, time: Duration) {
        let idle = |lost: &mut Option<Error>| lost.is_none() && !self.hints.wait();
        drop(self.changed.wait_timeout_while(lock(&self.lost), time, idle));
    }

    /// Does something again and again, until the node is gone.
    fn repeat(weak: &Weak<Follow>, step: impl Fn(&Arc<Follow>) -> Result<()>) {
        let mut busy = 0;
        while let Some(follow) = weak.upgrade().filter(|follow| follow.goes_on()) {
            match step(&follow) {
                Ok(()) => busy = 0,
                Err(error) if error.kind() == ErrorKind::Overloaded && busy < PATIENCE => {
                    busy += 1;
                    tracing::debug!(target: "node", %error, "asked again soon");
                    follow.sleep(PAUSE);
                }
                Err(error) => follow.lose(error),
            }
        }
    }
}

impl Follower for Follow {
    fn goes_on(&self) -> bool {
        Follow::goes_on(self)
    }

    fn hints(&self) -> &Hints {
        &self.hints
    }

    fn may_concern(&self, tx: &Transaction) -> bool {
        self.listeners().iter().any(|listener| listener.may_hear(tx))
    }

    fn hint(&self) {
        let lost = lock(&self.lost);
        self.hints.give();
        drop(lost);
        self.changed.notify_all();
    }
}

/// Asks for the next tip, and tells of it.
fn tips(weak: &Weak<Follow>) {
    Follow::repeat(weak, |follow| {
        let known: BlockHash = follow.tip().hash;
        let ask = follow.ask.clone();
        if ask.wait_tip(known, WAIT)? == known { Ok(()) } else { follow.catch_up(News::Blocks) }
    });
}

/// Looks at the mempool now and then, and when there is a hint.
fn search(weak: &Weak<Follow>) {
    Follow::repeat(weak, |follow| {
        follow.sleep_until_hint(follow.interval);
        if follow.hints.wait() {
            follow.sleep(TOGETHER);
        }
        if follow.goes_on() && !follow.listeners().is_empty() {
            follow.catch_up(News::Mempool)?;
        }
        if follow.hints.wait() {
            // It was not time for a search yet.
            follow.sleep(follow.interval);
        }
        Ok(())
    });
}
