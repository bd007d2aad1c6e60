//! `#[derive(IpcEnum)]`.

use syn::{Data, DeriveInput, Fields};

use super::file_words;
use crate::check;
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
    if !item.generics.params.is_empty() {
        report.at(&item.generics, "an enum that travels as a number has no parameters; leave them out");
    }
    let integer = match words.take("wire") {
        None => Some("i32"),
        Some(word) => match &word.value {
            Value::Expr(syn::Expr::Path(path)) if path.path.is_ident("enumerant") => None,
            Value::Expr(syn::Expr::Path(path)) => {
                let known = INTEGERS.iter().find(|(name, _)| path.path.is_ident(name));
                if known.is_none() {
                    let list =
                        INTEGERS.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                    report.at(
                        path,
                        format!(
                            "an enum travels as one of {list}, or as `enumerant`, a true Cap'n Proto enum"
                        ),
                    );
                }
                Some(known.map_or("i32", |(_, integer)| *integer))
            }
            _ => {
                report.at(
                    &word.name,
                    "`wire` names the integer that travels: write `wire = Int32`, or `wire = enumerant`",
                );
                Some("i32")
            }
        },
    };
    let name = words.text("name").unwrap_or_else(|| item.ident.to_string());
    let file = file_words(&mut words, report);
    if integer.is_none() && matches!(file, Some(None)) {
        report.at(&item.ident, "a Cap'n Proto enum needs a schema file; write `#[ipc(file = …)]`");
    }
    if integer.is_none() {
        check::type_name_fits_the_schema(&name, item.ident.span(), report);
    }
    if data.variants.is_empty() {
        report.at(&item.ident, "an enum without variants has no value that could travel; add one");
    }
    let mut variants = Vec::new();
    for mut variant in data.variants {
        let mut words = Words::of_attributes(&mut variant.attrs, "an enumerant", words::ENUMERANT, report);
        check::is_in_every_build(&variant.attrs, "enumerant", "type", report);
        if !matches!(variant.fields, Fields::Unit) {
            report.at(&variant.fields, "`IpcEnum` is for variants without fields; derive `IpcStruct`, which makes a union of the variants");
        }
        let discriminant = variant.discriminant.map(|(_, value)| value);
        if let (None, Some(value)) = (integer, &discriminant) {
            report.at(value, "a Cap'n Proto enum counts from 0; leave the discriminants out, or choose an integer with `wire = Int32`");
        }
        if let (Some(integer), Some(value)) = (integer, &discriminant) {
            check::discriminant_fits(value, integer, report);
        }
        let wire = words.text("name").unwrap_or_else(|| lower_camel(&variant.ident.to_string()));
        check::name_fits_the_schema(&wire, false, variant.ident.span(), report);
        variants.push(Enumerant {
            name: wire,
            docs: docs(&variant.attrs),
            ident: variant.ident,
            discriminant,
        });
    }
    check::names_are_unique(
        variants.iter().map(|variant| (variant.name.as_str(), variant.ident.span())),
        "enumerants",
        report,
    );
    Some(Enum {
        runtime: words.runtime(),
        docs: docs(&item.attrs),
        name,
        integer: integer.map(|integer| syn::Ident::new(integer, item.ident.span())),
        file: file?,
        id: words.id("id").map(|(id, _)| id),
        variants,
        ident: item.ident,
    })
}

/// `BlockRelay` as `blockRelay`.
pub(super) fn lower_camel(name: &str) -> String {
    let mut chars = name.chars();
    let lower = chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect());
    camel(&lower)
}
