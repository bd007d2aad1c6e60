//! An unmodified Bitcoin Core as the node of our wallets and windows.
//!
//! In: where a node is, which is the user's own and stays as it is. Out: [`Core`], with the interfaces
//! [`Chain`](bitcoin_ipc::interfaces::Chain), [`WatchingChain`](bitcoin_ipc::interfaces::watch::WatchingChain),
//! [`Node`](bitcoin_ipc::interfaces::Node) and [`Rpc`](bitcoin_ipc::interfaces::Rpc), made of what the node's JSON-RPC answers over IPC (since v32) or HTTP
//! (since v29).
//!
//! # What is asked of the node
//!
//! The methods of [`Method`], and no others by ourselves: all but `sendrawtransaction` only read. What a user asks
//! through [`CoreRpc`] that our wallets do not answer is passed on as it is.
//!
//! # What is told, and when
//!
//! Blocks at once: the node is asked to say when its tip changes, or which it is, each second, where that would hold up
//! everything else (`-rpcthreads=1`) or is not let (`-rpcwhitelist`). The chain is walked from the block that was told
//! last, down to the fork and up again, so no block is missed and none is told twice. The mempool is looked at when it
//! has changed, a small one as soon as anybody asks, a large one at an interval; then it is searched by the node for the
//! watched scripts. Of blocks the node's filters say which may concern them; without `-blockfilterindex` each is read
//! whole. Windows hear of tips at once, of headers, peers and warnings every ten seconds; while no window listens
//! nothing is asked for them.
//!
//! | what | how near it comes |
//! |---|---|
//! | why a transaction left the mempool | what spends its coins now says whether it was replaced or is in conflict; of the rest nobody knows |
//! | submission without relay | not to be had, and refused as not there; wallets then send what they sent before again |
//! | the latest time up to a block | the later of its own and its median time |
//! | the dust rate | the node does not say; as this program's `-dustrelayfee` says |
//!
//! Each module imports from those above it only:
//!
//! | module | |
//! |---|---|
//! | [`address`] | where the node is |
//! | `method` | what it may be asked |
//! | `transport` | how it is asked |
//! | `answer` | the fields of an answer |
//! | `ask` | asking, and what comes of it |
//! | `headers` | blocks without their transactions |
//! | `blocks` | blocks with them, and what they spend |
//! | `commands` | RPC commands of wallets, before those of the node |
//! | `listeners` | who hears of blocks and transactions, and of which |
//! | `mempool` | what of the mempool concerns them |
//! | `scan` | what of the blocks below concerns them |
//! | `follow` | who tells them, in order |
//! | `core` | a node that is followed |
//! | `present` | the node that there is at the moment |
//! | [`doctor`] | what a node has and lacks |
//! | `chain`, `watching`, `rpc`, `node` | the interfaces |

pub mod address;
mod answer;
mod ask;
mod blocks;
mod chain;
mod commands;
mod core;
pub mod doctor;
mod follow;
mod headers;
mod hints;
mod listeners;
mod mempool;
mod method;
mod node;
mod present;
mod rpc;
mod scan;
mod transport;
mod watching;

pub use address::{CoreAddress, Login};
pub use core::{Core, CoreOptions};
pub use method::Method;
pub use node::{GuiNode, Host};
pub use present::Present;
pub use rpc::CoreRpc;
