use std::rc::Rc;

use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn shared(&self, of: Option<&Rc<u32>>) -> Result<()>;
    fn numbers(&self, of: &[Option<u8>]) -> Result<()>;
    fn text(&self, #[ipc(default = 3)] of: &str) -> Result<()>;
}

fn main() {}
