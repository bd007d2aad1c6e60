//! What there is.

use eframe::egui::{self, Ui};

use super::history;
use crate::engine::WalletCommand;
use crate::model::{Lock, Page};
use crate::text::words::t;
use crate::view::{Cx, State};

/// How many transactions are shown.
const LATEST: usize = 5;

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    let Some(wallet) = cx.wallet() else { return };
    ui.heading(t!("Overview of {title}", title = wallet.title()));
    if wallet.lock() == Lock::NoKeys {
        ui.label(t!("This wallet has no private keys: it watches, and makes unsigned transactions alone."));
    }
    match wallet.balances.value() {
        None => _ = ui.label(t!("The balances are not known yet.")),
        Some(balances) => {
            if !wallet.balances.is_fresh() {
                ui.label(t!("This may have changed since:"));
            }
            let lines = [
                (t!("Available"), balances.available),
                (t!("Pending"), balances.pending),
                (t!("Immature"), balances.immature),
                (t!("Total"), balances.total()),
            ];
            let lines = lines.map(|(name, sat)| (name, cx.amount(sat)));
            // Of one width, so that each figure is below its like.
            let width = lines.iter().map(|(_, text)| text.chars().count()).max().unwrap_or_default();
            egui::Grid::new("balances").num_columns(2).spacing([24.0, 6.0]).show(ui, |ui| {
                for (name, text) in lines {
                    ui.label(name);
                    let label = ui.label(egui::RichText::new(format!("{text:>width$}")).monospace().strong());
                    // Alone it would be a number without a name.
                    ui.ctx()
                        .accesskit_node_builder(label.id, |node| node.set_value(format!("{name} {text}")));
                    ui.end_row();
                }
            });
            if balances.unsent != 0 {
                ui.label(t!("In no block and no mempool: {amount}", amount = cx.signed(balances.unsent)));
            }
        }
    }
    ui.add_space(12.0);
    ui.strong(t!("Latest transactions"));
    let rows = wallet.history.rows.clone();
    if rows.is_empty() {
        let known = wallet.history.to_the_end;
        ui.label(if known { t!("There are none yet.") } else { t!("They are not known yet.") });
    }
    for (index, row) in rows.iter().take(LATEST).enumerate() {
        if history::row(ui, cx, row, index).clicked() {
            cx.wallet_command(WalletCommand::Details(row.txid));
        }
    }
    if rows.len() > LATEST && ui.button(t!("All transactions")).clicked() {
        state.page = Page::History;
    }
}
