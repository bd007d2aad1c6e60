//! What somebody watches, and which transactions concern it.
//!
//! In: scripts, and blocks with the coins that they spent. Out: the transactions that pay or spend
//! one of the scripts.

mod script_set;

pub use script_set::ScriptSet;
