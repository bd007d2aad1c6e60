//! The generator: Rust traits in, everything that lets them cross a process boundary out.
//!
//! `parse → check → emit` over one plain [`model`]: parsing judges nothing but the grammar of attributes, one list of rules
//! makes a checked model of what it found, and emitting takes only that and cannot fail. This is an ordinary library; the macros in
//! `mpgen-macros` only hand it the compiler's tokens, and the `mpgen` program prints what it makes.

pub mod check;
pub mod emit;
mod half_typed;
pub mod model;
pub mod names;
pub mod parse;
pub mod report;
mod source;
pub mod syntax;
pub mod words;

use check::Checked;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use report::{Report, compile_errors};
pub use source::expand_source;

/// What an item expands to, and what is wrong with it.
#[derive(Debug)]
pub struct Expansion {
    /// The code; with mistakes, the user's own item alone.
    pub tokens: TokenStream,
    /// The mistakes.
    pub errors: Vec<syn::Error>,
}

impl Expansion {
    /// The code for the compiler, with the mistakes as `compile_error!` invocations.
    #[must_use]
    pub fn into_tokens(self) -> TokenStream {
        let errors = compile_errors(&self.errors);
        let tokens = self.tokens;
        quote!(#tokens #errors)
    }
}

/// Expands `#[ipc_interface(args)]` on a trait or an `impl` block.
#[must_use]
pub fn expand_interface(args: TokenStream, item: TokenStream) -> Expansion {
    let report = Report::new();
    let tokens = match half_typed::item(item.clone(), &report) {
        Some(syn::Item::Trait(user)) => {
            let parsed = parse::interface(args, user.clone(), &report);
            match check::interface(parsed, &report) {
                Some(checked) => emit::interface(&checked),
                None => emit::surviving(user),
            }
        }
        Some(syn::Item::Impl(user)) => {
            let parsed = parse::implementation(args, user.clone(), &report);
            match check::implementation(parsed, &report) {
                Some(checked) => emit::implementation(&checked),
                None => user.into_token_stream(),
            }
        }
        Some(other) => {
            report.at(&other, "`#[ipc_interface]` belongs on a trait, or on an `impl` block of one");
            other.into_token_stream()
        }
        None => item,
    };
    Expansion { tokens, errors: report.finish() }
}

fn expand_derive<M>(
    item: TokenStream,
    parse: fn(syn::DeriveInput, &Report) -> Option<M>,
    check: fn(M, &syn::DeriveInput, &Report) -> Option<Checked<M>>,
    emit: fn(&Checked<M>) -> TokenStream,
) -> Expansion {
    let report = Report::new();
    let written: Option<syn::DeriveInput> = report.ok(syn::parse2(item));
    let tokens = written.map(|written| {
        let checked = parse(written.clone(), &report).and_then(|parsed| check(parsed, &written, &report));
        // The compiler has been told what is wrong; those who use the type need not hear more.
        checked.map_or_else(|| emit::broken(&written), |checked| emit(&checked))
    });
    Expansion { tokens: tokens.unwrap_or_default(), errors: report.finish() }
}

/// The traits that `#[ipc_interface(args)]` makes for older versions.
#[must_use]
pub fn forms(args: TokenStream) -> Vec<proc_macro2::Ident> {
    // Mistakes are for the macro to report.
    let ((_, older), _) =
        Report::apart(|report| parse::versions(&mut words::of_arguments(args, report), report));
    older.into_iter().map(|older| older.form).collect()
}

/// Expands `#[derive(IpcStruct)]`.
#[must_use]
pub fn expand_struct(item: TokenStream) -> Expansion {
    expand_derive(item, parse::structure, check::structure, emit::structure)
}

/// Expands `#[derive(IpcEnum)]`.
#[must_use]
pub fn expand_enum(item: TokenStream) -> Expansion {
    expand_derive(item, parse::enumeration, check::enumeration, emit::enumeration)
}

/// Expands `ipc_file!`.
#[must_use]
pub fn expand_file(input: TokenStream) -> Expansion {
    let report = Report::new();
    let tokens = parse::file(input, &report).map(|file| emit::file(&check::file(file, &report)));
    Expansion { tokens: tokens.unwrap_or_default(), errors: report.finish() }
}

/// `#[ipc_interface]`, for the compiler.
#[must_use]
pub fn ipc_interface(args: TokenStream, item: TokenStream) -> TokenStream {
    expand_interface(args, item).into_tokens()
}

/// `#[derive(IpcStruct)]`, for the compiler.
#[must_use]
pub fn derive_struct(item: TokenStream) -> TokenStream {
    expand_struct(item).into_tokens()
}

/// `#[derive(IpcEnum)]`, for the compiler.
#[must_use]
pub fn derive_enum(item: TokenStream) -> TokenStream {
    expand_enum(item).into_tokens()
}

/// `ipc_file!`, for the compiler.
#[must_use]
pub fn ipc_file(input: TokenStream) -> TokenStream {
    expand_file(input).into_tokens()
}
