//! The constants of a struct, or of a method's parameters or results.
//!
//! ```text
//! StructNode { name: "BlockRef", fields: &[FieldNode { name: "hash", … }], … }
//! ```
//!
//! The layout is computed where the types are known: each field's slots go through `lay_out`, and
//! the places come back into the field's node.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Lit, Type};

use super::private;
use crate::model::{Optional, Wire};

/// A field, as tokens.
pub(super) struct FieldTokens {
    name: String,
    docs: String,
    /// The schema type.
    ty: TokenStream,
    /// The slots.
    slots: TokenStream,
    ordinal: Option<u16>,
    has_ordinal: Option<u16>,
    default: TokenStream,
    variant: Option<u16>,
    group: Option<String>,
    secret: bool,
    annotations: Vec<String>,
}

/// A type as a field sees it: what travels, in which conversion set.
pub(super) struct Travels {
    /// The type that has a wire form.
    pub(super) ty: TokenStream,
    /// The conversion set.
    pub(super) set: TokenStream,
}

/// What travels for a value of type `ty`.
pub(super) fn travels(ty: &Type, wire: &Wire, set: &TokenStream) -> Travels {
    let set = match &wire.types {
        Some(types) => quote!(#types),
        None => set.clone(),
    };
    let ty = match &wire.with {
        Some(module) => quote!(#module::Wire),
        None => quote!(#ty),
    };
    Travels { ty, set }
}

impl FieldTokens {
    /// A field with a value.
    pub(super) fn value(wire: &Wire, travels: &Travels) -> Self {
        let private = private();
        let Travels { ty, set } = travels;
        let as_wire = quote!(<#ty as #private::WireType<#set>>);
        let slots = match wire.optional {
            None => quote!(#as_wire::SLOTS),
            Some(Optional::Flag) => quote!(#as_wire::SLOTS.with_flag()),
            Some(Optional::Null) => quote!(#as_wire::SLOTS.with_null()),
        };
        let ty = quote!(#as_wire::TYPE);
        let default = default(wire.default.as_ref(), &ty);
        let annotations = wire.cxx_name.iter().map(|name| format!("$Proxy.name({name:?})")).collect();
        FieldTokens {
            name: wire.name.clone(),
            docs: wire.docs.clone(),
            ty,
            slots,
            ordinal: wire.ordinal,
            has_ordinal: wire.has_ordinal,
            default,
            variant: None,
            group: None,
            secret: wire.secret,
            annotations,
        }
    }

    fn fixed(name: &str, ty: &TokenStream, slot: &TokenStream) -> Self {
        let private = private();
        FieldTokens {
            name: name.to_owned(),
            docs: String::new(),
            ty: quote!(#private::Type::#ty),
            slots: quote!(#private::Slots::one(#private::Slot::#slot)),
            ordinal: None,
            has_ordinal: None,
            default: quote!(#private::Default::None),
            variant: None,
            group: None,
            secret: false,
            annotations: Vec::new(),
        }
    }

    /// The `context` parameter.
    pub(super) fn context() -> Self {
        Self::fixed("context", &quote!(Context), &quote!(Pointer))
    }

    /// The `threadMap` of a `construct` method.
    pub(super) fn thread_map() -> Self {
        Self::fixed("threadMap", &quote!(Builtin("ThreadMap")), &quote!(Pointer))
    }

    /// A `Bool` that the library itself sets, such as `wantX`.
    pub(super) fn flag(name: &str) -> Self {
        Self::fixed(name, &quote!(Bool), &quote!(Bit))
    }

    /// A `Void`, as a union's empty variant.
    pub(super) fn void(name: &str, docs: &str, ordinal: Option<u16>) -> Self {
        let mut field = Self::fixed(name, &quote!(Void), &quote!(Void));
        field.docs = docs.to_owned();
        field.ordinal = ordinal;
        field
    }

    /// The field as a member of a union's variant, inside a group if the variant has one.
    pub(super) fn in_variant(mut self, variant: u16, group: Option<&str>) -> Self {
        self.variant = Some(variant);
        self.group = group.map(str::to_owned);
        self
    }

    /// The field with an annotation more.
    pub(super) fn annotated(mut self, annotation: String) -> Self {
        self.annotations.push(annotation);
        self
    }

    /// The field as the type parameter of a generic struct at this position.
    pub(super) fn parameter(mut self, index: u16) -> Self {
        let private = private();
        self.ty = quote!(#private::Type::Parameter(#index));
        self
    }

    fn member(&self) -> TokenStream {
        let private = private();
        let slots = &self.slots;
        let ordinal = optional(self.ordinal);
        let has_ordinal = optional(self.has_ordinal);
        let group = self.variant.map_or(0, |variant| variant + 1);
        quote! {
            #private::Member {
                slots: #slots,
                ordinal: #ordinal,
                has_ordinal: #has_ordinal,
                group: #group,
            }
        }
    }

    fn node(&self, index: usize) -> TokenStream {
        let private = private();
        let FieldTokens { name, docs, ty, default, secret, annotations, .. } = self;
        let variant = optional(self.variant);
        let group = optional(self.group.as_ref());
        quote! {
            #private::FieldNode {
                name: #name,
                docs: #docs,
                ty: #ty,
                ordinal: __layout.fields[#index].ordinal,
                place: __layout.fields[#index].value,
                has: __layout.fields[#index].has,
                default: #default,
                variant: #variant,
                group: #group,
                secret: #secret,
                annotations: &[#(#annotations),*],
            }
        }
    }
}

/// `Some(value)` or `None`, by their full names.
pub(super) fn optional<T: quote::ToTokens>(value: Option<T>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

/// The default of a field of wire type `ty`.
fn default(value: Option<&Expr>, ty: &TokenStream) -> TokenStream {
    let private = private();
    let literal = |expr: &Expr| match expr {
        Expr::Lit(literal) => Some(literal.lit.clone()),
        Expr::Unary(unary) => match &*unary.expr {
            Expr::Lit(literal) => Some(literal.lit.clone()),
            _ => None,
        },
        _ => None,
    };
    let Some(value) = value else { return quote!(#private::Default::None) };
    // A value that does not fit is found when the constant is computed; the span says where.
    let call = match literal(value) {
        Some(Lit::Bool(_)) => quote_spanned!(value.span()=> bool_default(#value)),
        Some(Lit::Float(_)) => quote_spanned!(value.span()=> number_default(0, #value)),
        // An integer, or the path of a constant number: the type decides which form counts.
        _ => quote_spanned!(value.span()=> number_default((#value) as i128, (#value) as f64)),
    };
    let ty = at(ty.clone(), value.span());
    quote!(#ty.#call)
}

/// The same tokens, as if they stood at `span`.
fn at(tokens: TokenStream, span: Span) -> TokenStream {
    let moved = tokens.into_iter().map(|mut token| {
        if let TokenTree::Group(group) = &token {
            token = Group::new(group.delimiter(), at(group.stream(), span)).into();
        }
        token.set_span(span);
        token
    });
    moved.collect()
}

/// What a struct node says besides its fields.
pub(super) struct Head {
    pub(super) name: String,
    pub(super) docs: String,
    /// An expression of type `u64`.
    pub(super) id: TokenStream,
    pub(super) explicit_id: bool,
    /// An expression of type `Option<&'static FileNode>`.
    pub(super) file: TokenStream,
    pub(super) parameters: Vec<String>,
    pub(super) arguments: Vec<TokenStream>,
    pub(super) annotations: Vec<String>,
    /// Variants of the unnamed union.
    pub(super) variants: u16,
}

/// The parts of a struct's constants. All of them read the layout from `__layout`.
pub(super) struct NodeTokens {
    /// How many fields there are.
    pub(super) count: usize,
    /// An expression of type `Layout<N>`.
    pub(super) layout: TokenStream,
    /// An expression of type `[FieldNode; N]`.
    pub(super) fields: TokenStream,
    /// An expression of type `StructNode`, which finds its fields in `__FIELDS`.
    pub(super) node: TokenStream,
}

/// The constants of a struct.
pub(super) fn node(head: &Head, fields: &[FieldTokens]) -> NodeTokens {
    let private = private();
    let Head { name, docs, id, explicit_id, file, parameters, arguments, annotations, variants } = head;
    let members = fields.iter().map(FieldTokens::member);
    let nodes = fields.iter().enumerate().map(|(index, field)| field.node(index));
    NodeTokens {
        count: fields.len(),
        layout: quote!(#private::lay_out([#(#members),*], #variants)),
        fields: quote!([#(#nodes),*]),
        node: quote! {
            #private::StructNode {
                name: #name,
                id: #id,
                explicit_id: #explicit_id,
                file: #file,
                docs: #docs,
                parameters: &[#(#parameters),*],
                arguments: &[#(#arguments),*],
                fields: __FIELDS,
                data_words: __layout.data_words,
                pointers: __layout.pointers,
                discriminant: __layout.discriminant,
                annotations: &[#(#annotations),*],
            }
        },
    }
}

/// A static node, for a struct without type parameters.
pub(super) fn static_node(ident: &syn::Ident, head: &Head, fields: &[FieldTokens]) -> TokenStream {
    let private = private();
    let NodeTokens { count, layout, fields, node } = node(head, fields);
    quote! {
        static #ident: #private::StructNode = {
            const __layout: #private::Layout<#count> = #layout;
            const __FIELDS: &[#private::FieldNode] = &#fields;
            #node
        };
    }
}
