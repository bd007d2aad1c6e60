//! `#[derive(IpcStruct)]`.
//!
//! ```text
//! impl StructType<()> for BlockRef { const NODE: &'static StructNode = …; }
//! impl<__M: ?Sized> WireType<__M> for BlockRef { … }
//! impl<__M: ?Sized> BuildField<__M> for BlockRef { … }
//! impl<'__a, __M: ?Sized> ReadField<'__a, __M> for BlockRef { … }
//! ```

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Ident, Member};

use super::fields::{FieldTokens, at, place, travels};
use super::{certain, file, hidden};
use crate::check::Checked;
use crate::model::{Field, Payload, Shape, Struct, Variant};

/// A struct's or union's type, in the terms of its implementations.
struct Target<'s> {
    item: &'s Struct,
    /// The conversion set of its fields.
    set: TokenStream,
    /// `<K, V>`
    arguments: TokenStream,
    /// `K: WireType<__M>, V: WireType<__M>`, for each of the three traits.
    bounds: fn(&Target<'_>, &TokenStream) -> TokenStream,
}

/// The conversions of a struct, or of an enum with payload.
pub fn structure(item: &Checked<Struct>) -> TokenStream {
    let set = match &item.types {
        Some(types) => quote!(#types),
        None if item.generics.params.is_empty() => quote!(()),
        None => quote!(__M),
    };
    let (item, names) = &certain::structure(item, &set);
    let (_, arguments, _) = item.generics.split_for_impl();
    let target = Target { item, set, arguments: quote!(#arguments), bounds };
    let constants = constants(&target);
    let (build, give, read) = match &item.shape {
        Shape::Struct(fields) => struct_bodies(&target, fields),
        Shape::Union(variants) => union_bodies(&target, variants),
    };
    let conversions = conversions(&target, &build, &give, &read);
    hidden(
        &item.runtime,
        &quote! {
            #names
            #constants
            #conversions
        },
    )
}

fn bounds(target: &Target<'_>, bound: &TokenStream) -> TokenStream {
    let params = target.item.generics.type_params().map(|param| &param.ident);
    quote!(#(#params: #bound,)*)
}

impl Target<'_> {
    fn idents(&self) -> TokenStream {
        let params = self.item.generics.type_params().map(|param| {
            let (attrs, ident, bounds) = (&param.attrs, &param.ident, &param.bounds);
            quote!(#(#attrs)* #ident: #bounds)
        });
        quote!(#(#params,)*)
    }

    fn wire(&self, field: &Field) -> super::fields::Travels {
        travels(&field.ty, &field.wire, &self.set)
    }
}

/// All fields on the wire, over all variants, in declaration order.
fn wire_fields(target: &Target<'_>) -> Vec<FieldTokens> {
    let value = |field: &Field| FieldTokens::value(&field.wire, &target.wire(field));
    match &target.item.shape {
        Shape::Struct(fields) => fields.iter().filter(|field| !field.skip).map(value).collect(),
        Shape::Union(variants) => variants
            .iter()
            .zip(0u16..)
            .flat_map(|(variant, index)| match &variant.payload {
                Payload::Unit(ordinal) => {
                    vec![FieldTokens::void(&variant.name, &variant.docs, *ordinal).in_variant(index, None)]
                }
                Payload::Value(field) => vec![value(field).in_variant(index, None)],
                Payload::Group(fields) => fields
                    .iter()
                    .filter(|field| !field.skip)
                    .map(|field| value(field).in_variant(index, Some(&variant.name)))
                    .collect(),
            })
            .collect(),
    }
}

/// The struct's node, as constants of `StructType`.
fn constants(target: &Target<'_>) -> TokenStream {
    let item = target.item;
    let set = &target.set;
    let params: Vec<_> = item.generics.type_params().map(|param| &param.ident).collect();
    let variants = match &item.shape {
        Shape::Struct(_) => 0,
        Shape::Union(variants) => u16::try_from(variants.len()).unwrap_or(u16::MAX),
    };
    let (name, fields) = (&item.name, place(&wire_fields(target), variants, item.ident.span()));
    let mut node = quote!(__mp::StructNode::new(#name, #fields));
    let file = item.file.as_ref().map(file::reference).unwrap_or_default();
    if item.file.is_some() {
        node.extend(quote!(.in_file(__FILE)));
    }
    if let Some((id, _)) = item.id {
        let id = super::hex(id);
        node.extend(quote!(.with_id(#id)));
    }
    let ident = &item.ident;
    // What the schema declares: the struct with the parameters themselves as its arguments.
    let positions = 0..u16::try_from(params.len()).unwrap_or(u16::MAX);
    let declared = quote!(#ident<#(__mp::Parameter<#positions>),*>);
    if item.generic.is_some() {
        let names = params.iter().map(ToString::to_string);
        node.extend(quote!(.generic(&[#(#names),*], || <#declared as __mp::StructType<#set>>::NODE)));
        let arguments = params.iter().map(|param| at(quote!(__mp::argument::<#param, #set>()), param.span()));
        node.extend(quote!(.arguments(&const { [#(#arguments),*] })));
    } else if !item.parameters.is_empty() {
        let names = item.parameters.iter().map(ToString::to_string);
        node.extend(quote!(.generic(&[#(#names),*], || <#ident as __mp::StructType<#set>>::NODE)));
    } else if !params.is_empty() {
        node.extend(quote!(.arguments(&[#(<#params as __mp::WireType<#set>>::TYPE),*])));
    }
    if let Some(cxx) = &item.cxx {
        let annotation = format!("$Proxy.wrap({cxx:?})");
        node.extend(quote!(.annotated(&[#annotation])));
    }
    if !item.docs.is_empty() {
        let docs = &item.docs;
        node.extend(quote!(.docs(#docs)));
    }
    if let Some(other) = &item.form_of {
        let other = quote!(<#other as __mp::StructType<#set>>::NODE);
        node.extend(at(quote!(.form_of(#other, || #other)), ident.span()));
    }
    let (idents, arguments) = (target.idents(), &target.arguments);
    let bounds = (target.bounds)(target, &quote!(__mp::WireType<#set>));
    // Constants of a trait are computed where they are used; a struct that is not generic is
    // checked at once, so that its mistakes show where it is declared.
    let checked = match (params.is_empty(), item.generic.is_some()) {
        (true, _) => Some(quote!(#ident)),
        (false, true) => Some(declared),
        (false, false) => None,
    };
    let check = checked.map(|checked| {
        let alone =
            item.file.as_ref().map(|_| file::declared(&checked, item.file.as_ref(), name, ident.span()));
        quote! {
            const _: &__mp::StructNode = <#checked as __mp::StructType<()>>::NODE;
            #alone
        }
    });
    quote! {
        #file
        #check

        impl<__M: ?__mp::Sized, #idents> __mp::StructType<__M> for #ident #arguments
        where #bounds
        {
            const NODE: &'static __mp::StructNode = &#node;
        }
    }
}

fn conversions(
    target: &Target<'_>,
    build: &TokenStream,
    give: &TokenStream,
    read: &TokenStream,
) -> TokenStream {
    let set = &target.set;
    let (ident, idents, arguments) = (&target.item.ident, target.idents(), &target.arguments);
    let wire = (target.bounds)(target, &quote!(__mp::WireType<#set>));
    let builds = (target.bounds)(target, &quote!(__mp::BuildField<#set>));
    let reads = (target.bounds)(target, &quote!(__mp::ReadField<'__a, #set>));
    let lendable = lendable(target);
    // What is certainly lent alike needs no way of its own to be given away.
    let owned = (!certain::is_lent(target.item)).then(|| {
        quote! {
            fn build_owned(
                self,
                __cx: &mut __mp::BuildContext<'_>,
                __out: __mp::FieldBuilder<'_>,
            ) -> __mp::Done {
                let __out = &mut __mp::struct_writer::<Self, __M>(__out)?;
                #give
                __mp::DONE
            }
        }
    });
    quote! {
        impl<__M: ?__mp::Sized, #idents> __mp::WireType<__M> for #ident #arguments
        where #wire
        {
            const SLOTS: __mp::Slots = __mp::Slots::one(__mp::Slot::Pointer);
            const TYPE: __mp::Type = __mp::struct_type::<Self, __M>();
            const STRUCT: __mp::StructSize = <Self as __mp::StructType<__M>>::NODE.size();
            #lendable
        }

        impl<__M: ?__mp::Sized, #idents> __mp::BuildField<__M> for #ident #arguments
        where #builds
        {
            fn build_field(
                &self,
                __cx: &mut __mp::BuildContext<'_>,
                __out: __mp::FieldBuilder<'_>,
            ) -> __mp::Done {
                let __out = &mut __mp::struct_writer::<Self, __M>(__out)?;
                #build
                __mp::DONE
            }

            #owned
        }

        impl<'__a, __M: ?__mp::Sized, #idents> __mp::ReadField<'__a, __M> for #ident #arguments
        where #reads
        {
            fn read_field(
                __cx: &__mp::ReadContext<'__a>,
                __input: __mp::FieldReader<'__a>,
            ) -> __mp::Result<Self> {
                let __in = &__mp::struct_fields::<Self, __M>(__input)?;
                #read
            }
        }
    }
}

/// Whether all fields can be written from references. Only what stands in the fields' own types
/// counts: asking the constants of the structs inside would never end where two hold each other.
fn lendable(target: &Target<'_>) -> TokenStream {
    let fields: Vec<&Field> = match &target.item.shape {
        Shape::Struct(fields) => fields.iter().collect(),
        Shape::Union(variants) => variants
            .iter()
            .flat_map(|variant| match &variant.payload {
                Payload::Unit(_) => Vec::new(),
                Payload::Value(field) => vec![&**field],
                Payload::Group(fields) => fields.iter().collect(),
            })
            .collect(),
    };
    let mut search = OwnedObject(false);
    for field in fields.iter().filter(|field| !field.skip && field.wire.with.is_none()) {
        search.visit_type(&field.ty);
    }
    let own = !search.0;
    if own && target.item.generics.params.is_empty() {
        return TokenStream::new();
    }
    let set = &target.set;
    let params = target.item.generics.type_params().map(|param| &param.ident);
    quote!(const LENDABLE: __mp::bool = #own #(&& <#params as __mp::WireType<#set>>::LENDABLE)*;)
}

/// Finds `Box<dyn …>`: an object or a closure that is given away.
struct OwnedObject(bool);

impl<'ast> Visit<'ast> for OwnedObject {
    fn visit_path_segment(&mut self, segment: &'ast syn::PathSegment) {
        if let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments {
            self.0 |= segment.ident == "Box"
                && arguments.args.iter().any(|argument| {
                    matches!(argument, syn::GenericArgument::Type(syn::Type::TraitObject(_)))
                });
        }
        syn::visit::visit_path_segment(self, segment);
    }
}

/// Writes one field from an expression that lends or gives its value.
fn write(target: &Target<'_>, field: &Field, index: usize, value: &TokenStream, owned: bool) -> TokenStream {
    let super::fields::Travels { ty, set, .. } = target.wire(field);
    let index = super::index(index);
    match &field.wire.with {
        Some(module) => {
            let name = &field.wire.name;
            let value = if owned { quote!(&#value) } else { value.clone() };
            quote! {
                let __wire: #ty = #module::build(#value).map_err(|__error| __error.in_field(#name))?;
                __out.give::<#set, #ty>(__cx, #index, __wire)?;
            }
        }
        None if owned => quote!(__out.give::<#set, #ty>(__cx, #index, #value)?;),
        None => quote!(__out.put::<#set, #ty>(__cx, #index, #value)?;),
    }
}

/// Reads one field.
fn read(target: &Target<'_>, field: &Field, index: usize) -> TokenStream {
    let super::fields::Travels { ty, set, .. } = target.wire(field);
    let index = super::index(index);
    let value = quote!(__in.get::<#set, #ty>(__cx, #index)?);
    match &field.wire.with {
        Some(module) => {
            let name = &field.wire.name;
            quote!(#module::read(#value).map_err(|__error| __error.in_field(#name))?)
        }
        None => value,
    }
}

/// A field that does not travel.
fn left_out(field: &Field) -> TokenStream {
    let member = &field.member;
    let value = at(quote!(::core::default::Default::default()), field.ty.span());
    quote!(#member: #value)
}

fn struct_bodies(target: &Target<'_>, fields: &[Field]) -> (TokenStream, TokenStream, TokenStream) {
    let sent = || fields.iter().filter(|field| !field.skip).enumerate();
    let build = sent().map(|(index, field)| {
        let member = &field.member;
        write(target, field, index, &quote!(&self.#member), false)
    });
    let give = sent().map(|(index, field)| {
        let member = &field.member;
        write(target, field, index, &quote!(self.#member), true)
    });
    let mut next = 0;
    let read = fields.iter().map(|field| {
        let member = &field.member;
        if field.skip {
            return left_out(field);
        }
        next += 1;
        let value = read(target, field, next - 1);
        quote!(#member: #value)
    });
    let read = quote!(__mp::Ok(Self { #(#read),* }));
    (quote!(#(#build)*), quote!(#(#give)*), read)
}

fn binding(member: &Member) -> Ident {
    match member {
        Member::Named(ident) => format_ident!("__field_{}", ident),
        Member::Unnamed(index) => format_ident!("__field_{}", index.index),
    }
}

fn union_bodies(target: &Target<'_>, variants: &[Variant]) -> (TokenStream, TokenStream, TokenStream) {
    let mut index = 0;
    let (mut build, mut give, mut reads) = (Vec::new(), Vec::new(), Vec::new());
    for (variant, discriminant) in variants.iter().zip((0u16..).map(super::number)) {
        let ident = &variant.ident;
        let fields: Vec<&Field> = match &variant.payload {
            Payload::Unit(_) => {
                index += 1;
                build.push(quote!(Self::#ident => __out.set_variant(#discriminant),));
                give.push(quote!(Self::#ident => __out.set_variant(#discriminant),));
                reads.push(quote!(#discriminant => __mp::Ok(Self::#ident),));
                continue;
            }
            Payload::Value(field) => vec![&**field],
            Payload::Group(fields) => fields.iter().collect(),
        };
        let members = fields.iter().map(|field| &field.member);
        let bindings = fields.iter().map(|field| binding(&field.member));
        let pattern = quote!(Self::#ident { #(#members: #bindings),* });
        let (mut lend, mut own, mut read_fields) = (Vec::new(), Vec::new(), Vec::new());
        for field in fields {
            let (name, member) = (binding(&field.member), &field.member);
            if field.skip {
                lend.push(quote!(let _ = #name;));
                own.push(quote!(let _ = #name;));
                read_fields.push(left_out(field));
                continue;
            }
            lend.push(write(target, field, index, &quote!(#name), false));
            own.push(write(target, field, index, &quote!(#name), true));
            let value = read(target, field, index);
            read_fields.push(quote!(#member: #value));
            index += 1;
        }
        build.push(quote!(#pattern => { __out.set_variant(#discriminant); #(#lend)* }));
        give.push(quote!(#pattern => { __out.set_variant(#discriminant); #(#own)* }));
        reads.push(quote!(#discriminant => __mp::Ok(Self::#ident { #(#read_fields),* }),));
    }
    let name = &target.item.name;
    let read = quote! {
        match __in.variant() {
            #(#reads)*
            __other => __mp::unknown_variant(#name, __other),
        }
    };
    (quote!(match self { #(#build)* }), quote!(match self { #(#give)* }), read)
}
