//! `ipc_file!`, and references to files.
//!
//! ```text
//! pub static MINING: ::mp_runtime::private::FileNode = …;
//! pub const MAX_MONEY: i64 = …;
//! ```

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;

use super::fields::at;
use super::{hex, private_of};
use crate::check::Checked;
use crate::model::{Constant, File, FileRef};

/// The static of a file.
pub fn file(file: &Checked<File>) -> TokenStream {
    let private = private_of(&file.runtime);
    let File { attrs, vis, ident, name, id, namespace, include, include_types, pairs, constants, .. } =
        &**file;
    let items = constants.iter().map(|constant| &constant.item);
    let nodes = constants.iter().filter_map(|constant| {
        let Constant { item, name, docs } = constant;
        let ty = constant.ty()?;
        let (ident, is_bool) = (&item.ident, ty == "Bool");
        let ty = quote::format_ident!("{ty}");
        let value = if is_bool {
            quote!(#private::Default::Bool(#ident))
        } else {
            quote!(#private::Type::#ty.number_default(#ident as #private::i128, #ident as #private::f64))
        };
        Some(quote!(#private::ConstNode::new(#name, #docs, #private::Type::#ty, #value)))
    });
    let nodes: Vec<TokenStream> = nodes.collect();
    let id = hex(*id);
    let mut node = quote!(#private::FileNode::new(#name, #id));
    if !namespace.is_empty() {
        node.extend(quote!(.in_namespace(#namespace)));
    }
    if !include.is_empty() {
        node.extend(quote!(.including(&[#(#include),*])));
    }
    if !include_types.is_empty() {
        node.extend(quote!(.including_types(&[#(#include_types),*])));
    }
    if !nodes.is_empty() {
        node.extend(quote!(.with_constants(&[#(#nodes),*])));
    }
    if let Some(pairs) = pairs {
        node.extend(quote!(.with_pairs_of(&#pairs)));
    }
    quote! {
        #(#attrs)*
        #vis static #ident: #private::FileNode = #node;

        #(#items)*
    }
}

/// A static named `__FILE` for an item's file.
pub(super) fn reference(file: &FileRef) -> TokenStream {
    let value = match file {
        // What is no file is found where it is named.
        FileRef::Path(path) => {
            let borrow = at(quote!(&), path.span());
            quote!(#borrow #path)
        }
        FileRef::Inline { name, id } => {
            let id = hex(*id);
            quote!(&__mp::file(#name, #id))
        }
    };
    quote!(static __FILE: &__mp::FileNode = #value;)
}

/// Refuses a second declaration with this name in a file, and one of the same name in another file of this id, unless
/// that has been declared apart, as those of several versions are.
pub(super) fn declared(who: &TokenStream, file: Option<&FileRef>, name: &str, span: Span) -> TokenStream {
    let apart = matches!(file, Some(FileRef::Path(_)));
    at(quote!(__mp::declared!(#who, __FILE, #name, #apart);), span)
}

/// Refuses a second declaration with this explicit id in a file.
pub(super) fn identified(who: &TokenStream, span: Span) -> TokenStream {
    at(quote!(__mp::identified!(#who, __FILE, __ID);), span)
}
