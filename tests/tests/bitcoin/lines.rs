//! A schema, one fact per line.
//!
//! In: our schema. Out: lines such as
//! `method echo.Echo @1 echo (context:Proxy.Context, echo:Text) -> (result:Text) 0/2 ; 0/1`.
//! Names and types come from the printed text, ids and sizes from the constants.

use std::collections::BTreeSet;

use mp_runtime::schema::{File, Kind, Schema};
use mp_runtime::wire::id::child_id;
use mp_runtime::wire::node::{InterfaceNode, StructNode};

/// The lines of the files with these names, whatever folder they are in.
pub(crate) fn lines(schema: &Schema, names: &BTreeSet<&str>) -> Vec<String> {
    let mut lines = Vec::new();
    for file in schema.files() {
        let name = file.node.name.rsplit('/').next().unwrap_or_default();
        if !names.contains(name) {
            continue;
        }
        let texts = schema.texts();
        let text = texts.iter().find(|text| text.path == file.node.name).expect("the file's text");
        let mut writer = Writer { file, stem: name.trim_end_matches(".capnp"), lines: &mut lines };
        writer.lines.push(format!("file {name} {:#018x}", file.node.id));
        writer.file(&text.text);
    }
    lines
}

struct Writer<'l> {
    file: &'l File,
    stem: &'l str,
    lines: &'l mut Vec<String>,
}

/// What the text is inside of.
enum Inside {
    Nothing,
    Interface(&'static InterfaceNode),
    Struct(&'static StructNode),
}

impl Writer<'_> {
    fn file(&mut self, text: &str) {
        let mut inside = Inside::Nothing;
        let mut union = false;
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split(' ').collect();
            match (&inside, words.as_slice()) {
                (_, ["const", name, ty, "=", value]) => self.constant(name, ty, value),
                (_, ["interface" | "struct", ..]) => inside = self.declaration(line),
                (Inside::Struct(_), ["union", "{"]) => union = true,
                (_, ["}"]) if union => union = false,
                (Inside::Interface(node), [name, ordinal, ..]) if ordinal.starts_with('@') => {
                    self.method(node, name, line);
                }
                (Inside::Struct(node), [_, ordinal, ..]) if ordinal.starts_with('@') => {
                    let arm = if union { format!(" arm {}", &ordinal[1..]) } else { String::new() };
                    let line = without_annotations(line.trim_end_matches(';'));
                    self.lines.push(format!("field {}.{} {}{arm}", self.stem, bare(node), field(&line)));
                }
                _ => {}
            }
        }
    }

    fn constant(&mut self, name: &str, ty: &str, value: &str) {
        let id = child_id(self.file.node.id, name);
        let ty = ty.trim_start_matches(':');
        let value = value.trim_end_matches(';');
        self.lines.push(format!("const {}.{name} {id:#018x} {ty} {value}", self.stem));
    }

    fn declaration(&mut self, line: &str) -> Inside {
        let head = line.trim_end_matches('{').trim();
        let wraps = annotation(head, "$Proxy.wrap(").unwrap_or_default();
        let head = without_annotations(head);
        let (kind, rest) = head.split_once(' ').expect("a name");
        let (name, extends) = match rest.split_once(" extends(") {
            Some((name, extends)) => (name, extends.trim_end_matches(')')),
            None => (rest, ""),
        };
        let bare = name.split('(').next().unwrap_or(name);
        let declaration = self.file.declarations.iter().find(|declaration| declaration.name == bare);
        let declaration = declaration.unwrap_or_else(|| panic!("no declaration of {bare}"));
        let id = declaration.id;
        match declaration.kind {
            Kind::Interface(node) => {
                let methods = node.methods.len();
                self.lines.push(format!(
                    "{kind} {}.{name} {id:#018x} extends({extends}) wraps({wraps}) {methods} methods",
                    self.stem
                ));
                Inside::Interface(node)
            }
            Kind::Struct(node) => {
                self.lines.push(format!(
                    "{kind} {}.{name} {id:#018x} wraps({wraps}) {}",
                    self.stem,
                    size(node)
                ));
                Inside::Struct(node)
            }
            _ => Inside::Nothing,
        }
    }

    fn method(&mut self, node: &InterfaceNode, name: &str, line: &str) {
        let method = node.methods.iter().find(|method| method.name == name).expect("a method");
        let (head, results) = line.split_once(" -> ").expect("results");
        let (_, params) = head.split_once('(').expect("parameters");
        let params = list(&format!("({params}"));
        let results = list(results.trim_end_matches(';'));
        let (stem, ordinal) = (self.stem, method.ordinal);
        let (sent, received) = (size(&method.params), size(&method.results));
        self.lines.push(format!(
            "method {stem}.{} @{ordinal} {name} {params} -> {results} {sent} ; {received}",
            node.name
        ));
    }
}

fn bare(node: &StructNode) -> &'static str {
    node.name
}

fn size(node: &StructNode) -> String {
    format!("{}/{}", node.data_words, node.pointers)
}

/// `name @0 :Type = default` as `@0 name :Type = default`.
fn field(line: &str) -> String {
    let (name, rest) = line.split_once(' ').expect("a field");
    let (ordinal, rest) = rest.split_once(' ').expect("a type");
    format!("{ordinal} {name} {rest}").replace(" = 0", "")
}

/// A list of parameters without annotations and spaces around colons.
fn list(text: &str) -> String {
    without_annotations(text).replace(" :", ":").replace(" = ", "=")
}

/// The text of an annotation.
fn annotation<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    rest.strip_prefix('"')?.split("\")").next()
}

/// The text without ` $Proxy.name("…")` and the like.
fn without_annotations(text: &str) -> String {
    let mut pieces = text.split(" $Proxy.");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| text + piece.split_once("\")").map_or("", |(_, rest)| rest))
}
