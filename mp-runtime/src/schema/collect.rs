//! Which declarations a set of roots reaches, and in which file each stands.
//!
//! In: nodes. Out: a [`Schema`]. A struct without a file of its own stands in every file that
//! uses it.

use super::{Declaration, File, Kind, Root, RootNode, Schema, SchemaError};
use crate::wire::id::child_id;
use crate::wire::node::{EnumNode, FileNode, InterfaceNode, StructNode, Type};

/// Collects what `roots` reach.
pub(super) fn collect(roots: &[Root]) -> Result<Schema, SchemaError> {
    let mut collector = Collector::default();
    for root in roots {
        match root.0 {
            RootNode::Interface(node) => collector.interface(node)?,
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
    Ok(Schema { files })
}

/// The file in which a struct stands that a declaration of `user` mentions.
pub(super) fn home(user: &'static FileNode, node: &'static StructNode) -> &'static FileNode {
    node.file.unwrap_or(user)
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
    /// Adds a declaration; returns whether it is new.
    fn add(
        &mut self,
        file: &'static FileNode,
        name: String,
        id: u64,
        kind: Kind,
    ) -> Result<bool, SchemaError> {
        let place = match self.files.iter().position(|known| known.node.id == file.id) {
            Some(place) => place,
            None => {
                self.files.push(File { node: file, declarations: Vec::new() });
                self.files.len() - 1
            }
        };
        let title = |file: &FileNode| format!("{} ({:#018x})", file.name, file.id);
        if let Some(other) =
            self.files.iter().find(|other| (other.node.name == file.name) != (other.node.id == file.id))
        {
            return Err(SchemaError::FileClash { first: title(other.node), second: title(file) });
        }
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

    fn interface(&mut self, node: &'static InterfaceNode) -> Result<(), SchemaError> {
        if !self.add(node.file, node.name.into(), node.id, Kind::Interface(node))? {
            return Ok(());
        }
        for base in node.extends {
            self.interface(base())?;
        }
        for method in node.methods {
            for field in method.params.fields.iter().chain(method.results.fields) {
                self.ty(node.file, field.ty)?;
            }
        }
        Ok(())
    }

    fn structure(&mut self, user: &'static FileNode, node: &'static StructNode) -> Result<(), SchemaError> {
        let file = home(user, node);
        let name = struct_name(node);
        let id = if node.explicit_id { node.id } else { child_id(file.id, &name) };
        for argument in node.arguments {
            self.ty(user, *argument)?;
        }
        if !self.add(file, name, id, Kind::Struct(node))? {
            return Ok(());
        }
        for field in node.fields {
            self.ty(file, field.ty)?;
        }
        Ok(())
    }

    fn enumeration(&mut self, node: &'static EnumNode) -> Result<(), SchemaError> {
        self.add(node.file, node.name.into(), node.id, Kind::Enum(node)).map(|_| ())
    }

    fn ty(&mut self, user: &'static FileNode, ty: Type) -> Result<(), SchemaError> {
        match ty {
            Type::List(item) => self.ty(user, *item),
            Type::Enum(node) => self.enumeration(node()),
            Type::Struct(node) => self.structure(user, node()),
            Type::Interface(node) => self.interface(node()),
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
