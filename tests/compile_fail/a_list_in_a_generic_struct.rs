use mp_runtime::{IpcStruct, Result, ipc_interface};

#[derive(IpcStruct)]
#[ipc(generic, file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub struct Page<T> {
    pub first: T,
    pub items: Vec<T>,
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn names(&self, page: Page<String>) -> Result<Page<Vec<u8>>>;
}

fn main() {}
