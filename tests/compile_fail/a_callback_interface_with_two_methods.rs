use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d, callback)]
pub trait Shop: Send + Sync {
    fn call(&self) -> Result<()>;
    fn call_again(&self) -> Result<()>;
}

fn main() {}
