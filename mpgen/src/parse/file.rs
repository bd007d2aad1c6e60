//! `ipc_file! { pub static MINING: "mining.capnp" @ 0x…, namespace = "…", include = ["…"]; pub const … }`

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, Lit, LitInt, LitStr, Token};

use crate::check;
use crate::model::{Constant, File};
use crate::names::camel;
use crate::report::Report;
use crate::words::{self, Value, Word, Words, docs};

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
    for constant in &constants {
        check::is_in_every_build(&constant.attrs, "constant", "file", report);
    }
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
    let constants: Vec<Constant> = constants.into_iter().filter_map(|item| constant(item, report)).collect();
    let names = constants.iter().map(|constant| (constant.name.as_str(), constant.item.ident.span()));
    check::names_are_unique(names, "constants", report);
    Some(File {
        runtime: words.runtime(),
        attrs,
        vis,
        ident,
        name: name.value(),
        id: number,
        namespace: words.text("namespace").unwrap_or_default(),
        include: list(&mut words, "include", report),
        include_types: list(&mut words, "include_types", report),
        pairs: words.path("pairs"),
        constants,
    })
}

/// The schema types of the Rust types that a constant may have.
const CONSTANT_TYPES: &[(&str, &str)] = &[
    ("bool", "Bool"),
    ("i8", "Int8"),
    ("i16", "Int16"),
    ("i32", "Int32"),
    ("i64", "Int64"),
    ("u8", "UInt8"),
    ("u16", "UInt16"),
    ("u32", "UInt32"),
    ("u64", "UInt64"),
    ("f32", "Float32"),
    ("f64", "Float64"),
];

fn constant(item: syn::ItemConst, report: &Report) -> Option<Constant> {
    let known = CONSTANT_TYPES
        .iter()
        .find(|(rust, _)| matches!(&*item.ty, syn::Type::Path(path) if crate::syntax::ends_in(path, rust)));
    let Some((_, ty)) = known else {
        report.at(&item.ty, "a constant of a schema file is a number or a bool");
        return None;
    };
    let name = camel(&item.ident.to_string().to_lowercase());
    check::name_fits_the_schema(&name, false, item.ident.span(), report);
    Some(Constant { name, docs: docs(&item.attrs), ty, item })
}

fn list(words: &mut Words<'_>, name: &str, report: &Report) -> Vec<String> {
    let Some(word) = words.take(name) else { return Vec::new() };
    let texts = match &word.value {
        Value::Expr(Expr::Array(array)) => array
            .elems
            .iter()
            .map(|element| match element {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Str(text) => Some(text.value()),
                    _ => None,
                },
                _ => None,
            })
            .collect(),
        _ => None,
    };
    texts.unwrap_or_else(|| {
        report.at(&word.name, format!("`{name}` needs a list of strings: write `{name} = [\"…\"]`"));
        Vec::new()
    })
}
