//! `ipc_file! { pub static MINING: "mining.capnp" @ 0x…, namespace = "…", include = ["…"]; pub const … }`

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{LitInt, LitStr, Token};

use crate::model::{Constant, File};
use crate::names::camel;
use crate::report::Report;
use crate::words::{self, Word, Words, docs};

struct Input {
    attrs: Vec<syn::Attribute>,
    vis: syn::Visibility,
    ident: syn::Ident,
    name: LitStr,
    id: LitInt,
    words: Vec<Word>,
    constants: Vec<syn::ItemConst>,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(syn::Attribute::parse_outer)?;
        let vis = input.parse()?;
        input.parse::<Token![static]>()?;
        let ident = input.parse()?;
        input.parse::<Token![:]>()?;
        let name = input.parse()?;
        input.parse::<Token![@]>()?;
        let id = input.parse()?;
        let mut words = Vec::new();
        if input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
            words.extend(Punctuated::<Word, Token![,]>::parse_separated_nonempty(input).unwrap_or_default());
        }
        if input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
        }
        if input.peek(Token![;]) {
            input.parse::<Token![;]>()?;
        }
        let mut constants = Vec::new();
        while !input.is_empty() {
            constants.push(input.parse()?);
        }
        Ok(Input { attrs, vis, ident, name, id, words, constants })
    }
}

/// Reads the declaration of a file.
pub fn file(input: proc_macro2::TokenStream, report: &Report) -> Option<File> {
    let parsed: syn::Result<Input> = syn::parse2(input);
    let Input { attrs, vis, ident, name, id, words, constants } = report.ok(parsed.map_err(|error| {
        syn::Error::new(error.span(), format!("{error}; write `pub static NAME: \"name.capnp\" @ 0x…, namespace = \"…\", include = [\"…\"], include_types = [\"…\"];`"))
    }))?;
    let mut words = Words::of_list(words, "a file", words::FILE, report);
    let Ok(number) = id.base10_parse::<u64>() else {
        report.at(&id, "an id has 64 bits; have `mpgen id` make one");
        return None;
    };
    if number >> 63 == 0 {
        report.at(
            &id,
            format!(
                "an id has its highest bit set; write `{:#018x}`, or have `mpgen id` make one",
                number | 1 << 63
            ),
        );
    }
    let constants = constants.into_iter().map(|item| Constant {
        name: camel(&item.ident.to_string().to_lowercase()),
        docs: docs(&item.attrs),
        item,
    });
    Some(File {
        runtime: words.runtime(),
        attrs,
        vis,
        ident,
        name,
        id: number,
        namespace: words.text("namespace").unwrap_or_default(),
        include: words.texts("include"),
        include_types: words.texts("include_types"),
        pairs: words.path("pairs"),
        constants: constants.collect(),
    })
}
