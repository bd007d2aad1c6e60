//! The Rust source of a file, and of all.
//!
//! In: what a file declares. Out: text with a module for each file, as people would write it.

use std::collections::BTreeMap;

use super::text::{docs, float, indented, nothing_left, take};
use super::types::{At, Known, plain};
use super::{interface, names, structure};
use crate::capnp::{Error, File, Kind};

/// What has no form in Rust: the file, the line, and why.
pub(super) type Mistake = (String, usize, String);

/// Modules, by their names.
#[derive(Default)]
pub(super) struct Source {
    text: String,
    inside: BTreeMap<String, Source>,
}

impl Source {
    /// Adds the text of a module.
    pub(super) fn add(&mut self, path: &[String], text: String) {
        match path {
            [] => self.text = text,
            [first, rest @ ..] => self.inside.entry(first.clone()).or_default().add(rest, text),
        }
    }

    /// The text of all.
    pub(super) fn text(&self) -> String {
        let mut text = self.text.clone();
        for (name, module) in &self.inside {
            if !text.is_empty() {
                text.push('\n');
            }
            text += &format!("pub mod {name} {{\n{}}}\n", indented(&module.text()));
        }
        text
    }
}

/// The text of one file's module.
pub(super) fn file(known: &Known<'_>, name: &str, file: &File, mistakes: &mut Vec<Mistake>) -> String {
    let mut text = head(name, file).unwrap_or_else(|(line, what)| {
        mistakes.push((name.to_owned(), line, what));
        String::new()
    });
    for declaration in &file.declarations {
        let at = At { known, file: name, parameters: &declaration.parameters };
        let item = match &declaration.kind {
            _ if declaration.name.contains('.') => Err((
                declaration.line,
                "a type inside another one has no form in Rust; move it out (peers know an interface by its id, which then has to stand behind its name: `@0x…`)".to_owned(),
            )),
            Kind::Interface { extends, methods } => interface::interface(at, declaration, extends, methods),
            Kind::Struct(fields) => structure::structure(at, declaration, fields),
            Kind::Enum(enumerants) => structure::enumeration(declaration, enumerants),
            Kind::Constant(..) | Kind::Other => continue,
        };
        match item {
            Ok(item) => text += &format!("\n{item}"),
            Err((line, what)) => mistakes.push((name.to_owned(), line, what)),
        }
    }
    text
}

/// `ipc_file!`.
fn head(name: &str, file: &File) -> Result<String, Error> {
    let mut annotations = file.annotations.clone();
    let mut words = String::new();
    if let Some(place) = annotations.iter().position(|one| one.name == "capnp/c++.capnp:namespace") {
        words += &format!(",\n    namespace = {}", annotations.remove(place).value);
    }
    for (word, annotation) in [("include", "include"), ("include_types", "includeTypes")] {
        let mut found = Vec::new();
        while let Some(value) = take(&mut annotations, annotation) {
            found.push(value);
        }
        if !found.is_empty() {
            words += &format!(",\n    {word} = [{}]", found.join(", "));
        }
    }
    nothing_left(&annotations, 1)?;
    let mut constants = String::new();
    for one in &file.declarations {
        let Kind::Constant(ty, value) = &one.kind else { continue };
        let ident = names::constant(&one.name);
        let rust = plain(ty).filter(|rust| !["String", "Vec<u8>", "()"].contains(rust));
        let (Some(rust), true) = (rust, mpgen::names::camel(&ident.to_lowercase()) == one.name) else {
            return Err((
                one.line,
                format!(
                    "the constant `{}` has no form in Rust, where constants of a schema are numbers in capitals; leave it out here, and write it beside the source",
                    one.name
                ),
            ));
        };
        let value = if rust.starts_with('f') { float(value, rust) } else { value.clone() };
        constants += &indented(&format!("{}pub const {ident}: {rust} = {value};\n", docs(&one.docs)));
    }
    let constants = if constants.is_empty() { constants } else { format!("\n{constants}") };
    Ok(format!(
        "mp_runtime::ipc_file! {{\n    /// `{name}`.\n    pub static FILE: {name:?} @ {}{words};\n{constants}}}\n",
        file.id
    ))
}
