//! What lies over the page until it is answered.
//!
//! In: a dialog, keys. Out: a command, or nothing. Escape closes each.

mod bump;
mod details;
mod passphrase;
mod psbt;
mod wallets;

use std::sync::Arc;

use eframe::egui::{self, Id, Modal, ScrollArea, Ui};

use super::widgets::{self, secret::SecretText};
use super::{Cx, State};
use crate::engine::{Command, Contents, WalletCommand};
use crate::model::{Details, Level};
use crate::text::words::t;

/// A dialog.
pub(crate) enum Dialog {
    /// The passphrase that unlocks the wallet.
    Unlock(SecretText),
    /// The passphrase that a payment needs.
    SendLocked(SecretText),
    /// The passphrase that the help for a transaction needs.
    BumpLocked(SecretText, bump::Draft),
    /// A passphrase for a wallet that has none, twice.
    Encrypt(SecretText, SecretText),
    /// The old passphrase, and the new one twice.
    ChangePassphrase(SecretText, SecretText, SecretText),
    /// A new wallet.
    Create(wallets::Create),
    /// A wallet of a backup: its name, and the file.
    Restore(String, String),
    /// A backup to this file.
    Backup(String),
    /// A file of the wallet: what for, and its path.
    File(wallets::FileKind, String),
    /// All wallets.
    Wallets,
    /// Help for a transaction that waits.
    Bump(bump::Draft),
    /// A transaction that is to be given up.
    Abandon(bitcoin::Txid),
    /// What is to be written to this file.
    Export(String, Option<Contents>),
    /// A PSBT: what is typed of the next one.
    Psbt(String),
    /// The passphrase that a PSBT needs.
    PsbtLocked(SecretText),
    /// Whether everything is to be taken out of the node's settings.
    ResetSettings,
    /// What happened.
    Notices,
}

impl Dialog {
    /// For a new wallet.
    pub(super) fn create() -> Dialog {
        Dialog::Create(wallets::Create::default())
    }

    /// For a file.
    pub(super) fn export(contents: Contents) -> Dialog {
        Dialog::Export(String::new(), Some(contents))
    }

    /// Whether a passphrase may be in it.
    pub(super) fn has_secret(&self) -> bool {
        matches!(
            self,
            Dialog::Unlock(_)
                | Dialog::SendLocked(_)
                | Dialog::BumpLocked(..)
                | Dialog::PsbtLocked(_)
                | Dialog::Encrypt(..)
                | Dialog::ChangePassphrase(..)
                | Dialog::Create(_)
        )
    }

    fn title(&self) -> &'static str {
        match self {
            Dialog::Unlock(_) => t!("Unlock the wallet"),
            Dialog::SendLocked(_) => t!("The passphrase for this payment"),
            Dialog::BumpLocked(..) => t!("The passphrase for this transaction"),
            Dialog::Encrypt(..) => t!("Encrypt the wallet"),
            Dialog::ChangePassphrase(..) => t!("Change the passphrase"),
            Dialog::Create(_) => t!("Create a wallet"),
            Dialog::Restore(..) => t!("Restore a wallet of a backup"),
            Dialog::Backup(_) => t!("Make a backup"),
            Dialog::File(kind, _) => kind.title(),
            Dialog::Wallets => t!("Wallets"),
            Dialog::Bump(draft) => draft.title(),
            Dialog::Abandon(_) => t!("Give a transaction up"),
            Dialog::Export(..) => t!("Write a file"),
            Dialog::Psbt(_) => t!("Partially signed transaction"),
            Dialog::PsbtLocked(_) => t!("The passphrase for this PSBT"),
            Dialog::ResetSettings => t!("Reset the node's settings"),
            Dialog::Notices => t!("Notices"),
        }
    }
}

#[cfg(test)]
impl Dialog {
    /// One of each.
    pub(crate) fn each() -> Vec<Dialog> {
        use bitcoin::hashes::Hash as _;

        use crate::model::review::Remedy;

        let (txid, text) = (bitcoin::Txid::all_zeros(), String::new);
        let mut each = vec![
            Dialog::Unlock(SecretText::default()),
            Dialog::SendLocked(SecretText::default()),
            Dialog::BumpLocked(SecretText::default(), bump::Draft::new(txid, Remedy::Raise)),
            Dialog::Encrypt(SecretText::default(), SecretText::default()),
            Dialog::ChangePassphrase(SecretText::default(), SecretText::default(), SecretText::default()),
            Dialog::create(),
            Dialog::Restore(text(), text()),
            Dialog::Backup(text()),
            Dialog::Wallets,
            Dialog::Abandon(txid),
            Dialog::Export(text(), None),
            Dialog::Psbt(text()),
            Dialog::PsbtLocked(SecretText::default()),
            Dialog::ResetSettings,
            Dialog::Notices,
        ];
        let kinds =
            [wallets::FileKind::WatchOnly, wallets::FileKind::ExportLabels, wallets::FileKind::ImportLabels];
        each.extend(kinds.map(|kind| Dialog::File(kind, text())));
        let remedies = [Remedy::Raise, Remedy::Cancel, Remedy::Child];
        each.extend(remedies.map(|remedy| Dialog::Bump(bump::Draft::new(txid, remedy))));
        each
    }
}

/// What a dialog wants when it was drawn.
pub(super) enum Next {
    /// To stay.
    Stay,
    /// To be closed.
    Close,
    /// Another one instead.
    Open(Dialog),
}

/// Draws the dialog that is open; below all others the transaction that is looked at. What had the focus before has it
/// again when the last one is closed.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    let opens = !state.over && (state.dialog.is_some() || looked_at(cx, state).is_some());
    if opens {
        state.opener = ui.memory(|memory| memory.focused());
        // The keys are the dialog's.
        if let Some(opener) = state.opener {
            ui.memory_mut(|memory| memory.surrender_focus(opener));
        }
    }
    over(ui, cx, state);
    let is_over = state.dialog.is_some() || looked_at(cx, state).is_some();
    if state.over && !is_over {
        // What was below it may have the focus from the next frame on.
        ui.request_repaint();
    } else if !is_over && let Some(opener) = state.opener.take() {
        ui.memory_mut(|memory| memory.request_focus(opener));
    }
    state.over = is_over;
}

/// The transaction that is looked at. It is not when that is closed, and not only when the engine has heard of it.
fn looked_at(cx: &Cx<'_>, state: &State) -> Option<Arc<Details>> {
    let details = cx.wallet().and_then(|wallet| wallet.details.clone());
    details.filter(|details| state.closed != Some(details.txid))
}

fn over(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    if cx.wallet().is_none_or(|wallet| wallet.details.is_none()) {
        state.closed = None;
    }
    if state.dialog.is_none()
        && let Some(details) = looked_at(cx, state)
    {
        let mut open = None;
        let closed = modal(ui, t!("Details"), |ui| open = details::show(ui, cx, &details));
        if closed {
            state.closed = Some(details.txid);
            cx.wallet_command(WalletCommand::CloseDetails);
        }
        state.dialog = open;
        return;
    }
    let Some(mut dialog) = state.dialog.take() else { return };
    let mut next = Next::Stay;
    let closed = modal(ui, dialog.title(), |ui| next = content(ui, cx, &mut dialog));
    state.dialog = match next {
        Next::Open(other) => Some(other),
        Next::Stay if !closed => Some(dialog),
        Next::Stay | Next::Close => {
            state.closed = closed_with(cx, &dialog).or(state.closed);
            None
        }
    };
}

/// What is let go with a dialog; gives the transaction that is not looked at any more.
fn closed_with(cx: &mut Cx<'_>, dialog: &Dialog) -> Option<bitcoin::Txid> {
    let txid = match dialog {
        Dialog::Bump(draft) | Dialog::BumpLocked(_, draft) => {
            cx.wallet_command(WalletCommand::CloseBump);
            draft.txid()
        }
        Dialog::Abandon(txid) => *txid,
        _ => return None,
    };
    cx.wallet_command(WalletCommand::CloseDetails);
    Some(txid)
}

/// Draws something over the page; says whether it is to be closed.
fn modal(ui: &mut Ui, title: &str, add: impl FnOnce(&mut Ui)) -> bool {
    let id = Id::unique(("dialog", title));
    let mut closed = false;
    let area = Modal::default_area(id).accessible_name(title);
    let shown = Modal::new(id).area(area).show(ui.ctx(), |ui| {
        ui.set_width(ui.ctx().content_rect().width().min(560.0) - 40.0);
        ui.heading(title);
        let height = ui.ctx().content_rect().height() - 140.0;
        let height = height.max(120.0);
        // All of that height is used before anything is scrolled, also where there was less of it before.
        ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
            add(ui);
            widgets::follow_focus(ui);
        });
        ui.add_space(6.0);
        closed = ui.button(t!("Close this dialog")).clicked();
    });
    // What has grown is laid out once more, in the middle.
    let (ctx, size) = (ui.ctx(), shown.response.rect.size());
    if ctx.data(|known| known.get_temp(id)) != Some(size) {
        ctx.data_mut(|known| known.insert_temp(id, size));
        ctx.request_repaint();
    }
    // A click beside it does not close it: what is typed would be lost.
    let escape = shown.is_top_modal
        && !shown.any_popup_open
        && ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Escape));
    closed || escape
}

fn content(ui: &mut Ui, cx: &mut Cx<'_>, dialog: &mut Dialog) -> Next {
    match dialog {
        Dialog::Unlock(text) => passphrase::ask(ui, cx, text, t!("Unlock"), WalletCommand::Unlock),
        Dialog::SendLocked(text) => {
            ui.label(t!("The wallet is unlocked for this payment, and locked again."));
            passphrase::ask(ui, cx, text, t!("Send"), |secret| WalletCommand::Send(Some(secret)))
        }
        Dialog::BumpLocked(text, draft) => {
            ui.label(t!("The wallet is unlocked for this transaction, and locked again."));
            let next =
                passphrase::ask(ui, cx, text, t!("Send"), |secret| WalletCommand::SendBump(Some(secret)));
            match next {
                Next::Close => Next::Open(Dialog::Bump(draft.clone())),
                other => other,
            }
        }
        Dialog::Encrypt(first, second) => passphrase::encrypt(ui, cx, first, second),
        Dialog::ChangePassphrase(old, first, second) => passphrase::change(ui, cx, old, first, second),
        Dialog::Create(draft) => wallets::create(ui, cx, draft),
        Dialog::Restore(name, file) => wallets::restore(ui, cx, name, file),
        Dialog::Backup(path) => wallets::backup(ui, cx, path),
        Dialog::File(kind, path) => wallets::file(ui, cx, *kind, path),
        Dialog::Wallets => wallets::list(ui, cx),
        Dialog::Bump(draft) => bump::show(ui, cx, draft),
        Dialog::Abandon(txid) => {
            ui.label(t!(
                "Its coins can be spent again. Others who have seen it may still put it into a block."
            ));
            widgets::pair(ui, t!("Transaction"), &txid.to_string());
            if ui.button(t!("Give it up")).clicked() {
                cx.wallet_command(WalletCommand::Abandon(*txid));
                return Next::Close;
            }
            Next::Stay
        }
        Dialog::Psbt(text) => psbt::show(ui, cx, text),
        Dialog::PsbtLocked(text) => {
            ui.label(t!("The wallet is unlocked for this PSBT, and locked again."));
            let next =
                passphrase::ask(ui, cx, text, t!("Sign it"), |secret| WalletCommand::SignPsbt(Some(secret)));
            match next {
                Next::Close => Next::Open(Dialog::Psbt(String::new())),
                other => other,
            }
        }
        Dialog::ResetSettings => {
            ui.label(t!(
                "All that was ever set here is as usual after the next start. The old file is kept."
            ));
            if ui.button(t!("Reset")).clicked() {
                cx.command(Command::ResetSettings);
                return Next::Close;
            }
            Next::Stay
        }
        Dialog::Export(path, contents) => {
            widgets::field(ui, t!("File"), path, None);
            ui.label(t!("It must not be there yet. Others than you cannot read it."));
            let ready = !path.trim().is_empty();
            if ui.add_enabled(ready, egui::Button::new(t!("Write"))).clicked() {
                if let Some(contents) = contents.take() {
                    cx.command(Command::Write { path: path.trim().to_owned(), contents });
                }
                return Next::Close;
            }
            Next::Stay
        }
        Dialog::Notices => {
            notices(ui, cx);
            Next::Stay
        }
    }
}

fn notices(ui: &mut Ui, cx: &Cx<'_>) {
    let mut none = true;
    for notice in cx.model.notices.iter() {
        none = false;
        let mut text = cx.told(&notice.text).into_owned();
        if let Some(amount) = notice.amount {
            text = format!("{text}: {}", cx.amount(amount));
        }
        if notice.times > 1 {
            text = t!("{text} ({times} times)", text, times = notice.times);
        }
        let text = match notice.level {
            Level::Information => text,
            Level::Warning => t!("Warning: {text}", text),
            Level::Error => t!("Error: {text}", text),
        };
        ui.add(egui::Label::new(text).wrap());
    }
    if none {
        ui.label(t!("Nothing has happened."));
    }
}
