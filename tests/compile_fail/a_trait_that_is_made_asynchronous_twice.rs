use mp_runtime::private::async_trait;
use mp_runtime::{Result, ipc_interface};

#[async_trait]
#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Before: Send + Sync {
    async fn wait(&self, name: &str) -> Result<u32>;
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
#[async_trait]
pub trait After: Send + Sync {
    async fn wait(&self, name: &str) -> Result<u32>;
}

fn main() {}
