//! `#[ipc_interface]` on an `impl` block.

use proc_macro2::TokenStream;
use syn::ItemImpl;

use crate::model::Implementation;
use crate::report::Report;
use crate::words::{self, Words};

/// Reads an `impl` block.
pub fn implementation(args: TokenStream, item: ItemImpl, report: &Report) -> Implementation {
    let words = words::of_arguments(args, report);
    let (own, others) = words.into_iter().partition(|word| words::has(words::IMPLEMENTATION, &word.name));
    for word in others {
        let _: words::Word = word;
        report.at(
            word.name,
            "on an `impl` block write only `#[ipc_interface]`; everything else is said on the trait",
        );
    }
    let runtime = Words::of_list(own, "an `impl` block", words::IMPLEMENTATION, report).runtime();
    Implementation { runtime, item }
}
