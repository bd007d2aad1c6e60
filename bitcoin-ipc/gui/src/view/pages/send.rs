//! Paying: fill in, review, send.

use eframe::egui::{self, ComboBox, Ui};

use super::review;
use crate::engine::WalletCommand;
use crate::model::Lock;
use crate::model::bip21::PaymentUri;
use crate::model::draft::{Draft, FeeChoice, RecipientDraft, TARGETS};
use crate::model::review::SendState;
use crate::text::words::t;
use crate::view::dialogs::Dialog;
use crate::view::widgets::{self, field};
use crate::view::{Cx, State};

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    let Some(wallet) = cx.wallet() else { return };
    ui.heading(t!("Send"));
    match &wallet.send {
        SendState::Review(found) => return review::show(ui, cx, state, found, None),
        SendState::WrongPassphrase(found) => {
            return review::show(
                ui,
                cx,
                state,
                found,
                Some(t!("The passphrase is wrong. Nothing was sent.")),
            );
        }
        SendState::Sending(_) => {
            ui.label(t!("The payment is being signed and sent…"));
            return;
        }
        SendState::Unknown { txid, .. } => {
            ui.label(t!("The outcome is not known. It is looked up as soon as the wallet can be asked, and not repeated."));
            widgets::pair(ui, t!("Transaction"), &txid.to_string());
            return;
        }
        SendState::Sent { txid } => {
            ui.strong(t!("The payment is sent."));
            widgets::pair(ui, t!("Transaction"), &txid.to_string());
            ui.horizontal(|ui| {
                widgets::copy(ui, t!("Copy the transaction's id"), &txid.to_string());
                if ui.button(t!("Another payment")).clicked() {
                    cx.wallet_command(WalletCommand::Draft);
                }
            });
            return;
        }
        SendState::Failed { why, .. } => widgets::alert(ui, &cx.told(why)),
        SendState::Draft | SendState::Making => {}
    }
    let (making, no_keys) = (wallet.send == SendState::Making, wallet.lock() == Lock::NoKeys);
    if no_keys {
        ui.label(t!("This wallet has no private keys: it makes a PSBT, which others sign."));
    }
    match wallet.balances.value() {
        Some(balances) => _ = ui.label(t!("Available: {amount}", amount = cx.amount(balances.available))),
        None => _ = ui.label(t!("What is available is not known yet.")),
    }
    let unit = cx.prefs().unit;
    let of_wallet = state.of_wallet(cx);
    recipients(ui, cx, &mut of_wallet.draft, of_wallet.faults.as_ref());
    fee(ui, &mut of_wallet.draft, of_wallet.faults.as_ref().and_then(|faults| faults.rate.as_deref()));
    if !of_wallet.draft.coins.is_empty() {
        ui.horizontal(|ui| {
            ui.label(t!(
                "{count} coins are chosen; no others are spent.",
                count = of_wallet.draft.coins.len()
            ));
            if ui.button(t!("Choose automatically")).clicked() {
                of_wallet.draft.coins.clear();
            }
        });
    }
    ui.add_space(8.0);
    let mut open = None;
    ui.horizontal(|ui| {
        let can = cx.session.has_wallets() && wallet.here && !making;
        if ui.add_enabled(can, egui::Button::new(t!("Review"))).clicked() {
            let available = wallet.balances.value().map(|balances| balances.available);
            let coins = wallet.coins.value().map(|coins| coins.as_slice()).unwrap_or_default();
            match of_wallet.draft.payment(cx.session.network, unit, available, coins) {
                Ok(payment) => {
                    of_wallet.faults = None;
                    of_wallet.reviewed = None;
                    cx.wallet_command(WalletCommand::Make(payment));
                }
                Err(faults) => of_wallet.faults = Some(faults),
            }
        }
        if ui.button(t!("Clear")).clicked() {
            of_wallet.draft = Draft::default();
            of_wallet.faults = None;
            cx.wallet_command(WalletCommand::Draft);
        }
        if ui.button(t!("PSBT…")).clicked() {
            open = Some(Dialog::Psbt(String::new()));
        }
        if making {
            ui.label(t!("The wallet chooses coins…"));
        }
    });
    if open.is_some() {
        state.dialog = open;
    }
}

fn recipients(ui: &mut Ui, cx: &Cx<'_>, draft: &mut Draft, faults: Option<&crate::model::draft::Faults>) {
    let several = draft.recipients.len() > 1;
    let mut gone = None;
    for (index, recipient) in draft.recipients.iter_mut().enumerate() {
        let name = |what: &str| {
            if several { t!("{what}, recipient {index}", what, index = index + 1) } else { what.to_owned() }
        };
        let fault = faults.and_then(|faults| faults.recipients.get(index));
        let (wrong_address, wrong_amount) =
            fault.map_or((None, None), |(address, amount)| (address.as_deref(), amount.as_deref()));
        ui.push_id(index, |ui| {
            ui.group(|ui| {
                let changed = field(ui, &name(t!("Pay to")), &mut recipient.address, wrong_address).changed();
                if changed {
                    take_uri(cx, recipient);
                }
                book(ui, cx, &name(t!("Address book")), recipient);
                let unit = cx.prefs().unit.name();
                field(
                    ui,
                    &t!("{name} ({unit})", name = name(t!("Amount")), unit),
                    &mut recipient.amount,
                    wrong_amount,
                );
                field(ui, &name(t!("Label")), &mut recipient.label, None);
                ui.checkbox(&mut recipient.subtract_fee, name(t!("The recipient pays the fee")));
                if several && ui.button(name(t!("Remove"))).clicked() {
                    gone = Some(index);
                }
            });
        });
    }
    if let Some(index) = gone {
        draft.recipients.remove(index);
    }
    if ui.button(t!("Add a recipient")).clicked() {
        draft.recipients.push(RecipientDraft::default());
    }
}

/// A payment URI that is pasted where the address goes fills in all fields.
fn take_uri(cx: &Cx<'_>, recipient: &mut RecipientDraft) {
    if let Ok(uri) = PaymentUri::read(&recipient.address, cx.session.network) {
        *recipient = RecipientDraft::of(&uri, cx.prefs().unit);
    }
}

/// Whom the wallet knows.
fn book(ui: &mut Ui, cx: &Cx<'_>, name: &str, recipient: &mut RecipientDraft) {
    let Some(book) = cx.wallet().and_then(|wallet| wallet.book.value()) else { return };
    let mut others = book.iter().filter(|entry| !entry.mine && !entry.label.is_empty()).peekable();
    if others.peek().is_none() {
        return;
    }
    ComboBox::new(name, name).selected_text(t!("Choose…")).show_ui(ui, |ui| {
        for entry in others {
            if ui.selectable_label(false, crate::text::address::one_line(&entry.label)).clicked() {
                recipient.address = entry.address.clone();
                recipient.label = entry.label.clone();
            }
        }
    });
}

fn fee(ui: &mut Ui, draft: &mut Draft, fault: Option<&str>) {
    let text = |fee: FeeChoice| match fee {
        FeeChoice::Target(blocks) => t!("Within {blocks} blocks", blocks),
        FeeChoice::Rate => t!("A rate of my own").to_owned(),
    };
    ComboBox::new("Fee", t!("Fee")).selected_text(text(draft.fee)).show_ui(ui, |ui| {
        for choice in TARGETS.into_iter().map(FeeChoice::Target).chain([FeeChoice::Rate]) {
            ui.selectable_value(&mut draft.fee, choice, text(choice));
        }
    });
    if draft.fee == FeeChoice::Rate {
        field(ui, t!("Fee rate (sat/vB)"), &mut draft.rate, fault);
    }
}
