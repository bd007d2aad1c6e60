use mp_runtime::{Result, ipc_interface};

const SHOP: &str = "shop.capnp";

#[ipc_interface(file = SHOP)]
pub trait Shop: Send + Sync {
    fn price(&self) -> Result<u32>;
}

fn main() {}
