//! All words that our attributes know, and how they are read.
//!
//! In: `#[ipc(…)]` attributes or the arguments of `#[ipc_interface(…)]`. Out: words with values,
//! each taken once; what is left over is a mistake. A list of words is a text with a space between each two.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Ident, Lit, Path, Token, Type};

use crate::report::Report;

/// Words of `#[ipc_interface(…)]`.
pub const INTERFACE: &str = "file file_id id name cxx types construct destroy callback panic_on_disconnect unused versions asynchronous blocking crate";
/// Words of a version in `versions(…)`: those of `#[ipc_interface(…)]` that may differ, and its own.
pub const VERSION: &str = "form view title file file_id id cxx types construct destroy";
/// Words of `#[ipc(…)]` on a method.
pub const METHOD: &str = "name ordinal no_context local deprecated interrupt pipelined exception result results secret cxx_name since until";
/// Words of `#[ipc(…)]` on a parameter.
pub const PARAM: &str = "name ordinal has_ordinal default optional out want with types callback secret cxx_name since until absent";
/// Words of `result(…)`.
pub const RESULT: &str = "name ordinal has_ordinal default optional with types callback secret cxx_name";
/// Words of `exception(…)`.
pub const EXCEPTION: &str = "name cxx with types";
/// Words of `construct(…)`.
pub const CONSTRUCT: &str = "name ordinal";
/// Words of `destroy(…)`.
pub const DESTROY: &str = "ordinal";
/// Words of `#[ipc(…)]` on a struct.
pub const STRUCT: &str = "file file_id id name cxx types generic form_of crate";
/// Words of `#[ipc(…)]` on a field.
pub const FIELD: &str =
    "name ordinal has_ordinal default optional skip with types callback secret cxx_name exception";
/// Words of `#[ipc(…)]` on a variant.
pub const VARIANT: &str = RESULT;
/// Words of `#[ipc(…)]` on an enum.
pub const ENUM: &str = "file file_id id name wire crate";
/// Words of `#[ipc(…)]` on an enumerant.
pub const ENUMERANT: &str = "name";
/// Words of `ipc_file!`.
pub const FILE: &str = "namespace include include_types pairs crate";
/// Words of `#[ipc_interface(…)]` on an `impl` block.
pub const IMPLEMENTATION: &str = "crate";

/// One word with its value.
#[derive(Clone, Debug)]
pub struct Word {
    /// The word.
    pub name: Ident,
    /// What follows it.
    pub value: Value,
}

/// What follows a word.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "there are a handful at a time, while a macro runs")]
pub enum Value {
    /// Nothing.
    None,
    /// `= expression`
    Expr(Expr),
    /// `= Type`, after the words whose value is one.
    Type(Box<Type>),
    /// `(words)`
    List(Vec<Word>),
}

impl Parse for Word {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name: Ident = input.call(syn::ext::IdentExt::parse_any)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            if name == "types" || name == "callback" {
                let span = input.span();
                let ty = input.parse().map_err(|_| syn::Error::new(span, needs_type(&name.to_string())))?;
                Value::Type(Box::new(ty))
            } else {
                Value::Expr(input.parse()?)
            }
        } else if input.peek(syn::token::Paren) {
            let inner;
            syn::parenthesized!(inner in input);
            Value::List(Punctuated::<Word, Token![,]>::parse_terminated(&inner)?.into_iter().collect())
        } else {
            Value::None
        };
        Ok(Word { name, value })
    }
}

/// The words at one place, to be taken one by one.
#[derive(Debug)]
pub struct Words<'r> {
    words: Vec<Word>,
    report: &'r Report,
}

impl<'r> Words<'r> {
    /// Takes the `#[ipc(…)]` attributes off a list, with their words.
    pub fn of_attributes(attrs: &mut Vec<Attribute>, place: &str, allowed: &str, report: &'r Report) -> Self {
        Self::of_list(taken(attrs, report), place, allowed, report)
    }

    /// Words inside another word's brackets, or those of an attribute's arguments.
    pub fn of_list(words: Vec<Word>, place: &str, allowed: &str, report: &'r Report) -> Self {
        let mut kept: Vec<Word> = Vec::new();
        for word in words {
            if !has(allowed, &word.name) {
                report.at(&word.name, unknown(&word.name.to_string(), place, allowed));
            } else if kept.iter().any(|earlier| earlier.name == word.name) {
                report.at(&word.name, format!("`{}` is given twice; leave one out", word.name));
            } else {
                kept.push(word);
            }
        }
        Words { words: kept, report }
    }

    /// Takes a word.
    pub fn take(&mut self, name: &str) -> Option<Word> {
        let index = self.words.iter().position(|word| word.name == name)?;
        Some(self.words.swap_remove(index))
    }

    /// Whether a word is there.
    pub fn has(&self, name: &str) -> bool {
        self.words.iter().any(|word| word.name == name)
    }

    /// Reports the words that nobody took, where they mean nothing.
    pub fn none_left(&mut self, why: &str) {
        for word in self.words.drain(..) {
            self.report.at(&word.name, format!("{why}; leave `{}` out", word.name));
        }
    }

    /// Takes a word that stands alone, and says where it stood.
    pub fn flag(&mut self, name: &str) -> Option<Span> {
        let word = self.take(name)?;
        if !matches!(word.value, Value::None) {
            self.report.at(&word.name, format!("`{name}` takes no value; write only `{name}`"));
        }
        Some(word.name.span())
    }

    /// Takes a word with a value, of which `pick` makes something; `needed` says what that is.
    fn value<T>(&mut self, name: &str, needed: &str, pick: impl FnOnce(Value) -> Option<T>) -> Option<T> {
        let word = self.take(name)?;
        let found = pick(word.value);
        if found.is_none() {
            self.report.at(&word.name, format!("`{name}` needs {needed}"));
        }
        found
    }

    /// Takes a word whose value is a string.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.value(name, &format!("a string: write `{name} = \"…\"`"), |value| match value {
            Value::Expr(expr) => text(&expr),
            _ => None,
        })
    }

    /// Takes a word whose value is an ordinal.
    pub fn number(&mut self, name: &str) -> Option<u16> {
        let word = self.take(name)?;
        if let Value::Expr(Expr::Lit(literal)) = &word.value
            && let Lit::Int(number) = &literal.lit
        {
            let parsed = number.base10_parse().ok();
            if parsed.is_none() {
                self.report
                    .at(number, format!("`{name}` counts from 0 to {}; write a smaller one", u16::MAX));
            }
            return parsed;
        }
        self.report.at(&word.name, format!("`{name}` needs a number: write `{name} = 0`"));
        None
    }

    /// Takes a word whose value is an id of 64 bits.
    pub fn id(&mut self, name: &str) -> Option<(u64, Span)> {
        let word = self.take(name)?;
        if let Value::Expr(Expr::Lit(literal)) = &word.value
            && let Lit::Int(number) = &literal.lit
            && let Ok(id) = number.base10_parse::<u64>()
        {
            if id >> 63 == 0 {
                self.report.at(number, format!("an id has its highest bit set; write `{name} = {:#018x}`, or have `mpgen id` make one", id | 1 << 63));
            }
            return Some((id, number.span()));
        }
        self.report.at(&word.name, format!("`{name}` needs an id of 64 bits: write `{name} = 0x…`"));
        None
    }

    /// Takes a word whose value is a path.
    pub fn path(&mut self, name: &str) -> Option<Path> {
        self.value(name, &format!("a path: write `{name} = some::path`"), |value| match value {
            Value::Expr(expr) => path(&expr),
            _ => None,
        })
    }

    /// Takes `crate = path`: where the runtime is, `::mp_runtime` unless another is said.
    pub fn runtime(&mut self) -> Path {
        self.path("crate").unwrap_or_else(runtime)
    }

    /// Takes a word whose value is a list of paths.
    pub fn paths(&mut self, name: &str) -> Vec<Path> {
        self.list(name, &format!("a list of types: write `{name} = [SomeStruct]`"), path)
    }

    /// Takes a word whose value is a list of strings.
    pub fn texts(&mut self, name: &str) -> Vec<String> {
        self.list(name, &format!("a list of strings: write `{name} = [\"…\"]`"), text)
    }

    fn list<T>(&mut self, name: &str, needed: &str, pick: fn(&Expr) -> Option<T>) -> Vec<T> {
        let found = self.value(name, needed, |value| match value {
            Value::Expr(Expr::Array(array)) => array.elems.iter().map(pick).collect(),
            _ => None,
        });
        found.unwrap_or_default()
    }

    /// Takes a word whose value is an expression.
    pub fn expr(&mut self, name: &str) -> Option<Expr> {
        self.value(name, &format!("a value: write `{name} = …`"), |value| match value {
            Value::Expr(expr) => Some(expr),
            _ => None,
        })
    }

    /// Takes a word whose value is a type.
    pub fn ty(&mut self, name: &str) -> Option<Type> {
        let word = self.take(name)?;
        match word.value {
            Value::Type(ty) => Some(*ty),
            _ => {
                self.report.at(&word.name, needs_type(name));
                None
            }
        }
    }

    /// The words that nobody took.
    pub fn rest(self) -> Vec<Word> {
        self.words
    }
}

fn needs_type(name: &str) -> String {
    match name {
        "callback" => {
            "`callback` needs a trait with `#[ipc_interface(callback, …)]`: write `callback = ThatTrait`"
                .to_owned()
        }
        name => format!("`{name}` needs a type: write `{name} = SomeType`"),
    }
}

fn text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

fn path(expr: &Expr) -> Option<Path> {
    match expr {
        Expr::Path(path) => Some(path.path.clone()),
        _ => None,
    }
}

/// Where the runtime is, unless `crate` says another place.
pub fn runtime() -> Path {
    syn::parse_quote!(::mp_runtime)
}

/// The words of an attribute's arguments.
pub fn of_arguments(args: proc_macro2::TokenStream, report: &Report) -> Vec<Word> {
    use syn::parse::Parser;
    let parser = Punctuated::<Word, Token![,]>::parse_terminated;
    report.ok(parser.parse2(args)).unwrap_or_default().into_iter().collect()
}

/// Takes the `#[ipc(…)]` attributes off a list.
pub fn taken(attrs: &mut Vec<Attribute>, report: &Report) -> Vec<Word> {
    let mut words = Vec::new();
    attrs.retain(|attr| {
        if !attr.path().is_ident("ipc") {
            return true;
        }
        let parser = Punctuated::<Word, Token![,]>::parse_terminated;
        if let Some(parsed) = report.ok(attr.parse_args_with(parser)) {
            words.extend(parsed);
        }
        false
    });
    words
}

/// Whether a list has a word.
pub fn has(list: &str, word: &Ident) -> bool {
    list.split(' ').any(|known| word == known)
}

/// The message for a word that means nothing here.
fn unknown(word: &str, place: &str, allowed: &str) -> String {
    let nearest = allowed.split(' ').map(|known| (distance(word, known), known)).min();
    let list = format!("`{}`", allowed.replace(' ', "`, `"));
    match nearest {
        Some((distance, known)) if distance <= 2 => {
            format!("unknown word `{word}` on {place}; did you mean `{known}`?")
        }
        _ => format!("unknown word `{word}` on {place}; it takes {list}"),
    }
}

/// How many letters two words differ by.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let here = row[j + 1];
            row[j + 1] = if x == *y { before } else { 1 + before.min(row[j]).min(here) };
            before = here;
        }
    }
    row[b.len()]
}

/// The text of doc comments, without the space that follows `///`.
pub fn docs(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter_map(|attr| match &attr.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("doc") => text(&pair.value),
        _ => None,
    });
    let lines: Vec<String> = lines
        .flat_map(|text| {
            text.lines()
                .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    lines.join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_is_recognised() {
        assert_eq!(
            unknown("ordnal", "a method", METHOD),
            "unknown word `ordnal` on a method; did you mean `ordinal`?"
        );
        assert!(unknown("colour", "a method", METHOD).contains("it takes `name`"));
    }
}
