//! Settings of the node.
//!
//! In: values of its file. Out: the same, with what they mean.

use crate::text::words::mark;

/// A setting that the window can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it means.
    pub(crate) title: &'static str,
    /// What counts without it.
    pub(crate) usual: &'static str,
}

/// The settings that the window can change; all count after the next start.
pub(crate) const KNOWN: [Known; 5] = [
    Known {
        name: "par",
        title: mark!("Threads that check scripts (par)"),
        usual: mark!("0, as many as there are cores"),
    },
    Known { name: "maxmempool", title: mark!("Memory of the mempool in MB (maxmempool)"), usual: "300" },
    Known {
        name: "fallbackfee",
        title: mark!("Fee rate where none can be estimated, BTC/kvB (fallbackfee)"),
        usual: "0",
    },
    Known {
        name: "spendzeroconfchange",
        title: mark!("Spend change that is in no block, 0 or 1 (spendzeroconfchange)"),
        usual: "1",
    },
    Known { name: "addresstype", title: mark!("Kind of new addresses (addresstype)"), usual: "bech32" },
];

/// A setting as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Its name.
    pub(crate) name: String,
    /// The value of the file; none where it has none.
    pub(crate) value: Option<String>,
    /// Whether the command line says otherwise, which counts.
    pub(crate) overridden: bool,
}
