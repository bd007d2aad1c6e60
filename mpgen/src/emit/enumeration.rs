//! `#[derive(IpcEnum)]`.
//!
//! ```text
//! impl<__M: ?Sized> BuildField<__M> for SigningResult {
//!     fn build_field(…) { let value: i32 = match self { Self::Ok => __D0, … }; … }
//! }
//! ```
//!
//! The discriminants become constants, so that an explicit one may be any constant expression and
//! the others count on from it, as in the enum itself.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::spanned::Spanned;

use super::fields::at;
use super::{file, hidden, private};
use crate::check::Checked;
use crate::model::Enum;

/// The conversions of an enum.
pub fn enumeration(item: &Checked<Enum>) -> TokenStream {
    let private = private();
    let ident = &item.ident;
    let integer = match &item.integer {
        Some(integer) => quote!(::core::primitive::#integer),
        None => quote!(::core::primitive::u16),
    };
    let names: Vec<_> = (0..item.variants.len()).map(|index| format_ident!("__D{index}")).collect();
    let constants = item.variants.iter().enumerate().map(|(index, variant)| {
        let name = &names[index];
        let value = match (&variant.discriminant, index) {
            // What is no literal is checked where it is known.
            (Some(value), _) if crate::syntax::integer(value).is_none() && item.integer.is_some() => {
                at(quote!(#private::discriminant((#value) as ::core::primitive::i128, #integer::MIN as _, #integer::MAX as _) as #integer), value.span())
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
        Some(_) => quote!(<#integer as #private::WireType<__M>>::TYPE),
        None => quote!(#private::Type::Enum(|| &__NODE)),
    };
    let node = if item.integer.is_none() { schema_enum(item) } else { TokenStream::new() };
    let unknown = format!("{} is no {}", "{}", item.ident);
    hidden(
        &item.runtime,
        &quote! {
            #(#constants)*
            #node

            impl<__M: ?::core::marker::Sized> #private::WireType<__M> for #ident {
                const SLOTS: #private::Slots = <#integer as #private::WireType<__M>>::SLOTS;
                const TYPE: #private::Type = #ty;
            }

            impl<__M: ?::core::marker::Sized> #private::BuildField<__M> for #ident {
                fn build_field(
                    &self,
                    __cx: &mut #private::BuildContext<'_>,
                    __out: #private::FieldBuilder<'_>,
                ) -> #private::Result<()> {
                    let __value: #integer = match self {
                        #(Self::#variants => #names,)*
                    };
                    <#integer as #private::BuildField<__M>>::build_field(&__value, __cx, __out)
                }
            }

            impl<'__a, __M: ?::core::marker::Sized> #private::ReadField<'__a, __M> for #ident {
                fn read_field(
                    __cx: &#private::ReadContext<'__a>,
                    __input: #private::FieldReader<'__a>,
                ) -> #private::Result<Self> {
                    let __value = <#integer as #private::ReadField<'__a, __M>>::read_field(__cx, __input)?;
                    match __value {
                        #(#names => ::core::result::Result::Ok(Self::#variants),)*
                        __other => ::core::result::Result::Err(#private::Error::bad_value(
                            ::std::format!(#unknown, __other),
                        )),
                    }
                }
            }
        },
    )
}

/// The node of a Cap'n Proto enum.
fn schema_enum(item: &Enum) -> TokenStream {
    let private = private();
    let Enum { name, docs, ident, .. } = item;
    let file = item.file.as_ref().map(file::reference).unwrap_or_default();
    let id = match item.id {
        Some(id) => super::hex(id),
        None => quote!(#private::child_id(__FILE.id, #name)),
    };
    let declared = file::declared(&quote!(#ident), item.file.as_ref(), name, item.ident.span());
    let enumerants = item.variants.iter().map(|variant| {
        let (name, docs) = (&variant.name, &variant.docs);
        quote!((#name, #docs))
    });
    let mut node = quote!(#private::EnumNode::new(#name, #id, __FILE, &[#(#enumerants),*]));
    if item.id.is_some() {
        node.extend(quote!(.with_explicit_id()));
    }
    if !docs.is_empty() {
        node.extend(quote!(.docs(#docs)));
    }
    quote! {
        #file
        static __NODE: #private::EnumNode = #node;
        #declared
    }
}
