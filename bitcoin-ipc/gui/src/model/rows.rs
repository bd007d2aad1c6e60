//! Rows of a history, however many there are.
//!
//! In: pages of rows. Out: a row by its place. What is added costs what the page costs, and a copy what there is of
//! pages: a window that has a million rows is drawn as quickly as one that has ten.

use std::ops::Range;
use std::sync::Arc;

use super::row::Row;

/// Rows, the newest ones first.
#[derive(Clone, Debug, Default, Eq)]
pub(crate) struct Rows {
    pages: Vec<Page>,
}

/// Some rows, and what is before them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Page {
    rows: Arc<Vec<Row>>,
    /// How many rows come before.
    start: usize,
}

/// Pages that are the same object are not compared row by row.
impl PartialEq for Rows {
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): (&Page, &Page)| Arc::ptr_eq(&a.rows, &b.rows) || a.rows == b.rows;
        self.pages.len() == other.pages.len() && self.pages.iter().zip(&other.pages).all(same)
    }
}

impl Rows {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.pages.last().map_or(0, |page| page.start + page.rows.len())
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// The row at a place.
    pub(crate) fn get(&self, place: usize) -> Option<&Row> {
        let page = self.page_of(place)?;
        page.rows.get(place - page.start)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Row> {
        self.pages.iter().flat_map(|page| page.rows.iter())
    }

    /// Those at these places.
    pub(crate) fn range(&self, places: Range<usize>) -> impl Iterator<Item = &Row> {
        let first = self.pages.partition_point(|page| page.start + page.rows.len() <= places.start);
        let pages = self.pages.get(first..).unwrap_or_default();
        let skipped = places.start - pages.first().map_or(places.start, |page| page.start);
        pages.iter().flat_map(|page| page.rows.iter()).skip(skipped).take(places.len())
    }

    /// Adds older ones.
    pub(crate) fn add(&mut self, rows: Vec<Row>) {
        let start = self.len();
        self.add_shared(Arc::new(rows), start);
    }

    fn add_shared(&mut self, rows: Arc<Vec<Row>>, start: usize) {
        if !rows.is_empty() {
            self.pages.push(Page { rows, start });
        }
    }

    /// Adds those that others have from a place on.
    pub(crate) fn add_rest(&mut self, others: &Rows, from: usize) {
        for page in &others.pages {
            let skip = from.saturating_sub(page.start);
            if skip == 0 {
                self.add_shared(page.rows.clone(), self.len());
            } else if let Some(rest) = page.rows.get(skip..) {
                self.add(rest.to_vec());
            }
        }
    }

    /// Leaves so many.
    pub(crate) fn truncate(&mut self, count: usize) {
        while let Some(last) = self.pages.last().filter(|last| last.start + last.rows.len() > count) {
            let (rows, start) = (last.rows.clone(), last.start);
            self.pages.pop();
            if let Some(kept) = count.checked_sub(start).and_then(|kept| rows.get(..kept)) {
                self.add(kept.to_vec());
            }
        }
    }

    /// Whether the first rows of others, so many as these are, are the same objects as these.
    pub(crate) fn begin(&self, others: &Rows) -> bool {
        let same = |(a, b): (&Page, &Page)| Arc::ptr_eq(&a.rows, &b.rows);
        self.pages.len() <= others.pages.len() && self.pages.iter().zip(&others.pages).all(same)
    }

    fn page_of(&self, place: usize) -> Option<&Page> {
        let after = self.pages.partition_point(|page| page.start <= place);
        self.pages.get(after.checked_sub(1)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::row::tests::rows;

    fn numbers(rows: &Rows) -> Vec<i64> {
        rows.iter().map(|row| row.amount).collect()
    }

    #[test]
    fn rows_are_found_over_the_borders_of_pages() {
        let mut all = Rows::default();
        assert_eq!((all.len(), all.get(0), all.range(0..5).count()), (0, None, 0));
        all.add(rows(100, 3));
        all.add(Vec::new());
        all.add(rows(97, 2));
        all.add(rows(95, 4));
        assert_eq!(numbers(&all), (92..=100).rev().collect::<Vec<_>>());
        for place in 0..9 {
            assert_eq!(all.get(place).map(|row| row.amount), Some(100 - place as i64));
            for end in place..12 {
                let expected: Vec<i64> = (place..end.min(9)).map(|place| 100 - place as i64).collect();
                let found: Vec<i64> = all.range(place..end).map(|row| row.amount).collect();
                assert_eq!(found, expected, "{place}..{end}");
            }
        }
        assert_eq!((all.get(9), all.range(9..20).count(), all.range(30..40).count()), (None, 0, 0));
    }

    #[test]
    fn what_is_cut_off_or_taken_over_counts_right() {
        for count in 0..=9 {
            let mut all = Rows::default();
            for (first, pages) in [(100, 3), (97, 2), (95, 4)] {
                all.add(rows(first, pages));
            }
            let whole = all.clone();
            all.truncate(count);
            assert_eq!(all.len(), count);
            let mut joined = all.clone();
            joined.add_rest(&whole, count);
            assert_eq!(numbers(&joined), numbers(&whole));
        }
    }

    #[test]
    fn a_copy_is_the_same_pages() {
        let mut all = Rows::default();
        all.add(rows(100, 3));
        let before = all.clone();
        assert!(before.begin(&all) && before == all);
        all.add(rows(97, 3));
        assert!(before.begin(&all) && !all.begin(&before) && before != all);
        all.truncate(2);
        assert!(!before.begin(&all), "a page has changed");
    }
}
