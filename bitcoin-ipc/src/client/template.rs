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

use super::connection::Client;
use crate::interfaces::BlockTemplate;
use crate::types::{BlockWaitOptions, CoinbaseTx, Reject};

pub(super) fn too_many(max: usize) -> Error {
    Error::new(
        ErrorKind::Limit,
        format!(
            "{max} block templates are held; drop some, or raise ConnectOptions::max_templates: the node \
             keeps each with its transactions"
        ),
    )
}

/// A template of the node, with one of the client's seats for templates.
pub(super) struct HeldTemplate(Arc<Held>);

struct Held {
    client: Client,
    template: Arc<dyn BlockTemplate>,
    /// The node writes into the template when it gets a solution, without a lock.
    solution: Mutex<()>,
    /// One flag in the node wakes one wait, so there is only one at a time.
    turn: Arc<Mutex<()>>,
    /// An interrupt may have reached the node when nothing was waiting: the next wait would then
    /// return at once, and has to be made again.
    stray: AtomicBool,
    _seat: OwnedSemaphorePermit,
}

impl HeldTemplate {
    pub(super) fn hold(
        client: Client,
        template: Arc<dyn BlockTemplate>,
        seat: OwnedSemaphorePermit,
    ) -> Arc<dyn BlockTemplate> {
        Arc::new(HeldTemplate(Arc::new(Held {
            client,
            template,
            solution: Mutex::default(),
            turn: Arc::default(),
            stray: AtomicBool::new(false),
            _seat: seat,
        })))
    }
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
        self.held.client.event_loop().spawn_task(async move {
            // Nothing to be done about a lost connection, which ends the wait too.
            let _ = held.template.interrupt_wait().await;
        });
    }
}

impl Held {
    /// Waits for the node's answer.
    async fn wait(
        &self,
        options: BlockWaitOptions,
        progress: &std::sync::Mutex<Progress>,
    ) -> Result<Option<Arc<dyn BlockTemplate>>> {
        let until = options.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let next = self.template.wait_next(&BlockWaitOptions { timeout: left, ..options }).await;
            let in_time = until.is_none_or(|until| Instant::now() + Duration::from_millis(1) < until);
            let interrupted = in_time && matches!(next, Ok(None));
            let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
            match (interrupted, progress.given_up) {
                // By what was meant for an earlier wait.
                (true, false) if self.stray.swap(false, Ordering::SeqCst) => continue,
                // It ended by itself, so the interrupt that was sent finds nothing to end.
                (false, true) => self.stray.store(true, Ordering::SeqCst),
                _ => {}
            }
            progress.answered = true;
            return next;
        }
    }
}

#[ipc_interface]
impl BlockTemplate for HeldTemplate {
    async fn get_block_header(&self) -> Result<block::Header> {
        self.0.client.limited(self.0.template.get_block_header()).await
    }

    async fn get_block(&self) -> Result<Block> {
        self.0.client.limited(self.0.template.get_block()).await
    }

    async fn get_tx_fees(&self) -> Result<Vec<Amount>> {
        self.0.client.limited(self.0.template.get_tx_fees()).await
    }

    async fn get_tx_sigops(&self) -> Result<Vec<i64>> {
        self.0.client.limited(self.0.template.get_tx_sigops()).await
    }

    async fn get_coinbase_tx(&self) -> Result<CoinbaseTx> {
        self.0.client.limited(self.0.template.get_coinbase_tx()).await
    }

    async fn get_coinbase_merkle_path(&self) -> Result<Vec<TxMerkleNode>> {
        self.0.client.limited(self.0.template.get_coinbase_merkle_path()).await
    }

    async fn wait_next(&self, options: &BlockWaitOptions) -> Result<Option<Arc<dyn BlockTemplate>>> {
        let shared = &self.0.client.0;
        let seat = shared.templates.clone().try_acquire_owned();
        let seat = seat.map_err(|_| too_many(shared.options.max_templates))?;
        let turn: OwnedMutexGuard<()> = self.0.turn.clone().lock_owned().await;
        let (sender, receiver) = oneshot::channel();
        let wait = Wait { held: self.0.clone(), progress: Arc::default() };
        let (held, options, progress) = (self.0.clone(), *options, wait.progress.clone());
        self.0.client.event_loop().spawn_task(async move {
            let next = held.wait(options, &progress).await;
            drop(turn);
            let _ = sender.send(next);
        });
        let next = receiver.await;
        drop(wait);
        let next = next.map_err(|_| Error::disconnected("the event loop has ended"))??;
        Ok(next.map(|template| HeldTemplate::hold(self.0.client.clone(), template, seat)))
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
        let _turn = self.0.solution.lock().await;
        let call = self.0.template.submit_solution(version, timestamp, nonce, coinbase);
        self.0.client.limited(call).await
    }
}
