use mp_runtime::{IpcEnum, IpcStruct, Result, ipc_interface};

#[derive(IpcStruct)]
pub struct Data {
    pub len: u32,
}

#[derive(IpcStruct)]
pub enum List {
    Empty,
    Some(u32),
}

#[derive(Clone, Copy, IpcEnum)]
#[ipc(wire = enumerant, file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub enum Bool {
    No,
    Yes,
}

// Travels as an Int32, so that no schema has its name.
#[derive(Clone, Copy, IpcEnum)]
pub enum Void {
    No,
    Yes,
}

#[derive(IpcStruct)]
#[ipc(generic, file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub struct Page<Text> {
    pub first: Text,
}

#[derive(IpcStruct)]
#[ipc(name = "Float64")]
pub struct Item {
    pub price: f64,
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Proxy: Send + Sync {
    fn item(&self, data: Data, bytes: Vec<u8>, list: List, void: Void) -> Result<Item>;
}

fn main() {}
