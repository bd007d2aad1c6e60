//! What there is.

use eframe::egui::{self, Ui};

use super::history;
use crate::engine::WalletCommand;
use crate::model::{Lock, Page};
use crate::view::{Cx, State};

/// How many transactions are shown.
const LATEST: usize = 5;

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    let Some(wallet) = cx.wallet() else { return };
    ui.heading(format!("Overview of {}", wallet.title()));
    if wallet.lock() == Lock::NoKeys {
        ui.label("This wallet has no private keys: it watches, and makes unsigned transactions alone.");
    }
    match wallet.balances.value() {
        None => _ = ui.label("The balances are not known yet."),
        Some(balances) => {
            if !wallet.balances.is_fresh() {
                ui.label("This may have changed since:");
            }
            let lines = [
                ("Available", balances.available),
                ("Pending", balances.pending),
                ("Immature", balances.immature),
                ("Total", balances.total()),
            ];
            egui::Grid::new("balances").num_columns(2).spacing([24.0, 6.0]).show(ui, |ui| {
                for (name, sat) in lines {
                    ui.label(name);
                    let text = cx.amount(sat);
                    let label = ui.label(egui::RichText::new(&text).monospace().strong());
                    // Alone it would be a number without a name.
                    ui.ctx()
                        .accesskit_node_builder(label.id, |node| node.set_value(format!("{name} {text}")));
                    ui.end_row();
                }
            });
            if balances.unsent != 0 {
                ui.label(format!("In no block and no mempool: {}", cx.signed(balances.unsent)));
            }
        }
    }
    ui.add_space(12.0);
    ui.strong("Latest transactions");
    let rows = wallet.history.rows.clone();
    if rows.is_empty() {
        let known = wallet.history.to_the_end;
        ui.label(if known { "There are none yet." } else { "They are not known yet." });
    }
    for (index, row) in rows.iter().take(LATEST).enumerate() {
        if history::row(ui, cx, row, index).clicked() {
            cx.wallet_command(WalletCommand::Details(row.txid));
        }
    }
    if rows.len() > LATEST && ui.button("All transactions").clicked() {
        state.page = Page::History;
    }
}
