//! `#[ipc_interface]` on an `impl` block.
//!
//! ```text
//! #[::mp_runtime::private::async_trait::async_trait]
//! impl Chain for MyNode { … }
//! ```

use proc_macro2::TokenStream;
use quote::quote;
use syn::ImplItem;

use super::private_of;
use crate::check::Checked;
use crate::model::Implementation;

/// The block, with its asynchronous methods in the form that the trait declares them.
pub fn implementation(implementation: &Checked<Implementation>) -> TokenStream {
    let item = &implementation.item;
    let asynchronous =
        |item: &ImplItem| matches!(item, ImplItem::Fn(method) if method.sig.asyncness.is_some());
    if item.items.iter().any(asynchronous) {
        let private = private_of(&implementation.runtime);
        quote! {
            #[#private::async_trait]
            #item
        }
    } else {
        quote!(#item)
    }
}
