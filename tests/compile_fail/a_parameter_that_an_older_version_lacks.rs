use mp_runtime::{Result, ipc_file, ipc_interface};

ipc_file! {
    static OLD: "old/shop.capnp" @ 0xf00df00df00df00d;
}

ipc_file! {
    static NEW: "shop.capnp" @ 0xf00df00df00df00d;
}

#[ipc_interface(file = NEW, versions(v1(form = ShopV1, file = OLD), v2))]
pub trait Shop: Send + Sync {
    fn price(&self, #[ipc(since = v2)] percent: u32) -> Result<u32>;
    fn stock(&self, #[ipc(since = v2, absent = "all")] name: &str) -> Result<u32>;
}

fn main() {}
