//! The sections of a struct, and the holes that fields leave in them.
//!
//! In: slots, one after the other. Out: places.

use crate::wire::slot::{Place, Slot};

/// Room of each size that earlier fields left free. 0 is none: a hole never starts a section.
#[derive(Clone, Copy)]
pub(super) struct Holes([u32; 6]);

impl Holes {
    pub(super) const fn new() -> Self {
        Holes([0; 6])
    }

    /// Takes a hole of this size, splitting a larger one if need be.
    pub(super) const fn take(&mut self, lg: u32) -> Option<u32> {
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
    pub(super) const fn add_rest(&mut self, mut lg: u32, mut offset: u32, limit: u32) {
        while lg < limit {
            self.0[lg as usize] = offset;
            lg += 1;
            offset = offset.div_ceil(2);
        }
    }

    /// Grows a field by `factor` doublings into the holes right after it.
    pub(super) const fn expand(&mut self, lg: u32, offset: u32, factor: u32) -> bool {
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
    pub(super) const fn smallest(&self, lg: u32) -> Option<u32> {
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
pub(super) struct Struct {
    pub(super) data_words: u32,
    pub(super) pointers: u32,
    pub(super) holes: Holes,
}

impl Struct {
    pub(super) const fn new() -> Self {
        Struct { data_words: 0, pointers: 0, holes: Holes::new() }
    }

    pub(super) const fn add(&mut self, slot: Slot) -> Place {
        match slot.lg_bits() {
            Some(lg) => Place { slot, offset: self.add_data(lg) },
            None if slot.is_pointer() => Place { slot, offset: self.add_pointer() },
            None => Place::VOID,
        }
    }

    pub(super) const fn add_data(&mut self, lg: u32) -> u32 {
        if let Some(offset) = self.holes.take(lg) {
            return offset;
        }
        let offset = self.data_words << (6 - lg);
        self.data_words += 1;
        self.holes.add_rest(lg, offset + 1, 6);
        offset
    }

    pub(super) const fn add_pointer(&mut self) -> u32 {
        self.pointers += 1;
        self.pointers - 1
    }
}
