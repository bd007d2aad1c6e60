//! The first interface of the calculator's and the printer's process.

use mp_runtime::{Result, ipc_file, ipc_interface};

use crate::{CalculatorInterface, PrinterInterface};

ipc_file! {
    /// The file of the first interface.
    static INIT: "init.capnp" @ 0xba5a7448664901b1,
    include = ["calculator.h", "init.h", "printer.h"], include_types = ["types.h"];
}

/// Makes what the process is for. A process that is for something else says so.
#[ipc_interface(file = INIT, cxx = "Init", construct, destroy = false)]
pub trait InitInterface: Send + Sync {
    /// Makes a calculator that prints with `print`.
    fn make_calculator(&self, print: Box<dyn PrinterInterface>) -> Result<Box<dyn CalculatorInterface>> {
        drop(print);
        Err(mp_runtime::Error::unimplemented("this process makes no calculators"))
    }

    /// Makes a printer.
    fn make_printer(&self) -> Result<Box<dyn PrinterInterface>> {
        Err(mp_runtime::Error::unimplemented("this process makes no printers"))
    }
}
