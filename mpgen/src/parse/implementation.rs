//! `#[ipc_interface]` on an `impl` block.

use proc_macro2::TokenStream;
use syn::ItemImpl;

use crate::model::Implementation;
use crate::report::Report;
use crate::words::{self, Words};

/// Reads an `impl` block.
pub fn implementation(args: TokenStream, item: ItemImpl, report: &Report) -> Implementation {
    let words = words::of_arguments(args, report);
    let (own, others) =
        words.into_iter().partition(|word| words::IMPLEMENTATION.iter().any(|own| word.name == own));
    for word in others {
        let _: words::Word = word;
        report.at(
            word.name,
            "on an `impl` block write only `#[ipc_interface]`; everything else is said on the trait",
        );
    }
    let runtime = Words::of_list(own, "an `impl` block", words::IMPLEMENTATION, report).runtime();
    if item.trait_.is_none() {
        report.at(&item.self_ty, "`#[ipc_interface]` belongs on the trait and on `impl Trait for Type` blocks with `async` methods");
    }
    Implementation { runtime, item }
}
