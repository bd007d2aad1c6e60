//! A wallet and all that is known of it.
//!
//! In: what the wallet told. Out: values.

use std::sync::Arc;

use bitcoin::Txid;
use bitcoin_ipc::types::OutputType;

use super::book::Entry;
use super::coins::Coin;
use super::history::History;
use super::psbt::PsbtView;
use super::requests::{Receiving, Request};
use super::review::{Bump, SendState};
use super::session::Progress;
use crate::text::address::short_name;

/// A value, and whether it may have changed since.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Fresh<T> {
    /// Nobody has asked yet.
    #[default]
    Unknown,
    /// It is so.
    At(T),
    /// It was so.
    Stale(T),
}

impl<T> Fresh<T> {
    /// The value, however old it is.
    pub(crate) fn value(&self) -> Option<&T> {
        match self {
            Fresh::Unknown => None,
            Fresh::At(value) | Fresh::Stale(value) => Some(value),
        }
    }

    /// Whether there is nothing to ask.
    pub(crate) fn is_fresh(&self) -> bool {
        matches!(self, Fresh::At(_))
    }

    /// Marks it as one that may have changed.
    pub(crate) fn expire(&mut self) {
        *self = match std::mem::take(self) {
            Fresh::At(value) | Fresh::Stale(value) => Fresh::Stale(value),
            Fresh::Unknown => Fresh::Unknown,
        };
    }
}

/// What a wallet has, in satoshi.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Balances {
    /// What can be spent.
    pub(crate) available: u64,
    /// What others have sent and no block has yet.
    pub(crate) pending: u64,
    /// What was mined not long ago.
    pub(crate) immature: u64,
    /// What no block and no mempool has; negative for what is on its way out.
    pub(crate) unsent: i64,
}

impl Balances {
    /// All together.
    pub(crate) fn total(&self) -> u64 {
        self.available.saturating_add(self.pending).saturating_add(self.immature)
    }
}

/// Whether a wallet can sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Lock {
    /// Nobody has asked yet.
    #[default]
    Unknown,
    /// It has no private keys.
    NoKeys,
    /// It is not encrypted.
    Open,
    /// It is encrypted, and unlocked.
    Unlocked,
    /// It is encrypted and locked.
    Locked,
}

/// What a wallet can do, which seldom changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Traits {
    /// Whether it can sign.
    pub(crate) lock: Lock,
    /// Whether it gives new addresses.
    pub(crate) gives_addresses: bool,
    /// Whether it gives P2TR addresses.
    pub(crate) taproot: bool,
    /// The kind of address that it gives unless told otherwise.
    pub(crate) address_type: OutputType,
    /// Whether its keys come from a seed.
    pub(crate) hd: bool,
}

/// All about a transaction, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Details {
    /// Which one.
    pub(crate) txid: Txid,
    /// What it changes, without the fee, in satoshi.
    pub(crate) amount: Option<i64>,
    /// The fee in satoshi, if the wallet pays it.
    pub(crate) fee: Option<u64>,
    /// Names and values of all else, in their order.
    pub(crate) fields: Vec<(String, String)>,
    /// The whole transaction, in hexadecimal digits.
    pub(crate) hex: String,
    /// Whether it can be given up.
    pub(crate) can_abandon: bool,
    /// Whether another one can take its place.
    pub(crate) can_bump: bool,
    /// Whether it pays the wallet something that another one can spend at once.
    pub(crate) can_have_child: bool,
}

/// What came in and nobody was told of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrivals {
    /// When somebody was told last, in milliseconds of the engine's clock.
    pub(crate) last: Option<u64>,
    /// How many transactions came since.
    pub(crate) more: u64,
}

/// A wallet.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Wallet {
    /// Its name; empty for the default one.
    pub(crate) name: String,
    /// Whether it is loaded now.
    pub(crate) here: bool,
    /// What it can do, once that is known.
    pub(crate) traits: Option<Traits>,
    /// What it has.
    pub(crate) balances: Fresh<Balances>,
    /// What was paid.
    pub(crate) history: Arc<History>,
    /// How many transactions there are, if the wallet says so.
    pub(crate) total: Fresh<Option<u64>>,
    /// What came in and nobody was told of.
    pub(crate) arrivals: Arrivals,
    /// What can be spent.
    pub(crate) coins: Fresh<Arc<Vec<Coin>>>,
    /// Whom it knows.
    pub(crate) book: Fresh<Arc<Vec<Entry>>>,
    /// What was asked for.
    pub(crate) requests: Fresh<Arc<Vec<Request>>>,
    /// The address to be paid to.
    pub(crate) receiving: Receiving,
    /// Where a payment stands.
    pub(crate) send: SendState,
    /// Where the help for a transaction that waits stands.
    pub(crate) bump: Bump,
    /// The transaction that is looked at.
    pub(crate) details: Option<Arc<Details>>,
    /// The partially signed transaction that is looked at.
    pub(crate) psbt: Option<Arc<PsbtView>>,
    /// What the wallet says that it is doing.
    pub(crate) doing: Option<Progress>,
    /// What came of the last thing that the user wanted, beside payments.
    pub(crate) outcome: Option<Result<String, String>>,
    /// How often something that the user wanted ended.
    pub(crate) outcomes: u64,
}

impl Wallet {
    /// What it is called on the screen.
    pub(crate) fn title(&self) -> String {
        title(&self.name)
    }

    /// Whether it can sign.
    pub(crate) fn lock(&self) -> Lock {
        self.traits.map(|traits| traits.lock).unwrap_or_default()
    }

    /// Says what came of something.
    pub(crate) fn ended(&mut self, outcome: Result<String, String>) {
        self.outcome = Some(outcome);
        self.outcomes += 1;
    }

    /// Everything may have changed.
    pub(crate) fn expire(&mut self) {
        self.balances.expire();
        self.coins.expire();
        self.book.expire();
        self.requests.expire();
        self.total.expire();
        Arc::make_mut(&mut self.history).stale = true;
        self.doing = None;
    }
}

/// What a wallet is called on the screen.
pub(crate) fn title(name: &str) -> String {
    if name.is_empty() { "[default wallet]".to_owned() } else { short_name(name) }
}
