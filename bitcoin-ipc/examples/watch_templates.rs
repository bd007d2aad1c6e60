//! Watches the block templates of a node: one for each block, and one for every 1,000 satoshis that
//! the fees rise.
//!
//! ```sh
//! cargo run -p bitcoin-ipc --example watch_templates -- regtest
//! ```

use bitcoin::{Amount, Network};
use bitcoin_ipc::{ConnectOptions, TemplateOptions};
use futures::StreamExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let network: Network = std::env::args().nth(1).as_deref().unwrap_or("bitcoin").parse()?;
    let node = ConnectOptions::new().network(network).connect("unix").await?;
    let options = TemplateOptions {
        fee_threshold: Amount::from_sat(1_000),
        cooldown: false,
        ..TemplateOptions::default()
    };
    let mut templates = node.templates(options);
    while let Some(template) = templates.next().await {
        let template = template?;
        let header = template.get_block_header().await?;
        let fees = template.get_tx_fees().await?;
        let reward = template.get_coinbase_tx().await?.block_reward_remaining;
        println!("on {}: {} transactions, reward {reward}", header.prev_blockhash, fees.len());
    }
    Ok(())
}
