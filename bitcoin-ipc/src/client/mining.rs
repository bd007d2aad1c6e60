//! Mining over a connection that comes back.

use std::sync::Arc;
use std::time::Duration;

use bitcoin::{Block, BlockHash, Transaction, Txid, Wtxid};
use mp_runtime::{Error, ErrorKind, Result, ipc_interface};

use super::connection::Client;
use super::template::{HeldTemplate, too_many};
use crate::interfaces::{BlockTemplate, Mining};
use crate::types::{BlockCheckOptions, BlockCreateOptions, BlockRef, Reject};

/// Makes a call that only asks for something: when the connection is lost it is made once more.
/// (A closure would do, were its future known to be `Send` for arguments of any lifetime.)
macro_rules! ask {
    ($client:expr, |$session:ident| $call:expr) => {{
        let once = async || -> Result<_> {
            let $session = $client.session().await?;
            let result = async { $call }.await;
            $client.noticed(&$session, result)
        };
        match once().await {
            Err(error) if error.kind() == ErrorKind::Disconnected => once().await,
            result => result,
        }
    }};
    ($client:expr, $($call:tt)*) => {
        ask!($client, |session| $client.limited(async { session.mining().await?.$($call)*.await }).await)
    };
}

/// [`Mining`] by way of whatever connection there is.
pub(super) struct ClientMining(pub(super) Client);

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
        let wait = async { session.make_mining().await?.wait_tip_changed(current_tip, timeout).await };
        self.0.noticed(&session, wait.await)
    }

    async fn create_new_block(
        &self,
        options: &BlockCreateOptions,
        cooldown: bool,
    ) -> Result<Option<Arc<dyn BlockTemplate>>> {
        let shared = &self.0.0;
        let seat = shared.templates.clone().try_acquire_owned();
        let seat = seat.map_err(|_| too_many(shared.options.max_templates))?;
        let template = ask!(self.0, |session| {
            session.make_mining().await?.create_new_block(options, cooldown).await
        });
        Ok(template?.map(|template| HeldTemplate::hold(self.0.clone(), template, seat)))
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
