//! `#[ipc_interface]` on an `impl` block.

use proc_macro2::TokenStream;
use syn::ItemImpl;

use crate::model::Implementation;
use crate::report::Report;

/// Reads an `impl` block.
pub fn implementation(args: &TokenStream, item: ItemImpl, report: &Report) -> Implementation {
    if !args.is_empty() {
        report.at(
            args,
            "on an `impl` block write only `#[ipc_interface]`; everything else is said on the trait",
        );
    }
    if item.trait_.is_none() {
        report.at(&item.self_ty, "`#[ipc_interface]` belongs on the trait and on `impl Trait for Type` blocks with `async` methods");
    }
    Implementation { item }
}
