//! How parameters are passed and what methods return, as far as their types tell.

use syn::{ReturnType, Type};

use crate::model::{Passing, Returns};
use crate::syntax::{ends_in, generic_arguments, is_mut};

/// How a parameter is passed.
pub(super) fn passing(ty: &Type, out: bool) -> Passing {
    match ty {
        Type::Reference(reference) if is_mut(reference) => {
            let inner = (*reference.elem).clone();
            if out { Passing::Out(inner) } else { Passing::InOut(inner) }
        }
        Type::Reference(reference) => borrowed(&reference.elem),
        ty => match generic_arguments(ty, "Option").as_deref() {
            Some([Type::Reference(place), ..]) if is_mut(place) => Passing::WantOut((*place.elem).clone()),
            Some([Type::Reference(inner), ..]) => Passing::OptionalRef(Box::new(borrowed(&inner.elem))),
            _ => Passing::Owned(ty.clone()),
        },
    }
}

/// What is behind a `&`.
fn borrowed(inner: &Type) -> Passing {
    match inner {
        Type::TraitObject(_) => Passing::Interface(inner.clone()),
        Type::Slice(slice) => Passing::Slice((*slice.elem).clone()),
        Type::Path(path) if ends_in(path, "str") => Passing::Str,
        Type::Path(path) if ends_in(path, "Path") => Passing::Path(inner.clone()),
        Type::Paren(paren) => borrowed(&paren.elem),
        other => Passing::Ref(other.clone()),
    }
}

/// What a method returns. `declared` says that there is a declared exception.
pub(super) fn returns(output: &ReturnType, declared: bool) -> Returns {
    let ReturnType::Type(_, ty) = output else { return Returns::Plain(syn::parse_quote!(())) };
    let own = |ty: &Type| ty.clone();
    match generic_arguments(ty, "Result").as_deref() {
        Some([inner]) => match generic_arguments(inner, "Result").as_deref() {
            Some([ok, error]) if declared => Returns::Declared(own(ok), own(error)),
            _ => Returns::Result(own(inner)),
        },
        Some([ok, error]) if declared => Returns::DeclaredFlat(own(ok), own(error)),
        Some([ok, error]) => Returns::ResultOf(own(ok), own(error)),
        _ => Returns::Plain(own(ty)),
    }
}
