//! What the user's code looks like, as far as tokens tell.
//!
//! In: parts of it. Out: what stands in them, and where.

use proc_macro2::{Span, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, PathArguments, Type};

/// The argument of `Name<T>`, if the type is one, by the last segment of its path.
pub fn generic_argument<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    generic_arguments(ty, name)?.first().copied()
}

/// The type arguments of `Name<…>`, if the type is one.
pub fn generic_arguments<'t>(ty: &'t Type, name: &str) -> Option<Vec<&'t Type>> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last()?;
    if segment.ident != name {
        return None;
    }
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    Some(types.collect())
}

/// Whether a path's last segment is this name, without arguments.
pub fn ends_in(path: &syn::TypePath, name: &str) -> bool {
    path.path.segments.last().is_some_and(|last| last.ident == name && last.arguments.is_empty())
}

/// Where something begins and ends.
pub fn ends(part: &impl ToTokens) -> (Span, Span) {
    let mut spans = part.to_token_stream().into_iter().map(|token| match token {
        TokenTree::Group(group) => (group.span_open(), group.span_close()),
        token => (token.span(), token.span()),
    });
    let (start, end) = spans.next().unwrap_or((Span::call_site(), Span::call_site()));
    (start, spans.last().map_or(end, |(_, end)| end))
}
