use mp_runtime::{IpcStruct, Result, ipc_interface};

pub type Byte = u8;
pub const MANY: u32 = 300;

#[derive(IpcStruct)]
pub struct Item {
    #[ipc(default = 300)]
    pub small: u8,
    #[ipc(default = -1)]
    pub positive: u64,
    #[ipc(default = 1)]
    pub switch: bool,
    #[ipc(default = true)]
    pub number: i32,
    #[ipc(default = "text")]
    pub text: String,
    #[ipc(default = 1.5)]
    pub whole: i64,
}

#[derive(IpcStruct)]
pub struct Other {
    #[ipc(default = MANY)]
    pub small: Byte,
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn buy(&self, #[ipc(default = 256)] many: Byte) -> Result<()>;
}

fn main() {}
