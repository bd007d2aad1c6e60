//! Bitcoin Core v31: no `submitBlock`, no look-up of transactions, no reason for a refused solution.

use std::sync::Arc;
use std::time::Duration;

use bitcoin::{Amount, Block, BlockHash, Transaction, TxMerkleNode, Txid, Wtxid, block};
use mp_runtime::{Result, ipc_interface};

use super::Release;
use crate::files::{MAX_DOUBLE, V31_INIT, V31_MINING};
use crate::interfaces::{self, Echo, known_tip, no_longer_served};
use crate::types::{
    Bitcoin, BlockCheckOptions, BlockCreateOptions, BlockRef, BlockWaitOptions, CoinbaseTx, Reject, verdict,
};

/// The first interface of a node.
#[ipc_interface(file = V31_INIT, construct, types = Bitcoin, cxx = "interfaces::Init")]
pub trait Init: Send + Sync {
    /// Something to test the connection with.
    async fn make_echo(&self) -> Result<Option<Arc<dyn Echo>>>;

    /// How v30 made Mining; an error.
    #[ipc(name = "makeMiningOld2", no_context, deprecated)]
    async fn make_mining_old2(&self) -> Result<()> {
        Err(no_longer_served("mining interface (@2)"))
    }

    /// Block templates and blocks. Waits until the node has loaded its chain.
    async fn make_mining(&self) -> Result<Option<Arc<dyn Mining>>>;
}

/// [`interfaces::Mining`] as v31 has it.
#[ipc_interface(file = V31_MINING, destroy = false, types = Bitcoin, cxx = "interfaces::Mining")]
pub trait Mining: Send + Sync {
    /// Whether the chain is one for tests.
    async fn is_test_chain(&self) -> Result<bool>;

    /// Whether the node is still downloading the chain.
    async fn is_initial_block_download(&self) -> Result<bool>;

    /// The highest block.
    #[ipc(result(optional = flag))]
    async fn get_tip(&self) -> Result<Option<BlockRef>>;

    /// Waits for another highest block.
    #[ipc(interrupt = "interrupt", result(with = known_tip))]
    async fn wait_tip_changed(
        &self,
        current_tip: BlockHash,
        #[ipc(with = mp_runtime::with::milliseconds_or_forever, default = MAX_DOUBLE)] timeout: Option<
            Duration,
        >,
    ) -> Result<Option<BlockRef>>;

    /// Makes a block template.
    #[ipc(interrupt = "interrupt")]
    async fn create_new_block(
        &self,
        options: &BlockCreateOptions,
        #[ipc(default = true)] cooldown: bool,
    ) -> Result<Option<Arc<dyn BlockTemplate>>>;

    /// Checks a block.
    #[ipc(results = verdict)]
    async fn check_block(&self, block: &Block, options: &BlockCheckOptions) -> Result<Result<(), Reject>>;

    /// Has a waiting call return.
    #[ipc(no_context)]
    async fn interrupt(&self) -> Result<()>;
}

/// [`interfaces::BlockTemplate`] as v31 has it.
#[ipc_interface(file = V31_MINING, types = Bitcoin, cxx = "interfaces::BlockTemplate")]
pub trait BlockTemplate: Send + Sync {
    /// The header.
    async fn get_block_header(&self) -> Result<block::Header>;

    /// The whole block.
    async fn get_block(&self) -> Result<Block>;

    /// The fees of its transactions.
    async fn get_tx_fees(&self) -> Result<Vec<Amount>>;

    /// The signature operations of its transactions.
    async fn get_tx_sigops(&self) -> Result<Vec<i64>>;

    /// What the coinbase has to be like.
    async fn get_coinbase_tx(&self) -> Result<CoinbaseTx>;

    /// The merkle path of the coinbase.
    async fn get_coinbase_merkle_path(&self) -> Result<Vec<TxMerkleNode>>;

    /// Completes the block and gives it to the node; whether it was accepted.
    async fn submit_solution(
        &self,
        version: u32,
        timestamp: u32,
        nonce: u32,
        coinbase: &Transaction,
    ) -> Result<bool>;

    /// Waits for a better template.
    #[ipc(interrupt = "interrupt_wait")]
    async fn wait_next(&self, options: &BlockWaitOptions) -> Result<Option<Arc<dyn BlockTemplate>>>;

    /// Has a waiting `wait_next` return.
    #[ipc(no_context)]
    async fn interrupt_wait(&self) -> Result<()>;
}

/// An object of v31 as one of today.
pub struct Upgraded<T: ?Sized>(Arc<T>);

impl<T: ?Sized> Upgraded<T> {
    /// Wraps an object of v31.
    #[must_use]
    pub fn new(object: Arc<T>) -> Self {
        Upgraded(object)
    }
}

/// An object of today as one of v31.
pub struct Downgraded<T: ?Sized>(Arc<T>);

impl<T: ?Sized> Downgraded<T> {
    /// Wraps an object of today.
    #[must_use]
    pub fn new(object: Arc<T>) -> Self {
        Downgraded(object)
    }
}

#[ipc_interface]
impl interfaces::Mining for Upgraded<dyn Mining> {
    async fn is_test_chain(&self) -> Result<bool> {
        self.0.is_test_chain().await
    }

    async fn is_initial_block_download(&self) -> Result<bool> {
        self.0.is_initial_block_download().await
    }

    async fn get_tip(&self) -> Result<Option<BlockRef>> {
        self.0.get_tip().await
    }

    async fn wait_tip_changed(
        &self,
        current_tip: BlockHash,
        timeout: Option<Duration>,
    ) -> Result<Option<BlockRef>> {
        self.0.wait_tip_changed(current_tip, timeout).await
    }

    async fn create_new_block(
        &self,
        options: &BlockCreateOptions,
        cooldown: bool,
    ) -> Result<Option<Arc<dyn interfaces::BlockTemplate>>> {
        Ok(self.0.create_new_block(options, cooldown).await?.map(upgraded))
    }

    async fn check_block(&self, block: &Block, options: &BlockCheckOptions) -> Result<Result<(), Reject>> {
        self.0.check_block(block, options).await
    }

    async fn interrupt(&self) -> Result<()> {
        self.0.interrupt().await
    }

    async fn submit_block(&self, _: &Block) -> Result<Result<(), Reject>> {
        Err(Release::V31.lacks("submitBlock", Release::V32))
    }

    async fn get_transactions_by_txid(&self, _: &[Txid]) -> Result<Vec<Option<Transaction>>> {
        Err(Release::V31.lacks("getTransactionsByTxID", Release::V32))
    }

    async fn get_transactions_by_witness_id(&self, _: &[Wtxid]) -> Result<Vec<Option<Transaction>>> {
        Err(Release::V31.lacks("getTransactionsByWitnessID", Release::V32))
    }
}

fn upgraded(template: Arc<dyn BlockTemplate>) -> Arc<dyn interfaces::BlockTemplate> {
    Arc::new(Upgraded(template))
}

#[ipc_interface]
impl interfaces::BlockTemplate for Upgraded<dyn BlockTemplate> {
    async fn get_block_header(&self) -> Result<block::Header> {
        self.0.get_block_header().await
    }

    async fn get_block(&self) -> Result<Block> {
        self.0.get_block().await
    }

    async fn get_tx_fees(&self) -> Result<Vec<Amount>> {
        self.0.get_tx_fees().await
    }

    async fn get_tx_sigops(&self) -> Result<Vec<i64>> {
        self.0.get_tx_sigops().await
    }

    async fn get_coinbase_tx(&self) -> Result<CoinbaseTx> {
        self.0.get_coinbase_tx().await
    }

    async fn get_coinbase_merkle_path(&self) -> Result<Vec<TxMerkleNode>> {
        self.0.get_coinbase_merkle_path().await
    }

    async fn wait_next(
        &self,
        options: &BlockWaitOptions,
    ) -> Result<Option<Arc<dyn interfaces::BlockTemplate>>> {
        Ok(self.0.wait_next(options).await?.map(upgraded))
    }

    async fn interrupt_wait(&self) -> Result<()> {
        self.0.interrupt_wait().await
    }

    async fn submit_solution(
        &self,
        version: u32,
        timestamp: u32,
        nonce: u32,
        coinbase: &Transaction,
    ) -> Result<Result<(), Reject>> {
        let accepted = self.0.submit_solution(version, timestamp, nonce, coinbase).await?;
        Ok(Release::V31.verdict(accepted))
    }
}

#[ipc_interface]
impl Mining for Downgraded<dyn interfaces::Mining> {
    async fn is_test_chain(&self) -> Result<bool> {
        self.0.is_test_chain().await
    }

    async fn is_initial_block_download(&self) -> Result<bool> {
        self.0.is_initial_block_download().await
    }

    async fn get_tip(&self) -> Result<Option<BlockRef>> {
        self.0.get_tip().await
    }

    async fn wait_tip_changed(
        &self,
        current_tip: BlockHash,
        timeout: Option<Duration>,
    ) -> Result<Option<BlockRef>> {
        self.0.wait_tip_changed(current_tip, timeout).await
    }

    async fn create_new_block(
        &self,
        options: &BlockCreateOptions,
        cooldown: bool,
    ) -> Result<Option<Arc<dyn BlockTemplate>>> {
        Ok(self.0.create_new_block(options, cooldown).await?.map(downgraded))
    }

    async fn check_block(&self, block: &Block, options: &BlockCheckOptions) -> Result<Result<(), Reject>> {
        self.0.check_block(block, options).await
    }

    async fn interrupt(&self) -> Result<()> {
        self.0.interrupt().await
    }
}

fn downgraded(template: Arc<dyn interfaces::BlockTemplate>) -> Arc<dyn BlockTemplate> {
    Arc::new(Downgraded(template))
}

#[ipc_interface]
impl BlockTemplate for Downgraded<dyn interfaces::BlockTemplate> {
    async fn get_block_header(&self) -> Result<block::Header> {
        self.0.get_block_header().await
    }

    async fn get_block(&self) -> Result<Block> {
        self.0.get_block().await
    }

    async fn get_tx_fees(&self) -> Result<Vec<Amount>> {
        self.0.get_tx_fees().await
    }

    async fn get_tx_sigops(&self) -> Result<Vec<i64>> {
        self.0.get_tx_sigops().await
    }

    async fn get_coinbase_tx(&self) -> Result<CoinbaseTx> {
        self.0.get_coinbase_tx().await
    }

    async fn get_coinbase_merkle_path(&self) -> Result<Vec<TxMerkleNode>> {
        self.0.get_coinbase_merkle_path().await
    }

    async fn submit_solution(
        &self,
        version: u32,
        timestamp: u32,
        nonce: u32,
        coinbase: &Transaction,
    ) -> Result<bool> {
        self.0.submit_solution(version, timestamp, nonce, coinbase).await.map(|verdict| verdict.is_ok())
    }

    async fn wait_next(&self, options: &BlockWaitOptions) -> Result<Option<Arc<dyn BlockTemplate>>> {
        Ok(self.0.wait_next(options).await?.map(downgraded))
    }

    async fn interrupt_wait(&self) -> Result<()> {
        self.0.interrupt_wait().await
    }
}
