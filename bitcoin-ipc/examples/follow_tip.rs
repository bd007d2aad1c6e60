//! Follows the highest block of a node.
//!
//! ```sh
//! cargo run -p bitcoin-ipc --example follow_tip -- regtest
//! ```

use bitcoin::Network;
use bitcoin_ipc::{ConnectOptions, TipEvent};
use futures::StreamExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let network: Network = std::env::args().nth(1).as_deref().unwrap_or("bitcoin").parse()?;
    let node = ConnectOptions::new().network(network).connect("unix").await?;
    println!("Bitcoin Core {}", node.release().await?);
    let mut tips = node.tips();
    while let Some(event) = tips.next().await {
        match event? {
            TipEvent::Tip(tip) => println!("{:>8} {}", tip.height, tip.hash),
            TipEvent::Reconnected { gap, tip } => {
                println!("{:>8} {} after {gap:?} without a connection", tip.height, tip.hash);
            }
        }
    }
    Ok(())
}
