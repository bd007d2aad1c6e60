//! A mining interface of one's own, as a user's test would have it.

use std::sync::Arc;
use std::time::Duration;

use bitcoin::hashes::Hash;
use bitcoin::{Block, BlockHash, Transaction, Txid, Wtxid};
use bitcoin_ipc::interfaces::{BlockTemplate, Mining};
use bitcoin_ipc::release::Services;
use bitcoin_ipc::types::{BlockCheckOptions, BlockCreateOptions, BlockRef, Reject};
use bitcoin_ipc::{Client, ConnectOptions, Error, ErrorKind, Release, Result};
use mp_runtime::ipc_interface;

use super::run;

/// A node that is always loading.
struct Loading;

#[ipc_interface]
impl Mining for Loading {
    async fn is_test_chain(&self) -> Result<bool> {
        Err(Error::failed("still loading"))
    }
    async fn is_initial_block_download(&self) -> Result<bool> {
        Ok(true)
    }
    async fn get_tip(&self) -> Result<Option<BlockRef>> {
        Ok(None)
    }
    async fn wait_tip_changed(&self, _: BlockHash, _: Option<Duration>) -> Result<Option<BlockRef>> {
        Ok(None)
    }
    async fn create_new_block(
        &self,
        _: &BlockCreateOptions,
        _: bool,
    ) -> Result<Option<Arc<dyn BlockTemplate>>> {
        Ok(None)
    }
    async fn check_block(&self, _: &Block, _: &BlockCheckOptions) -> Result<Result<(), Reject>> {
        Ok(Err(Reject { reason: "no".into(), debug: String::new() }))
    }
    async fn interrupt(&self) -> Result<()> {
        Ok(())
    }
    async fn submit_block(&self, _: &Block) -> Result<Result<(), Reject>> {
        Ok(Ok(()))
    }
    async fn get_transactions_by_txid(&self, _: &[Txid]) -> Result<Vec<Option<Transaction>>> {
        Ok(Vec::new())
    }
    async fn get_transactions_by_witness_id(&self, _: &[Wtxid]) -> Result<Vec<Option<Transaction>>> {
        Ok(Vec::new())
    }
}

#[test]
fn nothing_is_told_from_something_in_every_form() {
    for release in Release::ALL {
        let services = Services { mining: Some(Arc::new(Loading)), ..Services::default() };
        let client = Client::local(ConnectOptions::new(), services, release).expect("a client");
        run(async {
            let mining = client.mining();
            assert_eq!(mining.get_tip().await, Ok(None));
            assert_eq!(mining.wait_tip_changed(BlockHash::all_zeros(), None).await, Ok(None));
            let template = mining.create_new_block(&BlockCreateOptions::default(), true).await;
            assert!(template.expect("an answer").is_none());
            let error = mining.is_test_chain().await.expect_err("an error");
            assert_eq!((error.kind(), error.text()), (ErrorKind::Failed, "still loading"));
            assert_eq!(mining.is_initial_block_download().await, Ok(true));
        });
    }
}

#[test]
fn a_node_without_mining_says_so() {
    for release in Release::ALL {
        let client = Client::local(ConnectOptions::new(), Services::default(), release).expect("a client");
        run(async {
            let error = client.mining().get_tip().await.expect_err("an error");
            assert!(error.text().contains("no mining interface"), "{error}");
            let error = client.echo().await.err().expect("an error");
            assert!(error.text().contains("no echo interface"), "{error}");
        });
    }
}
