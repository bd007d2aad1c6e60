use mp_runtime::{Result, ipc_file, ipc_interface};

ipc_file! {
    static OLD: "old/shop.capnp" @ 0xf00df00df00df00d;
}

ipc_file! {
    static NEW: "shop.capnp" @ 0xf00df00df00df00d;
}

#[ipc_interface(file = NEW, versions(v1, v1(file = OLD), since(form = ShopV2), v4(form = ShopV4)))]
pub trait Shop: Send + Sync {
    fn price(&self) -> Result<u32>;
}

#[ipc_interface(file = NEW, versions)]
pub trait Till: Send + Sync {
    #[ipc(since = v1)]
    fn price(&self) -> Result<u32>;
}

#[ipc_interface(file = NEW, callback, versions(v1(form = BellV1, file = OLD), v2))]
pub trait Bell: Send + Sync {
    fn ring(&self) -> Result<()>;
}

fn main() {}
