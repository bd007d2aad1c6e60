//! Streams of templates whose readers keep more of them than may be held, and streams that hear of errors.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bitcoin::{Amount, Block, BlockHash, Transaction, Txid, Wtxid};
use bitcoin_ipc::interfaces::{BlockTemplate, Mining};
use bitcoin_ipc::mock::MemoryNode;
use bitcoin_ipc::release::Services;
use bitcoin_ipc::types::{BlockCheckOptions, BlockCreateOptions, BlockRef, Reject};
use bitcoin_ipc::{
    Client, ConnectOptions, Error, ErrorKind, Reconnect, Release, Result, TemplateOptions, WhenFull,
};
use futures::StreamExt;
use mp_runtime::ipc_interface;

use super::{run, solve, transaction};

fn client(node: &MemoryNode, max_templates: usize) -> Client {
    let options = ConnectOptions::new().max_templates(max_templates);
    Client::local(options, node.services(), Release::V32).expect("a client")
}

fn options(when_full: WhenFull) -> TemplateOptions {
    TemplateOptions { fee_threshold: Amount::from_sat(1), when_full, ..TemplateOptions::default() }
}

/// How many transactions a template has.
async fn count(template: &Arc<dyn BlockTemplate>) -> usize {
    template.get_tx_fees().await.expect("fees").len()
}

#[test]
fn the_oldest_template_makes_room_for_the_newest() {
    for max in [1, 3] {
        let node = MemoryNode::new();
        let client = client(&node, max);
        run(async {
            let mut templates = client.templates(options(WhenFull::DropOldest));
            let mut kept: Vec<Arc<dyn BlockTemplate>> = Vec::new();
            for number in 0..7 {
                let template = templates.next().await.expect("a template").expect("a template");
                assert_eq!(count(&template).await, number);
                kept.push(template);
                node.add_transaction(
                    transaction(u32::try_from(number).expect("small")),
                    Amount::from_sat(100),
                );
            }
            for (number, template) in kept.iter().enumerate() {
                if number + max >= kept.len() {
                    assert_eq!(count(template).await, number);
                } else {
                    let error = template.get_tx_fees().await.expect_err("it is gone");
                    assert_eq!(error.kind(), ErrorKind::Cancelled);
                    assert!(error.text().contains("make room"), "{error}");
                }
            }
            // The newest is as good as any.
            assert_eq!(solve(&**kept.last().expect("a template")).await, Ok(()));
        });
    }
}

#[test]
fn what_was_dropped_is_not_what_makes_room() {
    let node = MemoryNode::new();
    let client = client(&node, 2);
    run(async {
        let mut templates = client.templates(options(WhenFull::DropOldest));
        let first = templates.next().await.expect("a template").expect("a template");
        for number in 1..5 {
            node.add_transaction(transaction(number), Amount::from_sat(100));
            let next = templates.next().await.expect("a template").expect("a template");
            assert_eq!(count(&next).await, usize::try_from(number).expect("small"));
        }
        assert_eq!(count(&first).await, 0);
    });
}

#[test]
fn a_stream_that_waits_for_room_gives_the_newest_template_then() {
    for max in [1, 3] {
        let node = MemoryNode::new();
        let client = client(&node, max);
        run(async {
            let mut templates = client.templates(options(WhenFull::Wait));
            let mut kept = Vec::new();
            for number in 0..max {
                node.add_transaction(transaction(u32::try_from(number).expect("small")), Amount::from_sat(9));
                kept.push(templates.next().await.expect("a template").expect("a template"));
            }
            node.add_transaction(transaction(100), Amount::from_sat(9));
            node.mine(1).expect("a block");
            // It has nothing to give yet, and goes on afterwards.
            assert!(tokio::time::timeout(Duration::from_millis(100), templates.next()).await.is_err());
            node.mine(1).expect("a block");
            assert_eq!(count(&kept[0]).await, 1, "all that were given out stand");
            kept.truncate(max - 1);
            let next = templates.next().await.expect("a template").expect("a template");
            assert_eq!(next.get_block_header().await.expect("a header").prev_blockhash, node.tip().hash);
        });
    }
}

#[test]
fn a_stream_for_which_there_can_be_no_room_says_so() {
    let node = MemoryNode::new();
    let client = client(&node, 0);
    run(async {
        let mut templates = client.templates(options(WhenFull::Wait));
        let error = templates.next().await.expect("an error").err().expect("an error");
        assert_eq!(error.kind(), ErrorKind::Limit);
    });
}

/// A node that fails every other time when it is to make a template; or, if it has a pause, takes so long.
struct Unreliable(Arc<dyn Mining>, AtomicU64, Option<Duration>);

#[ipc_interface]
impl Mining for Unreliable {
    async fn is_test_chain(&self) -> Result<bool> {
        self.0.is_test_chain().await
    }
    async fn is_initial_block_download(&self) -> Result<bool> {
        self.0.is_initial_block_download().await
    }
    async fn get_tip(&self) -> Result<Option<BlockRef>> {
        if self.1.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            return Err(Error::failed("not now"));
        }
        self.0.get_tip().await
    }
    async fn wait_tip_changed(&self, tip: BlockHash, timeout: Option<Duration>) -> Result<Option<BlockRef>> {
        self.0.wait_tip_changed(tip, timeout).await
    }
    async fn create_new_block(
        &self,
        options: &BlockCreateOptions,
        cooldown: bool,
    ) -> Result<Option<Arc<dyn BlockTemplate>>> {
        let odd = !self.1.fetch_add(1, Ordering::SeqCst).is_multiple_of(2);
        match self.2 {
            None if !odd => return Err(Error::failed("bad-cb-length")),
            Some(pause) if odd => tokio::time::sleep(pause).await,
            _ => {}
        }
        self.0.create_new_block(options, cooldown).await
    }
    async fn check_block(&self, block: &Block, options: &BlockCheckOptions) -> Result<Result<(), Reject>> {
        self.0.check_block(block, options).await
    }
    async fn interrupt(&self) -> Result<()> {
        self.0.interrupt().await
    }
    async fn submit_block(&self, block: &Block) -> Result<Result<(), Reject>> {
        self.0.submit_block(block).await
    }
    async fn get_transactions_by_txid(&self, txids: &[Txid]) -> Result<Vec<Option<Transaction>>> {
        self.0.get_transactions_by_txid(txids).await
    }
    async fn get_transactions_by_witness_id(&self, wtxids: &[Wtxid]) -> Result<Vec<Option<Transaction>>> {
        self.0.get_transactions_by_witness_id(wtxids).await
    }
}

#[test]
fn an_error_of_one_item_does_not_end_the_streams() {
    let node = MemoryNode::new();
    let mining = node.services().mining.expect("mining");
    let services = Services {
        mining: Some(Arc::new(Unreliable(mining, AtomicU64::new(0), None))),
        ..Services::default()
    };
    let quickly = Reconnect { first_pause: Duration::from_millis(5), ..Reconnect::default() };
    let options = ConnectOptions::new().reconnect(quickly);
    let client = Client::local(options, services, Release::V32).expect("a client");
    run(async {
        let mut templates = client.templates(TemplateOptions::default());
        let error = templates.next().await.expect("an item").err().expect("an error");
        assert_eq!((error.kind(), error.text()), (ErrorKind::Failed, "bad-cb-length"));
        let template = templates.next().await.expect("an item").expect("a template");
        assert_eq!(count(&template).await, 0);

        let mut tips = client.tips();
        let error = tips.next().await.expect("an item").expect_err("an error");
        assert_eq!((error.kind(), error.text()), (ErrorKind::Failed, "not now"));
        let tip = tips.next().await.expect("an item").expect("a tip");
        assert_eq!(tip.tip(), node.tip());
    });
}

#[test]
fn a_slow_template_does_not_cost_the_connection() {
    let node = MemoryNode::new();
    let mining = node.services().mining.expect("mining");
    let slow = Unreliable(mining, AtomicU64::new(0), Some(Duration::from_secs(5)));
    let services = Services { mining: Some(Arc::new(slow)), ..Services::default() };
    let options = ConnectOptions::new().call_timeout(Some(Duration::from_millis(400)));
    let client = Client::local(options, services, Release::V32).expect("a client");
    run(async {
        let options = TemplateOptions { cooldown: false, ..TemplateOptions::default() };
        let first = client.mining().create_new_block(&options.create, false).await;
        let first = first.expect("an answer").expect("a template");
        // The second one takes too long, the third does not.
        let mut templates = client.templates(options);
        let template = templates.next().await.expect("an item").expect("a template");
        assert_eq!((count(&template).await, count(&first).await), (0, 0));
        assert_eq!(client.connections(), 1);
    });
}
