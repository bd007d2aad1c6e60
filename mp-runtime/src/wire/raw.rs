//! The few wrappers that give access to capnp's structs and lists without generated code.
//!
//! In: pointers of a message. Out: struct and list readers and builders whose shape is a value,
//! not a type. Everything here is what capnpc's generated code does with its own types.

use capnp::introspect::{Introspect, Type};
use capnp::private::layout::{
    ListReader, PointerBuilder, PointerReader, StructBuilder, StructReader, StructSize,
};
use capnp::traits::{
    FromPointerBuilder, FromPointerReader, HasStructSize, IntoInternalStructReader, OwnedStruct, SetterInput,
};

/// A pointer, as it is.
pub(crate) struct RawPointerReader<'a>(pub(crate) PointerReader<'a>);

impl<'a> FromPointerReader<'a> for RawPointerReader<'a> {
    fn get_from_pointer(
        reader: &PointerReader<'a>,
        _default: Option<&'a [capnp::Word]>,
    ) -> capnp::Result<Self> {
        Ok(RawPointerReader(*reader))
    }
}

/// A pointer to build behind.
pub(crate) struct RawPointerBuilder<'a>(pub(crate) PointerBuilder<'a>);

impl<'a> FromPointerBuilder<'a> for RawPointerBuilder<'a> {
    fn init_pointer(builder: PointerBuilder<'a>, _length: u32) -> Self {
        RawPointerBuilder(builder)
    }

    fn get_from_pointer(
        builder: PointerBuilder<'a>,
        _default: Option<&'a [capnp::Word]>,
    ) -> capnp::Result<Self> {
        Ok(RawPointerBuilder(builder))
    }
}

/// A struct of any shape, as the element of a list.
pub(crate) struct RawStruct;

/// Reads a struct of any shape.
pub(crate) struct RawStructReader<'a>(pub(crate) StructReader<'a>);

/// Builds a struct of any shape.
pub(crate) struct RawStructBuilder<'a>(pub(crate) StructBuilder<'a>);

impl Introspect for RawStruct {
    fn introspect() -> Type {
        capnp::introspect::TypeVariant::AnyPointer.into()
    }
}

impl OwnedStruct for RawStruct {
    type Reader<'a> = RawStructReader<'a>;
    type Builder<'a> = RawStructBuilder<'a>;
}

impl<'a> From<StructReader<'a>> for RawStructReader<'a> {
    fn from(reader: StructReader<'a>) -> Self {
        RawStructReader(reader)
    }
}

impl<'a> IntoInternalStructReader<'a> for RawStructReader<'a> {
    fn into_internal_struct_reader(self) -> StructReader<'a> {
        self.0
    }
}

impl SetterInput<RawStruct> for RawStructReader<'_> {
    fn set_pointer_builder(
        mut pointer: PointerBuilder<'_>,
        value: Self,
        canonicalize: bool,
    ) -> capnp::Result<()> {
        pointer.set_struct(&value.0, canonicalize)
    }
}

impl<'a> From<StructBuilder<'a>> for RawStructBuilder<'a> {
    fn from(builder: StructBuilder<'a>) -> Self {
        RawStructBuilder(builder)
    }
}

impl HasStructSize for RawStructBuilder<'_> {
    // A list that exists already keeps the size of its elements when it is opened with a smaller
    // one; see `init_structs`.
    const STRUCT_SIZE: StructSize = StructSize { data: 0, pointers: 0 };
}

/// Starts a list of structs of a size known only at run time.
pub(crate) fn init_structs(
    mut pointer: PointerBuilder<'_>,
    length: u32,
    size: StructSize,
) -> capnp::Result<capnp::struct_list::Builder<'_, RawStruct>> {
    pointer.reborrow().init_struct_list(length, size);
    capnp::any_pointer::Builder::new(pointer).get_as()
}

/// The elements of a list of structs.
pub(crate) fn struct_elements<'a>(
    pointer: PointerReader<'a>,
) -> capnp::Result<impl ExactSizeIterator<Item = StructReader<'a>>> {
    let list: capnp::struct_list::Reader<'a, RawStruct> =
        capnp::any_pointer::Reader::new(pointer).get_as()?;
    Ok((0..list.len()).map(move |index| list.get(index).0))
}

/// The elements of a list of pointers.
pub(crate) fn pointer_elements<'a>(
    pointer: PointerReader<'a>,
) -> capnp::Result<impl ExactSizeIterator<Item = PointerReader<'a>>> {
    let list: capnp::any_pointer_list::Reader<'a> = capnp::any_pointer::Reader::new(pointer).get_as()?;
    Ok((0..list.len()).map(move |index| {
        let element: capnp::Result<RawPointerReader<'a>> = list.get(index).get_as();
        element.expect("reading a pointer as itself follows nothing and cannot fail").0
    }))
}

/// One element of a list of numbers or bits, as bits.
pub(crate) fn data_element(list: &ListReader<'_>, lg_bits: u32, index: u32) -> u64 {
    use capnp::private::layout::PrimitiveElement;
    match lg_bits {
        0 => u64::from(<bool as PrimitiveElement>::get(list, index)),
        3 => u64::from(<u8 as PrimitiveElement>::get(list, index)),
        4 => u64::from(<u16 as PrimitiveElement>::get(list, index)),
        5 => u64::from(<u32 as PrimitiveElement>::get(list, index)),
        _ => <u64 as PrimitiveElement>::get(list, index),
    }
}
