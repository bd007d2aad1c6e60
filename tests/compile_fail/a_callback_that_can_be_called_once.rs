use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn each(&self, #[ipc(callback = Each)] call: Box<dyn FnOnce(i32) -> Result<()> + Send>) -> Result<()>;
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d, callback)]
pub trait Each: Send + Sync {
    fn call(&self, n: i32) -> Result<()>;
}

fn main() {}
