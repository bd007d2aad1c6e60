use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    #[ipc(ordinal = 1)]
    fn buy(&self) -> Result<()>;
    #[ipc(ordinal = 1)]
    fn sell(&self) -> Result<()>;
}

fn main() {}
