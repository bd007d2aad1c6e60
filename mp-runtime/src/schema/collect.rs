//! Which declarations a set of roots reaches, and in which file each stands.
//!
//! In: nodes. Out: a [`Schema`]. A struct without a file of its own stands in every file that
//! uses it.

use super::pairs::{Mentioned, resolve};
use super::{Declaration, File, Kind, Root, RootNode, Schema, SchemaError};
use crate::wire::id::child_id;
use crate::wire::node::{EnumNode, FieldNode, FileNode, InterfaceNode, StructNode, Type};

/// Collects what `roots` reach.
pub(super) fn collect(roots: &[Root]) -> Result<Schema, SchemaError> {
    let mut collector = Collector::default();
    for root in roots {
        match root.0 {
            RootNode::Interface(node) => collector.interface(node.file, node)?,
            RootNode::Struct(node) => {
                let file = node.file.ok_or_else(|| SchemaError::NoFile { name: node.name.into() })?;
                collector.structure(file, node, &[])?;
            }
        }
    }
    let mut files = collector.files;
    for file in &mut files {
        // Interfaces first, as the reader looks for them; the order is stable otherwise.
        file.declarations.sort_by_key(|declaration| match declaration.kind {
            Kind::Interface(_) => 0,
            Kind::Struct(_) => 1,
            Kind::Enum(_) => 2,
        });
    }
    files.iter().try_for_each(names_mean_one_thing)?;
    files.iter().try_for_each(|file| ids_are_unique(&files, file))?;
    files.iter().try_for_each(types_have_their_own_ids)?;
    Ok(Schema { files })
}

/// Refuses names that would take the place of others in the text.
fn names_mean_one_thing(file: &File) -> Result<(), SchemaError> {
    let clash = |name: &str| SchemaError::NameClash { file: file.node.name.into(), name: name.into() };
    for declaration in &file.declarations {
        let own = std::iter::once(declaration.name.as_str()).chain(declaration.parameters.iter().copied());
        if let Some(name) = own.into_iter().find(|name| BUILT_IN.contains(name)) {
            return Err(SchemaError::BuiltIn { file: file.node.name.into(), name: name.into() });
        }
        let hidden = |parameter: &&&str| file.declarations.iter().any(|other| other.name == ***parameter);
        if let Some(parameter) = declaration.parameters.iter().find(hidden) {
            return Err(clash(parameter));
        }
    }
    let mut constants = file.node.constants.iter().map(|constant| constant.name).collect::<Vec<_>>();
    constants.sort_unstable();
    match constants.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(clash(pair[0])),
        None => Ok(()),
    }
}

/// Refuses two types of one id in a file, where one id was copied with the rest.
fn types_have_their_own_ids(file: &File) -> Result<(), SchemaError> {
    let all = &file.declarations;
    let clash = all.iter().enumerate().find_map(|(index, one)| {
        let other = all[..index].iter().find(|other| other.id == one.id)?;
        Some((one, other))
    });
    let Some((one, other)) = clash else { return Ok(()) };
    let title = |declaration: &Declaration| format!("{}:{}", file.node.name, declaration.name);
    Err(SchemaError::IdClash { one: title(other), other: title(one), id: one.id })
}

/// Refuses two files of one id where somebody would read both: a file may exist in several
/// versions, but not side by side.
fn ids_are_unique(files: &[File], start: &File) -> Result<(), SchemaError> {
    let mut reached = vec![start.node];
    let mut next = 0;
    while let Some(node) = reached.get(next).copied() {
        next += 1;
        let imports = files.iter().filter(|file| file.node.name == node.name).flat_map(|file| &file.imports);
        for import in imports {
            if reached.iter().any(|known| known.name == import.name) {
                continue;
            }
            if let Some(other) = reached.iter().find(|known| known.id == import.id) {
                return Err(clash(other, import));
            }
            reached.push(import);
        }
    }
    Ok(())
}

fn clash(one: &FileNode, other: &FileNode) -> SchemaError {
    let title = |file: &FileNode| format!("{} ({:#018x})", file.name, file.id);
    SchemaError::FileClash { first: title(one), second: title(other) }
}

/// The names of the type parameters that a declaration may use.
pub(super) type Scope = &'static [&'static str];

/// The name under which a struct is declared: instances of generic structs have their arguments
/// in it, unless the schema's struct is generic too.
pub(super) fn struct_name(node: &StructNode, scope: Scope) -> String {
    if !node.parameters.is_empty() {
        return node.name.to_owned();
    }
    // A tuple has a field for each argument; one that may be missing makes it another struct.
    let is_optional = |index: usize| {
        node.file.is_none()
            && node.fields.len() == node.arguments.len()
            && node.fields.get(index).is_some_and(|field| field.has.is_some())
    };
    node.arguments.iter().enumerate().fold(node.name.to_owned(), |name, (index, argument)| {
        name + if is_optional(index) { "Optional" } else { "" } + &word(*argument, scope)
    })
}

/// The type parameters of a struct's declaration. One that is no generic struct itself has those of the declaration
/// that mentions it, where they are among its arguments.
pub(super) fn parameters(node: &StructNode, scope: Scope) -> Scope {
    if !node.parameters.is_empty() {
        node.parameters
    } else if node.arguments.iter().any(|argument| has_parameter(*argument)) {
        scope
    } else {
        &[]
    }
}

fn has_parameter(ty: Type) -> bool {
    match ty {
        Type::Parameter(_) => true,
        Type::List(item) => has_parameter(*item),
        Type::Struct(node) => node().arguments.iter().any(|argument| has_parameter(*argument)),
        _ => false,
    }
}

/// A type as part of a name.
fn word(ty: Type, scope: Scope) -> String {
    match ty {
        Type::List(item) => format!("ListOf{}", word(*item, scope)),
        Type::Enum(node) => node().name.into(),
        Type::Struct(node) => {
            let node = node();
            let name = struct_name(node, scope);
            if node.parameters.is_empty() {
                return name;
            }
            node.arguments.iter().fold(name, |name, argument| name + &word(*argument, scope))
        }
        Type::Interface(node) => node().name.into(),
        Type::Builtin(name) => name.into(),
        Type::Parameter(position) => scope.get(usize::from(position)).copied().unwrap_or("AnyPointer").into(),
        plain => format!("{plain:?}"),
    }
}

/// The names that mean something in every schema, so that no declaration may have them. The generator has the same list,
/// and says so at compile time.
pub const BUILT_IN: &[&str] = &[
    "Void",
    "Bool",
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "UInt8",
    "UInt16",
    "UInt32",
    "UInt64",
    "Float32",
    "Float64",
    "Text",
    "Data",
    "List",
    "AnyPointer",
    "AnyStruct",
    "AnyList",
    "Capability",
    "Proxy",
    "Cxx",
];

#[derive(Default)]
struct Collector {
    files: Vec<File>,
}

impl Collector {
    /// The position of a file.
    fn file(&mut self, node: &'static FileNode) -> Result<usize, SchemaError> {
        match self.files.iter().position(|known| known.node.name == node.name) {
            Some(place) if self.files[place].node.id == node.id => Ok(place),
            Some(place) => Err(clash(self.files[place].node, node)),
            None => {
                self.files.push(File { node, declarations: Vec::new(), imports: Vec::new() });
                Ok(self.files.len() - 1)
            }
        }
    }

    /// Notes that `user` mentions something in `file`.
    fn import(&mut self, user: &'static FileNode, file: &'static FileNode) -> Result<(), SchemaError> {
        let place = self.file(user)?;
        let imports = &mut self.files[place].imports;
        if user.name != file.name && !imports.iter().any(|known| known.name == file.name) {
            imports.push(file);
        }
        Ok(())
    }

    /// Adds a declaration; returns whether it is new.
    fn add(&mut self, file: &'static FileNode, declaration: Declaration) -> Result<bool, SchemaError> {
        let place = self.file(file)?;
        let declarations = &mut self.files[place].declarations;
        match declarations.iter().find(|known| known.name == declaration.name) {
            Some(known)
                if known.parameters == declaration.parameters && same(known.kind, declaration.kind) =>
            {
                Ok(false)
            }
            Some(_) => Err(SchemaError::NameClash { file: file.name.into(), name: declaration.name }),
            None => {
                declarations.push(declaration);
                Ok(true)
            }
        }
    }

    fn interface(
        &mut self,
        user: &'static FileNode,
        node: &'static InterfaceNode,
    ) -> Result<(), SchemaError> {
        self.import(user, node.file)?;
        let kind = Kind::Interface(node);
        if !self.add(node.file, Declaration { name: node.name.into(), parameters: &[], id: node.id, kind })? {
            return Ok(());
        }
        node.unused.iter().try_for_each(|unused| self.structure(node.file, unused(), &[]))?;
        for base in node.extends {
            self.interface(node.file, base())?;
        }
        for method in node.methods {
            for field in method.params.fields.iter().chain(method.results.fields) {
                self.ty(node.file, field.ty, &[])?;
            }
        }
        Ok(())
    }

    fn structure(
        &mut self,
        user: &'static FileNode,
        node: &'static StructNode,
        scope: Scope,
    ) -> Result<(), SchemaError> {
        let Mentioned { file, declared, arguments } = resolve(user, node);
        self.import(user, file)?;
        for argument in arguments {
            self.ty(user, *argument, scope)?;
        }
        let name = struct_name(declared, scope);
        let parameters = parameters(declared, scope);
        let id = if declared.explicit_id { declared.id } else { child_id(file.id, &name) };
        if !self.add(file, Declaration { name, parameters, id, kind: Kind::Struct(declared) })? {
            return Ok(());
        }
        for field in declared.fields {
            self.ty(file, field.ty, parameters)?;
        }
        Ok(())
    }

    fn ty(&mut self, user: &'static FileNode, ty: Type, scope: Scope) -> Result<(), SchemaError> {
        match ty {
            Type::List(item) => self.ty(user, *item, scope),
            Type::Enum(node) => {
                let node: &'static EnumNode = node();
                self.import(user, node.file)?;
                let (name, kind) = (node.name.into(), Kind::Enum(node));
                self.add(node.file, Declaration { name, parameters: &[], id: node.id, kind }).map(|_| ())
            }
            Type::Struct(node) => self.structure(user, node(), scope),
            Type::Interface(node) => self.interface(user, node()),
            _ => Ok(()),
        }
    }
}

/// Whether two nodes of one name describe one type. Constants of generic code may exist twice, so
/// their contents count, not their addresses.
fn same(one: Kind, other: Kind) -> bool {
    match (one, other) {
        (Kind::Interface(one), Kind::Interface(other)) => same_interface(one, other),
        (Kind::Enum(one), Kind::Enum(other)) => one.id == other.id && one.enumerants == other.enumerants,
        (Kind::Struct(one), Kind::Struct(other)) => {
            std::ptr::eq(one, other)
                || one.docs == other.docs && one.id == other.id && same_fields(one.fields, other.fields)
        }
        _ => false,
    }
}

/// Two crates may have one interface, to call it and to offer it.
fn same_interface(one: &'static InterfaceNode, other: &'static InterfaceNode) -> bool {
    std::ptr::eq(one, other)
        || one.id == other.id
            && one.methods.len() == other.methods.len()
            && one.methods.iter().zip(other.methods).all(|(one, other)| {
                (one.name, one.ordinal) == (other.name, other.ordinal)
                    && same_fields(one.params.fields, other.params.fields)
                    && same_fields(one.results.fields, other.results.fields)
            })
}

fn same_fields(one: &[FieldNode], other: &[FieldNode]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| {
            one.name == other.name
                && one.ordinal == other.ordinal
                && one.place == other.place
                && one.has == other.has
                && one.default == other.default
                && (one.variant, one.group) == (other.variant, other.group)
                && one.annotations == other.annotations
                && same_type(one.ty, other.ty)
        })
}

/// Whether two types are one, wherever their names stand.
fn same_type(one: Type, other: Type) -> bool {
    match (one, other) {
        (Type::List(one), Type::List(other)) => same_type(*one, *other),
        (Type::Enum(one), Type::Enum(other)) => {
            let (one, other) = (one(), other());
            one.file.name == other.file.name && one.id == other.id
        }
        (Type::Interface(one), Type::Interface(other)) => {
            let (one, other) = (one(), other());
            one.file.name == other.file.name && one.id == other.id
        }
        (Type::Struct(one), Type::Struct(other)) => {
            let (one, other) = (one(), other());
            one.file.map(|file| file.name) == other.file.map(|file| file.name)
                && one.name == other.name
                && one.arguments.len() == other.arguments.len()
                && one.arguments.iter().zip(other.arguments).all(|(one, other)| same_type(*one, *other))
        }
        (one, other) => format!("{one:?}") == format!("{other:?}"),
    }
}
