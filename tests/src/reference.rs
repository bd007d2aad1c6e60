//! The reference compiler as an oracle.
//!
//! In: the schema that our constants describe. Out: every way in which it differs from what
//! `capnp compile` makes of the text.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use capnp::schema_capnp::{brand, code_generator_request, field, method, node, type_, value};
use mp_runtime::schema::{File, Kind, Schema};
use mp_runtime::wire::id::method_struct_id;
use mp_runtime::wire::node::{Default, FieldNode, InterfaceNode, StructNode, Type};
use mp_runtime::wire::slot::Place;

/// Why there is no verdict.
#[derive(Debug)]
pub enum Unavailable {
    /// The `capnp` program is not installed.
    NotInstalled,
    /// It refused the text, with its own words.
    Refused(String),
}

/// Whether the `capnp` program is installed; if not, says that the calling test is skipped.
#[must_use]
pub fn installed() -> bool {
    let found = Command::new("capnp").arg("--version").output().is_ok();
    if !found {
        // Past the capture of output, so that a run shows it.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: needs the `capnp` program (Debian packages capnproto and libcapnp-dev)"
        );
    }
    found
}

/// Compiles the texts of `schema` in a temporary directory and lists all differences between the
/// compiled nodes and our constants; an empty list means that they are equal.
///
/// # Errors
///
/// When the compiler is missing, or refuses a text.
///
/// # Panics
///
/// When the temporary directory cannot be used, or the compiler's output cannot be read.
pub fn differences(schema: &Schema) -> Result<Vec<String>, Unavailable> {
    let folder = tempfile::tempdir().expect("a temporary directory");
    for text in schema.texts() {
        let path = folder.path().join(&text.path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, text.text).expect("a file");
    }
    let mut found = Vec::new();
    // One by one, because a schema may hold several versions of a file, which have one id.
    for file in schema.files() {
        compare(schema, file, &compile(folder.path(), &[file.node.name])?, &mut found);
    }
    Ok(found)
}

/// Lists the differences between a file of ours and `request`, which is what a compiler says of
/// the same file.
///
/// # Panics
///
/// When the request cannot be read.
pub fn compare(schema: &Schema, file: &File, request: &[u8], found: &mut Vec<String>) {
    let message = capnp::serialize::read_message(&mut &*request, options()).expect("the compiler's output");
    let request: code_generator_request::Reader<'_> = message.get_root().expect("a request");
    let mut reference = Reference { nodes: HashMap::new() };
    for node in request.get_nodes().expect("nodes") {
        reference.nodes.insert(node.get_id(), node);
    }
    Check { schema, file, reference: &reference, scope: &[], at: String::new(), found }.file();
}

fn options() -> capnp::message::ReaderOptions {
    let mut options = capnp::message::ReaderOptions::new();
    options.traversal_limit_in_words(None);
    options
}

/// What the compiler says of `files` in `folder`.
///
/// # Errors
///
/// When the compiler is missing, or refuses a text.
pub fn compile(folder: &Path, files: &[&str]) -> Result<Vec<u8>, Unavailable> {
    let output = Command::new("capnp")
        .current_dir(folder)
        .args(["compile", "-I", ".", "-o-"])
        .args(files)
        .output()
        .map_err(|_| Unavailable::NotInstalled)?;
    if !output.status.success() {
        return Err(Unavailable::Refused(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(output.stdout)
}

struct Reference<'m> {
    nodes: HashMap<u64, node::Reader<'m>>,
}

struct Check<'c, 'm> {
    schema: &'c Schema,
    file: &'c File,
    reference: &'c Reference<'m>,
    /// The type parameters of the declaration.
    scope: &'static [&'static str],
    /// What is being compared.
    at: String,
    found: &'c mut Vec<String>,
}

/// A field as both sides describe it, with its group dissolved.
#[derive(Debug, PartialEq)]
struct Flat {
    ordinal: u16,
    offset: u32,
    ty: String,
    default: String,
    variant: Option<u16>,
}

impl Check<'_, '_> {
    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, ours: T, theirs: T) {
        if ours != theirs {
            self.found.push(format!("{}: {what}: ours {ours:?}, reference {theirs:?}", self.at));
        }
    }

    fn file(&mut self) {
        self.at = self.file.node.name.into();
        self.same("file is there", true, self.reference.nodes.contains_key(&self.file.node.id));
        for constant in self.file.node.constants {
            self.at = format!("{} const {}", self.file.node.name, constant.name);
            let id = mp_runtime::wire::id::child_id(self.file.node.id, constant.name);
            let Some(Ok(node::Const(theirs))) = self.reference.nodes.get(&id).map(|node| node.which()) else {
                self.found.push(format!("{}: the reference has no constant {id:#018x}", self.at));
                continue;
            };
            self.same("type", self.our_type(constant.ty), their_type(theirs.get_type().expect("a type")));
            let value = their_default(theirs.get_value().expect("a value"));
            self.same("value", our_default(constant.value), value);
        }
        for declaration in &self.file.declarations {
            self.at = format!("{} {}", self.file.node.name, declaration.name);
            let Some(&node) = self.reference.nodes.get(&declaration.id) else {
                self.found.push(format!("{}: the reference has no id {:#018x}", self.at, declaration.id));
                continue;
            };
            let name = node.get_display_name().expect("a name").to_str().expect("UTF-8");
            self.same("name", Some(declaration.name.as_str()), name.rsplit(':').next());
            self.same("scope", self.file.node.id, node.get_scope_id());
            self.scope = declaration.parameters;
            let parameters = node.get_parameters().expect("parameters").iter();
            let parameters = parameters.map(|parameter| text(parameter.get_name())).collect::<Vec<_>>();
            self.same("parameters", declaration.parameters.join(", "), parameters.join(", "));
            match declaration.kind {
                Kind::Interface(ours) => self.interface(ours, declaration.id, node),
                Kind::Struct(ours) => self.structure(ours, node),
                Kind::Enum(ours) => {
                    let Ok(node::Enum(theirs)) = node.which() else {
                        self.found.push(format!("{}: not an enum", self.at));
                        continue;
                    };
                    let ours: Vec<String> = ours.enumerants.iter().map(|(name, _)| (*name).into()).collect();
                    let theirs = theirs.get_enumerants().expect("enumerants");
                    let theirs = theirs.iter().map(|enumerant| text(enumerant.get_name())).collect();
                    self.same("enumerants", ours, theirs);
                }
                unknown => self.found.push(format!("{}: {unknown:?}", self.at)),
            }
        }
    }

    fn interface(&mut self, ours: &InterfaceNode, id: u64, node: node::Reader<'_>) {
        self.same("constant id", ours.id, id);
        let Ok(node::Interface(theirs)) = node.which() else {
            return self.found.push(format!("{}: not an interface", self.at));
        };
        let bases: Vec<u64> = ours.extends.iter().map(|base| base().id).collect();
        let superclasses = theirs.get_superclasses().expect("superclasses");
        self.same("bases", bases, superclasses.iter().map(|base| base.get_id()).collect());
        let methods = theirs.get_methods().expect("methods");
        self.same("number of methods", ours.methods.len(), methods.len() as usize);
        let at = self.at.clone();
        for (ordinal, theirs) in (0u16..).zip(methods) {
            let Some(ours) = ours.methods.iter().find(|method| method.ordinal == ordinal) else { continue };
            self.at = format!("{at}.{}", ours.name);
            self.method(id, ours, theirs);
        }
    }

    fn method(&mut self, id: u64, ours: &mp_runtime::wire::node::MethodNode, theirs: method::Reader<'_>) {
        self.same("name", ours.name.to_owned(), text(theirs.get_name()));
        let halves = [
            (&ours.params, theirs.get_param_struct_type(), false),
            (&ours.results, theirs.get_result_struct_type(), true),
        ];
        let at = self.at.clone();
        for (ours, theirs, results) in halves {
            self.at = format!("{at} {}", if results { "results" } else { "params" });
            self.same("id", method_struct_id(id, self.ordinal(id, &at), results), theirs);
            match self.reference.nodes.get(&theirs) {
                Some(&node) => self.structure(ours, node),
                None => self.found.push(format!("{}: no such struct", self.at)),
            }
        }
    }

    /// The ordinal of the method that `at` names.
    fn ordinal(&self, interface: u64, at: &str) -> u16 {
        let name = at.rsplit('.').next().unwrap_or_default();
        self.file
            .declarations
            .iter()
            .filter(|declaration| declaration.id == interface)
            .filter_map(|declaration| match declaration.kind {
                Kind::Interface(node) => node.methods.iter().find(|method| method.name == name),
                _ => None,
            })
            .map(|method| method.ordinal)
            .next()
            .unwrap_or(u16::MAX)
    }

    fn structure(&mut self, ours: &StructNode, node: node::Reader<'_>) {
        let Ok(node::Struct(theirs)) = node.which() else {
            return self.found.push(format!("{}: not a struct", self.at));
        };
        self.same("data words", ours.data_words, theirs.get_data_word_count());
        self.same("pointers", ours.pointers, theirs.get_pointer_count());
        let discriminant = match theirs.get_discriminant_count() {
            0 => None,
            count => Some((theirs.get_discriminant_offset(), count)),
        };
        self.same("discriminant", ours.discriminant, discriminant);
        let flat = self.our_fields(ours);
        let mut reference = BTreeMap::new();
        self.their_fields(theirs, "", None, &mut reference);
        self.same("fields", flat.keys().collect::<Vec<_>>(), reference.keys().collect());
        for (name, ours) in &flat {
            if let Some(theirs) = reference.get(name) {
                self.same(&format!("field {name}"), ours, theirs);
            }
        }
    }

    /// Our fields by `group/name`.
    fn our_fields(&self, node: &StructNode) -> BTreeMap<String, Flat> {
        let mut fields = BTreeMap::new();
        for field in node.fields {
            let FieldNode { name, ordinal, place, has, variant, .. } = *field;
            let single_group = has.is_some() && variant.is_some() && field.group.is_none();
            let group = match field.group {
                Some(group) => format!("{group}/"),
                None if single_group => format!("{name}/"),
                None => String::new(),
            };
            let name = if single_group { "value" } else { name };
            let flat = |ordinal, place: Place, ty, default| Flat {
                ordinal,
                offset: place.offset,
                ty,
                default,
                // The only variant of a union is none in the schema.
                variant: variant.filter(|_| node.discriminant.is_some()),
            };
            let value = flat(ordinal, place, self.our_type(field.ty), our_default(field.default));
            fields.insert(format!("{group}{name}"), value);
            if let Some((ordinal, place)) = has {
                let mut capital = name.to_owned();
                capital[..1].make_ascii_uppercase();
                fields.insert(
                    format!("{group}has{capital}"),
                    flat(ordinal, place, "bool".into(), String::new()),
                );
            }
        }
        fields
    }

    fn their_fields(
        &self,
        node: node::struct_::Reader<'_>,
        group: &str,
        variant: Option<u16>,
        fields: &mut BTreeMap<String, Flat>,
    ) {
        for theirs in node.get_fields().expect("fields") {
            let name = text(theirs.get_name());
            let own = match theirs.get_discriminant_value() {
                field::NO_DISCRIMINANT => None,
                value => Some(value),
            };
            let variant = variant.or(own);
            match theirs.which().expect("a known field") {
                field::Slot(slot) => {
                    let ordinal = match theirs.get_ordinal().which().expect("a known ordinal") {
                        field::ordinal::Explicit(ordinal) => ordinal,
                        field::ordinal::Implicit(()) => u16::MAX,
                    };
                    let default = their_default(slot.get_default_value().expect("a default"));
                    let ty = their_type(slot.get_type().expect("a type"));
                    let flat = Flat { ordinal, offset: slot.get_offset(), ty, default, variant };
                    fields.insert(format!("{group}{name}"), flat);
                }
                field::Group(inner) => {
                    let Some(inner) = self.reference.nodes.get(&inner.get_type_id()) else { continue };
                    let Ok(node::Struct(inner)) = inner.which() else { continue };
                    self.their_fields(inner, &format!("{name}/"), variant, fields);
                }
            }
        }
    }

    fn our_type(&self, ty: Type) -> String {
        match ty {
            Type::List(item) => format!("list({})", self.our_type(*item)),
            Type::Enum(node) => format!("enum {:#x}", node().id),
            Type::Interface(node) => format!("interface {:#x}", node().id),
            Type::Struct(node) => {
                let Some(declaration) = self.schema.declaration(self.file.node, self.scope, node()) else {
                    return "a struct that is not declared".into();
                };
                let Kind::Struct(declared) = declaration.kind else { return "no struct".into() };
                let arguments: Vec<String> = if declared.parameters.is_empty() {
                    (0..declaration.parameters.len()).map(|index| format!("parameter {index}")).collect()
                } else {
                    let arguments = node().arguments.iter().take(declared.parameters.len());
                    arguments.map(|argument| self.our_type(*argument)).collect()
                };
                format!("struct {:#x}({})", declaration.id, arguments.join(", "))
            }
            Type::Parameter(index) => format!("parameter {index}"),
            Type::Builtin("ThreadMap") => "interface 0xee5e37179ad9dc9d".into(),
            Type::Builtin("Thread") => "interface 0x81c1e2600d0b56c5".into(),
            Type::Builtin(name) => format!("unknown {name}"),
            Type::Context => "struct 0x9c44e6645d0b22c6()".into(),
            plain => format!("{plain:?}").to_lowercase(),
        }
    }
}

fn text(text: capnp::Result<capnp::text::Reader<'_>>) -> String {
    text.expect("a text").to_string().expect("UTF-8")
}

fn their_type(ty: type_::Reader<'_>) -> String {
    match ty.which().expect("a known type") {
        type_::Void(()) => "void".into(),
        type_::Bool(()) => "bool".into(),
        type_::Int8(()) => "int8".into(),
        type_::Int16(()) => "int16".into(),
        type_::Int32(()) => "int32".into(),
        type_::Int64(()) => "int64".into(),
        type_::Uint8(()) => "uint8".into(),
        type_::Uint16(()) => "uint16".into(),
        type_::Uint32(()) => "uint32".into(),
        type_::Uint64(()) => "uint64".into(),
        type_::Float32(()) => "float32".into(),
        type_::Float64(()) => "float64".into(),
        type_::Text(()) => "text".into(),
        type_::Data(()) => "data".into(),
        type_::List(list) => format!("list({})", their_type(list.get_element_type().expect("a type"))),
        type_::Enum(theirs) => format!("enum {:#x}", theirs.get_type_id()),
        type_::Struct(theirs) => {
            let arguments = their_arguments(theirs.get_brand().expect("a brand"));
            format!("struct {:#x}({})", theirs.get_type_id(), arguments.join(", "))
        }
        type_::Interface(theirs) => format!("interface {:#x}", theirs.get_type_id()),
        type_::AnyPointer(any) => match any.which().expect("a known pointer") {
            type_::any_pointer::Parameter(parameter) => {
                format!("parameter {}", parameter.get_parameter_index())
            }
            _ => "anypointer".into(),
        },
    }
}

fn their_arguments(brand: brand::Reader<'_>) -> Vec<String> {
    let mut arguments = Vec::new();
    for scope in brand.get_scopes().expect("scopes") {
        if let Ok(brand::scope::Bind(bindings)) = scope.which() {
            arguments.extend(bindings.expect("bindings").iter().map(|binding| match binding.which() {
                Ok(brand::binding::Type(ty)) => their_type(ty.expect("a type")),
                _ => "unbound".into(),
            }));
        }
    }
    arguments
}

/// A default as text, empty for zero and null: what a reader of the wire cannot tell apart is
/// equal here.
fn our_default(default: Default) -> String {
    match default {
        Default::None | Default::Bool(false) | Default::Int(0) | Default::UInt(0) => String::new(),
        Default::Bool(true) => "true".into(),
        Default::Int(value) => value.to_string(),
        Default::UInt(value) => value.to_string(),
        Default::Float32(value) => bits(u64::from(value.to_bits())),
        Default::Float64(value) => bits(value.to_bits()),
        unknown => format!("{unknown:?}"),
    }
}

fn bits(bits: u64) -> String {
    if bits == 0 { String::new() } else { format!("bits {bits:#x}") }
}

fn their_default(value: value::Reader<'_>) -> String {
    let number = |text: String| if text == "0" { String::new() } else { text };
    match value.which().expect("a known value") {
        value::Bool(value) => if value { "true" } else { "" }.into(),
        value::Int8(value) => number(value.to_string()),
        value::Int16(value) => number(value.to_string()),
        value::Int32(value) => number(value.to_string()),
        value::Int64(value) => number(value.to_string()),
        value::Uint8(value) => number(value.to_string()),
        value::Uint16(value) => number(value.to_string()),
        value::Uint32(value) => number(value.to_string()),
        value::Uint64(value) => number(value.to_string()),
        value::Float32(value) => bits(u64::from(value.to_bits())),
        value::Float64(value) => bits(value.to_bits()),
        value::Enum(value) => number(value.to_string()),
        _ => String::new(),
    }
}
