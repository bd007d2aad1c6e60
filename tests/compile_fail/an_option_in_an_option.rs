use mp_runtime::{IpcStruct, Result, ipc_interface};

#[derive(IpcStruct)]
pub struct Item {
    pub number: Option<Option<u8>>,
    pub deep: Vec<(u8, Box<Option<Option<Vec<u8>>>>)>,
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn buy(&self, of: Option<Option<String>>) -> Result<()>;
    fn sell(&self, of: Option<&Option<String>>) -> Result<()>;
}

fn main() {}
