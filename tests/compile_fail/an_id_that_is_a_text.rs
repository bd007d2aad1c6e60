use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "till.capnp", file_id = "0xf00df00df00df00d")]
pub trait Till: Send + Sync {
    fn price(&self) -> Result<u32>;
}

fn main() {}
