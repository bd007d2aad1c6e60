//! Command-line options as Bitcoin Core takes them.
//!
//! In: a [`Program`] with its table of options, and the arguments. Out: an [`Invocation`]: a child
//! that a parent spawned, a text to print, or the [`Arguments`] of an ordinary run.

mod amount;
mod core;
mod help;
mod inert;
mod interpret;
mod known;
mod node;
mod parse;
mod table;
mod wallet;

pub use self::core::{CORE_OPTIONS, WALLET_SOCKET};
pub use inert::{INERT_OPTIONS, REFUSED_OPTIONS};
pub use known::{LOG_OPTIONS, NETWORK_OPTIONS, SHARED_OPTIONS};
pub use node::NODE_OPTIONS;
pub use parse::{Arguments, Invocation, parse};
pub use table::{Category, Form, OptionInfo, Program};
pub use wallet::WALLET_OPTIONS;

pub(crate) use amount::{amount, invalid_amount};
pub(crate) use interpret::{Refusal, boolean, interpret};
