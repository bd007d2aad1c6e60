//! Serves a mining interface to other clients, as if it were a node: here a chain in memory that
//! grows by a block every two seconds.
//!
//! ```sh
//! cargo run -p bitcoin-ipc --example serve_mining -- /tmp/mining.sock v31
//! cargo run -p bitcoin-ipc-cli -- --connect unix:/tmp/mining.sock tip --watch
//! ```

use std::sync::Arc;
use std::time::Duration;

use bitcoin_ipc::Release;
use bitcoin_ipc::mock::MemoryNode;
use bitcoin_ipc::mp_runtime::{EventLoop, listen};
use bitcoin_ipc::release::{Services, v30, v31, v32};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "/tmp/mining.sock".into());
    let release: Release = std::env::args().nth(2).as_deref().unwrap_or("v32").parse()?;

    // Anything that implements `Mining` would do.
    let node = MemoryNode::new();
    let services: Arc<Services> = Arc::new(node.services());
    let event_loop = EventLoop::new("serve_mining")?;
    let server = match release {
        Release::V30 => listen::<dyn v30::Init>(&event_loop, &path, services, None)?,
        Release::V31 => listen::<dyn v31::Init>(&event_loop, &path, services, None)?,
        _ => listen::<dyn v32::Init>(&event_loop, &path, services, None)?,
    };
    println!("a node like Bitcoin Core {release} listens at {path}");
    loop {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(2)) => {
                node.mine(1)?;
                println!("{:?}, {} clients", node.tip(), server.connections());
            }
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}
