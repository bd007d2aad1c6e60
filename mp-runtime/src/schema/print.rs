//! The text of a schema file.
//!
//! In: a file's declarations. Out: text. Everything stands in the order of its ordinal, so that a
//! change in the Rust source that the wire does not show does not show in the text either.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::collect::{Scope, parameters, struct_name};
use super::pairs::resolve;
use super::{Declaration, File, Kind, PROXY_CAPNP_PATH};
use crate::wire::node::{
    Default, EnumNode, FieldNode, FileNode, InterfaceNode, MethodNode, StructNode, Type,
};

/// The text of `file`.
pub(super) fn file(file: &File) -> String {
    let mut printer = Printer { file: file.node, imports: Imports::of(file), text: String::new() };
    printer.constants(file.node);
    for declaration in &file.declarations {
        printer.text.push('\n');
        printer.declaration(declaration);
    }
    let Printer { imports, text: body, .. } = printer;
    let mut text = String::from("# Written by mpgen from the Rust source; change that one instead.\n\n");
    let FileNode { id, cxx_namespace, include, include_types, .. } = file.node;
    text += &format!("@{id:#018x};\n\n");
    if !cxx_namespace.is_empty() {
        text += &format!(
            "using Cxx = import \"/capnp/c++.capnp\";\n$Cxx.namespace({});\n\n",
            quoted(cxx_namespace)
        );
    }
    let annotations: Vec<String> = include
        .iter()
        .map(|header| format!("$Proxy.include({});\n", quoted(header)))
        .chain(include_types.iter().map(|header| format!("$Proxy.includeTypes({});\n", quoted(header))))
        .collect();
    if !annotations.is_empty() || body.contains("Proxy.") {
        text += &format!("using Proxy = import \"/{PROXY_CAPNP_PATH}\";\n");
    }
    for (path, alias) in &imports.aliases {
        if body.contains(&format!("{alias}.")) {
            text += &format!("using {alias} = import \"{}\";\n", relative(file.node.name, path));
        }
    }
    text += &annotations.concat();
    text + &body
}

/// How a file names another one: beside it by its name, elsewhere from the import path's root.
fn relative(from: &str, to: &str) -> String {
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default();
    if folder(from) == folder(to) { to.rsplit('/').next().unwrap_or(to).to_owned() } else { format!("/{to}") }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted += "\\n",
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

fn capital(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The names by which a file calls others.
struct Imports {
    aliases: BTreeMap<&'static str, String>,
}

impl Imports {
    fn of(file: &File) -> Self {
        let mut aliases = BTreeMap::<&'static str, String>::new();
        for other in &file.imports {
            let stem = other.name.rsplit('/').next().unwrap_or_default();
            let stem = stem.strip_suffix(".capnp").unwrap_or(stem);
            let mut alias: String = stem.split(|c: char| !c.is_ascii_alphanumeric()).map(capital).collect();
            while ["Proxy", "Cxx"].contains(&alias.as_str())
                || file.declarations.iter().any(|declaration| {
                    declaration.name == alias || declaration.parameters.contains(&alias.as_str())
                })
                || aliases.values().any(|taken| *taken == alias)
            {
                alias += "File";
            }
            aliases.insert(other.name, alias);
        }
        Imports { aliases }
    }
}

struct Printer {
    file: &'static FileNode,
    imports: Imports,
    text: String,
}

impl Printer {
    fn line(&mut self, depth: usize, text: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{:1$}{text}", "", depth * 2);
    }

    fn docs(&mut self, depth: usize, docs: &str) {
        for line in docs.trim_end().lines() {
            self.line(depth, format!("# {line}").trim_end());
        }
    }

    /// A documented member: its line, the comment below it, and an empty line after a comment.
    fn member(&mut self, depth: usize, text: &str, docs: &str) {
        self.line(depth, text);
        self.docs(depth, docs);
        if !docs.is_empty() {
            self.text.push('\n');
        }
    }

    fn close(&mut self, depth: usize) {
        if self.text.ends_with("\n\n") {
            self.text.pop();
        }
        self.line(depth, "}");
    }

    fn open(&mut self, head: &str, docs: &str) {
        self.line(0, &format!("{head} {{"));
        self.docs(1, docs);
        if !docs.is_empty() {
            self.text.push('\n');
        }
    }

    fn declaration(&mut self, declaration: &Declaration) {
        let Declaration { name, parameters, id, kind } = declaration;
        match kind {
            Kind::Interface(node) => self.interface(name, *id, node),
            Kind::Struct(node) => self.structure(name, *id, parameters, node),
            Kind::Enum(node) => self.enumeration(name, *id, node),
        }
    }

    fn constants(&mut self, file: &FileNode) {
        for constant in file.constants {
            self.text.push('\n');
            let ty = constant.ty;
            let value = match constant.value {
                Default::None => " = 0".to_owned(),
                value => default(value),
            };
            self.line(0, &format!("const {} :{ty:?}{value};", constant.name));
            self.docs(0, constant.docs);
        }
    }

    fn interface(&mut self, name: &str, id: u64, node: &InterfaceNode) {
        let bases: Vec<String> =
            node.extends.iter().map(|base| self.path(base().file, base().name)).collect();
        let extends =
            if bases.is_empty() { String::new() } else { format!(" extends({})", bases.join(", ")) };
        let head = format!(
            "interface {name}{}{extends}{}",
            explicit(node.explicit_id, id),
            annotations(node.annotations)
        );
        self.open(&head, node.docs);
        for method in node.methods {
            let MethodNode { name, docs, ordinal, params, results, .. } = method;
            let (params, results) = (self.parameters(params), self.parameters(results));
            let notes = annotations(method.annotations);
            let fields = method.params.fields.iter().chain(method.results.fields);
            let units: Vec<String> = fields
                .filter(|field| !field.unit.is_empty())
                .map(|field| format!("`{}` is in {}.", field.name, field.unit))
                .collect();
            let docs = joined(docs, &units.join("\n"));
            self.member(1, &format!("{name} @{ordinal} ({params}) -> ({results}){notes};"), &docs);
        }
        self.close(0);
    }

    /// The parameters or results of a method.
    fn parameters(&self, node: &StructNode) -> String {
        let mut fields: Vec<(u16, String)> = Vec::new();
        for field in node.fields {
            for (ordinal, name, ty) in self.parts(&[], field, field.name) {
                fields.push((ordinal, format!("{name} :{ty}")));
            }
        }
        fields.sort_by_key(|(ordinal, _)| *ordinal);
        fields.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(", ")
    }

    /// A field's value and, if it has one, its flag: ordinal, name, and everything after the colon.
    fn parts(&self, scope: Scope, field: &FieldNode, name: &str) -> Vec<(u16, String, String)> {
        let ty = self.ty(scope, field.ty);
        let value = format!("{ty}{}{}", default(field.default), annotations(field.annotations));
        let mut parts = vec![(field.ordinal, name.to_owned(), value)];
        if let Some((ordinal, _)) = field.has {
            let cxx = field.annotations.iter().find_map(|note| note.strip_prefix("$Proxy.name(\""));
            let note = cxx.map_or_else(String::new, |cxx| {
                format!(" $Proxy.name(\"has{}\")", capital(cxx.trim_end_matches("\")")))
            });
            parts.push((ordinal, format!("has{}", capital(name)), format!("Bool{note}")));
        }
        parts
    }

    fn structure(&mut self, name: &str, id: u64, scope: Scope, node: &StructNode) {
        let parameters = match scope {
            [] => String::new(),
            parameters => format!("({})", parameters.join(", ")),
        };
        let head = format!(
            "struct {name}{}{parameters}{}",
            explicit(node.explicit_id, id),
            annotations(node.annotations)
        );
        self.open(&head, node.docs);
        let plain: Vec<&FieldNode> = node.fields.iter().filter(|field| field.variant.is_none()).collect();
        self.fields(1, scope, &plain);
        if node.discriminant.is_some() {
            self.line(1, "union {");
            self.variants(2, scope, node);
            self.close(1);
        } else {
            // The only variant of a union is none of the schema's, which has two at least.
            self.variants(1, scope, node);
        }
        self.close(0);
    }

    fn fields(&mut self, depth: usize, scope: Scope, fields: &[&FieldNode]) {
        let mut lines = Vec::new();
        for field in fields {
            for (part, (ordinal, name, ty)) in self.parts(scope, field, field.name).into_iter().enumerate() {
                let unit = if field.unit.is_empty() { String::new() } else { format!("In {}.", field.unit) };
                let docs = if part == 0 { joined(field.docs, &unit) } else { String::new() };
                lines.push((ordinal, format!("{name} @{ordinal} :{ty};"), docs));
            }
        }
        lines.sort_by_key(|(ordinal, ..)| *ordinal);
        for (_, line, docs) in lines {
            self.member(depth, &line, &docs);
        }
    }

    fn variants(&mut self, depth: usize, scope: Scope, node: &StructNode) {
        let mut variants = BTreeMap::<u16, Vec<&FieldNode>>::new();
        for field in node.fields {
            if let Some(variant) = field.variant {
                variants.entry(variant).or_default().push(field);
            }
        }
        for fields in variants.values() {
            match (fields[..].first(), fields[..].first().and_then(|field| field.group)) {
                (Some(_), Some(group)) => {
                    self.line(depth, &format!("{group} :group {{"));
                    self.fields(depth + 1, scope, fields);
                    self.close(depth);
                }
                // A value and its flag are two fields, so the variant is a group of both.
                (Some(field), None) if field.has.is_some() => {
                    self.line(depth, &format!("{} :group {{", field.name));
                    for (ordinal, name, ty) in self.parts(scope, field, "value") {
                        self.line(depth + 1, &format!("{name} @{ordinal} :{ty};"));
                    }
                    self.close(depth);
                }
                (Some(_), None) => self.fields(depth, scope, fields),
                (None, _) => {}
            }
        }
    }

    fn enumeration(&mut self, name: &str, id: u64, node: &EnumNode) {
        self.open(&format!("enum {name}{}", explicit(node.explicit_id, id)), node.docs);
        for (ordinal, (name, docs)) in node.enumerants.iter().enumerate() {
            self.member(1, &format!("{name} @{ordinal};"), docs);
        }
        self.close(0);
    }

    /// A declaration's name as this file calls it.
    fn path(&self, file: &FileNode, name: &str) -> String {
        match self.imports.aliases.get(file.name) {
            Some(alias) => format!("{alias}.{name}"),
            None => name.to_owned(),
        }
    }

    fn ty(&self, scope: Scope, ty: Type) -> String {
        match ty {
            Type::List(item) => format!("List({})", self.ty(scope, *item)),
            Type::Enum(node) => self.path(node().file, node().name),
            Type::Interface(node) => self.path(node().file, node().name),
            Type::Struct(node) => {
                let mentioned = resolve(self.file, node());
                let path = self.path(mentioned.file, &struct_name(mentioned.declared, scope));
                let arguments: Vec<String> = if mentioned.declared.parameters.is_empty() {
                    let passed_on = parameters(mentioned.declared, scope);
                    passed_on.iter().map(ToString::to_string).collect()
                } else {
                    mentioned.arguments.iter().map(|argument| self.ty(scope, *argument)).collect()
                };
                if arguments.is_empty() { path } else { format!("{path}({})", arguments.join(", ")) }
            }
            Type::Parameter(index) => {
                scope.get(usize::from(index)).copied().unwrap_or("AnyPointer").to_owned()
            }
            Type::Builtin(name) => format!("Proxy.{name}"),
            Type::Context => "Proxy.Context".into(),
            plain => format!("{plain:?}"),
        }
    }
}

/// Two parts of a comment.
fn joined(docs: &str, more: &str) -> String {
    let parts = [docs.trim_end(), more];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn explicit(explicit: bool, id: u64) -> String {
    if explicit { format!(" @{id:#018x}") } else { String::new() }
}

fn annotations(annotations: &[&str]) -> String {
    annotations.iter().map(|annotation| format!(" {annotation}")).collect()
}

fn default(default: Default) -> String {
    let float = |text: String, value: f64| match value {
        value if value.is_nan() => "nan".to_owned(),
        value if value.is_infinite() => if value > 0.0 { "inf" } else { "-inf" }.to_owned(),
        _ => text,
    };
    match default {
        Default::None => String::new(),
        Default::Bool(value) => format!(" = {value}"),
        Default::Int(value) => format!(" = {value}"),
        Default::UInt(value) => format!(" = {value}"),
        Default::Float32(value) => format!(" = {}", float(format!("{value:?}"), f64::from(value))),
        Default::Float64(value) => format!(" = {}", float(format!("{value:?}"), value)),
    }
}
