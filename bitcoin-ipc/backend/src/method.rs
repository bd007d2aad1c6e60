//! What a node may be asked.
//!
//! In: nothing. Out: [`Method`]s, with what each is for.

use std::time::Duration;

/// How long a call may take that reads little.
const SHORT: Duration = Duration::from_secs(60);
/// The same for one that searches.
const LONG: Duration = Duration::from_secs(900);
macro_rules! methods {
    ($($(#[doc = $doc:literal])* $method:ident = $name:literal,)*) => {
        /// What this library asks a node by itself: for `-rpcwhitelist`. All of it is there since v29, but clusters
        /// since v31: what hangs together is walked before.
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
    /// The highest header, for a window.
    GetChainTips = "getchaintips",
    /// How many transactions lie below a block.
    GetChainTxStats = "getchaintxstats",
    /// What of the mempool concerns a wallet.
    GetDescriptorActivity = "getdescriptoractivity",
    /// Whether there are filters.
    GetIndexInfo = "getindexinfo",
    /// What an unconfirmed transaction stands on.
    GetMempoolAncestors = "getmempoolancestors",
    /// What hangs together with unconfirmed coins (v31 and later).
    GetMempoolCluster = "getmempoolcluster",
    /// Whether a transaction waits for a block, and what hangs together with it.
    GetMempoolEntry = "getmempoolentry",
    /// Limits and lowest rates, and whether anything has changed.
    GetMempoolInfo = "getmempoolinfo",
    /// How much it has sent and received, for a window.
    GetNetTotals = "getnettotals",
    /// Which release it is; for a window also how many peers it has.
    GetNetworkInfo = "getnetworkinfo",
    /// Its peers, for a window.
    GetPeerInfo = "getpeerinfo",
    /// The mempool, for a wallet without `-watchscripts`.
    GetRawMempool = "getrawmempool",
    /// Transactions of the mempool.
    GetRawTransaction = "getrawtransaction",
    /// Coins.
    GetTxOut = "gettxout",
    /// Who spends coins in the mempool.
    GetTxSpendingPrevout = "gettxspendingprevout",
    /// Where it publishes what comes to its mempool.
    GetZmqNotifications = "getzmqnotifications",
    /// The commands that it has, for the console of a window.
    Help = "help",
    /// Who is kept away from it, for a window.
    ListBanned = "listbanned",
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
    /// How long its answer may take.
    pub(crate) fn limit(self) -> Duration {
        match self {
            Method::ScanBlocks | Method::GetDescriptorActivity => LONG,
            _ => SHORT,
        }
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
