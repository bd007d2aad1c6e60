//! The example of libmultiprocess in Rust: `mpexample` asks for equations, `mpcalculator` solves
//! them, `mpprinter` prints the answers, each in a process of its own.
//!
//! In: libmultiprocess's three interfaces as traits. Out: programs of which each can be replaced
//! by the C++ one.

mod calculator;
mod child;
pub mod equation;
mod init;
mod log;
mod printer;
pub mod room;

pub use calculator::CalculatorInterface;
pub use child::serve_as_child;
pub use init::InitInterface;
pub use log::start_log;
pub use printer::PrinterInterface;
