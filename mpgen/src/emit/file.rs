//! `ipc_file!`, and references to files.
//!
//! ```text
//! pub static MINING: ::mp_runtime::private::FileNode = …;
//! ```

use proc_macro2::TokenStream;
use quote::quote;

use super::{hex, private};
use crate::model::{File, FileRef};

/// The static of a file.
pub fn file(file: &File) -> TokenStream {
    let private = private();
    let File { attrs, vis, ident, name, id, namespace, include, include_types } = file;
    let id = hex(*id);
    quote! {
        #(#attrs)*
        #vis static #ident: #private::FileNode = #private::FileNode {
            name: #name,
            id: #id,
            cxx_namespace: #namespace,
            include: &[#(#include),*],
            include_types: &[#(#include_types),*],
        };
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
