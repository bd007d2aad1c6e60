//! Prints what the calculator of another process has to say.

use std::io::Write;
use std::process::ExitCode;

use mp_example::{InitInterface, PrinterInterface, serve_as_child};
use mp_runtime::Result;

struct Printer;

impl PrinterInterface for Printer {
    fn print(&self, text: &str) -> Result<()> {
        writeln!(std::io::stdout(), "mpprinter: {}", text.trim_end())?;
        Ok(())
    }
}

struct Init;

impl InitInterface for Init {
    fn make_printer(&self) -> Result<Box<dyn PrinterInterface>> {
        Ok(Box::new(Printer))
    }
}

fn main() -> ExitCode {
    serve_as_child("mpprinter", Init)
}
