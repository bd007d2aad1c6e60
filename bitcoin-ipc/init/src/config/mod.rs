//! All settings of a program as one value.
//!
//! In: the command line, `bitcoin.conf` and `settings.json`. Out: [`Settings`], with a getter for
//! each form of value, which travels to child processes as `bitcoin_ipc`'s values do.

mod amounts;
mod chain;
mod file;
mod load;
mod lookup;
mod saved;
mod settings;
mod shared;
mod value;

pub use settings::Settings;
pub use shared::SharedSettings;
