//! The mistakes found in one item.
//!
//! In: a place in the user's code and what is wrong there. Out: all of them at once, as compiler
//! errors or for the terminal.

use std::cell::{Cell, RefCell};

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Error;

/// Collects mistakes; they come out of [`finish`](Report::finish). One that is dropped with mistakes in it panics.
#[derive(Debug, Default)]
#[must_use = "a report that is not finished loses the user's mistakes"]
pub struct Report {
    errors: RefCell<Vec<Error>>,
    /// Whether the whole item cannot be understood, and not a part of it only.
    stops: Cell<bool>,
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
        self.errors.borrow_mut().push(error);
        self.stops.set(true);
    }

    /// Adds an error that concerns a part only, or else the whole.
    pub fn add_to_part(&self, error: Error, part: bool) {
        let stops = self.stops.get();
        self.add(error);
        self.stops.set(stops || !part);
    }

    /// Adds the error, if there is one, and gives the value, if there is one.
    pub fn ok<T>(&self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    /// Adds the mistakes of a part, which is left out; the rest is not the worse for it. Tells whether there are none.
    pub fn contain(&self, part: Report) -> bool {
        let mistakes = part.finish();
        let clean = mistakes.is_empty();
        self.errors.borrow_mut().extend(mistakes);
        clean
    }

    /// Whether the item as a whole can be understood so far.
    pub fn is_clean(&self) -> bool {
        !self.stops.get()
    }

    /// Whether nothing was wrong so far, in no part either.
    pub fn is_empty(&self) -> bool {
        self.errors.borrow().is_empty()
    }

    /// All mistakes.
    pub fn finish(self) -> Vec<Error> {
        self.errors.take()
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        assert!(
            std::thread::panicking() || self.is_empty(),
            "a report with mistakes is dropped unread: {self:?}"
        );
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
    fn a_part_does_not_stop_the_whole() {
        let (whole, part) = (Report::new(), Report::new());
        part.at(quote::quote!(a), "wrong");
        assert!(!whole.contain(part));
        assert!(whole.is_clean() && !whole.is_empty());
        assert_eq!(whole.finish().len(), 1);
    }
}
