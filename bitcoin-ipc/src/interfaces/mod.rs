//! Bitcoin Core's interfaces, one file each.
//!
//! The traits are those of today's wire: `init`, `echo`, `mining` and `rpc` as Bitcoin Core v32 has
//! them, the others as the multiprocess branch has them. Where that branch and the C++ headers have
//! drifted apart, the wire counts. What v30 and v31 have in another form says the trait itself (`V30`, `V31`);
//! [`release`](crate::release) has it by release. What this library adds to them is in [`watch`].
//!
//! Methods that wait for something in the node, or that a client makes many of at once, are
//! `async`; those between node, wallet and GUI block, and run on a thread of the peer that belongs
//! to the calling one.

mod block_template;
mod chain;
mod chain_client;
mod chain_notifications;
mod echo;
mod external_signer;
mod handler;
mod init;
mod mining;
mod node;
mod node_callbacks;
mod rpc;
mod rpc_command;
mod wallet;
mod wallet_callbacks;
mod wallet_loader;
mod wallet_results;
pub mod watch;

pub use block_template::{BlockTemplate, BlockTemplateV30, BlockTemplateV31, BlockingBlockTemplate};
pub use chain::*;
pub use chain_client::ChainClient;
pub use chain_notifications::ChainNotifications;
pub use echo::{Echo, EchoImpl};
pub use external_signer::ExternalSigner;
pub use handler::Handler;
pub use init::Init;
pub use mining::{BlockingMining, Mining, MiningV30, MiningV31};
pub(crate) use mining::{mining_v30, mining_v31};
pub use node::*;
pub use node_callbacks::*;
pub use rpc::Rpc;
pub use rpc_command::*;
pub use wallet::Wallet;
pub use wallet_callbacks::*;
pub use wallet_loader::*;
pub use wallet_results::{
    AddressBookEntry, BumpTransaction, FilledPsbt, MinimumFee, TxStatus, WalletTxDetails,
};

/// What Bitcoin Core says to a call in a form that it no longer serves. Like any C++ exception it
/// is a failure, not an unimplemented method.
pub(crate) fn no_longer_served(what: &str) -> mp_runtime::Error {
    mp_runtime::Error::failed(format!("Old {what} not supported. Please update your client!"))
}
