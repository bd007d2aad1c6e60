use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0x1234)]
pub trait Shop: Send + Sync {
    fn buy(&self) -> Result<()>;
}

fn main() {}
