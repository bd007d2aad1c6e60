//! Command-line options as Bitcoin Core takes them.
//!
//! In: a [`Program`] with its table of options, and the arguments. Out: an [`Invocation`]: a child
//! that a parent spawned, a text to print, or the [`Arguments`] of an ordinary run.

mod help;
mod interpret;
mod known;
mod parse;
mod table;

pub use known::{LOG_OPTIONS, NETWORK_OPTIONS, SHARED_OPTIONS};
pub use parse::{Arguments, Invocation, parse};
pub use table::{Category, Form, OptionInfo, Program};

pub(crate) use interpret::{Refusal, boolean, interpret};
