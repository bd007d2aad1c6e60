//! `#[derive(IpcStruct)]`.

use proc_macro2::Span;
use syn::{Data, DeriveInput, Fields, Member};

use super::enumeration::lower_camel;
use super::{file_words, wire};
use crate::model::{Field, Payload, Shape, Struct, Variant};
use crate::names::camel;
use crate::report::Report;
use crate::words::{self, Value, Words, docs};

/// Reads a struct, or an enum with payload.
pub fn structure(mut item: DeriveInput, report: &Report) -> Option<Struct> {
    let mut words = Words::of_attributes(&mut item.attrs, "a struct", words::STRUCT, report);
    let (generic, parameters) = generic(&mut words, &item, report);
    let shape = match item.data {
        Data::Struct(data) => Shape::Struct(fields(data.fields, words::FIELD, report)),
        Data::Enum(data) => {
            Shape::Union(data.variants.into_iter().map(|variant| self::variant(variant, report)).collect())
        }
        Data::Union(data) => {
            report.at(data.union_token, "a Rust `union` does not say which field is set; write an `enum`, which becomes a Cap'n Proto union");
            return None;
        }
    };
    Some(Struct {
        runtime: words.runtime(),
        docs: docs(&item.attrs),
        name: words.text("name").unwrap_or_else(|| item.ident.to_string()),
        file: file_words(&mut words, report),
        id: words.id("id"),
        cxx: words.text("cxx"),
        types: words.ty("types"),
        generic,
        parameters,
        form_of: words.path("form_of"),
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
            return (None, list.into_iter().map(|one| one.name).collect());
        }
        _ => report.at(&word.name, "write `generic` on a struct with type parameters, or `generic(Name)` on one without them, where no field uses the parameters of the schema"),
    }
    (None, Vec::new())
}

fn fields(fields: Fields, allowed: &str, report: &Report) -> Vec<Field> {
    let fields = fields.into_iter().enumerate();
    let fields = fields.map(|(index, mut field)| {
        let mut words = Words::of_attributes(&mut field.attrs, "a field", allowed, report);
        let skip = words.flag("skip").is_some();
        let (member, name) = match field.ident {
            Some(ident) => {
                let name = camel(&ident.to_string());
                (Member::Named(ident), name)
            }
            None => (Member::Unnamed(index.into()), format!("f{index}")),
        };
        let wire = wire::wire(&mut words, name, docs(&field.attrs), report);
        Field { member, attrs: field.attrs, ty: field.ty, skip, wire }
    });
    fields.collect()
}

fn variant(mut variant: syn::Variant, report: &Report) -> Variant {
    let written = (variant.fields.clone(), variant.discriminant.take().map(|(_, value)| value));
    let docs = docs(&variant.attrs);
    let name = lower_camel(&variant.ident.to_string());
    let mut words = |allowed| Words::of_attributes(&mut variant.attrs, "a variant", allowed, report);
    let (payload, name) = match variant.fields {
        Fields::Unit => {
            let mut words = words("name ordinal");
            (Payload::Unit(words.number("ordinal")), words.text("name").unwrap_or(name))
        }
        Fields::Unnamed(mut unnamed) if unnamed.unnamed.len() == 1 => {
            let wire = wire::wire(&mut words(words::VARIANT), name, docs.clone(), report);
            let name = wire.name.clone();
            let fields = std::mem::take(&mut unnamed.unnamed).into_iter();
            let mut fields = fields.map(|field| Field {
                member: Member::Unnamed(0usize.into()),
                attrs: field.attrs,
                ty: field.ty,
                skip: false,
                wire: wire.clone(),
            });
            let value = fields.next().map(|field| Payload::Value(Box::new(field)));
            (value.unwrap_or(Payload::Unit(None)), name)
        }
        several => {
            let name = words("name").text("name").unwrap_or(name);
            (Payload::Group(fields(several, words::FIELD, report)), name)
        }
    };
    Variant { attrs: variant.attrs, written, ident: variant.ident, name, docs, payload }
}
