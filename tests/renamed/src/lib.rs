//! The runtime under another name, and re-exported by a module.
//!
//! In: items that say where the runtime is. Out: the same as anywhere else.

use ipc::{IpcEnum, IpcStruct, Result, ipc_file, ipc_interface};

/// Re-exports the runtime, as a crate with interfaces does for those who use it.
pub mod facade {
    pub use ipc;
}

ipc_file! {
    static FILE: "renamed.capnp" @ 0xf00d_f00d_f00d_f00f, crate = ipc;

    /// A constant.
    pub const MOST: u32 = 3;
}

/// A struct.
#[derive(Clone, Copy, Debug, PartialEq, IpcStruct)]
#[ipc(crate = crate::facade::ipc)]
pub struct Item {
    /// A field.
    pub many: u32,
    /// Another.
    pub size: Size,
}

/// An enum.
#[derive(Clone, Copy, Debug, PartialEq, IpcEnum)]
#[ipc(crate = ::ipc)]
pub enum Size {
    /// One.
    Small,
    /// The other.
    Large,
}

/// An interface.
#[ipc_interface(crate = crate::facade::ipc, file = FILE)]
pub trait Renamed: Send + Sync {
    /// Gives an item back.
    fn item(&self, item: Item) -> Result<Item>;
    /// Gives a number back.
    async fn number(&self, number: u32) -> Result<u32>;
}

/// Gives back.
#[derive(Clone, Copy, Debug)]
pub struct Served;

#[ipc_interface(crate = ipc)]
impl Renamed for Served {
    fn item(&self, item: Item) -> Result<Item> {
        Ok(item)
    }

    async fn number(&self, number: u32) -> Result<u32> {
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Item, MOST, Renamed, Served, Size};

    #[test]
    fn calls_arrive() {
        let event_loop = ipc::EventLoop::new("renamed").expect("an event loop");
        let (remote, _served) = ipc::pair::<dyn Renamed>(&event_loop, Arc::new(Served));
        let item = Item { many: MOST, size: Size::Large };
        assert_eq!(remote.item(item), Ok(item));
    }
}
