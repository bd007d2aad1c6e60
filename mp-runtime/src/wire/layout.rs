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

/// Gives every value and flag its ordinal; returns how many there are.
const fn number(members: &[Member], fields: &mut [FieldPlace]) -> u16 {
    assert!(members.len() == fields.len() && members.len() < 0x4000, "the struct has too many fields");
    let mut next = 0;
    let mut total = 0;
    let mut index = 0;
    while index < members.len() {
        let member = members[index];
        let ordinal = match member.ordinal {
            Some(ordinal) => ordinal,
            None => {
                next = free_from(members, next);
                next += 1;
                next - 1
            }
        };
        fields[index].ordinal = ordinal;
        total += 1;
        fields[index].has = None;
        if member.slots.has_flag {
            let ordinal = match member.has_ordinal {
                Some(ordinal) => ordinal,
                None => {
                    // A flag follows its value, whether that one's ordinal is explicit or not.
                    let wanted = ordinal + 1;
                    if member.ordinal.is_some() && !is_explicit(members, wanted) && wanted >= next {
                        if wanted == next {
                            next += 1;
                        }
                        wanted
                    } else {
                        next = free_from(members, next);
                        next += 1;
                        next - 1
                    }
                }
            };
            fields[index].has = Some((ordinal, Place::VOID));
            total += 1;
        }
        index += 1;
    }
    let mut ordinal = 0;
    while ordinal < total {
        // Finds exactly one holder, or says what is wrong.
        let _ = holder(members, fields, ordinal);
        ordinal += 1;
    }
    total
}

const fn is_explicit(members: &[Member], ordinal: u16) -> bool {
    let mut index = 0;
    while index < members.len() {
        if let Some(own) = members[index].ordinal
            && own == ordinal
        {
            return true;
        }
        if let Some(own) = members[index].has_ordinal
            && own == ordinal
        {
            return true;
        }
        index += 1;
    }
    false
}

const fn free_from(members: &[Member], mut ordinal: u16) -> u16 {
    while is_explicit(members, ordinal) {
        ordinal += 1;
    }
    ordinal
}

/// The field that has an ordinal, and whether it is its flag's.
const fn holder(members: &[Member], fields: &[FieldPlace], ordinal: u16) -> (usize, bool) {
    let mut found = None;
    let mut index = 0;
    while index < members.len() {
        if fields[index].ordinal == ordinal {
            assert!(found.is_none(), "two fields have the same ordinal; give one of them another");
            found = Some((index, false));
        }
        if let Some((own, _)) = fields[index].has
            && own == ordinal
        {
            assert!(found.is_none(), "two fields have the same ordinal; give one of them another");
            found = Some((index, true));
        }
        index += 1;
    }
    match found {
        Some(found) => found,
        None => panic!(
            "the ordinals of the fields have a gap; they count from 0, and a `hasX` flag or the `context` of a method takes one as well"
        ),
    }
}

/// Room of each size that earlier fields left free. 0 is none: a hole never starts a section.
#[derive(Clone, Copy)]
struct Holes([u32; 6]);

impl Holes {
    const fn new() -> Self {
        Holes([0; 6])
    }

    /// Takes a hole of this size, splitting a larger one if need be.
    const fn take(&mut self, lg: u32) -> Option<u32> {
        // Find the smallest hole that is large enough, then split it down.
        let mut size = lg;
        while size < 6 && self.0[size as usize] == 0 {
            size += 1;
        }
        if size >= 6 {
            return None;
        }
        let mut offset = self.0[size as usize];
        self.0[size as usize] = 0;
        while size > lg {
            size -= 1;
            offset *= 2;
            self.0[size as usize] = offset + 1;
        }
        Some(offset)
    }

    /// Notes what is left of a space of size `limit` after a field of size `lg` at its start, where
    /// `offset` is the place after that field.
    const fn add_rest(&mut self, mut lg: u32, mut offset: u32, limit: u32) {
        while lg < limit {
            self.0[lg as usize] = offset;
            lg += 1;
            offset = offset.div_ceil(2);
        }
    }

    /// Grows a field by `factor` doublings into the holes right after it.
    const fn expand(&mut self, lg: u32, offset: u32, factor: u32) -> bool {
        let mut step = 0;
        while step < factor {
            let size = lg + step;
            if size >= 6 || self.0[size as usize] != (offset >> step) + 1 {
                return false;
            }
            step += 1;
        }
        step = 0;
        while step < factor {
            self.0[(lg + step) as usize] = 0;
            step += 1;
        }
        true
    }

    /// The size of the smallest hole that holds this size.
    const fn smallest(&self, lg: u32) -> Option<u32> {
        let mut size = lg;
        while size < 6 {
            if self.0[size as usize] != 0 {
                return Some(size);
            }
            size += 1;
        }
        None
    }
}

/// The struct itself.
struct Struct {
    data_words: u32,
    pointers: u32,
    holes: Holes,
}

impl Struct {
    const fn new() -> Self {
        Struct { data_words: 0, pointers: 0, holes: Holes::new() }
    }

    const fn add(&mut self, slot: Slot) -> Place {
        match slot.lg_bits() {
            Some(lg) => Place { slot, offset: self.add_data(lg) },
            None if slot.is_pointer() => Place { slot, offset: self.add_pointer() },
            None => Place::VOID,
        }
    }

    const fn add_data(&mut self, lg: u32) -> u32 {
        if let Some(offset) = self.holes.take(lg) {
            return offset;
        }
        let offset = self.data_words << (6 - lg);
        self.data_words += 1;
        self.holes.add_rest(lg, offset + 1, 6);
        offset
    }

    const fn add_pointer(&mut self) -> u32 {
        self.pointers += 1;
        self.pointers - 1
    }
}

/// How many places a union may have taken in the struct, and variants that may hold something.
/// Both are bounds of arrays that live only while a layout is computed.
const LOCATIONS: usize = 64;
const VARIANTS: usize = 256;

/// A place in the struct that the variants share.
#[derive(Clone, Copy)]
struct Location {
    lg: u32,
    offset: u32,
}

/// What one variant uses of a location.
#[derive(Clone, Copy)]
struct Usage {
    used: bool,
    lg_used: u32,
    holes: Holes,
}

/// The unnamed union of a struct.
struct Union {
    discriminant: Option<u32>,
    /// Variants with at least one field.
    begun: u32,
    has_fields: [bool; VARIANTS],
    data: [Location; LOCATIONS],
    data_count: usize,
    pointers: [u32; LOCATIONS],
    pointer_count: usize,
    pointers_used: [u8; VARIANTS],
    usages: UsageTable,
}

/// The usage of every location by every variant, as a list of the pairs that differ from "unused".
struct UsageTable {
    keys: [(u16, u8); USAGES],
    values: [Usage; USAGES],
    count: usize,
}

/// Pairs of variants and locations that may be in use.
const USAGES: usize = 1024;

impl UsageTable {
    const fn find(&self, variant: u16, location: usize) -> Option<usize> {
        let mut index = 0;
        while index < self.count {
            if self.keys[index].0 == variant && self.keys[index].1 as usize == location {
                return Some(index);
            }
            index += 1;
        }
        None
    }

    const fn get(&self, variant: u16, location: usize) -> Usage {
        match self.find(variant, location) {
            Some(index) => self.values[index],
            None => Usage { used: false, lg_used: 0, holes: Holes::new() },
        }
    }

    const fn set(&mut self, variant: u16, location: usize, usage: Usage) {
        let index = match self.find(variant, location) {
            Some(index) => index,
            None => {
                assert!(self.count < USAGES, "the union is too large");
                self.keys[self.count] = (variant, location as u8);
                self.count += 1;
                self.count - 1
            }
        };
        self.values[index] = usage;
    }
}

impl Union {
    const fn new() -> Self {
        let unused = Usage { used: false, lg_used: 0, holes: Holes::new() };
        Union {
            discriminant: None,
            begun: 0,
            has_fields: [false; VARIANTS],
            data: [Location { lg: 0, offset: 0 }; LOCATIONS],
            data_count: 0,
            pointers: [0; LOCATIONS],
            pointer_count: 0,
            pointers_used: [0; VARIANTS],
            usages: UsageTable { keys: [(0, 0); USAGES], values: [unused; USAGES], count: 0 },
        }
    }

    const fn add(&mut self, parent: &mut Struct, variant: u16, slot: Slot) -> Place {
        assert!((variant as usize) < VARIANTS, "a union may have at most 255 variants");
        if !self.has_fields[variant as usize] {
            self.has_fields[variant as usize] = true;
            self.begun += 1;
            assert!(
                self.begun == variant as u32,
                "a union's variants are numbered in the order of their lowest ordinals; declare them in that order"
            );
            if self.begun == 2 {
                self.discriminant = Some(parent.add_data(4));
            }
        }
        match slot.lg_bits() {
            Some(lg) => Place { slot, offset: self.add_data(parent, variant, lg) },
            None if slot.is_pointer() => Place { slot, offset: self.add_pointer(parent, variant) },
            None => Place::VOID,
        }
    }

    const fn add_pointer(&mut self, parent: &mut Struct, variant: u16) -> u32 {
        let used = self.pointers_used[variant as usize] as usize;
        self.pointers_used[variant as usize] += 1;
        if used < self.pointer_count {
            return self.pointers[used];
        }
        let offset = parent.add_pointer();
        assert!(self.pointer_count < LOCATIONS, "the union has too many pointers");
        self.pointers[self.pointer_count] = offset;
        self.pointer_count += 1;
        offset
    }

    const fn add_data(&mut self, parent: &mut Struct, variant: u16, lg: u32) -> u32 {
        // The location with the smallest room that is large enough.
        let mut best: Option<(usize, u32)> = None;
        let mut index = 0;
        while index < self.data_count {
            let location = self.data[index];
            let usage = self.usages.get(variant, index);
            if let Some(room) = smallest_room(location, &usage, lg) {
                let better = match best {
                    Some((_, size)) => room < size,
                    None => true,
                };
                if better {
                    best = Some((index, room));
                }
            }
            index += 1;
        }
        if let Some((index, _)) = best {
            let location = self.data[index];
            let mut usage = self.usages.get(variant, index);
            let offset = allocate(location, &mut usage, lg);
            self.usages.set(variant, index, usage);
            return offset;
        }
        // No location has room; perhaps one can grow into a hole of the struct.
        index = 0;
        while index < self.data_count {
            let mut location = self.data[index];
            let mut usage = self.usages.get(variant, index);
            if let Some(offset) = allocate_by_growing(parent, &mut location, &mut usage, lg) {
                self.data[index] = location;
                self.usages.set(variant, index, usage);
                return offset;
            }
            index += 1;
        }
        let offset = parent.add_data(lg);
        assert!(self.data_count < LOCATIONS, "the union has too many fields");
        self.data[self.data_count] = Location { lg, offset };
        self.usages.set(variant, self.data_count, Usage { used: true, lg_used: lg, holes: Holes::new() });
        self.data_count += 1;
        offset
    }
}

/// The size of the smallest room for a field of this size at a location.
const fn smallest_room(location: Location, usage: &Usage, lg: u32) -> Option<u32> {
    if !usage.used {
        return if lg <= location.lg { Some(location.lg) } else { None };
    }
    if lg >= usage.lg_used {
        // Does not fit into a hole of what is used, but the other half may be free.
        return if lg < location.lg { Some(lg) } else { None };
    }
    match usage.holes.smallest(lg) {
        Some(size) => Some(size),
        None if usage.lg_used < location.lg => Some(usage.lg_used),
        None => None,
    }
}

/// Places a field at a location that has room for it.
const fn allocate(location: Location, usage: &mut Usage, lg: u32) -> u32 {
    let within = if !usage.used {
        usage.used = true;
        usage.lg_used = lg;
        0
    } else if lg >= usage.lg_used {
        usage.holes.add_rest(usage.lg_used, 1, lg);
        usage.lg_used = lg + 1;
        1
    } else if let Some(hole) = usage.holes.take(lg) {
        hole
    } else {
        // Uses the next part of the location, as large as all that is used so far.
        let within = 1 << (usage.lg_used - lg);
        usage.holes.add_rest(lg, within + 1, usage.lg_used);
        usage.lg_used += 1;
        within
    };
    (location.offset << (location.lg - lg)) + within
}

/// Places a field at a location that must grow for it.
const fn allocate_by_growing(
    parent: &mut Struct,
    location: &mut Location,
    usage: &mut Usage,
    lg: u32,
) -> Option<u32> {
    if !usage.used {
        if !grow(parent, location, lg) {
            return None;
        }
        usage.used = true;
        usage.lg_used = lg;
        return Some(location.offset << (location.lg - lg));
    }
    let wanted = if usage.lg_used > lg { usage.lg_used } else { lg } + 1;
    if wanted > location.lg && !grow(parent, location, wanted) {
        return None;
    }
    usage.holes.add_rest(usage.lg_used, 1, wanted);
    usage.lg_used = wanted;
    match usage.holes.take(lg) {
        Some(within) => Some((location.offset << (location.lg - lg)) + within),
        None => None,
    }
}

/// Grows a location of the union into the holes of the struct right after it.
const fn grow(parent: &mut Struct, location: &mut Location, lg: u32) -> bool {
    if lg <= location.lg {
        return true;
    }
    let factor = lg - location.lg;
    let aligned = location.offset & ((1 << factor) - 1) == 0;
    if lg > 6 || !aligned || !parent.holes.expand(location.lg, location.offset, factor) {
        return false;
    }
    location.offset >>= factor;
    location.lg = lg;
    true
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
