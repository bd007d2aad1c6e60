//! Writing a value into a message.
//!
//! In: a value's bits, bytes, text or capability. Out: a field of a struct or an element of a
//! list. [`FieldBuilder`] is the place where one value goes, [`BuildContext`] collects the
//! capabilities that travel with the message.

use capnp::private::layout::{
    ElementSize, ListBuilder, PointerBuilder, PrimitiveElement, StructBuilder, StructSize,
};

use super::capability::{MessageCap, SlotHook};
use super::node::FieldNode;
use super::raw;
use super::slot::{Place, Slot};
use super::wire_type::{WireType, mistake_in_list};
use super::{MESSAGE_LIMIT_WORDS, NESTING_LIMIT};
use crate::error::{Error, ErrorKind, Result};

/// What a message under construction carries besides its bytes.
#[derive(Debug)]
pub struct BuildContext<'c> {
    caps: &'c mut Vec<MessageCap>,
    connection: u64,
    /// How many structs are around the value that is being written.
    depth: i32,
}

impl<'c> BuildContext<'c> {
    /// `connection` is the id of the connection the message is for.
    pub(crate) fn new(caps: &'c mut Vec<MessageCap>, connection: u64) -> Self {
        BuildContext { caps, connection, depth: 0 }
    }

    pub(crate) fn connection(&self) -> u64 {
        self.connection
    }

    /// Writes a field with `write`, unless it lies deeper than any peer would read. Only structs
    /// hold themselves, so this is what bounds the depth of a message, and of the stack that it
    /// takes to copy one.
    pub(super) fn nested(&mut self, write: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        if self.depth > NESTING_LIMIT {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("the value is nested more than the {NESTING_LIMIT} levels deep that one may be"),
            ));
        }
        self.depth += 1;
        let written = write(self);
        self.depth -= 1;
        written
    }
}

/// The place where one value goes: a field of a struct or an element of a list.
pub struct FieldBuilder<'a>(Target<'a>);

enum Target<'a> {
    Field {
        parent: StructBuilder<'a>,
        place: Place,
        has: Option<Place>,
        mask: u64,
    },
    Pointer(PointerBuilder<'a>),
    /// An element of a list where empty bytes are none.
    Optional(PointerBuilder<'a>),
    Struct(StructBuilder<'a>),
    Element {
        list: ListBuilder<'a>,
        index: u32,
        slot: Slot,
    },
}

impl std::fmt::Debug for FieldBuilder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FieldBuilder")
    }
}

impl<'a> FieldBuilder<'a> {
    /// The place of `field` in `parent`.
    pub(crate) fn field(parent: StructBuilder<'a>, field: &FieldNode) -> Self {
        FieldBuilder(Target::Field {
            parent,
            place: field.place,
            has: field.has.map(|(_, place)| place),
            mask: field.default.mask(),
        })
    }

    /// The place of a value whose fields are those of this struct.
    pub(crate) fn whole(structure: StructBuilder<'a>) -> Self {
        FieldBuilder(Target::Struct(structure))
    }

    /// Writes the low bits of a number, as many as the field's slot takes.
    pub fn set_bits(self, bits: u64) {
        match self.0 {
            Target::Field { parent, place: Place { slot, offset }, mask, .. } => {
                let offset = offset as usize;
                let bits = bits ^ mask;
                match slot {
                    Slot::Bit => parent.set_bool_field(offset, bits & 1 == 1),
                    Slot::Byte => parent.set_data_field(offset, bits as u8),
                    Slot::TwoBytes => parent.set_data_field(offset, bits as u16),
                    Slot::FourBytes => parent.set_data_field(offset, bits as u32),
                    Slot::EightBytes => parent.set_data_field(offset, bits),
                    Slot::Void | Slot::Pointer => {}
                }
            }
            Target::Element { list, index, slot } => match slot {
                Slot::Bit => PrimitiveElement::set(&list, index, bits & 1 == 1),
                Slot::Byte => PrimitiveElement::set(&list, index, bits as u8),
                Slot::TwoBytes => PrimitiveElement::set(&list, index, bits as u16),
                Slot::FourBytes => PrimitiveElement::set(&list, index, bits as u32),
                Slot::EightBytes => PrimitiveElement::set(&list, index, bits),
                Slot::Void | Slot::Pointer => {}
            },
            Target::Pointer(_) | Target::Optional(_) | Target::Struct(_) => {}
        }
    }

    /// The place of a value that is there, and not none, where a reader takes empty bytes for none.
    pub(super) fn of_some(self) -> Self {
        match self.0 {
            Target::Pointer(pointer) => FieldBuilder(Target::Optional(pointer)),
            _ => self,
        }
    }

    /// Sets the field's `hasX` flag, where it has one.
    pub fn set_has(&mut self) {
        if let Target::Field { parent, has: Some(place), .. } = &self.0 {
            parent.set_bool_field(place.offset as usize, true);
        }
    }

    fn into_pointer(self) -> Result<PointerBuilder<'a>> {
        match self.0 {
            Target::Field { parent, place, .. } if place.slot.is_pointer() => {
                Ok(parent.get_pointer_field(place.offset as usize))
            }
            Target::Pointer(pointer) | Target::Optional(pointer) => Ok(pointer),
            _ => Err(Error::new(
                ErrorKind::Misuse,
                "a conversion wrote a pointer where its type declares no pointer slot",
            )),
        }
    }

    /// Writes text.
    ///
    /// # Errors
    ///
    /// When the field is not a pointer.
    pub fn set_text(self, text: &str) -> Result<()> {
        check_length(text.len() + 1)?;
        self.into_pointer()?.set_text(text.into());
        Ok(())
    }

    /// Writes bytes.
    ///
    /// # Errors
    ///
    /// When the field is not a pointer, or the bytes exceed what a message can hold, or there are none where a reader would
    /// take that for no value.
    pub fn set_data(self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() && matches!(self.0, Target::Optional(_)) {
            return Err(Error::bad_value(
                "empty bytes in a list of optional ones would arrive as none; leave them out, or hold a struct with an \
                 `Option` field",
            ));
        }
        check_length(bytes.len())?;
        self.into_pointer()?.set_data(bytes);
        Ok(())
    }

    /// Writes a capability.
    pub(crate) fn set_capability(self, cx: &mut BuildContext<'_>, cap: MessageCap) -> Result<()> {
        let index = cx.caps.len();
        self.into_pointer()?.set_capability(Box::new(SlotHook::new(index)));
        cx.caps.push(cap);
        Ok(())
    }

    /// Starts a struct of this size.
    pub(crate) fn init_struct(self, size: StructSize) -> Result<StructBuilder<'a>> {
        match self.0 {
            Target::Struct(builder) => Ok(builder),
            _ => Ok(self.into_pointer()?.init_struct(size)),
        }
    }

    /// Writes a list, element by element.
    ///
    /// # Errors
    ///
    /// When an element does not fit; the error's field path names its position.
    pub fn set_list<T, M, I>(
        self,
        items: I,
        mut write: impl FnMut(I::Item, FieldBuilder<'_>) -> Result<()>,
    ) -> Result<()>
    where
        T: WireType<M>,
        M: ?Sized,
        I: ExactSizeIterator,
    {
        if let Some(mistake) = mistake_in_list::<T, M>() {
            return Err(Error::new(ErrorKind::Misuse, mistake));
        }
        let length = check_count(items.len())?;
        let pointer = self.into_pointer()?;
        let named =
            |index: u32, result: Result<()>| result.map_err(|error| error.in_field(&format!("[{index}]")));
        if let Some((data, pointers)) = T::STRUCT {
            let mut list = raw::init_structs(pointer, length, StructSize { data, pointers })
                .map_err(|error| Error::from_message(&error))?;
            for (index, item) in (0..length).zip(items) {
                let element = list.reborrow().get(index).0;
                named(index, write(item, FieldBuilder(Target::Struct(element))))?;
            }
        } else if T::SLOTS.value.is_pointer() {
            let mut list = pointer.init_list(ElementSize::Pointer, length);
            for (index, item) in (0..length).zip(items) {
                let element = list.reborrow().get_pointer_element(index);
                named(index, write(item, FieldBuilder(Target::Pointer(element))))?;
            }
        } else {
            let slot = T::SLOTS.value;
            let mut list = pointer.init_list(slot.element_size(), length);
            for (index, item) in (0..length).zip(items) {
                let element = Target::Element { list: list.reborrow(), index, slot };
                named(index, write(item, FieldBuilder(element)))?;
            }
        }
        Ok(())
    }
}

fn check_length(bytes: usize) -> Result<()> {
    if bytes > MESSAGE_LIMIT_WORDS * 8 {
        return Err(Error::new(
            ErrorKind::Limit,
            format!("{bytes} bytes exceed the limit of one message, 64 MiB"),
        ));
    }
    Ok(())
}

fn check_count(count: usize) -> Result<u32> {
    u32::try_from(count)
        .ok()
        .filter(|count| *count < 1 << 29)
        .ok_or_else(|| Error::new(ErrorKind::Limit, format!("{count} elements exceed the limit of a list")))
}
