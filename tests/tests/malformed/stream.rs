//! Bytes that are no messages, and messages that the stream cuts short or makes too long.

use super::server::{Server, TARGET, method};
use mp_tests::peer::{Outcome, Peer, struct_pointer};

/// Waits for the end of a connection.
#[track_caller]
fn ends(mut peer: Peer) {
    let outcome = peer.outcome(u32::MAX);
    assert!(matches!(outcome, Outcome::Ended(_)), "the connection lives on: {outcome:?}");
}

/// A call with a text for its parameters and a capability in its table.
fn call() -> Vec<u8> {
    let mut message = capnp::message::Builder::new_default();
    let root: capnp_rpc::rpc_capnp::message::Builder<'_> = message.init_root();
    let mut call = root.init_call();
    call.set_question_id(1);
    call.set_interface_id(TARGET);
    call.set_method_id(method::TEXT);
    call.reborrow().init_target().set_imported_cap(0);
    let mut payload = call.init_params();
    payload.reborrow().init_cap_table(1).get(0).set_sender_hosted(3);
    payload.get_content().set_as::<capnp::text::Owned>("hello").expect("room");
    capnp::serialize::write_message_to_words(&message)
}

#[test]
fn a_stream_that_is_cut_short_ends_only_its_own_connection() {
    let server = Server::new();
    let mut whole = {
        let mut message = capnp::message::Builder::new_default();
        let root: capnp_rpc::rpc_capnp::message::Builder<'_> = message.init_root();
        root.init_bootstrap().set_question_id(0);
        capnp::serialize::write_message_to_words(&message)
    };
    whole.extend(call());
    for length in 0..whole.len() {
        let mut peer = server.peer();
        peer.send_raw(&whole[..length]);
        peer.finish_stream();
        ends(peer);
    }
    server.check();
}

#[test]
fn a_stream_that_stops_in_the_middle_keeps_nobody_waiting() {
    let server = Server::new();
    let mut peer = server.peer();
    peer.send_raw(&[0, 0, 0, 0, 200, 0, 0, 0, 1, 2, 3]);
    for _ in 0..20 {
        server.check();
    }
    drop(peer);
    server.check();
}

#[test]
fn a_segment_table_that_is_too_large_is_refused_before_it_is_read() {
    let server = Server::new();
    for count in [511u32, 512, 100_000, u32::MAX - 1, u32::MAX] {
        let mut peer = server.peer().bootstrap();
        peer.send_raw(&count.to_le_bytes());
        peer.send_raw(&[0; 4]);
        peer.outcome(u32::MAX).is_end("segments");
    }
    server.check();
}

#[test]
fn a_message_that_claims_to_be_huge_is_refused_before_it_is_read() {
    let server = Server::new();
    for words in [8 * 1024 * 1024 + 1, 1 << 28, u32::MAX] {
        let mut peer = server.peer().bootstrap();
        peer.send_raw(&[0; 4]);
        peer.send_raw(&words.to_le_bytes());
        peer.outcome(u32::MAX).is_end("too large");
    }
    let mut peer = server.peer().bootstrap();
    let table: Vec<u8> =
        [2, u32::MAX, u32::MAX, u32::MAX].into_iter().flat_map(|word: u32| word.to_le_bytes()).collect();
    peer.send_raw(&table);
    peer.outcome(u32::MAX).is_end("too large");
    let mut peer = server.peer().bootstrap();
    let table: Vec<u8> =
        [1, 5 << 20, 5 << 20, 0].into_iter().flat_map(|word: u32| word.to_le_bytes()).collect();
    peer.send_raw(&table);
    peer.outcome(u32::MAX).is_end("too large");
    server.check();
}

#[test]
fn noise_ends_only_its_own_connection() {
    let server = Server::new();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..200 {
        let mut peer = server.peer();
        let length = random() % 40;
        let words: Vec<u64> = (0..length).map(|_| random() & random() & random()).collect();
        peer.send_words(&words);
        let bytes: Vec<u8> = (0..100).flat_map(|_| random().to_le_bytes()).collect();
        peer.send_raw(&bytes);
        peer.finish_stream();
        while peer.receive().is_some() {}
    }
    server.check();
}

#[test]
fn every_flipped_bit_of_a_call_is_survived() {
    let server = Server::new();
    let call = call();
    for bit in 0..call.len() * 8 {
        let mut bytes = call.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let mut peer = server.peer().bootstrap();
        peer.send_raw(&bytes);
        peer.finish_stream();
        while peer.receive().is_some() {}
    }
    server.check();
}

#[test]
fn an_empty_message_is_no_rpc_message() {
    let server = Server::new();
    for words in
        [&[][..], &[0], &[struct_pointer(0, 0, 0)], &[u64::MAX], &[struct_pointer(0, 1, 1), 0xffff, 0]]
    {
        let mut peer = server.peer().bootstrap();
        peer.send_words(words);
        peer.finish_stream();
        while peer.receive().is_some() {}
    }
    server.check();
}
