//! New transactions of wallets, which the user is told of.
//!
//! In: that there is one. Out: a notice of what it pays, after one call; of those that follow soon their number alone.

use std::sync::Arc;

use bitcoin::Txid;

use super::Turn;
use crate::engine::Arrival;
use crate::model::{Level, Notices, Read, Session};
use crate::text::words::say;

/// For so many milliseconds after a notice the transactions of a wallet are only counted.
const QUIET: u64 = 5_000;

impl Turn<'_> {
    /// A transaction is new. Those of a chain or a wallet that is only being read are old.
    pub(super) fn arrived(&mut self, name: &str, txid: Txid) {
        let now = self.now;
        if self.session.chain.initial_download || !self.session.has_wallets() {
            return;
        }
        let Some(wallet) = self.session.wallet_mut(name) else { return };
        if !wallet.here || wallet.doing.is_some() {
            return;
        }
        if wallet.arrivals.last.is_some_and(|last| now.saturating_sub(last) < QUIET) {
            wallet.arrivals.more += 1;
            return;
        }
        wallet.arrivals.last = Some(now);
        self.need(Read::Arrived(name.to_owned(), txid));
    }

    /// What a new transaction pays is known. What the user has sent he knows.
    pub(super) fn tell_arrival(&mut self, name: &str, arrival: Option<Arrival>) {
        let Some(Arrival { amount, mined }) = arrival else { return };
        let Some(amount) = u64::try_from(amount).ok().filter(|amount| *amount > 0) else { return };
        let Some(wallet) = self.session.wallets.get(name) else { return };
        let title = wallet.title();
        let text = match mined {
            true => say!("Mined by the wallet {title}", title),
            false => say!("Received in the wallet {title}", title),
        };
        Arc::make_mut(self.notices).add_urgent(Level::Information, text, Some(amount));
    }
}

/// Tells how many more there were, once it has been quiet for long enough.
pub(super) fn tell_rest(session: &mut Arc<Session>, notices: &mut Arc<Notices>, now: u64) {
    let over = |last: Option<u64>| last.is_none_or(|last| now.saturating_sub(last) >= QUIET);
    let waits = |session: &Session| {
        let mut found = session.wallets.values();
        found.any(|wallet| wallet.arrivals.more > 0 && over(wallet.arrivals.last))
    };
    if !waits(session) {
        return;
    }
    for wallet in Arc::make_mut(session).wallets.values_mut() {
        if wallet.arrivals.more == 0 || !over(wallet.arrivals.last) {
            continue;
        }
        let wallet = Arc::make_mut(wallet);
        let count = std::mem::take(&mut wallet.arrivals.more);
        wallet.arrivals.last = Some(now);
        let text = say!("{count} more new transactions of the wallet {title}", count, title = wallet.title());
        Arc::make_mut(notices).add_urgent(Level::Information, text, None);
    }
}
