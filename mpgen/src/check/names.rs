//! What things may be called in a schema, and that they are there in every build.

use crate::model::FileRef;
use crate::report::Report;

/// The names that mean something in every schema, so that no type may have them. The runtime, which this library is no
/// part of, has the same list for what no macro has seen.
pub const BUILT_IN: &[&str] = &[
    "Void",
    "Bool",
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "UInt8",
    "UInt16",
    "UInt32",
    "UInt64",
    "Float32",
    "Float64",
    "Text",
    "Data",
    "List",
    "AnyPointer",
    "AnyStruct",
    "AnyList",
    "Capability",
    "Proxy",
    "Cxx",
];

/// A type of the schema has no name that means something else there.
pub(super) fn type_name_fits_the_schema(name: &str, span: proc_macro2::Span, report: &Report) {
    name_fits_the_schema(name, true, span, report);
    if BUILT_IN.contains(&name) {
        let own = if name == "Proxy" || name == "Cxx" {
            "is what this file calls another one"
        } else {
            "is a type of Cap'n Proto"
        };
        report.add(syn::Error::new(
            span,
            format!("in every schema `{name}` {own}, whose place this one would take; give it another name there with `name = \"…\"`"),
        ));
    }
}

/// The names of files that every schema may import.
const OWN_FILES: &[&str] = &["mp/proxy.capnp", "capnp/c++.capnp"];

/// A file of the schema is named as an import names it, from the folder in which all of them are written.
pub(super) fn file_name_fits(name: &syn::LitStr, report: &Report) {
    let text = name.value();
    let is_part = |part: &str| !part.trim_matches('.').is_empty();
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "/._+-".contains(letter);
    if OWN_FILES.contains(&text.as_str()) {
        report.at(name, format!("`{text}` is a file of its own that others import; write another name, such as `file = \"name.capnp\"`"));
    } else if !text.ends_with(".capnp") || !text.split('/').all(is_part) || !text.chars().all(is_letter) {
        report.at(name, format!("`{text}` cannot be the name of a schema file: others import it by this path below the folder of all schemas; write one such as `name.capnp` or `folder/name.capnp`, of letters, digits and `._+-`"));
    }
}

/// The same, where the file is not one that `ipc_file!` declares.
pub(super) fn file_fits(file: Option<&FileRef>, report: &Report) {
    if let Some(FileRef::Inline { name, .. }) = file {
        file_name_fits(name, report);
    }
}

/// Two methods, or two fields of one struct, cannot share a name in the schema.
pub(super) fn names_are_unique<'n>(
    names: impl Iterator<Item = (&'n str, proc_macro2::Span)>,
    what: &str,
    report: &Report,
) {
    let mut seen = std::collections::HashMap::new();
    for (name, span) in names {
        if seen.insert(name.to_owned(), span).is_some() {
            report.add(syn::Error::new(
                span,
                format!(
                    "two {what} are named `{name}` in the schema; rename one with `#[ipc(name = \"…\")]`"
                ),
            ));
        }
    }
}

/// The schema wants names that begin with a small letter and hold letters and digits only.
pub(super) fn name_fits_the_schema(name: &str, upper: bool, span: proc_macro2::Span, report: &Report) {
    let first = name.chars().next();
    let fits = first
        .is_some_and(|first| if upper { first.is_ascii_uppercase() } else { first.is_ascii_lowercase() })
        && name.chars().all(|letter| letter.is_ascii_alphanumeric());
    if !fits {
        let kind = if upper { "a capital" } else { "a small letter" };
        report.add(syn::Error::new(span, format!("`{name}` cannot be a name in the schema: it begins with {kind} and holds only letters and digits; give another with `name = \"…\"`")));
    }
}

/// Whether an attribute says that something is there in some builds only, or other there.
pub(super) fn is_condition(meta: &syn::Meta) -> bool {
    let names_ours = |list: &syn::MetaList| {
        list.tokens.clone().into_iter().any(|token| match token {
            proc_macro2::TokenTree::Ident(ident) => ident == "ipc" || ident == "cfg",
            _ => false,
        })
    };
    meta.path().is_ident("cfg")
        || meta.path().is_ident("cfg_attr") && matches!(meta, syn::Meta::List(list) if names_ours(list))
}

/// What the wire shows is the same in every build.
pub(super) fn is_in_every_build(attrs: &[syn::Attribute], what: &str, whole: &str, report: &Report) {
    for attr in attrs.iter().filter(|attr| is_condition(&attr.meta)) {
        report.at(
            attr,
            format!(
                "builds with and without this {what} would have different forms on the wire under one name, with other \
                 ordinals for all that follows; write it in every build, or put the condition on the whole {whole}"
            ),
        );
    }
}
