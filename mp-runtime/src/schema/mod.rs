//! Schema text: `.capnp` files from the same constants that reading and writing use.
//!
//! In: the interfaces and structs of a program. Out: every declaration that they reach, by file,
//! and the text of each file, as Cap'n Proto's own compiler and libmultiprocess's read it.

mod collect;
mod folder;
mod pairs;
mod print;

#[doc(hidden)]
pub use collect::BUILT_IN;
pub use folder::{Stale, StaleReason};

use crate::proxy::Interface;
use crate::wire::node::{EnumNode, FileNode, InterfaceNode, StructNode};
use crate::wire::traits::StructType;

/// The path under which schema files import [`PROXY_CAPNP`].
pub const PROXY_CAPNP_PATH: &str = "mp/proxy.capnp";

/// The text of libmultiprocess's `proxy.capnp`, which files with a context or an annotation import.
pub const PROXY_CAPNP: &str = include_str!("proxy.capnp");

/// Where the collection of declarations starts.
#[derive(Clone, Copy, Debug)]
pub struct Root(RootNode);

#[derive(Clone, Copy, Debug)]
enum RootNode {
    Interface(&'static InterfaceNode),
    Struct(&'static StructNode),
}

/// An interface, as a root of a [`Schema`]: `schema::interface::<dyn Chain>()`.
#[must_use]
pub fn interface<I: Interface + ?Sized>() -> Root {
    Root(RootNode::Interface(I::NODE))
}

/// A struct, as a root of a [`Schema`]. It must name its file.
#[must_use]
pub fn structure<T: StructType>() -> Root {
    Root(RootNode::Struct(T::NODE))
}

impl From<&'static StructNode> for Root {
    fn from(node: &'static StructNode) -> Self {
        Root(RootNode::Struct(node))
    }
}

impl From<&'static InterfaceNode> for Root {
    fn from(node: &'static InterfaceNode) -> Self {
        Root(RootNode::Interface(node))
    }
}

/// Everything that some interfaces and structs reach, by file.
#[derive(Debug)]
pub struct Schema {
    files: Vec<File>,
}

/// A schema file with what it declares, in the order of its text.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct File {
    /// Name, id and annotations.
    pub node: &'static FileNode,
    /// The declarations.
    pub declarations: Vec<Declaration>,
    /// The files that they mention.
    pub imports: Vec<&'static FileNode>,
}

/// An interface, struct or enum of a file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Declaration {
    /// The name in the text. Instances of a generic Rust struct carry their arguments in it.
    pub name: String,
    /// The type parameters.
    pub parameters: &'static [&'static str],
    /// The type id.
    pub id: u64,
    /// What it is.
    pub kind: Kind,
}

/// What a declaration is.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the variants are Cap'n Proto's own names")]
#[non_exhaustive]
pub enum Kind {
    Interface(&'static InterfaceNode),
    Struct(&'static StructNode),
    Enum(&'static EnumNode),
}

/// The text of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchemaFile {
    /// The path, as imports name it.
    pub path: String,
    /// The text.
    pub text: String,
}

/// Why a set of declarations has no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// Two different types have one name in one file.
    #[error(
        "{file} would hold two different types named {name}; give one of them another name (`#[ipc(name = \"…\")]`)"
    )]
    NameClash {
        /// The file.
        file: String,
        /// The name.
        name: String,
    },
    /// Two types have one id, so that calls of one would reach the other.
    #[error(
        "{one} and {other} have the id {id:#018x}; give one of them another (`mpgen id` makes one), or leave `id` out"
    )]
    IdClash {
        /// The file and the name of one.
        one: String,
        /// The file and the name of the other.
        other: String,
        /// The id.
        id: u64,
    },
    /// A type has a name that means something else in every schema.
    #[error(
        "{name} in {file} would take the place of what Cap'n Proto or its C++ generator calls {name}; give the \
         type another name in the schema (`name = \"…\"`)"
    )]
    BuiltIn {
        /// The file.
        file: String,
        /// The name.
        name: String,
    },
    /// One file has two ids, or two files that are read together have one.
    #[error(
        "the files {first} and {second} have one name or one id, and are read together; every file needs its \
         own of both"
    )]
    FileClash {
        /// Name and id of one.
        first: String,
        /// Name and id of the other.
        second: String,
    },
    /// A root struct that belongs to no file.
    #[error("struct {name} names no file; write `#[ipc(file = …)]`, or start from an interface that uses it")]
    NoFile {
        /// The struct.
        name: String,
    },
}

impl Schema {
    /// Collects what `roots` reach.
    ///
    /// # Errors
    ///
    /// When names or ids clash, or a root has no file.
    pub fn of(roots: &[Root]) -> Result<Schema, SchemaError> {
        collect::collect(roots)
    }

    /// The files, in the order in which the roots reach them.
    #[must_use]
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The texts of all files, and `proxy.capnp` where one imports it.
    #[must_use]
    pub fn texts(&self) -> Vec<SchemaFile> {
        let mut texts: Vec<SchemaFile> = self.files.iter().map(|file| self.text(file)).collect();
        if texts.iter().any(|file| file.text.contains(PROXY_CAPNP_PATH)) {
            texts.push(SchemaFile { path: PROXY_CAPNP_PATH.into(), text: PROXY_CAPNP.into() });
        }
        texts
    }

    /// The declaration of a struct that `user` mentions, in a declaration with the type parameters `scope`.
    #[must_use]
    pub fn declaration(
        &self,
        user: &'static FileNode,
        scope: &'static [&'static str],
        node: &'static StructNode,
    ) -> Option<&Declaration> {
        let pairs::Mentioned { file: home, declared, .. } = pairs::resolve(user, node);
        let name = collect::struct_name(declared, scope);
        let file = self.files.iter().find(|file| file.node.name == home.name)?;
        file.declarations.iter().find(|declaration| declaration.name == name)
    }

    fn text(&self, file: &File) -> SchemaFile {
        SchemaFile { path: file.node.name.into(), text: print::file(file) }
    }
}
