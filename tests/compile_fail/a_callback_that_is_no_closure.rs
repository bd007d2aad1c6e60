use mp_runtime::{Result, ipc_interface};
use std::sync::Arc;

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d, callback)]
pub trait Each: Send + Sync {
    fn call(&self, item: u32) -> Result<()>;
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn each(&self, #[ipc(callback = Each)] call: Arc<dyn Each>) -> Result<()>;
    fn many(&self, #[ipc(callback = Each)] number: u32) -> Result<()>;
}

fn main() {}
