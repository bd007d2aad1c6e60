//! Wallets that are made, opened, closed and copied.

use bitcoin_ipc::types::Secret;
use eframe::egui::{Button, Ui};

use super::{Dialog, Next};
use crate::engine::{Command, WalletCommand};
use crate::model::{Lock, wallet};
use crate::text::words::t;
use crate::view::Cx;
use crate::view::widgets::secret::{self, SecretText};
use crate::view::widgets::{self, field};

/// Bits of Bitcoin Core's `WalletFlags`.
const DISABLE_PRIVATE_KEYS: u64 = 1 << 32;
const BLANK: u64 = 1 << 33;
const DESCRIPTORS: u64 = 1 << 34;

/// A wallet that is to be made.
#[derive(Default)]
pub(crate) struct Create {
    name: String,
    first: SecretText,
    second: SecretText,
    no_keys: bool,
    blank: bool,
}

/// Asks what kind of wallet it is to be.
pub(super) fn create(ui: &mut Ui, cx: &mut Cx<'_>, draft: &mut Create) -> Next {
    field(ui, t!("Wallet name"), &mut draft.name, None);
    ui.checkbox(&mut draft.no_keys, t!("Without private keys: it watches"));
    ui.checkbox(&mut draft.blank, t!("Blank: keys are imported later"));
    if draft.no_keys {
        draft.first.wipe();
        draft.second.wipe();
        ui.label(t!("A wallet without private keys needs no passphrase."));
    } else {
        secret::field(ui, t!("Wallet passphrase (may be left empty)"), &mut draft.first, None);
        let fault = (!draft.second.is_empty() && !draft.first.is_same(&draft.second))
            .then_some(t!("The two are not the same."));
        secret::field(ui, t!("Wallet passphrase again"), &mut draft.second, fault);
    }
    let same = draft.first.is_same(&draft.second);
    let ready = !draft.name.trim().is_empty() && same;
    if ui.add_enabled(ready, Button::new(t!("Create"))).clicked() {
        let flags = DESCRIPTORS
            | if draft.no_keys { DISABLE_PRIVATE_KEYS } else { 0 }
            | if draft.blank { BLANK } else { 0 };
        draft.second.wipe();
        let passphrase = if draft.first.is_empty() { Secret::default() } else { draft.first.take_secret() };
        cx.command(Command::CreateWallet { name: draft.name.trim().to_owned(), passphrase, flags });
        return Next::Close;
    }
    Next::Stay
}

/// Asks for a backup.
pub(super) fn restore(ui: &mut Ui, cx: &mut Cx<'_>, name: &mut String, file: &mut String) -> Next {
    field(ui, t!("Wallet name"), name, None);
    field(ui, t!("Backup file"), file, None);
    ui.label(t!("The file is one of the machine on which the wallet process runs."));
    let ready = !name.trim().is_empty() && !file.trim().is_empty();
    if ui.add_enabled(ready, Button::new(t!("Restore"))).clicked() {
        cx.command(Command::RestoreWallet { name: name.trim().to_owned(), file: file.trim().to_owned() });
        return Next::Close;
    }
    Next::Stay
}

/// Asks where the backup goes.
pub(super) fn backup(ui: &mut Ui, cx: &mut Cx<'_>, path: &mut String) -> Next {
    field(ui, t!("File or folder"), path, None);
    ui.label(t!("It is one of the machine on which the wallet process runs."));
    if ui.add_enabled(!path.trim().is_empty(), Button::new(t!("Make the backup"))).clicked() {
        cx.wallet_command(WalletCommand::Backup(path.trim().to_owned()));
        return Next::Open(Dialog::Wallets);
    }
    Next::Stay
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// It gets a wallet that watches.
    WatchOnly,
    /// It gets the labels.
    ExportLabels,
    /// It has labels.
    ImportLabels,
}

impl FileKind {
    const ALL: [FileKind; 3] = [FileKind::WatchOnly, FileKind::ExportLabels, FileKind::ImportLabels];

    /// What is done with it.
    pub(super) fn title(self) -> &'static str {
        match self {
            FileKind::WatchOnly => t!("Export what watches this wallet"),
            FileKind::ExportLabels => t!("Export labels (BIP 329)"),
            FileKind::ImportLabels => t!("Import labels (BIP 329)"),
        }
    }
}

/// Asks for a file.
pub(super) fn file(ui: &mut Ui, cx: &mut Cx<'_>, kind: FileKind, path: &mut String) -> Next {
    field(ui, t!("File"), path, None);
    ui.label(match kind {
        FileKind::WatchOnly => {
            t!("It is one of the machine on which the wallet process runs. It has no private keys.")
        }
        FileKind::ExportLabels => t!("It must not be there yet. Others than you cannot read it."),
        FileKind::ImportLabels => {
            t!("Labels of addresses are taken over, those of what else there is are counted.")
        }
    });
    if ui.add_enabled(!path.trim().is_empty(), Button::new(t!("Go on"))).clicked() {
        let path = path.trim().to_owned();
        cx.wallet_command(match kind {
            FileKind::WatchOnly => WalletCommand::ExportWatchOnly(path),
            FileKind::ExportLabels => WalletCommand::ExportLabels(path),
            FileKind::ImportLabels => WalletCommand::ImportLabels(path),
        });
        return Next::Open(Dialog::Wallets);
    }
    Next::Stay
}

/// All wallets, and what can be done with them.
pub(super) fn list(ui: &mut Ui, cx: &mut Cx<'_>) -> Next {
    let mut next = Next::Stay;
    ui.horizontal_wrapped(|ui| {
        if ui.button(t!("Create…")).clicked() {
            next = Next::Open(Dialog::create());
        }
        if ui.button(t!("Restore…")).clicked() {
            next = Next::Open(Dialog::Restore(String::new(), String::new()));
        }
    });
    if let Some(current) = cx.wallet() {
        let title = current.title();
        ui.add_space(6.0);
        ui.strong(t!("The wallet {title}", title));
        super::super::pages::outcome(ui, cx);
        ui.horizontal_wrapped(|ui| {
            match current.lock() {
                Lock::Open if ui.button(t!("Encrypt…")).clicked() => {
                    next = Next::Open(Dialog::Encrypt(SecretText::default(), SecretText::default()));
                }
                Lock::Locked | Lock::Unlocked if ui.button(t!("Change the passphrase…")).clicked() => {
                    let fields = (SecretText::default(), SecretText::default(), SecretText::default());
                    next = Next::Open(Dialog::ChangePassphrase(fields.0, fields.1, fields.2));
                }
                _ => {}
            }
            if ui.button(t!("Backup…")).clicked() {
                next = Next::Open(Dialog::Backup(String::new()));
            }
            for kind in FileKind::ALL {
                if ui.button(format!("{}…", kind.title())).clicked() {
                    next = Next::Open(Dialog::File(kind, String::new()));
                }
            }
            if ui.button(t!("Close {title}", title)).clicked() {
                cx.wallet_command(WalletCommand::Unload);
            }
            ui.add_enabled(false, Button::new(t!("Migrate")));
        });
        ui.label(t!(
            "Wallets of the old kind are migrated by Bitcoin Core; these wallets have descriptors already."
        ));
    }
    ui.add_space(6.0);
    ui.strong(t!("All wallets of the folder"));
    match cx.session.files.value() {
        None => _ = ui.label(t!("They are not known yet.")),
        Some(files) => {
            for file in files {
                ui.horizontal_wrapped(|ui| {
                    let title = wallet::title(&file.name);
                    if file.loaded {
                        widgets::pair(ui, &title, t!("open"));
                    } else {
                        ui.label(title.as_str());
                        if ui.button(t!("Open {title}", title)).clicked() {
                            cx.command(Command::LoadWallet(file.name.clone()));
                            next = Next::Close;
                        }
                    }
                });
            }
        }
    }
    next
}
