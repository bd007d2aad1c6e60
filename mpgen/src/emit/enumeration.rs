//! `#[derive(IpcEnum)]`.
//!
//! ```text
//! impl Enumeration for SigningResult {
//!     fn number(&self) -> i32 { match self { Self::Ok => __D0, … } }
//!     fn of(number: i32) -> Option<Self> { match number { __D0 => Some(Self::Ok), … } }
//! }
//! enumeration!(SigningResult, <i32 as WireType>::TYPE);
//! ```
//!
//! The discriminants become constants, so that an explicit one may be any constant expression and
//! the others count on from it, as in the enum itself.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::spanned::Spanned;

use super::fields::at;
use super::{file, hidden};
use crate::check::Checked;
use crate::model::Enum;

/// The conversions of an enum.
pub fn enumeration(item: &Checked<Enum>) -> TokenStream {
    let ident = &item.ident;
    let integer = match &item.integer {
        Some(integer) => quote!(__mp::#integer),
        None => quote!(__mp::u16),
    };
    let names: Vec<_> = (0..item.variants.len()).map(|index| format_ident!("__D{index}")).collect();
    let constants = item.variants.iter().enumerate().map(|(index, variant)| {
        let name = &names[index];
        let value = match (&variant.discriminant, index) {
            // What is no literal is checked where it is known.
            (Some(value), _) if crate::syntax::integer(value).is_none() && item.integer.is_some() => {
                at(quote!(__mp::discriminant((#value) as __mp::i128, #integer::MIN as _, #integer::MAX as _) as #integer), value.span())
            }
            (Some(value), _) => quote!((#value) as #integer),
            (None, 0) => quote!(0),
            (None, _) => {
                let before = &names[index - 1];
                quote!(#before + 1)
            }
        };
        quote!(const #name: #integer = #value;)
    });
    let variants: Vec<_> = item.variants.iter().map(|variant| &variant.ident).collect();
    let ty = match &item.integer {
        Some(_) => quote!(<#integer as __mp::WireType>::TYPE),
        None => quote!(__mp::Type::Enum(|| &__NODE)),
    };
    let node = if item.integer.is_none() { schema_enum(item) } else { TokenStream::new() };
    hidden(
        &item.runtime,
        &quote! {
            #(#constants)*
            #node

            impl __mp::Enumeration for #ident {
                type Integer = #integer;

                fn number(&self) -> #integer {
                    match self {
                        #(Self::#variants => #names,)*
                    }
                }

                fn of(__number: #integer) -> __mp::Option<Self> {
                    match __number {
                        #(#names => __mp::Some(Self::#variants),)*
                        _ => __mp::None,
                    }
                }
            }

            __mp::enumeration!(#ident, #ty);
        },
    )
}

/// The node of a Cap'n Proto enum.
fn schema_enum(item: &Enum) -> TokenStream {
    let Enum { name, docs, ident, .. } = item;
    let file = item.file.as_ref().map(file::reference).unwrap_or_default();
    let id = match item.id {
        Some(id) => super::hex(id),
        None => quote!(__mp::child_id(__FILE.id, #name)),
    };
    let declared = file::declared(&quote!(#ident), item.file.as_ref(), name, item.ident.span());
    let enumerants = item.variants.iter().map(|variant| {
        let (name, docs) = (&variant.name, &variant.docs);
        quote!((#name, #docs))
    });
    let mut node = quote!(__mp::EnumNode::new(#name, #id, __FILE, &[#(#enumerants),*]));
    if item.id.is_some() {
        node.extend(quote!(.with_explicit_id()));
    }
    if !docs.is_empty() {
        node.extend(quote!(.docs(#docs)));
    }
    quote! {
        #file
        static __NODE: __mp::EnumNode = #node;
        #declared
    }
}
