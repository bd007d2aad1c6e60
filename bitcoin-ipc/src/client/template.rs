//! A block template as the client holds it.
//!
//! In: a template of the node. Out: the same, with its rules kept: one solution at a time, one wait at
//! a time, and an interrupt that ends the wait it was meant for and no other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use bitcoin::{Amount, Block, Transaction, TxMerkleNode, block};
use mp_runtime::{Error, ErrorKind, Result, ipc_interface};
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, oneshot};

use super::link::Link;
use super::session::Session;
use super::watch::WaitTime;
use crate::interfaces::BlockTemplate;
use crate::types::{BlockWaitOptions, CoinbaseTx, Reject};

/// A template of the node.
pub(super) struct Held {
    link: Link,
    session: Arc<Session>,
    template: Arc<dyn BlockTemplate>,
    /// The node writes into the template when it gets a solution, without a lock.
    solution: Arc<Mutex<()>>,
    /// One flag in the node wakes one wait, so there is only one at a time.
    turn: Arc<Mutex<()>>,
    /// An interrupt may have reached the node when nothing was waiting: the next wait would then
    /// return at once, and has to be made again.
    stray: AtomicBool,
}

/// How far a wait is, for the task that drives it and for the future of who awaits it.
#[derive(Default)]
struct Progress {
    /// The future was dropped, and the node was told.
    given_up: bool,
    /// The node has answered.
    answered: bool,
}

/// A wait that is under way at the node, and goes on there when nobody awaits it any more.
struct Wait {
    held: Arc<Held>,
    progress: Arc<std::sync::Mutex<Progress>>,
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        // An interrupt after the answer would end the next wait.
        if progress.answered {
            return;
        }
        progress.given_up = true;
        let held = self.held.clone();
        self.held.link.event_loop().spawn_task(async move {
            // Nothing to be done about a lost connection, which ends the wait too.
            let _ = held.link.limited(held.template.interrupt_wait()).await;
        });
    }
}

impl Held {
    pub(super) fn new(link: Link, session: Arc<Session>, template: Arc<dyn BlockTemplate>) -> Arc<Held> {
        Arc::new(Held {
            link,
            session,
            template,
            solution: Arc::default(),
            turn: Arc::default(),
            stray: AtomicBool::new(false),
        })
    }

    /// Waits for a template that is worth more.
    pub(super) async fn next(self: &Arc<Self>, options: &BlockWaitOptions) -> Result<Option<Arc<Held>>> {
        let started = Instant::now();
        let turn = async { Ok(self.turn.clone().lock_owned().await) };
        let turn: OwnedMutexGuard<()> = match self.link.within(options.timeout, turn).await {
            Ok(turn) => turn,
            // The time is up before its turn came.
            Err(_) => return Ok(None),
        };
        let timeout = options.timeout.map(|timeout| timeout.saturating_sub(started.elapsed()));
        let options = BlockWaitOptions { timeout, ..*options };
        let (sender, receiver) = oneshot::channel();
        let wait = Wait { held: self.clone(), progress: Arc::default() };
        let (held, progress) = (self.clone(), wait.progress.clone());
        self.link.event_loop().spawn_task(async move {
            let next = held.wait(options, &progress).await;
            drop(turn);
            let _ = sender.send(next);
        });
        let next = receiver.await;
        drop(wait);
        let next = next.map_err(|_| Error::disconnected("the event loop has ended"))??;
        Ok(next.map(|template| Held::new(self.link.clone(), self.session.clone(), template)))
    }

    /// Waits for the node's answer.
    async fn wait(
        &self,
        options: BlockWaitOptions,
        progress: &std::sync::Mutex<Progress>,
    ) -> Result<Option<Arc<dyn BlockTemplate>>> {
        let until = options.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let slice = left.map_or(self.session.slice(), |left| left.min(self.session.slice()));
            let end = Instant::now() + slice;
            let options = BlockWaitOptions { timeout: Some(slice), ..options };
            let call = self.template.wait_next(&options);
            let next = self.link.watched(&self.session, WaitTime::AtMost(slice), call).await;
            let nothing = matches!(next, Ok(None));
            let interrupted = nothing && Instant::now() + Duration::from_millis(1) < end;
            let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
            match (interrupted, progress.given_up) {
                // By what was meant for an earlier wait.
                (true, false) if self.stray.swap(false, Ordering::SeqCst) => continue,
                // The slice is over, and there is more.
                (false, false) if nothing && left.is_none_or(|left| left > slice) => continue,
                // It ended by itself, so the interrupt that was sent finds nothing to end.
                (false, true) => self.stray.store(true, Ordering::SeqCst),
                _ => {}
            }
            progress.answered = true;
            return next;
        }
    }

    /// Submits a solution once no other one is on its way. Who gives up before it was sent has not sent it;
    /// after that it keeps its turn until the node has answered.
    async fn solve(
        self: Arc<Self>,
        version: u32,
        timestamp: u32,
        nonce: u32,
        coinbase: Transaction,
    ) -> Result<Result<(), Reject>> {
        let turn = self.solution.clone().lock_owned().await;
        let (sender, receiver) = oneshot::channel();
        let held = self.clone();
        self.link.event_loop().spawn_task(async move {
            let verdict = held.template.submit_solution(version, timestamp, nonce, &coinbase).await;
            drop(turn);
            let _ = sender.send(verdict);
        });
        receiver.await.map_err(|_| Error::disconnected("the event loop has ended"))?
    }
}

/// A template with one of the client's seats for templates, until it is dropped or has to make room.
pub(super) struct HeldTemplate(std::sync::Mutex<Option<(Arc<Held>, OwnedSemaphorePermit)>>);

impl HeldTemplate {
    pub(super) fn new(held: Arc<Held>, seat: OwnedSemaphorePermit) -> Arc<HeldTemplate> {
        Arc::new(HeldTemplate(std::sync::Mutex::new(Some((held, seat)))))
    }

    /// Gives its seat away. Calls that are under way go on; further ones are errors.
    pub(super) fn make_room(&self) {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(left);
    }

    fn held(&self) -> Result<Arc<Held>> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().map(|(held, _)| held.clone()).ok_or_else(|| {
            Error::new(
                ErrorKind::Cancelled,
                "the block template was dropped to make room for a newer one; raise \
                 ConnectOptions::max_templates, or have the stream wait (WhenFull::Wait)",
            )
        })
    }
}

/// Makes a call that does not wait.
macro_rules! ask {
    ($self:expr, $method:ident()) => {{
        let held = $self.held()?;
        held.link.limited(held.template.$method()).await
    }};
}

#[ipc_interface]
impl BlockTemplate for HeldTemplate {
    async fn get_block_header(&self) -> Result<block::Header> {
        ask!(self, get_block_header())
    }

    async fn get_block(&self) -> Result<Block> {
        ask!(self, get_block())
    }

    async fn get_tx_fees(&self) -> Result<Vec<Amount>> {
        ask!(self, get_tx_fees())
    }

    async fn get_tx_sigops(&self) -> Result<Vec<i64>> {
        ask!(self, get_tx_sigops())
    }

    async fn get_coinbase_tx(&self) -> Result<CoinbaseTx> {
        ask!(self, get_coinbase_tx())
    }

    async fn get_coinbase_merkle_path(&self) -> Result<Vec<TxMerkleNode>> {
        ask!(self, get_coinbase_merkle_path())
    }

    async fn wait_next(&self, options: &BlockWaitOptions) -> Result<Option<Arc<dyn BlockTemplate>>> {
        let held = self.held()?;
        let seat = held.link.free_seat()?;
        let next = held.next(options).await?;
        Ok(next.map(|next| HeldTemplate::new(next, seat) as Arc<dyn BlockTemplate>))
    }

    /// A wait is ended by dropping its future, so there is nothing for an interrupt to do.
    async fn interrupt_wait(&self) -> Result<()> {
        Err(Error::new(
            ErrorKind::Misuse,
            "a client's wait is ended by dropping its future, not by an interrupt",
        ))
    }

    async fn submit_solution(
        &self,
        version: u32,
        timestamp: u32,
        nonce: u32,
        coinbase: &Transaction,
    ) -> Result<Result<(), Reject>> {
        let held = self.held()?;
        held.link.limited(held.clone().solve(version, timestamp, nonce, coinbase.clone())).await
    }
}
