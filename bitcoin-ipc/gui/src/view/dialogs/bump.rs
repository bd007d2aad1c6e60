//! A higher fee.

use bitcoin::Txid;
use eframe::egui::{Button, Ui};

use super::{Dialog, Next};
use crate::engine::WalletCommand;
use crate::model::Lock;
use crate::model::draft::{Fee, parse_rate};
use crate::model::review::Bump;
use crate::view::Cx;
use crate::view::widgets::secret::SecretText;
use crate::view::widgets::{self, field};

/// A higher fee that is being written.
pub(crate) struct Draft {
    txid: Txid,
    rate: String,
    fault: Option<String>,
}

impl Draft {
    /// For a transaction.
    pub(super) fn new(txid: Txid) -> Draft {
        Draft { txid, rate: String::new(), fault: None }
    }

    /// Which transaction that is.
    pub(super) fn txid(&self) -> Txid {
        self.txid
    }
}

/// Asks for the rate, shows the replacement and sends it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, draft: &mut Draft) -> Next {
    let Some(wallet) = cx.wallet() else { return Next::Close };
    widgets::pair(ui, "Transaction", &draft.txid.to_string());
    match &wallet.bump {
        Bump::Review(replacement) if replacement.txid == draft.txid => {
            widgets::pair(ui, "Fee now", &cx.bare(replacement.old_fee));
            widgets::pair(ui, "New fee", &cx.bare(replacement.new_fee));
            let can = cx.session.has_wallets();
            if ui.add_enabled(can, Button::new("Send the replacement")).clicked() {
                if wallet.lock() == Lock::Locked {
                    return Next::Open(Dialog::BumpLocked(SecretText::default()));
                }
                cx.wallet_command(WalletCommand::SendBump(None));
            }
            return Next::Stay;
        }
        Bump::Making(_) => _ = ui.label("The wallet makes the replacement…"),
        Bump::Sending(_) => _ = ui.label("The replacement is being signed and sent…"),
        Bump::Sent { txid } => {
            ui.strong("The replacement is sent.");
            widgets::pair(ui, "New transaction", &txid.to_string());
            return Next::Stay;
        }
        Bump::Unknown { .. } => {
            ui.label("The outcome is not known. It is looked up, not repeated.");
            return Next::Stay;
        }
        Bump::Failed { txid, why } if *txid == draft.txid => widgets::alert(ui, why),
        _ => {}
    }
    field(ui, "New fee rate (sat/vB)", &mut draft.rate, draft.fault.as_deref());
    if ui.button("Make the replacement").clicked() {
        match parse_rate(&draft.rate) {
            Ok(rate) => {
                draft.fault = None;
                cx.wallet_command(WalletCommand::Bump(draft.txid, Fee::Rate(rate)));
            }
            Err(fault) => draft.fault = Some(fault),
        }
    }
    Next::Stay
}
