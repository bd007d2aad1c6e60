//! The one model between parsing and emitting.
//!
//! In: what the parser understood of an item, with the places of what may be wrong. Out: what the emitter needs, and
//! nothing it has to decide again. Only what [`check`](crate::check) has wrapped in `Checked` has passed the rules.

use proc_macro2::Span;
use syn::{Attribute, Expr, Ident, ItemImpl, ItemTrait, LitStr, Path, Type, Visibility};

use crate::syntax::ends_in;

/// Where a type's schema lives.
#[derive(Clone, Debug)]
pub enum FileRef {
    /// A `FileNode` that `ipc_file!` made.
    Path(Path),
    /// `file = "chain.capnp", file_id = 0x…`.
    Inline {
        /// The file's name as an import names it.
        name: LitStr,
        /// The file's explicit id.
        id: u64,
    },
}

impl FileRef {
    /// A file of which nobody will ask, because the compiler has been told of a mistake.
    pub fn unknown() -> Self {
        FileRef::Inline { name: LitStr::new("unknown.capnp", Span::call_site()), id: 0 }
    }

    /// Whether it is such a file, which has no id that a file can have.
    pub fn is_unknown(&self) -> bool {
        matches!(self, FileRef::Inline { id: 0, .. })
    }
}

/// A trait with `#[ipc_interface]`.
#[derive(Clone, Debug)]
pub struct Interface {
    /// The trait as the user wrote it, without our attributes.
    pub item: ItemTrait,
    /// Where the runtime is.
    pub runtime: Path,
    /// The form that is meant, if it is not the trait's own.
    pub form: Option<Form>,
    /// The same interface, with calls of the other kind.
    pub view: Option<Box<View>>,
    /// Whether it is such a view of another.
    pub is_view: bool,
    /// What older versions have, from the oldest.
    pub older: Vec<Interface>,
    /// The schema name.
    pub name: String,
    /// The doc comment.
    pub docs: String,
    /// The schema file.
    pub file: Option<FileRef>,
    /// The explicit type id.
    pub id: Option<u64>,
    /// The wrapped C++ class (`$Proxy.wrap`).
    pub cxx: Option<String>,
    /// The conversion set.
    pub types: Option<Type>,
    /// The method that exchanges thread maps: its wire name and ordinal.
    pub construct: Option<(String, u16)>,
    /// The ordinal of `destroy`.
    pub destroy: Option<u16>,
    /// Set where closures can stand for the interface.
    pub callback: Option<Span>,
    /// Whether methods return plain values and panic on a broken connection.
    pub panic_on_disconnect: bool,
    /// The interfaces that this one extends.
    pub bases: Vec<Path>,
    /// Structs that belong to the schema although no method passes them.
    pub unused: Vec<Path>,
    /// Whether what only older versions have needs a body in the trait.
    pub wants_bodies: bool,
    /// All functions of the trait in declaration order.
    pub functions: Vec<Method>,
    /// What is wrong with the words of a form or a view, apart from those of the trait itself.
    pub mistakes: Vec<syn::Error>,
}

/// The same interface under another trait, whose calls are of the other kind.
#[derive(Clone, Debug)]
pub struct View {
    /// The other trait.
    pub interface: Interface,
    /// Whether any object of the trait can be made one of the other.
    pub wraps: bool,
}

/// The form that a trait has on the wire in an older version.
#[derive(Clone, Debug)]
pub struct Form {
    /// The name of the trait for it.
    pub ident: Ident,
    /// What people call the version.
    pub title: String,
}

/// Since which version something is there, and until which: their places among the versions, and their names as the user
/// wrote them.
#[derive(Clone, Debug, Default)]
pub struct Life {
    /// The first version with it.
    pub since: Option<(usize, Ident)>,
    /// The last one.
    pub until: Option<(usize, Ident)>,
}

/// A method of an interface.
#[derive(Clone, Debug)]
pub struct Method {
    /// The signature as the user wrote it, without our attributes.
    pub sig: syn::Signature,
    /// The attributes, without ours.
    pub attrs: Vec<Attribute>,
    /// Whether the trait has a body for it.
    pub has_body: bool,
    /// Where it is said that it stays on its own side.
    pub local: Option<Span>,
    /// In which versions it is there.
    pub life: Life,
    /// What to say to who calls it, where only other versions have it.
    pub lacks: Option<String>,
    /// Whether it has mistakes, so that nobody will call it: the compiler has been told of them.
    pub is_broken: bool,
    /// What is wrong with its words.
    pub mistakes: Vec<syn::Error>,
    /// The wire name.
    pub name: String,
    /// The C++ name, if not the wire's (`$Proxy.name`).
    pub cxx_name: Option<String>,
    /// The doc comment.
    pub docs: String,
    /// The ordinal.
    pub ordinal: u16,
    /// Whether the call runs on a thread that it names.
    pub context: bool,
    /// The message of a method kept only for its ordinal.
    pub deprecated: Option<String>,
    /// The name of the method that makes this one return early.
    pub interrupt: Option<syn::LitStr>,
    /// Whether a call returns before its result, an interface, has arrived.
    pub pipelined: bool,
    /// The parameters in declaration order.
    pub params: Vec<Param>,
    /// What the method returns.
    pub returns: Returns,
    /// The field of the return value.
    pub result: Wire,
    /// The word that makes the return value all results together, with the module that converts it.
    pub results: Option<(Ident, Option<Path>)>,
    /// The field of the declared exception, with the C++ type.
    pub exception: Option<(Wire, Option<String>)>,
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name.
    pub ident: Ident,
    /// Its type, as the user wrote it.
    pub ty: Type,
    /// How it is passed.
    pub passing: Passing,
    /// Whether the user says that it only comes back.
    pub out: bool,
    /// Whether the user says that the caller may want it back.
    pub want: bool,
    /// What the method gets from a peer without it.
    pub absent: Option<Expr>,
    /// In which versions it is there.
    pub life: Life,
    /// Why it does not travel in this version.
    pub lacks: Option<String>,
    /// Its field.
    pub wire: Wire,
}

/// How a parameter is passed, with the type that travels.
#[derive(Clone, Debug)]
pub enum Passing {
    /// `T`
    Owned(Type),
    /// `&T`
    Ref(Type),
    /// `&str`
    Str,
    /// `&Path`
    Path(Type),
    /// `&[T]`
    Slice(Type),
    /// `&dyn I`
    Interface(Type),
    /// `Option<&T>`; what is inside the reference.
    OptionalRef(Box<Passing>),
    /// `&mut T` with the value in both directions.
    InOut(Type),
    /// `&mut T` with the value in the results only.
    Out(Type),
    /// `Option<&mut T>`: the caller says whether it wants the value.
    WantOut(Type),
    /// `T`, which does not travel in this version; what the method gets.
    Absent(Expr),
}

impl Interface {
    /// The trait whose objects have this form.
    pub fn ident(&self) -> &Ident {
        self.form.as_ref().map_or(&self.item.ident, |form| &form.ident)
    }

    fn sound(&self) -> impl Iterator<Item = &Method> {
        self.functions.iter().filter(|method| method.local.is_none() && !method.is_broken)
    }

    /// The methods that peers call, in declaration order; with the reserved ones their ordinals are complete.
    pub fn methods(&self) -> impl Iterator<Item = &Method> {
        self.sound().filter(|method| method.lacks.is_none())
    }

    /// The methods that only other versions have.
    pub fn lacking(&self) -> impl Iterator<Item = &Method> {
        self.sound().filter(|method| method.lacks.is_some())
    }

    /// The methods of the trait, whichever version has them.
    pub fn all_methods(&self) -> impl Iterator<Item = &Method> {
        self.methods().chain(self.lacking())
    }

    /// The methods with mistakes.
    pub fn broken(&self) -> impl Iterator<Item = &Method> {
        self.functions.iter().filter(|method| method.is_broken)
    }
}

impl Method {
    /// Whether calls are awaited.
    pub fn is_async(&self) -> bool {
        self.sig.asyncness.is_some()
    }
}

impl Passing {
    /// Whether the value is among the results.
    pub fn comes_back(&self) -> bool {
        matches!(self, Passing::InOut(_) | Passing::Out(_) | Passing::WantOut(_))
    }
}

/// What a method returns.
#[derive(Clone, Debug)]
pub enum Returns {
    /// `Result<T>` of the runtime.
    Result(Type),
    /// `Result<T, E>` where the compiler makes sure that `E` is the runtime's error.
    ResultOf(Type, Type),
    /// `Result<Result<T, E>>` with a declared exception.
    Declared(Type, Type),
    /// `Result<T, E>` with a declared exception, which says as well that the connection broke.
    DeclaredFlat(Type, Type),
    /// `T`, where the interface panics on a broken connection.
    Plain(Type),
}

impl Returns {
    /// The type of the value.
    pub fn ty(&self) -> &Type {
        match self {
            Returns::Result(ty)
            | Returns::ResultOf(ty, _)
            | Returns::Declared(ty, _)
            | Returns::DeclaredFlat(ty, _)
            | Returns::Plain(ty) => ty,
        }
    }

    /// The type of the declared exception.
    pub fn exception(&self) -> Option<&Type> {
        match self {
            Returns::Declared(_, error) | Returns::DeclaredFlat(_, error) => Some(error),
            _ => None,
        }
    }

    /// The type of the value, unless it is `()`.
    pub fn value(&self) -> Option<&Type> {
        match self.ty() {
            Type::Tuple(tuple) if tuple.elems.is_empty() => None,
            ty => Some(ty),
        }
    }
}

/// The form of an optional.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Optional {
    /// A `hasX` flag.
    Flag,
    /// A null pointer.
    Null,
}

/// What the wire shows of a parameter, a result or a field.
#[derive(Clone, Debug, Default)]
pub struct Wire {
    /// The wire name.
    pub name: String,
    /// The doc comment.
    pub docs: String,
    /// The explicit ordinal.
    pub ordinal: Option<u16>,
    /// The explicit ordinal of the `hasX` flag.
    pub has_ordinal: Option<u16>,
    /// The schema default.
    pub default: Option<Expr>,
    /// The form of an optional, where it is not the type's own.
    pub optional: Option<Optional>,
    /// A module that converts the value.
    pub with: Option<Path>,
    /// A conversion set, or the `dyn Trait` of a closure.
    pub types: Option<Type>,
    /// Whether the set is that of a closure.
    pub closure: bool,
    /// Never shown in a log.
    pub secret: bool,
    /// The C++ name (`$Proxy.name`).
    pub cxx_name: Option<String>,
    /// The C++ exception of which the value is what the peer threw (`$Proxy.exception`).
    pub exception: Option<String>,
}

/// A type with `#[derive(IpcStruct)]`.
#[derive(Clone, Debug)]
pub struct Struct {
    /// Where the runtime is.
    pub runtime: Path,
    /// Its name, generics and visibility.
    pub ident: Ident,
    /// Generics as written.
    pub generics: syn::Generics,
    /// The schema name.
    pub name: String,
    /// The doc comment.
    pub docs: String,
    /// The schema file, if it has one of its own.
    pub file: Option<FileRef>,
    /// The explicit type id, and where it stands.
    pub id: Option<(u64, Span)>,
    /// The wrapped C++ class.
    pub cxx: Option<String>,
    /// The conversion set.
    pub types: Option<Type>,
    /// Set where the schema struct is generic too.
    pub generic: Option<Span>,
    /// Type parameters that it has in the schema only.
    pub parameters: Vec<syn::Ident>,
    /// The struct that the schema declares in place of this one.
    pub form_of: Option<Path>,
    /// What is inside.
    pub shape: Shape,
}

/// What is inside a struct.
#[derive(Clone, Debug)]
pub enum Shape {
    /// The fields of a struct.
    Struct(Vec<Field>),
    /// The variants of an enum with payload.
    Union(Vec<Variant>),
}

/// A field.
#[derive(Clone, Debug)]
pub struct Field {
    /// The name or the index.
    pub member: syn::Member,
    /// The attributes, without ours.
    pub attrs: Vec<Attribute>,
    /// Its type.
    pub ty: Type,
    /// Left out of the wire and filled with its default.
    pub skip: bool,
    /// Its field in the schema.
    pub wire: Wire,
}

/// A variant of an enum with payload.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The attributes, without ours.
    pub attrs: Vec<Attribute>,
    /// The fields and the discriminant, as the user wrote them.
    pub written: (syn::Fields, Option<Expr>),
    /// Its name.
    pub ident: Ident,
    /// The wire name.
    pub name: String,
    /// The doc comment.
    pub docs: String,
    /// What it holds.
    pub payload: Payload,
}

/// What a variant holds.
#[derive(Clone, Debug)]
pub enum Payload {
    /// Nothing, with the ordinal if it is explicit.
    Unit(Option<u16>),
    /// One value.
    Value(Box<Field>),
    /// Named values.
    Group(Vec<Field>),
}

/// A type with `#[derive(IpcEnum)]`.
#[derive(Debug)]
pub struct Enum {
    /// Where the runtime is.
    pub runtime: Path,
    /// Its name.
    pub ident: Ident,
    /// Parameters, of which there should be none.
    pub generics: syn::Generics,
    /// The schema name.
    pub name: String,
    /// The doc comment.
    pub docs: String,
    /// The integer that it travels as, or `None` for a Cap'n Proto enum.
    pub integer: Option<Ident>,
    /// The schema file of a Cap'n Proto enum.
    pub file: Option<FileRef>,
    /// The explicit type id.
    pub id: Option<u64>,
    /// The variants: name, wire name, doc comment, explicit discriminant.
    pub variants: Vec<Enumerant>,
}

/// A variant of an enum without payload.
#[derive(Debug)]
pub struct Enumerant {
    /// Its name.
    pub ident: Ident,
    /// The wire name.
    pub name: String,
    /// The doc comment.
    pub docs: String,
    /// The attributes, without ours.
    pub attrs: Vec<Attribute>,
    /// The fields, of which there should be none.
    pub fields: syn::Fields,
    /// The explicit discriminant.
    pub discriminant: Option<Expr>,
}

/// An `impl` block with `#[ipc_interface]`.
#[derive(Debug)]
pub struct Implementation {
    /// Where the runtime is.
    pub runtime: Path,
    /// The block.
    pub item: ItemImpl,
}

/// A constant of a schema file.
#[derive(Debug)]
pub struct Constant {
    /// The constant as the user wrote it.
    pub item: syn::ItemConst,
    /// The schema name.
    pub name: String,
    /// The doc comment.
    pub docs: String,
}

impl Constant {
    /// The schema type, as the runtime names it, if a constant may have it.
    pub fn ty(&self) -> Option<&'static str> {
        const TYPES: &[(&str, &str)] = &[
            ("bool", "Bool"),
            ("i8", "Int8"),
            ("i16", "Int16"),
            ("i32", "Int32"),
            ("i64", "Int64"),
            ("u8", "UInt8"),
            ("u16", "UInt16"),
            ("u32", "UInt32"),
            ("u64", "UInt64"),
            ("f32", "Float32"),
            ("f64", "Float64"),
        ];
        let named = |rust: &str| matches!(&*self.item.ty, Type::Path(path) if ends_in(path, rust));
        TYPES.iter().find(|(rust, _)| named(rust)).map(|(_, schema)| *schema)
    }
}

/// A schema file declared by `ipc_file!`.
#[derive(Debug)]
pub struct File {
    /// Where the runtime is.
    pub runtime: Path,
    /// Doc comments and other attributes.
    pub attrs: Vec<syn::Attribute>,
    /// The visibility of the static.
    pub vis: Visibility,
    /// The name of the static.
    pub ident: Ident,
    /// The file's name.
    pub name: LitStr,
    /// The file's id.
    pub id: u64,
    /// The C++ namespace.
    pub namespace: String,
    /// `$Proxy.include`.
    pub include: Vec<String>,
    /// `$Proxy.includeTypes`.
    pub include_types: Vec<String>,
    /// The file that declares the generic structs for pairs.
    pub pairs: Option<Path>,
    /// The constants that follow.
    pub constants: Vec<Constant>,
}
