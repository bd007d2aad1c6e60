//! A window for a Bitcoin node and its wallets.
//!
//! In: arguments, a node that runs or is started. Out: the window, until it is closed. [`program::main`] is all of
//! `bitcoin-gui`.

mod desktop;
mod engine;
mod link;
mod model;
pub mod program;
mod text;
mod view;

#[cfg(test)]
mod tests;
