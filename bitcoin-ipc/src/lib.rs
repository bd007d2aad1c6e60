//! Bitcoin Core's interfaces between node, wallet and GUI, in Rust.
//!
//! The interfaces are not here yet; the generator and the runtime under them are, in `mp_runtime`.

pub mod types;

pub use mp_runtime;
