use mp_runtime::ipc_interface;
use std::fmt::Result;

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn price(&self) -> Result;
    fn stop(&self) -> !;
    fn name(&self) -> &str;
}

fn main() {}
