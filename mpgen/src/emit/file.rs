//! `ipc_file!`, and references to files.
//!
//! ```text
//! pub static MINING: ::mp_runtime::private::FileNode = …;
//! pub const MAX_MONEY: i64 = …;
//! ```

use proc_macro2::{Span, TokenStream};
use quote::quote;

use super::fields::at;
use super::{hex, private, private_of};
use crate::check::Checked;
use crate::model::{Constant, File, FileRef};

/// The static of a file.
pub fn file(file: &Checked<File>) -> TokenStream {
    let private = private_of(&file.runtime);
    let File { attrs, vis, ident, name, id, namespace, include, include_types, pairs, constants, .. } =
        &**file;
    let pairs = super::fields::optional(pairs.as_ref().map(|path| quote!(&#path)));
    let items = constants.iter().map(|constant| &constant.item);
    let nodes = constants.iter().filter_map(|constant| {
        let Constant { item, name, docs } = constant;
        let ty = constant.ty()?;
        let (ident, is_bool) = (&item.ident, ty == "Bool");
        let ty = quote::format_ident!("{ty}");
        let value = if is_bool {
            quote!(#private::Default::Bool(#ident))
        } else {
            let (i128, f64) = (quote!(::core::primitive::i128), quote!(::core::primitive::f64));
            quote!(#private::Type::#ty.number_default(#ident as #i128, #ident as #f64))
        };
        Some(quote!(#private::ConstNode { name: #name, docs: #docs, ty: #private::Type::#ty, value: #value }))
    });
    let id = hex(*id);
    quote! {
        #(#attrs)*
        #vis static #ident: #private::FileNode = #private::FileNode {
            name: #name,
            id: #id,
            cxx_namespace: #namespace,
            include: &[#(#include),*],
            include_types: &[#(#include_types),*],
            constants: &[#(#nodes),*],
            pairs: #pairs,
        };

        #(#items)*
    }
}

/// A static named `__FILE` for an item's file.
pub(super) fn reference(file: &FileRef) -> TokenStream {
    let private = private();
    match file {
        FileRef::Path(path) => quote! {
            static __FILE: &#private::FileNode = &#path;
        },
        FileRef::Inline { name, id } => {
            let id = hex(*id);
            quote! {
                static __FILE: &#private::FileNode = &#private::file(#name, #id);
            }
        }
    }
}

/// Refuses a second declaration with this name in a file.
pub(super) fn declared(who: &TokenStream, name: &str, span: Span) -> TokenStream {
    let private = private();
    at(
        quote! {
            const __KEY: #private::u64 = #private::key(::core::module_path!(), __FILE, #name);
            impl #private::Declared<__KEY, #who> for () {}
            const _: () = #private::two_types_have_one_name_in_one_schema_file::<__KEY, _>();
        },
        span,
    )
}
