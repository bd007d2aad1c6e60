//! The mistakes found in one item.
//!
//! In: a place in the user's code and what is wrong there. Out: all of them at once, as compiler
//! errors or for the terminal.

use std::cell::{Cell, RefCell};

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Error;

/// Collects mistakes; they come out of [`finish`](Report::finish). One that is dropped unread panics, also without
/// mistakes: with some, they would be lost.
#[derive(Debug)]
#[must_use = "a report that is not finished loses the user's mistakes"]
pub struct Report {
    /// Nothing once they have been read.
    errors: RefCell<Option<Vec<Error>>>,
    /// Whether the whole item cannot be understood, and not a part of it only.
    stops: Cell<bool>,
}

impl Default for Report {
    fn default() -> Self {
        Report { errors: RefCell::new(Some(Vec::new())), stops: Cell::new(false) }
    }
}

impl Report {
    /// An empty report.
    pub fn new() -> Self {
        Report::default()
    }

    /// Adds a mistake at these tokens. The text says what is wrong and what to write instead.
    pub fn at(&self, tokens: impl ToTokens, text: impl std::fmt::Display) {
        self.add(Error::new_spanned(tokens, text));
    }

    /// Adds an error of the parser.
    pub fn add(&self, error: Error) {
        self.extend([error]);
        self.stops.set(true);
    }

    /// Adds an error that concerns a part only, or else the whole.
    pub fn add_to_part(&self, error: Error, part: bool) {
        self.extend([error]);
        self.stops.set(self.stops.get() || !part);
    }

    fn extend(&self, errors: impl IntoIterator<Item = Error>) {
        self.errors.borrow_mut().get_or_insert_default().extend(errors);
    }

    /// Adds the error, if there is one, and gives the value, if there is one.
    pub fn ok<T>(&self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    /// What a reader finds, with its mistakes apart.
    pub fn apart<T>(read: impl FnOnce(&Report) -> T) -> (T, Vec<Error>) {
        let own = Report::new();
        let found = read(&own);
        (found, own.finish())
    }

    /// Adds the mistakes of a part, which is left out; the rest is not the worse for it. Tells whether there are none.
    pub fn contain(&self, mistakes: Vec<Error>) -> bool {
        let clean = mistakes.is_empty();
        self.extend(mistakes);
        clean
    }

    /// Adds what a rule finds. Tells whether that is nothing.
    pub fn passes(&self, rule: impl FnOnce(&Report)) -> bool {
        let ((), mistakes) = Report::apart(rule);
        self.stops.set(self.stops.get() || !mistakes.is_empty());
        self.contain(mistakes)
    }

    /// Whether the item as a whole can be understood so far.
    pub fn is_clean(&self) -> bool {
        !self.stops.get()
    }

    /// Whether nothing was wrong so far, in no part either.
    pub fn is_empty(&self) -> bool {
        self.errors.borrow().as_ref().is_none_or(Vec::is_empty)
    }

    /// All mistakes, in the order of the user's code.
    pub fn finish(self) -> Vec<Error> {
        let mut errors = self.errors.take().unwrap_or_default();
        errors.sort_by_key(|error| error.span().start());
        errors
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        let read = self.errors.borrow().is_none();
        assert!(std::thread::panicking() || read, "a report is dropped unread: {self:?}");
    }
}

/// The mistakes as `compile_error!` invocations.
pub fn compile_errors(errors: &[Error]) -> TokenStream {
    errors.iter().map(Error::to_compile_error).collect()
}

#[cfg(test)]
mod tests {
    use super::Report;

    #[test]
    #[should_panic(expected = "dropped unread")]
    fn mistakes_are_not_lost() {
        let report = Report::new();
        report.at(quote::quote!(a), "wrong");
    }

    #[test]
    #[should_panic(expected = "dropped unread")]
    fn nor_does_anyone_forget_to_look_for_some() {
        drop(Report::new());
    }

    #[test]
    fn a_part_does_not_stop_the_whole() {
        let whole = Report::new();
        let ((), part) = Report::apart(|part| part.at(quote::quote!(a), "wrong"));
        assert!(!whole.contain(part));
        assert!(whole.is_clean() && !whole.is_empty());
        assert!(!whole.passes(|rule| rule.at(quote::quote!(b), "wrong")));
        assert!(!whole.is_clean());
        assert_eq!(whole.finish().len(), 2);
    }

    #[test]
    fn mistakes_come_in_the_order_of_the_code() {
        let code: syn::ItemStruct = syn::parse_str("struct First { second: u8 }").expect("Rust");
        let report = Report::new();
        report.at(&code.fields, "second");
        report.at(&code.ident, "first");
        let texts: Vec<String> = report.finish().iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["first", "second"]);
    }
}
