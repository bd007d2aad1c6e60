use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn each(&self, #[ipc(callback = "Each")] call: Box<dyn Fn(u32) -> Result<()> + Send + Sync>) -> Result<()>;
    fn every(&self, #[ipc(callback)] call: Box<dyn Fn(u32) -> Result<()> + Send + Sync>) -> Result<()>;
}

fn main() {}
