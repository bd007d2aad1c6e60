//! The unnamed union of a struct, whose variants share their room.
//!
//! In: slots, each with its variant. Out: places, and that of the discriminant.

use super::room::{Holes, Struct};
use crate::wire::slot::{Place, Slot};

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
pub(super) struct Union {
    pub(super) discriminant: Option<u32>,
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

    #[track_caller]
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
    pub(super) const fn new() -> Self {
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

    #[track_caller]
    pub(super) const fn add(&mut self, parent: &mut Struct, variant: u16, slot: Slot) -> Place {
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

    #[track_caller]
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

    #[track_caller]
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
