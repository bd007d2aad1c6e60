use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp")]
pub trait Shop: Send + Sync {
    fn buy(&self) -> Result<()>;
}

fn main() {}
