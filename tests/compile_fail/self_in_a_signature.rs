use mp_runtime::{Result, ipc_interface};
use std::sync::Arc;

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn branch(&self) -> Result<Box<Self>>;
    fn join(&self, other: &Self) -> Result<()>;
    fn share(self: &Arc<Self>) -> Result<()>;
    fn stay(&'static self) -> Result<()>;
}

pub struct Street {
    pub shops: Vec<Box<dyn Shop>>,
}

fn main() {}
