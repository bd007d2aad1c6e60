//! Reading a value out of a message.
//!
//! In: a field of a struct or an element of a list. Out: a value's bits, bytes, text or
//! capability. [`FieldReader`] is the place where one value lies, [`ReadContext`] gives access to
//! the capabilities that came with the message.

use capnp::private::layout::{ListReader, PointerReader, StructReader};

use super::capability::MessageCap;
use super::node::FieldNode;
use super::raw;
use super::slot::{Place, Slot};
use super::wire_type::{WireType, mistake_in_list};
use crate::error::{Error, Result};

/// What came with a message besides its bytes.
#[derive(Clone, Copy, Debug)]
pub struct ReadContext<'a> {
    caps: &'a [MessageCap],
}

impl<'a> ReadContext<'a> {
    pub(crate) fn new(caps: &'a [MessageCap]) -> Self {
        ReadContext { caps }
    }
}

/// The place where one value lies: a field of a struct or an element of a list.
#[derive(Clone, Copy)]
pub struct FieldReader<'a>(Source<'a>);

#[derive(Clone, Copy)]
enum Source<'a> {
    Field { parent: StructReader<'a>, place: Place, has: Option<Place>, mask: u64 },
    Pointer(PointerReader<'a>),
    Struct(StructReader<'a>),
    Bits(u64),
}

impl std::fmt::Debug for FieldReader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FieldReader")
    }
}

impl<'a> FieldReader<'a> {
    /// The place of `field` in `parent`.
    pub(crate) fn field(parent: StructReader<'a>, field: &FieldNode) -> Self {
        FieldReader(Source::Field {
            parent,
            place: field.place,
            has: field.has.map(|(_, place)| place),
            mask: field.default.mask(),
        })
    }

    /// The place of a value whose fields are those of this struct.
    pub(crate) fn whole(structure: StructReader<'a>) -> Self {
        FieldReader(Source::Struct(structure))
    }

    /// The bits of a number.
    #[must_use]
    pub fn bits(&self) -> u64 {
        match self.0 {
            Source::Field { parent, place: Place { slot, offset }, mask, .. } => {
                let offset = offset as usize;
                match slot {
                    Slot::Bit => u64::from(parent.get_bool_field(offset)) ^ (mask & 1),
                    Slot::Byte => u64::from(parent.get_data_field::<u8>(offset) ^ mask as u8),
                    Slot::TwoBytes => u64::from(parent.get_data_field::<u16>(offset) ^ mask as u16),
                    Slot::FourBytes => u64::from(parent.get_data_field::<u32>(offset) ^ mask as u32),
                    Slot::EightBytes => parent.get_data_field::<u64>(offset) ^ mask,
                    Slot::Void | Slot::Pointer => 0,
                }
            }
            Source::Bits(bits) => bits,
            Source::Pointer(_) | Source::Struct(_) => 0,
        }
    }

    fn as_pointer(&self) -> Result<PointerReader<'a>> {
        match self.0 {
            Source::Field { parent, place, .. } if place.slot.is_pointer() => {
                Ok(parent.get_pointer_field(place.offset as usize))
            }
            Source::Pointer(pointer) => Ok(pointer),
            _ => Err(Error::new(
                crate::error::ErrorKind::Misuse,
                "a conversion read a pointer where its type declares no pointer slot",
            )),
        }
    }

    /// Whether an optional value is there: its `hasX` flag is set or, where the field has no flag,
    /// its pointer is not null.
    #[must_use]
    pub fn is_present(&self) -> bool {
        match self.0 {
            Source::Field { parent, has: Some(place), .. } => parent.get_bool_field(place.offset as usize),
            _ => !self.is_null(),
        }
    }

    /// Whether the value lies behind a null pointer.
    #[must_use]
    pub fn is_null(&self) -> bool {
        match self.0 {
            Source::Field { parent, place, .. } if place.slot.is_pointer() => {
                parent.is_pointer_field_null(place.offset as usize)
            }
            Source::Pointer(pointer) => pointer.is_null(),
            _ => false,
        }
    }

    /// Whether the value is an element of a list of pointers, where C++ cannot tell a null from an
    /// empty value.
    #[must_use]
    pub fn is_list_element(&self) -> bool {
        matches!(self.0, Source::Pointer(_))
    }

    /// Text; a null pointer is empty text.
    ///
    /// # Errors
    ///
    /// When the pointer is not text, or the text is not UTF-8.
    pub fn text(&self) -> Result<&'a str> {
        let text = self.as_pointer()?.get_text(None).map_err(|error| Error::from_message(&error))?;
        text.to_str()
            .map_err(|error| Error::bad_value(format!("the text is not UTF-8: {error}")).because(error))
    }

    /// Bytes; a null pointer is no bytes.
    ///
    /// # Errors
    ///
    /// When the pointer is not a list of bytes.
    pub fn data(&self) -> Result<&'a [u8]> {
        self.as_pointer()?.get_data(None).map_err(|error| Error::from_message(&error))
    }

    /// The struct behind the pointer; a null pointer is a struct of defaults.
    pub(crate) fn structure(&self) -> Result<StructReader<'a>> {
        match self.0 {
            Source::Struct(reader) => Ok(reader),
            _ => self.as_pointer()?.get_struct(None).map_err(|error| Error::from_message(&error)),
        }
    }

    /// The capability, or `None` for a null pointer.
    pub(crate) fn capability(&self, cx: &ReadContext<'a>) -> Result<Option<MessageCap>> {
        let pointer = self.as_pointer()?;
        if pointer.is_null() {
            return Ok(None);
        }
        let hook = pointer.get_capability().map_err(|error| Error::from_message(&error))?;
        // The hooks of a detached message are slots whose address is an index into its table.
        let cap = hook.get_ptr().checked_sub(1).and_then(|index| cx.caps.get(index));
        match cap {
            Some(cap) if cap.is_null() => Ok(None),
            Some(cap) => Ok(Some(cap.clone())),
            None => Err(Error::new(
                crate::error::ErrorKind::Protocol,
                "malformed message: a capability that is not in the message's table",
            )),
        }
    }

    /// The elements of a list; a null pointer is an empty list.
    ///
    /// # Errors
    ///
    /// When the pointer is not a list of this kind of element.
    pub fn list<T: WireType<M>, M: ?Sized>(&self) -> Result<Elements<'a>> {
        if let Some(mistake) = mistake_in_list::<T, M>() {
            return Err(Error::new(crate::error::ErrorKind::Misuse, mistake));
        }
        self.elements(T::SLOTS.value, T::STRUCT.is_some())
    }

    /// The elements of a list whose element type is known only at run time.
    pub(crate) fn elements(&self, slot: Slot, composite: bool) -> Result<Elements<'a>> {
        let pointer = self.as_pointer()?;
        let error = |error: capnp::Error| Error::from_message(&error);
        if composite {
            let list = raw::struct_elements(pointer).map_err(error)?;
            refuse_hollow(pointer, list.len())?;
            Ok(Elements(Kind::Struct(Box::new(list))))
        } else if slot.is_pointer() {
            let list = raw::pointer_elements(pointer).map_err(error)?;
            Ok(Elements(Kind::Pointer(Box::new(list))))
        } else {
            let list = pointer.get_list(slot.element_size(), None).map_err(error)?;
            if slot == Slot::Void {
                refuse_hollow(pointer, list.len() as usize)?;
            }
            Ok(Elements(Kind::Data { list, lg_bits: slot.lg_bits(), index: 0 }))
        }
    }
}

/// Elements that take no room on the wire, past which a list is refused: such a list costs the
/// peer nothing to send and us memory for every element.
const HOLLOW_ELEMENTS: usize = 1 << 16;

fn refuse_hollow(pointer: PointerReader<'_>, length: usize) -> Result<()> {
    if length <= HOLLOW_ELEMENTS {
        return Ok(());
    }
    let words = pointer.total_size().map_err(|error| Error::from_message(&error))?.word_count;
    if words < length as u64 {
        return Err(Error::new(
            crate::error::ErrorKind::Limit,
            format!("a list claims {length} elements in {words} words"),
        ));
    }
    Ok(())
}

/// Reads the elements of a list.
pub struct Elements<'a>(Kind<'a>);

enum Kind<'a> {
    Struct(Box<dyn ExactSizeIterator<Item = StructReader<'a>> + 'a>),
    Pointer(Box<dyn ExactSizeIterator<Item = PointerReader<'a>> + 'a>),
    Data { list: ListReader<'a>, lg_bits: Option<u32>, index: u32 },
}

impl std::fmt::Debug for Elements<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Elements({})", self.len())
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = FieldReader<'a>;

    fn next(&mut self) -> Option<FieldReader<'a>> {
        match &mut self.0 {
            Kind::Struct(list) => Some(FieldReader(Source::Struct(list.next()?))),
            Kind::Pointer(list) => Some(FieldReader(Source::Pointer(list.next()?))),
            Kind::Data { list, lg_bits, index } => {
                if *index >= list.len() {
                    return None;
                }
                let bits = lg_bits.map_or(0, |lg_bits| raw::data_element(list, lg_bits, *index));
                *index += 1;
                Some(FieldReader(Source::Bits(bits)))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let length = match &self.0 {
            Kind::Struct(list) => list.len(),
            Kind::Pointer(list) => list.len(),
            Kind::Data { list, index, .. } => (list.len() - index) as usize,
        };
        (length, Some(length))
    }
}

impl ExactSizeIterator for Elements<'_> {}
