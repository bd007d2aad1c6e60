//! What was paid.
//!
//! In: rows, of which some are known. Out: those in sight; the next ones are asked for before they are needed.

use std::sync::Arc;

use eframe::egui::{Key, Modifiers, Response, ScrollArea, TextEdit, Ui};

use crate::engine::WalletCommand;
use crate::model::csv;
use crate::model::history::{Category, History, Row, Status};
use crate::text::address::one_line;
use crate::text::amount;
use crate::text::words::{t, tr};
use crate::view::dialogs::Dialog;
use crate::view::widgets::{self, Cell, ROW};
use crate::view::{Cx, State};

/// So many rows before the end of what is known the next ones are asked for.
const AHEAD: usize = 100;

/// What a search has found so far.
#[derive(Default)]
pub(crate) struct Found {
    text: String,
    rows: Arc<Vec<Arc<Row>>>,
    searched: usize,
    places: Vec<usize>,
}

impl Found {
    /// Goes on where it was, if the text is the same and what was searched has not changed.
    fn search(&mut self, text: &str, history: &History) -> &[usize] {
        let same = self.text == text
            && self.rows.len() <= history.rows.len()
            && self.rows.iter().zip(history.rows.iter()).all(|(old, new)| Arc::ptr_eq(old, new));
        if !Arc::ptr_eq(&self.rows, &history.rows) || self.text != text {
            if !same {
                *self = Found { text: text.to_owned(), ..Found::default() };
            }
            self.rows = history.rows.clone();
            let wanted = text.to_lowercase();
            let from = self.searched;
            let fits = |row: &Row| {
                row.label.to_lowercase().contains(&wanted)
                    || row.address.to_lowercase().contains(&wanted)
                    || row.txid.to_string().contains(&wanted)
                    || amount::digits(row.amount.unsigned_abs(), amount::Unit::Btc).contains(&wanted)
            };
            let new = history.rows.iter().enumerate().skip(from);
            self.places.extend(new.filter(|(_, row)| fits(row)).map(|(place, _)| place));
            self.searched = history.rows.len();
        }
        &self.places
    }
}

/// How far a transaction is, in words.
fn status(cx: &Cx<'_>, row: &Row) -> String {
    match row.status {
        Status::Confirmed { height } => match cx.session.confirmations(Some(height)) {
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

/// One row, with all that it says in its name.
pub(super) fn row(ui: &mut Ui, cx: &Cx<'_>, row: &Row, index: usize) -> Response {
    let (amount, whom, status) = (cx.signed(row.amount), whom(row), status(cx, row));
    let date = cx.date(row.time);
    let word = tr(row.category.word());
    let name = if whom.is_empty() {
        format!("{word} {amount}, {status}, {date}")
    } else {
        format!("{word} {amount}, {whom}, {status}, {date}")
    };
    let cell = |part, text, right| Cell { part, text, right };
    widgets::row(
        ui,
        &name,
        index,
        &[
            cell(0.17, date.as_str(), false),
            cell(0.14, word, false),
            cell(0.27, whom.as_str(), false),
            cell(0.18, status.as_str(), false),
            cell(0.24, amount.as_str(), true),
        ],
    )
}

/// Draws it.
pub(super) fn show(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut State) {
    let Some(wallet) = cx.wallet() else { return };
    let history = wallet.history.clone();
    ui.heading(t!("History"));
    let of_wallet = state.of_wallet(cx);
    ui.horizontal_wrapped(|ui| {
        let label = ui.label(t!("Search"));
        ui.add(TextEdit::singleline(&mut of_wallet.search).desired_width(240.0)).labelled_by(label.id);
        if !of_wallet.search.is_empty()
            && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape))
        {
            of_wallet.search.clear();
        }
        let count = amount::grouped(history.rows.len() as u64);
        ui.label(if history.to_the_end {
            t!("{count} entries", count)
        } else {
            t!("{count} entries known", count)
        });
    });
    let search = of_wallet.search.trim().to_owned();
    let found =
        if search.is_empty() { None } else { Some(of_wallet.found.search(&search, &history).to_vec()) };
    if found.is_some() && !history.to_the_end {
        ui.label(t!(
            "Searched {count} so far. Escape stops.",
            count = amount::grouped(history.rows.len() as u64)
        ));
    }
    if !history.rows.is_empty() && ui.button(t!("Export…")).clicked() {
        state.dialog = Some(Dialog::export(table(cx, &history, found.as_deref())));
    }
    let cell = |part, text, right| Cell { part, text, right };
    widgets::head(
        ui,
        &[
            cell(0.17, t!("Date"), false),
            cell(0.14, t!("Kind"), false),
            cell(0.27, t!("Label or address"), false),
            cell(0.18, t!("Status"), false),
            cell(0.24, t!("Amount"), true),
        ],
    );
    let count = found.as_ref().map_or(history.rows.len(), Vec::len);
    if count == 0 {
        ui.label(match (history.to_the_end, found.is_some()) {
            (true, true) => t!("Nothing was found."),
            (true, false) => t!("There are no transactions yet."),
            (false, _) => t!("They are not known yet."),
        });
    }
    let mut last = 0;
    let mut clicked = None;
    ScrollArea::vertical().id_salt("history").auto_shrink([false, false]).show_rows(
        ui,
        ROW,
        count,
        |ui, range| {
            last = range.end;
            for index in range {
                let place = found.as_ref().map_or(Some(index), |found| found.get(index).copied());
                let Some(entry) = place.and_then(|place| history.rows.get(place)) else { continue };
                if row(ui, cx, entry, index).clicked() {
                    clicked = Some(entry.txid);
                }
            }
        },
    );
    if let Some(txid) = clicked {
        cx.wallet_command(WalletCommand::Details(txid));
    }
    // What is looked for may be in rows that nobody knows yet.
    if !history.to_the_end && !history.stale && !history.rows.is_empty() && last + AHEAD >= count {
        cx.wallet_command(WalletCommand::Older(history.rows.len()));
    }
}

/// The rows as a file of CSV. It has the amounts, also where they are hidden: whoever asks for it wants them.
fn table(cx: &Cx<'_>, history: &History, found: Option<&[usize]>) -> String {
    let header = [
        t!("Date"),
        t!("Kind"),
        t!("Label"),
        t!("Address"),
        t!("Amount (BTC)"),
        t!("Fee (BTC)"),
        t!("Status"),
        t!("Transaction"),
    ];
    let mut rows = vec![header.map(str::to_owned)];
    let sat = |sat: i64| {
        let digits = amount::digits(sat.unsigned_abs(), amount::Unit::Btc).replace(',', "");
        if sat < 0 { format!("-{digits}") } else { digits }
    };
    let mut put = |row: &Row| {
        let fee = match row.category {
            Category::Send => {
                row.fee.map(|fee| sat(i64::try_from(fee).unwrap_or_default())).unwrap_or_default()
            }
            _ => String::new(),
        };
        rows.push([
            cx.date(row.time),
            tr(row.category.word()).to_owned(),
            row.label.clone(),
            row.address.clone(),
            sat(row.amount),
            fee,
            status(cx, row),
            row.txid.to_string(),
        ]);
    };
    match found {
        Some(found) => found.iter().filter_map(|place| history.rows.get(*place)).for_each(|row| put(row)),
        None => history.rows.iter().for_each(|row| put(row)),
    }
    csv::table(rows.iter().map(|row| row.iter().map(String::as_str)))
}
