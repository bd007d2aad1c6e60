//! The options of a node.
//!
//! In: nothing. Out: a table to put into a [`Program`](super::Program), beside the wallets' own: a
//! node hands its settings on to wallets, be they in its process or another one.
//!
//! Names, units and defaults are Bitcoin Core's, but for the index of block filters, which is on here
//! because wallets use it. What neither the node nor the kernel can do is not
//! here: it is an error on the command line, and a warning in a configuration file, which other
//! programs read too.

use super::{Category, Form, OptionInfo};

const fn option(name: &'static str, form: Form, category: Category, help: &'static str) -> OptionInfo {
    OptionInfo::new(name, form, category, help)
}

/// Blocks and their index, the mempool and what it takes, block templates, listening.
pub const NODE_OPTIONS: &[OptionInfo] = &[
    option(
        "blocknotify",
        Form::Text,
        Category::General,
        "Run this command with each new block once the chain has caught up; %s in it stands for the block's hash",
    )
    .value("<cmd>"),
    option(
        "daemon",
        Form::Flag,
        Category::General,
        "Run in the background, and return to the command line at once (default: 0)",
    ),
    option("daemonwait", Form::Flag, Category::General, "The same as -daemon here (default: 0)"),
    option(
        "pid",
        Form::Path,
        Category::General,
        "Write the number of the process to this file, which goes with the process; a relative path counts from \
         the network's directory (default: no file)",
    )
    .value("<file>"),
    option(
        "shutdownnotify",
        Form::Text,
        Category::General,
        "Run this command when the node begins to stop; may be given several times",
    )
    .value("<cmd>"),
    option(
        "startupnotify",
        Form::Text,
        Category::General,
        "Run this command when the node has started; may be given several times",
    )
    .value("<cmd>"),
    option(
        "blockfilterindex",
        Form::Text,
        Category::General,
        "Keep the filter of each block by which wallets find their own (BIP 158): basic, 1 or nothing for \
         that, 0 for none (default: 1)",
    )
    .value("<type>"),
    option(
        "maxmempool",
        Form::Int,
        Category::General,
        "How much memory the transactions of the mempool may take, in megabytes (default: 300)",
    )
    .value("<n>"),
    option(
        "mempoolexpiry",
        Form::Int,
        Category::General,
        "How many hours a transaction may stay in the mempool (default: 336)",
    )
    .value("<n>"),
    option(
        "par",
        Form::Int,
        Category::General,
        "How many threads check scripts; 0 for as many as there are cores, a negative number to leave so \
         many cores free (default: 0)",
    )
    .value("<n>"),
    option(
        "persistmempool",
        Form::Flag,
        Category::General,
        "Keep the mempool when the node stops, and load it when it starts (default: 1)",
    ),
    option(
        "txindex",
        Form::Flag,
        Category::General,
        "Keep the place of every transaction, so that any can be looked up (default: 0)",
    ),
    option(
        "acceptnonstdtxn",
        Form::Flag,
        Category::Relay,
        "Take transactions that are not standard; not on mainnet (default: 0)",
    )
    .debug_only(),
    option(
        "bytespersigop",
        Form::Int,
        Category::Relay,
        "How many virtual bytes one signature operation counts for at least (default: 20)",
    )
    .value("<n>"),
    option(
        "datacarrier",
        Form::Flag,
        Category::Relay,
        "Take transactions with outputs that carry data (default: 1)",
    ),
    option(
        "datacarriersize",
        Form::Int,
        Category::Relay,
        "How many bytes the scripts of a transaction's outputs that carry data may have together \
         (default: 100000)",
    )
    .value("<n>"),
    option(
        "dustrelayfee",
        Form::Amount,
        Category::Relay,
        "The fee rate, in BTC/kvB, at which an output that costs more to spend than it holds is dust \
         (default: 0.00003000)",
    )
    .value("<amount>")
    .debug_only(),
    option(
        "incrementalrelayfee",
        Form::Amount,
        Category::Relay,
        "By which fee rate, in BTC/kvB, a replacement pays more, and the lowest rate of a full mempool \
         rises (default: 0.00000100)",
    )
    .value("<amount>")
    .debug_only(),
    option(
        "minrelaytxfee",
        Form::Amount,
        Category::Relay,
        "The lowest fee rate, in BTC/kvB, of transactions that are taken, mined or made (default: \
         0.00000100)",
    )
    .value("<amount>"),
    option(
        "permitbaremultisig",
        Form::Flag,
        Category::Relay,
        "Take transactions with multisig outputs that are not inside P2SH (default: 1)",
    ),
    option(
        "blockmaxweight",
        Form::Int,
        Category::BlockCreation,
        "The greatest weight of a new block, in weight units (BIP 141) (default: 4000000)",
    )
    .value("<n>")
    .debug_only(),
    option(
        "blockmintxfee",
        Form::Amount,
        Category::BlockCreation,
        "The lowest fee rate, in BTC/kvB, of transactions for a new block (default: 0.00000001)",
    )
    .value("<amount>"),
    option(
        "blockreservedweight",
        Form::Int,
        Category::BlockCreation,
        "How many weight units of a new block stay free for its header and coinbase, where a miner asks for \
         no other number (default: 8000)",
    )
    .value("<n>"),
    option(
        "deprecatedrpc",
        Form::Text,
        Category::Debugging,
        "Allow an RPC method that is deprecated; may be given several times",
    )
    .value("<method>")
    .debug_only(),
    option(
        "limitancestorcount",
        Form::Int,
        Category::Debugging,
        "Deprecated, see -limitclustercount: only wallets heed how many ancestors in the mempool a \
         transaction may have, itself among them (default: 25)",
    )
    .value("<n>")
    .debug_only(),
    // Without effect, as in Bitcoin Core, where clusters have sizes instead.
    option("limitancestorsize", Form::Text, Category::Debugging, "").hidden(),
    option(
        "limitclustercount",
        Form::Int,
        Category::Debugging,
        "How many transactions of the mempool may hang together (default: 64, at most 64)",
    )
    .value("<n>")
    .debug_only(),
    option(
        "limitclustersize",
        Form::Int,
        Category::Debugging,
        "How large transactions of the mempool that hang together may be, in 1000 virtual bytes (default: \
         101)",
    )
    .value("<n>")
    .debug_only(),
    option(
        "limitdescendantcount",
        Form::Int,
        Category::Debugging,
        "Deprecated, see -limitclustercount: only wallets heed how many descendants in the mempool a \
         transaction may have, itself among them (default: 25)",
    )
    .value("<n>")
    .debug_only(),
    option("limitdescendantsize", Form::Text, Category::Debugging, "").hidden(),
    option(
        "maxtipage",
        Form::Int,
        Category::Debugging,
        "How many seconds old the highest block may be for the chain to have caught up (default: 86400)",
    )
    .value("<n>")
    .debug_only(),
    option(
        "mocktime",
        Form::Int,
        Category::Debugging,
        "Stop the clock at this time, in seconds since 1970; 0 for the real time (default: 0)",
    )
    .value("<n>")
    .debug_only(),
    option(
        "rpcthreads",
        Form::Int,
        Category::Rpc,
        "How many threads work on RPC requests at once; those that wait, and those of wallets, need none \
         (default: 16)",
    )
    .value("<n>"),
    option(
        "rpcworkqueue",
        Form::Int,
        Category::Rpc,
        "How many RPC requests may wait for a thread; more are refused (default: 64)",
    )
    .value("<n>")
    .debug_only(),
    option(
        "ipcbind",
        Form::Text,
        Category::Ipc,
        "Listen on a Unix socket: unix for node.sock in the network's directory, unix:<path> for another, \
         where a relative path counts from there; may be given several times. Who can reach the socket can \
         do anything with the node (default: not listening)",
    )
    .value("<address>"),
];
