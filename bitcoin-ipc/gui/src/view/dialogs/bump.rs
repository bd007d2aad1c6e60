//! Help for a transaction that waits.

use bitcoin::Txid;
use eframe::egui::{Button, Ui};

use super::{Dialog, Next};
use crate::engine::WalletCommand;
use crate::model::Lock;
use crate::model::draft::{parse_rate, rate_text};
use crate::model::review::{Bump, Prepared, Remedy};
use crate::text::words::t;
use crate::view::Cx;
use crate::view::pages::review;
use crate::view::state::Reviewed;
use crate::view::widgets::secret::SecretText;
use crate::view::widgets::{self, field};

/// Help that is being written.
#[derive(Clone)]
pub(crate) struct Draft {
    txid: Txid,
    remedy: Remedy,
    rate: String,
    fault: Option<String>,
    reviewed: Option<Reviewed>,
}

/// What is said of one kind of help.
struct Words {
    title: &'static str,
    open: &'static str,
    about: &'static str,
    field: &'static str,
    make: &'static str,
    send: &'static str,
    sent: &'static str,
}

fn words(remedy: Remedy) -> Words {
    match remedy {
        Remedy::Raise => Words {
            title: t!("Raise the fee"),
            open: t!("Raise the fee…"),
            about: t!("A transaction that pays the same with a higher fee takes its place."),
            field: t!("New fee rate (sat/vB)"),
            make: t!("Make the replacement"),
            send: t!("Send the replacement"),
            sent: t!("The replacement is sent."),
        },
        Remedy::Cancel => Words {
            title: t!("Take a payment back"),
            open: t!("Take it back…"),
            about: t!(
                "A transaction that pays all of it back to this wallet, with a higher fee, takes its place. Until a block has one of the two, it may be either."
            ),
            field: t!("New fee rate (sat/vB)"),
            make: t!("Make the cancellation"),
            send: t!("Send the cancellation"),
            sent: t!("The cancellation is sent."),
        },
        Remedy::Child => Words {
            title: t!("Pay for a transaction that waits"),
            open: t!("Pay for it…"),
            about: t!(
                "What it pays this wallet is sent to this wallet again, with a fee that is worth a miner's while for both (CPFP)."
            ),
            field: t!("Fee rate of both together (sat/vB)"),
            make: t!("Make the child"),
            send: t!("Send the child"),
            sent: t!("The child is sent."),
        },
    }
}

/// The button that begins it.
pub(super) fn button(remedy: Remedy) -> &'static str {
    words(remedy).open
}

impl Draft {
    /// For a transaction.
    pub(super) fn new(txid: Txid, remedy: Remedy) -> Draft {
        Draft { txid, remedy, rate: String::new(), fault: None, reviewed: None }
    }

    /// Which transaction that is.
    pub(super) fn txid(&self) -> Txid {
        self.txid
    }

    /// What it is about.
    pub(super) fn title(&self) -> &'static str {
        words(self.remedy).title
    }
}

/// Asks for the rate, shows what was made and sends it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, draft: &mut Draft) -> Next {
    let Some(wallet) = cx.wallet() else { return Next::Close };
    let words = words(draft.remedy);
    widgets::pair(ui, t!("Transaction"), &draft.txid.to_string());
    match &wallet.bump {
        Bump::Review(prepared) if prepared.txid == draft.txid && prepared.remedy == draft.remedy => {
            return look(ui, cx, draft, prepared, words.send);
        }
        Bump::WrongPassphrase(prepared) if prepared.txid == draft.txid && prepared.remedy == draft.remedy => {
            widgets::alert(ui, t!("The passphrase is wrong. Nothing was sent."));
            return look(ui, cx, draft, prepared, words.send);
        }
        Bump::Making(_) => _ = ui.label(t!("The wallet makes a transaction…")),
        Bump::Sending(_) => _ = ui.label(t!("It is being signed and sent…")),
        Bump::Sent { txid } => {
            ui.strong(words.sent);
            widgets::pair(ui, t!("New transaction"), &txid.to_string());
            return Next::Stay;
        }
        Bump::Unknown { .. } => {
            ui.label(t!("The outcome is not known. It is looked up, not repeated."));
            return Next::Stay;
        }
        Bump::Failed { txid, why } if *txid == draft.txid => widgets::alert(ui, &cx.told(why)),
        _ => {}
    }
    ui.label(words.about);
    field(ui, words.field, &mut draft.rate, draft.fault.as_deref());
    let can = cx.session.has_wallets();
    if ui.add_enabled(can, Button::new(words.make)).clicked() {
        match parse_rate(&draft.rate) {
            Ok(rate) => {
                draft.fault = None;
                cx.wallet_command(WalletCommand::Bump(draft.txid, draft.remedy, rate));
            }
            Err(fault) => draft.fault = Some(fault),
        }
    }
    Next::Stay
}

/// What was made, and the one button that sends it.
fn look(ui: &mut Ui, cx: &mut Cx<'_>, draft: &mut Draft, prepared: &Prepared, send: &str) -> Next {
    let txid = prepared.tx.compute_txid();
    let Some(ready) = review::looked_at(ui, cx, &mut draft.reviewed, txid) else { return Next::Stay };
    review::picture(ui, cx, &prepared.inputs, &prepared.outputs, prepared.fee);
    review::outputs(ui, cx, &prepared.outputs);
    let child = prepared.remedy == Remedy::Child;
    widgets::pair(
        ui,
        if child { t!("Fee of what waits") } else { t!("Fee now") },
        &cx.bare(prepared.old_fee),
    );
    widgets::pair(ui, if child { t!("Fee of the child") } else { t!("New fee") }, &cx.bare(prepared.fee));
    if let Some(rate) = prepared.rate() {
        let name = if child { t!("Rate of all together, about") } else { t!("New rate, about") };
        widgets::pair(ui, name, &rate_text(rate));
    }
    review::inputs(ui, cx, &prepared.inputs);
    let (lock, here) = cx.wallet().map(|wallet| (wallet.lock(), wallet.here)).unwrap_or_default();
    let can = ready && here && cx.session.has_wallets() && lock != Lock::NoKeys;
    if ui.add_enabled(can, Button::new(send)).clicked() {
        if lock == Lock::Locked {
            return Next::Open(Dialog::BumpLocked(SecretText::default(), draft.clone()));
        }
        cx.wallet_command(WalletCommand::SendBump(None));
    }
    Next::Stay
}
