//! The rules for types with `#[derive(IpcStruct)]` and `#[derive(IpcEnum)]`.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, GenericParam, Member, Type};

use super::names::{
    BUILT_IN, file_fits, is_condition, is_in_every_build, name_fits_the_schema, names_are_unique,
    type_name_fits_the_schema,
};
use super::values::{discriminant_fits, not_a_bare_object, value};
use super::{Checked, Rule};
use crate::model::{Enum, Field, Payload, Shape, Struct, Variant, Wire};
use crate::report::Report;
use crate::syntax::integer;

/// The rules for a struct, or an enum with payload.
const OF_STRUCTS: &[Rule<Struct>] = &[
    its_parameters_are_types,
    its_fields_travel,
    its_variants_travel,
    its_name_fits_the_schema,
    its_file_fits,
    what_is_in_no_file_has_no_place_in_one,
    another_form_has_no_words_of_its_own,
];

/// The rules for an enum without payload.
const OF_ENUMS: &[Rule<Enum>] = &[
    it_has_no_parameters,
    its_file_fits_too,
    a_schema_enum_has_a_file,
    it_has_variants,
    its_variants_are_numbers,
];

/// Checks a struct, or an enum with payload. Nothing comes out where there are mistakes.
pub fn structure(item: Struct, written: &DeriveInput, report: &Report) -> Option<Checked<Struct>> {
    OF_STRUCTS.iter().for_each(|rule| rule(&item, report));
    nothing_is_left_out(written, report);
    report.is_empty().then_some(Checked(item))
}

/// Checks an enum without payload. Nothing comes out where there are mistakes.
pub fn enumeration(item: Enum, written: &DeriveInput, report: &Report) -> Option<Checked<Enum>> {
    OF_ENUMS.iter().for_each(|rule| rule(&item, report));
    nothing_is_left_out(written, report);
    report.is_empty().then_some(Checked(item))
}

/// What a schema struct is generic over are types.
fn its_parameters_are_types(item: &Struct, report: &Report) {
    item.parameters.iter().for_each(|name| parameter_name_fits_the_schema(name, report));
    for param in &item.generics.params {
        match param {
            GenericParam::Type(param) if item.generic.is_some() => {
                parameter_name_fits_the_schema(&param.ident, report);
            }
            GenericParam::Type(_) => {}
            GenericParam::Lifetime(lifetime) => {
                report.at(lifetime, "a struct that travels owns its values; leave the lifetime out and hold `String`, `Vec` and the like");
            }
            GenericParam::Const(constant) => {
                report.at(
                    constant,
                    "a schema struct has no constant parameters; write a struct for each value",
                );
            }
        }
    }
    if let Some(clause) = &item.generics.where_clause {
        report.at(clause, "a struct that travels has no `where` clause; leave it out");
    }
}

/// A type parameter of the schema is named like a type, and may not take the place of one.
fn parameter_name_fits_the_schema(ident: &syn::Ident, report: &Report) {
    let name = ident.to_string();
    if BUILT_IN.contains(&name.as_str()) || !name.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        report.at(ident, format!("`{name}` cannot be the name of a type parameter in the schema, where it means something else or is no name; write another one, such as `T`"));
    }
}

fn its_fields_travel(item: &Struct, report: &Report) {
    if let Shape::Struct(fields) = &item.shape {
        fields_travel(fields, report);
    }
}

/// The fields of a struct, or of a variant.
fn fields_travel(fields: &[Field], report: &Report) {
    let sent = || fields.iter().filter(|field| !field.skip);
    fields.iter().for_each(|field| is_in_every_build(&field.attrs, "field", "type", report));
    for field in sent() {
        name_fits_the_schema(&field.wire.name, false, field.member.span(), report);
        field_travels(field, report);
    }
    let names = sent().map(|field| (field.wire.name.as_str(), field.member.span()));
    names_are_unique(names, "fields", report);
    field_ordinals_are_unique(sent().map(|field| (&field.wire, field.member.span())), report);
}

fn field_travels(field: &Field, report: &Report) {
    if not_a_bare_object(&field.ty, report) {
        return;
    }
    value(&field.wire, &field.ty, report);
    if let Type::Reference(reference) = &field.ty {
        report.at(
            reference,
            "a struct that travels owns its values; hold `String`, `Vec` and the like instead of references",
        );
    }
}

fn its_variants_travel(item: &Struct, report: &Report) {
    let Shape::Union(variants) = &item.shape else { return };
    if variants.is_empty() {
        report.at(&item.ident, "an enum without variants has no value that could travel; add one");
    }
    variants.iter().for_each(|variant| variant_travels(variant, report));
    let names = variants.iter().map(|variant| (variant.name.as_str(), variant.ident.span()));
    names_are_unique(names, "variants", report);
}

fn variant_travels(variant: &Variant, report: &Report) {
    let (fields, discriminant) = &variant.written;
    is_in_every_build(&variant.attrs, "variant", "type", report);
    if let Some(value) = discriminant {
        report.at(value, "the variants of a union count from 0; leave the discriminant out");
    }
    match &variant.payload {
        Payload::Unit(_) => {}
        Payload::Value(field) => field_travels(field, report),
        Payload::Group(group) if group.is_empty() => {
            return report.at(fields, "a variant without values has no brackets; leave them out");
        }
        Payload::Group(group) if group.iter().any(|field| matches!(field.member, Member::Unnamed(_))) => {
            return report.at(fields, "the values of a variant need names in the schema; write `Variant { a: A, b: B }`, or one value");
        }
        Payload::Group(group) if group.iter().all(|field| field.skip) => {
            return report.at(
                fields,
                "a group of the schema has a field; leave the brackets out, or `skip` on one of the values",
            );
        }
        Payload::Group(group) => fields_travel(group, report),
    }
    name_fits_the_schema(&variant.name, false, variant.ident.span(), report);
}

fn its_name_fits_the_schema(item: &Struct, report: &Report) {
    type_name_fits_the_schema(&item.name, item.ident.span(), report);
}

fn its_file_fits(item: &Struct, report: &Report) {
    file_fits(item.file.as_ref(), report);
}

fn its_file_fits_too(item: &Enum, report: &Report) {
    file_fits(item.file.as_ref(), report);
}

/// A struct without a file is declared where it is used.
fn what_is_in_no_file_has_no_place_in_one(item: &Struct, report: &Report) {
    if item.file.is_some() {
        return;
    }
    if let Some((_, span)) = item.id {
        report.add(syn::Error::new(span, "an id belongs to a file; write `file = …` as well"));
    }
    if let Some(span) = item.generic.or(item.parameters.first().map(syn::Ident::span)) {
        report.add(syn::Error::new(span, "a generic schema struct needs a file; write `file = …` as well"));
    }
}

fn another_form_has_no_words_of_its_own(item: &Struct, report: &Report) {
    let is_named = item.ident != item.name || item.file.is_some() || item.id.is_some() || item.cxx.is_some();
    if let Some(other) = item.form_of.as_ref().filter(|_| is_named || item.generic.is_some()) {
        report.at(other, "the schema declares the struct that `form_of` names, with its name, file and id; leave the others out");
    }
}

/// Two fields of one struct cannot share an explicit ordinal.
fn field_ordinals_are_unique<'w>(
    wires: impl Iterator<Item = (&'w Wire, proc_macro2::Span)>,
    report: &Report,
) {
    let mut seen = std::collections::HashMap::new();
    for (wire, span) in wires {
        for ordinal in [wire.ordinal, wire.has_ordinal].into_iter().flatten() {
            if let Some(other) = seen.insert(ordinal, &wire.name) {
                let name = &wire.name;
                report.add(syn::Error::new(
                    span,
                    format!(
                        "`{name}` has the ordinal {ordinal}, which `{other}` has already; give it another"
                    ),
                ));
            }
        }
    }
}

/// Numbers have no parameters.
fn it_has_no_parameters(item: &Enum, report: &Report) {
    if !item.generics.params.is_empty() {
        report.at(&item.generics, "an enum that travels as a number has no parameters; leave them out");
    }
}

/// Only a true Cap'n Proto enum stands in a schema.
fn a_schema_enum_has_a_file(item: &Enum, report: &Report) {
    if item.integer.is_some() {
        return;
    }
    if item.file.is_none() {
        report.at(&item.ident, "a Cap'n Proto enum needs a schema file; write `#[ipc(file = …)]`");
    }
    type_name_fits_the_schema(&item.name, item.ident.span(), report);
}

fn it_has_variants(item: &Enum, report: &Report) {
    if item.variants.is_empty() {
        report.at(&item.ident, "an enum without variants has no value that could travel; add one");
    }
}

fn its_variants_are_numbers(item: &Enum, report: &Report) {
    // The number of the next variant, as far as it is known.
    let mut next = Some(0);
    for variant in &item.variants {
        is_in_every_build(&variant.attrs, "enumerant", "type", report);
        if !matches!(variant.fields, Fields::Unit) {
            report.at(&variant.fields, "`IpcEnum` is for variants without fields; derive `IpcStruct`, which makes a union of the variants");
        }
        if let Some(value) = &variant.discriminant {
            next = integer(value);
        }
        let number = next;
        next = number.map(|number| number + 1);
        match (&item.integer, &variant.discriminant) {
            (None, None) => {}
            (None, Some(value)) => report.at(value, "a Cap'n Proto enum counts from 0; leave the discriminants out, or choose an integer with `wire = Int32`"),
            (Some(integer), value) => {
                let place = value.as_ref().map_or(variant.ident.to_token_stream(), ToTokens::to_token_stream);
                number.into_iter().for_each(|number| discriminant_fits(&place, number, &integer.to_string(), report));
            }
        }
        name_fits_the_schema(&variant.name, false, variant.ident.span(), report);
    }
    let names = item.variants.iter().map(|variant| (variant.name.as_str(), variant.ident.span()));
    names_are_unique(names, "enumerants", report);
}

/// What the wire shows is the same in every build, also where the compiler has left a part of a type out before a derive
/// sees it: the text of the source still has it.
fn nothing_is_left_out(item: &DeriveInput, report: &Report) {
    fn has_condition(tokens: TokenStream) -> bool {
        let mut after_hash = false;
        tokens.into_iter().any(|token| match token {
            TokenTree::Punct(punct) => {
                after_hash = punct.as_char() == '#';
                false
            }
            TokenTree::Group(group) => {
                let conditional =
                    syn::parse2::<syn::Meta>(group.stream()).is_ok_and(|meta| is_condition(&meta));
                std::mem::take(&mut after_hash) && conditional || has_condition(group.stream())
            }
            _ => {
                after_hash = false;
                false
            }
        })
    }
    let inside = match &item.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => fields.brace_token.span.join(),
            Fields::Unnamed(fields) => fields.paren_token.span.join(),
            Fields::Unit => return,
        },
        Data::Enum(data) => data.brace_token.span.join(),
        Data::Union(_) => return,
    };
    // Where the text is no Rust of its own, it is that of a macro, whose parts are all here.
    let text = inside.source_text().and_then(|text| text.parse().ok());
    if report.is_empty() && text.is_some_and(has_condition) {
        report.at(
            &item.ident,
            "a part of the type is not the same in every build, and builds would have other forms on the wire under one name; \
             write it in every build, or put the condition (`#[cfg]`) on the whole type",
        );
    }
}
