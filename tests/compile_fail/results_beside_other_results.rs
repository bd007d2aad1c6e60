use mp_runtime::{IpcStruct, Result, ipc_interface};

#[derive(IpcStruct)]
pub struct Stock {
    pub items: u32,
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    #[ipc(results)]
    fn stock(&self, #[ipc(out)] price: &mut i64) -> Result<Stock>;
    #[ipc(results)]
    fn open(&self) -> Result<()>;
    #[ipc(results, secret)]
    fn code(&self) -> Result<Stock>;
    #[ipc(results = "a text")]
    fn close(&self) -> Result<Stock>;
}

fn main() {}
