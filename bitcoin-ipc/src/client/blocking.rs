//! The client for programs without futures.
//!
//! Every method blocks its thread until the node has answered. Calls of different threads do not
//! wait for each other. On a thread that may not be blocked, because it runs the tasks of an executor or drives
//! the client's event loop, each is an error of kind [`Misuse`](mp_runtime::ErrorKind::Misuse).

use std::sync::Arc;
use std::time::Duration;

use bitcoin::{Amount, Block, BlockHash, Transaction, TxMerkleNode, Txid, Wtxid, block};
use futures::{Stream, StreamExt};
use mp_runtime::{Error, EventLoop, Json, Result};
use serde_json::Value;

use super::thread::{check, wait};
use super::{Address, ConnectOptions, RpcError, TemplateOptions, TipEvent};
use crate::interfaces;
use crate::release::Release;
use crate::types::{BlockCheckOptions, BlockCreateOptions, BlockRef, BlockWaitOptions, CoinbaseTx, Reject};

/// Connects to a node of the main network; see [`connect`](super::connect).
///
/// # Errors
///
/// When the address makes no sense, or nothing answers there; the text says what to do.
pub fn connect<A>(address: A) -> Result<Client>
where
    A: TryInto<Address>,
    Error: From<A::Error>,
{
    wait(None, super::connect(address)).map(Client)
}

/// Connects to a node with options; see [`ConnectOptions::connect`].
///
/// # Errors
///
/// When the address makes no sense, or nothing answers there; the text says what to do.
pub fn connect_with<A>(options: ConnectOptions, address: A) -> Result<Client>
where
    A: TryInto<Address>,
    Error: From<A::Error>,
{
    wait(None, options.connect(address)).map(Client)
}

/// A client of a running node; see [`Client`](super::Client), of which it is made with
/// [`From`].
#[derive(Clone, Debug)]
pub struct Client(super::Client);

impl From<super::Client> for Client {
    fn from(client: super::Client) -> Self {
        Client(client)
    }
}

impl Client {
    /// The node's release.
    ///
    /// # Errors
    ///
    /// When the connection is lost and does not come back.
    pub fn release(&self) -> Result<Release> {
        wait(Some(self.0.event_loop()), self.0.release())
    }

    /// Block templates and blocks.
    #[must_use]
    pub fn mining(&self) -> Mining {
        Mining { object: self.0.mining(), event_loop: self.0.event_loop().clone() }
    }

    /// Block templates, one after the other.
    pub fn templates(&self, options: TemplateOptions) -> impl Iterator<Item = Result<Template>> + use<> {
        let mut templates = self.0.templates(options);
        let event_loop = self.0.event_loop().clone();
        std::iter::from_fn(move || {
            let next = next_of(&mut templates, &event_loop)?;
            Some(next.map(|object| Template { object, event_loop: event_loop.clone() }))
        })
    }

    /// The highest block, each time that it changes.
    pub fn tips(&self) -> impl Iterator<Item = Result<TipEvent>> + use<> {
        let mut tips = self.0.tips();
        let event_loop = self.0.event_loop().clone();
        std::iter::from_fn(move || next_of(&mut tips, &event_loop))
    }

    /// Sends a text to the node and gives what comes back.
    ///
    /// # Errors
    ///
    /// When the connection is lost and does not come back.
    pub fn echo(&self, text: &str) -> Result<String> {
        wait(Some(self.0.event_loop()), async { self.0.echo().await?.echo(text).await })
    }

    /// Calls a method of the node's JSON-RPC server; see
    /// [`Client::execute_rpc`](super::Client::execute_rpc).
    ///
    /// # Errors
    ///
    /// When the method fails, the node is older than v32, or the connection is lost.
    pub fn execute_rpc(
        &self,
        method: &str,
        params: impl Into<Json>,
        wallet: Option<&str>,
    ) -> Result<Value, RpcError> {
        wait(Some(self.0.event_loop()), self.0.execute_rpc(method, params, wallet))
    }

    /// The client itself, for programs that have futures as well.
    #[must_use]
    pub fn into_inner(self) -> super::Client {
        self.0
    }
}

/// The next item of a stream.
fn next_of<T>(
    stream: &mut (impl Stream<Item = Result<T>> + Unpin),
    event_loop: &EventLoop,
) -> Option<Result<T>> {
    match check(Some(event_loop)) {
        Ok(()) => futures::executor::block_on(stream.next()),
        Err(error) => Some(Err(error)),
    }
}

macro_rules! blocking {
    ($(#[$doc:meta])* $name:ident: $of:ident {
        $($(#[$method_doc:meta])* fn $method:ident($($arg:ident: $ty:ty),*) -> $output:ty;)*
    }) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name {
            object: Arc<dyn interfaces::$of>,
            event_loop: EventLoop,
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }

        impl $name {
            /// The object itself, for programs that have futures as well.
            #[must_use]
            pub fn inner(&self) -> Arc<dyn interfaces::$of> {
                self.object.clone()
            }

            $(
                $(#[$method_doc])*
                ///
                /// # Errors
                ///
                /// When the node answers so, or the connection is lost.
                pub fn $method(&self, $($arg: $ty),*) -> Result<$output> {
                    wait(Some(&self.event_loop), self.object.$method($($arg),*))
                }
            )*
        }
    };
}

blocking! {
    /// Block templates and blocks; see [`Mining`](crate::interfaces::Mining).
    Mining: Mining {
        /// Whether the chain is one for tests.
        fn is_test_chain() -> bool;
        /// Whether the node is still downloading the chain.
        fn is_initial_block_download() -> bool;
        /// The highest block; `None` while the node loads its chain.
        fn get_tip() -> Option<BlockRef>;
        /// Waits until the highest block is another one than `current_tip`.
        fn wait_tip_changed(current_tip: BlockHash, timeout: Option<Duration>) -> Option<BlockRef>;
        /// Checks a block and says what is wrong with it.
        fn check_block(block: &Block, options: &BlockCheckOptions) -> Result<(), Reject>;
        /// Gives the node a block, and says why it is not accepted.
        fn submit_block(block: &Block) -> Result<(), Reject>;
        /// Finds transactions in the mempool.
        fn get_transactions_by_txid(txids: &[Txid]) -> Vec<Option<Transaction>>;
        /// Finds transactions in the mempool by their ids with witness.
        fn get_transactions_by_witness_id(wtxids: &[Wtxid]) -> Vec<Option<Transaction>>;
    }
}

impl Mining {
    /// Makes a block template; `None` when the node shuts down.
    ///
    /// # Errors
    ///
    /// When the node answers so, or the connection is lost.
    pub fn create_new_block(&self, options: &BlockCreateOptions, cooldown: bool) -> Result<Option<Template>> {
        let template = wait(Some(&self.event_loop), self.object.create_new_block(options, cooldown))?;
        Ok(template.map(|object| Template { object, event_loop: self.event_loop.clone() }))
    }
}

blocking! {
    /// A block that lacks its proof of work; see [`BlockTemplate`](crate::interfaces::BlockTemplate).
    Template: BlockTemplate {
        /// The header.
        fn get_block_header() -> block::Header;
        /// The whole block, with a dummy coinbase.
        fn get_block() -> Block;
        /// The fees of its transactions, without the coinbase.
        fn get_tx_fees() -> Vec<Amount>;
        /// The signature operations of its transactions, without the coinbase.
        fn get_tx_sigops() -> Vec<i64>;
        /// What the coinbase has to be like.
        fn get_coinbase_tx() -> CoinbaseTx;
        /// The merkle path of the coinbase.
        fn get_coinbase_merkle_path() -> Vec<TxMerkleNode>;
        /// Completes the block and gives it to the node.
        fn submit_solution(version: u32, timestamp: u32, nonce: u32, coinbase: &Transaction) -> Result<(), Reject>;
    }
}

impl Template {
    /// Waits for a template that is worth more; `None` when the time is up.
    ///
    /// # Errors
    ///
    /// When the node answers so, or the connection is lost.
    pub fn wait_next(&self, options: &BlockWaitOptions) -> Result<Option<Template>> {
        let next = wait(Some(&self.event_loop), self.object.wait_next(options))?;
        Ok(next.map(|object| Template { object, event_loop: self.event_loop.clone() }))
    }
}
