use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = 2 + 5)]
pub trait Shop: Send + Sync {
    fn buy(&self) -> Result<()>;
}

fn main() {}
