use mp_runtime::{Result, ipc_interface};

#[ipc_interface]
pub trait Shop: Send + Sync {
    fn buy(&self) -> Result<()>;
}

fn main() {}
