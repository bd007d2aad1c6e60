//! Mines a block on regtest, to an output that anybody can spend.
//!
//! ```sh
//! cargo run -p bitcoin-ipc --example mine_regtest
//! ```

use bitcoin::{Network, ScriptBuf};
use bitcoin_ipc::ConnectOptions;
use bitcoin_ipc::types::BlockCreateOptions;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let node = ConnectOptions::new().network(Network::Regtest).connect("unix").await?;
    let options = BlockCreateOptions::default();
    let template = node.mining().create_new_block(&options, false).await?.ok_or("the node shuts down")?;

    let mut block = template.get_block().await?;
    let anybody = ScriptBuf::from_bytes(vec![0x51]);
    block.txdata[0] = template.get_coinbase_tx().await?.transaction(b"me", anybody);
    block.header.merkle_root = block.compute_merkle_root().ok_or("a block without transactions")?;
    while block.header.validate_pow(block.header.target()).is_err() {
        block.header.nonce += 1;
    }

    let header = &block.header;
    let version = header.version.to_consensus() as u32;
    template.submit_solution(version, header.time, header.nonce, &block.txdata[0]).await??;
    println!("mined {}", block.block_hash());
    Ok(())
}
