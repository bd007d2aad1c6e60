//! The callbacks of `node.capnp`: what a GUI hears of a node.

use mp_runtime::{Result, ipc_interface};

use crate::files::NODE;
use crate::types::{BilingualStr, Bitcoin, BlockTip, SynchronizationState};

/// Hears what is being loaded.
pub type InitMessageFn = Box<dyn Fn(&str) -> Result<()> + Send + Sync>;

/// Hears what is being loaded. See [`InitMessageFn`].
#[ipc_interface(
    file = NODE,
    callback,
    types = Bitcoin,
    cxx = "ProxyCallback<interfaces::Node::InitMessageFn>"
)]
pub trait InitMessageCallback: Send + Sync {
    /// Shows the message.
    fn call(&self, message: &str) -> Result<()>;
}

/// Shows a message: its text and its style, bits of Core's `CClientUIInterface`. Says whether the
/// user agreed.
pub type MessageBoxFn = Box<dyn Fn(&BilingualStr, u32) -> Result<bool> + Send + Sync>;

/// Shows a message. See [`MessageBoxFn`].
#[ipc_interface(
    file = NODE,
    callback,
    types = Bitcoin,
    cxx = "ProxyCallback<interfaces::Node::MessageBoxFn>"
)]
pub trait MessageBoxCallback: Send + Sync {
    /// Shows it, and says whether the user agreed. The style is bits of `CClientUIInterface`.
    fn call(&self, message: &BilingualStr, style: u32) -> Result<bool>;
}

/// Asks a question: its text, what to log where nobody can answer, and its style, bits of Core's
/// `CClientUIInterface`. Says whether the answer is yes.
pub type QuestionFn = Box<dyn Fn(&BilingualStr, &str, u32) -> Result<bool> + Send + Sync>;

/// Asks a question. See [`QuestionFn`].
#[ipc_interface(file = NODE, callback, types = Bitcoin, cxx = "ProxyCallback<interfaces::Node::QuestionFn>")]
pub trait QuestionCallback: Send + Sync {
    /// Asks, and says whether the answer is yes. The style is bits of `CClientUIInterface`.
    fn call(&self, message: &BilingualStr, non_interactive_message: &str, style: u32) -> Result<bool>;
}

/// Hears how far something is: what it is, hundredths, and whether it can be stopped and taken up
/// again.
pub type ShowNodeProgressFn = Box<dyn Fn(&str, i32, bool) -> Result<()> + Send + Sync>;

/// Hears how far something is. See [`ShowNodeProgressFn`].
#[ipc_interface(
    file = NODE,
    callback,
    types = Bitcoin,
    cxx = "ProxyCallback<interfaces::Node::ShowProgressFn>"
)]
pub trait ShowNodeProgressCallback: Send + Sync {
    /// Shows it, in hundredths; 100 is the end.
    fn call(&self, title: &str, progress: i32, resume_possible: bool) -> Result<()>;
}

/// Hears that wallets can be used.
pub type InitWalletFn = Box<dyn Fn() -> Result<()> + Send + Sync>;

/// Hears that wallets can be used. See [`InitWalletFn`].
#[ipc_interface(
    file = NODE,
    callback,
    types = Bitcoin,
    cxx = "ProxyCallback<interfaces::Node::InitWalletFn>"
)]
pub trait InitWalletCallback: Send + Sync {
    /// They can be used now.
    fn call(&self) -> Result<()>;
}

/// Hears how many peers there are.
pub type NotifyNumConnectionsChangedFn = Box<dyn Fn(i32) -> Result<()> + Send + Sync>;

/// Hears how many peers there are. See [`NotifyNumConnectionsChangedFn`].
#[ipc_interface(
    file = NODE,
    callback,
    types = Bitcoin,
    cxx = "ProxyCallback<interfaces::Node::NotifyNumConnectionsChangedFn>"
)]
pub trait NotifyNumConnectionsChangedCallback: Send + Sync {
    /// The number is another one.
    fn call(&self, new_num_connections: i32) -> Result<()>;
}

/// Hears whether the network is switched on.
pub type NotifyNetworkActiveChangedFn = Box<dyn Fn(bool) -> Result<()> + Send + Sync>;

/// Hears whether the network is switched on. See [`NotifyNetworkActiveChangedFn`].
#[ipc_interface(
    file = NODE,
    callback,
    types = Bitcoin,
    cxx = "ProxyCallback<interfaces::Node::NotifyNetworkActiveChangedFn>"
)]
pub trait NotifyNetworkActiveChangedCallback: Send + Sync {
    /// It was switched on or off.
    fn call(&self, network_active: bool) -> Result<()>;
}

/// Hears that the node's warnings changed.
pub type NotifyAlertChangedFn = Box<dyn Fn() -> Result<()> + Send + Sync>;

/// Hears that the node's warnings changed. See [`NotifyAlertChangedFn`].
#[ipc_interface(
    file = NODE,
    callback,
    types = Bitcoin,
    cxx = "ProxyCallback<interfaces::Node::NotifyAlertChangedFn>"
)]
pub trait NotifyAlertChangedCallback: Send + Sync {
    /// [`Node::get_warnings`](super::Node::get_warnings) gives other ones.
    fn call(&self) -> Result<()>;
}

/// Hears that the ban list changed.
pub type BannedListChangedFn = Box<dyn Fn() -> Result<()> + Send + Sync>;

/// Hears that the ban list changed. See [`BannedListChangedFn`].
#[ipc_interface(
    file = NODE,
    callback,
    types = Bitcoin,
    cxx = "ProxyCallback<interfaces::Node::BannedListChangedFn>"
)]
pub trait BannedListChangedCallback: Send + Sync {
    /// [`Node::get_banned`](super::Node::get_banned) gives another one.
    fn call(&self) -> Result<()>;
}

/// Hears of the highest block: how far the node is, the block, and how much of all transactions is
/// verified, from 0 to 1.
pub type NotifyBlockTipFn = Box<dyn Fn(SynchronizationState, BlockTip, f64) -> Result<()> + Send + Sync>;

/// Hears of the highest block. See [`NotifyBlockTipFn`].
#[ipc_interface(
    file = NODE,
    callback,
    types = Bitcoin,
    cxx = "ProxyCallback<interfaces::Node::NotifyBlockTipFn>"
)]
pub trait NotifyBlockTipCallback: Send + Sync {
    /// There is another one.
    fn call(&self, sync_state: SynchronizationState, tip: BlockTip, verification_progress: f64)
    -> Result<()>;
}

/// Hears of the highest header: how far the node is, the header, and 1 for headers that are checked
/// before they are kept, otherwise 0. (C++ has a bool for that, the wire a fraction.)
pub type NotifyHeaderTipFn = Box<dyn Fn(SynchronizationState, BlockTip, f64) -> Result<()> + Send + Sync>;

/// Hears of the highest header. See [`NotifyHeaderTipFn`].
#[ipc_interface(
    file = NODE,
    callback,
    types = Bitcoin,
    cxx = "ProxyCallback<interfaces::Node::NotifyHeaderTipFn>"
)]
pub trait NotifyHeaderTipCallback: Send + Sync {
    /// There is another one.
    fn call(&self, sync_state: SynchronizationState, tip: BlockTip, verification_progress: f64)
    -> Result<()>;
}
