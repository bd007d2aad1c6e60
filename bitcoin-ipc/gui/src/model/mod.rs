//! What the window shows.
//!
//! In: nothing but values. Out: a [`Model`], which can be copied, compared and printed. There is no secret in it,
//! and no object of another process.

pub(crate) mod bip21;
pub(crate) mod bip329;
pub(crate) mod book;
pub(crate) mod coins;
pub(crate) mod console;
pub(crate) mod csv;
pub(crate) mod draft;
pub(crate) mod history;
pub(crate) mod notices;
pub(crate) mod page;
pub(crate) mod peers;
pub(crate) mod prefs;
pub(crate) mod processes;
pub(crate) mod psbt;
pub(crate) mod requests;
pub(crate) mod review;
pub(crate) mod row;
pub(crate) mod rows;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod wallet;
pub(crate) mod wish;

use std::sync::Arc;

pub(crate) use notices::{Level, Notices};
pub(crate) use page::Page;
pub(crate) use session::{
    Chain, Form, Key, Link, Mempool, Progress, Read, Restart, Session, SessionId, WalletFile, Wallets, Work,
};
pub(crate) use wallet::{Balances, Details, Lock, Traits, Wallet};

/// Everything that the window shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Model {
    /// The nodes, in the order in which they were added.
    pub(crate) sessions: Vec<Arc<Session>>,
    /// What happened.
    pub(crate) notices: Arc<Notices>,
}

impl Model {
    /// A session by its number.
    pub(crate) fn session(&self, id: SessionId) -> Option<&Arc<Session>> {
        self.sessions.iter().find(|session| session.id == id)
    }
}
