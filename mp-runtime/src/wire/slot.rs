//! How much room a value takes in a Cap'n Proto struct.
//!
//! In: nothing. Out: [`Slot`] (one field's room), [`Slots`] (a value and, for some optionals, its
//! `hasX` flag) and [`Place`] (where the layout put it).
//!
//! Sizes follow the [encoding page](https://capnproto.org/encoding.html) of Cap'n Proto.

use capnp::private::layout::ElementSize;

/// The room that one schema field takes in a struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// No room at all (`Void`).
    Void,
    /// One bit of the data section (`Bool`).
    Bit,
    /// Eight bits of the data section.
    Byte,
    /// Sixteen bits of the data section.
    TwoBytes,
    /// Thirty-two bits of the data section.
    FourBytes,
    /// Sixty-four bits of the data section.
    EightBytes,
    /// One word of the pointer section.
    Pointer,
}

impl Slot {
    /// The base-two logarithm of the slot's width in bits, or `None` for slots outside the data
    /// section.
    #[must_use]
    pub const fn lg_bits(self) -> Option<u32> {
        match self {
            Slot::Bit => Some(0),
            Slot::Byte => Some(3),
            Slot::TwoBytes => Some(4),
            Slot::FourBytes => Some(5),
            Slot::EightBytes => Some(6),
            Slot::Void | Slot::Pointer => None,
        }
    }

    /// The size of a list element that is not a struct.
    pub(crate) const fn element_size(self) -> ElementSize {
        match self {
            Slot::Void => ElementSize::Void,
            Slot::Bit => ElementSize::Bit,
            Slot::Byte => ElementSize::Byte,
            Slot::TwoBytes => ElementSize::TwoBytes,
            Slot::FourBytes => ElementSize::FourBytes,
            Slot::EightBytes => ElementSize::EightBytes,
            Slot::Pointer => ElementSize::Pointer,
        }
    }

    /// Whether the slot lies in the pointer section.
    #[must_use]
    pub const fn is_pointer(self) -> bool {
        matches!(self, Slot::Pointer)
    }
}

/// The slots of one Rust field: its value and, where the type needs one, a `hasX` flag beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    /// The slot of the value.
    pub value: Slot,
    /// Whether a `Bool` named `hasX` follows the value.
    pub has_flag: bool,
}

impl Slots {
    /// A value without a flag.
    #[must_use]
    pub const fn one(value: Slot) -> Self {
        Slots { value, has_flag: false }
    }

    /// A value with a `hasX` flag beside it.
    #[must_use]
    pub const fn flagged(value: Slot) -> Self {
        Slots { value, has_flag: true }
    }

    /// The same value, with a `hasX` flag (`optional = flag`).
    #[must_use]
    pub const fn with_flag(self) -> Self {
        Slots::flagged(self.value)
    }

    /// The same value, where a null pointer stands for none (`optional = null`).
    ///
    /// # Panics
    ///
    /// At compile time when the value is not a pointer, which cannot be null.
    #[must_use]
    #[track_caller]
    pub const fn with_null(self) -> Self {
        assert!(
            self.value.is_pointer(),
            "`optional = null` needs a type that the wire holds behind a pointer; use `optional = flag`"
        );
        Slots::one(self.value)
    }
}

/// Where the layout put a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The slot that was placed.
    pub slot: Slot,
    /// The position, counted in slots of this size from the start of the section (bits for
    /// [`Slot::Bit`], words for [`Slot::Pointer`]; 0 for [`Slot::Void`]).
    pub offset: u32,
}

impl Place {
    /// Whether another place is this one, where the compiler computes.
    pub(super) const fn is(self, other: Place) -> bool {
        self.offset == other.offset && self.slot as u8 == other.slot as u8
    }

    /// The place of a value that takes no room.
    pub const VOID: Place = Place { slot: Slot::Void, offset: 0 };
}
