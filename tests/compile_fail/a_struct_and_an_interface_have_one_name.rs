use mp_runtime::{IpcStruct, Result, ipc_file, ipc_interface};

ipc_file! {
    static SHOP: "shop.capnp" @ 0xf00df00df00df00d;
}

#[derive(IpcStruct)]
#[ipc(file = SHOP, name = "Shop")]
pub struct Address {
    pub street: String,
}

#[ipc_interface(file = SHOP)]
pub trait Shop: Send + Sync {
    fn address(&self) -> Result<Address>;
}

fn main() {}
