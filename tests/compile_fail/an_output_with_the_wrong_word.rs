use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn borrowed(&self, #[ipc(want)] of: Option<&u32>) -> Result<()>;
    fn optional(&self, #[ipc(out)] of: Option<&String>) -> Result<()>;
    fn both(&self, #[ipc(out, want)] of: Option<&mut String>) -> Result<()>;
}

fn main() {}
