//! `#[derive(IpcStruct)]`.

use proc_macro2::Span;
use syn::{Data, DeriveInput, Fields, GenericParam, Member};

use super::enumeration::lower_camel;
use super::{file_words, wire};
use crate::check;
use crate::model::{Field, Payload, Shape, Struct, Variant};
use crate::names::camel;
use crate::report::Report;
use crate::words::{self, Value, Words, docs};

/// Reads a struct, or an enum with payload.
pub fn structure(mut item: DeriveInput, report: &Report) -> Option<Struct> {
    let mut words = Words::of_attributes(&mut item.attrs, "a struct", words::STRUCT, report);
    let (generic, parameters) = generic(&mut words, &item, report);
    for param in &item.generics.params {
        match param {
            GenericParam::Type(param) if generic.is_some() => {
                check::parameter_name_fits_the_schema(&param.ident, report);
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
    let shape = match item.data {
        Data::Struct(data) => Shape::Struct(fields(data.fields, "a field", words::FIELD, report)),
        Data::Enum(data) => {
            if data.variants.is_empty() {
                report.at(&item.ident, "an enum without variants has no value that could travel; add one");
            }
            let variants: Vec<Variant> =
                data.variants.into_iter().filter_map(|variant| self::variant(variant, report)).collect();
            let names = variants.iter().map(|variant| (variant.name.as_str(), variant.ident.span()));
            check::names_are_unique(names, "variants", report);
            Shape::Union(variants)
        }
        Data::Union(data) => {
            report.at(data.union_token, "a Rust `union` does not say which field is set; write an `enum`, which becomes a Cap'n Proto union");
            return None;
        }
    };
    let named = ["name", "file", "file_id", "id", "cxx"].iter().any(|word| words.has(word));
    let name = words.text("name").unwrap_or_else(|| item.ident.to_string());
    check::type_name_fits_the_schema(&name, item.ident.span(), report);
    let file = file_words(&mut words, report);
    let id = words.id("id");
    if let (Some((_, span)), Some(None)) = (id, &file) {
        report.add(syn::Error::new(span, "an id belongs to a file; write `file = …` as well"));
    }
    let parameter = parameters.first().map(syn::Ident::span);
    if let (Some(span), Some(None)) = (generic.or(parameter), &file) {
        report.add(syn::Error::new(span, "a generic schema struct needs a file; write `file = …` as well"));
    }
    let form_of = words.path("form_of");
    if let Some(other) = form_of.as_ref().filter(|_| named || generic.is_some()) {
        report.at(other, "the schema declares the struct that `form_of` names, with its name, file and id; leave the others out");
    }
    Some(Struct {
        runtime: words.runtime(),
        docs: docs(&item.attrs),
        name,
        file: file?,
        id: id.map(|(id, _)| id),
        cxx: words.text("cxx"),
        types: words.ty("types"),
        generic: generic.is_some(),
        parameters,
        form_of,
        shape,
        ident: item.ident,
        generics: item.generics,
    })
}

/// `generic`, or `generic(Name)` with the parameters that no field uses.
fn generic(words: &mut Words<'_>, item: &DeriveInput, report: &Report) -> (Option<Span>, Vec<syn::Ident>) {
    let Some(word) = words.take("generic") else { return (None, Vec::new()) };
    let has = !item.generics.params.is_empty();
    match word.value {
        Value::None if has => return (Some(word.name.span()), Vec::new()),
        Value::None => report.at(&word.name, "`generic` needs type parameters: write `struct Name<T>`"),
        Value::List(list) if !has && list.iter().all(|one| matches!(one.value, Value::None)) => {
            let names: Vec<syn::Ident> = list.into_iter().map(|one| one.name).collect();
            names.iter().for_each(|name| check::parameter_name_fits_the_schema(name, report));
            return (None, names);
        }
        _ => report.at(&word.name, "write `generic` on a struct with type parameters, or `generic(Name)` on one without them, where no field uses the parameters of the schema"),
    }
    (None, Vec::new())
}

fn fields(fields: Fields, place: &'static str, allowed: &[&str], report: &Report) -> Vec<Field> {
    let mut read: Vec<Field> = Vec::new();
    for (index, mut field) in fields.into_iter().enumerate() {
        let mut words = Words::of_attributes(&mut field.attrs, place, allowed, report);
        check::is_in_every_build(&field.attrs, "field", "type", report);
        let skip = words.flag("skip").is_some();
        let (member, name) = match field.ident {
            Some(ident) => {
                let name = camel(&ident.to_string());
                (Member::Named(ident), name)
            }
            None => (Member::Unnamed(index.into()), format!("f{index}")),
        };
        let wire = wire::wire(&mut words, name, docs(&field.attrs), report);
        let span = syn::spanned::Spanned::span(&member);
        if !skip {
            check::name_fits_the_schema(&wire.name, false, span, report);
            wire::check(&wire, &field.ty, report);
            if let syn::Type::Reference(reference) = &field.ty {
                report.at(reference, "a struct that travels owns its values; hold `String`, `Vec` and the like instead of references");
            }
        }
        read.push(Field { member, ty: field.ty, skip, wire });
    }
    let named = read.iter().filter(|field| !field.skip);
    check::names_are_unique(
        named.map(|field| (field.wire.name.as_str(), syn::spanned::Spanned::span(&field.member))),
        "fields",
        report,
    );
    let sent = read.iter().filter(|field| !field.skip);
    let wires = sent.map(|field| (&field.wire, syn::spanned::Spanned::span(&field.member)));
    check::field_ordinals_are_unique(wires, report);
    read
}

fn variant(mut variant: syn::Variant, report: &Report) -> Option<Variant> {
    let name = lower_camel(&variant.ident.to_string());
    let text = docs(&variant.attrs);
    check::is_in_every_build(&variant.attrs, "variant", "type", report);
    if let Some((_, value)) = &variant.discriminant {
        report.at(value, "the variants of a union count from 0; leave the discriminant out");
    }
    let (payload, name) = match variant.fields {
        Fields::Unit => {
            let mut words =
                Words::of_attributes(&mut variant.attrs, "a variant", &["name", "ordinal"], report);
            (Payload::Unit(words.number("ordinal")), words.text("name").unwrap_or(name))
        }
        Fields::Unnamed(unnamed) if unnamed.unnamed.len() == 1 => {
            let mut words = Words::of_attributes(&mut variant.attrs, "a variant", words::VARIANT, report);
            let ty = unnamed.unnamed.into_iter().next()?.ty;
            let wire = wire::wire(&mut words, name, text.clone(), report);
            wire::check(&wire, &ty, report);
            let name = wire.name.clone();
            (
                Payload::Value(Box::new(Field {
                    member: Member::Unnamed(0usize.into()),
                    ty,
                    skip: false,
                    wire,
                })),
                name,
            )
        }
        Fields::Unnamed(unnamed) => {
            report.at(&unnamed, "the values of a variant need names in the schema; write `Variant { a: A, b: B }`, or one value");
            return None;
        }
        Fields::Named(named) if named.named.is_empty() => {
            report.at(&named, "a variant without values has no brackets; leave them out");
            return None;
        }
        named @ Fields::Named(_) => {
            let mut words = Words::of_attributes(&mut variant.attrs, "a variant", &["name"], report);
            let name = words.text("name").unwrap_or(name);
            (Payload::Group(fields(named, "a field", words::FIELD, report)), name)
        }
    };
    check::name_fits_the_schema(&name, false, variant.ident.span(), report);
    Some(Variant { ident: variant.ident, name, docs: text, payload })
}
