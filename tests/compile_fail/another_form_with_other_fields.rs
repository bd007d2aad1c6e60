use mp_runtime::{IpcStruct, ipc_file};

ipc_file! {
    static SHOP: "shop.capnp" @ 0xf00df00df00df00d;
}

#[derive(IpcStruct)]
#[ipc(file = SHOP)]
pub struct Item {
    pub price: u32,
}

#[derive(IpcStruct)]
#[ipc(form_of = Item)]
pub struct Priced {
    pub price: i32,
}

#[derive(IpcStruct)]
#[ipc(form_of = Item, name = "Item")]
pub struct Named {
    pub price: u32,
}

fn main() {}
