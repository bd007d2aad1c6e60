use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d, asynchronous = AsyncShop, blocking = BlockingShop)]
pub trait Shop: Send + Sync {
    fn price(&self) -> Result<u32>;
}

fn main() {}
