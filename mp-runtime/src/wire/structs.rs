//! The fields of a struct.
//!
//! In: the description of a struct, and where it lies. Out: values, written to the places of its fields and read from
//! them; an error names the field.

use capnp::private::layout::{StructBuilder, StructReader, StructSize};

use super::build::{BuildContext, FieldBuilder};
use super::capability::MessageCap;
use super::node::{FieldNode, StructNode};
use super::read::{FieldReader, ReadContext};
use super::traits::{BuildField, ReadField};
use crate::error::Result;

/// Writes the fields of one struct.
pub struct StructWriter<'a> {
    builder: StructBuilder<'a>,
    node: &'static StructNode,
}

impl std::fmt::Debug for StructWriter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StructWriter")
    }
}

impl<'a> StructWriter<'a> {
    pub(crate) fn new(builder: StructBuilder<'a>, node: &'static StructNode) -> Self {
        StructWriter { builder, node }
    }

    fn at(&mut self, index: usize) -> (&'static FieldNode, FieldBuilder<'_>) {
        let field = &self.node.fields[index];
        (field, FieldBuilder::field(self.builder.reborrow(), field))
    }

    /// Writes a lent value into the field at `index` of the declaration.
    ///
    /// # Errors
    ///
    /// When the value does not fit; the error names the field.
    pub fn put<M: ?Sized, T: BuildField<M> + ?Sized>(
        &mut self,
        cx: &mut BuildContext<'_>,
        index: usize,
        value: &T,
    ) -> Result<()> {
        let (field, out) = self.at(index);
        cx.nested(|cx| value.build_field(cx, out)).map_err(|error| error.in_field(field.name))
    }

    /// Writes an owned value into the field at `index` of the declaration.
    ///
    /// # Errors
    ///
    /// When the value does not fit; the error names the field.
    pub fn give<M: ?Sized, T: BuildField<M>>(
        &mut self,
        cx: &mut BuildContext<'_>,
        index: usize,
        value: T,
    ) -> Result<()> {
        let (field, out) = self.at(index);
        cx.nested(|cx| value.build_owned(cx, out)).map_err(|error| error.in_field(field.name))
    }

    /// Writes an owned value whose fields are those of the struct.
    ///
    /// # Errors
    ///
    /// When the value does not fit; the error names the field.
    pub fn give_whole<M: ?Sized, T: BuildField<M>>(
        &mut self,
        cx: &mut BuildContext<'_>,
        value: T,
    ) -> Result<()> {
        value.build_owned(cx, FieldBuilder::whole(self.builder.reborrow()))
    }

    /// Writes a capability into the field at `index`.
    pub(crate) fn capability(
        &mut self,
        cx: &mut BuildContext<'_>,
        index: usize,
        cap: MessageCap,
    ) -> Result<()> {
        let (_, out) = self.at(index);
        out.set_capability(cx, cap)
    }

    /// Sets a `Bool` field that stands for itself, such as `wantX`.
    pub fn set_flag(&mut self, index: usize) {
        self.at(index).1.set_bits(1);
    }

    /// Writes the discriminant of the unnamed union. A union of one variant has none.
    pub fn set_variant(&mut self, variant: u16) {
        if let Some((offset, _)) = self.node.discriminant {
            self.builder.set_data_field(offset as usize, variant);
        }
    }
}

/// Reads the fields of one struct.
#[derive(Clone, Copy)]
pub struct StructFields<'a> {
    reader: StructReader<'a>,
    node: &'static StructNode,
}

impl std::fmt::Debug for StructFields<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StructFields")
    }
}

impl<'a> StructFields<'a> {
    pub(crate) fn new(reader: StructReader<'a>, node: &'static StructNode) -> Self {
        StructFields { reader, node }
    }

    /// Reads the field at `index` of the declaration.
    ///
    /// # Errors
    ///
    /// When the value does not fit its type; the error names the field.
    pub fn get<M: ?Sized, T: ReadField<'a, M>>(&self, cx: &ReadContext<'a>, index: usize) -> Result<T> {
        let field = &self.node.fields[index];
        T::read_field(cx, FieldReader::field(self.reader, field)).map_err(|error| error.in_field(field.name))
    }

    /// Reads a value from all of the fields.
    ///
    /// # Errors
    ///
    /// When they do not decode to a value of this type.
    pub fn get_whole<M: ?Sized, T: ReadField<'a, M>>(&self, cx: &ReadContext<'a>) -> Result<T> {
        T::read_field(cx, self.whole())
    }

    /// Room for a result, if the `wantX` flag at `index` of the declaration asks for it.
    ///
    /// # Errors
    ///
    /// When the flag does not decode.
    pub fn wanted<T: Default>(&self, cx: &ReadContext<'a>, index: usize) -> Result<Option<T>> {
        Ok(self.get::<(), bool>(cx, index)?.then(T::default))
    }

    /// The struct as a whole, for a value that is read from all of its fields.
    #[must_use]
    pub fn whole(&self) -> FieldReader<'a> {
        FieldReader::whole(self.reader)
    }

    /// The place of the field at `index` of the declaration.
    #[must_use]
    pub fn at(&self, index: usize) -> FieldReader<'a> {
        FieldReader::field(self.reader, &self.node.fields[index])
    }

    /// The discriminant of the unnamed union; a union of one variant has none, which reads as 0.
    #[must_use]
    pub fn variant(&self) -> u16 {
        self.node.discriminant.map_or(0, |(offset, _)| self.reader.get_data_field(offset as usize))
    }
}

/// Starts the struct of `node` at its place.
///
/// # Errors
///
/// When the place is not one for a struct.
pub fn build_struct<'a>(node: &'static StructNode, out: FieldBuilder<'a>) -> Result<StructWriter<'a>> {
    let size = StructSize { data: node.data_words, pointers: node.pointers };
    Ok(StructWriter::new(out.init_struct(size)?, node))
}

/// Opens the struct of `node` at its place.
///
/// # Errors
///
/// When there is something else than a struct.
pub fn read_struct<'a>(node: &'static StructNode, input: FieldReader<'a>) -> Result<StructFields<'a>> {
    Ok(StructFields::new(input.structure()?, node))
}
