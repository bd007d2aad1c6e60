//! What a peer can do to a server: nothing but lose its own connection.
//!
//! Every test misbehaves on one connection and then calls the same server over another.

#![allow(missing_docs, reason = "the interface is only the tests'")]

mod peer;

use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Once};

use capnp::schema_capnp::superclass;
use capnp_rpc::rpc_capnp::payload;
use mp_runtime::{
    EventLoop, Interface, IpcEnum, IpcStruct, Remote, Result, connect_stream, ipc_interface, serve_stream,
};
use peer::{Answer, Peer};

#[derive(Clone, Debug, PartialEq, IpcStruct)]
pub struct Node {
    /// Marks the struct in a message.
    pub mark: u64,
    pub next: Option<Box<Node>>,
}

#[derive(Clone, Copy, Debug, PartialEq, IpcEnum)]
pub enum Kind {
    One = 1,
}

#[derive(Clone, Debug, PartialEq, IpcStruct)]
pub enum Choice {
    This(u32),
    That,
}

#[ipc_interface(file = "target.capnp", file_id = 0xe5a1_0000_0000_0009, construct)]
pub trait Target: Send + Sync {
    #[ipc(no_context)]
    fn node(&self, mark: u64, node: Option<Node>) -> Result<u32>;
    #[ipc(no_context)]
    fn text(&self, mark: u64, text: String) -> Result<u32>;
    #[ipc(no_context)]
    fn list(&self, mark: u64, list: Vec<Node>) -> Result<u32>;
    #[ipc(no_context)]
    fn nothings(&self, mark: u64, list: Vec<()>) -> Result<u32>;
    #[ipc(no_context)]
    fn data(&self, mark: u64, data: Vec<u8>) -> Result<u32>;
    #[ipc(no_context)]
    fn numbers(&self, mark: u64, numbers: Vec<u64>) -> Result<u32>;
    #[ipc(no_context)]
    fn values(&self, kind: Kind, letter: char, choice: Choice) -> Result<()>;
    #[ipc(no_context)]
    fn object(&self, other: Arc<dyn Target>) -> Result<()>;
    fn on_thread(&self) -> Result<()>;
}

struct Server;

fn length(items: usize) -> Result<u32> {
    Ok(u32::try_from(items).unwrap_or(u32::MAX))
}

impl Target for Server {
    fn node(&self, _: u64, node: Option<Node>) -> Result<u32> {
        let nodes = std::iter::successors(node.as_ref(), |node| node.next.as_deref());
        length(nodes.count())
    }
    fn text(&self, _: u64, text: String) -> Result<u32> {
        length(text.len())
    }
    fn list(&self, _: u64, list: Vec<Node>) -> Result<u32> {
        length(list.len())
    }
    fn nothings(&self, _: u64, list: Vec<()>) -> Result<u32> {
        length(list.len())
    }
    fn data(&self, _: u64, data: Vec<u8>) -> Result<u32> {
        length(data.len())
    }
    fn numbers(&self, _: u64, numbers: Vec<u64>) -> Result<u32> {
        length(numbers.len())
    }
    fn values(&self, _: Kind, _: char, _: Choice) -> Result<()> {
        Ok(())
    }
    fn object(&self, _: Arc<dyn Target>) -> Result<()> {
        Ok(())
    }
    fn on_thread(&self) -> Result<()> {
        Ok(())
    }
}

/// Panics on threads of the runtime.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// A server, and a well-behaved client of it.
struct Setup {
    event_loop: EventLoop,
    server: Arc<dyn Target>,
    healthy: Remote<dyn Target>,
}

impl Setup {
    fn new() -> Self {
        static COUNT: Once = Once::new();
        COUNT.call_once(|| {
            let usual = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                let thread = std::thread::current();
                if thread.name().is_some_and(|name| name == "capnp-loop" || name.starts_with("ipc-")) {
                    PANICS.fetch_add(1, Ordering::SeqCst);
                }
                usual(info);
            }));
        });
        let event_loop = EventLoop::new("target").expect("an event loop");
        let server: Arc<dyn Target> = Arc::new(Server);
        let (near, far) = UnixStream::pair().expect("a socket pair");
        serve_stream(&event_loop, far, server.clone());
        let client = EventLoop::new("healthy").expect("an event loop");
        let setup = Setup { event_loop, server, healthy: connect_stream(&client, near) };
        setup.check();
        setup
    }

    /// A peer that has done nothing yet.
    fn stranger(&self) -> Peer {
        let (near, far) = UnixStream::pair().expect("a socket pair");
        serve_stream(&self.event_loop, far, self.server.clone());
        Peer::new(near)
    }

    /// A peer that has the server's first object.
    fn peer(&self) -> Peer {
        let mut peer = self.stranger();
        peer.bootstrap();
        peer
    }

    /// The server serves on.
    fn check(&self) {
        assert_eq!(self.healthy.text(0, "four".into()), Ok(4));
        assert_eq!(self.healthy.on_thread(), Ok(()));
        assert_eq!(PANICS.load(Ordering::SeqCst), 0, "a thread of the runtime panicked");
    }
}

fn id() -> u64 {
    <dyn Target as Interface>::NODE.id
}

/// The ordinal of a method.
fn ordinal(name: &str) -> u16 {
    let methods = <dyn Target as Interface>::NODE.methods;
    methods.iter().find(|method| method.name == name).expect("a method").ordinal
}

#[track_caller]
fn refused(answer: &Answer, why: &str) {
    match answer {
        Answer::Exception(text) if text.contains(why) => {}
        other => panic!("expected an error with `{why}`, got {other:?}"),
    }
}

const MARK: u64 = 0x6b72_616d_6b72_616d;

/// The bytes of a call whose parameters are the mark and one pointer. `patch` gets the words of
/// the message and the index of the pointer; the sixteen words behind it are free.
fn patched(peer: &mut Peer, method: &str, patch: impl FnOnce(&mut [u64], usize)) -> Vec<u8> {
    let bytes = peer.call_bytes(id(), ordinal(method), |params| {
        // A struct of capnp's own that has one word and one pointer, as the parameters have.
        let mut content: superclass::Builder<'_> = params.init_content().init_as();
        content.set_id(MARK);
        content.init_brand().init_scopes(8);
    });
    let mut words: Vec<u64> =
        bytes.chunks(8).map(|word| u64::from_le_bytes(word.try_into().expect("8 bytes"))).collect();
    let mark = words.iter().position(|word| *word == MARK).expect("the mark");
    patch(&mut words, mark + 1);
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

impl Peer {
    fn patched(&mut self, method: &str, patch: impl FnOnce(&mut [u64], usize)) -> Answer {
        let bytes = patched(self, method, patch);
        self.send_bytes(&bytes);
        self.answer()
    }
}

/// A pointer to a struct, `offset` words behind the pointer.
fn struct_pointer(offset: i32, data: u16, pointers: u16) -> u64 {
    (offset as u32 as u64) << 2 & 0xffff_fffc | u64::from(data) << 32 | u64::from(pointers) << 48
}

/// A pointer to a list of `count` elements of size class `size`.
fn list_pointer(offset: i32, size: u64, count: u64) -> u64 {
    1 | (offset as u32 as u64) << 2 & 0xffff_fffc | size << 32 | count << 35
}

fn far_pointer(double: bool, offset: u64, segment: u64) -> u64 {
    2 | u64::from(double) << 2 | offset << 3 | segment << 32
}

#[test]
fn a_stream_that_ends_anywhere_ends_only_its_connection() {
    let setup = Setup::new();
    let whole = {
        let mut peer = setup.stranger();
        let mut whole = Peer::bytes(|message| message.init_bootstrap().set_question_id(0));
        peer.bootstrap();
        whole.extend(patched(&mut peer, "text", |_, _| ()));
        whole
    };
    for length in 0..whole.len() {
        let mut peer = setup.stranger();
        peer.send_bytes(&whole[..length]);
        peer.stream.shutdown(std::net::Shutdown::Write).expect("a socket");
        peer.wait_closed();
    }
    setup.check();
}

#[test]
fn a_segment_table_that_is_too_large_ends_the_connection() {
    let setup = Setup::new();
    for table in [
        // More segments than anybody has.
        &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0][..],
        &[0xff, 0xff, 0, 0, 0, 0, 0, 0],
        &[0, 4, 0, 0, 1, 0, 0, 0],
        // One segment of 16 GiB, one just over the limit.
        &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f],
        &[0, 0, 0, 0, 0x01, 0, 0x80, 0],
        // Two that are too large together.
        &[1, 0, 0, 0, 0, 0, 0x60, 0, 0, 0, 0x60, 0, 0, 0, 0, 0],
    ] {
        let mut peer = setup.stranger();
        peer.send_bytes(table);
        peer.send_bytes(&[0; 64]);
        // A table that only claims a size the server takes is waited for, until the peer leaves.
        peer.stream.shutdown(std::net::Shutdown::Write).expect("a socket");
        peer.wait_closed();
    }
    setup.check();
}

#[test]
fn bytes_without_sense_end_the_connection() {
    let setup = Setup::new();
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..200 {
        let mut peer = setup.stranger();
        let words = random() % 64;
        let body: Vec<u8> = (0..words).flat_map(|_| random().to_le_bytes()).collect();
        if random() % 2 == 0 {
            // A frame around it, so that it is taken for a message.
            peer.send_bytes(&[0, 0, 0, 0, words as u8, 0, 0, 0]);
        }
        peer.send_bytes(&body);
        peer.stream.shutdown(std::net::Shutdown::Write).expect("a socket");
        peer.wait_closed();
    }
    setup.check();
}

#[test]
fn a_call_with_any_bit_changed_harms_nobody_else() {
    let setup = Setup::new();
    let call = {
        let mut peer = setup.peer();
        patched(&mut peer, "node", |words, at| {
            words[at] = struct_pointer(0, 1, 1);
            words[at + 1] = 7;
            words[at + 2] = struct_pointer(0, 1, 1);
        })
    };
    for bit in 0..call.len() * 8 {
        let mut changed = call.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let mut peer = setup.peer();
        peer.send_bytes(&changed);
        peer.stream.shutdown(std::net::Shutdown::Write).expect("a socket");
        peer.wait_closed();
    }
    setup.check();
}

#[test]
fn unknown_methods_and_interfaces_are_refused() {
    let setup = Setup::new();
    let mut peer = setup.peer();
    refused(&peer.call(id(), 999, |_| ()), "no interface");
    refused(&peer.call(0x1234_5678_9abc_def0, 0, |_| ()), "no interface");
    assert!(
        matches!(peer.call(id(), ordinal("text"), |_| ()), Answer::Results),
        "an empty call has defaults"
    );
    setup.check();
}

#[test]
fn pointers_of_the_wrong_kind_are_errors_of_their_call() {
    let setup = Setup::new();
    let mut peer = setup.peer();
    let wrong = [
        ("text", struct_pointer(0, 1, 1)),
        ("text", list_pointer(0, 5, 1)),
        ("data", struct_pointer(0, 1, 1)),
        ("node", list_pointer(0, 2, 4)),
        ("list", struct_pointer(0, 1, 1)),
        ("numbers", list_pointer(0, 2, 8)),
        ("numbers", struct_pointer(0, 1, 1)),
        ("object", struct_pointer(0, 1, 1)),
        ("text", 3),
    ];
    for (method, pointer) in wrong {
        let answer = peer.patched(method, |words, at| words[at] = pointer);
        refused(&answer, "");
    }
    assert!(matches!(peer.call(id(), ordinal("text"), |_| ()), Answer::Results));
    setup.check();
}

#[test]
fn pointers_outside_the_message_are_errors_of_their_call() {
    let setup = Setup::new();
    let mut peer = setup.peer();
    for (method, pointer) in [
        ("node", struct_pointer(1 << 28, 1, 1)),
        ("node", struct_pointer(-(1 << 28), 1, 1)),
        ("node", struct_pointer(0, 0xffff, 0xffff)),
        ("text", list_pointer(0, 2, 0x1fff_ffff)),
        ("data", list_pointer(1 << 28, 2, 8)),
        ("list", list_pointer(0, 7, 0x1fff_ffff)),
        ("node", far_pointer(false, 0, 77)),
        ("node", far_pointer(true, 0x1fff_ffff, 0)),
        ("text", far_pointer(false, 0x1fff_ffff, 0)),
    ] {
        refused(&peer.patched(method, |words, at| words[at] = pointer), "");
    }
    setup.check();
}

#[test]
fn pointers_in_circles_are_errors_of_their_call() {
    let setup = Setup::new();
    let mut peer = setup.peer();
    // A struct whose pointer is itself.
    let circle = |words: &mut [u64], at: usize| {
        words[at] = struct_pointer(0, 1, 1);
        words[at + 2] = struct_pointer(-2, 1, 1);
    };
    refused(&peer.patched("node", circle), "");
    for double in [false, true] {
        // A far pointer whose landing pad is itself.
        let far = |words: &mut [u64], at: usize| words[at] = far_pointer(double, at as u64 - 1, 0);
        refused(&peer.patched("node", far), "");
    }
    setup.check();
}

#[test]
fn a_deep_value_is_an_error_of_its_call() {
    let setup = Setup::new();
    let mut node = None;
    for mark in 0..500 {
        node = Some(Node { mark, next: node.map(Box::new) });
    }
    assert!(setup.healthy.node(0, node).is_err());
    setup.check();
}

#[test]
fn a_small_message_cannot_claim_a_large_list() {
    let setup = Setup::new();
    let mut peer = setup.peer();
    // Half a thousand million values that take no room.
    let many = |words: &mut [u64], at: usize| words[at] = list_pointer(0, 0, 0x1fff_ffff);
    refused(&peer.patched("nothings", many), "");
    let structs = |words: &mut [u64], at: usize| {
        words[at] = list_pointer(0, 7, 0);
        words[at + 1] = (0x1fff_ffff << 2) & 0xffff_fffc;
    };
    refused(&peer.patched("list", structs), "");
    setup.check();
}

#[test]
fn text_that_is_not_utf8_is_an_error_that_names_its_field() {
    let setup = Setup::new();
    let mut peer = setup.peer();
    let latin1 = |words: &mut [u64], at: usize| {
        words[at] = list_pointer(0, 2, 5);
        words[at + 1] = u64::from_le_bytes(*b"caf\xe9\0\0\0\0");
    };
    refused(&peer.patched("text", latin1), "field `text`");
    let unterminated = |words: &mut [u64], at: usize| {
        words[at] = list_pointer(0, 2, 4);
        words[at + 1] = u64::from_le_bytes(*b"cafe\0\0\0\0");
    };
    refused(&peer.patched("text", unterminated), "");
    setup.check();
}

#[test]
fn unknown_values_are_errors_that_name_their_field() {
    let setup = Setup::new();
    let mut peer = setup.peer();
    let mut values = |kind: i32, letter: u32, variant: u16| {
        let bits = u64::from(kind as u32) | u64::from(letter) << 32;
        let bytes = peer.call_bytes(id(), ordinal("values"), |params| {
            let mut content: superclass::Builder<'_> = params.init_content().init_as();
            content.set_id(MARK);
            content.init_brand().init_scopes(8);
        });
        let mut words: Vec<u64> =
            bytes.chunks(8).map(|word| u64::from_le_bytes(word.try_into().expect("8 bytes"))).collect();
        let mark = words.iter().position(|word| *word == MARK).expect("the mark");
        words[mark] = bits;
        words[mark + 1] = struct_pointer(0, 1, 0);
        words[mark + 2] = u64::from(variant) << 32;
        peer.send_bytes(&words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>());
        peer.answer()
    };
    assert!(matches!(values(1, 'x' as u32, 0), Answer::Results));
    assert!(matches!(values(1, 'x' as u32, 1), Answer::Results));
    refused(&values(2, 'x' as u32, 0), "field `kind`");
    refused(&values(1, 0xd800, 0), "field `letter`");
    refused(&values(1, u32::MAX, 0), "field `letter`");
    refused(&values(1, 'x' as u32, 7), "field `choice`");
    setup.check();
}

/// Parameters as [`patched`] makes them, with a capability of the peer's in their table.
fn with_capability(mut params: payload::Builder<'_>, export: u32) {
    let mut content: superclass::Builder<'_> = params.reborrow().init_content().init_as();
    content.set_id(MARK);
    content.init_brand().init_scopes(8);
    params.init_cap_table(1).get(0).set_sender_hosted(export);
}

#[test]
fn a_thread_handle_that_is_none_is_refused() {
    let setup = Setup::new();
    let mut peer = setup.peer();
    let capability = 3u64; // The pointer to the first entry of the capability table.
    let bytes = peer.call_bytes(id(), ordinal("onThread"), |params| with_capability(params, 5));
    let mut words: Vec<u64> =
        bytes.chunks(8).map(|word| u64::from_le_bytes(word.try_into().expect("8 bytes"))).collect();
    let mark = words.iter().position(|word| *word == MARK).expect("the mark");
    // The parameters are the context's pointer alone: turn the word of data into that pointer.
    let parent =
        words[..mark].iter().rposition(|word| word >> 32 == 0x0001_0001).expect("the content's pointer");
    words[parent] = words[parent] & 0xffff_ffff | 1 << 48;
    words[mark] = struct_pointer(0, 0, 2);
    words[mark + 1] = capability;
    words[mark + 2] = capability;
    peer.send_bytes(&words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>());
    refused(&peer.answer(), "invalid thread handle");
    refused(&peer.call(id(), ordinal("onThread"), |_| ()), "no thread specified and no pool configured");
    setup.check();
}

#[test]
fn objects_that_are_not_there_end_at_most_the_connection() {
    let setup = Setup::new();
    // A capability outside the table, a target that was never exported, a promise of no question.
    let mut peer = setup.peer();
    let missing = |words: &mut [u64], at: usize| words[at] = 3 | 99 << 32;
    refused(&peer.patched("object", missing), "");
    for (target, question) in [(Some(77), 0), (None, 4000)] {
        let mut peer = setup.peer();
        peer.send(|message| {
            let mut call = message.init_call();
            call.set_question_id(9);
            call.set_interface_id(id());
            match target {
                Some(target) => call.init_target().set_imported_cap(target),
                None => call.init_target().init_promised_answer().set_question_id(question),
            }
        });
        peer.stream.shutdown(std::net::Shutdown::Write).expect("a socket");
        peer.wait_closed();
    }
    setup.check();
}

#[test]
fn messages_out_of_turn_end_at_most_the_connection() {
    let setup = Setup::new();
    let messages: [fn(capnp_rpc::rpc_capnp::message::Builder<'_>); 8] = [
        |message| message.init_return().set_answer_id(12),
        |message| message.init_finish().set_question_id(12),
        |message| message.init_release().set_reference_count(u32::MAX),
        |message| message.init_resolve().set_promise_id(12),
        |message| message.init_disembargo().init_context().set_sender_loopback(3),
        |message| message.init_disembargo().init_context().set_receiver_loopback(3),
        |message| message.init_provide().set_question_id(12),
        |message| message.init_abort().set_reason("bye"),
    ];
    for build in messages {
        let mut peer = setup.peer();
        peer.send(build);
        peer.send(build);
        peer.stream.shutdown(std::net::Shutdown::Write).expect("a socket");
        peer.wait_closed();
    }
    setup.check();
}

#[test]
fn a_question_asked_twice_ends_at_most_the_connection() {
    let setup = Setup::new();
    let mut peer = setup.stranger();
    for _ in 0..3 {
        peer.send(|message| message.init_bootstrap().set_question_id(0));
    }
    peer.stream.shutdown(std::net::Shutdown::Write).expect("a socket");
    peer.wait_closed();
    setup.check();
}
