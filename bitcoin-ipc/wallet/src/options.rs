//! What a user can set for all wallets.
//!
//! In: the program's configuration. Out: [`Options`], with Bitcoin Core's defaults.

use std::path::PathBuf;

use bitcoin::{Amount, Network};
use bitcoin_ipc::types::OutputType;

/// What a user can set for all wallets. Fee rates are in satoshi for 1000 virtual bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The folder with a folder for each wallet (`-walletdir`).
    pub directory: PathBuf,
    /// The network.
    pub network: Network,
    /// The wallets to load at the start, beside those of the node's settings (`-wallet`).
    pub wallets: Vec<String>,
    /// Those of them that the user named in this run or in the configuration, and not only a settings file: it is
    /// an error if they do not load.
    pub asked: Vec<String>,
    /// The kind of new addresses (`-addresstype`).
    pub address_type: OutputType,
    /// The kind of addresses for change, if not chosen by the recipients' kinds (`-changetype`).
    pub change_type: Option<OutputType>,
    /// How many scripts of each descriptor are watched beyond those given out (`-keypool`).
    pub keypool: u32,
    /// The fee rate where there is no estimate; 0 refuses to pay then (`-fallbackfee`).
    pub fallback_fee: i64,
    /// The lowest fee rate (`-mintxfee`).
    pub min_fee: i64,
    /// The rate at which change is given up that costs more to spend than it holds (`-discardfee`).
    pub discard_fee: i64,
    /// The highest fee of a transaction (`-maxtxfee`).
    pub max_tx_fee: Amount,
    /// How many blocks confirmation may take (`-txconfirmtarget`).
    pub confirm_target: u32,
    /// Spend change that is not confirmed (`-spendzeroconfchange`).
    pub spend_zero_conf_change: bool,
    /// Spend all coins of an address together or none (`-avoidpartialspends`).
    pub avoid_partial_spends: bool,
    /// How much more a fee may be for that, where it is not asked for; `None` to never try
    /// (`-maxapsfee`).
    pub max_aps_fee: Option<Amount>,
    /// Make no transaction that nodes refuse for the length of its chain (`-walletrejectlongchains`).
    pub reject_long_chains: bool,
    /// Let transactions be replaced (`-walletrbf`, BIP 125).
    pub rbf: bool,
    /// Send transactions to the network (`-walletbroadcast`).
    pub broadcast: bool,
    /// Have the node look for the wallets' scripts, where it can; otherwise it tells everything
    /// (`-watchscripts`). This is not an option of Bitcoin Core.
    pub watch: bool,
    /// What a user should know of these settings: told with each wallet that is made or loaded.
    pub warnings: Vec<String>,
}

impl Options {
    /// Bitcoin Core's defaults.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>, network: Network) -> Self {
        Options {
            directory: directory.into(),
            network,
            wallets: Vec::new(),
            asked: Vec::new(),
            address_type: OutputType::Bech32,
            change_type: None,
            keypool: 1000,
            fallback_fee: 0,
            min_fee: 1000,
            discard_fee: 10_000,
            max_tx_fee: Amount::from_sat(10_000_000),
            confirm_target: 6,
            spend_zero_conf_change: true,
            avoid_partial_spends: false,
            max_aps_fee: Some(Amount::ZERO),
            reject_long_chains: true,
            rbf: true,
            broadcast: true,
            watch: true,
            warnings: Vec::new(),
        }
    }
}
