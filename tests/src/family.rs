//! What the children of the program `family` offer.

use mp_runtime::{Result, ipc_file, ipc_interface};

/// The environment variable with the path of the file that a child leaves when what it served is dropped.
pub const GRAVE: &str = "FAMILY_GRAVE";

ipc_file! {
    static FILE: "family.capnp" @ 0xd1b2_0000_0000_000d;
}

/// Something that a child has made.
#[ipc_interface(file = FILE)]
pub trait Part: Send + Sync {
    /// By how many it is used.
    fn uses(&self) -> Result<u64>;
}

/// A child.
#[ipc_interface(file = FILE, construct)]
pub trait Child: Send + Sync {
    /// Makes a part.
    fn make(&self) -> Result<Box<dyn Part>>;
    /// Returns after so long.
    fn rest(&self, milliseconds: u32) -> Result<()>;
    /// What the open descriptors of the child stand for.
    fn descriptors(&self) -> Result<Vec<String>>;
}
