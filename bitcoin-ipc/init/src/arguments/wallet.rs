//! The options of wallets.
//!
//! In: nothing. Out: a table to put into a [`Program`](super::Program). Names, units and defaults are
//! Bitcoin Core's.

use super::{Category, Form, OptionInfo};

const fn option(name: &'static str, form: Form, help: &'static str) -> OptionInfo {
    OptionInfo::new(name, form, Category::Wallet, help)
}

/// Which wallets there are, what their addresses look like, and what their transactions pay.
pub const WALLET_OPTIONS: &[OptionInfo] = &[
    option(
        "addresstype",
        Form::Text,
        "The type of new addresses: legacy, p2sh-segwit, bech32 or bech32m (default: bech32)",
    )
    .value("<type>"),
    option(
        "avoidpartialspends",
        Form::Flag,
        "Spend all coins of an address together or none, for privacy; fees may be higher. Always so for \
         wallets with avoid_reuse (default: 0)",
    ),
    option(
        "changetype",
        Form::Text,
        "The type of change: legacy, p2sh-segwit, bech32 or bech32m (default: legacy with \
         -addresstype=legacy, else the wallet chooses)",
    )
    .value("<type>"),
    option(
        "consolidatefeerate",
        Form::Amount,
        "The greatest fee rate, in BTC/kvB, at which a transaction may spend more coins than it needs, so \
         that fewer are left (default: 0.00010000)",
    )
    .value("<amount>"),
    option("disablewallet", Form::Flag, "Do without wallets and their RPC methods (default: 0)"),
    option(
        "discardfee",
        Form::Amount,
        "The fee rate, in BTC/kvB, at which change that costs more to spend than it holds goes to the fee \
         (default: 0.00010000)",
    )
    .value("<amount>"),
    option(
        "fallbackfee",
        Form::Amount,
        "The fee rate, in BTC/kvB, for when none can be estimated; 0 for an error instead (default: \
         0.00000000)",
    )
    .value("<amount>"),
    option(
        "keypool",
        Form::Int,
        "How many addresses ahead a wallet watches. With few, coins may be missed after a restore from an \
         old backup (default: 1000)",
    )
    .value("<n>"),
    option(
        "maxapsfee",
        Form::Text,
        "How much more a fee may be, in BTC, if all coins of an address are spent together then; -1 to never \
         try (default: 0.00000000)",
    )
    .value("<amount>"),
    option(
        "maxtxfee",
        Form::Amount,
        "The greatest fee, in BTC, of one transaction; large ones fail if it is too low (default: \
         0.10000000)",
    )
    .value("<amount>"),
    option(
        "mintxfee",
        Form::Amount,
        "The lowest fee rate, in BTC/kvB, of new transactions (default: 0.00001000)",
    )
    .value("<amount>"),
    option("spendzeroconfchange", Form::Flag, "Spend change that is not in a block yet (default: 1)"),
    option(
        "txconfirmtarget",
        Form::Int,
        "Within how many blocks a transaction should be in one, for its estimated fee (default: 6)",
    )
    .value("<n>"),
    option(
        "wallet",
        Form::Text,
        "Load this wallet at the start; a relative path counts from -walletdir; the wallet has to be there; \
         may be given several times",
    )
    .value("<path>")
    .network_only(),
    option("walletbroadcast", Form::Flag, "Hand new transactions to the network (default: 1)"),
    option(
        "walletdir",
        Form::Path,
        "The directory of wallets, which has to be there (default: wallets in the network's directory)",
    )
    .value("<dir>")
    .network_only(),
    option(
        "walletrbf",
        Form::Flag,
        "Deprecated: new transactions say that they can be replaced (BIP 125) (default: 1)",
    ),
    option(
        "walletrejectlongchains",
        Form::Flag,
        "Make no transaction that has more unconfirmed ones above it than nodes take (default: 1)",
    ),
    option(
        "watchscripts",
        Form::Flag,
        "Name the wallets' scripts to the node, if it can look for them, so that it tells of nothing else; \
         not an option of Bitcoin Core (default: 1)",
    ),
];
