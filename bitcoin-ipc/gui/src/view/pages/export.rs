//! The history as a file.
//!
//! In: rows. Out: a table in CSV, made by whoever writes the file: there may be many rows. It has the amounts, also where
//! they are hidden: whoever asks for it wants them.

use jiff::tz::TimeZone;

use super::history::status;
use crate::model::csv;
use crate::model::row::{Category, Row};
use crate::model::rows::Rows;
use crate::text::words::{Language, speak, t, tr};
use crate::text::{amount, time};

/// What the table has.
pub(super) struct Table {
    /// The rows.
    pub(super) rows: Rows,
    /// The places of those that are wanted; none are all.
    pub(super) places: Option<Vec<usize>>,
    /// The height of the highest block.
    pub(super) tip: Option<i32>,
    /// Where the user is.
    pub(super) zone: TimeZone,
    /// What is spoken.
    pub(super) language: Language,
}

impl Table {
    /// The file.
    pub(super) fn csv(&self) -> Vec<u8> {
        speak(self.language);
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
        let mut lines = vec![header.map(str::to_owned)];
        match &self.places {
            Some(places) => {
                let rows = places.iter().filter_map(|place| self.rows.get(*place));
                lines.extend(rows.map(|row| self.line(row)));
            }
            None => lines.extend(self.rows.iter().map(|row| self.line(row))),
        }
        csv::table(lines.iter().map(|line| line.iter().map(String::as_str))).into_bytes()
    }

    fn line(&self, row: &Row) -> [String; 8] {
        let fee = row.fee.filter(|_| row.category == Category::Send);
        [
            time::date(row.time, &self.zone),
            tr(row.category.word()).to_owned(),
            row.label.clone(),
            row.address.clone(),
            sat(row.amount),
            fee.map(|fee| sat(i64::try_from(fee).unwrap_or_default())).unwrap_or_default(),
            status(row, self.tip),
            row.txid.to_string(),
        ]
    }
}

/// An amount as a number that other programs read.
fn sat(sat: i64) -> String {
    let digits = amount::digits(sat.unsigned_abs(), amount::Unit::Btc).replace(',', "");
    if sat < 0 { format!("-{digits}") } else { digits }
}
