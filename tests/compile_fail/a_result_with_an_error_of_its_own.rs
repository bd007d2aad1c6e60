use mp_runtime::ipc_interface;
use std::io::Result;

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn price(&self) -> Result<u32>;
}

fn main() {}
