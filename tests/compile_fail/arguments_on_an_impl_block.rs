use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    async fn buy(&self) -> Result<()>;
}

struct Mine;

#[ipc_interface(name = "Shop")]
impl Shop for Mine {
    async fn buy(&self) -> Result<()> {
        Ok(())
    }
}

fn main() {}
