//! The constants of a struct, or of a method's parameters or results.
//!
//! ```text
//! StructNode::new("BlockRef", &const { Fields::place([Field::of::<BlockHash, ()>("hash"), …], 0) })
//! ```
//!
//! The layout is computed where the types are known: `Field::of` reads a type's slots, and
//! `Fields::place` gives every field its place.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Lit, Type};

use super::number;
use crate::model::{Optional, Wire};
use crate::syntax::ends;

/// A type as a field sees it: what travels, in which conversion set.
pub(super) struct Travels {
    /// The type that has a wire form.
    pub(super) ty: TokenStream,
    /// The conversion set.
    pub(super) set: TokenStream,
    /// Where the type begins and ends in the user's code.
    pub(super) ends: (Span, Span),
}

/// What travels for a value of type `ty`.
pub(super) fn travels(ty: &Type, wire: &Wire, set: &TokenStream) -> Travels {
    let set = set_of(wire, set);
    let ends = ends(ty);
    let ty = match &wire.with {
        Some(module) => quote!(#module::Wire),
        None => quote!(#ty),
    };
    Travels { ty, set, ends }
}

/// The conversion set of a value.
pub(super) fn set_of(wire: &Wire, set: &TokenStream) -> TokenStream {
    match &wire.types {
        Some(types) => quote!(#types),
        None => set.clone(),
    }
}

/// What the conversions of the runtime count that have no type of their own on the wire.
fn unit(with: &syn::Path) -> Option<&'static str> {
    let mut names = with.segments.iter().rev().map(|segment| segment.ident.to_string());
    let (name, module) = (names.next()?, names.next()?);
    match name.as_str() {
        "seconds" => Some("seconds"),
        "milliseconds" | "milliseconds_or_forever" => Some("milliseconds"),
        "microseconds" => Some("microseconds"),
        _ => None,
    }
    .filter(|_| module == "with")
}

/// A field, as an expression of type `Field`.
pub(super) struct FieldTokens(TokenStream);

impl FieldTokens {
    /// A field with a value.
    pub(super) fn value(wire: &Wire, travels: &Travels) -> Self {
        let Travels { ty, set, ends: (start, end) } = travels;
        let Wire { name, docs, .. } = wire;
        // A type without a form is found when the constant is computed; the spans say where.
        let (head, tail) = match set.to_string().as_str() {
            "()" => (quote!(__mp::field::<), quote!(>(#name))),
            _ => (quote!(__mp::Field::of::<), quote!(, #set>(#name))),
        };
        let (head, tail) = (at(head, *start), at(tail, *end));
        let mut field = FieldTokens(quote!(#head #ty #tail));
        if let Some(unit) = wire.with.as_ref().and_then(unit) {
            field.say(&quote!(unit(#unit)));
        }
        if let Some(ordinal) = wire.ordinal.map(number) {
            field.say(&quote!(ordinal(#ordinal)));
        }
        match wire.optional {
            None => {}
            Some(Optional::Flag) => field.say(&quote!(with_flag())),
            // A type that has no null is found when the constant is computed; the span says where.
            Some(Optional::Null) => {
                field = FieldTokens(at(field.0, *start));
                field.say(&at(quote!(with_null()), *start));
            }
        }
        if let Some(ordinal) = wire.has_ordinal.map(number) {
            field.say(&quote!(has_ordinal(#ordinal)));
        }
        if let Some(value) = &wire.default {
            // A value that does not fit is found when the constant is computed; the span says
            // where.
            field = FieldTokens(at(field.0, value.span()));
            field.say(&default(value, &travels.ty));
        }
        if wire.secret {
            field.say(&quote!(secret()));
        }
        if let Some(name) = &wire.cxx_name {
            field.annotate(&format!("$Proxy.name({name:?})"));
        }
        if let Some(cxx) = &wire.exception {
            field.annotate(&format!("$Proxy.exception({cxx:?})"));
        }
        field.docs(docs);
        field
    }

    /// The `context` parameter.
    pub(super) fn context() -> Self {
        FieldTokens(quote!(__mp::CONTEXT))
    }

    /// A `Bool` that the library itself sets, such as `wantX`.
    pub(super) fn flag(name: &str) -> Self {
        FieldTokens(quote!(__mp::Field::flag(#name)))
    }

    /// A `Void`, as a union's empty variant.
    pub(super) fn void(name: &str, docs: &str, ordinal: Option<u16>) -> Self {
        let mut field = FieldTokens(quote!(__mp::Field::void(#name)));
        if let Some(ordinal) = ordinal.map(number) {
            field.say(&quote!(ordinal(#ordinal)));
        }
        field.docs(docs);
        field
    }

    /// The field as a member of a union's variant, inside a group if the variant has one.
    pub(super) fn in_variant(mut self, variant: u16, group: Option<&str>) -> Self {
        let variant = number(variant);
        self.say(&quote!(variant(#variant)));
        if let Some(group) = group {
            self.say(&quote!(group(#group)));
        }
        self
    }

    /// The field with an annotation.
    pub(super) fn annotated(mut self, annotation: &str) -> Self {
        self.annotate(annotation);
        self
    }

    fn say(&mut self, word: &TokenStream) {
        let field = &self.0;
        self.0 = quote!(#field.#word);
    }

    fn annotate(&mut self, annotation: &str) {
        self.say(&quote!(annotated(&[#annotation])));
    }

    fn docs(&mut self, docs: &str) {
        if !docs.is_empty() {
            self.say(&quote!(docs(#docs)));
        }
    }
}

/// The word that gives a field its default.
fn default(value: &Expr, ty: &TokenStream) -> TokenStream {
    let literal = match value {
        Expr::Unary(unary) => &*unary.expr,
        plain => plain,
    };
    let literal = match literal {
        Expr::Lit(literal) => Some(&literal.lit),
        _ => None,
    };
    let (i128, f64) = (quote!(__mp::i128), quote!(__mp::f64));
    match literal {
        Some(Lit::Bool(_)) => quote_spanned!(value.span()=> default_bool(#value)),
        Some(Lit::Float(_)) => quote_spanned!(value.span()=> default_number(0, #value)),
        // By way of i128, because a literal that is cast to a float at once would be an i32.
        Some(Lit::Int(_)) => {
            quote_spanned!(value.span()=> default_number((#value) as #i128, (#value) as #i128 as #f64))
        }
        // The path of a constant.
        _ if ty.to_string() == "bool" => quote_spanned!(value.span()=> default_bool(#value)),
        // The path of a constant number: the type decides which form counts.
        _ => quote_spanned!(value.span()=> default_number((#value) as #i128, (#value) as #f64)),
    }
}

/// The same tokens, as if they stood at `span`.
pub(super) fn at(tokens: TokenStream, span: Span) -> TokenStream {
    let moved = tokens.into_iter().map(|mut token| {
        if let TokenTree::Group(group) = &token {
            token = Group::new(group.delimiter(), at(group.stream(), span)).into();
        }
        token.set_span(span);
        token
    });
    moved.collect()
}

/// An expression of type `&Fields<N>`, with the number of variants of the unnamed union. Mistakes
/// that concern the fields together show at `span`.
pub(super) fn place(fields: &[FieldTokens], variants: u16, span: Span) -> TokenStream {
    let fields = fields.iter().map(|field| &field.0);
    let function = at(quote!(__mp::Fields::place), span);
    let variants = number(variants);
    let mut arguments = Group::new(Delimiter::Parenthesis, quote!([#(#fields),*], #variants));
    arguments.set_span(span);
    quote!(&const { #function #arguments })
}

/// The fields of a method's parameters and results, as an expression of type `MethodFields<P, R>` in a constant.
pub(super) fn method(params: &[FieldTokens], results: &[FieldTokens], span: Span) -> TokenStream {
    let (params, results) = (params.iter().map(|field| &field.0), results.iter().map(|field| &field.0));
    let function = at(quote!(__mp::fields), span);
    let mut arguments = Group::new(Delimiter::Parenthesis, quote!([#(#params),*], [#(#results),*]));
    arguments.set_span(span);
    quote!(#function #arguments)
}
