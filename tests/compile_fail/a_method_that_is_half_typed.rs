use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn price(&self) -> Result<u32>;
    fn pri
}

/// Hears of no mistake.
pub fn use_it(shop: &dyn Shop) -> Result<u32> {
    shop.price()
}

fn main() {}
