//! Passphrases.

use bitcoin_ipc::types::Secret;
use eframe::egui::{Button, Key, Ui};

use super::{Dialog, Next};
use crate::engine::WalletCommand;
use crate::text::words::t;
use crate::view::Cx;
use crate::view::widgets::secret::{self, SecretText};

/// Asks for the passphrase that something needs.
pub(super) fn ask(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    text: &mut SecretText,
    button: &str,
    command: impl FnOnce(Secret) -> WalletCommand,
) -> Next {
    let response = secret::field(ui, t!("Passphrase"), text, None);
    if text.is_empty() && ui.memory(|memory| memory.focused().is_none()) {
        response.request_focus();
    }
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let clicked = ui.add_enabled(!text.is_empty(), Button::new(button)).clicked();
    if (entered || clicked) && !text.is_empty() {
        cx.wallet_command(command(text.take_secret()));
        return Next::Close;
    }
    Next::Stay
}

/// The new passphrase, once it is the same twice.
fn twice(ui: &mut Ui, first: &mut SecretText, second: &mut SecretText) -> bool {
    secret::field(ui, t!("New passphrase"), first, None);
    let fault = (!second.is_empty() && !first.is_same(second)).then_some(t!("The two are not the same."));
    secret::field(ui, t!("New passphrase again"), second, fault);
    !first.is_empty() && first.is_same(second)
}

/// Asks for the passphrase of a wallet that has none.
pub(super) fn encrypt(ui: &mut Ui, cx: &mut Cx<'_>, first: &mut SecretText, second: &mut SecretText) -> Next {
    ui.label(
        t!("Without its passphrase nobody can spend what the wallet has. If you forget it, all is lost: there is no \
         other way in. Older backups stay without a passphrase."),
    );
    let ready = twice(ui, first, second);
    if ui.add_enabled(ready, Button::new(t!("Encrypt"))).clicked() {
        second.wipe();
        cx.wallet_command(WalletCommand::Encrypt(first.take_secret()));
        return Next::Open(Dialog::Wallets);
    }
    Next::Stay
}

/// Asks for the old passphrase and for the new one.
pub(super) fn change(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    old: &mut SecretText,
    first: &mut SecretText,
    second: &mut SecretText,
) -> Next {
    secret::field(ui, t!("Old passphrase"), old, None);
    let ready = twice(ui, first, second) && !old.is_empty();
    if ui.add_enabled(ready, Button::new(t!("Change"))).clicked() {
        second.wipe();
        cx.wallet_command(WalletCommand::ChangePassphrase(old.take_secret(), first.take_secret()));
        return Next::Open(Dialog::Wallets);
    }
    Next::Stay
}
