//! The options of wallets on an unmodified Bitcoin Core.
//!
//! In: nothing. Out: a table to put into a [`Program`](super::Program), of wallets or of a window that starts them.

use super::{Category, Form, OptionInfo};

/// Where wallets on a Bitcoin Core listen unless told otherwise, in the network's directory.
pub const WALLET_SOCKET: &str = "unix:wallet.sock";

/// Where the node is, how it knows who asks, and where the wallets listen.
pub const CORE_OPTIONS: &[OptionInfo] = &[
    OptionInfo::new(
        "core",
        Form::Text,
        Category::Ipc,
        "An unmodified Bitcoin Core to attach to, instead of -ipcconnect: unix for node.sock in its network's \
         directory (bitcoin-node v32 and later, with -ipcbind=unix), unix:<path> for another socket, \
         http://<host>:<port> for its JSON-RPC (bitcoind v29 and later, with -server). It is only read, and given \
         the transactions that are sent. -datadir is then a directory of these wallets' own (default: \
         ~/.bitcoin-wallet)",
    )
    .value("<address>"),
    OptionInfo::new(
        "coredatadir",
        Form::Path,
        Category::Ipc,
        "The data directory of that node, for its socket or its cookie (default: that of Bitcoin Core)",
    )
    .value("<dir>"),
    OptionInfo::new(
        "rpccookiefile",
        Form::Path,
        Category::Rpc,
        "With -core=http:…, the node's cookie; a relative path counts from its network's directory (default: \
         .cookie)",
    )
    .value("<file>"),
    OptionInfo::new("rpcuser", Form::Text, Category::Rpc, "With -core=http:…, a user of the node").value("<user>"),
    OptionInfo::new(
        "rpcpassword",
        Form::Text,
        Category::Rpc,
        "With -core=http:…, the password of -rpcuser; better in a configuration file, as others see arguments",
    )
    .value("<password>"),
    OptionInfo::new(
        "dustrelayfee",
        Form::Text,
        Category::Relay,
        "With -core, the fee rate in BTC/kvB that decides which outputs are dust, as the node has it (default: \
         0.00003000)",
    )
    .value("<rate>"),
    OptionInfo::new(
        "ipcbind",
        Form::Text,
        Category::Ipc,
        "With -core, where to listen for windows and for RPC, which goes to these wallets or else to the node (default: \
         unix:wallet.sock in the network's directory of -datadir)",
    )
    .value("<address>"),
];
