use mp_runtime::{Result, ipc_interface};

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Base: Send + Sync {
    fn number(&self) -> u32;
    fn text(&self) -> Result<String>;
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Derived: Base {
    fn more(&self, base: std::sync::Arc<dyn Base>) -> Result<u32>;
}

#[ipc_interface]
pub trait Nowhere: Send + Sync {
    fn text(&self) -> Result<String>;
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Somewhere: Nowhere {
    fn more(&self, base: Box<dyn Nowhere>) -> Result<u32>;
}

pub fn use_them(one: &dyn Derived, other: &mp_runtime::Remote<dyn Somewhere>) -> Result<String> {
    Ok(one.text()? + &other.text()?)
}

fn main() {}
