use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Debug: Send + Sync {
    fn dump(&self) -> Result<String>;
}

fn main() {}
