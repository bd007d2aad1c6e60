//! The settings of wallets, and what they mean.
//!
//! In: arguments and files, or what a node sends. Out: the table of options, [`Options`], and which node
//! is meant.

use std::time::{Duration, Instant};

use bitcoin_init::arguments::{
    Arguments, CORE_OPTIONS, Category, Form, INERT_OPTIONS, LOG_OPTIONS, NETWORK_OPTIONS, NODE_OPTIONS,
    OptionInfo, Program, REFUSED_OPTIONS, SHARED_OPTIONS, WALLET_OPTIONS,
};
use bitcoin_init::config::Settings;
use bitcoin_init::logging::LogOptions;
use bitcoin_init::{Error, Result, datadir, owner};
use bitcoin_ipc::Trust;
use bitcoin_ipc::client::Address;
use bitcoin_ipc::interfaces::watch::AnyChain;
use bitcoin_ipc::types::{GlobalArgs, OutputType, WireFeeRate};

use crate::{Loader, Options};

/// What a process of wallets adds to the name of the log, which is the node's own otherwise.
pub(super) const LOG_SUFFIX: &str = ".wallet";

const ABOUT: &str = "bitcoin-wallet keeps wallets for a node in another process. bitcoin-node starts it by \
                     itself. Started by hand, it attaches to the node that listens at -ipcconnect, and waits \
                     for it where there is none yet. With a command it works on the files alone: info shows \
                     the wallet of -wallet, create makes it, list names all. doctor looks at the node of -core, and \
                     says what it lacks.";

const OWN_OPTIONS: &[OptionInfo] = &[
    OptionInfo::new(
        "ipcconnect",
        Form::Text,
        Category::Ipc,
        "The node to attach to: unix for node.sock in the network's directory, unix:<path> for another \
         socket, where a relative path counts from there; auto is unix, or nothing with a command; 0 is \
         nothing (default: auto)",
    )
    .value("<address>"),
    OptionInfo::new(
        "ipctrust",
        Form::Text,
        Category::Ipc,
        "Whose processes may be the node, which hears of all that wallets do: own for those of the same user \
         and of root, the number of another user, or any (default: own)",
    )
    .value("<user>")
    .not_negatable(),
];

/// How long the wallets of a node wait for their directory: when a node was killed, the process of its
/// wallets may still be ending when the next node is there.
pub(super) const LOCK_PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// Options of Bitcoin Core's wallets that ours do not heed.
const UNHEEDED: [&str; 1] = ["consolidatefeerate"];

/// The table of options.
pub(super) fn program() -> Program {
    Program::new("bitcoin-wallet", env!("CARGO_PKG_VERSION"), ABOUT)
        .positional("[<command>]")
        .options(SHARED_OPTIONS)
        .options(NETWORK_OPTIONS)
        .options(WALLET_OPTIONS)
        .options(CORE_OPTIONS)
        .options(OWN_OPTIONS)
        .options(LOG_OPTIONS)
}

/// The settings of a run by hand.
pub(super) fn load(mut arguments: Arguments) -> Result<Settings> {
    datadir::on_core(&mut arguments)?;
    read(arguments)
}

/// The settings of a run that leaves nothing behind.
pub(super) fn look(mut arguments: Arguments) -> Result<Settings> {
    datadir::look_on_core(&mut arguments)?;
    read(arguments)
}

/// The configuration file may have a node's options too.
fn read(arguments: Arguments) -> Result<Settings> {
    let program = program().options(NODE_OPTIONS).options(INERT_OPTIONS).options(REFUSED_OPTIONS);
    Settings::load(&program.options(CORE_OPTIONS).options(OWN_OPTIONS), arguments)
}

/// The settings that a node sends.
pub(super) fn from_node(settings: GlobalArgs) -> bitcoin_ipc::Result<Settings> {
    Settings::from_global_args(&program(), settings).map_err(failed)
}

/// A loader with these settings, for this node. A directory that is in use is waited for so long.
pub(super) fn loader(
    settings: &Settings,
    chain: AnyChain,
    patience: Duration,
) -> bitcoin_ipc::Result<Loader> {
    let options = options(settings).map_err(failed)?;
    let until = Instant::now() + patience;
    let loader = loop {
        match Loader::locked(options.clone(), chain.clone()) {
            Err(crate::Error::File(_)) if Instant::now() < until => std::thread::sleep(PAUSE),
            loader => break loader?,
        }
    };
    if !settings.is_set("walletdir") {
        let directory = &loader.options().directory;
        owner::restrict_path(directory).map_err(|error| crate::Error::io(directory, error))?;
    }
    tracing::info!(target: "wallet", "Using wallet directory {}", loader.options().directory.display());
    for name in UNHEEDED.iter().filter(|name| settings.is_set(name)) {
        tracing::warn!(target: "wallet", "-{name} has no effect: these wallets do not do that");
    }
    Ok(loader)
}

/// As the error of a call.
pub(super) fn failed(error: Error) -> bitcoin_ipc::Error {
    bitcoin_ipc::Error::failed(error.to_string())
}

/// Begins the log.
pub(super) fn tell(settings: &Settings, log: &LogOptions) {
    tracing::info!(target: "wallet", "{}", program().version_text().trim_end());
    tracing::info!(target: "wallet", "Network {}.", settings.network());
    for warning in settings.warnings().iter().chain(log.warnings()) {
        tracing::warn!(target: "wallet", "{warning}");
    }
}

/// The node that a user means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Connection {
    /// None: `-noipcconnect`.
    None,
    /// Nobody said, or `auto`.
    Default,
    /// This one.
    To(Address),
}

impl Connection {
    /// Where the node listens.
    pub(super) fn address(self) -> Address {
        match self {
            Connection::None | Connection::Default => Address::Auto,
            Connection::To(address) => address,
        }
    }
}

/// The node that the settings name.
pub(super) fn connection(settings: &Settings) -> Result<Connection> {
    let text = settings.text("ipcconnect", "auto");
    match text.as_str() {
        "0" => Ok(Connection::None),
        "" | "1" | "auto" => Ok(Connection::Default),
        _ => {
            let address: bitcoin_ipc::Result<Address> = text.parse();
            let address = address.map_err(|error| Error::new(format!("-ipcconnect: {}", error.text())))?;
            Ok(Connection::To(address))
        }
    }
}

/// Whose node it may be.
pub(super) fn trust(settings: &Settings) -> Result<Trust> {
    let trust: bitcoin_ipc::Result<Trust> = settings.text("ipctrust", "own").parse();
    trust.map_err(|error| Error::new(format!("-ipctrust: {}", error.text())))
}

/// What the settings say of all wallets.
pub(super) fn options(settings: &Settings) -> Result<Options> {
    let default = Options::new(datadir::wallets(settings)?, settings.network());
    let rate = |name, rate| {
        let rate = settings.fee_rate(name, WireFeeRate::from_sat_per_kvb(rate))?;
        Ok(rate.sat_per_kvb().unwrap_or_default())
    };
    Ok(Options {
        wallets: settings.list("wallet"),
        asked: settings.given("wallet"),
        address_type: kind(settings, "addresstype", "address")?.unwrap_or(default.address_type),
        change_type: kind(settings, "changetype", "change")?,
        keypool: count(settings, "keypool", default.keypool)?,
        fallback_fee: rate("fallbackfee", default.fallback_fee)?,
        min_fee: rate("mintxfee", default.min_fee)?,
        discard_fee: rate("discardfee", default.discard_fee)?,
        max_tx_fee: settings.amount("maxtxfee", default.max_tx_fee)?,
        confirm_target: count(settings, "txconfirmtarget", default.confirm_target)?,
        spend_zero_conf_change: settings.bool("spendzeroconfchange", default.spend_zero_conf_change),
        avoid_partial_spends: settings.bool("avoidpartialspends", default.avoid_partial_spends),
        max_aps_fee: match settings.text("maxapsfee", "0").as_str() {
            "-1" => None,
            _ => Some(settings.amount("maxapsfee", default.max_aps_fee.unwrap_or_default())?),
        },
        reject_long_chains: settings.bool("walletrejectlongchains", default.reject_long_chains),
        rbf: settings.bool("walletrbf", default.rbf),
        broadcast: settings.bool("walletbroadcast", default.broadcast),
        watch: settings.bool("watchscripts", default.watch),
        warnings: warnings(settings)?,
        ..default
    })
}

/// Fee rates above these, in satoshi for 1000 virtual bytes, and fees, in satoshi, are told of: Bitcoin
/// Core's `HIGH_TX_FEE_PER_KB` and its relatives.
const HIGH: [(&str, i64, &str); 5] = [
    ("mintxfee", 1_000_000, " This is the minimum transaction fee you pay on every transaction."),
    (
        "maxapsfee",
        10_000,
        " This is the maximum transaction fee you pay (in addition to the normal fee) to prioritize partial spend \
         avoidance over regular coin selection.",
    ),
    (
        "fallbackfee",
        1_000_000,
        " This is the transaction fee you may pay when fee estimates are not available.",
    ),
    (
        "discardfee",
        1_000_000,
        " This is the transaction fee you may discard if change is smaller than dust at this level",
    ),
    ("maxtxfee", 100_000_000, " Fees this large could be paid on a single transaction."),
];

/// What Bitcoin Core says of such settings with each wallet that it makes or loads.
fn warnings(settings: &Settings) -> Result<Vec<String>> {
    let mut warnings = Vec::new();
    for (name, most, about) in HIGH {
        if settings.text(name, "") == "-1" {
            continue;
        }
        let rate = settings.fee_rate(name, WireFeeRate::from_sat_per_kvb(0))?;
        if rate.sat_per_kvb().unwrap_or_default() > most {
            warnings.push(format!("-{name} is set very high!{about}"));
        }
    }
    if settings.is_set("walletrbf") {
        warnings.push("-walletrbf is deprecated and will be fully removed in the next release.".to_owned());
    }
    Ok(warnings)
}

/// A number of at least 1, as Bitcoin Core raises it.
fn count(settings: &Settings, name: &str, default: u32) -> Result<u32> {
    let number = settings.int(name, default.into())?.max(1);
    u32::try_from(number).map_err(|_| Error::new(format!("-{name}: {number} is too large")))
}

fn kind(settings: &Settings, name: &str, what: &str) -> Result<Option<OutputType>> {
    match settings.text(name, "").as_str() {
        "" => Ok(None),
        "legacy" => Ok(Some(OutputType::Legacy)),
        "p2sh-segwit" => Ok(Some(OutputType::P2shSegwit)),
        "bech32" => Ok(Some(OutputType::Bech32)),
        "bech32m" => Ok(Some(OutputType::Bech32m)),
        other => Err(Error::new(format!("Unknown {what} type '{other}'"))),
    }
}
