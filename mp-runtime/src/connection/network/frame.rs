//! Messages out of a stream of bytes.
//!
//! In: bytes in pieces of any length. Out: whole messages. The memory of one grows with the bytes of it that have
//! arrived, never with those that its head announces.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use capnp::Word;
use capnp::message::{Reader, ReaderOptions, ReaderSegments};

use super::super::budget::{Budget, Permit};
use super::segments;
use crate::wire::NESTING_LIMIT;

/// The most segments of a message, as in all implementations of Cap'n Proto.
const SEGMENTS: usize = 512;
/// What a message costs beside its words.
const OVERHEAD: usize = 256;
/// A message gets so much memory at first, if it announces more.
const FIRST_WORDS: usize = 8 << 10;
/// From so many missing bytes on, they are read to where they belong.
const DIRECT: usize = 16 << 10;
/// How often a message may be read over: it is measured and copied when it goes on to somebody else. Its pointers may
/// lead to the same words again and again, so that a short message would be a long one for those who follow them.
const READINGS: usize = 3;
/// Words that may be read beside those: capnp-rpc looks at the envelope several times.
const ENVELOPE: usize = 8 << 10;

/// A whole message. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Frame(Arc<Inner>);

struct Inner {
    words: Vec<Word>,
    /// Where each segment ends, in words; nothing when there is only one.
    ends: Vec<usize>,
    permit: Permit,
}

impl Drop for Inner {
    fn drop(&mut self) {
        segments::give(std::mem::take(&mut self.words));
    }
}

impl ReaderSegments for Frame {
    fn get_segment(&self, index: u32) -> Option<&[u8]> {
        let Inner { words, ends, .. } = &*self.0;
        let index = index as usize;
        if ends.is_empty() {
            return (index == 0).then(|| Word::words_to_bytes(words));
        }
        let end = *ends.get(index)?;
        let start = if index == 0 { 0 } else { ends[index - 1] };
        Some(Word::words_to_bytes(&words[start..end]))
    }

    fn len(&self) -> usize {
        self.0.ends.len().max(1)
    }
}

impl Frame {
    /// A reader of the message.
    pub(crate) fn reader(&self) -> Reader<Frame> {
        let mut options = ReaderOptions::new();
        let words = READINGS * self.0.words.len() + ENVELOPE;
        options.traversal_limit_in_words(Some(words)).nesting_limit(NESTING_LIMIT);
        Reader::new(self.clone(), options)
    }

    /// The size of the message.
    pub(crate) fn bytes(&self) -> usize {
        self.0.words.len() * 8
    }

    /// Forgets that the message is there: it is the answer to a question of ours.
    pub(crate) fn is_wanted(&self) {
        self.0.permit.release();
    }
}

/// A stream, cut into messages.
pub(crate) struct FrameReader {
    budget: Arc<Budget>,
    state: State,
    /// Messages that are whole.
    whole: VecDeque<Frame>,
    /// When the first byte of the message came that is not whole.
    since: Option<Instant>,
}

/// What the next byte belongs to.
enum State {
    /// The table of segments, of which this has come.
    Table(Vec<u8>),
    /// The segments.
    Body { words: Vec<Word>, room: usize, total: usize, filled: usize, ends: Vec<usize>, permit: Permit },
}

impl FrameReader {
    pub(crate) fn new(budget: Arc<Budget>) -> Self {
        FrameReader { budget, state: State::Table(Vec::new()), whole: VecDeque::new(), since: None }
    }

    /// The next whole message.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        self.whole.pop_front()
    }

    /// Since when a message has been arriving.
    pub(crate) fn arriving_since(&self) -> Option<Instant> {
        self.since
    }

    /// Whether more bytes of the message that is arriving may be kept.
    pub(crate) fn may_grow(&self) -> bool {
        match &self.state {
            State::Body { room, total, filled, .. } if *filled == *room * 8 => {
                self.budget.may_arrive((grown(*room, *total) - *room) * 8)
            }
            _ => true,
        }
    }

    /// Where many bytes of a long message are to be read to, if one is arriving.
    pub(crate) fn place(&mut self) -> Option<&mut [u8]> {
        let State::Body { words, room, total, filled, permit, .. } = &mut self.state else { return None };
        if *total * 8 - *filled < DIRECT {
            return None;
        }
        grow(words, room, *total, *filled, permit);
        Some(&mut Word::words_to_bytes_mut(words)[*filled..*room * 8])
    }

    /// Says that so many bytes were read to [`place`](Self::place).
    pub(crate) fn placed(&mut self, count: usize) {
        if let State::Body { filled, .. } = &mut self.state {
            *filled += count;
        }
        self.finish();
    }

    /// Says that the peer was kept waiting until now.
    pub(crate) fn resume(&mut self) {
        if self.since.is_some() {
            self.since = Some(Instant::now());
        }
    }

    /// Takes bytes in.
    ///
    /// # Errors
    ///
    /// When they announce a message that is too large.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> capnp::Result<()> {
        while !bytes.is_empty() {
            self.since.get_or_insert_with(Instant::now);
            match &mut self.state {
                State::Table(table) => {
                    let missing = table_length(table)? - table.len();
                    let (taken, rest) = bytes.split_at(missing.min(bytes.len()));
                    table.extend_from_slice(taken);
                    bytes = rest;
                    if table_length(table)? == table.len() {
                        self.state = body(table, &self.budget)?;
                    }
                }
                State::Body { words, room, total, filled, permit, .. } => {
                    let missing = *total * 8 - *filled;
                    let (taken, rest) = bytes.split_at(missing.min(bytes.len()));
                    while *room * 8 < *filled + taken.len() {
                        let end = *room * 8;
                        grow(words, room, *total, end, permit);
                    }
                    Word::words_to_bytes_mut(words)[*filled..*filled + taken.len()].copy_from_slice(taken);
                    *filled += taken.len();
                    bytes = rest;
                }
            }
            self.finish();
        }
        Ok(())
    }

    /// Files a message that has become whole.
    fn finish(&mut self) {
        if matches!(&self.state, State::Body { total, filled, .. } if *filled == *total * 8) {
            let whole = std::mem::replace(&mut self.state, State::Table(Vec::new()));
            if let State::Body { mut words, total, ends, permit, .. } = whole {
                words.truncate(total);
                self.whole.push_back(Frame(Arc::new(Inner { words, ends, permit })));
            }
            self.since = None;
        }
    }

    /// Whether the stream may end here.
    pub(crate) fn is_between_messages(&self) -> bool {
        matches!(&self.state, State::Table(table) if table.is_empty())
    }
}

/// The length of a table of which these bytes have come, as far as it is known.
fn table_length(table: &[u8]) -> capnp::Result<usize> {
    let Some(count) = table.first_chunk::<4>() else { return Ok(8) };
    let count = (u32::from_le_bytes(*count) as usize).saturating_add(1);
    if count >= SEGMENTS {
        return Err(capnp::Error::failed(format!(
            "a message of {count} segments; fewer than {SEGMENTS} are allowed"
        )));
    }
    Ok((4 + 4 * count).next_multiple_of(8))
}

/// What follows a table.
fn body(table: &[u8], budget: &Arc<Budget>) -> capnp::Result<State> {
    let count = table.first_chunk::<4>().map_or(0, |count| u32::from_le_bytes(*count) as usize + 1);
    let lengths = table[4..].chunks_exact(4).take(count);
    let lengths =
        lengths.map(|length| length.iter().rev().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte)));
    let ends: Vec<usize> = lengths
        .scan(0usize, |end, length| {
            *end = end.saturating_add(length);
            Some(*end)
        })
        .collect();
    let total = ends.last().copied().unwrap_or(0);
    let most = budget.limits().message_bytes();
    if total.saturating_mul(8) > most {
        return Err(capnp::Error::failed(format!(
            "a message of {total} words is too large; one may have {most} bytes"
        )));
    }
    let mut permit = budget.hold_received(OVERHEAD);
    // Memory that is there already may be longer than what has come.
    let (mut words, mut room) = (segments::take(total).unwrap_or_default(), 0);
    if total > 0 {
        grow(&mut words, &mut room, total, 0, &mut permit);
    }
    let ends = if count == 1 { Vec::new() } else { ends };
    Ok(State::Body { words, room, total, filled: 0, ends, permit })
}

/// How many words a message of `total` gets next when it has filled `length`.
fn grown(length: usize, total: usize) -> usize {
    total.min((length * 2).max(FIRST_WORDS))
}

/// Makes room in a message whose room is filled.
fn grow(words: &mut Vec<Word>, room: &mut usize, total: usize, filled: usize, permit: &mut Permit) {
    if filled == *room * 8 && *room < total {
        let length = grown(*room, total);
        permit.grow((length - *room) * 8);
        *room = length;
        if words.len() < length {
            words.reserve_exact(segments::rounded(length) - words.len());
            words.resize(length, capnp::word(0, 0, 0, 0, 0, 0, 0, 0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn reader() -> FrameReader {
        FrameReader::new(Budget::new(Limits::default(), || ()))
    }

    /// The bytes of a message whose segments have these lengths; each word is its own number.
    fn message(lengths: &[u32]) -> Vec<u8> {
        let mut bytes = (lengths.len() as u32 - 1).to_le_bytes().to_vec();
        lengths.iter().for_each(|length| bytes.extend(length.to_le_bytes()));
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        (0..lengths.iter().sum()).for_each(|word: u32| bytes.extend(u64::from(word).to_le_bytes()));
        bytes
    }

    /// Takes bytes in as the network does: long messages directly.
    fn take(reader: &mut FrameReader, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let count = match reader.place() {
                Some(place) => {
                    let count = place.len().min(bytes.len());
                    place[..count].copy_from_slice(&bytes[..count]);
                    reader.placed(count);
                    count
                }
                None => {
                    let count = bytes.len().min(1 << 16);
                    reader.feed(&bytes[..count]).expect("messages");
                    count
                }
            };
            bytes = &bytes[count..];
        }
    }

    #[test]
    fn messages_are_the_same_however_they_are_cut() {
        let lengths: [&[u32]; 7] = [&[1], &[0], &[3, 0, 2], &[2, 2], &[10_000], &[1, 70_000, 5], &[7; 100]];
        let whole: Vec<u8> = lengths.iter().flat_map(|lengths| message(lengths)).collect();
        for piece in [1, 2, 3, 7, 8, 9, 4_000, 100_000, whole.len()] {
            let mut reader = reader();
            whole.chunks(piece).for_each(|bytes| take(&mut reader, bytes));
            assert!(reader.is_between_messages() && reader.arriving_since().is_none());
            for lengths in lengths {
                let frame = reader.next().expect("a message");
                let mut next = 0u64;
                assert_eq!(frame.len(), lengths.len());
                for (index, length) in (0..).zip(lengths) {
                    let segment = frame.get_segment(index).expect("a segment");
                    assert_eq!(segment.len(), *length as usize * 8);
                    for word in segment.chunks_exact(8) {
                        assert_eq!(word, next.to_le_bytes());
                        next += 1;
                    }
                }
                assert!(frame.get_segment(lengths.len() as u32).is_none());
            }
            assert!(reader.next().is_none());
        }
    }

    #[test]
    fn memory_grows_with_what_has_come() {
        let mut reader = reader();
        reader.feed(&[0, 0, 0, 0, 0, 0, 0x80, 0]).expect("64 MiB are announced");
        let length = |reader: &FrameReader| match &reader.state {
            State::Body { words, .. } => words.capacity() * 8,
            State::Table(_) => 0,
        };
        assert_eq!(length(&reader), FIRST_WORDS * 8);
        let mut come = 0;
        while come < 10 << 20 {
            take(&mut reader, &[0; 1 << 16]);
            come += 1 << 16;
            assert!(length(&reader) <= 2 * come + FIRST_WORDS * 8, "{come}");
        }
        assert!(!reader.is_between_messages());
    }
}
