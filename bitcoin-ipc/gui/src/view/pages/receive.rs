//! Being paid.

use bitcoin_ipc::types::OutputType;
use eframe::egui::{self, ComboBox, Ui};

use crate::engine::WalletCommand;
use crate::model::bip21::PaymentUri;
use crate::model::requests::{Receiving, Request};
use crate::model::{Lock, Traits};
use crate::text::address::{self, one_line};
use crate::text::amount;
use crate::text::words::t;
use crate::view::state::RequestDraft;
use crate::view::widgets::{self, field, qr};
use crate::view::{Cx, State};

const KINDS: [(OutputType, &str); 4] = [
    (OutputType::Bech32m, "P2TR (bech32m)"),
    (OutputType::Bech32, "P2WPKH (bech32)"),
    (OutputType::P2shSegwit, "P2WPKH in P2SH"),
    (OutputType::Legacy, "P2PKH"),
];

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    let Some(wallet) = cx.wallet() else { return };
    ui.heading(t!("Receive"));
    let Some(traits) = wallet.traits else {
        ui.label(t!("What this wallet can do is not known yet."));
        return;
    };
    let receiving = wallet.receiving.clone();
    let unit = cx.prefs().unit;
    let draft = &mut state.of_wallet(cx).request;
    let shown = match &receiving {
        Receiving::None if !traits.gives_addresses => {
            ui.label(t!("This wallet gives no new addresses."));
            None
        }
        Receiving::None => {
            ui.label(t!("An address is being made…"));
            None
        }
        Receiving::Refused(why) => {
            widgets::alert(ui, why);
            None
        }
        Receiving::Address(address) => Some(address.clone()),
    };
    field(ui, t!("Label"), &mut draft.label, None);
    let parsed = if draft.amount.trim().is_empty() { Ok(0) } else { amount::parse(&draft.amount, unit) };
    let fault = parsed.as_ref().err().map(ToString::to_string);
    field(ui, &t!("Amount ({unit})", unit = unit.name()), &mut draft.amount, fault.as_deref());
    field(ui, t!("Message"), &mut draft.message, None);
    if let (Some(address), Ok(sat)) = (shown, parsed) {
        paid_to(ui, cx, draft, &address, sat);
    }
    another(ui, cx, traits);
    requests(ui, cx);
}

/// The address and its picture, and what keeps the request.
fn paid_to(ui: &mut Ui, cx: &mut Cx<'_>, draft: &mut RequestDraft, address: &str, sat: u64) {
    let uri = PaymentUri {
        address: address.to_owned(),
        amount: (sat > 0).then_some(sat),
        label: draft.label.clone(),
        message: draft.message.clone(),
    };
    qr::show(ui, &t!("QR code of {address}", address = uri.address), &uri.text_for_picture());
    let groups = address::in_groups(address);
    let label = ui.add(egui::Label::new(egui::RichText::new(groups).monospace()).wrap());
    ui.ctx().accesskit_node_builder(label.id, |node| node.set_value(t!("Address {address}", address)));
    ui.horizontal_wrapped(|ui| {
        widgets::copy(ui, t!("Copy address"), address);
        widgets::copy(ui, t!("Copy URI"), &uri.text());
        let can = cx.session.has_wallets();
        if ui.add_enabled(can, egui::Button::new(t!("Keep this request"))).clicked() {
            cx.wallet_command(WalletCommand::Keep(Request {
                id: 0,
                time: u32::try_from(cx.now()).unwrap_or_default(),
                address: address.to_owned(),
                label: draft.label.clone(),
                amount: sat,
                message: draft.message.clone(),
            }));
            *draft = RequestDraft::default();
        }
    });
}

/// Another address, of a kind that the wallet gives.
fn another(ui: &mut Ui, cx: &mut Cx<'_>, traits: Traits) {
    let can = traits.gives_addresses && cx.session.has_wallets();
    ui.horizontal_wrapped(|ui| {
        if ui.add_enabled(can, egui::Button::new(t!("New address"))).clicked() {
            cx.wallet_command(WalletCommand::NewAddress(traits.address_type));
        }
        let response = ui.add_enabled_ui(can, |ui| {
            ComboBox::new("Kind", t!("Kind of a new address")).selected_text(t!("Another kind…")).show_ui(
                ui,
                |ui| {
                    for (kind, name) in KINDS {
                        let gives = kind != OutputType::Bech32m || traits.taproot;
                        let text = if gives {
                            name.to_owned()
                        } else {
                            t!("{name}: this wallet has no such keys", name)
                        };
                        if ui.add_enabled(gives, egui::Button::selectable(false, text)).clicked() {
                            cx.wallet_command(WalletCommand::NewAddress(kind));
                        }
                    }
                },
            );
        });
        drop(response);
        if traits.lock == Lock::Locked {
            ui.label(t!("The wallet is locked; it gives the addresses that it has made before."));
        }
    });
}

fn requests(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.add_space(8.0);
    ui.strong(t!("Requests"));
    let requests = cx.wallet().and_then(|wallet| wallet.requests.value()).cloned();
    let Some(requests) = requests else {
        ui.label(t!("They are not known yet."));
        return;
    };
    if requests.is_empty() {
        ui.label(t!("There are none."));
    }
    widgets::some(ui, "requests", &requests, |ui, request| {
        ui.push_id(request.id, |ui| {
            ui.horizontal_wrapped(|ui| {
                let amount =
                    if request.amount == 0 { t!("any amount").to_owned() } else { cx.amount(request.amount) };
                let what = if request.label.is_empty() { &request.address } else { &request.label };
                let what = one_line(what);
                ui.label(format!("{}, {what}, {amount}", cx.date(i64::from(request.time))));
                let uri = PaymentUri {
                    address: request.address.clone(),
                    amount: (request.amount > 0).then_some(request.amount),
                    label: request.label.clone(),
                    message: request.message.clone(),
                };
                widgets::copy(ui, &t!("Copy URI of {what}", what), &uri.text());
                let can = cx.session.has_wallets();
                if ui.add_enabled(can, egui::Button::new(t!("Forget {what}", what))).clicked() {
                    cx.wallet_command(WalletCommand::Forget(request.clone()));
                }
            });
        });
    });
}
