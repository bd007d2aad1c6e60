//! What is logged, in the numbers of Bitcoin Core.
//!
//! In: settings. Out: bits of Bitcoin Core's `BCLog::LogFlags`.

use bitcoin_common::config::Settings;
use bitcoin_common::logging::LogOptions;
use mp_runtime::{Error, Result};

/// The categories that Bitcoin Core has too, and their bits; the others have none.
const BITS: &[(&str, u32)] = &[("net", 0), ("mempool", 2), ("rpc", 7), ("validation", 20), ("ipc", 22)];

/// The categories of which more than the usual is logged.
pub(super) fn categories(settings: &Settings) -> Result<u64> {
    let options = LogOptions::new(settings, "", true).map_err(|error| Error::failed(error.text()))?;
    let bit = |name| BITS.iter().find(|(known, _)| *known == name).map_or(0, |(_, bit)| 1 << bit);
    Ok(options.categories().map(bit).fold(0, |mask, bit: u64| mask | bit))
}
