//! What follows from what happened.

use std::sync::Arc;

use bitcoin::Txid;
use bitcoin_ipc::types::restart;

use super::{Turn, expire};
use crate::engine::Event;
use crate::model::{Chain, Form, Level, Link, Progress, Read, Restart, Wallet, Wallets};
use crate::text::address::{one_line, sentence};
use crate::text::words::mark;

impl Turn<'_> {
    pub(super) fn event(&mut self, event: Event) {
        match event {
            Event::Opening(step) => self.link(Link::Opening { step: sentence(&step) }),
            Event::Up => self.up(),
            Event::Lost(why) => {
                self.link(Link::Lost { why: sentence(&why) });
                self.session.wallet_process = Wallets::Unknown;
                self.session.restart = None;
                self.expire();
            }
            Event::Refused(why) => {
                self.tell(Level::Error, why.clone());
                self.link(Link::Refused { why: sentence(&why) });
                self.refresh(true);
            }
            Event::Closed(exit) => self.session.link = Link::Closed { exit },
            Event::Left if matches!(self.session.link, Link::Stopping { .. }) => {
                self.session.link = Link::Closed { exit: 0 };
            }
            Event::Left => {}
            Event::BlockTip(chain) => self.block_tip(chain),
            Event::HeaderTip(height) => self.session.chain.header_height = height,
            Event::Alert if !self.session.is_up() => {}
            Event::Alert => self.read(Read::Warnings),
            Event::Loading(text) => self.loading(&text),
            Event::Progress(title, percent) => self.session.doing = progress(&title, percent),
            Event::PeersChanged => {
                self.session.peers.expire();
                // Whether there is anybody decides whether there is a page.
                if self.session.is_up() {
                    self.read(Read::Peers);
                }
            }
            Event::Message(level, text) => self.tell(level, text),
            // A node that is starting says so before its wallets can be asked for.
            Event::InitWallet if !self.session.is_up() => {}
            Event::InitWallet => self.read(Read::Wallets),
            Event::WalletsGone(process) => self.wallets_gone(process),
            // What is loaded is told after the list; without one it is of a process that has ended.
            Event::WalletLoaded(_) if !self.session.has_wallets() => {}
            Event::WalletLoaded(name) => {
                self.here(&name);
                expire(&mut self.session.files);
                self.refresh(true);
            }
            Event::WalletUnloaded(name) => self.unloaded(&name),
            Event::Unheard(_, name) if self.session.has_wallets() => self.read(Read::Listen(name)),
            // Where their process has ended they tell nothing either; or its list is still to come.
            Event::Unheard(process, name) => self.session.unheard.push((process, name)),
            Event::StatusChanged(name) => {
                if self.session.has_wallets() {
                    self.read(Read::Traits(name));
                }
            }
            Event::BookChanged(name) => self.changed(&name, |wallet| wallet.book.expire()),
            Event::TransactionChanged(name, txid, new) => {
                if new {
                    self.arrived(&name, txid);
                }
                self.transaction_changed(&name, txid);
            }
            Event::WalletProgress(name, title, percent) => {
                if let Some(wallet) = self.session.wallet_mut(&name) {
                    wallet.doing = progress(&title, percent);
                }
            }
        }
    }

    fn loading(&mut self, text: &str) {
        if let Some(pause) = restart::pause(text) {
            let at = self.now + u64::try_from(pause.as_millis()).unwrap_or_default();
            self.session.restart = Some(Restart { at, seconds: 0 });
            return;
        }
        match &mut self.session.link {
            Link::Opening { step } => *step = one_line(text),
            // A node that runs loads nothing: it may be that it is to end.
            Link::Up if self.session.form != Form::Attached => self.read(Read::Stopping),
            _ => self.session.doing = progress(text, 0),
        }
    }

    /// A new state of the connection, unless its end was wanted.
    fn link(&mut self, link: Link) {
        if !matches!(self.session.link, Link::Stopping { .. } | Link::Closed { .. }) {
            self.session.link = link;
        }
    }

    fn up(&mut self) {
        self.link(Link::Up);
        self.session.doing = None;
        self.read(Read::Chain);
        self.read(Read::Warnings);
        self.read(Read::Peers);
        self.read(Read::Wallets);
        self.refresh(true);
    }

    fn block_tip(&mut self, chain: Chain) {
        let header_height = self.session.chain.header_height.max(chain.height.unwrap_or_default());
        self.session.chain = Chain { header_height, ..chain };
        self.session.mempool.expire();
        for wallet in self.session.wallets.values_mut() {
            if wallet.balances.is_fresh() || wallet.coins.is_fresh() {
                let wallet = Arc::make_mut(wallet);
                wallet.balances.expire();
                wallet.coins.expire();
            }
        }
        self.refresh(true);
    }

    fn wallets_gone(&mut self, process: u64) {
        // It may end before its list is here.
        self.session.wallets_ended = self.session.wallets_ended.max(process);
        // Those before it have ended too.
        let current = self.session.wallet_process == Wallets::Ready && process >= self.session.wallets_of;
        if current && self.session.is_up() {
            self.wallets_lost();
        } else if current {
            // They are asked for once the node is up.
            self.session.wallet_process = Wallets::Unknown;
        }
    }

    /// The process that the wallets were in has ended.
    pub(super) fn wallets_lost(&mut self) {
        self.session.wallet_process = Wallets::Lost;
        for wallet in self.session.wallets.values_mut() {
            let wallet = Arc::make_mut(wallet);
            wallet.here = false;
            wallet.expire();
        }
        // A banner says so too, as long as it is so, and what follows.
        self.tell_urgently(Level::Information, mark!("The wallet process has ended."));
    }

    /// A wallet is loaded.
    pub(super) fn here(&mut self, name: &str) {
        let entry = self.session.wallets.entry(name.to_owned());
        let wallet = Arc::make_mut(
            entry.or_insert_with(|| Arc::new(Wallet { name: name.to_owned(), ..Wallet::default() })),
        );
        wallet.here = true;
        wallet.traits = None;
        wallet.expire();
        // That it was being loaded is over.
        self.session.doing = None;
        let gone = self.session.wallet().is_none();
        if gone {
            self.session.shown = Some(name.to_owned());
        }
        self.look_up_again(name);
    }

    pub(super) fn unloaded(&mut self, name: &str) {
        self.session.wallets.remove(name);
        self.session.files.expire();
        if self.session.shown.as_deref() == Some(name) {
            self.session.shown = self.session.wallets.keys().next().cloned();
            self.refresh(true);
        }
    }

    fn changed(&mut self, name: &str, change: impl FnOnce(&mut Wallet)) {
        if let Some(wallet) = self.session.wallet_mut(name) {
            change(wallet);
            self.refresh(true);
        }
    }

    fn transaction_changed(&mut self, name: &str, txid: Txid) {
        self.changed(name, |wallet| {
            wallet.balances.expire();
            wallet.coins.expire();
            wallet.total.expire();
            Arc::make_mut(&mut wallet.history).change(txid);
        });
    }
}

/// How far something is; nothing once it is done.
fn progress(title: &str, percent: i32) -> Option<Progress> {
    (percent < 100).then(|| Progress { title: one_line(title), percent: percent.max(0) })
}
