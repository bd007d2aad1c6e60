//! What methods that work are limited to, since this node has no peers, no pruning and no snapshots.
//!
//! In: nothing. Out: notes for the table of methods, `bitcoin-ipc/METHODS.md`, whose test sees to it that
//! each belongs to a method that works.

/// Interface, method and what its answers are limited to.
pub const RESTRICTIONS: &[(&str, &str, &str)] = &[
    ("Init", "makeWalletLoader", "none; `bitcoin-wallet` serves wallets"),
    ("SplitInit", "makeWatchingWalletLoader", "none; `bitcoin-wallet` serves wallets"),
    ("Chain", "broadcastTransaction", "into the mempool; there are no peers to send it to"),
    ("Chain", "havePruned", "always false"),
    ("Chain", "getPruneHeight", "always none"),
    ("Chain", "hasAssumedValidChain", "always false; no snapshots are loaded"),
    ("Node", "initLogging", "nothing; `baseInitialize` opens the log"),
    ("Node", "initParameterInteraction", "nothing; options are read with their influence on each other"),
    ("Node", "baseInitialize", "for a node that the GUI has spawned; one that runs has its settings"),
    ("Node", "appInitMain", "for a node that the GUI has spawned; of one that runs it gives the tip"),
    ("Node", "appShutdown", "for a node that the GUI has spawned; one that runs is asked to stop"),
    ("Node", "getProxy", "always none"),
    ("Node", "getNodeCount", "always 0"),
    ("Node", "getNodesStats", "always empty"),
    ("Node", "getBanned", "always empty"),
    ("Node", "unban", "always false"),
    ("Node", "disconnectByAddress", "always false"),
    ("Node", "disconnectById", "always false"),
    ("Node", "listExternalSigners", "always empty"),
    ("Node", "getTotalBytesRecv", "always 0"),
    ("Node", "getTotalBytesSent", "always 0"),
    ("Node", "getNetLocalAddresses", "always empty"),
    ("Node", "isLoadingBlocks", "always false; a node that has started has all of its blocks"),
    ("Node", "setNetworkActive", "a switch that turns nothing on, since there are no peers"),
    ("Node", "getNetworkActive", "the position of that switch, which is off at first"),
    ("Node", "broadcastTransaction", "into the mempool; there are no peers to send it to"),
    ("Node", "handleQuestion", "nothing asks the user a question"),
    ("Node", "handleNotifyNumConnectionsChanged", "the number is always 0"),
    ("Node", "handleBannedListChanged", "the list is always empty"),
];

/// Interfaces that nobody calls, and why.
pub const SILENT: &[(&str, &str)] = &[
    ("ExternalSigner", "there are none"),
    ("QuestionCallback", "nothing asks the user a question"),
    ("NotifyNumConnectionsChangedCallback", "there are no peers"),
    ("NotifyAlertChangedCallback", "by a kernel that has nothing to warn of; one that has calls it"),
    ("BannedListChangedCallback", "there are no bans"),
    ("InitWalletCallback", "by a node that runs already; one that the GUI has spawned calls it"),
];
