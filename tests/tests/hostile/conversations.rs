//! Whole conversations, put together by chance: as they should be, and changed by chance.
//!
//! In: a seed. Out: each conversation ends in answers or in the end of its connection, and the server is as it was
//! before. `MP_CONVERSATIONS` is how many of each kind are tried, `MP_SEED` the number of the first one.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use capnp::message::ReaderOptions;
use capnp_rpc::rpc_capnp::message;
use mp_tests::peer::{Cap, PATIENCE, Peer, cap_pointer, element, list_pointer, struct_pointer};
use mp_tests::victim::{PART, Process, THREAD, THREAD_MAP, method};

use super::flood::{CONTEXT, On, Template, bytes, bytes_on_thread, number, number_on_thread};
use super::mutations::mutate;
use super::random::Random;
use super::{MEMORY, victim};

/// Parameters that are one capability.
const ONE: [u64; 2] = [struct_pointer(0, 0, 1), cap_pointer(0)];
/// Parameters that are a text.
const TEXT: [u64; 3] =
    [struct_pointer(0, 0, 1), list_pointer(0, element::BYTE, 5), u64::from_le_bytes(*b"name\0\0\0\0")];
/// The question that is asked when all has been said.
const LAST: u32 = 0x7000_0000;

/// What one peer says.
pub(crate) struct Conversation {
    pub(crate) frames: Vec<Vec<u8>>,
    root: u32,
    next: u32,
    /// Answers that are threads, or make them, or are parts.
    threads: Vec<u32>,
    thread_maps: Vec<u32>,
    parts: Vec<u32>,
    /// Answers that never come.
    never: Vec<u32>,
    /// Questions that have to be answered.
    open: BTreeSet<u32>,
}

type Step = fn(&mut Conversation, &mut Random);

/// What keeps to the rules.
const HONEST: &[Step] = &[
    exchange_threads,
    simple_call,
    simple_call,
    call_on_thread,
    call_on_thread,
    part,
    keep,
    wait,
    finish,
    again,
];
/// What only somebody says who does not.
const UNUSUAL: &[Step] = &[unasked_return, release, resolve, disembargo, other_kind];

impl Conversation {
    pub(crate) fn new(root: u32, random: &mut Random, unusual: bool) -> Self {
        let mut conversation = Conversation {
            frames: Vec::new(),
            root,
            next: 100,
            threads: Vec::new(),
            thread_maps: Vec::new(),
            parts: Vec::new(),
            never: Vec::new(),
            open: BTreeSet::new(),
        };
        // Most of what is unusual ends the connection, and with it the conversation.
        let unusual = unusual && random.once_in(3);
        for _ in 0..2 + random.below(16) {
            let steps = if unusual && random.once_in(6) { UNUSUAL } else { HONEST };
            random.pick(steps)(&mut conversation, random);
        }
        conversation
    }

    fn ask(&mut self, mut question: Template) -> u32 {
        let number = self.next;
        self.next += 1;
        self.frames.push(question.of(number).to_vec());
        self.open.insert(number);
        number
    }

    fn say(&mut self, build: impl FnOnce(message::Builder<'_>)) {
        self.frames.push(Template::of_message(build).of(0).to_vec());
    }

    /// The capabilities of a context: a thread of the server, and an object of this peer's as one of its own.
    fn context(&mut self, random: &mut Random) -> [Cap; 2] {
        if self.threads.is_empty() {
            exchange_threads(self, random);
        }
        [Cap::Part(random.pick(&self.threads)), Cap::Own(1)]
    }
}

fn of(interface: u64, on: u32, method: u16, params: &[u64], caps: &[Cap]) -> Template {
    Template::call_with(On::Answer(on), method, params, caps, |mut call| call.set_interface_id(interface))
}

fn exchange_threads(it: &mut Conversation, random: &mut Random) {
    let construct = it.ask(Template::call(
        On::Object(it.root),
        method::CONSTRUCT,
        &ONE,
        &[Cap::Own(random.below(3) as u32)],
    ));
    it.thread_maps.push(construct);
    let thread = it.ask(of(THREAD_MAP, construct, 0, &TEXT, &[]));
    it.threads.push(thread);
    if random.once_in(3) {
        it.ask(of(THREAD, thread, 0, &[0], &[]));
    }
    if random.once_in(4) {
        it.ask(of(THREAD_MAP, construct, 1, &number(1 + random.below(3) as u64), &[]));
    }
}

fn simple_call(it: &mut Conversation, random: &mut Random) {
    let on = On::Object(it.root);
    let length = random.below(4_000) as u32;
    let call = match random.below(7) {
        0 => Template::call(on, method::HELLO, &[0], &[]),
        1 => Template::call(on, method::TAKE, &bytes(length), &[]),
        2 => Template::call(on, method::GIVE, &number(length.into()), &[]),
        3 => Template::call(on, method::FAIL, &number(length.into()), &[]),
        4 => Template::call(on, method::GIVE_KEPT, &[0], &[]),
        5 => Template::call(on, method::DROP_KEPT, &[0], &[]),
        _ => Template::call(on, 1_000, &[0], &[]),
    };
    it.ask(call);
}

fn call_on_thread(it: &mut Conversation, random: &mut Random) {
    let caps = it.context(random);
    let on = On::Object(it.root);
    let length = random.below(4_000) as u32;
    let call = match random.below(4) {
        0 => Template::call(on, method::ON_THREAD, &number_on_thread(length.into()), &caps),
        1 => Template::call(on, method::TAKE_ON_THREAD, &bytes_on_thread(length), &caps),
        2 => Template::call(on, method::GIVE_ON_THREAD, &number_on_thread(length.into()), &caps),
        _ => Template::call(on, method::USE_KEPT, &CONTEXT, &caps),
    };
    it.ask(call);
}

/// Makes a part, and asks it for its number or has it destroyed before it is there.
fn part(it: &mut Conversation, random: &mut Random) {
    let made = it.ask(Template::call(On::Object(it.root), method::MAKE, &[0], &[]));
    it.parts.push(made);
    let caps = it.context(random);
    it.ask(of(PART, made, random.below(2) as u16, &CONTEXT, &caps));
}

fn keep(it: &mut Conversation, random: &mut Random) {
    let own = 10 + random.below(4) as u32;
    let cap = match random.below(3) {
        0 => Cap::Own(own),
        1 if !it.parts.is_empty() => Cap::Part(random.pick(&it.parts)),
        _ => Cap::Theirs(it.root),
    };
    it.ask(Template::call(On::Object(it.root), method::KEEP, &ONE, &[cap]));
    let parts =
        [struct_pointer(0, 0, 1), list_pointer(0, element::POINTER, 2), cap_pointer(0), cap_pointer(1)];
    if random.once_in(3) {
        let caps = [Cap::Own(own), Cap::Own(own + 1)];
        it.ask(Template::call(On::Object(it.root), method::KEEP_ALL, &parts, &caps));
    }
}

/// Asks for what never comes, and for something of it.
fn wait(it: &mut Conversation, random: &mut Random) {
    let waits = it.ask(Template::call(On::Object(it.root), method::WAIT, &[0], &[]));
    it.open.remove(&waits);
    it.never.push(waits);
    let caps = it.context(random);
    let behind = it.ask(of(PART, waits, 1, &CONTEXT, &caps));
    it.open.remove(&behind);
    it.never.push(behind);
}

/// Finishes a question, answered or not; nothing refers to it later.
fn finish(it: &mut Conversation, random: &mut Random) {
    let known: Vec<u32> = it.open.iter().chain(&it.never).copied().collect();
    if known.is_empty() {
        return;
    }
    let question = random.pick(&known);
    it.frames.push(Template::finish().of(question).to_vec());
    it.open.remove(&question);
    for known in [&mut it.threads, &mut it.thread_maps, &mut it.parts, &mut it.never] {
        known.retain(|known| *known != question);
    }
}

fn again(it: &mut Conversation, _: &mut Random) {
    it.ask(Template::bootstrap());
}

fn unasked_return(it: &mut Conversation, random: &mut Random) {
    let (question, exception) = (random.below(4) as u32, random.once_in(2));
    it.say(|message| {
        let mut answer = message.init_return();
        answer.set_answer_id(question);
        if exception {
            answer.init_exception().set_reason("no");
        } else {
            Cap::Own(20).write(answer.init_results().init_cap_table(1).get(0));
        }
    });
}

fn release(it: &mut Conversation, random: &mut Random) {
    let (id, count) = (random.below(6) as u32, random.below(3) as u32);
    it.say(|message| {
        let mut release = message.init_release();
        release.set_id(id);
        release.set_reference_count(count);
    });
}

fn resolve(it: &mut Conversation, random: &mut Random) {
    let promise = 30 + random.below(3) as u32;
    it.ask(Template::call(On::Object(it.root), method::KEEP, &ONE, &[Cap::OwnPromise(promise)]));
    let to = match random.below(5) {
        0 => Cap::Own(10),
        1 => Cap::OwnPromise(30 + random.below(3) as u32),
        2 => Cap::Theirs(it.root),
        3 => Cap::Answer(100),
        _ => Cap::Part(100),
    };
    it.say(|message| {
        let mut resolve = message.init_resolve();
        resolve.set_promise_id(promise);
        to.write(resolve.init_cap());
    });
}

fn disembargo(it: &mut Conversation, random: &mut Random) {
    let (root, kind, question) = (it.root, random.below(3), 100 + random.below(4) as u32);
    it.say(|message| {
        let mut disembargo = message.init_disembargo();
        let mut context = disembargo.reborrow().init_context();
        match kind {
            0 => context.set_sender_loopback(question),
            1 => context.set_receiver_loopback(question),
            _ => context.set_accept(()),
        }
        let mut target = disembargo.init_target();
        if kind == 0 {
            target.set_imported_cap(root);
        } else {
            target.init_promised_answer().set_question_id(question);
        }
    });
}

fn other_kind(it: &mut Conversation, random: &mut Random) {
    let kind = random.below(4);
    it.say(|message| match kind {
        0 => message.init_abort().set_reason("enough"),
        1 => drop(message.init_unimplemented().init_call()),
        2 => drop(message.init_provide()),
        _ => drop(message.init_join()),
    });
}

/// Whether the bytes end where a message ends.
fn are_whole(bytes: &[u8]) -> bool {
    let number = |place: usize| {
        let bytes = bytes.get(place..place + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().expect("four bytes")) as usize)
    };
    let mut place = 0;
    while place < bytes.len() {
        let Some(segments) = number(place).filter(|count| *count < 512) else { return false };
        let table = (0..=segments).map(|index| number(place + 4 + 4 * index)).sum::<Option<usize>>();
        let Some(words) = table else { return false };
        place += (4 + 4 * (segments + 1)).next_multiple_of(8) + 8 * words;
    }
    place == bytes.len()
}

/// Listens, and answers what the server asks, until these questions are answered. Returns those that are not, because
/// the connection has ended.
fn listen(peer: &mut Peer, mut questions: BTreeSet<u32>) -> BTreeSet<u32> {
    while !questions.is_empty() {
        let Some(bytes) = peer.receive() else { break };
        let reader =
            capnp::serialize::read_message(&mut &bytes[..], ReaderOptions::new()).expect("a message");
        match reader.get_root::<message::Reader<'_>>().expect("a root").which() {
            Ok(message::Return(Ok(answer))) => drop(questions.remove(&answer.get_answer_id())),
            Ok(message::Abort(_)) => break,
            Ok(message::Call(Ok(call))) => {
                let question = call.get_question_id();
                // A number and an object: enough for whatever was asked.
                let content = [struct_pointer(0, 1, 1), 5, cap_pointer(0)];
                peer.send_with_content(mp_tests::peer::far_pointer(false, 0, 1), &[&content], |message| {
                    let mut answer = message.init_return();
                    answer.set_answer_id(question);
                    let mut payload = answer.init_results();
                    Cap::Own(40).write(payload.reborrow().init_cap_table(1).get(0));
                    payload
                });
            }
            _ => {}
        }
    }
    questions
}

/// Ends our half of the conversation, and waits for the other one to end.
fn part_ways(peer: &mut Peer) {
    peer.finish_stream();
    while peer.receive().is_some() {}
}

pub(crate) fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// Has so many conversations with a server, and looks at it from outside now and then. Returns how many there were, and
/// how many of them were answered to their end, as `one` says.
fn converse(count: u64, one: impl Fn(&Process, &mut Random) -> bool) -> (u64, u64) {
    let (count, first) = (from_environment("MP_CONVERSATIONS", count), from_environment("MP_SEED", 1));
    let mut victim = victim();
    // What blocks is released for good.
    victim.healthy().release().expect("an end of waiting");
    let before = victim.growth();
    let mut answered = 0;
    for seed in first..first + count {
        let run = std::panic::AssertUnwindSafe(|| one(&victim, &mut Random::new(seed)));
        match std::panic::catch_unwind(run) {
            Ok(is_answered) => answered += u64::from(is_answered),
            Err(panic) => {
                eprintln!(
                    "conversation MP_SEED={seed} MP_CONVERSATIONS=1; the server says:\n{}",
                    victim.log()
                );
                std::panic::resume_unwind(panic);
            }
        }
        if seed % 50 == 0 || seed + 1 == first + count {
            eprintln!("conversations up to {seed}");
            is_as_before(&mut victim, before, seed - first + 1);
        }
    }
    (count, answered)
}

/// Checks that the server lives, answers others, and has let go of everything.
fn is_as_before(victim: &mut Process, before: mp_tests::victim::Growth, conversations: u64) {
    victim.check();
    let mut fresh = victim.peer().bootstrap();
    let hello = fresh.send_call(fresh.root(), mp_tests::victim::VICTIM, method::HELLO, &[&[0]], &[]);
    assert!(matches!(fresh.outcome(hello), mp_tests::peer::Outcome::Results(..)));
    drop(fresh);
    victim.healthy().drop_kept().expect("an end of what is kept");
    let until = Instant::now() + PATIENCE;
    loop {
        let now = victim.growth();
        assert!(now.peak < MEMORY, "{now:?}");
        assert!(now.log < 64 + 4 * conversations, "{now:?}\n{}", victim.log());
        if now.descriptors <= before.descriptors && now.threads <= before.threads {
            return;
        }
        assert!(Instant::now() < until, "{now:?}, before: {before:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_conversation_that_keeps_to_the_rules_is_answered_to_its_end() {
    let (count, answered) = converse(300, |victim, random| {
        let mut peer = victim.peer().bootstrap();
        let mut conversation = Conversation::new(peer.root(), random, false);
        conversation.frames.iter().for_each(|frame| peer.send_raw(frame));
        let unanswered = listen(&mut peer, std::mem::take(&mut conversation.open));
        assert_eq!(unanswered, BTreeSet::new(), "the connection has ended before these were answered");
        part_ways(&mut peer);
        true
    });
    assert_eq!(answered, count);
}

#[test]
fn a_conversation_that_chance_has_changed_ends_in_an_answer_or_an_end() {
    let (count, answered) = converse(1_500, |victim, random| {
        let mut peer = victim.peer().bootstrap();
        let mut frames = Conversation::new(peer.root(), random, true).frames;
        mutate(&mut frames, random);
        let all = frames.concat();
        peer.send_raw(&all);
        // Only who has said all of a message may expect an answer.
        let mut answered = false;
        if are_whole(&all) && !random.once_in(8) {
            peer.send_raw(Template::bootstrap().of(LAST));
            answered = listen(&mut peer, BTreeSet::from([LAST])).is_empty();
        }
        part_ways(&mut peer);
        answered
    });
    // Of both kinds there are many, or the changes are too tame or too wild to prove anything.
    println!("{answered} of {count} were answered to their end");
    assert!(count < 100 || (count / 6..count / 6 * 5).contains(&answered), "{answered} of {count}");
}

#[test]
fn a_peer_that_begins_with_noise_is_sent_away() {
    converse(300, |victim, random| {
        let mut peer = victim.peer();
        let mut frames = Conversation::new(0, random, true).frames;
        // No `Bootstrap` comes first, and nothing is where it should be.
        (0..4).for_each(|_| mutate(&mut frames, random));
        peer.send_raw(&frames.concat());
        part_ways(&mut peer);
        false
    });
}
