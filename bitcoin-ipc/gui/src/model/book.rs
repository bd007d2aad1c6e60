//! The address book.
//!
//! In: entries. Out: the same, by kind.

/// An address that has a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The address.
    pub(crate) address: String,
    /// Its label.
    pub(crate) label: String,
    /// Whether it is the wallet's own.
    pub(crate) mine: bool,
}
