use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn names(&self) -> Result<Vec<&'static str>>;
    fn first(&self) -> Result<Option<(&str, u8)>>;
}

fn main() {}
