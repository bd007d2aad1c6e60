//! The options of a node, and what they mean.
//!
//! In: settings. Out: a [`Program`] table, and the options of each part.

use std::time::Duration;

use bitcoin::Network;
use bitcoin_init::arguments::{
    INERT_OPTIONS, LOG_OPTIONS, NETWORK_OPTIONS, NODE_OPTIONS, OptionInfo, Program, REFUSED_OPTIONS,
    SHARED_OPTIONS, WALLET_OPTIONS,
};
use bitcoin_init::config::Settings;
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::{Error, Result};

use crate::index;
use crate::mempool::{MempoolOptions, Rate};
use crate::rpc::RpcOptions;
use crate::state;
use crate::template::SelectOptions;

/// The table of a node's options.
pub(super) fn program(name: &'static str, about: &'static str) -> Program {
    Program::new(name, env!("CARGO_PKG_VERSION"), about)
        .options(SHARED_OPTIONS)
        .options(NETWORK_OPTIONS)
        .options(NODE_OPTIONS)
        .options(WALLET_OPTIONS)
        .options(LOG_OPTIONS)
        .options(INERT_OPTIONS)
        .options(REFUSED_OPTIONS)
}

/// Those of the user's options that ask for something. `-listen=0` and its like ask for what is the case.
fn asked<'a>(settings: &Settings, of: &'a [OptionInfo]) -> impl Iterator<Item = &'a OptionInfo> {
    of.iter().filter(|option| settings.is_set(option.name()) && settings.text(option.name(), "") != "0")
}

/// Refuses options without which the node would do something else than what was asked for.
pub(super) fn check(settings: &Settings) -> Result<()> {
    match asked(settings, REFUSED_OPTIONS).next() {
        Some(option) => Err(Error::new(format!("-{} is not supported: {}", option.name(), option.help()))),
        None => Ok(()),
    }
}

/// Those of the user's options that ask for what this node does not have.
pub(super) fn without_effect(settings: &Settings) -> Vec<&'static str> {
    asked(settings, INERT_OPTIONS).map(OptionInfo::name).collect()
}

/// How many transactions of the mempool may hang together at most: Bitcoin Core's
/// `MAX_CLUSTER_COUNT_LIMIT`.
const MAX_CLUSTER_COUNT: u64 = 64;
/// How many of the largest clusters a mempool must be able to hold.
const LEAST_CLUSTERS: u64 = 40;

/// What the user should know of options that have no effect.
pub(super) fn warnings(settings: &Settings) -> Vec<String> {
    let given =
        ["ancestor", "descendant"].into_iter().filter(|kind| settings.is_set(&format!("limit{kind}size")));
    let text = |kind| {
        format!(
            "Option '-limit{kind}size' is given but {kind} size limits have been replaced with cluster size \
             limits (see -limitclustersize). This option has no effect."
        )
    };
    given.map(text).collect()
}

/// A number that is not below zero.
fn count(settings: &Settings, name: &str, default: u64) -> Result<u64> {
    let number = settings.int(name, i64::try_from(default).unwrap_or(i64::MAX))?;
    u64::try_from(number)
        .map_err(|_| Error::new(format!("-{name} takes a number from 0 on, and not {number}")))
}

fn rate(settings: &Settings, name: &str, default: Rate) -> Result<Rate> {
    let satoshi = settings.fee_rate(name, default.into())?.sat_per_kvb().unwrap_or(0);
    Ok(Rate::from_sat_per_kvb(u64::try_from(satoshi).unwrap_or(0)))
}

/// What the chain, the index and the mempool are to be like.
pub(super) fn state_options(settings: &Settings) -> Result<state::Options> {
    let mut options = state::Options::new(settings.network_dir()?, settings.network());
    options.index = index::Options { filters: filters(settings)?, txindex: settings.bool("txindex", false) };
    options.mempool = mempool_options(settings)?;
    options.persist_mempool = settings.bool("persistmempool", true);
    options.max_tip_age = count(settings, "maxtipage", options.max_tip_age)?;
    Ok(options)
}

/// Whether there is to be an index of block filters: `-blockfilterindex`, which names a kind of filter or
/// says yes or no. Wallets use it, so it is there unless told otherwise.
fn filters(settings: &Settings) -> Result<bool> {
    match settings.text("blockfilterindex", "1").as_str() {
        "0" => Ok(false),
        "" | "1" | "basic" => Ok(true),
        other => Err(Error::new(format!("Unknown -blockfilterindex value {other}."))),
    }
}

fn mempool_options(settings: &Settings) -> Result<MempoolOptions> {
    let default = MempoolOptions::default();
    let megabytes = count(settings, "maxmempool", default.max_bytes as u64 / 1_000_000)?;
    let hours = count(settings, "mempoolexpiry", default.expiry.as_secs() / 3600)?;
    let data = count(settings, "datacarriersize", default.max_datacarrier_bytes.unwrap_or(0))?;
    let min_relay_rate = rate(settings, "minrelaytxfee", default.min_relay_rate)?;
    let incremental_relay_rate = rate(settings, "incrementalrelayfee", default.incremental_relay_rate)?;
    let raised = !settings.is_set("minrelaytxfee") && incremental_relay_rate > min_relay_rate;
    let require_standard = !settings.bool("acceptnonstdtxn", !default.require_standard);
    if !require_standard && settings.network() == Network::Bitcoin {
        return Err(Error::new("acceptnonstdtxn is not currently supported for main chain"));
    }
    let cluster_kvb = count(settings, "limitclustersize", default.cluster_vsize / 1000)?;
    let clusters = count(settings, "limitclustercount", default.cluster_count as u64)?;
    if clusters > MAX_CLUSTER_COUNT {
        let text = format!("limitclustercount must be less than or equal to {MAX_CLUSTER_COUNT}");
        return Err(Error::new(text));
    }
    let (max_bytes, cluster_vsize) = (megabytes.saturating_mul(1_000_000), cluster_kvb.saturating_mul(1000));
    let least = cluster_vsize.saturating_mul(LEAST_CLUSTERS);
    if max_bytes > 0 && max_bytes < least {
        return Err(Error::new(format!("-maxmempool must be at least {} MB", least.div_ceil(1_000_000))));
    }
    Ok(MempoolOptions {
        max_bytes: usize::try_from(max_bytes).unwrap_or(usize::MAX),
        expiry: Duration::from_secs(hours.saturating_mul(3600)),
        // Either alone sets both.
        min_relay_rate: if raised { incremental_relay_rate } else { min_relay_rate },
        incremental_relay_rate,
        dust_relay_rate: rate(settings, "dustrelayfee", default.dust_relay_rate)?,
        require_standard,
        max_datacarrier_bytes: settings.bool("datacarrier", true).then_some(data),
        permit_bare_multisig: settings.bool("permitbaremultisig", default.permit_bare_multisig),
        bytes_per_sigop: count(settings, "bytespersigop", default.bytes_per_sigop)?,
        cluster_count: usize::try_from(clusters).unwrap_or(usize::MAX),
        cluster_vsize,
    })
}

/// What the RPC server is to be like. `stop` sets the token.
pub(super) fn rpc_options(settings: &Settings, shutdown: Shutdown) -> Result<RpcOptions> {
    // As in Bitcoin Core, less than one is one.
    let number = |name, default: usize| -> Result<usize> {
        let number = settings.int(name, i64::try_from(default).unwrap_or(i64::MAX))?;
        Ok(usize::try_from(number).unwrap_or(1).max(1))
    };
    let default = RpcOptions::new(settings.network_dir()?);
    Ok(RpcOptions {
        threads: number("rpcthreads", default.threads)?,
        queue: number("rpcworkqueue", default.queue)?,
        deprecated: settings.list("deprecatedrpc"),
        mining: block_options(settings)?,
        shutdown,
        ..default
    })
}

/// What the blocks that are made here are to be like.
pub(super) fn block_options(settings: &Settings) -> Result<SelectOptions> {
    let mut options = SelectOptions::default();
    options.max_weight = count(settings, "blockmaxweight", options.max_weight)?;
    options.min_rate = rate(settings, "blockmintxfee", options.min_rate)?;
    options.create.block_reserved_weight =
        count(settings, "blockreservedweight", options.create.block_reserved_weight)?;
    options.check().map_err(|error| Error::new(error.to_string()))?;
    Ok(options)
}
