//! What becomes of a conversation when chance has its way with it.
//!
//! In: messages. Out: other ones, of which most are no messages any more.

#![allow(clippy::ptr_arg, reason = "all of them stand in one list")]

use super::random::Random;

type Mutation = fn(&mut Vec<Vec<u8>>, &mut Random);

/// Changes a conversation in a few places.
pub(crate) fn mutate(frames: &mut Vec<Vec<u8>>, random: &mut Random) {
    // Where messages begin no longer where they seem to, little of what they say is heard.
    let mutations = if random.once_in(4) { OF_THE_STREAM } else { OF_MESSAGES };
    for _ in 0..=random.below(2) {
        if frames.is_empty() {
            return;
        }
        random.pick(mutations)(frames, random);
    }
}

/// What changes messages, or which there are.
const OF_MESSAGES: &[Mutation] = &[
    flip_bits,
    change_word,
    change_number,
    change_number,
    change_pointer,
    change_kind,
    cut_with_its_length,
    drop_one,
    repeat_one,
    exchange,
];

/// What changes where messages begin and end.
const OF_THE_STREAM: &[Mutation] = &[change_lengths, cut, join, insert_noise];

/// What often stands at the edge of something.
const EDGES: &[u64] = &[
    0,
    1,
    2,
    3,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    1 << 32,
    0xffff_0000_0000_0000,
    u64::MAX >> 1,
    u64::MAX,
];

fn any<'f>(frames: &'f mut [Vec<u8>], random: &mut Random) -> &'f mut Vec<u8> {
    let index = random.below(frames.len());
    &mut frames[index]
}

fn flip_bits(frames: &mut Vec<Vec<u8>>, random: &mut Random) {
    let frame = any(frames, random);
    for _ in 0..=random.below(8) {
        let place = word(frame, random) + random.below(8);
        if let Some(byte) = frame.get_mut(place) {
            *byte ^= 1 << random.below(8);
        }
    }
}

fn put(frame: &mut [u8], place: usize, bytes: &[u8]) {
    if let Some(target) = frame.get_mut(place..place + bytes.len()) {
        target.copy_from_slice(bytes);
    }
}

/// The place of a word behind the first one, which says how long the message is.
fn word(frame: &[u8], random: &mut Random) -> usize {
    8 + random.below((frame.len() / 8).max(1)) * 8
}

fn change_word(frames: &mut Vec<Vec<u8>>, random: &mut Random) {
    let frame = any(frames, random);
    let place = word(frame, random);
    let value = if random.once_in(3) { random.next() } else { random.pick(EDGES) };
    put(frame, place, &value.to_le_bytes());
}

/// Changes half a word to a small number: the number of another question, object, index.
fn change_number(frames: &mut Vec<Vec<u8>>, random: &mut Random) {
    let frame = any(frames, random);
    let place = word(frame, random) + 4 * random.below(2);
    let value = random.below(24) as u32;
    put(frame, place, &value.to_le_bytes());
}

/// Puts a pointer of any kind where a word was.
fn change_pointer(frames: &mut Vec<Vec<u8>>, random: &mut Random) {
    let frame = any(frames, random);
    let place = word(frame, random);
    let kind = random.below(4) as u64;
    let offset = (random.below(32) as i32 - 16) as u32;
    let upper = if random.once_in(4) { random.next() >> 32 } else { random.below(1 << 20) as u64 };
    put(frame, place, &(kind | u64::from(offset << 2) | (upper << 32)).to_le_bytes());
}

/// Makes a message one of another kind: that is a number in the first word behind the pointer to it.
fn change_kind(frames: &mut Vec<Vec<u8>>, random: &mut Random) {
    let frame = any(frames, random);
    let segments = frame.first().map_or(0, |count| usize::from(*count)) + 1;
    let root = (4 + 4 * segments).next_multiple_of(8);
    let kind = random.below(16) as u16;
    put(frame, root + 8, &kind.to_le_bytes());
}

/// Changes how many segments there are, or how long one is.
fn change_lengths(frames: &mut Vec<Vec<u8>>, random: &mut Random) {
    let frame = any(frames, random);
    let place = 4 * random.below(3);
    let value = if random.once_in(4) { random.pick(EDGES) as u32 } else { random.below(64) as u32 };
    put(frame, place, &value.to_le_bytes());
}

/// Ends a message early; what follows is read as its rest.
fn cut(frames: &mut Vec<Vec<u8>>, random: &mut Random) {
    let frame = any(frames, random);
    let length = random.below(frame.len() + 1);
    frame.truncate(length);
}

/// Ends a message early, and says so.
fn cut_with_its_length(frames: &mut Vec<Vec<u8>>, random: &mut Random) {
    let frame = any(frames, random);
    if frame.len() < 16 {
        return;
    }
    let words = random.below(frame.len() / 8 - 1) as u32;
    frame.truncate(8 + 8 * words as usize);
    put(frame, 0, &0u32.to_le_bytes());
    put(frame, 4, &words.to_le_bytes());
}

/// The beginning of one message with the end of another.
fn join(frames: &mut Vec<Vec<u8>>, random: &mut Random) {
    let other = any(frames, random).clone();
    let frame = any(frames, random);
    let (begin, end) = (word(frame, random).min(frame.len()), word(&other, random).min(other.len()));
    frame.truncate(begin);
    frame.extend(&other[end..]);
}

fn insert_noise(frames: &mut Vec<Vec<u8>>, random: &mut Random) {
    let place = random.below(frames.len() + 1);
    let noise = (0..random.below(64)).flat_map(|_| random.next().to_le_bytes()).collect();
    frames.insert(place, noise);
}

fn drop_one(frames: &mut Vec<Vec<u8>>, random: &mut Random) {
    frames.remove(random.below(frames.len()));
}

fn repeat_one(frames: &mut Vec<Vec<u8>>, random: &mut Random) {
    let frame = any(frames, random).clone();
    frames.insert(random.below(frames.len() + 1), frame);
}

fn exchange(frames: &mut Vec<Vec<u8>>, random: &mut Random) {
    let (one, other) = (random.below(frames.len()), random.below(frames.len()));
    frames.swap(one, other);
}
