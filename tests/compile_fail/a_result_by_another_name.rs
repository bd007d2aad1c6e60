use mp_runtime::{Result, ipc_interface};

pub type R<T> = Result<T>;

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn a(&self) -> Vec<u8>;
    fn b(&self) -> std::collections::BTreeMap<String, u32>;
    fn d(&self) -> R<u32>;
    fn e(&self) -> std::io::Result<u32>;
    fn f(&self) -> anyhow::Result<()>;
    fn g(&self) -> &'static str;
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Bakery: Send + Sync {
    fn bake(&self) -> impl Future<Output = Result<u32>> + Send;
}

fn main() {}
