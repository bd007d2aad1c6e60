use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    #[ipc(exception = "shop::SoldOut")]
    fn buy(&self) -> Result<Result<i64, SoldOut>>;
}

#[derive(mp_runtime::IpcStruct)]
pub struct SoldOut {}

fn main() {}
