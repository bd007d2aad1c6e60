//! All about a transaction.

use eframe::egui::Ui;

use super::{Dialog, bump};
use crate::model::Details;
use crate::view::{Cx, widgets};

/// Draws it; gives what is to be opened over it.
pub(super) fn show(ui: &mut Ui, cx: &Cx<'_>, details: &Details) -> Option<Dialog> {
    if let Some(amount) = details.amount {
        widgets::pair(ui, "Amount", &cx.signed(amount));
    }
    if let Some(fee) = details.fee {
        widgets::pair(ui, "Fee", &cx.amount(fee));
    }
    for (name, value) in &details.fields {
        widgets::pair(ui, name, value);
    }
    let mut open = None;
    ui.horizontal_wrapped(|ui| {
        widgets::copy(ui, "Copy the id", &details.txid.to_string());
        widgets::copy(ui, "Copy the raw transaction", &details.hex);
        if details.can_bump && ui.button("Raise the fee…").clicked() {
            open = Some(Dialog::Bump(bump::Draft::new(details.txid)));
        }
        if details.can_abandon && ui.button("Give it up…").clicked() {
            open = Some(Dialog::Abandon(details.txid));
        }
    });
    open
}
