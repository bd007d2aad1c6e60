use mp_runtime::{Result, ipc_interface};

pub trait House: Send + Sync {
    fn door(&self) -> Result<u32>;
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: House {
    fn open(&self) -> Result<()>;
}

fn main() {}
