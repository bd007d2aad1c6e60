//! The interface of the calculator.

use mp_runtime::{Result, ipc_file, ipc_interface};

ipc_file! {
    /// The file of the calculator's interface.
    static CALCULATOR: "calculator.capnp" @ 0xb67dbf34061180a9,
    include = ["calculator.h"], include_types = ["types.h"];
}

/// Solves equations, and prints the answers with the printer it was made with.
#[ipc_interface(file = CALCULATOR, cxx = "Calculator")]
pub trait CalculatorInterface: Send + Sync {
    /// Solves one equation.
    fn solve_equation(&self, eqn: &str) -> Result<()>;
}
