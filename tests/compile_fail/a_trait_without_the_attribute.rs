use std::sync::Arc;

use mp_runtime::{Result, ipc_interface};

pub trait Guest: Send + Sync {}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn enter(&self, guest: Box<dyn Guest>) -> Result<Arc<dyn Guest>>;
    fn leave(&self, guest: Option<Arc<dyn Guest>>) -> Result<Vec<Box<dyn Guest>>>;
}

fn main() {}
