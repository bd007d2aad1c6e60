//! The mistakes found in one item.
//!
//! In: a place in the user's code and what is wrong there. Out: all of them at once, as compiler
//! errors or for the terminal.

use std::cell::RefCell;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Error;

/// Collects mistakes; they come out of [`finish`](Report::finish).
#[derive(Debug, Default)]
#[must_use = "a report that is not finished loses the user's mistakes"]
pub struct Report(RefCell<Vec<Error>>);

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
        self.0.borrow_mut().push(error);
    }

    /// Adds the error, if there is one, and gives the value, if there is one.
    pub fn ok<T>(&self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    /// Whether nothing was wrong so far.
    pub fn is_clean(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// All mistakes.
    pub fn finish(self) -> Vec<Error> {
        self.0.into_inner()
    }
}

/// The mistakes as `compile_error!` invocations.
pub fn compile_errors(errors: &[Error]) -> TokenStream {
    errors.iter().map(Error::to_compile_error).collect()
}
