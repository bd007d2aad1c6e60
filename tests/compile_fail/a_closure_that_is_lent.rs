use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d, callback)]
pub trait Each: Send + Sync {
    fn call(&self, item: u32) -> Result<()>;
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn each(&self, #[ipc(callback = Each)] call: &dyn Fn(u32) -> Result<()>) -> Result<()>;
    fn every(&self, #[ipc(callback = Each)] call: &(dyn Fn(u32) -> Result<()> + Send + Sync)) -> Result<()>;
    fn all(&self, #[ipc(callback = Each)] call: &mut dyn FnMut(u32) -> Result<()>) -> Result<()>;
    fn any(&self, #[ipc(callback = Each)] call: impl Fn(u32) -> Result<()> + Send + Sync) -> Result<()>;
}

fn main() {}
