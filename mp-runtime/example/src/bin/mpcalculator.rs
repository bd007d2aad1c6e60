//! Solves equations and has the printer of another process print the answers.

use std::process::ExitCode;

use mp_example::{CalculatorInterface, InitInterface, PrinterInterface, equation, serve_as_child};
use mp_runtime::Result;

struct Calculator(Box<dyn PrinterInterface>);

impl CalculatorInterface for Calculator {
    fn solve_equation(&self, eqn: &str) -> Result<()> {
        let eqn = eqn.trim().trim_end_matches('=').trim_end();
        // Nonsense is an answer as well, not an error: a C++ caller would not expect one.
        match equation::solve(eqn) {
            Ok(value) => self.0.print(&format!("{eqn} = {value}")),
            Err(error) => self.0.print(&format!("cannot solve `{eqn}`: {error}")),
        }
    }
}

struct Init;

impl InitInterface for Init {
    fn make_calculator(&self, print: Box<dyn PrinterInterface>) -> Result<Box<dyn CalculatorInterface>> {
        Ok(Box::new(Calculator(print)))
    }
}

fn main() -> ExitCode {
    serve_as_child("mpcalculator", Init)
}
