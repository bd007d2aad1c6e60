use mp_runtime::{Error, Result, ipc_interface};

#[derive(Debug)]
pub enum ShopError {
    SoldOut(u32),
    Broken(String),
}

impl std::fmt::Display for ShopError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl From<Error> for ShopError {
    fn from(error: Error) -> Self {
        ShopError::Broken(error.to_string())
    }
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn fine(&self) -> Result<u32, Error>;
    fn buy(&self, many: u32) -> Result<u32, ShopError>;
    fn sell(&self, many: u32) -> Result<(), ShopError>;
    async fn wait(&self) -> Result<u32, String>;
}

fn main() {}
