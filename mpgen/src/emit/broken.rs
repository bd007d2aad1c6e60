//! Types whose derive has mistakes, and traits that can be no interface.
//!
//! In: the item. Out: for a type implementations that nobody will call, because the compiler has been told of the
//! mistakes; without them, everything that uses the type would be a mistake too.

use proc_macro2::TokenStream;
use quote::quote;
use syn::visit_mut::VisitMut;
use syn::{DeriveInput, ItemTrait, TraitItem};

use super::{hidden, private_of};
use crate::words;

/// The conversions of a type that has none.
pub fn broken(item: &DeriveInput) -> TokenStream {
    let ident = &item.ident;
    let (_, arguments, _) = item.generics.split_for_impl();
    let mut generics = item.generics.clone();
    generics.params.push(syn::parse_quote!(__M: ?__mp::Sized));
    let (own, _, clause) = generics.split_for_impl();
    let mut reading = generics.clone();
    reading.params.insert(0, syn::parse_quote!('__a));
    let (reads, ..) = reading.split_for_impl();
    hidden(
        &words::runtime(),
        &quote! {
            impl #own __mp::WireType<__M> for #ident #arguments #clause {
                const SLOTS: __mp::Slots = __mp::Slots::one(__mp::Slot::Pointer);
                const TYPE: __mp::Type = __mp::Type::AnyPointer;
            }

            impl #own __mp::StructType<__M> for #ident #arguments #clause {
                const NODE: &'static __mp::StructNode = &__mp::StructNode::new(
                    "",
                    &const { __mp::Fields::place([], 0) },
                );
            }

            impl #own __mp::BuildField<__M> for #ident #arguments #clause {
                fn build_field(
                    &self,
                    _: &mut __mp::BuildContext<'_>,
                    _: __mp::FieldBuilder<'_>,
                ) -> __mp::Result<()> {
                    ::core::unreachable!()
                }
            }

            impl #reads __mp::ReadField<'__a, __M> for #ident #arguments #clause {
                fn read_field(
                    _: &__mp::ReadContext<'__a>,
                    _: __mp::FieldReader<'__a>,
                ) -> __mp::Result<Self> {
                    ::core::unreachable!()
                }
            }
        },
    )
}

/// The user's trait in a form that its users still compile against, so that only the real mistakes show.
pub fn surviving(mut user: ItemTrait) -> TokenStream {
    struct Strip;
    impl VisitMut for Strip {
        fn visit_attributes_mut(&mut self, attrs: &mut Vec<syn::Attribute>) {
            attrs.retain(|attr| !attr.path().is_ident("ipc"));
        }

        fn visit_signature_mut(&mut self, sig: &mut syn::Signature) {
            sig.constness = None;
            syn::visit_mut::visit_signature_mut(self, sig);
        }
    }
    Strip.visit_item_trait_mut(&mut user);
    let asynchronous = user.items.iter().any(|item| match item {
        TraitItem::Fn(method) => method.sig.asyncness.is_some(),
        _ => false,
    });
    let private = private_of(&words::runtime());
    if asynchronous { quote!(#[#private::async_trait] #user) } else { quote!(#user) }
}
