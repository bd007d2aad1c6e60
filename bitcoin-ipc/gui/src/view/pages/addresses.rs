//! Whom one knows.

use eframe::egui::{self, Ui};

use crate::engine::WalletCommand;
use crate::model::book::Entry;
use crate::text::address::{self, one_line};
use crate::text::words::t;
use crate::view::widgets::{self, field};
use crate::view::{Cx, State};

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    let Some(wallet) = cx.wallet() else { return };
    ui.heading(t!("Addresses"));
    let book = wallet.book.value().cloned();
    let can = cx.session.has_wallets();
    let of_wallet = state.of_wallet(cx);
    ui.strong(t!("Add somebody"));
    let (address, label) = &mut of_wallet.contact;
    let wrong =
        if address.trim().is_empty() { None } else { address::parse(address, cx.session.network).err() };
    field(ui, t!("Address"), address, wrong.as_deref());
    field(ui, t!("Name"), label, None);
    let ready = can && wrong.is_none() && !address.trim().is_empty() && !label.trim().is_empty();
    if ui.add_enabled(ready, egui::Button::new(t!("Add"))).clicked() {
        let (address, label) = std::mem::take(&mut of_wallet.contact);
        cx.wallet_command(WalletCommand::Label { address, label: label.trim().to_owned(), mine: false });
    }
    let Some(book) = book else {
        ui.label(t!("The address book is not known yet."));
        return;
    };
    for (title, mine) in [(t!("Others"), false), (t!("This wallet's own"), true)] {
        ui.add_space(8.0);
        ui.strong(title);
        let entries: Vec<&Entry> = book.iter().filter(|entry| entry.mine == mine).collect();
        widgets::some(ui, title, &entries, |ui, entry| {
            ui.push_id(&entry.address, |ui| {
                ui.horizontal_wrapped(|ui| {
                    let label = one_line(&entry.label);
                    let editing =
                        of_wallet.label.as_ref().is_some_and(|(address, _)| *address == entry.address);
                    ui.add(egui::Label::new(egui::RichText::new(&entry.address).monospace()).wrap());
                    if let Some((_, text)) = of_wallet.label.as_mut().filter(|_| editing) {
                        let response = ui.add(egui::TextEdit::singleline(text).desired_width(200.0));
                        response.accessible_name(t!("Label of {address}", address = entry.address));
                        let (keep, stop) =
                            (ui.button(t!("Keep")).clicked(), ui.button(t!("Cancel")).clicked());
                        if keep {
                            let (address, label) = (entry.address.clone(), text.trim().to_owned());
                            cx.wallet_command(WalletCommand::Label { address, label, mine });
                        }
                        if keep || stop {
                            of_wallet.label = None;
                        }
                    } else {
                        ui.label(label);
                        widgets::copy(ui, &t!("Copy {address}", address = entry.address), &entry.address);
                        let edit = ui.add_enabled(
                            can,
                            egui::Button::new(t!("Label {address}", address = entry.address)),
                        );
                        if edit.clicked() {
                            of_wallet.label = Some((entry.address.clone(), entry.label.clone()));
                        }
                        let delete = t!("Forget {address}", address = entry.address);
                        if !mine && ui.add_enabled(can, egui::Button::new(delete)).clicked() {
                            cx.wallet_command(WalletCommand::DeleteAddress(entry.address.clone()));
                        }
                    }
                });
            });
        });
        if entries.is_empty() {
            ui.label(t!("There are none."));
        }
    }
}
