//! An entry of a wallet's history.
//!
//! In: what the wallet told of an output. Out: values.

use bitcoin::Txid;

use crate::text::words::mark;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Category {
    /// Paid to somebody.
    Send,
    /// Paid by somebody.
    Receive,
    /// Mined.
    Generate,
    /// Mined not long ago.
    Immature,
    /// Mined in a block that is not in the chain.
    Orphan,
}

impl Category {
    /// As Bitcoin Core writes it.
    pub(crate) fn read(text: &str) -> Option<Category> {
        Some(match text {
            "send" => Category::Send,
            "receive" => Category::Receive,
            "generate" => Category::Generate,
            "immature" => Category::Immature,
            "orphan" => Category::Orphan,
            _ => return None,
        })
    }

    /// What happened, in a word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Category::Send => mark!("Sent"),
            Category::Receive => mark!("Received"),
            Category::Generate => mark!("Mined"),
            Category::Immature => mark!("Mined, immature"),
            Category::Orphan => mark!("Mined, not accepted"),
        }
    }
}

/// How far a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// In a block of this height.
    Confirmed {
        /// The height.
        height: i32,
    },
    /// In no block yet.
    Unconfirmed,
    /// A block has another one that spends the same.
    Conflicted,
    /// Given up.
    Abandoned,
    /// Another one with a higher fee takes its place.
    Replaced,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The transaction.
    pub(crate) txid: Txid,
    /// Its output.
    pub(crate) vout: u32,
    /// What happened.
    pub(crate) category: Category,
    /// How much, in satoshi; negative for what was sent.
    pub(crate) amount: i64,
    /// The fee of what was sent, in satoshi.
    pub(crate) fee: Option<u64>,
    /// The address; empty where there is none.
    pub(crate) address: String,
    /// The label of the address.
    pub(crate) label: String,
    /// When it was made or seen, in seconds since 1970.
    pub(crate) time: i64,
    /// How far it is.
    pub(crate) status: Status,
}

impl Row {
    /// What no other row has.
    pub(super) fn key(&self) -> (Txid, u32, bool) {
        (self.txid, self.vout, self.category == Category::Send)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use bitcoin::hashes::Hash as _;

    use super::*;

    /// A row of a transaction of its own.
    pub(crate) fn row(number: u32) -> Row {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&number.to_le_bytes());
        Row {
            txid: Txid::from_byte_array(bytes),
            vout: 0,
            category: Category::Receive,
            amount: i64::from(number),
            fee: None,
            address: String::new(),
            label: String::new(),
            time: i64::from(number),
            status: Status::Unconfirmed,
        }
    }

    /// Rows with falling numbers, the first one first.
    pub(crate) fn rows(first: u32, count: u32) -> Vec<Row> {
        (0..count).map(|index| row(first - index)).collect()
    }
}
