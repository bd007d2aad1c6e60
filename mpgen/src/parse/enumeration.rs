//! `#[derive(IpcEnum)]`.

use syn::{Data, DeriveInput};

use super::file_words;
use crate::model::{Enum, Enumerant};
use crate::names::camel;
use crate::report::Report;
use crate::words::{self, Value, Words, docs};

/// The integers that an enum may travel as, by their schema names.
const INTEGERS: &[(&str, &str)] = &[
    ("Int8", "i8"),
    ("UInt8", "u8"),
    ("Int16", "i16"),
    ("UInt16", "u16"),
    ("Int32", "i32"),
    ("UInt32", "u32"),
    ("Int64", "i64"),
    ("UInt64", "u64"),
];

/// Reads an enum without payload.
pub fn enumeration(mut item: DeriveInput, report: &Report) -> Option<Enum> {
    let mut words = Words::of_attributes(&mut item.attrs, "an enum", words::ENUM, report);
    let Data::Enum(data) = item.data else {
        report.at(&item.ident, "`IpcEnum` is for enums; derive `IpcStruct` for a struct");
        return None;
    };
    let variants = data.variants.into_iter().map(|mut variant| {
        let mut words = Words::of_attributes(&mut variant.attrs, "an enumerant", words::ENUMERANT, report);
        Enumerant {
            name: words.text("name").unwrap_or_else(|| lower_camel(&variant.ident.to_string())),
            docs: docs(&variant.attrs),
            attrs: variant.attrs,
            fields: variant.fields,
            ident: variant.ident,
            discriminant: variant.discriminant.map(|(_, value)| value),
        }
    });
    let integer = integer(&mut words, report);
    Some(Enum {
        variants: variants.collect(),
        runtime: words.runtime(),
        docs: docs(&item.attrs),
        name: words.text("name").unwrap_or_else(|| item.ident.to_string()),
        integer: integer.map(|integer| syn::Ident::new(integer, item.ident.span())),
        file: file_words(&mut words, report),
        id: words.id("id").map(|(id, _)| id),
        generics: item.generics,
        ident: item.ident,
    })
}

/// Reads `wire`. Nothing for a true Cap'n Proto enum.
fn integer(words: &mut Words<'_>, report: &Report) -> Option<&'static str> {
    const USUAL: &str = "i32";
    let Some(word) = words.take("wire") else { return Some(USUAL) };
    let Value::Expr(syn::Expr::Path(path)) = &word.value else {
        let usage = "`wire` names the integer that travels: write `wire = Int32`, or `wire = enumerant`";
        report.at(&word.name, usage);
        return Some(USUAL);
    };
    if path.path.is_ident("enumerant") {
        return None;
    }
    let known = INTEGERS.iter().find(|(name, _)| path.path.is_ident(name));
    if known.is_none() {
        let list = INTEGERS.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let text = format!("an enum travels as one of {list}, or as `enumerant`, a true Cap'n Proto enum");
        report.at(path, text);
    }
    Some(known.map_or(USUAL, |(_, integer)| *integer))
}

/// `BlockRelay` as `blockRelay`.
pub(super) fn lower_camel(name: &str) -> String {
    let mut chars = name.chars();
    let lower = chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect());
    camel(&lower)
}
