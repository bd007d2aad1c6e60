//! How generated code describes a struct, in few words.
//!
//! In: fields, each a name, a type and what the user said about it. Out: nodes with their places,
//! computed while the Rust compiler compiles.

use super::id::child_id;
use super::layout::{FieldPlace, Member, Sizes, place};
use super::node::{Default, FieldNode, FileNode, MethodNode, StructNode, Type};
use super::slot::{Place, Slot, Slots};
pub use super::wire_type::Parameter;
use super::wire_type::WireType;

/// A field, before it has a place.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    node: FieldNode,
    member: Member,
}

impl Field {
    const fn new(name: &'static str, ty: Type, slots: Slots) -> Self {
        let nowhere = FieldPlace { ordinal: 0, value: Place::VOID, has: None };
        Field { node: FieldNode::plain(name, ty, nowhere), member: Member::new(slots) }
    }

    /// A field of type `T`, in the conversion set `M`.
    ///
    /// # Panics
    ///
    /// At compile time when the type has no form on the wire that keeps all of its values.
    #[must_use]
    #[track_caller]
    pub const fn of<T: WireType<M> + ?Sized, M: ?Sized>(name: &'static str) -> Self {
        if let Some(mistake) = T::MISTAKE {
            panic!("{}", mistake);
        }
        Field::part::<T, M>(name)
    }

    /// A field of a type of which whoever holds the struct knows whether it has a form.
    pub(super) const fn part<T: WireType<M> + ?Sized, M: ?Sized>(name: &'static str) -> Self {
        let field = Field::new(name, T::TYPE, T::SLOTS).unit(T::UNIT);
        if T::SECRET { field.secret() } else { field }
    }

    /// The `context` parameter.
    #[must_use]
    pub const fn context() -> Self {
        Field::new("context", Type::Context, Slots::one(Slot::Pointer))
    }

    /// The `threadMap` of a `construct` method.
    #[must_use]
    pub const fn thread_map() -> Self {
        Field::new("threadMap", Type::Builtin("ThreadMap"), Slots::one(Slot::Pointer))
    }

    /// A `Bool` that the library itself sets, such as `wantX`.
    #[must_use]
    pub const fn flag(name: &'static str) -> Self {
        Field::new(name, Type::Bool, Slots::one(Slot::Bit))
    }

    /// A `Void`, as a union's empty variant.
    #[must_use]
    pub const fn void(name: &'static str) -> Self {
        Field::new(name, Type::Void, Slots::one(Slot::Void))
    }

    /// The field with a doc comment.
    #[must_use]
    pub const fn docs(mut self, docs: &'static str) -> Self {
        self.node.docs = docs;
        self
    }

    /// The field with an explicit ordinal.
    #[must_use]
    pub const fn ordinal(mut self, ordinal: u16) -> Self {
        self.member.ordinal = Some(ordinal);
        self
    }

    /// The field with an explicit ordinal of its `hasX` flag.
    #[must_use]
    pub const fn has_ordinal(mut self, ordinal: u16) -> Self {
        self.member.has_ordinal = Some(ordinal);
        self
    }

    /// The field with a `hasX` flag (`optional = flag`).
    #[must_use]
    pub const fn with_flag(mut self) -> Self {
        self.member.slots = self.member.slots.with_flag();
        self
    }

    /// The field without a flag, where null stands for none (`optional = null`).
    ///
    /// # Panics
    ///
    /// At compile time when the field is not a pointer.
    #[must_use]
    #[track_caller]
    pub const fn with_null(mut self) -> Self {
        self.member.slots = self.member.slots.with_null();
        self
    }

    /// The field with a default that is a bool.
    ///
    /// # Panics
    ///
    /// At compile time when the field is not a `Bool`.
    #[must_use]
    #[track_caller]
    pub const fn default_bool(mut self, value: bool) -> Self {
        assert!(matches!(self.node.ty, Type::Bool), "a bool default needs a field of type Bool");
        self.node.default = Default::Bool(value);
        self
    }

    /// The field with a default that is a number, in both of its forms; the field's type says
    /// which one counts.
    ///
    /// # Panics
    ///
    /// At compile time when the default does not fit the field's type.
    #[must_use]
    #[track_caller]
    pub const fn default_number(mut self, integer: i128, float: f64) -> Self {
        self.node.default = self.node.ty.number_default(integer, float);
        self
    }

    /// The field as a member of a union's variant.
    #[must_use]
    pub const fn variant(mut self, variant: u16) -> Self {
        self.node.variant = Some(variant);
        self.member.group = variant + 1;
        self
    }

    /// The field inside the group of its variant.
    #[must_use]
    pub const fn group(mut self, name: &'static str) -> Self {
        self.node.group = Some(name);
        self
    }

    /// The field with what one of its value counts.
    #[must_use]
    pub const fn unit(mut self, unit: &'static str) -> Self {
        self.node.unit = unit;
        self
    }

    /// The field as one that a log never shows.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.node.secret = true;
        self
    }

    /// The field with annotations.
    #[must_use]
    pub const fn annotated(mut self, annotations: &'static [&'static str]) -> Self {
        self.node.annotations = annotations;
        self
    }
}

/// The fields of a struct with their places.
#[derive(Debug)]
pub struct Fields<const N: usize> {
    nodes: [FieldNode; N],
    sizes: Sizes,
}

/// A field of type `T`, as the runtime's own conversions have it.
///
/// # Panics
///
/// At compile time when the type has no form on the wire that keeps all of its values.
#[must_use]
#[track_caller]
pub const fn field<T: WireType + ?Sized>(name: &'static str) -> Field {
    Field::of::<T, ()>(name)
}

impl<const N: usize> Fields<N> {
    /// Gives every parameter or result of a method its place.
    ///
    /// # Panics
    ///
    /// As [`place`](Self::place).
    #[must_use]
    #[track_caller]
    pub const fn of(fields: [Field; N]) -> Self {
        Fields::place(fields, 0)
    }

    /// Gives every field its place in a struct with a union of `variants` variants (0 for none).
    ///
    /// # Panics
    ///
    /// At compile time, when an ordinal is given twice or left out, or the struct is too large.
    #[must_use]
    #[track_caller]
    pub const fn place(fields: [Field; N], variants: u16) -> Self {
        let nowhere = FieldPlace { ordinal: 0, value: Place::VOID, has: None };
        let mut members = [Member::new(Slots::one(Slot::Void)); N];
        let mut nodes = [FieldNode::plain("", Type::Void, nowhere); N];
        let mut index = 0;
        while index < N {
            members[index] = fields[index].member;
            nodes[index] = fields[index].node;
            index += 1;
        }
        let mut places = [nowhere; N];
        let sizes = place(&members, variants, &mut places);
        index = 0;
        while index < N {
            nodes[index].ordinal = places[index].ordinal;
            nodes[index].place = places[index].value;
            nodes[index].has = places[index].has;
            index += 1;
        }
        index = 0;
        while index < N {
            let mut other = 0;
            while other < N && nodes[index].has.is_some() {
                assert!(
                    !is_flag_of(nodes[other].name, nodes[index].name),
                    "a field has the name of another one's `hasX` flag; give it another (`#[ipc(name = \"…\")]`)"
                );
                other += 1;
            }
            index += 1;
        }
        Fields { nodes, sizes }
    }
}

/// Whether `flag` is `hasX` for the field `x`.
const fn is_flag_of(flag: &str, field: &str) -> bool {
    let (flag, field) = (flag.as_bytes(), field.as_bytes());
    if flag.len() != field.len() + 3 || field.is_empty() {
        return false;
    }
    let mut same = flag[0] == b'h' && flag[1] == b'a' && flag[2] == b's';
    same &= flag[3] == field[0].to_ascii_uppercase();
    let mut index = 1;
    while index < field.len() {
        same &= flag[index + 3] == field[index];
        index += 1;
    }
    same
}

impl StructNode {
    /// The words of its data and pointer sections, which a list holds inline.
    #[must_use]
    pub const fn size(&self) -> Option<(u16, u16)> {
        Some((self.data_words, self.pointers))
    }

    /// A struct of these fields, which belongs to no file of its own.
    #[must_use]
    pub const fn new<const N: usize>(name: &'static str, fields: &'static Fields<N>) -> Self {
        StructNode {
            name,
            id: 0,
            explicit_id: false,
            file: None,
            docs: "",
            parameters: &[],
            declared: None,
            arguments: &[],
            fields: &fields.nodes,
            data_words: fields.sizes.data_words,
            pointers: fields.sizes.pointers,
            discriminant: fields.sizes.discriminant,
            annotations: &[],
        }
    }

    /// The struct as one of `file`.
    #[must_use]
    pub const fn in_file(mut self, file: &'static FileNode) -> Self {
        self.id = child_id(file.id, self.name);
        self.file = Some(file);
        self
    }

    /// The struct with an explicit id.
    #[must_use]
    pub const fn with_id(mut self, id: u64) -> Self {
        self.id = id;
        self.explicit_id = true;
        self
    }

    /// The struct with a doc comment.
    #[must_use]
    pub const fn docs(mut self, docs: &'static str) -> Self {
        self.docs = docs;
        self
    }

    /// The struct as an instance of a generic struct of the schema, with the names of the type parameters.
    #[must_use]
    pub const fn generic(
        mut self,
        parameters: &'static [&'static str],
        declared: fn() -> &'static StructNode,
    ) -> Self {
        self.parameters = parameters;
        self.declared = Some(declared);
        self
    }

    /// The struct as another Rust form of `other`, which the schema declares.
    ///
    /// # Panics
    ///
    /// At compile time when the fields are not the same.
    #[must_use]
    #[track_caller]
    pub const fn form_of(
        mut self,
        other: &'static StructNode,
        declared: fn() -> &'static StructNode,
    ) -> Self {
        let text = "a form of another struct has the same fields in the schema: names, types and defaults";
        assert!(
            self.fields.len() == other.fields.len()
                && self.data_words == other.data_words
                && self.pointers == other.pointers,
            "{}",
            text
        );
        let mut index = 0;
        while index < self.fields.len() {
            assert!(self.fields[index].is_like(&other.fields[index]), "{}", text);
            index += 1;
        }
        self.name = other.name;
        self.id = other.id;
        self.explicit_id = other.explicit_id;
        self.file = other.file;
        self.declared = Some(declared);
        self
    }

    /// The struct with type arguments, for an instance of a generic struct.
    #[must_use]
    pub const fn arguments(mut self, arguments: &'static [Type]) -> Self {
        self.arguments = arguments;
        self
    }

    /// The struct with annotations.
    #[must_use]
    pub const fn annotated(mut self, annotations: &'static [&'static str]) -> Self {
        self.annotations = annotations;
        self
    }
}

/// A type as the argument of a generic struct of the schema.
///
/// # Panics
///
/// At compile time when the argument is not behind a pointer, as Cap'n Proto wants it.
#[must_use]
#[track_caller]
pub const fn argument<T: WireType<M> + ?Sized, M: ?Sized>() -> Type {
    if let Some(mistake) = T::MISTAKE {
        panic!("{}", mistake);
    }
    assert!(
        T::SLOTS.value.is_pointer(),
        "a generic schema struct takes only text, data, lists, structs and interfaces as type arguments; \
         leave out `generic` for a concrete struct per instance"
    );
    let _ = T::STRUCT;
    T::TYPE
}

impl MethodNode {
    /// A method. It has a context when one of its parameters is the `Context`.
    #[must_use]
    pub const fn new<const P: usize, const R: usize>(
        name: &'static str,
        ordinal: u16,
        params: &'static Fields<P>,
        results: &'static Fields<R>,
    ) -> Self {
        let params = StructNode::new("params", params);
        let results = StructNode::new("results", results);
        let mut context = false;
        let mut index = 0;
        while index < params.fields.len() {
            context |= matches!(params.fields[index].ty, Type::Context);
            index += 1;
        }
        MethodNode {
            name,
            docs: "",
            ordinal,
            context,
            asynchronous: false,
            deprecated: false,
            params,
            results,
            annotations: &[],
        }
    }

    /// A method of these parameters and results.
    #[must_use]
    pub const fn of<const P: usize, const R: usize>(
        name: &'static str,
        ordinal: u16,
        (params, results): &'static (Fields<P>, Fields<R>),
    ) -> Self {
        MethodNode::new(name, ordinal, params, results)
    }

    /// `destroy`, which every object has that is given away.
    #[must_use]
    pub const fn destroy(ordinal: u16) -> Self {
        const PARAMS: &Fields<1> = &Fields::place([Field::context()], 0);
        const RESULTS: &Fields<0> = &Fields::place([], 0);
        MethodNode::new("destroy", ordinal, PARAMS, RESULTS)
    }

    /// The method that exchanges thread maps.
    #[must_use]
    pub const fn construct(name: &'static str, ordinal: u16) -> Self {
        const MAPS: &Fields<1> = &Fields::place([Field::thread_map()], 0);
        MethodNode::new(name, ordinal, MAPS, MAPS)
    }

    /// The method with the fields of a struct as its results.
    #[must_use]
    pub const fn results(mut self, node: &'static StructNode) -> Self {
        self.results = StructNode {
            name: "results",
            id: 0,
            explicit_id: false,
            file: None,
            docs: "",
            parameters: &[],
            declared: None,
            arguments: &[],
            fields: node.fields,
            data_words: node.data_words,
            pointers: node.pointers,
            discriminant: node.discriminant,
            annotations: &[],
        };
        self
    }

    /// The method with a doc comment.
    #[must_use]
    pub const fn docs(mut self, docs: &'static str) -> Self {
        self.docs = docs;
        self
    }

    /// The method as an asynchronous one.
    #[must_use]
    pub const fn asynchronous(mut self) -> Self {
        self.asynchronous = true;
        self
    }

    /// The method as one that is kept only for its ordinal.
    #[must_use]
    pub const fn deprecated(mut self) -> Self {
        self.deprecated = true;
        self
    }

    /// The method with annotations.
    #[must_use]
    pub const fn annotated(mut self, annotations: &'static [&'static str]) -> Self {
        self.annotations = annotations;
        self
    }
}
