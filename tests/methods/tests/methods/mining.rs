//! Init's smaller interfaces, Mining and BlockTemplate.

use std::time::Duration;

use bitcoin::{Block, ScriptBuf};
use bitcoin_ipc::interfaces::{BlockTemplate, Mining};
use bitcoin_ipc::types::{BlockCheckOptions, BlockCreateOptions, BlockWaitOptions};

use crate::setup::Setup;

/// A block of a template, with its proof of work.
async fn solved(template: &dyn BlockTemplate) -> Block {
    let mut block = template.get_block().await.unwrap();
    let required = template.get_coinbase_tx().await.unwrap();
    block.txdata[0] = required.transaction(&[0x51, 0x51], ScriptBuf::from_bytes(vec![0x51]));
    block.header.merkle_root = block.compute_merkle_root().unwrap();
    while block.header.validate_pow(block.header.target()).is_err() {
        block.header.nonce += 1;
    }
    block
}

pub(crate) fn blocks(setup: &Setup) {
    let mining = setup.note(setup.init.make_mining()).flatten().unwrap();
    setup.wait(async {
        looks(setup, &*mining).await;
        makes(setup, &*mining).await;
        setup.note(mining.interrupt().await);
    });
}

async fn looks(setup: &Setup, mining: &dyn Mining) {
    assert_eq!(setup.note(mining.is_test_chain().await), Some(true));
    setup.note(mining.is_initial_block_download().await);
    let tip = setup.note(mining.get_tip().await).flatten().unwrap();
    let same = mining.wait_tip_changed(tip.hash, Some(Duration::from_millis(1))).await;
    assert_eq!(setup.note(same), Some(Some(tip)));
    setup.note(mining.get_transactions_by_txid(&[]).await);
    setup.note(mining.get_transactions_by_witness_id(&[]).await);
}

async fn makes(setup: &Setup, mining: &dyn Mining) {
    let options = BlockCreateOptions::default();
    let template = setup.note(mining.create_new_block(&options, false).await).flatten().unwrap();
    setup.note(template.get_block_header().await);
    setup.note(template.get_tx_fees().await);
    setup.note(template.get_tx_sigops().await);
    setup.note(template.get_coinbase_merkle_path().await);
    let block = solved(&*template).await;
    setup.note(template.submit_solution_old7(0, 0, 0, Some(&block.txdata[0])).await);
    let check = BlockCheckOptions::default();
    assert_eq!(setup.note(mining.check_block(&block, &check).await), Some(Ok(())));
    assert_eq!(setup.note(mining.submit_block(&block).await), Some(Ok(())));
    let wait = BlockWaitOptions { timeout: Some(Duration::from_secs(30)), ..BlockWaitOptions::default() };
    let next = setup.note(template.wait_next(&wait).await).flatten().unwrap();
    let block = solved(&*next).await;
    let header = &block.header;
    let version = u32::from_ne_bytes(header.version.to_consensus().to_ne_bytes());
    let verdict = next.submit_solution(version, header.time, header.nonce, &block.txdata[0]).await;
    assert_eq!(setup.note(verdict), Some(Ok(())));
    setup.note(next.interrupt_wait().await);
}
