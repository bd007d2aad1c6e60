//! `ipc_file!`, and references to files.
//!
//! ```text
//! pub static MINING: ::mp_runtime::private::FileNode = …;
//! pub const MAX_MONEY: i64 = …;
//! ```

use proc_macro2::TokenStream;
use quote::quote;

use super::{hex, private};
use crate::model::{Constant, File, FileRef};

/// The static of a file.
pub fn file(file: &File) -> TokenStream {
    let private = private();
    let File { attrs, vis, ident, name, id, namespace, include, include_types, pairs, constants } = file;
    let pairs = super::fields::optional(pairs.as_ref().map(|path| quote!(&#path)));
    let items = constants.iter().map(|constant| &constant.item);
    let nodes = constants.iter().map(|Constant { item, name, docs, ty }| {
        let (ident, is_bool) = (&item.ident, *ty == "Bool");
        let ty = quote::format_ident!("{ty}");
        let value = if is_bool {
            quote!(#private::Default::Bool(#ident))
        } else {
            let (i128, f64) = (quote!(::core::primitive::i128), quote!(::core::primitive::f64));
            quote!(#private::Type::#ty.number_default(#ident as #i128, #ident as #f64))
        };
        quote!(#private::ConstNode { name: #name, docs: #docs, ty: #private::Type::#ty, value: #value })
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
                static __FILE: &#private::FileNode = &#private::FileNode::new(#name, #id);
            }
        }
    }
}
