use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    #[ipc(interrupt = "wait")]
    async fn wait(&self) -> Result<()>;
}

fn main() {}
