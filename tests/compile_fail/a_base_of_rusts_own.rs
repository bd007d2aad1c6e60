use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync + Clone + std::fmt::Display {
    fn open(&self) -> Result<()>;
}

pub struct Street {
    pub shops: Vec<Box<dyn Shop>>,
}

fn main() {}
