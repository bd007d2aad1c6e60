use mp_runtime::{IpcEnum, IpcStruct, Result, ipc_file, ipc_interface};

ipc_file! {
    static SHOP: "../shop.capnp" @ 0xf00df00df00df00d;
}

#[ipc_interface(file = "shop", file_id = 0xf00df00df00df00e)]
pub trait Shop: Send + Sync {
    fn open(&self) -> Result<()>;
}

#[ipc_interface(file = "mp/proxy.capnp", file_id = 0xf00df00df00df00f)]
pub trait Till: Send + Sync {
    fn open(&self) -> Result<()>;
}

#[derive(IpcStruct)]
#[ipc(file = "/item.capnp", file_id = 0xf00df00df00df010)]
pub struct Item {
    pub price: u32,
}

#[derive(IpcEnum)]
#[ipc(wire = enumerant, file = "a \"colour\".capnp", file_id = 0xf00df00df00df011)]
pub enum Colour {
    Red,
}

fn main() {}
