//! How parameters are passed and what methods return, by their syntax.

use syn::{ReturnType, Type};

use crate::check::not_a_bare_object;
use crate::model::{Passing, Returns};
use crate::report::Report;
use crate::syntax::{ends_in, generic_argument, generic_arguments};

/// What `out` and `want` say about a parameter.
pub(super) struct Direction {
    pub(super) out: bool,
    pub(super) want: bool,
}

/// Classifies a parameter.
pub(super) fn passing(
    ty: &Type,
    direction: &Direction,
    asynchronous: bool,
    report: &Report,
) -> Option<Passing> {
    let out_form = "`out` needs a place to write to; write the type as `&mut T`";
    let want_form = "`want` needs an optional place to write to; write the type as `Option<&mut T>`";
    if let Some(Type::Reference(reference)) = generic_argument(ty, "Option") {
        if is_mut(reference) {
            if !direction.want {
                report.at(ty, "an optional place to write to needs `#[ipc(want)]`: then the peer learns whether the value is wanted");
                return None;
            }
            return Some(Passing::WantOut((*reference.elem).clone()));
        }
        let inner = borrowed(&reference.elem, asynchronous, report)?;
        return Some(Passing::OptionalRef(Box::new(inner)));
    }
    if direction.want {
        report.at(ty, want_form);
        return None;
    }
    match ty {
        Type::Reference(reference) if is_mut(reference) => {
            let inner = (*reference.elem).clone();
            if matches!(inner, Type::TraitObject(_)) {
                report.at(ty, "an object has many callers at once, so it is never `&mut`; write `&dyn …`");
                return None;
            }
            Some(if direction.out { Passing::Out(inner) } else { Passing::InOut(inner) })
        }
        _ if direction.out => {
            report.at(ty, out_form);
            None
        }
        Type::Reference(reference) => borrowed(&reference.elem, asynchronous, report),
        other => (!not_a_bare_object(other, report)).then(|| Passing::Owned(other.clone())),
    }
}

fn is_mut(reference: &syn::TypeReference) -> bool {
    !quote::ToTokens::to_token_stream(&reference.mutability).is_empty()
}

/// What is behind a `&`.
fn borrowed(inner: &Type, asynchronous: bool, report: &Report) -> Option<Passing> {
    match inner {
        Type::TraitObject(object) => {
            if asynchronous {
                report.at(object, "an asynchronous call may outlive its caller, so it cannot borrow an object; write `Arc<dyn …>`");
                return None;
            }
            Some(Passing::Interface(inner.clone()))
        }
        Type::Slice(slice) => Some(Passing::Slice((*slice.elem).clone())),
        Type::Path(path) if ends_in(path, "str") => Some(Passing::Str),
        Type::Path(path) if ends_in(path, "Path") => Some(Passing::Path(inner.clone())),
        Type::Reference(_) => {
            report.at(inner, "a reference to a reference says nothing more to a peer; write one `&`");
            None
        }
        Type::Paren(paren) => borrowed(&paren.elem, asynchronous, report),
        other => Some(Passing::Ref(other.clone())),
    }
}

/// What a method's words say about its return value.
pub(super) struct Declared {
    /// Whether it declares an exception.
    pub(super) exception: bool,
    /// Whether a conversion of the user's own may give a `Result` a form on the wire.
    pub(super) converted: bool,
}

/// Classifies what a method returns.
pub(super) fn returns(
    output: &ReturnType,
    ident: &syn::Ident,
    may_panic: bool,
    declared: &Declared,
    report: &Report,
) -> Option<Returns> {
    let Declared { exception: declared, converted } = *declared;
    let unit: Type = syn::parse_quote!(());
    let ty = match output {
        ReturnType::Default => &unit,
        ReturnType::Type(_, ty) => ty,
    };
    // The mistake stands on the type, or on the name where there is none.
    let at = |text: &str| match output {
        ReturnType::Default => report.at(ident, text),
        ReturnType::Type(_, ty) => report.at(ty, text),
    };
    let needs_result = "`exception` needs a method that returns `Result<T, E>`, or `Result<Result<T, E>>` where the outer error is the connection's";
    let Some(arguments) = generic_arguments(ty, "Result") else {
        if !may_panic {
            at(&missing_result(ident, output, ty));
            return None;
        }
        if declared {
            at(needs_result);
            return None;
        }
        return value(ty, report).map(Returns::Plain);
    };
    if let Some(other) = other_result(ty) {
        at(&format!(
            "`{other}` has an error of its own, which cannot say that the connection broke; write `mp_runtime::Result`"
        ));
        return None;
    }
    match arguments.as_slice() {
        [inner] => match generic_arguments(inner, "Result").as_deref() {
            Some([ok, error]) if declared => {
                Some(Returns::Declared(value(ok, report)?, value(error, report)?))
            }
            Some(_) if !converted => {
                report.at(inner, "a `Result` inside the result is a declared exception; add `#[ipc(exception)]` to the method");
                None
            }
            _ if declared => {
                at(needs_result);
                None
            }
            _ => value(inner, report).map(Returns::Result),
        },
        [ok, error] if declared => Some(Returns::DeclaredFlat(value(ok, report)?, value(error, report)?)),
        [ok, error] => Some(Returns::ResultOf(value(ok, report)?, (*error).clone())),
        _ => {
            report.at(ty, "a method returns `Result<T>`, or `Result<T, E>` with a declared error and `#[ipc(exception)]`");
            None
        }
    }
}

/// What to write where a method returns no `Result` by name.
fn missing_result(ident: &syn::Ident, output: &ReturnType, ty: &Type) -> String {
    // A type that is not written has no text of its own.
    let written = match output {
        ReturnType::Default => None,
        ReturnType::Type(..) => syn::spanned::Spanned::span(ty).source_text(),
    };
    let tokens = quote::ToTokens::to_token_stream(ty).to_string();
    // The compiler may give the text of the first word only.
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    let written =
        written.filter(|written| squeezed(written) == squeezed(&tokens)).unwrap_or_else(|| tidy(&tokens));
    if let Type::ImplTrait(_) = ty {
        return format!("`{ident}` hides what it returns; write `async fn {ident}(…) -> Result<…>`");
    }
    let wrapped = match written.as_str() {
        "()" => "Result<()>".to_owned(),
        written => format!("Result<{written}>"),
    };
    let alias = match ty {
        Type::Path(path) if !is_well_known(path) => format!(
            ". If `{written}` is another name of a `Result`, write `Result` in its place, because only names are seen here"
        ),
        _ => String::new(),
    };
    format!(
        "`{ident}` cannot say that the connection broke; write `-> {wrapped}`, or let the whole interface panic then with \
         `#[ipc_interface(panic_on_disconnect)]`{alias}"
    )
}

/// Tokens as people write them.
fn tidy(tokens: &str) -> String {
    let mut text = tokens.to_owned();
    for (from, to) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" < ", "<"),
        (" >", ">"),
        (" ,", ","),
        ("& ", "&"),
        ("< ", "<"),
        ("[ ", "["),
        (" ]", "]"),
        ("( ", "("),
        (" )", ")"),
        (" ;", ";"),
    ] {
        text = text.replace(from, to);
    }
    text
}

/// Whether a type is one that everybody knows as no `Result`.
fn is_well_known(path: &syn::TypePath) -> bool {
    const KNOWN: &[&str] = &[
        "bool",
        "char",
        "f32",
        "f64",
        "i8",
        "i16",
        "i32",
        "i64",
        "i128",
        "isize",
        "u8",
        "u16",
        "u32",
        "u64",
        "u128",
        "usize",
        "String",
        "Vec",
        "Option",
        "Box",
        "Arc",
        "BTreeMap",
        "HashMap",
        "BTreeSet",
        "HashSet",
        "PathBuf",
        "Duration",
        "SystemTime",
    ];
    path.path.segments.last().is_some_and(|last| KNOWN.iter().any(|known| last.ident == known))
}

/// A `Result` that is known to have another error.
fn other_result(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    let module = path.path.segments.iter().rev().nth(1)?;
    let others = ["io", "fmt", "anyhow", "eyre", "thread"];
    others.iter().any(|other| module.ident == other).then(|| format!("{}::Result", module.ident))
}

/// A type that a method hands out.
fn value(ty: &Type, report: &Report) -> Option<Type> {
    if let Type::Reference(_) = ty {
        report.at(ty, "a method between processes cannot return a reference: the value comes from another process; return it owned");
        return None;
    }
    (!not_a_bare_object(ty, report)).then(|| ty.clone())
}
