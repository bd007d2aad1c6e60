//! The structs of `common.capnp`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bitcoin::BlockHash;
use mp_runtime::IpcStruct;
use serde_json::Value;

use crate::files::COMMON;
use crate::types::{Bitcoin, FeeReason};

/// A block's hash and height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IpcStruct)]
#[ipc(file = COMMON, types = Bitcoin, cxx = "interfaces::BlockRef")]
pub struct BlockRef {
    /// Its hash.
    pub hash: BlockHash,
    /// How many blocks are below it.
    pub height: i32,
}

/// A text in English and in the user's language.
#[derive(Clone, Debug, Default, PartialEq, Eq, IpcStruct)]
#[ipc(file = COMMON, types = Bitcoin, cxx = "bilingual_str")]
pub struct BilingualStr {
    /// In English.
    pub original: String,
    /// In the user's language.
    pub translated: String,
}

impl BilingualStr {
    /// The same text in both languages.
    pub fn untranslated(text: impl Into<String>) -> Self {
        let original = text.into();
        BilingualStr { translated: original.clone(), original }
    }
}

impl std::fmt::Display for BilingualStr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.translated.is_empty() { &self.original } else { &self.translated })
    }
}

/// What to do with a PSBT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(name = "PSBTFillOptions", file = COMMON, types = Bitcoin, cxx = "common::PSBTFillOptions")]
pub struct PsbtFillOptions {
    /// Sign it.
    #[ipc(default = true)]
    pub sign: bool,
    /// The sighash type, if not each input's own or the default one.
    #[ipc(cxx_name = "sighash_type")]
    pub sighash_type: Option<i32>,
    /// Finalize inputs that have all signatures.
    #[ipc(default = true)]
    pub finalize: bool,
    /// Add the BIP 32 paths of known keys.
    #[ipc(cxx_name = "bip32_derivs")]
    pub bip32_derivs: bool,
}

/// How a fee was estimated.
#[derive(Clone, Copy, Debug, PartialEq, IpcStruct)]
#[ipc(file = COMMON, types = Bitcoin, cxx = "FeeCalculation")]
pub struct FeeCalculation {
    /// The buckets that decided.
    pub est: EstimationResult,
    /// What decided.
    pub reason: FeeReason,
    /// The number of blocks that was asked for.
    pub desired_target: i32,
    /// The number of blocks that the estimate is for.
    pub returned_target: i32,
    /// The height when the estimate was made.
    #[ipc(cxx_name = "best_height")]
    pub best_height: u32,
}

/// The buckets of fee rates between which an estimate lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, IpcStruct)]
#[ipc(file = COMMON, types = Bitcoin, cxx = "EstimationResult")]
pub struct EstimationResult {
    /// The lowest that passed.
    pub pass: EstimatorBucket,
    /// The highest that failed.
    pub fail: EstimatorBucket,
    /// How much less each block counts than the one after it.
    pub decay: f64,
    /// Blocks per period.
    pub scale: u32,
}

/// A bucket of fee rates, with numbers of transactions that fade with time.
#[derive(Clone, Copy, Debug, Default, PartialEq, IpcStruct)]
#[ipc(file = COMMON, types = Bitcoin, cxx = "EstimatorBucket")]
pub struct EstimatorBucket {
    /// The lowest rate, in satoshis for 1000 virtual bytes.
    pub start: f64,
    /// The highest rate.
    pub end: f64,
    /// Confirmed within the target.
    pub within_target: f64,
    /// Confirmed at all.
    pub total_confirmed: f64,
    /// Waiting longer than the target.
    pub in_mempool: f64,
    /// Gone without confirmation.
    pub left_mempool: f64,
}

/// All settings of a process, as JSON values.
#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
#[ipc(file = COMMON, types = Bitcoin, cxx = "common::Settings")]
pub struct Settings {
    /// Those that the program forces.
    #[ipc(cxx_name = "forced_settings")]
    pub forced_settings: BTreeMap<String, Value>,
    /// Those of the command line.
    #[ipc(cxx_name = "command_line_options")]
    pub command_line_options: BTreeMap<String, Vec<Value>>,
    /// Those of the settings file, which programs write.
    #[ipc(cxx_name = "rw_settings")]
    pub rw_settings: BTreeMap<String, Value>,
    /// Those of the configuration file, by section.
    #[ipc(cxx_name = "ro_config")]
    pub ro_config: BTreeMap<String, BTreeMap<String, Vec<Value>>>,
}

/// The settings that a child process takes over from its parent.
#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
#[ipc(file = COMMON, types = Bitcoin)]
pub struct GlobalArgs {
    /// The settings.
    pub settings: Settings,
    /// The configuration file.
    #[ipc(with = mp_runtime::with::path_text)]
    pub config_path: PathBuf,
}
