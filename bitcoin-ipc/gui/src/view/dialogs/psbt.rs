//! Partially signed transactions.

use std::sync::Arc;

use data_encoding::BASE64;
use eframe::egui::{Button, Ui};

use super::{Dialog, Next};
use crate::engine::{Contents, WalletCommand};
use crate::model::Lock;
use crate::model::psbt::PsbtView;
use crate::text::words::t;
use crate::view::widgets::secret::SecretText;
use crate::view::widgets::{self, area};
use crate::view::{Cx, pages};

/// Reads one, and shows what it does and what can be done with it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, text: &mut String) -> Next {
    let Some(wallet) = cx.wallet() else { return Next::Close };
    pages::outcome(ui, cx);
    let known = wallet.psbt.clone();
    area(
        ui,
        if known.is_some() { t!("Another PSBT, or a file") } else { t!("PSBT in base64, or a file") },
        text,
    );
    // A file that is dropped on the window.
    let dropped = ui.input(|input| input.raw.dropped_files.first().map(|file| file.path().to_owned()));
    if let Some(path) = dropped {
        *text = path.display().to_string();
    }
    let can = cx.session.has_wallets() && !text.trim().is_empty();
    ui.horizontal_wrapped(|ui| {
        if ui.add_enabled(can, Button::new(t!("Read it"))).clicked() {
            cx.wallet_command(WalletCommand::ReadPsbt(std::mem::take(text)));
        }
        if known.is_some() && ui.add_enabled(can, Button::new(t!("Combine with it"))).clicked() {
            cx.wallet_command(WalletCommand::CombinePsbt(std::mem::take(text)));
        }
    });
    match known {
        Some(psbt) => content(ui, cx, &psbt),
        None => Next::Stay,
    }
}

fn content(ui: &mut Ui, cx: &mut Cx<'_>, psbt: &Arc<PsbtView>) -> Next {
    widgets::pair(ui, t!("Transaction"), &psbt.txid);
    widgets::pair(ui, t!("Version of the PSBT"), &psbt.version.to_string());
    for (index, output) in psbt.outputs.iter().enumerate() {
        let mine = if output.mine { t!(", this wallet's own") } else { "" };
        let place =
            if output.address.is_empty() { t!("a script without an address") } else { &output.address };
        widgets::pair(
            ui,
            &t!("Output {index}", index),
            &t!("{amount} to {place}{mine}", amount = cx.amount(output.amount), place, mine),
        );
    }
    for (index, input) in psbt.inputs.iter().enumerate() {
        let amount = input.amount.map_or(t!("an amount that is not told").to_owned(), |sat| cx.amount(sat));
        let state = match (input.complete, input.signatures) {
            (true, _) => t!("complete").to_owned(),
            (false, 0) => t!("not signed").to_owned(),
            (false, count) => t!("{count} signatures", count),
        };
        widgets::pair(ui, &t!("Input {index}", index), &format!("{amount}, {state}, {}", input.outpoint));
    }
    if cx.prefs().hide_amounts {
        ui.label(t!("Amounts are hidden."));
    }
    let fee = psbt.fee().map_or(t!("not known").to_owned(), |sat| cx.amount(sat));
    widgets::pair(ui, t!("Fee"), &fee);
    ui.strong(if psbt.is_complete() {
        t!("It is complete, and can be sent.")
    } else {
        t!("It is not complete.")
    });
    let mut next = Next::Stay;
    let can = cx.session.has_wallets();
    let lock = cx.wallet().map(|wallet| wallet.lock()).unwrap_or_default();
    ui.horizontal_wrapped(|ui| {
        let signs = can && !psbt.is_complete() && lock != Lock::NoKeys;
        if ui.add_enabled(signs, Button::new(t!("Sign the PSBT"))).clicked() {
            if lock == Lock::Locked {
                next = Next::Open(Dialog::PsbtLocked(SecretText::default()));
            } else {
                cx.wallet_command(WalletCommand::SignPsbt(None));
            }
        }
        if ui.add_enabled(can && psbt.is_complete(), Button::new(t!("Send its transaction"))).clicked() {
            cx.wallet_command(WalletCommand::SendPsbt);
        }
        widgets::copy(ui, t!("Copy the PSBT"), &BASE64.encode(&psbt.bytes));
        if ui.button(t!("Save the PSBT…")).clicked() {
            let bytes = psbt.bytes.clone();
            next = Next::Open(Dialog::export(Contents::new(move || bytes)));
        }
        if ui.button(t!("Forget the PSBT")).clicked() {
            cx.wallet_command(WalletCommand::ClosePsbt);
        }
    });
    next
}
