use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Guest: Send + Sync {
    fn name(&self) -> Result<String>;
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn serve(&self, guest: &(dyn Guest + Send)) -> Result<()>;
}

fn main() {}
