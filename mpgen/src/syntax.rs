//! What the user's code looks like, as far as tokens tell.
//!
//! In: parts of it. Out: what stands in them, and where.

use proc_macro2::{Span, TokenTree};
use quote::ToTokens;
use syn::{Expr, ExprLit, GenericArgument, Lit, PathArguments, Type, UnOp};

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

/// Whether a reference is `&mut`.
pub fn is_mut(reference: &syn::TypeReference) -> bool {
    !reference.mutability.to_token_stream().is_empty()
}

/// The name of a parameter, if it is no other pattern.
pub fn plain_name(pattern: &syn::Pat) -> Option<&syn::Ident> {
    match pattern {
        syn::Pat::Ident(pat) if pat.subpat.is_none() && pat.by_ref.is_none() => Some(&pat.ident),
        _ => None,
    }
}

/// A type without brackets around it.
pub fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Paren(paren) => bare(&paren.elem),
        Type::Group(group) => bare(&group.elem),
        ty => ty,
    }
}

/// The name of a type that is one word.
pub fn word(ty: &Type) -> Option<&syn::Ident> {
    match ty {
        Type::Path(path) if path.qself.is_none() => path.path.get_ident(),
        _ => None,
    }
}

/// What a list, a set or an array holds.
pub fn list_item(ty: &Type) -> Option<&Type> {
    match ty {
        Type::Array(array) => Some(&array.elem),
        Type::Slice(slice) => Some(&slice.elem),
        _ => ["Vec", "BTreeSet", "HashSet"].into_iter().find_map(|name| generic_argument(ty, name)),
    }
}

/// The value of a literal integer.
pub fn integer(literal: &Expr) -> Option<i128> {
    let (sign, literal) = match unsigned(literal) {
        Some(literal) => (-1, literal),
        None => (1, literal),
    };
    match literal {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => {
            number.base10_parse::<i128>().ok().map(|number| sign * number)
        }
        _ => None,
    }
}

/// The literal that an expression is, with or without a sign.
pub fn literal(expr: &Expr) -> Option<&Lit> {
    match unsigned(expr).unwrap_or(expr) {
        Expr::Lit(literal) => Some(&literal.lit),
        _ => None,
    }
}

/// What is behind a minus.
fn unsigned(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => Some(&unary.expr),
        _ => None,
    }
}

/// Tokens as people write them.
pub fn tidy(tokens: &impl ToTokens) -> String {
    const PAIRS: &[(&str, &str)] = &[
        (" :: ", "::"),
        (":: ", "::"),
        (" < ", "<"),
        (" <", "<"),
        ("Fn (", "Fn("),
        ("FnMut (", "FnMut("),
        (" >", ">"),
        (" ,", ","),
        ("& ", "&"),
        ("< ", "<"),
        ("[ ", "["),
        (" ]", "]"),
        ("( ", "("),
        (" )", ")"),
        (" ;", ";"),
    ];
    let text = tokens.to_token_stream().to_string();
    PAIRS.iter().fold(text, |text, (from, to)| text.replace(from, to))
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

/// Whether a part says `impl` somewhere, so that it hides a type.
pub fn hides(part: &impl ToTokens) -> bool {
    let mut tokens = part.to_token_stream().into_iter();
    tokens.any(|token| matches!(token, TokenTree::Ident(ident) if ident == "impl"))
}
