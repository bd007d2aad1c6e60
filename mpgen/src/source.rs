//! Expanding a whole source file.
//!
//! In: the text of a Rust file. Out: the same file with every item that is ours replaced by what
//! it expands to, as `mpgen expand` prints it and as the snapshots hold it.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::visit_mut::VisitMut;
use syn::{AttrStyle, Attribute, Item, Meta, Path, Token};

use crate::{Expansion, expand_enum, expand_file, expand_interface, expand_struct};

/// Expands every item of ours in the text of a Rust file, those inside its modules too.
///
/// # Errors
///
/// When the text is not Rust. Mistakes in the items are part of the result.
pub fn expand_source(text: &str) -> syn::Result<Expansion> {
    let file = syn::parse_file(text)?;
    let mut errors = Vec::new();
    let attrs = &file.attrs;
    let items: Vec<TokenStream> = file.items.into_iter().map(|item| expand_item(item, &mut errors)).collect();
    Ok(Expansion { tokens: quote!(#(#attrs)* #(#items)*), errors })
}

fn expand_item(mut item: Item, errors: &mut Vec<syn::Error>) -> TokenStream {
    if let Some(args) = attributes(&mut item).and_then(|attrs| take(attrs, "ipc_interface")) {
        let Expansion { tokens, errors: found } = expand_interface(args, item.into_token_stream());
        errors.extend(found);
        return tokens;
    }
    let Expansion { tokens, errors: found } = match item {
        Item::Struct(mut item) => {
            let whole = item.to_token_stream();
            let derives = take_derives(&mut item.attrs);
            Strip.visit_item_struct_mut(&mut item);
            derived(&item, &whole, &derives)
        }
        Item::Enum(mut item) => {
            let whole = item.to_token_stream();
            let derives = take_derives(&mut item.attrs);
            Strip.visit_item_enum_mut(&mut item);
            derived(&item, &whole, &derives)
        }
        Item::Macro(item) if is(&item.mac.path, "ipc_file") => expand_file(item.mac.tokens),
        Item::Mod(mut item) => {
            let Some((_, items)) = item.content.take() else { return item.into_token_stream() };
            let items: Vec<TokenStream> = items.into_iter().map(|item| expand_item(item, errors)).collect();
            let (outer, inner): (Vec<_>, Vec<_>) =
                item.attrs.iter().partition(|attr| matches!(attr.style, AttrStyle::Outer));
            let (vis, ident) = (&item.vis, &item.ident);
            return quote!(#(#outer)* #vis mod #ident { #(#inner)* #(#items)* });
        }
        other => return other.into_token_stream(),
    };
    errors.extend(found);
    tokens
}

/// The attributes of an item on which ours may stand, rightly or not.
fn attributes(item: &mut Item) -> Option<&mut Vec<Attribute>> {
    Some(match item {
        Item::Const(item) => &mut item.attrs,
        Item::Enum(item) => &mut item.attrs,
        Item::Fn(item) => &mut item.attrs,
        Item::Impl(item) => &mut item.attrs,
        Item::Mod(item) => &mut item.attrs,
        Item::Static(item) => &mut item.attrs,
        Item::Struct(item) => &mut item.attrs,
        Item::Trait(item) => &mut item.attrs,
        Item::Type(item) => &mut item.attrs,
        Item::Union(item) => &mut item.attrs,
        _ => return None,
    })
}

fn is(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|last| last.ident == name)
}

/// Takes the attribute `name` off the list, and gives its arguments.
fn take(attrs: &mut Vec<Attribute>, name: &str) -> Option<TokenStream> {
    let index = attrs.iter().position(|attr| is(attr.path(), name))?;
    match attrs.remove(index).meta {
        Meta::List(list) => Some(list.tokens),
        _ => Some(TokenStream::new()),
    }
}

/// Which of our derives a type has.
#[derive(Default)]
struct Derives {
    structure: bool,
    enumeration: bool,
}

/// Takes our derives off the list and leaves the others.
fn take_derives(attrs: &mut Vec<Attribute>) -> Derives {
    let mut found = Derives::default();
    attrs.retain_mut(|attr| {
        if !attr.path().is_ident("derive") {
            return true;
        }
        let Ok(paths) = attr.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated) else {
            return true;
        };
        let (ours, others): (Vec<Path>, Vec<Path>) =
            paths.into_iter().partition(|path| is(path, "IpcStruct") || is(path, "IpcEnum"));
        found.structure |= ours.iter().any(|path| is(path, "IpcStruct"));
        found.enumeration |= ours.iter().any(|path| is(path, "IpcEnum"));
        *attr = syn::parse_quote!(#[derive(#(#others),*)]);
        !others.is_empty()
    });
    found
}

/// The type without our attributes, and its conversions.
fn derived(item: &impl ToTokens, whole: &TokenStream, derives: &Derives) -> Expansion {
    let mut expansion = Expansion { tokens: item.to_token_stream(), errors: Vec::new() };
    if !derives.structure && !derives.enumeration {
        expansion.tokens = whole.clone();
    }
    let mut add = |derived: Expansion| {
        expansion.tokens.extend(derived.tokens);
        expansion.errors.extend(derived.errors);
    };
    if derives.structure {
        add(expand_struct(whole.clone()));
    }
    if derives.enumeration {
        add(expand_enum(whole.clone()));
    }
    expansion
}

/// Takes our attributes off a type, as the compiler does once it has derived.
struct Strip;

impl VisitMut for Strip {
    fn visit_attributes_mut(&mut self, attrs: &mut Vec<Attribute>) {
        attrs.retain(|attr| !attr.path().is_ident("ipc"));
    }
}
