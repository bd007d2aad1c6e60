use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn pay(&self, amount: u128) -> Result<Vec<i128>>;
}

fn main() {}
