//! The generator: Rust traits in, everything that lets them cross a process boundary out.
//!
//! `parse → check → emit` over one plain [`model`]. This is an ordinary library; the macros in
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

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use report::{Report, compile_errors};
pub use source::expand_source;
use syn::visit_mut::VisitMut;

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
        Some(syn::Item::Trait(mut user)) => match parse::interface(args, &mut user, &report) {
            Some(model) => emit::interface(&model),
            None => surviving_trait(user),
        },
        Some(syn::Item::Impl(user)) => {
            let model = parse::implementation(args, user, &report);
            if report.is_clean() || model.item.trait_.is_some() {
                emit::implementation(&model)
            } else {
                model.item.into_token_stream()
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

/// The user's trait in a form that its users still compile against, so that only the real
/// mistakes show.
fn surviving_trait(mut user: syn::ItemTrait) -> TokenStream {
    struct Strip;
    impl VisitMut for Strip {
        fn visit_attributes_mut(&mut self, attrs: &mut Vec<syn::Attribute>) {
            attrs.retain(|attr| !attr.path().is_ident("ipc"));
        }

        fn visit_signature_mut(&mut self, sig: &mut syn::Signature) {
            sig.constness = None;
            syn::visit_mut::visit_signature_mut(self, sig);
        }
    }
    Strip.visit_item_trait_mut(&mut user);
    let asynchronous = user.items.iter().any(|item| match item {
        syn::TraitItem::Fn(method) => method.sig.asyncness.is_some(),
        _ => false,
    });
    let runtime = words::runtime();
    if asynchronous { quote!(#[#runtime::private::async_trait] #user) } else { quote!(#user) }
}

fn expand_derive<M>(
    item: TokenStream,
    parse: impl FnOnce(syn::DeriveInput, &Report) -> Option<M>,
    emit: impl FnOnce(&M) -> TokenStream,
) -> Expansion {
    let report = Report::new();
    let parsed: Option<syn::DeriveInput> = report.ok(syn::parse2(item));
    let model = parsed.clone().and_then(|item| parse(item, &report));
    if let Some(item) = &parsed {
        check::nothing_is_left_out(item, &report);
    }
    let model = model.filter(|_| report.is_empty());
    let tokens = match (model, &parsed) {
        (Some(model), _) => emit(&model),
        // The compiler has been told what is wrong; those who use the type need not hear more.
        (None, Some(parsed)) => emit::broken(parsed),
        (None, None) => TokenStream::new(),
    };
    Expansion { tokens, errors: report.finish() }
}

/// The traits that `#[ipc_interface(args)]` makes for older versions.
#[must_use]
pub fn forms(args: TokenStream) -> Vec<proc_macro2::Ident> {
    let report = Report::new();
    let (_, older) = parse::versions(&mut words::of_arguments(args, &report), &report);
    // Mistakes are for the macro to report.
    report.finish();
    older.into_iter().map(|older| older.form).collect()
}

/// Expands `#[derive(IpcStruct)]`.
#[must_use]
pub fn expand_struct(item: TokenStream) -> Expansion {
    expand_derive(item, parse::structure, emit::structure)
}

/// Expands `#[derive(IpcEnum)]`.
#[must_use]
pub fn expand_enum(item: TokenStream) -> Expansion {
    expand_derive(item, parse::enumeration, emit::enumeration)
}

/// Expands `ipc_file!`.
#[must_use]
pub fn expand_file(input: TokenStream) -> Expansion {
    let report = Report::new();
    let tokens = parse::file(input, &report).map(|file| emit::file(&file)).unwrap_or_default();
    Expansion { tokens, errors: report.finish() }
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
