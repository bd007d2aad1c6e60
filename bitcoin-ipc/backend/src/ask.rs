//! What a node may be asked, and what comes of it.
//!
//! In: a [`Method`] and its parameters. Out: an answer, a refusal of the node, or why it could not be asked. What
//! was asked is counted.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bitcoin::BlockHash;
use bitcoin_ipc::types::Json;
use bitcoin_ipc::{Error, Result};
use bitcoin_rpc::{Answer, RpcError};
use serde_json::Value;

use crate::answer::Fields;
use crate::transport::{Call, Transport};

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long a call may take that reads little.
const SHORT: Duration = Duration::from_secs(60);
/// The same for one that searches.
const LONG: Duration = Duration::from_secs(900);
/// How many calls go in one request.
const TOGETHER: usize = 100;

macro_rules! methods {
    ($($(#[doc = $doc:literal])* $method:ident = $name:literal,)*) => {
        /// What this library asks a node by itself: for `-rpcwhitelist`. All of it is there since v29.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Method {
            $($(#[doc = $doc])* $method,)*
        }

        impl Method {
            /// All of them, in the order of their names.
            pub const ALL: &[Method] = &[$(Method::$method),*];

            /// The name in JSON-RPC.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Method::$method => $name,)*
                }
            }

            /// What it is asked for.
            #[must_use]
            pub const fn purpose(self) -> &'static str {
                match self {
                    $(Method::$method => concat!($($doc,)*).trim_ascii(),)*
                }
            }
        }
    };
}

methods! {
    /// Fee rates.
    EstimateSmartFee = "estimatesmartfee",
    /// Blocks, and what they spend.
    GetBlock = "getblock",
    /// Whether the chain is pruned, and how far the node is with it.
    GetBlockchainInfo = "getblockchaininfo",
    /// Whether a block may concern a wallet (BIP 158).
    GetBlockFilter = "getblockfilter",
    /// The blocks of the chain by height.
    GetBlockHash = "getblockhash",
    /// Heights, times and neighbours of blocks.
    GetBlockHeader = "getblockheader",
    /// Whether the chain begins with a snapshot that is not verified yet.
    GetChainStates = "getchainstates",
    /// How many transactions lie below a block.
    GetChainTxStats = "getchaintxstats",
    /// What of the mempool concerns a wallet.
    GetDescriptorActivity = "getdescriptoractivity",
    /// Whether there are filters.
    GetIndexInfo = "getindexinfo",
    /// What hangs together with unconfirmed coins.
    GetMempoolAncestors = "getmempoolancestors",
    /// Whether a transaction waits for a block, and what hangs together with it.
    GetMempoolEntry = "getmempoolentry",
    /// Limits and lowest rates, and whether anything has changed.
    GetMempoolInfo = "getmempoolinfo",
    /// Which release it is.
    GetNetworkInfo = "getnetworkinfo",
    /// The mempool, for a wallet without `-watchscripts`.
    GetRawMempool = "getrawmempool",
    /// Transactions of the mempool.
    GetRawTransaction = "getrawtransaction",
    /// Coins.
    GetTxOut = "gettxout",
    /// Who spends coins in the mempool.
    GetTxSpendingPrevout = "gettxspendingprevout",
    /// Blocks that may concern a wallet.
    ScanBlocks = "scanblocks",
    /// Sends a transaction. The only one that changes anything.
    SendRawTransaction = "sendrawtransaction",
    /// Whether a transaction would be taken, and its fee.
    TestMempoolAccept = "testmempoolaccept",
    /// The next tip; over IPC `Mining.waitTipChanged` is asked instead.
    WaitForNewBlock = "waitfornewblock",
}

impl Method {
    fn limit(self) -> Duration {
        match self {
            Method::ScanBlocks | Method::GetDescriptorActivity => LONG,
            _ => SHORT,
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The node has refused.
    Refused(Method, RpcError),
    /// It could not be asked.
    Call(Error),
}

impl Failure {
    /// The code of a refusal.
    pub(crate) fn code(&self) -> Option<i64> {
        match self {
            Failure::Refused(_, error) => Some(error.code()),
            Failure::Call(_) => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused(method, error) => write!(f, "the node refused {}: {error}", method.name()),
            Failure::Call(error) => error.fmt(f),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Call(error) => error,
            // It is ending, or starting.
            Failure::Refused(_, error) if [-9, -28].contains(&error.code()) => {
                Error::disconnected(format!("the node does not answer now: {}", error.message()))
            }
            // -32601 of a method of the list, or 403 of a whitelist.
            refused @ Failure::Refused(..) => Error::failed(refused.to_string()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Call(error)
    }
}

/// What came of a call.
pub(crate) type Asked<T = Value> = std::result::Result<T, Failure>;

/// Leaves `None` where the node does not know what was asked for: code -5, and -8 for a height.
pub(crate) fn if_known<T>(asked: Asked<T>) -> Asked<Option<T>> {
    match asked {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if matches!(failure.code(), Some(-5 | -8)) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// A node that is asked.
pub(crate) struct Ask {
    transport: Box<dyn Transport>,
    asked: Mutex<BTreeMap<Method, u64>>,
}

impl Ask {
    pub(crate) fn new(transport: Box<dyn Transport>) -> Self {
        Ask { transport, asked: Mutex::default() }
    }

    /// How often each method was asked.
    pub(crate) fn asked(&self) -> BTreeMap<Method, u64> {
        lock(&self.asked).clone()
    }

    fn note(&self, method: Method, times: usize) {
        *lock(&self.asked).entry(method).or_default() += times as u64;
    }

    pub(crate) fn ask(&self, method: Method, params: Value) -> Asked {
        let answers = self.ask_all(method, vec![params])?;
        answers.into_iter().next().unwrap_or_else(|| Err(Error::bad_value("no answer").into()))
    }

    /// The same method with each of these parameters.
    pub(crate) fn ask_all(&self, method: Method, params: Vec<Value>) -> Result<Vec<Asked>> {
        let mut all = Vec::with_capacity(params.len());
        let mut params = params.into_iter().peekable();
        while params.peek().is_some() {
            let call = |params: Value| Call { method: method.name().to_owned(), params: params.into() };
            let calls: Vec<Call> = params.by_ref().take(TOGETHER).map(call).collect();
            self.note(method, calls.len());
            let answers = self.transport.calls("/", calls, method.limit())?;
            all.extend(
                answers.into_iter().map(|answer| answer.map_err(|error| Failure::Refused(method, error))),
            );
        }
        Ok(all)
    }

    /// The fields of the answer, which is an object.
    pub(crate) fn fields(&self, method: Method, params: Value) -> Asked<Fields> {
        Ok(Fields::of(method, self.ask(method, params)?)?)
    }

    pub(crate) fn wait_tip(&self, known: BlockHash, limit: Duration) -> Result<BlockHash> {
        self.note(Method::WaitForNewBlock, 1);
        self.transport.wait_tip(known, limit)
    }

    /// Passes on a call of a user.
    pub(crate) fn pass_on(&self, uri: &str, method: String, params: Json) -> Answer {
        let answers = self.transport.calls(uri, vec![Call { method, params }], LONG)?;
        answers.into_iter().next().unwrap_or_else(|| Err(Error::bad_value("no answer").into()))
    }

    pub(crate) fn close(&self) {
        self.transport.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_stand_in_order_and_once() {
        let names: Vec<_> = Method::ALL.iter().map(|method| method.name()).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
        assert!(Method::ALL.iter().all(|method| method.purpose().ends_with('.')));
    }
}
