use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn price(&self, #[ipc(absent = 0)] percent: u32) -> Result<u32>;
}

fn main() {}
