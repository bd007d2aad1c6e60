use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d, id = 0xf00df00df00df00e)]
pub trait Shop: Send + Sync {
    fn put(&self, number: u32) -> Result<u32>;
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d, id = 0xf00df00df00df00e)]
pub trait Till: Send + Sync {
    fn take(&self, number: u32) -> Result<u32>;
}

fn main() {}
