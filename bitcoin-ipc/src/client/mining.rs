//! Mining over a connection that comes back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bitcoin::{Block, BlockHash, Transaction, Txid, Wtxid};
use mp_runtime::{Error, ErrorKind, Result, ipc_interface};

use super::link::Link;
use super::template::{Held, HeldTemplate};
use super::watch::WaitTime;
use crate::interfaces::{BlockTemplate, Mining};
use crate::types::{BlockCheckOptions, BlockCreateOptions, BlockRef, Reject};

/// Makes a call that only asks for something: when the connection is lost it is made once more.
/// (A closure would do, were its future known to be `Send` for arguments of any lifetime.)
macro_rules! ask {
    ($link:expr, |$session:ident| $call:expr) => {{
        let once = async || -> Result<_> {
            let $session = $link.session().await?;
            let result = async { $call }.await;
            $link.noticed(&$session, result)
        };
        match once().await {
            Err(error) if error.kind() == ErrorKind::Disconnected => once().await,
            result => result,
        }
    }};
    ($link:expr, $($call:tt)*) => {
        ask!($link, |session| $link.limited(async { session.mining().await?.$($call)*.await }).await)
    };
}

/// Makes a template at the node, without a seat.
pub(super) async fn create_held(
    link: &Link,
    options: &BlockCreateOptions,
    cooldown: bool,
) -> Result<Option<Arc<Held>>> {
    ask!(link, |session| {
        let mining = link.limited(session.make_mining()).await?;
        let call = mining.create_new_block(options, cooldown);
        let template = if cooldown {
            link.watched(&session, WaitTime::Open, call).await?
        } else {
            link.limited(call).await?
        };
        Ok(template.map(|template| Held::new(link.clone(), session.clone(), template)))
    })
}

/// [`Mining`] by way of whatever connection there is.
pub(super) struct ClientMining(pub(super) Link);

#[ipc_interface]
impl Mining for ClientMining {
    async fn is_test_chain(&self) -> Result<bool> {
        ask!(self.0, is_test_chain())
    }

    async fn is_initial_block_download(&self) -> Result<bool> {
        ask!(self.0, is_initial_block_download())
    }

    async fn get_tip(&self) -> Result<Option<BlockRef>> {
        ask!(self.0, get_tip())
    }

    async fn wait_tip_changed(
        &self,
        current_tip: BlockHash,
        timeout: Option<Duration>,
    ) -> Result<Option<BlockRef>> {
        // Not made again when the connection is lost: who follows the chain wants to know of the gap.
        let session = self.0.session().await?;
        let wait = async {
            let mining = self.0.limited(session.make_mining()).await?;
            let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
            loop {
                let left = until.map(|until| until.saturating_duration_since(Instant::now()));
                let slice = left.map_or(session.slice(), |left| left.min(session.slice()));
                let call = mining.wait_tip_changed(current_tip, Some(slice));
                let tip = self.0.watched(&session, WaitTime::AtMost(slice), call).await?;
                let over = left.is_some_and(|left| left == slice);
                // A tip that has not changed is there because the time was up.
                if over || tip.is_none_or(|tip| tip.hash != current_tip) {
                    return Ok(tip);
                }
            }
        };
        self.0.noticed(&session, wait.await)
    }

    async fn create_new_block(
        &self,
        options: &BlockCreateOptions,
        cooldown: bool,
    ) -> Result<Option<Arc<dyn BlockTemplate>>> {
        let seat = self.0.free_seat()?;
        let held = create_held(&self.0, options, cooldown).await?;
        Ok(held.map(|held| HeldTemplate::new(held, seat) as Arc<dyn BlockTemplate>))
    }

    async fn check_block(&self, block: &Block, options: &BlockCheckOptions) -> Result<Result<(), Reject>> {
        ask!(self.0, check_block(block, options))
    }

    /// Each wait has an object of its own at the node, so there is nothing that one interrupt could
    /// reach; dropping the future of a wait ends it.
    async fn interrupt(&self) -> Result<()> {
        Err(Error::new(
            ErrorKind::Misuse,
            "a client's waits are ended by dropping their futures, not by an interrupt",
        ))
    }

    async fn submit_block(&self, block: &Block) -> Result<Result<(), Reject>> {
        let session = self.0.session().await?;
        let submit = async { session.mining().await?.submit_block(block).await };
        self.0.noticed(&session, self.0.limited(submit).await)
    }

    async fn get_transactions_by_txid(&self, txids: &[Txid]) -> Result<Vec<Option<Transaction>>> {
        ask!(self.0, get_transactions_by_txid(txids))
    }

    async fn get_transactions_by_witness_id(&self, wtxids: &[Wtxid]) -> Result<Vec<Option<Transaction>>> {
        ask!(self.0, get_transactions_by_witness_id(wtxids))
    }
}
