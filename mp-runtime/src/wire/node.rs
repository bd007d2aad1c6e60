//! The description of an interface or a type that generated code leaves behind as constants.
//!
//! In: slots and layouts. Out: nodes, from which the schema text is printed, the log is decoded
//! and the oracle tests compare with the reference compiler. The same constants carry the offsets
//! that reading and writing use, so text and layout cannot drift apart.

use super::layout::FieldPlace;
use super::slot::Place;

/// A schema file.
#[derive(Debug)]
#[non_exhaustive]
pub struct FileNode {
    /// Path of the file as an import names it, for example `chain.capnp`.
    pub name: &'static str,
    /// The explicit id of the file.
    pub id: u64,
    /// The C++ namespace of the file (`$Cxx.namespace`), or empty.
    pub cxx_namespace: &'static str,
    /// Headers named by `$Proxy.include`.
    pub include: &'static [&'static str],
    /// Headers named by `$Proxy.includeTypes`.
    pub include_types: &'static [&'static str],
    /// The constants of the file.
    pub constants: &'static [ConstNode],
    /// The file that has the generic structs for pairs, if pairs are not to be structs of this one.
    pub pairs: Option<&'static FileNode>,
}

/// A constant of a schema file.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ConstNode {
    /// The schema name (camelCase).
    pub name: &'static str,
    /// The doc comment.
    pub docs: &'static str,
    /// The type, a number or `Bool`.
    pub ty: Type,
    /// The value.
    pub value: Default,
}

impl FileNode {
    /// A file of which nothing but the name and the id is said.
    #[must_use]
    pub const fn new(name: &'static str, id: u64) -> Self {
        FileNode {
            name,
            id,
            cxx_namespace: "",
            include: &[],
            include_types: &[],
            constants: &[],
            pairs: None,
        }
    }

    /// In a C++ namespace.
    #[must_use]
    pub const fn in_namespace(mut self, namespace: &'static str) -> Self {
        self.cxx_namespace = namespace;
        self
    }

    /// With headers for the C++ classes.
    #[must_use]
    pub const fn including(mut self, headers: &'static [&'static str]) -> Self {
        self.include = headers;
        self
    }

    /// With headers for the conversions of C++ types.
    #[must_use]
    pub const fn including_types(mut self, headers: &'static [&'static str]) -> Self {
        self.include_types = headers;
        self
    }

    /// With constants.
    #[must_use]
    pub const fn with_constants(mut self, constants: &'static [ConstNode]) -> Self {
        self.constants = constants;
        self
    }

    /// With the generic structs of another file for its pairs.
    #[must_use]
    pub const fn with_pairs_of(mut self, file: &'static FileNode) -> Self {
        self.pairs = Some(file);
        self
    }
}

impl ConstNode {
    /// A constant.
    #[must_use]
    pub const fn new(name: &'static str, docs: &'static str, ty: Type, value: Default) -> Self {
        ConstNode { name, docs, ty, value }
    }
}

impl EnumNode {
    /// An enum; each enumerant is its name and its doc comment.
    #[must_use]
    pub const fn new(
        name: &'static str,
        id: u64,
        file: &'static FileNode,
        enumerants: &'static [(&'static str, &'static str)],
    ) -> Self {
        EnumNode { name, id, explicit_id: false, file, docs: "", enumerants }
    }

    /// With an id that the schema names.
    #[must_use]
    pub const fn with_explicit_id(mut self) -> Self {
        self.explicit_id = true;
        self
    }

    /// With a doc comment.
    #[must_use]
    pub const fn docs(mut self, docs: &'static str) -> Self {
        self.docs = docs;
        self
    }
}

/// A Cap'n Proto type.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the variants are Cap'n Proto's own names")]
#[non_exhaustive]
pub enum Type {
    Void,
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Float32,
    Float64,
    Text,
    Data,
    AnyPointer,
    List(&'static Type),
    Enum(fn() -> &'static EnumNode),
    Struct(fn() -> &'static StructNode),
    Interface(fn() -> &'static InterfaceNode),
    /// A type parameter of the enclosing generic struct, by position.
    Parameter(u16),
    /// A capability that the library itself provides (`ThreadMap`, `Thread`).
    Builtin(&'static str),
    /// The `Context` struct of `proxy.capnp`.
    Context,
}

/// A default value, as the schema gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the variants name the Rust type they hold")]
#[non_exhaustive]
pub enum Default {
    /// Zero, or a null pointer.
    None,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float32(f32),
    Float64(f64),
}

/// A field of a struct, or a parameter or result of a method.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FieldNode {
    /// The wire name (camelCase).
    pub name: &'static str,
    /// The doc comment, one line per line, without leading spaces.
    pub docs: &'static str,
    /// The schema type.
    pub ty: Type,
    /// The ordinal; a parameter's ordinal is its position.
    pub ordinal: u16,
    /// Where the value lies.
    pub place: Place,
    /// Where the value's `hasX` flag lies, with its ordinal, if it has one.
    pub has: Option<(u16, Place)>,
    /// The schema default.
    pub default: Default,
    /// The union variant the field belongs to (its discriminant), if any.
    pub variant: Option<u16>,
    /// The name of the group the field belongs to, if the variant is a group.
    pub group: Option<&'static str>,
    /// What one of the value counts, or empty.
    pub unit: &'static str,
    /// Never shown in a log.
    pub secret: bool,
    /// Annotations of `proxy.capnp` on this field, as schema text after the type, for example
    /// `$Proxy.name("set_int")`.
    pub annotations: &'static [&'static str],
}

/// A struct.
#[derive(Debug)]
#[non_exhaustive]
pub struct StructNode {
    /// The schema name.
    pub name: &'static str,
    /// The type id, explicit or derived. Zero for a struct that belongs to no file of its own:
    /// tuples, map entries and concrete forms of generic structs, which the schema text places in
    /// the file that uses them.
    pub id: u64,
    /// Whether the id was given explicitly and so belongs in the text.
    pub explicit_id: bool,
    /// The file, or `None` for a struct without a file of its own.
    pub file: Option<&'static FileNode>,
    /// The doc comment.
    pub docs: &'static str,
    /// Names of the type parameters of a generic schema struct.
    pub parameters: &'static [&'static str],
    /// What the schema declares, if not this: for an instance of a generic schema struct, the one whose fields have the
    /// parameters in their types; for another form of a struct, that struct.
    pub declared: Option<fn() -> &'static StructNode>,
    /// For a struct that is an instance of a generic one: the type arguments in order.
    pub arguments: &'static [Type],
    /// The fields in declaration order.
    pub fields: &'static [FieldNode],
    /// Words of the data section.
    pub data_words: u16,
    /// Words of the pointer section.
    pub pointers: u16,
    /// The discriminant of the unnamed union: its position in 16-bit units, and the number of
    /// variants.
    pub discriminant: Option<(u32, u16)>,
    /// Annotations of `proxy.capnp` on the struct, as schema text.
    pub annotations: &'static [&'static str],
}

/// An enum.
#[derive(Debug)]
#[non_exhaustive]
pub struct EnumNode {
    /// The schema name.
    pub name: &'static str,
    /// The type id.
    pub id: u64,
    /// Whether the id was given explicitly.
    pub explicit_id: bool,
    /// The file.
    pub file: &'static FileNode,
    /// The doc comment.
    pub docs: &'static str,
    /// The enumerants in order of their values: wire name and doc comment.
    pub enumerants: &'static [(&'static str, &'static str)],
}

/// A method of an interface.
#[derive(Debug)]
#[non_exhaustive]
pub struct MethodNode {
    /// The wire name (camelCase).
    pub name: &'static str,
    /// The doc comment.
    pub docs: &'static str,
    /// The ordinal.
    pub ordinal: u16,
    /// Whether the first parameter is a `Context`, so that the call runs on a named thread.
    pub context: bool,
    /// Whether the Rust method is `async`. The schema does not show it.
    pub asynchronous: bool,
    /// Whether the method is kept only for its ordinal; calls answer with an error.
    pub deprecated: bool,
    /// The parameters, in the order of their ordinals, `context` among them.
    pub params: StructNode,
    /// The results, in the order of their ordinals.
    pub results: StructNode,
    /// Annotations on the method, as schema text.
    pub annotations: &'static [&'static str],
}

/// An interface.
#[derive(Debug)]
#[non_exhaustive]
pub struct InterfaceNode {
    /// The schema name.
    pub name: &'static str,
    /// The type id.
    pub id: u64,
    /// Whether the id was given explicitly.
    pub explicit_id: bool,
    /// The file.
    pub file: &'static FileNode,
    /// The doc comment.
    pub docs: &'static str,
    /// The interfaces it extends.
    pub extends: &'static [fn() -> &'static InterfaceNode],
    /// The methods in the order of their ordinals.
    pub methods: &'static [MethodNode],
    /// The ordinal of the `destroy` method, if the interface itself declares one.
    pub destroy: Option<u16>,
    /// The ordinal of the method that exchanges thread maps, if it declares one.
    pub construct: Option<u16>,
    /// Structs that belong to the schema although no method passes them.
    pub unused: &'static [fn() -> &'static StructNode],
    /// Annotations on the interface, as schema text.
    pub annotations: &'static [&'static str],
}

impl FieldNode {
    /// A field with a name, a type and a place, and nothing else to say about it.
    #[must_use]
    pub const fn plain(name: &'static str, ty: Type, place: FieldPlace) -> Self {
        FieldNode {
            name,
            docs: "",
            ty,
            ordinal: place.ordinal,
            place: place.value,
            has: place.has,
            default: Default::None,
            variant: None,
            group: None,
            unit: "",
            secret: false,
            annotations: &[],
        }
    }
}

impl FieldNode {
    /// Whether another field has the same name, place and default; of the type, what shows without its declaration.
    pub(super) const fn is_like(&self, other: &FieldNode) -> bool {
        same_text(self.name, other.name)
            && self.ordinal == other.ordinal
            && self.place.is(other.place)
            && match (self.has, other.has) {
                (Some((one, place)), Some((other, others))) => one == other && place.is(others),
                (None, None) => true,
                _ => false,
            }
            && self.default.mask() == other.default.mask()
            && self.ty.is_like(other.ty)
    }
}

const fn same_text(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut index = 0;
    while index < one.len() && index < other.len() && one[index] == other[index] {
        index += 1;
    }
    index == one.len() && index == other.len()
}

impl InterfaceNode {
    /// An interface of which nothing is said but its methods, in the order of their ordinals.
    #[must_use]
    pub const fn new(
        name: &'static str,
        id: u64,
        file: &'static FileNode,
        methods: &'static [MethodNode],
    ) -> Self {
        InterfaceNode {
            name,
            id,
            explicit_id: false,
            file,
            docs: "",
            extends: &[],
            methods,
            destroy: None,
            construct: None,
            unused: &[],
            annotations: &[],
        }
    }

    /// With an id that the schema names.
    #[must_use]
    pub const fn with_explicit_id(mut self) -> Self {
        self.explicit_id = true;
        self
    }

    /// With the method that exchanges thread maps.
    #[must_use]
    pub const fn constructed_by(mut self, ordinal: u16) -> Self {
        self.construct = Some(ordinal);
        self
    }

    /// With the method `destroy`.
    #[must_use]
    pub const fn destroyed_by(mut self, ordinal: u16) -> Self {
        self.destroy = Some(ordinal);
        self
    }

    /// With interfaces that it extends.
    #[must_use]
    pub const fn extends(mut self, bases: &'static [fn() -> &'static InterfaceNode]) -> Self {
        self.extends = bases;
        self
    }

    /// With structs that belong to the schema although no method passes them.
    #[must_use]
    pub const fn unused(mut self, structs: &'static [fn() -> &'static StructNode]) -> Self {
        self.unused = structs;
        self
    }

    /// With annotations, as schema text.
    #[must_use]
    pub const fn annotated(mut self, annotations: &'static [&'static str]) -> Self {
        self.annotations = annotations;
        self
    }

    /// With a doc comment.
    #[must_use]
    pub const fn docs(mut self, docs: &'static str) -> Self {
        self.docs = docs;
        self
    }

    /// The method with this interface id and ordinal, here or in a base interface, with the
    /// interface that declares it.
    #[must_use]
    pub fn find(
        &'static self,
        interface: u64,
        ordinal: u16,
    ) -> Option<(&'static InterfaceNode, &'static MethodNode)> {
        if interface == self.id {
            let method = self.methods.iter().find(|method| method.ordinal == ordinal)?;
            return Some((self, method));
        }
        self.extends.iter().find_map(|base| base().find(interface, ordinal))
    }

    /// How many methods an object has: those of the interface, and those of its bases.
    #[must_use]
    pub fn count(&self) -> usize {
        self.methods.len() + self.extends.iter().map(|base| base().count()).sum::<usize>()
    }

    /// The index of a method, as generated code knows it: its ordinal, and for one of a base, behind all methods of this
    /// interface and of the bases before that one.
    #[must_use]
    pub fn index(&self, interface: u64, ordinal: u16) -> Option<usize> {
        if interface == self.id {
            return self.methods.iter().position(|method| method.ordinal == ordinal);
        }
        let mut before = self.methods.len();
        for base in self.extends {
            let base = base();
            if let Some(index) = base.index(interface, ordinal) {
                return Some(before + index);
            }
            before += base.count();
        }
        None
    }

    /// The interface, here or among the bases, that declares `construct`, with its ordinal.
    #[must_use]
    pub fn constructor(&'static self) -> Option<(&'static InterfaceNode, u16)> {
        match self.construct {
            Some(ordinal) => Some((self, ordinal)),
            None => self.extends.iter().find_map(|base| base().constructor()),
        }
    }

    /// The interface, here or among the bases, that declares `destroy`, with its ordinal.
    #[must_use]
    pub fn destroyer(&'static self) -> Option<(&'static InterfaceNode, u16)> {
        match self.destroy {
            Some(ordinal) => Some((self, ordinal)),
            None => self.extends.iter().find_map(|base| base().destroyer()),
        }
    }
}

impl Type {
    /// Whether another type is of the same kind, in lists too.
    const fn is_like(self, other: Type) -> bool {
        match (self, other) {
            (Type::List(one), Type::List(other)) => one.is_like(*other),
            (Type::Builtin(one), Type::Builtin(other)) => same_text(one, other),
            (Type::Parameter(one), Type::Parameter(other)) => one == other,
            (one, other) => one.kind() == other.kind(),
        }
    }

    const fn kind(self) -> u8 {
        match self {
            Type::Void => 0,
            Type::Bool => 1,
            Type::Int8 => 2,
            Type::Int16 => 3,
            Type::Int32 => 4,
            Type::Int64 => 5,
            Type::UInt8 => 6,
            Type::UInt16 => 7,
            Type::UInt32 => 8,
            Type::UInt64 => 9,
            Type::Float32 => 10,
            Type::Float64 => 11,
            Type::Text => 12,
            Type::Data => 13,
            Type::AnyPointer => 14,
            Type::List(_) => 15,
            Type::Enum(_) => 16,
            Type::Struct(_) => 17,
            Type::Interface(_) => 18,
            Type::Parameter(_) => 19,
            Type::Builtin(_) => 20,
            Type::Context => 21,
        }
    }

    /// The schema default of a field of this type, from a number in both of its forms; the type
    /// says which form counts.
    ///
    /// # Panics
    ///
    /// At compile time when the value does not fit the type, or the type takes no number.
    #[must_use]
    #[track_caller]
    pub const fn number_default(self, integer: i128, float: f64) -> Default {
        #[track_caller]
        const fn check(integer: i128, min: i128, max: i128) {
            assert!(min <= integer && integer <= max, "the default does not fit the field's type");
        }
        assert!(
            matches!(self, Type::Float32 | Type::Float64) || integer as f64 == float,
            "the default is no whole number, and the field's type has no others; write one that is, or leave `default` out"
        );
        assert!(
            !matches!(self, Type::Float32) || (float as f32).is_finite() == float.is_finite(),
            "the default does not fit the field's type"
        );
        match self {
            Type::Int8 => check(integer, i8::MIN as i128, i8::MAX as i128),
            Type::Int16 => check(integer, i16::MIN as i128, i16::MAX as i128),
            Type::Int32 => check(integer, i32::MIN as i128, i32::MAX as i128),
            Type::Int64 => check(integer, i64::MIN as i128, i64::MAX as i128),
            Type::UInt8 => check(integer, 0, u8::MAX as i128),
            Type::UInt16 => check(integer, 0, u16::MAX as i128),
            Type::UInt32 => check(integer, 0, u32::MAX as i128),
            Type::UInt64 => check(integer, 0, u64::MAX as i128),
            Type::Float32 => return Default::Float32(float as f32),
            Type::Float64 => return Default::Float64(float),
            _ => panic!("only numbers and bools can have a schema default"),
        }
        match self {
            Type::UInt8 | Type::UInt16 | Type::UInt32 | Type::UInt64 => Default::UInt(integer as u64),
            _ => Default::Int(integer as i64),
        }
    }
}

impl Default {
    /// The bits that the wire value is XORed with.
    #[must_use]
    pub const fn mask(self) -> u64 {
        match self {
            Default::None => 0,
            Default::Bool(value) => value as u64,
            Default::Int(value) => value as u64,
            Default::UInt(value) => value,
            Default::Float32(value) => value.to_bits() as u64,
            Default::Float64(value) => value.to_bits(),
        }
    }
}
