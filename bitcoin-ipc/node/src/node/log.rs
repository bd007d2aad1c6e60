//! What is logged, in the numbers of Bitcoin Core.
//!
//! In: the log of this process, or the settings before it is open. Out: bits of Bitcoin Core's
//! `BCLog::LogFlags`.

use bitcoin_init::config::Settings;
use bitcoin_init::logging::{CORE_CATEGORIES, Log, LogOptions};
use mp_runtime::{Error, Result};

/// The categories of which more than the usual is logged now; those that Bitcoin Core has not have no
/// bits.
pub(super) fn categories(settings: &Settings) -> Result<u64> {
    let categories = match Log::of_process() {
        Some(log) => log.categories(),
        None => {
            LogOptions::new(settings, "", true).map_err(|error| Error::failed(error.text()))?.categories()
        }
    };
    let on = |name: &str| categories.iter().any(|(known, on)| *known == name && *on);
    Ok(CORE_CATEGORIES.iter().filter(|(name, _)| on(name)).fold(0, |mask, (_, bit)| mask | 1 << bit))
}
