//! What follows from an answer of a wallet.

use std::sync::Arc;

use bitcoin::Txid;

use super::Turn;
use crate::engine::{Failure, FailureKind, SendOutcome, WalletAnswer};
use crate::model::requests::Receiving;
use crate::model::review::{Bump, Prepared, Review, SendState};
use crate::model::wallet::Fresh;
use crate::model::{Key, Level, Read, Wallet};
use crate::text::words::{mark, say};

impl Turn<'_> {
    pub(super) fn wallet_answered(&mut self, name: &str, key: &Key, answer: WalletAnswer) {
        // It may have been asked for once more meanwhile; then this answer is old already.
        let old = self.session.work.contains_key(key);
        match answer {
            WalletAnswer::Listened => {
                // Whatever it told meanwhile, nobody heard.
                self.with(name, Wallet::expire);
                self.read(Read::Traits(name.to_owned()));
                self.refresh(true);
            }
            WalletAnswer::Traits(traits) => {
                self.with(name, |wallet| wallet.traits = Some(traits));
                // A first address may be wanted, now that its kind is known.
                self.refresh(false);
            }
            WalletAnswer::Balances(balances) => {
                self.with(name, |wallet| wallet.balances = aged(balances, old));
            }
            WalletAnswer::Newest(rows) => {
                self.with(name, |wallet| {
                    let history = Arc::make_mut(&mut wallet.history);
                    history.newest(rows);
                    history.stale |= old;
                });
                // Now it is known whether there are more than these.
                self.refresh(false);
            }
            WalletAnswer::Arrived(arrival) => self.tell_arrival(name, arrival),
            WalletAnswer::Total(total) => self.with(name, |wallet| wallet.total = aged(total, old)),
            WalletAnswer::Older(skip, asked, rows) => {
                self.with(name, |wallet| Arc::make_mut(&mut wallet.history).older(skip, asked, rows));
                self.refresh(false);
            }
            WalletAnswer::Coins(coins) => self.with(name, |wallet| wallet.coins = aged(Arc::new(coins), old)),
            WalletAnswer::Book(book) => self.with(name, |wallet| wallet.book = aged(Arc::new(book), old)),
            WalletAnswer::Requests(requests) => {
                self.with(name, |wallet| wallet.requests = aged(Arc::new(requests), old));
            }
            WalletAnswer::Address(address) => self.with(name, |wallet| {
                wallet.receiving = match address {
                    Ok(address) => Receiving::Address(address),
                    Err(failure) => Receiving::Refused(failure.text),
                };
            }),
            WalletAnswer::Made(made) => self.made(name, made),
            WalletAnswer::Sent(outcome) => self.sent(name, outcome),
            WalletAnswer::LookedUp(txid, found) => self.looked_up(name, txid, found),
            WalletAnswer::Details(details) => match details {
                Ok(details) => self.with(name, |wallet| wallet.details = Some(Arc::from(details))),
                Err(failure) => self.failed(&failure),
            },
            WalletAnswer::Bumped(made) => self.bumped(name, made),
            WalletAnswer::BumpSent(outcome) => self.bump_sent(name, outcome),
            WalletAnswer::Psbt(read) => self.with(name, |wallet| match read {
                Ok(psbt) => {
                    wallet.psbt = Some(Arc::from(psbt));
                    wallet.outcome = None;
                }
                Err(failure) => wallet.ended(Err(failure.text)),
            }),
            WalletAnswer::Done(outcome) => self.done(name, outcome),
        }
    }

    /// Something that the user wanted has ended, well or not. What it changed is asked for anew.
    fn done(&mut self, name: &str, outcome: Result<String, Failure>) {
        if let Err(failure) = &outcome
            && failure.kind != FailureKind::Refused
        {
            self.tell(
                Level::Warning,
                say!("It is not known whether that was done: {text}", text = failure.text),
            );
        }
        self.with(name, |wallet| {
            wallet.ended(outcome.map_err(|failure| failure.text));
            wallet.requests.expire();
            wallet.coins.expire();
            wallet.book.expire();
            let history = Arc::make_mut(&mut wallet.history);
            history.stale = true;
        });
        self.refresh(true);
    }

    fn made(&mut self, name: &str, made: Result<Box<Review>, Failure>) {
        let times = self.session.wallets.get(name).map_or(0, |wallet| wallet.outcomes + 1);
        self.with(name, |wallet| {
            // The user may have gone back to the draft.
            if wallet.send == SendState::Making {
                wallet.outcomes = times;
                wallet.send = match made {
                    Ok(review) => SendState::Review(Arc::from(review)),
                    Err(failure) => SendState::Failed { why: failure.text, times },
                };
            }
        });
    }

    fn sent(&mut self, name: &str, outcome: SendOutcome) {
        let times = self.session.wallets.get(name).map_or(0, |wallet| wallet.outcomes + 1);
        let Some(wallet) = self.session.wallet_mut(name) else { return };
        let SendState::Sending(review) = &wallet.send else { return };
        let review = review.clone();
        wallet.outcomes = times;
        wallet.balances.expire();
        wallet.coins.expire();
        Arc::make_mut(&mut wallet.history).stale = true;
        wallet.send = match outcome {
            SendOutcome::Sent(txid) => SendState::Sent { txid },
            SendOutcome::WrongPassphrase => SendState::WrongPassphrase(review),
            SendOutcome::NotSent(why) => SendState::Failed { why, times },
            SendOutcome::Unknown(txid) => SendState::Unknown { txid, review },
        };
        if matches!(wallet.send, SendState::Unknown { .. }) {
            self.unknown(name);
        }
        self.refresh(true);
    }

    /// Nobody knows whether something was sent: it is looked up as soon as the wallet can be asked.
    fn unknown(&mut self, name: &str) {
        // A banner says so too, as long as it is so.
        self.tell_urgently(
            Level::Information,
            mark!("The outcome of a payment is unknown. It is looked up, not repeated."),
        );
        let here =
            self.session.has_wallets() && self.session.wallets.get(name).is_some_and(|wallet| wallet.here);
        if here {
            self.look_up_again(name);
        }
    }

    fn looked_up(&mut self, name: &str, txid: Txid, found: bool) {
        let times = self.session.wallets.get(name).map_or(0, |wallet| wallet.outcomes + 1);
        let why = mark!("It was not sent: the wallet does not have it.");
        self.with(name, |wallet| {
            wallet.outcomes = times;
            if matches!(&wallet.send, SendState::Unknown { txid: asked, .. } if *asked == txid) {
                wallet.send = match found {
                    true => SendState::Sent { txid },
                    false => SendState::Failed { why: why.to_owned(), times },
                };
            }
            if let Bump::Unknown { txid: asked, helped } = wallet.bump
                && asked == txid
            {
                wallet.bump = match found {
                    true => Bump::Sent { txid },
                    false => Bump::Failed { txid: helped, why: why.to_owned() },
                };
            }
        });
        // The other one may be unknown, too.
        self.look_up_again(name);
        self.refresh(true);
    }

    fn bumped(&mut self, name: &str, made: Result<Box<Prepared>, Failure>) {
        self.with(name, |wallet| {
            let Bump::Making(txid) = wallet.bump else { return };
            wallet.bump = match made {
                Ok(prepared) => Bump::Review(Arc::from(prepared)),
                Err(failure) => Bump::Failed { txid, why: failure.text },
            };
        });
    }

    fn bump_sent(&mut self, name: &str, outcome: SendOutcome) {
        let Some(wallet) = self.session.wallet_mut(name) else { return };
        let Bump::Sending(prepared) = &wallet.bump else { return };
        let (txid, prepared) = (prepared.txid, prepared.clone());
        wallet.balances.expire();
        wallet.coins.expire();
        Arc::make_mut(&mut wallet.history).stale = true;
        wallet.bump = match outcome {
            SendOutcome::Sent(txid) => Bump::Sent { txid },
            SendOutcome::WrongPassphrase => Bump::WrongPassphrase(prepared),
            SendOutcome::NotSent(why) => Bump::Failed { txid, why },
            SendOutcome::Unknown(sent) => Bump::Unknown { txid: sent, helped: txid },
        };
        if matches!(wallet.bump, Bump::Unknown { .. }) {
            self.unknown(name);
        }
        self.refresh(true);
    }
}

/// A value, which is old already if it was asked for once more.
fn aged<T>(value: T, old: bool) -> Fresh<T> {
    if old { Fresh::Stale(value) } else { Fresh::At(value) }
}
