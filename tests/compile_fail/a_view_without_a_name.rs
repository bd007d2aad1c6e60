use mp_runtime::{Result, ipc_file, ipc_interface};

ipc_file! {
    static NEW: "shop.capnp" @ 0xf00df00df00df00d;
}

ipc_file! {
    static OLD: "v1/shop.capnp" @ 0xf00df00df00df00d;
}

#[ipc_interface(file = NEW, versions(v1(form = ShopV1, view = AsyncShopV1, file = OLD), v2))]
pub trait Shop: Send + Sync {
    fn price(&self) -> Result<u32>;
}

#[ipc_interface(file = NEW, blocking)]
pub trait Bakery: Send + Sync {
    fn price(&self) -> Result<u32>;
}

#[ipc_interface(file = NEW, asynchronous(AsyncKiosk, Item))]
pub trait Kiosk: Send + Sync {
    fn price(&self) -> Result<u32>;
}

fn main() {}
