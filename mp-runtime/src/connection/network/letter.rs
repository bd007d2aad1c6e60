//! A message on its way to the peer.
//!
//! In: a message of capnp-rpc, and a struct that belongs into it, in a message of its own. Out: the bytes of the
//! message with the struct, of which only the first segment is copied.
//!
//! capnp-rpc builds a call or an answer in a message of its own. What another thread has built before would have to be
//! copied into that. So a large struct stays where it is, capnp-rpc sees none, and here the two become one message: its
//! first segment is the struct's first one with capnp-rpc's only one behind it, and the struct's other segments follow
//! under the numbers that they have. Pointers inside either are relative, or name a segment that keeps its number; what
//! changes is the root, and the pointer to the struct.

use std::io::IoSlice;
use std::rc::Rc;

use capnp::message::{Allocator, Builder, HeapAllocator};

use super::segments::Segments;

/// A struct in a message of its own.
pub(crate) type Content = Builder<Segments>;
type Message = Rc<Builder<HeapAllocator>>;

/// What a message costs beside its segments.
const OVERHEAD: usize = 512;

/// A message, ready to be written.
pub(super) struct Letter {
    /// The table of segments, and the first segment if it is not the message's own.
    head: Vec<u8>,
    message: Message,
    content: Option<Box<Content>>,
    bytes: usize,
}

fn segments_of<A: Allocator>(message: &Builder<A>) -> impl Iterator<Item = &[u8]> {
    let (one, many) = match message.get_segments_for_output() {
        capnp::OutputSegments::SingleSegment([segment]) => (Some(segment), Vec::new()),
        capnp::OutputSegments::MultiSegment(segments) => (None, segments),
    };
    one.into_iter().chain(many)
}

/// How many bytes a message takes until it is written, if it is as capnp-rpc has it.
pub(super) fn cost(message: &Builder<HeapAllocator>) -> usize {
    OVERHEAD + segments_of(message).map(<[u8]>::len).sum::<usize>()
}

/// A table of segments of these lengths in bytes.
fn table(lengths: impl Iterator<Item = usize>) -> Vec<u8> {
    let mut table = vec![0; 4];
    let mut count = 0u32;
    for length in lengths {
        table.extend_from_slice(&u32::try_from(length / 8).unwrap_or(u32::MAX).to_le_bytes());
        count += 1;
    }
    table[..4].copy_from_slice(&count.wrapping_sub(1).to_le_bytes());
    table.resize(table.len().next_multiple_of(8), 0);
    table
}

impl Letter {
    /// A message of capnp-rpc as it is.
    pub(super) fn new(message: Message) -> Self {
        let head = table(segments_of(&message).map(<[u8]>::len));
        let bytes = head.len() + segments_of(&message).map(<[u8]>::len).sum::<usize>();
        Letter { head, message, content: None, bytes }
    }

    /// A call or an answer of capnp-rpc, with `content` as its content.
    ///
    /// # Errors
    ///
    /// When the message is no call and no answer, or has several segments.
    pub(super) fn with_content(message: Message, content: Content) -> capnp::Result<Self> {
        let first = {
            let mut envelope = segments_of(&message);
            let (Some(envelope), None) = (envelope.next(), envelope.next()) else {
                return Err(capnp::Error::failed("the envelope of a message has several segments".into()));
            };
            let inner = segments_of(&content).next().unwrap_or_default();
            join(&words(inner), &words(envelope)).ok_or_else(|| {
                capnp::Error::failed("the envelope of a message is that of no call and no answer".into())
            })?
        };
        let rest = segments_of(&content).skip(1).map(<[u8]>::len);
        let mut head = table(std::iter::once(first.len() * 8).chain(rest));
        head.extend(first.iter().flat_map(|word| word.to_le_bytes()));
        let bytes = head.len() + segments_of(&content).skip(1).map(<[u8]>::len).sum::<usize>();
        Ok(Letter { head, message, content: Some(Box::new(content)), bytes })
    }

    /// How many bytes it has.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many bytes it takes until it is written.
    pub(super) fn cost(&self) -> usize {
        OVERHEAD + self.bytes
    }

    /// Its parts, without the first `skipped` bytes.
    pub(super) fn parts<'p>(&'p self, mut skipped: usize, parts: &mut Vec<IoSlice<'p>>) {
        let mut add = |part: &'p [u8]| {
            let start = skipped.min(part.len());
            skipped -= start;
            if start < part.len() {
                parts.push(IoSlice::new(&part[start..]));
            }
        };
        add(&self.head);
        match &self.content {
            None => segments_of(&self.message).for_each(add),
            Some(content) => segments_of(content).skip(1).for_each(add),
        }
    }
}

fn words(bytes: &[u8]) -> Vec<u64> {
    bytes
        .chunks_exact(8)
        .map(|word| word.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
        .collect()
}

/// A near pointer to a struct, as the encoding specification has it.
#[derive(Clone, Copy)]
struct StructPointer {
    /// Where the struct begins, in words of the segment.
    start: usize,
    data: usize,
    pointers: usize,
}

impl StructPointer {
    /// The pointer at a place, if it is a near one to a struct.
    fn at(segment: &[u64], place: usize) -> Option<Self> {
        let word = *segment.get(place)?;
        if word == 0 || word & 3 != 0 {
            return None;
        }
        let start = target(word, place)?;
        let (data, pointers) = (word >> 32 & 0xffff, word >> 48);
        Some(StructPointer { start, data: data as usize, pointers: pointers as usize })
    }

    /// The place of one of the struct's pointers.
    fn field(self, index: usize) -> Option<usize> {
        (index < self.pointers).then(|| self.start + self.data + index)
    }
}

/// Where a near pointer at a place leads.
fn target(word: u64, place: usize) -> Option<usize> {
    let offset = (word as u32).cast_signed() >> 2;
    place.checked_add(1)?.checked_add_signed(offset as isize)
}

/// A near pointer as it is at `place` if it is to lead to `target`; any other one as it was.
fn moved(word: u64, place: usize, target: usize) -> Option<u64> {
    if word & 3 > 1 {
        return Some(word);
    }
    let offset = i32::try_from(target as i64 - place as i64 - 1).ok()?;
    let low = u64::from((offset << 2).cast_unsigned()) | word & 3;
    (offset << 2 >> 2 == offset).then_some(word & !0xffff_ffff | low)
}

/// Whether a message's root is where [`join`] needs it.
pub(crate) fn can_be_content(message: &Content) -> bool {
    segments_of(message)
        .next()
        .and_then(|segment| segment.get(..8))
        .is_some_and(|root| StructPointer::at(&words(root), 0).is_some())
}

/// The first segment of a call or an answer with content: that of the content, and behind it the envelope, whose
/// pointers lead into it. What the envelope's own content has of pointers goes into the content's.
fn join(content: &[u64], envelope: &[u64]) -> Option<Vec<u64>> {
    const CALL: u64 = 2;
    const RETURN: u64 = 3;
    let behind = content.len();
    let inner = StructPointer::at(content, 0)?;
    let root = StructPointer::at(envelope, 0)?;
    let body = StructPointer::at(envelope, root.field(0)?)?;
    let payload = match envelope.get(root.start)? & 0xffff {
        CALL => body.field(1)?,
        RETURN => body.field(0)?,
        _ => return None,
    };
    let place = StructPointer::at(envelope, payload)?.field(0)?;
    let mut joined = Vec::with_capacity(behind + envelope.len());
    joined.extend_from_slice(content);
    joined.extend_from_slice(envelope);
    joined[0] = moved(envelope[0], 0, behind + root.start)?;
    joined[behind + place] = moved(content[0], behind + place, inner.start)?;
    if let Some(given) = StructPointer::at(envelope, place) {
        for index in 0..given.pointers {
            let from = given.field(index)?;
            let word = *envelope.get(from)?;
            if word != 0 {
                let to = inner.field(index)?;
                joined[to] = moved(word, to, behind + target(word, from)?)?;
            }
        }
    }
    Some(joined)
}

#[cfg(test)]
mod tests {
    use capnp::any_pointer;
    use capnp_rpc::rpc_capnp::{message, payload, return_};

    use super::super::super::budget::Budget;
    use super::super::frame::FrameReader;
    use super::*;
    use crate::limits::Limits;
    use crate::wire::raw::{RawPointerBuilder, RawPointerReader};
    use capnp::private::layout::StructSize;

    /// A struct of a number, a text and bytes; a further pointer is left out.
    fn content(length: u32) -> Content {
        let mut message = Builder::new(Segments::new());
        let RawPointerBuilder(root) = message
            .get_root::<any_pointer::Builder<'_>>()
            .and_then(any_pointer::Builder::get_as)
            .expect("a root");
        let mut structure = root.init_struct(StructSize { data: 1, pointers: 3 });
        structure.set_data_field(0, 77u64);
        structure.reborrow().get_pointer_field(0).set_text("a text".into());
        structure.get_pointer_field(1).init_data(length).fill(7);
        message
    }

    /// Writes a letter and reads it as the peer does.
    fn delivered(letter: &Letter) -> capnp::message::Reader<super::super::frame::Frame> {
        let mut parts = Vec::new();
        letter.parts(0, &mut parts);
        let bytes: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
        assert_eq!(bytes.len(), letter.bytes());
        for skipped in [1, 8, 100, bytes.len() - 1] {
            let mut parts = Vec::new();
            letter.parts(skipped, &mut parts);
            assert!(parts.iter().flat_map(|part| part.iter()).eq(&bytes[skipped..]));
        }
        let mut reader = FrameReader::new(Budget::new(Limits::default(), || ()));
        reader.feed(&bytes).expect("a message");
        reader.next().expect("a whole message").reader()
    }

    /// Checks the content, and gives the length of the text behind its third pointer.
    fn check(payload: payload::Reader<'_>, length: u32) -> u32 {
        let RawPointerReader(pointer) = payload.get_content().get_as().expect("a pointer");
        let structure = pointer.get_struct(None).expect("a struct");
        assert_eq!(structure.get_data_field::<u64>(0), 77);
        assert_eq!(structure.get_pointer_field(0).get_text(None).expect("a text"), "a text");
        let data = structure.get_pointer_field(1).get_data(None).expect("bytes");
        assert!(data.len() == length as usize && data.iter().all(|byte| *byte == 7));
        let inner = structure.get_pointer_field(2).get_struct(None).expect("a struct");
        inner.get_pointer_field(1).get_text(None).expect("a text").len() as u32
    }

    fn envelope() -> Builder<HeapAllocator> {
        Builder::new(HeapAllocator::new().first_segment_words(256))
    }

    #[test]
    fn an_answer_brings_what_was_built_elsewhere() {
        for length in [0, 10, 400, 600, 5_000, 1_000_000] {
            let mut answer = envelope();
            let mut results = answer.init_root::<message::Builder<'_>>().init_return();
            results.set_answer_id(5);
            results.init_results();
            let letter = Letter::with_content(Rc::new(answer), content(length)).expect("a letter");
            let reader = delivered(&letter);
            let root = reader.get_root::<message::Reader<'_>>().expect("a message");
            let Ok(message::Return(Ok(answer))) = root.which() else { panic!("an answer") };
            assert_eq!(answer.get_answer_id(), 5);
            let Ok(return_::Results(Ok(results))) = answer.which() else { panic!("results") };
            assert_eq!(check(results, length), 0);
        }
    }

    #[test]
    fn a_call_brings_its_context_beside_what_was_built_elsewhere() {
        for length in [0, 400, 600, 1_000_000] {
            let mut call = envelope();
            let mut builder = call.init_root::<message::Builder<'_>>().init_call();
            builder.set_method_id(9);
            builder.reborrow().init_target().set_imported_cap(3);
            let mut params = builder.init_params();
            {
                let RawPointerBuilder(pointer) = params.reborrow().get_content().get_as().expect("a pointer");
                let structure = pointer.init_struct(StructSize { data: 1, pointers: 3 });
                let context = structure.get_pointer_field(2).init_struct(StructSize { data: 0, pointers: 2 });
                context.get_pointer_field(1).set_text("a context".into());
            }
            params.init_cap_table(2).get(1).set_sender_hosted(4);
            let letter = Letter::with_content(Rc::new(call), content(length)).expect("a letter");
            let reader = delivered(&letter);
            let root = reader.get_root::<message::Reader<'_>>().expect("a message");
            let Ok(message::Call(Ok(call))) = root.which() else { panic!("a call") };
            assert_eq!(call.get_method_id(), 9);
            let params = call.get_params().expect("parameters");
            assert_eq!(params.get_cap_table().expect("a table").len(), 2);
            assert_eq!(check(params, length), 9);
        }
    }

    #[test]
    fn only_calls_and_answers_have_content() {
        let mut finish = envelope();
        finish.init_root::<message::Builder<'_>>().init_finish().set_question_id(1);
        assert!(Letter::with_content(Rc::new(finish), content(10)).is_err());
        assert!(can_be_content(&content(10)));
        assert!(!can_be_content(&Builder::new(Segments::new())));
    }
}
