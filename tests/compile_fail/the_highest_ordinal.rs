use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d, destroy(ordinal = 65535))]
pub trait Shop: Send + Sync {
    #[ipc(ordinal = 65534)]
    fn open(&self) -> Result<()>;
    fn shut(&self) -> Result<()>;
}

fn main() {}
