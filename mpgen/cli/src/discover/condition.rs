//! `#[cfg(…)]`, as far as it can be known without the compiler.
//!
//! In: the attributes of an item and the features that are on. Out: whether the item is left out
//! of an ordinary build. What depends on the platform counts as being there.

use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Lit, Meta, Token};

/// Whether an item with these attributes can be part of an ordinary build.
pub(super) fn is_compiled(attrs: &[Attribute], features: &[String]) -> bool {
    let mut conditions = attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    conditions.all(|attr| match attr.parse_args::<Meta>() {
        Ok(meta) => holds(&meta, features) != Some(false),
        Err(_) => true,
    })
}

/// Whether a condition holds. `None` when that is not known.
fn holds(condition: &Meta, features: &[String]) -> Option<bool> {
    match condition {
        Meta::Path(path) if path.is_ident("test") || path.is_ident("doc") => Some(false),
        Meta::NameValue(pair) if pair.path.is_ident("feature") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(name) => Some(features.contains(&name.value())),
                _ => None,
            },
            _ => None,
        },
        Meta::List(list) => {
            let inner = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
            let inner: Vec<Option<bool>> = inner.iter().map(|meta| holds(meta, features)).collect();
            let decided = |value| inner.contains(&Some(value)).then_some(value);
            let known = || inner.iter().all(Option::is_some);
            if list.path.is_ident("not") {
                inner.first()?.map(|value| !value)
            } else if list.path.is_ident("all") {
                decided(false).or_else(|| known().then_some(true))
            } else if list.path.is_ident("any") {
                decided(true).or_else(|| known().then_some(false))
            } else {
                None
            }
        }
        _ => None,
    }
}
