use mp_runtime::{IpcStruct, Result, ipc_interface};

type Number = u32;
const RATIO: f64 = 1.5;

#[derive(IpcStruct)]
pub struct Price {
    #[ipc(default = 1.5)]
    pub pounds: Number,
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn set(&self, #[ipc(default = RATIO)] ratio: u32) -> Result<()>;
    fn huge(&self, #[ipc(default = 1e300)] ratio: f32) -> Result<()>;
}

fn main() {}
