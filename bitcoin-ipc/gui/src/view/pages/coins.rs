//! What can be spent.

use bitcoin::OutPoint;
use eframe::egui::{self, Color32, Sense, Ui};

use crate::engine::WalletCommand;
use crate::model::Page;
use crate::model::coins::Coin;
use crate::text::address::one_line;
use crate::text::words::t;
use crate::view::widgets::{self, ROW};
use crate::view::{Cx, State};

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    let Some(wallet) = cx.wallet() else { return };
    ui.heading(t!("Coins"));
    let Some(coins) = wallet.coins.value().cloned() else {
        ui.label(t!("They are not known yet."));
        return;
    };
    if coins.is_empty() {
        ui.label(t!("There are none."));
        return;
    }
    if !wallet.coins.is_fresh() {
        ui.label(t!("This may have changed since."));
    }
    let chosen = &mut state.of_wallet(cx).draft.coins;
    chosen.retain(|chosen| coins.iter().any(|coin| coin.outpoint == *chosen && !coin.frozen));
    let sum: u64 = coins.iter().filter(|coin| chosen.contains(&coin.outpoint)).map(|coin| coin.amount).sum();
    ui.label(t!(
        "{count} coins; {chosen} chosen: {sum}",
        count = coins.len(),
        chosen = chosen.len(),
        sum = cx.amount(sum)
    ));
    map(ui, cx, &coins, chosen);
    let pay = ui.add_enabled(!chosen.is_empty(), egui::Button::new(t!("Send these coins"))).clicked();
    widgets::some(ui, "coins", &coins, |ui, coin| {
        ui.push_id(coin.outpoint, |ui| row(ui, cx, coin, chosen));
    });
    if pay {
        state.page = Page::Send;
    }
}

/// A coin, which can be chosen and frozen.
fn row(ui: &mut Ui, cx: &mut Cx<'_>, coin: &Coin, chosen: &mut Vec<OutPoint>) {
    let can = cx.session.has_wallets();
    ui.horizontal_wrapped(|ui| {
        ui.set_min_height(ROW);
        let name = name(cx, coin);
        let mut on = chosen.contains(&coin.outpoint);
        if ui.add_enabled(!coin.frozen, egui::Checkbox::new(&mut on, name.as_str())).changed() {
            toggle(chosen, coin.outpoint);
        }
        let (text, freeze) = if coin.frozen { (t!("Unfreeze"), false) } else { (t!("Freeze"), true) };
        let button = ui.add_enabled(can, egui::Button::new(text).small());
        let button = button.accessible_name(format!("{text} {name}"));
        if button.clicked() {
            cx.wallet_command(WalletCommand::Freeze(coin.outpoint, freeze));
        }
    });
}

/// All that is said of a coin.
fn name(cx: &Cx<'_>, coin: &Coin) -> String {
    let what = if coin.label.is_empty() { &coin.address } else { &coin.label };
    let depth = match coin.depth {
        depth if depth < 1 => t!("in no block yet").to_owned(),
        1 => t!("1 confirmation").to_owned(),
        depth => t!("{count} confirmations", count = depth),
    };
    let frozen = if coin.frozen { t!(", frozen") } else { "" };
    format!("{}, {}, {depth}, {}{frozen}", cx.amount(coin.amount), one_line(what), cx.date(coin.time))
}

fn toggle(chosen: &mut Vec<OutPoint>, coin: OutPoint) {
    match chosen.iter().position(|other| *other == coin) {
        Some(place) => _ = chosen.remove(place),
        None => chosen.push(coin),
    }
}

/// How many coins have a place of their own in the picture.
const MOST: usize = 200;

/// A picture of the coins: the wider, the more. Each can be chosen.
fn map(ui: &mut Ui, cx: &Cx<'_>, coins: &[Coin], chosen: &mut Vec<OutPoint>) {
    let shown = &coins[..coins.len().min(MOST)];
    let total: f64 = shown.iter().map(|coin| (coin.amount as f64).sqrt().max(1.0)).sum();
    let width = ui.available_width().min(900.0);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(2.0, 2.0);
        for coin in shown {
            let part = (coin.amount as f64).sqrt().max(1.0) / total;
            let size = egui::vec2(((width * part as f32) - 2.0).max(6.0), 36.0);
            let (rect, response) = ui.allocate_exact_size(size, Sense::click());
            let on = chosen.contains(&coin.outpoint);
            let name = t!("Coin of {name}", name = name(cx, coin));
            response.widget_info(|| {
                egui::WidgetInfo::selected(egui::Role::CheckBox, !coin.frozen, on, name.as_str())
            });
            if response.clicked() && !coin.frozen {
                toggle(chosen, coin.outpoint);
            }
            let dark = ui.visuals().dark_mode;
            let color = match (on, coin.frozen, dark) {
                (true, ..) => Color32::from_rgb(30, 120, 220),
                (false, true, _) => Color32::from_gray(128),
                (false, false, true) => Color32::from_rgb(60, 100, 90),
                (false, false, false) => Color32::from_rgb(150, 200, 185),
            };
            ui.painter().rect_filled(rect, 3.0, color);
            if response.has_focus() {
                let stroke = egui::Stroke::new(2.0, ui.visuals().text_color());
                ui.painter().rect_stroke(rect, 3.0, stroke, egui::StrokeKind::Inside);
            }
            response.on_hover_text(name);
        }
    });
    if coins.len() > MOST {
        ui.label(t!("The picture has the {count} largest ones.", count = MOST));
    }
}
