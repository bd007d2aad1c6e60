//! Items with parts that are not Rust yet.
//!
//! In: the tokens of an item, as somebody types it. Out: the item. A body or a method that does not parse is left out of
//! it, so that the others, and those who use the item, hear nothing of that; the compiler says what is wrong with it.

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

/// The tokens without what does not parse: bodies, or else whole members.
fn repaired(tokens: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_impl = tokens.iter().any(|token| matches!(token, TokenTree::Ident(ident) if ident == "impl"));
    // The braces of a trait or an `impl` block come last.
    if let Some(TokenTree::Group(group)) = tokens.last_mut()
        && group.delimiter() == Delimiter::Brace
    {
        let parses = |member: &TokenStream| match is_impl {
            true => syn::parse2::<syn::ImplItem>(member.clone()).is_ok(),
            false => syn::parse2::<syn::TraitItem>(member.clone()).is_ok(),
        };
        let members = members(group.stream()).into_iter().filter(parses);
        let mut whole = Group::new(Delimiter::Brace, members.collect());
        whole.set_span(group.span());
        *group = whole;
    }
    tokens.into_iter().collect()
}

/// The members of a trait or an `impl` block, each up to its semicolon or body, without the bodies that do not parse.
fn members(tokens: TokenStream) -> Vec<TokenStream> {
    let mut members = vec![TokenStream::new()];
    for token in tokens {
        let (token, ends) = match token {
            TokenTree::Group(body) if is_broken(&body) => {
                let mut empty = Group::new(Delimiter::Brace, quote!(::core::unreachable!()));
                empty.set_span(body.span());
                (TokenTree::Group(empty), true)
            }
            TokenTree::Group(group) => {
                let ends = group.delimiter() == Delimiter::Brace;
                (TokenTree::Group(group), ends)
            }
            TokenTree::Punct(punct) => {
                let ends = punct.as_char() == ';';
                (TokenTree::Punct(punct), ends)
            }
            other => (other, false),
        };
        if let Some(last) = members.last_mut() {
            last.extend([token]);
        }
        if ends {
            members.push(TokenStream::new());
        }
    }
    members
}

fn is_broken(group: &Group) -> bool {
    group.delimiter() == Delimiter::Brace
        && syn::parse2::<syn::Block>(TokenTree::Group(group.clone()).into()).is_err()
}

#[cfg(test)]
mod tests {
    use quote::{ToTokens, quote};

    use super::item;
    use crate::report::Report;

    fn read(tokens: proc_macro2::TokenStream) -> (Option<String>, usize) {
        let report = Report::new();
        let item = item(tokens, &report).map(|item| item.to_token_stream().to_string());
        (item, report.finish().len())
    }

    #[test]
    fn what_does_not_parse_is_left_out() {
        let half = quote!(impl Shop for Bakery { fn a(&self) -> u8 { self. } fn b(&self) { 1; } async fn c });
        let whole =
            quote!(impl Shop for Bakery { fn a(&self) -> u8 { ::core::unreachable!() } fn b(&self) { 1; } });
        assert_eq!(read(half), (Some(whole.to_string()), 1));
        let half = quote!(pub trait Shop { fn a(&self); fn b(&self) -> ; fn c(&self); fn d });
        let whole = quote!(
            pub trait Shop {
                fn a(&self);
                fn c(&self);
            }
        );
        assert_eq!(read(half), (Some(whole.to_string()), 1));
        assert_eq!(read(quote!(pub trait { fn a(&self); })), (None, 1));
        assert_eq!(read(whole.clone()), (Some(whole.to_string()), 0));
    }
}
