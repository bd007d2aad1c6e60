use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d, id = "text")]
pub trait Shop: Send + Sync {
    #[ipc(no_context = true)]
    fn a(&self) -> Result<()>;
    #[ipc(name = 5)]
    fn b(&self) -> Result<()>;
    fn c(&self, #[ipc(with = "path")] what: i32, #[ipc(default)] many: i32) -> Result<()>;
    fn d(&self, #[ipc(types)] what: i32, #[ipc(ordinal = 99999)] many: i32) -> Result<()>;
}

fn main() {}
