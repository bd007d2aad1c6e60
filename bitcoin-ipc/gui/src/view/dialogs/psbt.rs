//! Partially signed transactions.

use std::sync::Arc;

use data_encoding::BASE64;
use eframe::egui::{Button, Ui};

use super::{Dialog, Next};
use crate::engine::WalletCommand;
use crate::model::Lock;
use crate::model::psbt::PsbtView;
use crate::view::widgets::secret::SecretText;
use crate::view::widgets::{self, area};
use crate::view::{Cx, pages};

/// Reads one, and shows what it does and what can be done with it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, text: &mut String) -> Next {
    let Some(wallet) = cx.wallet() else { return Next::Close };
    pages::outcome(ui, cx);
    let known = wallet.psbt.clone();
    area(ui, if known.is_some() { "Another PSBT, or a file" } else { "PSBT in base64, or a file" }, text);
    // A file that is dropped on the window.
    let dropped = ui.input(|input| input.raw.dropped_files.first().map(|file| file.path().to_owned()));
    if let Some(path) = dropped {
        *text = path.display().to_string();
    }
    let can = cx.session.has_wallets() && !text.trim().is_empty();
    ui.horizontal_wrapped(|ui| {
        if ui.add_enabled(can, Button::new("Read it")).clicked() {
            cx.wallet_command(WalletCommand::ReadPsbt(std::mem::take(text)));
        }
        if known.is_some() && ui.add_enabled(can, Button::new("Combine with it")).clicked() {
            cx.wallet_command(WalletCommand::CombinePsbt(std::mem::take(text)));
        }
    });
    match known {
        Some(psbt) => content(ui, cx, &psbt),
        None => Next::Stay,
    }
}

fn content(ui: &mut Ui, cx: &mut Cx<'_>, psbt: &Arc<PsbtView>) -> Next {
    widgets::pair(ui, "Transaction", &psbt.txid);
    widgets::pair(ui, "Version of the PSBT", &psbt.version.to_string());
    for (index, output) in psbt.outputs.iter().enumerate() {
        let mine = if output.mine { ", this wallet's own" } else { "" };
        let place = if output.address.is_empty() { "a script without an address" } else { &output.address };
        widgets::pair(
            ui,
            &format!("Output {index}"),
            &format!("{} to {place}{mine}", cx.bare(output.amount)),
        );
    }
    for (index, input) in psbt.inputs.iter().enumerate() {
        let amount = input.amount.map_or("an amount that is not told".to_owned(), |sat| cx.bare(sat));
        let state = match (input.complete, input.signatures) {
            (true, _) => "complete".to_owned(),
            (false, 0) => "not signed".to_owned(),
            (false, count) => format!("{count} signatures"),
        };
        widgets::pair(ui, &format!("Input {index}"), &format!("{amount}, {state}, {}", input.outpoint));
    }
    let fee = psbt.fee().map_or("not known".to_owned(), |sat| cx.bare(sat));
    widgets::pair(ui, "Fee", &fee);
    ui.strong(if psbt.is_complete() { "It is complete, and can be sent." } else { "It is not complete." });
    let mut next = Next::Stay;
    let can = cx.session.has_wallets();
    let lock = cx.wallet().map(|wallet| wallet.lock()).unwrap_or_default();
    ui.horizontal_wrapped(|ui| {
        let signs = can && !psbt.is_complete() && lock != Lock::NoKeys;
        if ui.add_enabled(signs, Button::new("Sign the PSBT")).clicked() {
            if lock == Lock::Locked {
                next = Next::Open(Dialog::PsbtLocked(SecretText::default()));
            } else {
                cx.wallet_command(WalletCommand::SignPsbt(None));
            }
        }
        if ui.add_enabled(can && psbt.is_complete(), Button::new("Send its transaction")).clicked() {
            cx.wallet_command(WalletCommand::SendPsbt);
        }
        widgets::copy(ui, "Copy the PSBT", &BASE64.encode(&psbt.bytes));
        if ui.button("Save the PSBT…").clicked() {
            next = Next::Open(Dialog::Export(String::new(), psbt.bytes.clone()));
        }
        if ui.button("Forget the PSBT").clicked() {
            cx.wallet_command(WalletCommand::ClosePsbt);
        }
    });
    next
}
