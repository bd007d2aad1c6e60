//! Items with bodies that are not Rust yet.
//!
//! In: the tokens of an item, as somebody types it. Out: the item. A body that does not parse is left out of it, so that
//! the others, and those who use the item, hear nothing of that; the compiler says what is wrong with the body.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

use crate::report::Report;

/// Reads an item.
pub(crate) fn item(tokens: TokenStream, report: &Report) -> Option<syn::Item> {
    let error = match syn::parse2(tokens.clone()) {
        Ok(item) => return Some(item),
        Err(error) => error,
    };
    let repaired = syn::parse2(repaired(tokens)).ok();
    report.add_to_part(error, repaired.is_some());
    repaired
}

/// The tokens without the bodies that do not parse.
fn repaired(tokens: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = tokens.into_iter().collect();
    // The braces of a trait or an `impl` block come last.
    if let Some(TokenTree::Group(group)) = tokens.last_mut()
        && group.delimiter() == Delimiter::Brace
    {
        let bodies = group.stream().into_iter().map(|token| match token {
            TokenTree::Group(body) if is_broken(&body) => {
                let mut empty = Group::new(Delimiter::Brace, quote!(::core::unreachable!()));
                empty.set_span(body.span());
                TokenTree::Group(empty)
            }
            other => other,
        });
        let mut whole = Group::new(Delimiter::Brace, bodies.collect());
        whole.set_span(group.span());
        *group = whole;
    }
    tokens.into_iter().collect()
}

fn is_broken(group: &Group) -> bool {
    group.delimiter() == Delimiter::Brace
        && syn::parse2::<syn::Block>(TokenTree::Group(group.clone()).into()).is_err()
}
