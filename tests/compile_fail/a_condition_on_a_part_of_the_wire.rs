use mp_runtime::{IpcEnum, IpcStruct, Result, ipc_file, ipc_interface};

ipc_file! {
    static SHOP: "shop.capnp" @ 0xf00df00df00df00d;

    #[cfg(unix)]
    const MAX: u32 = 1;
}

#[ipc_interface(file = SHOP)]
pub trait Shop: Send + Sync {
    fn open(&self, #[cfg(unix)] wide: bool) -> Result<()>;
    #[cfg(feature = "extra")]
    fn extra(&self) -> Result<()>;
    #[cfg_attr(unix, ipc(ordinal = 3))]
    fn shut(&self) -> Result<()>;
    /// Neither of these is on the wire.
    #[cfg_attr(unix, doc = "Here.")]
    #[cfg(unix)]
    #[ipc(local)]
    fn here(&self) {}
}

#[derive(IpcStruct)]
pub struct Item {
    pub name: String,
    #[cfg(unix)]
    pub price: u32,
}

#[derive(IpcStruct)]
pub enum Payment {
    Cash,
    #[cfg(unix)]
    Card(String),
}

#[derive(Clone, Copy, IpcEnum)]
#[ipc(wire = enumerant, file = SHOP)]
pub enum Colour {
    Red,
    #[cfg(unix)]
    Blue,
}

fn main() {}
