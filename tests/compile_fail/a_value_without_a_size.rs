use mp_runtime::{IpcStruct, Result, ipc_interface};

#[derive(IpcStruct)]
pub struct Item {
    pub name: Box<str>,
    pub bytes: Box<[u8]>,
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn rename(&self, name: &mut str) -> Result<()>;
    fn fill(&self, #[ipc(out)] bytes: &mut [u8]) -> Result<()>;
}

fn main() {}
