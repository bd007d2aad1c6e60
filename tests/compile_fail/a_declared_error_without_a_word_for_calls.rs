use mp_runtime::{IpcStruct, ipc_interface};

#[derive(Debug, IpcStruct)]
pub enum ShopError {
    SoldOut,
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    #[ipc(exception)]
    fn buy(&self) -> Result<u32, ShopError>;
    #[ipc(exception)]
    fn sell(&self) -> Result<u32, String>;
}

fn main() {}
