use mp_runtime::{IpcEnum, Result, ipc_interface};

#[derive(Clone, Copy, IpcEnum)]
#[repr(u32)]
pub enum Size {
    Small = 1,
    Large = 3_000_000_000,
}

#[derive(Clone, Copy, IpcEnum)]
#[ipc(wire = UInt8)]
#[repr(i16)]
pub enum Colour {
    Red = -1,
    Blue = 256,
}

#[ipc_interface(file = "shop.capnp", file_id = 0xf00df00df00df00d)]
pub trait Shop<'a>: Send + Sync {
    fn size(&self, colour: Colour) -> Result<Size>;
}

fn main() {}
