//! Making blocks, and the interface that miners use.
//!
//! In: the node's state. Out: new blocks, with proof of work or without, and a
//! [`Mining`](bitcoin_ipc::interfaces::Mining).

mod block_template;
mod generate;
mod interface;
mod new_block;
mod shared;
mod submit;
mod wait;

pub use generate::mine;
pub use interface::NodeMining;
pub use new_block::{NewBlock, new_block, next_block};
pub use submit::{submit_block, submit_header};
