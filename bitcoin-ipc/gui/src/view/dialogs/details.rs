//! All about a transaction.

use eframe::egui::Ui;

use super::{Dialog, bump};
use crate::engine::WalletCommand;
use crate::model::Details;
use crate::model::review::Remedy;
use crate::text::words::{known, t};
use crate::view::{Cx, widgets};

/// Draws it; gives what is to be opened over it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, details: &Details) -> Option<Dialog> {
    if let Some(amount) = details.amount {
        widgets::pair(ui, t!("Amount"), &cx.signed(amount));
    }
    if let Some(fee) = details.fee {
        widgets::pair(ui, t!("Fee"), &cx.amount(fee));
    }
    for (name, value) in &details.fields {
        widgets::pair(ui, &known(name), &cx.veiled(value));
    }
    let mut open = None;
    ui.horizontal_wrapped(|ui| {
        widgets::copy(ui, t!("Copy the id"), &details.txid.to_string());
        widgets::copy(ui, t!("Copy the raw transaction"), &details.hex);
        for (remedy, can) in [
            (Remedy::Raise, details.can_bump),
            (Remedy::Cancel, details.can_bump),
            (Remedy::Child, details.can_have_child),
        ] {
            if can && ui.button(bump::button(remedy)).clicked() {
                // What came of the help for another one is over.
                cx.wallet_command(WalletCommand::CloseBump);
                open = Some(Dialog::Bump(bump::Draft::new(details.txid, remedy)));
            }
        }
        if details.can_abandon && ui.button(t!("Give it up…")).clicked() {
            open = Some(Dialog::Abandon(details.txid));
        }
    });
    open
}
