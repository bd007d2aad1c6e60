//! What is known of a transaction while it is looked at.
//!
//! In: a call's options, a transaction. Out: the terms and the state that the checks share: Bitcoin Core's
//! `ATMPArgs` and `Workspace`.

use bitcoin::Txid;
use bitcoin_ipc::types::Coin;

use crate::entry::Entry;
use crate::options::AcceptOptions;

/// A transaction that keeps to all rules for one by itself, but whose scripts were not run.
pub(super) struct Workspace {
    pub(super) entry: Entry,
    pub(super) coins: Vec<Coin>,
    /// The transactions here that spend the same outputs, and a sibling that has to go.
    pub(super) conflicts: Vec<Txid>,
    /// Whether there is such a sibling.
    pub(super) sibling: bool,
}

/// Which rules hold for a call: Bitcoin Core's `ATMPArgs`.
#[derive(Clone, Copy)]
pub(super) struct AtmpArgs {
    pub(super) options: AcceptOptions,
    /// Others may have to leave.
    pub(super) allow_replacement: bool,
    /// A sibling may have to leave though it spends something else.
    pub(super) allow_sibling_eviction: bool,
    /// What it pays is looked at together with the rest of its package.
    pub(super) package_feerates: bool,
    /// Room is made once the whole package is in.
    pub(super) package_submission: bool,
}

impl AtmpArgs {
    /// For one transaction.
    pub(super) fn single(options: AcceptOptions) -> Self {
        let no = false;
        AtmpArgs {
            options,
            allow_replacement: true,
            allow_sibling_eviction: true,
            package_feerates: no,
            package_submission: no,
        }
    }
}
