use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    #[ipc(interrupt = stop)]
    async fn watch(&self) -> Result<()>;
    fn stop(&self) -> Result<()>;
}

fn main() {}
