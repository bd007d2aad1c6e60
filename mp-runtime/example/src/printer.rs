//! The interface of the printer.

use mp_runtime::{Result, ipc_file, ipc_interface};

ipc_file! {
    /// The file of the printer's interface.
    static PRINTER: "printer.capnp" @ 0x893db95f456ed0e3,
    include = ["printer.h"], include_types = ["types.h"];
}

/// Prints.
#[ipc_interface(file = PRINTER, cxx = "Printer")]
pub trait PrinterInterface: Send + Sync {
    /// Prints a text.
    fn print(&self, text: &str) -> Result<()>;
}
