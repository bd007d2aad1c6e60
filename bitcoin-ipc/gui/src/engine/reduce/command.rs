//! What follows from what the user wants.

use std::sync::Arc;

use bitcoin_ipc::types::Secret;

use super::{Command, Task, Turn};
use crate::model::{Form, Link, Read, Wallets};
use crate::text::words::mark;

/// Whether a line of the console ends the node.
fn is_stop(line: &Secret) -> bool {
    matches!(line.expose().trim_ascii(), b"stop" | b"stop()")
}

impl Turn<'_> {
    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::Show { page, wallet } => {
                if page != self.session.page {
                    // What the system tells is of that moment.
                    self.session.processes.expire();
                    self.forget_outcomes();
                }
                self.session.page = page;
                if wallet.is_some() {
                    self.session.shown = wallet;
                }
                self.refresh(false);
            }
            Command::Hide(hidden) => {
                self.session.hidden = hidden;
                self.refresh(false);
            }
            Command::Close => self.close(),
            Command::Force => {
                if matches!(self.session.link, Link::Stopping { .. }) {
                    self.act(Task::Force);
                }
            }
            Command::ListFiles => {
                self.forget_outcomes();
                if self.session.has_wallets() {
                    self.read(Read::Files);
                }
            }
            Command::CreateWallet { name, passphrase, flags } => {
                self.long(Task::CreateWallet { name, passphrase, flags });
            }
            Command::LoadWallet(name) => self.long(Task::LoadWallet(name)),
            Command::RestoreWallet { name, file } => self.long(Task::RestoreWallet { name, file }),
            Command::Write { path, contents } => _ = self.act(Task::Write { path, contents }),
            Command::Set(name, value) => self.set(Task::Set(name, value)),
            Command::ResetSettings => self.set(Task::ResetSettings),
            Command::Again(read) => {
                if self.is_up() {
                    self.need(read);
                }
            }
            Command::Peer(command) => {
                if self.is_up() {
                    self.one(Task::Peer(command));
                }
            }
            // Nobody tells a window that its own node was asked to end; it ends it itself, in order.
            Command::Console { line, .. } if self.session.form != Form::Attached && is_stop(&line) => {
                self.close()
            }
            Command::Console { line, wallet } => {
                if self.is_up() {
                    let text = String::from_utf8_lossy(line.expose());
                    let id = Arc::make_mut(&mut self.session.console).begin(&text);
                    self.act(Task::Console { id, line, wallet });
                }
            }
            Command::CancelConsole(id) => {
                Arc::make_mut(&mut self.session.console).cancel(id);
                self.act(Task::CancelConsole(id));
            }
            Command::ClearConsole => Arc::make_mut(&mut self.session.console).clear(),
            Command::Wallet(name, command) => self.wallet_command(name, command),
        }
    }

    /// What came of what the user wanted is no news on another page.
    fn forget_outcomes(&mut self) {
        for wallet in self.session.wallets.values_mut().filter(|wallet| wallet.outcome.is_some()) {
            Arc::make_mut(wallet).outcome = None;
        }
    }

    fn set(&mut self, task: Task) {
        if self.session.takes_settings() || self.is_up() {
            self.one(task);
        }
    }

    /// Something of which there is one at a time; another one is refused aloud.
    fn one(&mut self, task: Task) {
        if !self.act(task) {
            let text = mark!(
                "Another change of this kind is under way, and this one was not made. Try again when it is done."
            );
            self.tell(crate::model::Level::Warning, text);
        }
    }

    /// Something that takes long, one thing at a time.
    fn long(&mut self, task: Task) {
        if !self.is_up() {
            return;
        }
        if self.session.wallet_process != Wallets::Ready {
            self.tell(crate::model::Level::Warning, mark!("The wallets are not there: nothing was done."));
        } else if !self.act(task) {
            self.tell(
                crate::model::Level::Information,
                mark!("Another wallet is being made or loaded. Try again when it is there."),
            );
        }
    }

    /// A node that the window started is ended, another one is left.
    pub(super) fn close(&mut self) {
        match (self.session.form, &self.session.link) {
            (_, Link::Stopping { .. } | Link::Closed { .. }) => {}
            (_, Link::Refused { .. }) => {
                self.session.link = Link::Closed { exit: 1 };
                self.act(Task::Stop);
            }
            (Form::Attached, _) | (_, Link::Lost { .. }) => {
                self.session.link = Link::Closed { exit: 0 };
                self.act(Task::Stop);
            }
            (Form::Spawned | Form::OnCore | Form::Hosted, _) => {
                let step = mark!("The node ends: it writes what it knows. Do not switch off the machine.")
                    .to_owned();
                self.session.link = Link::Stopping { step };
                self.act(Task::Stop);
            }
        }
    }
}
