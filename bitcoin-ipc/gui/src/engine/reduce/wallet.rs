//! What follows from what the user wants of a wallet.

use std::sync::Arc;

use bitcoin::Txid;
use bitcoin_ipc::types::{OutputType, Secret};

use super::{Task, Turn};
use crate::engine::{WalletCommand, WalletTask};
use crate::model::draft::Payment;
use crate::model::requests::Receiving;
use crate::model::review::{Bump, Remedy, SendState};
use crate::model::{Key, Level, Page, Read, Wallet};
use crate::text::words::mark;

impl Turn<'_> {
    /// What the page needs of the wallet that is shown.
    pub(super) fn missing_of_wallet(&self, missing: &mut Vec<Read>) {
        let page = self.session.page;
        let Some(wallet) = self.session.wallet().filter(|wallet| wallet.here) else { return };
        let mut need = |fresh: bool, read: fn(String) -> Read| {
            if !fresh {
                missing.push(read(wallet.name.clone()));
            }
        };
        need(wallet.traits.is_some(), Read::Traits);
        need(wallet.balances.is_fresh(), Read::Balances);
        if matches!(page, Page::Overview | Page::History) {
            let history = &wallet.history;
            need(!history.stale && (!history.rows.is_empty() || history.to_the_end), Read::Newest);
            // It is said as long as there are some that nobody knows.
            let whole = page == Page::Overview || history.rows.is_empty() || history.to_the_end;
            need(whole || wallet.total.is_fresh(), Read::Total);
        }
        if matches!(page, Page::Coins | Page::Send) {
            need(wallet.coins.is_fresh(), Read::Coins);
        }
        if matches!(page, Page::Addresses | Page::Send) {
            need(wallet.book.is_fresh(), Read::Book);
        }
        if page == Page::Receive {
            need(wallet.requests.is_fresh(), Read::Requests);
        }
    }

    /// There is an address to be paid to as soon as the page is shown.
    pub(super) fn first_address(&mut self) {
        if self.session.page != Page::Receive || !self.session.has_wallets() {
            return;
        }
        let Some(wallet) = self.session.wallet().filter(|wallet| wallet.here) else { return };
        if wallet.receiving != Receiving::None {
            return;
        }
        if let Some(traits) = wallet.traits.filter(|traits| traits.gives_addresses) {
            let name = wallet.name.clone();
            self.act(Task::Wallet(name, WalletTask::NewAddress(traits.address_type)));
        }
    }

    pub(super) fn wallet_command(&mut self, name: String, command: WalletCommand) {
        let lets_go = matches!(
            command,
            WalletCommand::CloseDetails
                | WalletCommand::CloseBump
                | WalletCommand::ClosePsbt
                | WalletCommand::Draft
        );
        if lets_go {
            self.let_go(&name, &command);
            return;
        }
        if !self.is_up() {
            return;
        }
        let here =
            self.session.has_wallets() && self.session.wallets.get(&name).is_some_and(|wallet| wallet.here);
        if !here {
            self.tell(Level::Warning, mark!("The wallet is not there: nothing was done."));
            return;
        }
        let task = match command {
            WalletCommand::Older(known, count) => return self.older(name, known, count),
            WalletCommand::NewAddress(kind) => return self.new_address(name, kind),
            WalletCommand::Make(payment) => return self.make(name, payment),
            WalletCommand::Send(passphrase) => return self.send(name, passphrase),
            WalletCommand::Bump(txid, remedy, rate) => return self.bump(name, txid, remedy, rate),
            WalletCommand::SendBump(passphrase) => return self.send_bump(name, passphrase),
            WalletCommand::Keep(request) => WalletTask::Keep(request),
            WalletCommand::Forget(request) => WalletTask::Forget(request),
            WalletCommand::Details(txid) => WalletTask::Details(txid),
            WalletCommand::Abandon(txid) => WalletTask::Abandon(txid),
            WalletCommand::Label { address, label, mine } => WalletTask::Label { address, label, mine },
            WalletCommand::DeleteAddress(address) => WalletTask::DeleteAddress(address),
            WalletCommand::Freeze(outpoint, frozen) => WalletTask::Freeze(outpoint, frozen),
            WalletCommand::Lock => WalletTask::Lock,
            WalletCommand::Unlock(passphrase) => WalletTask::Unlock(passphrase),
            WalletCommand::Encrypt(passphrase) => WalletTask::Encrypt(passphrase),
            WalletCommand::ChangePassphrase(old, new) => WalletTask::ChangePassphrase(old, new),
            WalletCommand::Backup(path) => WalletTask::Backup(path),
            WalletCommand::ExportWatchOnly(path) => WalletTask::ExportWatchOnly(path),
            WalletCommand::ExportLabels(path) => WalletTask::ExportLabels(path),
            WalletCommand::ImportLabels(path) => WalletTask::ImportLabels(path),
            WalletCommand::Unload => WalletTask::Unload,
            WalletCommand::Sign { address, message } => WalletTask::Sign { address, message },
            WalletCommand::ReadPsbt(text) => WalletTask::ReadPsbt(text),
            WalletCommand::AsPsbt => match self.session.wallets.get(&name).map(|wallet| &wallet.send) {
                Some(SendState::Review(review)) => WalletTask::AsPsbt(review.clone()),
                _ => return,
            },
            WalletCommand::CombinePsbt(_) | WalletCommand::SignPsbt(_) | WalletCommand::SendPsbt => {
                let known = self.session.wallets.get(&name).and_then(|wallet| wallet.psbt.clone());
                let Some(psbt) = known else { return };
                match command {
                    WalletCommand::CombinePsbt(other) => WalletTask::CombinePsbt(psbt, other),
                    WalletCommand::SignPsbt(passphrase) => WalletTask::SignPsbt(psbt, passphrase),
                    _ => WalletTask::SendPsbt(psbt),
                }
            }
            WalletCommand::CloseDetails
            | WalletCommand::CloseBump
            | WalletCommand::ClosePsbt
            | WalletCommand::Draft => return,
        };
        if !self.act(Task::Wallet(name.clone(), task)) {
            self.with(&name, |wallet| {
                wallet.ended(Err(mark!("The wallet is busy with something else.").to_owned()))
            });
        }
    }

    /// What needs nobody's answer.
    fn let_go(&mut self, name: &str, command: &WalletCommand) {
        self.with(name, |wallet| match command {
            WalletCommand::CloseDetails => wallet.details = None,
            WalletCommand::ClosePsbt => wallet.psbt = None,
            // What is being sent is not taken back.
            WalletCommand::CloseBump if !matches!(wallet.bump, Bump::Sending(_) | Bump::Unknown { .. }) => {
                wallet.bump = Bump::None;
            }
            WalletCommand::Draft
                if !matches!(wallet.send, SendState::Sending(_) | SendState::Unknown { .. }) =>
            {
                wallet.send = SendState::Draft;
            }
            _ => {}
        });
    }

    /// Changes a wallet, if it is there.
    pub(super) fn with(&mut self, name: &str, change: impl FnOnce(&mut Wallet)) {
        if let Some(wallet) = self.session.wallet_mut(name) {
            change(wallet);
        }
    }

    /// Asks for the page behind so many entries, if these are still all that is known.
    fn older(&mut self, name: String, known: usize, count: usize) {
        let Some(wallet) = self.session.wallets.get(&name) else { return };
        let history = &wallet.history;
        if history.to_the_end || history.stale || history.rows.len() != known {
            return;
        }
        let skip = history.next_skip();
        // Two pages from one place on would not fit together.
        let older = |key: &Key| matches!(key, Key::Read(Read::Older(of, ..)) if *of == name);
        if self.session.work.keys().any(older) {
            return;
        }
        self.need(Read::Older(name, skip, count));
    }

    fn new_address(&mut self, name: String, kind: OutputType) {
        self.act(Task::Wallet(name, WalletTask::NewAddress(kind)));
    }

    fn make(&mut self, name: String, payment: Payment) {
        let Some(wallet) = self.session.wallets.get(&name) else { return };
        // Nothing is begun while something is on its way.
        if matches!(wallet.send, SendState::Sending(_) | SendState::Unknown { .. }) {
            return;
        }
        if self.act(Task::Wallet(name.clone(), WalletTask::Make(payment))) {
            self.with(&name, |wallet| wallet.send = SendState::Making);
        }
    }

    fn send(&mut self, name: String, passphrase: Option<Secret>) {
        let Some(wallet) = self.session.wallets.get(&name) else { return };
        let (SendState::Review(review) | SendState::WrongPassphrase(review)) = &wallet.send else { return };
        let review = Arc::clone(review);
        if self.act(Task::Wallet(name.clone(), WalletTask::Send(review.clone(), passphrase))) {
            self.with(&name, |wallet| wallet.send = SendState::Sending(review));
        }
    }

    fn bump(&mut self, name: String, txid: Txid, remedy: Remedy, rate: u64) {
        let Some(wallet) = self.session.wallets.get(&name) else { return };
        // Nothing is begun while something is on its way.
        if matches!(wallet.bump, Bump::Sending(_) | Bump::Unknown { .. }) {
            return;
        }
        if self.act(Task::Wallet(name.clone(), WalletTask::Bump(txid, remedy, rate))) {
            self.with(&name, |wallet| wallet.bump = Bump::Making(txid));
        }
    }

    fn send_bump(&mut self, name: String, passphrase: Option<Secret>) {
        let Some(wallet) = self.session.wallets.get(&name) else { return };
        let (Bump::Review(prepared) | Bump::WrongPassphrase(prepared)) = &wallet.bump else { return };
        let prepared = Arc::clone(prepared);
        let task = WalletTask::SendBump(prepared.clone(), passphrase);
        if self.act(Task::Wallet(name.clone(), task)) {
            self.with(&name, |wallet| wallet.bump = Bump::Sending(prepared));
        }
    }

    /// Asks for what nobody knows, once the wallet is there again.
    pub(super) fn look_up_again(&mut self, name: &str) {
        let Some(wallet) = self.session.wallets.get(name) else { return };
        let txid = match (&wallet.send, &wallet.bump) {
            (SendState::Unknown { txid, .. }, _) | (_, Bump::Unknown { txid, .. }) => *txid,
            _ => return,
        };
        self.read(Read::LookUp(name.to_owned(), txid));
    }
}
