//! A payment before it is signed.
//!
//! In: the transaction that the wallet made. Out: what it does, and the one button that sends it. A key that was held
//! down before does not press it: it works after the review has been on the screen for a second.

use std::time::Duration;

use bitcoin::Txid;
use eframe::egui::{self, Ui};

use crate::engine::WalletCommand;
use crate::model::Lock;
use crate::model::draft::rate_text;
use crate::model::review::{Input, Output, Review};
use crate::text::address;
use crate::text::words::t;
use crate::view::dialogs::Dialog;
use crate::view::state::Reviewed;
use crate::view::widgets::diagram::{self, Kind};
use crate::view::widgets::secret::SecretText;
use crate::view::{Cx, State, widgets};

/// How long a review has to be on the screen, in seconds.
pub(super) const BEFORE_SEND: f64 = 1.0;

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State, review: &Review, fault: Option<&str>) {
    let of_wallet = state.of_wallet(cx);
    if let Some(fault) = fault {
        widgets::alert(ui, fault);
    }
    ui.strong(t!("Review this payment"));
    let txid = review.tx.compute_txid();
    let Some(ready) = looked_at(ui, cx, &mut of_wallet.reviewed, txid) else {
        if ui.button(t!("Back")).clicked() {
            cx.wallet_command(WalletCommand::Draft);
        }
        return;
    };
    picture(ui, cx, &review.inputs, &review.outputs, review.fee);
    outputs(ui, cx, &review.outputs);
    let rate = review.rate().map(|rate| t!(", about {rate}", rate = rate_text(rate))).unwrap_or_default();
    let part = review.fee_per_mille();
    let part = t!("{part} % of what is paid", part = format!("{}.{}", part / 10, part % 10));
    widgets::pair(ui, t!("Fee"), &format!("{}{rate}, {part}", cx.bare(review.fee)));
    widgets::pair(ui, t!("Together"), &cx.bare(review.paid().saturating_add(review.fee)));
    inputs(ui, cx, &review.inputs);
    for warning in &review.warnings {
        widgets::alert(ui, warning);
    }
    ui.add_space(8.0);
    let signs = cx.wallet().is_some_and(|wallet| wallet.here && wallet.lock() != Lock::NoKeys);
    let can = ready && cx.session.has_wallets() && signs;
    ui.horizontal(|ui| {
        if ui.add_enabled(can, egui::Button::new(t!("Send"))).clicked() {
            if cx.wallet().is_some_and(|wallet| wallet.lock() == Lock::Locked) {
                state.dialog = Some(Dialog::SendLocked(SecretText::default()));
            } else {
                cx.wallet_command(WalletCommand::Send(None));
            }
        }
        let can = cx.session.has_wallets();
        if ui.add_enabled(can, egui::Button::new(t!("As PSBT"))).clicked() {
            cx.wallet_command(WalletCommand::AsPsbt);
            cx.wallet_command(WalletCommand::Draft);
            state.dialog = Some(Dialog::Psbt(String::new()));
        }
        if ui.button(t!("Back")).clicked() {
            cx.wallet_command(WalletCommand::Draft);
        }
    });
}

/// Whether the transaction has been on the screen for long enough to be sent. Nothing where amounts are hidden, until
/// the user wants to see them.
pub(crate) fn looked_at(
    ui: &mut Ui,
    cx: &Cx<'_>,
    reviewed: &mut Option<Reviewed>,
    txid: Txid,
) -> Option<bool> {
    let time = ui.input(|input| input.time);
    let reviewed = match reviewed {
        Some(reviewed) if reviewed.txid == txid => reviewed,
        other => other.insert(Reviewed { txid, since: time, revealed: false }),
    };
    if cx.prefs().hide_amounts && !reviewed.revealed {
        ui.label(t!("Amounts are hidden."));
        if ui.button(t!("Show the amounts of this payment")).clicked() {
            reviewed.revealed = true;
            reviewed.since = time;
        }
        return None;
    }
    let rest = BEFORE_SEND - (time - reviewed.since);
    if rest > 0.0 {
        // Once, when it can be pressed.
        ui.ctx().request_repaint_after(Duration::from_secs_f64(rest));
    }
    Some(rest <= 0.0)
}

/// Draws what is spent and what is paid.
pub(crate) fn picture(ui: &mut Ui, cx: &Cx<'_>, inputs: &[Input], outputs: &[Output], fee: u64) {
    let amounts: Vec<u64> = inputs.iter().map(|input| input.amount).collect();
    let kind = |output: &Output| if output.change { Kind::Change } else { Kind::Payment };
    let mut parts: Vec<(Kind, u64)> = outputs.iter().map(|output| (kind(output), output.amount)).collect();
    parts.push((Kind::Fee, fee));
    let total = amounts.iter().fold(0_u64, |sum, amount| sum.saturating_add(*amount));
    let name = t!(
        "Picture of the transaction: {inputs} inputs of {total}, {outputs} outputs, fee {fee}",
        inputs = amounts.len(),
        total = cx.bare(total),
        outputs = outputs.len(),
        fee = cx.bare(fee)
    );
    diagram::show(ui, &name, &amounts, &parts);
}

/// Says what is paid to whom.
pub(crate) fn outputs(ui: &mut Ui, cx: &Cx<'_>, outputs: &[Output]) {
    for output in outputs {
        ui.group(|ui| {
            let amount = cx.bare(output.amount);
            if output.change {
                ui.label(t!("Change: {amount}", amount));
            } else if output.label.is_empty() {
                ui.label(t!("Pays {amount}", amount));
            } else {
                ui.label(t!("Pays {amount} to {whom}", amount, whom = address::one_line(&output.label)));
            }
            let groups = address::in_groups(&output.address);
            ui.add(egui::Label::new(egui::RichText::new(groups).monospace()).wrap());
        });
    }
}

/// Says what is spent.
pub(crate) fn inputs(ui: &mut Ui, cx: &Cx<'_>, inputs: &[Input]) {
    ui.label(t!("Coins that are spent: {count}", count = inputs.len()));
    for input in inputs {
        let depth = match input.depth {
            depth if depth < 1 => t!("in no block yet").to_owned(),
            1 => t!("1 confirmation").to_owned(),
            depth => t!("{count} confirmations", count = depth),
        };
        let place = if input.address.is_empty() { input.outpoint.to_string() } else { input.address.clone() };
        ui.add(egui::Label::new(format!("{}, {depth}, {place}", cx.bare(input.amount))).wrap());
    }
}
