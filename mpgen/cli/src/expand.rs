//! `mpgen expand`.
//!
//! In: a Rust file. Out: the same file with what our macros make of it, formatted, on stdout; or
//! every mistake in it, on stderr.

use std::io::Read;
use std::ops::Range;
use std::path::Path;

use syn::spanned::Spanned;
use syn::{Ident, Item, Type};

use crate::{Failure, arguments, diagnostics, terminal};

/// Runs the command.
pub(crate) fn run(command: &arguments::Expand) -> Result<(), Failure> {
    let (name, mut text) = read(&command.file)?;
    let mistakes = |text: &str, errors: &[syn::Error]| {
        diagnostics::report(&name, text, errors);
        Failure::Findings
    };
    let source = text.clone();
    if let Some(item) = &command.item {
        let file = syn::parse_file(&text).map_err(|error| mistakes(&source, &[error]))?;
        let places = places(&file.items, item);
        if places.is_empty() {
            return Err(Failure::cannot(format!("{name} has no item named `{item}`"), known(&file.items)));
        }
        text = only(&text, &places);
    }
    let expansion = mpgen::expand_source(&text).map_err(|error| mistakes(&source, &[error]))?;
    if !expansion.errors.is_empty() {
        return Err(mistakes(&source, &expansion.errors));
    }
    let file = syn::parse2(expansion.tokens).map_err(|error| {
        Failure::cannot(
            format!("what {name} expands to is not Rust: {error}"),
            "this is a mistake in mpgen; please report it together with the file",
        )
    })?;
    terminal::print(&prettyplease::unparse(&file))
}

fn read(path: &Path) -> Result<(String, String), Failure> {
    let stdin = path == Path::new("-");
    let name = if stdin { "<stdin>".to_owned() } else { path.display().to_string() };
    let mut text = String::new();
    let result = if stdin {
        std::io::stdin().read_to_string(&mut text).map(drop)
    } else {
        std::fs::read_to_string(path).map(|content| text = content)
    };
    match result {
        Ok(()) => Ok((name, without_prelude(&text))),
        Err(error) => Err(Failure::cannot(
            format!("cannot read {name}: {error}"),
            "give the path of a Rust file, or `-` for standard input",
        )),
    }
}

/// The text without what the parser skips, and does not count, at its beginning.
fn without_prelude(text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default();
    let is_command = first.starts_with("#!") && !first[2..].trim_start().starts_with('[');
    if is_command { " ".repeat(first.len()) + &text[first.len()..] } else { text.to_owned() }
}

/// Where the items named `name` are, those inside modules too.
fn places(items: &[Item], name: &str) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    for item in items {
        if names(item).iter().any(|ident| *ident == name) {
            places.push(item.span().byte_range());
        } else if let Item::Mod(module) = item
            && let Some((_, items)) = &module.content
        {
            places.extend(self::places(items, name));
        }
    }
    places
}

/// The names by which `--item` finds an item.
fn names(item: &Item) -> Vec<Ident> {
    match item {
        Item::Trait(item) => vec![item.ident.clone()],
        Item::Struct(item) => vec![item.ident.clone()],
        Item::Enum(item) => vec![item.ident.clone()],
        Item::Mod(item) => vec![item.ident.clone()],
        Item::Impl(item) => {
            let of_trait = item.trait_.as_ref().map(|(path, _)| path);
            let of_type = match &*item.self_ty {
                Type::Path(path) => Some(&path.path),
                _ => None,
            };
            let paths = of_trait.into_iter().chain(of_type);
            paths.filter_map(|path| path.segments.last()).map(|last| last.ident.clone()).collect()
        }
        // The name follows `static`.
        Item::Macro(item) if item.mac.path.segments.last().is_some_and(|last| last.ident == "ipc_file") => {
            let tokens = item.mac.tokens.clone().into_iter();
            let mut idents = tokens.filter_map(|token| match token {
                proc_macro2::TokenTree::Ident(ident) => Some(ident),
                _ => None,
            });
            idents.by_ref().find(|ident| ident == "static");
            idents.next().into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// What could have been asked for.
fn known(items: &[Item]) -> String {
    let mut known = Vec::new();
    let mut items: Vec<&Item> = items.iter().collect();
    while let Some(item) = items.pop() {
        known.extend(names(item).iter().map(|ident| format!("`{ident}`")));
        if let Item::Mod(syn::ItemMod { content: Some((_, inner)), .. }) = item {
            items.extend(inner);
        }
    }
    known.sort();
    known.dedup();
    if known.is_empty() {
        "the file has no items that mpgen could show".to_owned()
    } else {
        format!("the file has {}", known.join(", "))
    }
}

/// The text with blanks in place of everything else, so that all places in it stay what they are.
fn only(text: &str, places: &[Range<usize>]) -> String {
    let keep = |index: usize, letter: char| {
        letter == '\n' || letter == '\r' || places.iter().any(|place| place.contains(&index))
    };
    // One blank for each letter keeps columns, which count letters; bytes are not looked at again.
    text.char_indices().map(|(index, letter)| if keep(index, letter) { letter } else { ' ' }).collect()
}
