use mp_runtime::{IpcEnum, IpcStruct, Result, ipc_interface};

/// In the comment `#[cfg(unix)]` says nothing.
#[derive(IpcStruct)]
pub struct Fine {
    /// Nor does it here: #[cfg(unix)]
    #[cfg_attr(unix, doc = "More.")]
    pub name: String,
}

#[derive(IpcStruct)]
pub struct Item {
    pub name: String,
    #[cfg(not(unix))]
    pub price: u32,
    pub weight: u32,
}

#[derive(IpcStruct)]
pub enum Payment {
    Cash,
    Card {
        number: String,
        #[cfg(windows)]
        valid: u32,
    },
}

#[derive(Clone, Copy, IpcEnum)]
pub enum Colour {
    Red,
    #[cfg(windows)]
    Green,
    Blue,
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop: Send + Sync {
    fn buy(&self, fine: Fine, item: Item, payment: Payment) -> Result<Colour>;
}

fn main() {}
