//! Which declarations a set of roots reaches, and in which file each stands.
//!
//! In: nodes. Out: a [`Schema`]. A struct without a file of its own stands in every file that
//! uses it.

use super::pairs::{Mentioned, resolve};
use super::{Declaration, File, Kind, Root, RootNode, Schema, SchemaError};
use crate::wire::id::child_id;
use crate::wire::node::{EnumNode, FileNode, InterfaceNode, StructNode, Type};

/// Collects what `roots` reach.
pub(super) fn collect(roots: &[Root]) -> Result<Schema, SchemaError> {
    let mut collector = Collector::default();
    for root in roots {
        match root.0 {
            RootNode::Interface(node) => collector.interface(node.file, node)?,
            RootNode::Struct(node) => {
                let file = node.file.ok_or_else(|| SchemaError::NoFile { name: node.name.into() })?;
                collector.structure(file, node)?;
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
    files.iter().try_for_each(|file| ids_are_unique(&files, file))?;
    Ok(Schema { files })
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

/// The name under which a struct is declared: instances of generic structs have their arguments
/// in it, unless the schema's struct is generic too.
pub(super) fn struct_name(node: &StructNode) -> String {
    if !node.parameters.is_empty() {
        return node.name.to_owned();
    }
    node.arguments.iter().fold(node.name.to_owned(), |name, argument| name + &word(*argument))
}

/// A type as part of a name.
fn word(ty: Type) -> String {
    match ty {
        Type::List(item) => format!("ListOf{}", word(*item)),
        Type::Enum(node) => node().name.into(),
        Type::Struct(node) => {
            let node = node();
            let name = struct_name(node);
            if node.parameters.is_empty() {
                return name;
            }
            node.arguments.iter().fold(name, |name, argument| name + &word(*argument))
        }
        Type::Interface(node) => node().name.into(),
        Type::Builtin(name) => name.into(),
        plain => format!("{plain:?}"),
    }
}

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
    fn add(
        &mut self,
        file: &'static FileNode,
        name: String,
        id: u64,
        kind: Kind,
    ) -> Result<bool, SchemaError> {
        let place = self.file(file)?;
        let declarations = &mut self.files[place].declarations;
        match declarations.iter().find(|known| known.name == name) {
            Some(known) if same(known.kind, kind) => Ok(false),
            Some(_) => Err(SchemaError::NameClash { file: file.name.into(), name }),
            None => {
                declarations.push(Declaration { name, id, kind });
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
        if !self.add(node.file, node.name.into(), node.id, Kind::Interface(node))? {
            return Ok(());
        }
        node.unused.iter().try_for_each(|unused| self.structure(node.file, unused()))?;
        for base in node.extends {
            self.interface(node.file, base())?;
        }
        for method in node.methods {
            for field in method.params.fields.iter().chain(method.results.fields) {
                self.ty(node.file, field.ty)?;
            }
        }
        Ok(())
    }

    fn structure(&mut self, user: &'static FileNode, node: &'static StructNode) -> Result<(), SchemaError> {
        let Mentioned { file, declared, arguments } = resolve(user, node);
        self.import(user, file)?;
        let name = struct_name(declared);
        let id = if declared.explicit_id { declared.id } else { child_id(file.id, &name) };
        for argument in arguments {
            self.ty(user, *argument)?;
        }
        if !self.add(file, name, id, Kind::Struct(declared))? {
            return Ok(());
        }
        for field in declared.fields {
            self.ty(file, field.ty)?;
        }
        Ok(())
    }

    fn ty(&mut self, user: &'static FileNode, ty: Type) -> Result<(), SchemaError> {
        match ty {
            Type::List(item) => self.ty(user, *item),
            Type::Enum(node) => {
                let node: &'static EnumNode = node();
                self.import(user, node.file)?;
                self.add(node.file, node.name.into(), node.id, Kind::Enum(node)).map(|_| ())
            }
            Type::Struct(node) => self.structure(user, node()),
            Type::Interface(node) => self.interface(user, node()),
            _ => Ok(()),
        }
    }
}

/// Whether two nodes of one name describe one type. Constants of generic code may exist twice, so
/// their contents count, not their addresses.
fn same(one: Kind, other: Kind) -> bool {
    match (one, other) {
        (Kind::Interface(one), Kind::Interface(other)) => std::ptr::eq(one, other) || one.id == other.id,
        (Kind::Enum(one), Kind::Enum(other)) => one.enumerants == other.enumerants,
        (Kind::Struct(one), Kind::Struct(other)) => {
            std::ptr::eq(one, other)
                || one.docs == other.docs
                    && one.fields.len() == other.fields.len()
                    && one.fields.iter().zip(other.fields).all(|(one, other)| {
                        one.name == other.name
                            && one.place == other.place
                            && one.has == other.has
                            && one.default == other.default
                            && word(one.ty) == word(other.ty)
                    })
        }
        _ => false,
    }
}
