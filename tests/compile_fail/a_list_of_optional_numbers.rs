use mp_runtime::{IpcStruct, Result, ipc_interface};

pub type Number = u8;

#[derive(IpcStruct)]
pub struct Item {
    pub name: String,
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn fine(&self) -> Result<()>;
    fn import(&self, all: Vec<Option<Number>>) -> Result<()>;
    fn arrays(&self) -> Result<[Option<Number>; 2]>;
    fn structs(&self, #[ipc(out)] items: &mut Vec<Option<Item>>) -> Result<()>;
    fn sets(&self, sets: &[std::collections::BTreeSet<Option<bool>>]) -> Result<()>;
}

fn main() {}
