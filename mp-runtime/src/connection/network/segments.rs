//! Memory for messages.
//!
//! In: lengths. Out: segments to build a message in, and room for one that arrives. What was large is used again: the
//! system clears each page of fresh memory when it is touched, which takes longer than to write a message there.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError};

use capnp::Word;
use capnp::message::Allocator;

/// From so many words on memory is used again; lengths above are multiples of it.
const LARGE: usize = 8 << 10;
/// So many words are kept for that in the whole process: as much as two blocks of transactions.
const KEPT: usize = 1 << 20;
/// Memory is not used for less than a part of it.
const PART: usize = 4;
/// The words of a message's first segment.
const FIRST: u32 = 64;

/// Memory that nobody uses, that which was given back last at the end.
static UNUSED: Mutex<Vec<Vec<Word>>> = Mutex::new(Vec::new());

/// So much memory is asked for where this much is needed.
pub(super) fn rounded(words: usize) -> usize {
    if words < LARGE { words } else { words.next_multiple_of(LARGE) }
}

/// Memory for at least so many words, whatever is in it, if there is some.
pub(super) fn take(words: usize) -> Option<Vec<Word>> {
    if words < LARGE {
        return None;
    }
    let mut unused = UNUSED.lock().unwrap_or_else(PoisonError::into_inner);
    let fits = |memory: &Vec<Word>| (words..=words.saturating_mul(PART)).contains(&memory.capacity());
    let place = unused.iter().rposition(fits)?;
    Some(unused.remove(place))
}

/// Gives memory back.
pub(super) fn give(memory: Vec<Word>) {
    if memory.capacity() < LARGE || memory.capacity() > KEPT {
        return;
    }
    let mut unused = UNUSED.lock().unwrap_or_else(PoisonError::into_inner);
    unused.push(memory);
    let mut kept: usize = unused.iter().map(Vec::capacity).sum();
    while kept > KEPT {
        kept -= unused.remove(0).capacity();
    }
}

/// Segments for one message, each as long as all before it together, or longer where that is asked for.
#[derive(Debug)]
pub(crate) struct Segments {
    next: u32,
    /// Those that are used again.
    large: Vec<(NonNull<u8>, ManuallyDrop<Vec<Word>>)>,
}

#[allow(unsafe_code)]
// SAFETY: the pointers are those of the vectors beside them, which nobody uses until the segment is given back.
unsafe impl Send for Segments {}

impl Segments {
    pub(crate) fn new() -> Self {
        Segments { next: FIRST, large: Vec::new() }
    }

    fn take_large(&mut self, words: u32) -> Option<NonNull<u8>> {
        let mut memory = take(words as usize)?;
        memory.resize(words as usize, capnp::word(0, 0, 0, 0, 0, 0, 0, 0));
        Word::words_to_bytes_mut(&mut memory).fill(0);
        let pointer = NonNull::new(memory.as_mut_ptr().cast::<u8>())?;
        self.large.push((pointer, ManuallyDrop::new(memory)));
        Some(pointer)
    }
}

fn layout(words: u32) -> Layout {
    Layout::array::<Word>(words as usize).unwrap_or_else(|_| unreachable!("{words} words fit into memory"))
}

#[allow(unsafe_code)]
// SAFETY: every segment is memory of its own, aligned to words and cleared: fresh, or that of a vector which is kept
// beside its pointer and not touched until the segment is given back.
unsafe impl Allocator for Segments {
    fn allocate_segment(&mut self, minimum: u32) -> (NonNull<u8>, u32) {
        let wanted = minimum.max(self.next).max(1);
        let words = u32::try_from(rounded(wanted as usize)).unwrap_or(wanted);
        self.next = self.next.saturating_add(words).min(1 << 29);
        if let Some(pointer) = self.take_large(words) {
            return (pointer, words);
        }
        let layout = layout(words);
        // SAFETY: the layout is not empty.
        let pointer = unsafe { alloc_zeroed(layout) };
        (NonNull::new(pointer).unwrap_or_else(|| handle_alloc_error(layout)), words)
    }

    unsafe fn deallocate_segment(&mut self, pointer: NonNull<u8>, words: u32, _used: u32) {
        if let Some(place) = self.large.iter().position(|(known, _)| *known == pointer) {
            let (_, memory) = self.large.swap_remove(place);
            return give(ManuallyDrop::into_inner(memory));
        }
        if words as usize >= LARGE {
            let words = words as usize;
            // SAFETY: it was allocated with the layout of so many words, and all of them are set.
            return give(unsafe { Vec::from_raw_parts(pointer.as_ptr().cast(), words, words) });
        }
        // SAFETY: it was allocated with this layout.
        unsafe { dealloc(pointer.as_ptr(), layout(words)) }
    }
}

#[cfg(test)]
mod tests {
    use capnp::message::Builder;

    use super::*;

    #[test]
    fn segments_are_cleared_however_often_they_are_used() {
        for round in 1..4u8 {
            let mut message = Builder::new(Segments::new());
            let data = message.initn_root::<capnp::data::Builder<'_>>(300_000);
            assert!(data.iter().all(|byte| *byte == 0), "in round {round}");
            data.fill(round);
            let segments = message.get_segments_for_output();
            assert!(segments.len() > 1, "the first one is short");
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        for length in [LARGE, KEPT / 2, KEPT / 2, KEPT, KEPT + 1, 7 * LARGE] {
            give(Vec::with_capacity(length));
            let unused = UNUSED.lock().expect("a lock");
            assert!(unused.iter().map(Vec::capacity).sum::<usize>() <= KEPT);
        }
        give(Vec::with_capacity(4 * LARGE));
        assert!(take(LARGE / 2).is_none() && take(KEPT * 2).is_none());
        assert!(take(3 * LARGE).is_some_and(|memory| memory.capacity() >= 3 * LARGE));
    }
}
