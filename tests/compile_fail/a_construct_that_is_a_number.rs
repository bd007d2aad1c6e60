use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d, construct = 4)]
pub trait Shop: Send + Sync {
    fn buy(&self) -> Result<()>;
}

fn main() {}
