//! From the model to Rust code.
//!
//! In: a [`Checked`](crate::check::Checked) model. Out: tokens. Nothing here can fail, and nothing here
//! decides what the wire looks like: the generated code hands types to constant functions of
//! `mp-runtime`, which do.
//!
//! Generated code names only absolute paths and `__mp`, which is `::mp_runtime::private`; its own names
//! begin with `__` as well, so that nothing in scope at the user's can change its meaning. It calls methods
//! with a dot only on what they take as `self`, value or reference: otherwise a method of a trait
//! in the user's scope could come first.

mod broken;
mod certain;
mod enumeration;
mod fields;
mod file;
mod implementation;
mod interface;
mod plan;
mod proxy;
mod server;
mod structure;
mod view;

pub use broken::{broken, surviving};
pub use enumeration::enumeration;
pub use file::file;
pub use implementation::implementation;
pub use interface::interface;
pub use structure::structure;

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use syn::Path;

/// The module that generated code may name, as it is called beside the user's own items. Inside of [`hidden`] it is
/// `__mp`.
fn private_of(runtime: &Path) -> TokenStream {
    quote!(#runtime::private)
}

/// An id, as people write one.
fn hex(id: u64) -> TokenStream {
    // The text of a number is always a literal.
    format!("{id:#018x}").parse().unwrap_or_default()
}

/// A number that has the type of its place.
fn number(number: impl Into<u64>) -> Literal {
    Literal::u64_unsuffixed(number.into())
}

/// The index of something, as a number.
fn index(index: usize) -> Literal {
    Literal::usize_unsuffixed(index)
}

/// Wraps items so that nothing of them leaks into the user's scope.
fn hidden(runtime: &Path, items: &TokenStream) -> TokenStream {
    let private = private_of(runtime);
    quote! {
        #[allow(clippy::all, clippy::nursery, clippy::pedantic, clippy::restriction)]
        #[allow(deprecated, non_snake_case, non_upper_case_globals, unused_qualifications)]
        #[allow(trivial_casts, trivial_numeric_casts, unused_doc_comments, unused_variables)]
        const _: () = {
            use #private as __mp;

            #items
        };
    }
}
