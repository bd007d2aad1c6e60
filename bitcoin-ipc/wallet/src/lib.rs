//! Bitcoin wallets on BDK, with a node in this process or another one.
//!
//! In: a node's [`Chain`](bitcoin_ipc::interfaces::Chain), and a directory to keep wallets in. Out: a
//! [`WalletLoader`](bitcoin_ipc::interfaces::WalletLoader) and its wallets.

#[cfg(test)]
#[path = "../tests/chain/mod.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "tests that stand apart use the rest")]
mod chain;
mod client;
mod clock;
mod error;
mod interface;
mod keys;
mod ledger;
mod listeners;
mod loader;
mod node;
mod options;
pub mod program;
mod rpc;
mod storage;
mod sync;
mod wallet;

pub use error::{Error, Result};
pub use keys::{DescriptorImport, DescriptorInfo, Imported};
pub use loader::Loader;
pub use options::Options;
pub use sync::{ScanResult, WalletHandle};
pub use wallet::{AvailableCoin, FeeChoice, Wallet, flag};
