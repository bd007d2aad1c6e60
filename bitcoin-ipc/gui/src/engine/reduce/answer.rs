//! What follows from an answer of the node.

use std::sync::Arc;

use super::Turn;
use crate::engine::{Answer, Answered, Failure, FailureKind};
use crate::model::wallet::{self, Fresh};
use crate::model::{Chain, Form, Key, Level, Read, Wallets, Work};
use crate::text::address::sentence;
use crate::text::words::{mark, say};

/// For how many milliseconds wallets may be loaded by a process that has just come back.
const SETTLE: u64 = 5_000;

impl Turn<'_> {
    pub(super) fn answered(&mut self, Answered { key, answer }: Answered) {
        let Some(work) = self.session.work.get(&key).copied() else { return };
        self.ended(&key);
        match answer {
            Answer::Failed(failure) => {
                match &key {
                    Key::Read(Read::Wallets) => self.no_wallets(failure.text.clone()),
                    // Nobody asked for it.
                    Key::Read(Read::Arrived(..) | Read::Total(_)) => {}
                    _ => self.failed(&failure),
                }
                self.ask_again(&key, work, &failure);
            }
            Answer::Chain(chain) => self.chain(chain),
            Answer::Warnings(text) => self.session.warnings = sentence(&text),
            Answer::Stopping(wanted) => {
                // Whoever has started a node ends it.
                if wanted && self.session.form != Form::Attached {
                    self.close();
                }
            }
            Answer::Mempool(mempool) => self.session.mempool = Fresh::At(mempool),
            Answer::Wallets { process, names } => self.wallets(process, &names),
            Answer::Files(files) => self.session.files = Fresh::At(files),
            Answer::Processes(processes) => self.session.processes = Fresh::At(Arc::new(processes)),
            Answer::Peers(peers) => self.session.peers = Fresh::At(Arc::new(peers)),
            Answer::PeerDone(done) => {
                match done {
                    Ok(text) => self.tell(Level::Information, text),
                    Err(failure) => self.tell(Level::Warning, failure.text),
                }
                self.session.peers.expire();
                self.read(Read::Peers);
            }
            Answer::Settings(settings) => self.session.settings = Fresh::At(settings),
            Answer::Set(set) => {
                match set {
                    Ok(text) => self.tell(Level::Information, text),
                    Err(failure) => self.tell(
                        Level::Warning,
                        say!("The setting is not changed: {text}", text = failure.text),
                    ),
                }
                self.session.settings.expire();
                self.refresh(true);
            }
            Answer::Methods(methods) => Arc::make_mut(&mut self.session.console).methods = methods,
            Answer::Console(id, answer) => Arc::make_mut(&mut self.session.console).end(id, answer),
            Answer::Loaded(name, loaded) => self.loaded(&name, loaded),
            Answer::Stopped => {}
            Answer::Wallet(name, answer) => self.wallet_answered(&name, &key, answer),
        }
    }

    /// Whoever is there and does not answer is asked again, one call at a time.
    fn ask_again(&mut self, key: &Key, work: Work, failure: &Failure) {
        if let Key::Read(read) = key
            && failure.kind == FailureKind::TimedOut
            && self.session.is_up()
        {
            self.read(read.clone());
            if let Some(again) = self.session.work.get_mut(key) {
                again.since = work.since;
            }
        }
    }

    /// Where the chain stands, unless a later block has come meanwhile.
    fn chain(&mut self, chain: Chain) {
        let known = self.session.chain;
        if known.height.is_none_or(|height| chain.height >= Some(height)) {
            self.session.chain =
                Chain { header_height: chain.header_height.max(known.header_height), ..chain };
        }
    }

    fn no_wallets(&mut self, why: String) {
        if self.session.wallet_process != Wallets::Lost {
            self.session.wallet_process = Wallets::Absent { why };
        }
    }

    fn wallets(&mut self, process: u64, names: &[String]) {
        self.session.wallets_of = process;
        let unheard = std::mem::take(&mut self.session.unheard);
        if process <= self.session.wallets_ended {
            // It has ended since it gave its list; the next one tells when it is there.
            if self.session.wallet_process != Wallets::Lost {
                self.wallets_lost();
            }
            return;
        }
        let before = std::mem::replace(&mut self.session.wallet_process, Wallets::Ready);
        self.session.restart = None;
        if before == Wallets::Lost {
            self.session.settles = Some(self.now + SETTLE);
            self.tell(Level::Information, mark!("The wallets are back."));
        }
        for name in names {
            self.here(name);
        }
        for (of, name) in unheard {
            if of == process && names.contains(&name) && self.session.has_wallets() {
                self.read(Read::Listen(name));
            }
        }
        self.refresh(true);
    }

    fn loaded(&mut self, name: &str, loaded: Result<Vec<String>, String>) {
        let title = wallet::title(name);
        match loaded {
            Ok(warnings) => {
                for warning in warnings {
                    self.tell(Level::Warning, warning);
                }
                self.tell(Level::Information, say!("The wallet {title} is loaded.", title));
                if !self.session.has_wallets() {
                    // Its process has ended since.
                    return;
                }
                self.here(name);
                self.session.shown = Some(name.to_owned());
                self.session.files.expire();
                self.refresh(true);
            }
            Err(why) => self.tell(Level::Error, say!("The wallet {title} is not loaded: {why}", title, why)),
        }
    }
}
