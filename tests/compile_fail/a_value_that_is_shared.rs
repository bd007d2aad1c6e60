use std::sync::Arc;

use mp_runtime::{IpcStruct, Result, ipc_interface};

#[derive(IpcStruct)]
pub struct Item {
    pub name: Arc<String>,
    pub text: Arc<str>,
    pub bytes: Arc<[u8]>,
    pub numbers: Option<Arc<Vec<u32>>>,
}

#[derive(IpcStruct)]
pub struct Price {
    pub price: u32,
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn put(&self, item: Item) -> Result<()>;
    fn price(&self) -> Result<Arc<Price>>;
}

fn main() {}
