use mp_runtime::{IpcStruct, ipc_file};

ipc_file! {
    pub static SHOP: "shop.capnp" @ 0xf00df00df00df00d;
}

mod a {
    #[derive(mp_runtime::IpcStruct)]
    #[ipc(file = crate::SHOP)]
    pub struct Item {
        pub price: u32,
    }
}

#[derive(IpcStruct)]
#[ipc(file = SHOP)]
pub struct Item {
    pub name: String,
}

fn main() {}
