//! The pages.
//!
//! In: a session, and which page is shown. Out: it.

pub(super) mod addresses;
pub(super) mod coins;
pub(super) mod console;
pub(super) mod export;
pub(super) mod fees;
pub(super) mod found;
pub(super) mod history;
pub(super) mod messages;
pub(super) mod node;
pub(super) mod overview;
pub(super) mod peers;
pub(super) mod processes;
pub(super) mod receive;
pub(super) mod review;
pub(super) mod send;
pub(super) mod settings;

use eframe::egui::Ui;
use eframe::egui::accesskit::Live;

use super::{Cx, State};
use crate::model::{Page, Wallets};
use crate::text::words::{t, tr};

/// Draws the page.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    if state.page.is_of_wallet() && cx.wallet().is_none() {
        no_wallet(ui, cx, state);
        return;
    }
    match state.page {
        Page::Overview => overview::show(ui, cx, state),
        Page::Send => send::show(ui, cx, state),
        Page::Receive => receive::show(ui, cx, state),
        Page::History => history::show(ui, cx, state),
        Page::Coins => coins::show(ui, cx, state),
        Page::Fees => fees::show(ui, cx),
        Page::Addresses => {
            addresses::show(ui, cx, state);
            ui.separator();
            messages::show(ui, cx, state);
        }
        Page::Node => node::show(ui, cx, state),
        Page::Settings => settings::show(ui, cx, state),
        Page::Processes => processes::show(ui, cx),
        Page::Peers => peers::show(ui, cx),
    }
}

fn no_wallet(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    ui.heading(tr(state.page.name()));
    if !cx.session.is_up() || cx.session.wallet_process == Wallets::Unknown {
        ui.label(t!("Wallets are shown as soon as the node is there."));
        return;
    }
    ui.label(t!("No wallet is loaded."));
    if cx.session.has_wallets() {
        ui.horizontal(|ui| {
            if ui.button(t!("Create a wallet…")).clicked() {
                state.dialog = Some(super::dialogs::Dialog::create());
            }
            if ui.button(t!("Open a wallet…")).clicked() {
                cx.command(crate::engine::Command::ListFiles);
                state.dialog = Some(super::dialogs::Dialog::Wallets);
            }
        });
    }
}

/// What came of the last thing that the user wanted of the wallet, as long as it is news.
pub(super) fn outcome(ui: &mut Ui, cx: &Cx<'_>) {
    let Some(outcome) = cx.wallet().and_then(|wallet| wallet.outcome.as_ref()) else { return };
    let label = match outcome {
        Ok(text) => ui.label(cx.told(text)),
        Err(text) => {
            let color = super::theme::fault(ui.visuals().dark_mode);
            ui.colored_label(color, cx.told(text))
        }
    };
    ui.ctx().accesskit_node_builder(label.id, |node| node.set_live(Live::Polite));
}
