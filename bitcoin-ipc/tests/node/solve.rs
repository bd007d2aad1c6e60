//! Blocks by way of templates.

use std::sync::Arc;

use bitcoin::{Block, ScriptBuf, Transaction};
use bitcoin_ipc::Client;
use bitcoin_ipc::interfaces::BlockTemplate;
use bitcoin_ipc::types::{BlockCreateOptions, CoinbaseTx, Reject};

/// A template, without a wait for the headers.
pub(crate) async fn template(client: &Client) -> Arc<dyn BlockTemplate> {
    let template = client.mining().create_new_block(&BlockCreateOptions::default(), false).await;
    template.expect("an answer").expect("a template")
}

/// A coinbase that keeps to what a template requires, and pays to anybody.
pub(crate) fn coinbase(required: &CoinbaseTx) -> Transaction {
    required.transaction(&[0x51, 0x51], ScriptBuf::from_bytes(vec![0x51]))
}

/// A template's block, complete with its proof of work.
pub(crate) async fn solved(template: &dyn BlockTemplate) -> Block {
    let mut block = template.get_block().await.expect("a block");
    block.txdata[0] = coinbase(&template.get_coinbase_tx().await.expect("requirements"));
    block.header.merkle_root = block.compute_merkle_root().expect("a root");
    while block.header.validate_pow(block.header.target()).is_err() {
        block.header.nonce += 1;
    }
    block
}

/// Gives the node a template's block as a solution.
pub(crate) async fn submit(template: &dyn BlockTemplate, block: &Block) -> Result<(), Reject> {
    let header = &block.header;
    let version = header.version.to_consensus() as u32;
    let answer = template.submit_solution(version, header.time, header.nonce, &block.txdata[0]).await;
    answer.expect("a verdict")
}

/// Mines blocks, and gives the last one.
pub(crate) async fn mine(client: &Client, blocks: usize) -> Block {
    let mut last = None;
    for _ in 0..blocks {
        let template = template(client).await;
        let block = solved(&*template).await;
        submit(&*template, &block).await.expect("a good block");
        last = Some(block);
    }
    last.expect("a block")
}
