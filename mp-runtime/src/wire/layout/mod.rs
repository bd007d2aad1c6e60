//! Where the fields of a struct lie.
//!
//! In: the slots of the fields, their ordinals, and which variant of the unnamed union each
//! belongs to. Out: places, as the reference compiler chooses them, computed while the Rust
//! compiler compiles.
//!
//! The rules are those of the [encoding page](https://capnproto.org/encoding.html): fields are
//! placed in the order of their ordinals; a field goes into the smallest hole that an earlier one
//! left, else into a new word; the variants of a union share their room, and its discriminant is
//! placed when the second variant gets its first field.

mod number;
mod room;
mod union;

use number::{holder, number};
use room::Struct;
use union::Union;

use super::slot::{Place, Slot, Slots};

/// A field, before it has a place.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// The room it takes.
    pub slots: Slots,
    /// Its ordinal, if it is explicit.
    pub ordinal: Option<u16>,
    /// The ordinal of its `hasX` flag, if it is explicit.
    pub has_ordinal: Option<u16>,
    /// 0 for a field of the struct itself, `n + 1` for one of the union's variant `n`.
    pub group: u16,
}

impl Member {
    /// A field of the struct itself, with the next ordinal.
    #[must_use]
    pub const fn new(slots: Slots) -> Self {
        Member { slots, ordinal: None, has_ordinal: None, group: 0 }
    }
}

/// A field with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldPlace {
    /// Its ordinal.
    pub ordinal: u16,
    /// Where its value lies.
    pub value: Place,
    /// The ordinal and place of its `hasX` flag.
    pub has: Option<(u16, Place)>,
}

/// The sizes that [`place`] found.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Words of the data section.
    pub data_words: u16,
    /// Words of the pointer section.
    pub pointers: u16,
    /// The position of the discriminant in 16-bit units, and the number of variants.
    pub discriminant: Option<(u32, u16)>,
}

/// Lays out a struct with a union of `variants` variants (0 for none): fills `fields`, one for each
/// member, and tells the sizes.
///
/// # Panics
///
/// At compile time where it runs then, when an ordinal is given twice or left out, or the struct is
/// too large.
#[track_caller]
pub const fn place(members: &[Member], variants: u16, fields: &mut [FieldPlace]) -> Sizes {
    let total = number(members, fields);
    let mut layout = Struct::new();
    let mut union = Union::new();
    let mut ordinal = 0;
    while ordinal < total {
        let (index, is_flag) = holder(members, fields, ordinal);
        let member = members[index];
        let slot = if is_flag { Slot::Bit } else { member.slots.value };
        let place =
            if member.group == 0 { layout.add(slot) } else { union.add(&mut layout, member.group, slot) };
        if is_flag {
            fields[index].has = Some((ordinal, place));
        } else {
            fields[index].value = place;
        }
        ordinal += 1;
    }
    // The discriminant stands also when fewer than two variants have fields with room.
    let discriminant = match union.discriminant {
        Some(offset) => Some((offset, variants)),
        None => None,
    };
    assert!(layout.data_words <= 0xffff && layout.pointers <= 0xffff, "the struct is too large");
    Sizes { data_words: layout.data_words as u16, pointers: layout.pointers as u16, discriminant }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn data(slot: Slot) -> Member {
        Member::new(Slots::one(slot))
    }

    fn lay_out(members: &[Member], variants: u16) -> (Vec<FieldPlace>, Sizes) {
        let mut fields = vec![FieldPlace { ordinal: 0, value: Place::VOID, has: None }; members.len()];
        let sizes = place(members, variants, &mut fields);
        (fields, sizes)
    }

    #[test]
    fn holes_are_reused() {
        // Bool, Int32, Int8, Int64, Int16: the word of the bool takes all but the Int64.
        let (fields, sizes) = lay_out(
            &[
                data(Slot::Bit),
                data(Slot::FourBytes),
                data(Slot::Byte),
                data(Slot::EightBytes),
                data(Slot::TwoBytes),
            ],
            0,
        );
        let offsets = fields.iter().map(|field| field.value.offset);
        assert_eq!(offsets.collect::<Vec<_>>(), [0, 1, 1, 1, 1]);
        assert_eq!(sizes.data_words, 2);
    }

    #[test]
    fn a_flag_takes_the_ordinal_after_its_value() {
        let (fields, _) = lay_out(&[Member::new(Slots::flagged(Slot::FourBytes)), data(Slot::Pointer)], 0);
        assert_eq!(fields[0].has, Some((1, Place { slot: Slot::Bit, offset: 32 })));
        assert_eq!(fields[1].ordinal, 2);
    }

    #[test]
    fn variants_share_their_room() {
        let variant = |group, slot| Member { group, ..data(slot) };
        let (fields, sizes) = lay_out(
            &[variant(1, Slot::FourBytes), variant(2, Slot::EightBytes), variant(3, Slot::Pointer)],
            3,
        );
        assert_eq!(fields[0].value.offset, 0);
        assert_eq!(fields[1].value.offset, 1);
        assert_eq!(sizes.discriminant, Some((2, 3)));
        assert_eq!((sizes.data_words, sizes.pointers), (2, 1));
    }

    #[test]
    #[should_panic(expected = "the same ordinal")]
    fn an_ordinal_belongs_to_one_field() {
        let member = Member { ordinal: Some(0), ..data(Slot::Bit) };
        let _ = lay_out(&[member, member], 0);
    }
}
