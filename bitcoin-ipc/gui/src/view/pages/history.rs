//! What was paid.
//!
//! In: rows, of which some are known. Out: those in sight; the next ones are asked for before they are needed.

use eframe::egui::{Key, Modifiers, Response, ScrollArea, TextEdit, Ui};

use super::export::Table;
use super::found::Found;
use crate::engine::{Contents, WalletCommand};
use crate::model::Wallet;
use crate::model::history::{FAR, PAGE};
use crate::model::row::{Row, Status};
use crate::model::session::confirmations;
use crate::text::address::one_line;
use crate::text::amount;
use crate::text::words::{spoken, t, tr};
use crate::view::dialogs::Dialog;
use crate::view::widgets::{self, Cell, ROW};
use crate::view::{Cx, State};

/// So many rows before the end of what is known the next ones are asked for.
const AHEAD: usize = 100;

/// How far a transaction is, in words, when this is the height of the highest block.
pub(super) fn status(row: &Row, tip: Option<i32>) -> String {
    match row.status {
        Status::Confirmed { height } => match confirmations(Some(height), tip) {
            1 => t!("1 confirmation").to_owned(),
            count => t!("{count} confirmations", count = amount::grouped(u64::from(count.unsigned_abs()))),
        },
        Status::Unconfirmed => t!("Unconfirmed").to_owned(),
        Status::Conflicted => t!("Conflicts with a block").to_owned(),
        Status::Abandoned => t!("Given up").to_owned(),
        Status::Replaced => t!("Replaced").to_owned(),
    }
}

/// Whom it is about: a label, or an address.
fn whom(row: &Row) -> String {
    one_line(if row.label.is_empty() { &row.address } else { &row.label })
}

/// What part of the width date, kind, label, status and amount have. Where there is little room some have none: the sign
/// of an amount tells most of its kind, and all is in the name of a row.
fn parts(ui: &Ui) -> [f32; 5] {
    match ui.available_width() {
        width if width < 420.0 => [0.0, 0.0, 0.19, 0.39, 0.42],
        width if width < 700.0 => [0.26, 0.0, 0.19, 0.25, 0.30],
        _ => [0.17, 0.14, 0.27, 0.18, 0.24],
    }
}

/// One row, with all that it says in its name.
pub(super) fn row(ui: &mut Ui, cx: &Cx<'_>, row: &Row, index: usize) -> Response {
    let (amount, whom) = (cx.signed(row.amount), whom(row));
    let status = status(row, cx.session.chain.height);
    let date = cx.date(row.time);
    let word = tr(row.category.word());
    let name = if whom.is_empty() {
        format!("{word} {amount}, {status}, {date}")
    } else {
        format!("{word} {amount}, {whom}, {status}, {date}")
    };
    let parts = parts(ui);
    let cell = |place: usize, text, right| Cell { part: parts[place], text, right };
    let cells = [
        cell(0, date.as_str(), false),
        cell(1, word, false),
        cell(2, whom.as_str(), false),
        cell(3, status.as_str(), false),
        cell(4, amount.as_str(), true),
    ];
    widgets::row(ui, &name, index, &cells)
}

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    let Some(wallet) = cx.wallet() else { return };
    let history = wallet.history.clone();
    // What lies over the page has the keys.
    let alone = state.dialog.is_none() && wallet.details.is_none();
    let of_wallet = state.of_wallet(cx);
    let mut found = std::mem::take(&mut of_wallet.found);
    let mut going = of_wallet.going;
    let offset = of_wallet.offset;
    ui.heading(t!("History"));
    ui.horizontal_wrapped(|ui| {
        let label = ui.label(t!("Search"));
        ui.add(TextEdit::singleline(&mut of_wallet.search).desired_width(240.0)).labelled_by(label.id);
        let stops = alone && (going || !of_wallet.search.is_empty());
        let stop = stops && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
        if stop && !std::mem::take(&mut going) {
            of_wallet.search.clear();
        }
        ui.label(known_so_far(wallet));
    });
    let search = of_wallet.search.trim().to_owned();
    let searching = !search.is_empty();
    if searching {
        found.search(&search, &history.rows);
        if !found.is_whole() {
            ui.ctx().request_repaint();
        }
    } else {
        found = Found::default();
    }
    let whole = history.to_the_end && (!searching || found.is_whole());
    if !whole {
        if searching {
            ui.label(searched_so_far(wallet, found.searched()));
        } else if going {
            ui.label(t!("On the way to the oldest ones. Escape stops."));
        }
    }
    let places = searching.then(|| found.places());
    if !history.rows.is_empty() && ui.button(t!("Export…")).clicked() {
        let (rows, places) = (history.rows.clone(), places.map(<[usize]>::to_vec));
        let table = Table { rows, places, tip: cx.session.chain.height, zone: cx.zone(), language: spoken() };
        state.dialog = Some(Dialog::export(Contents::new(move || table.csv())));
    }
    let parts = parts(ui);
    let cell = |place: usize, text, right| Cell { part: parts[place], text, right };
    let cells = [
        cell(0, t!("Date"), false),
        cell(1, t!("Kind"), false),
        cell(2, t!("Label or address"), false),
        cell(3, t!("Status"), false),
        cell(4, t!("Amount"), true),
    ];
    widgets::head(ui, &cells);
    let count = places.map_or(history.rows.len(), <[usize]>::len);
    if count == 0 {
        ui.label(match (whole, searching) {
            (true, true) => t!("Nothing was found."),
            (true, false) => t!("There are no transactions yet."),
            (false, _) => t!("They are not known yet."),
        });
    }
    let height = ui.available_height();
    let spacing = ui.spacing().item_spacing.y;
    let end = ((ROW + spacing) * count as f32 - spacing - height).max(0.0);
    let step = (height - ROW).max(ROW);
    let mut jump = None;
    if alone && !ui.ctx().text_edit_focused() {
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::End) {
            going = true;
        }
        for (key, to) in [(Key::Home, 0.0), (Key::PageUp, offset - step), (Key::PageDown, offset + step)] {
            if pressed(key) {
                (going, jump) = (false, Some(to.clamp(0.0, end)));
            }
        }
    }
    // Whoever scrolls back wants to read.
    if ui.input(|input| input.smooth_scroll_delta().y > 0.0) {
        going = false;
    }
    if going {
        jump = Some(end);
    }
    let mut area = ScrollArea::vertical().id_salt("history").auto_shrink([false, false]);
    if let Some(to) = jump {
        area = area.vertical_scroll_offset(to);
    }
    let mut last = 0;
    let mut clicked = None;
    let shown = area.show_rows(ui, ROW, count, |ui, range| {
        last = range.end;
        for index in range {
            let place = places.map_or(Some(index), |places| places.get(index).copied());
            let Some(entry) = place.and_then(|place| history.rows.get(place)) else { continue };
            if row(ui, cx, entry, index).clicked() {
                clicked = Some(entry.txid);
            }
        }
    });
    if let Some(txid) = clicked {
        cx.wallet_command(WalletCommand::Details(txid));
    }
    // What is looked for may be in rows that nobody knows yet.
    let more = !history.to_the_end && !history.stale && !history.rows.is_empty();
    if more && (going || last + AHEAD >= count) {
        let count = if going || searching { FAR } else { PAGE };
        cx.wallet_command(WalletCommand::Older(history.rows.len(), count));
    }
    let of_wallet = state.of_wallet(cx);
    of_wallet.found = found;
    of_wallet.going = going && !whole;
    of_wallet.offset = shown.state.clamped_offset().y;
}

/// How many entries there are, or are known.
fn known_so_far(wallet: &Wallet) -> String {
    let count = amount::grouped(wallet.history.rows.len() as u64);
    match wallet.total.value().copied().flatten() {
        _ if wallet.history.to_the_end => t!("{count} entries", count),
        Some(total) => {
            t!("{count} entries known of {total} transactions", count, total = amount::grouped(total))
        }
        None => t!("{count} entries known", count),
    }
}

/// How far a search is.
fn searched_so_far(wallet: &Wallet, searched: usize) -> String {
    let count = amount::grouped(searched as u64);
    match wallet.total.value().copied().flatten() {
        Some(total) => t!(
            "Searched {count} entries of {total} transactions so far. Escape stops.",
            count,
            total = amount::grouped(total)
        ),
        None => t!("Searched {count} so far. Escape stops.", count),
    }
}
