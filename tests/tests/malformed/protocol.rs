//! RPC messages that are unknown, refer to what is not there, or come where they must not.

use std::time::Instant;

use capnp_rpc::rpc_capnp::message;

use super::server::{CallTarget, Server, TARGET, method};
use mp_tests::peer::{Cap, Outcome, PATIENCE, cap_pointer, struct_pointer};

#[test]
fn message_types_that_nobody_knows_are_answered_with_unimplemented() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    for kind in [14u64, 15, 100, 0xffff] {
        peer.send_words(&[struct_pointer(0, 1, 1), kind, 0]);
        assert!(peer.is_unimplemented(), "message type {kind}");
    }
    peer.send(|message| message.init_provide().set_question_id(77));
    assert!(peer.is_unimplemented());
    peer.send(|message| message.init_accept().set_question_id(78));
    assert!(peer.is_unimplemented());
    peer.send(|message| message.init_join().set_question_id(79));
    assert!(peer.is_unimplemented());
    peer.check();
    server.check();
}

/// What a peer sends, and what the reason for the connection's end says.
type Offence = (fn(message::Builder<'_>), &'static str);

#[test]
fn what_no_peer_may_send_ends_its_connection_with_a_reason() {
    let offences: &[Offence] = &[
        (|message| message.init_return().set_answer_id(99), "Invalid question ID in Return"),
        (
            |message| {
                let mut release = message.init_release();
                release.set_id(99);
                release.set_reference_count(1);
            },
            "release invalid export",
        ),
        (
            |message| {
                let mut release = message.init_release();
                release.set_id(0);
                release.set_reference_count(1000);
            },
            "refcount below zero",
        ),
        (|message| message.init_bootstrap().set_question_id(0), "already in use"),
        (
            |message| {
                let mut call = message.init_call();
                call.set_question_id(50);
                call.init_target().set_imported_cap(99);
            },
            "not a current export",
        ),
        (
            |message| {
                let mut call = message.init_call();
                call.set_question_id(0);
                call.set_interface_id(TARGET);
                call.init_target().set_imported_cap(0);
            },
            "in-use question id",
        ),
        (
            |message| {
                let mut call = message.init_call();
                call.set_question_id(50);
                call.reborrow().init_target().set_imported_cap(0);
                call.init_send_results_to().init_third_party();
            },
            "sendResultsTo",
        ),
        (|message| message.init_disembargo().init_context().set_receiver_loopback(3), "Invalid embargo"),
        (
            |message| {
                let mut disembargo = message.init_disembargo();
                disembargo.reborrow().init_context().set_sender_loopback(3);
                disembargo.init_target().set_imported_cap(0);
            },
            "does not point back",
        ),
        (
            |message| {
                let mut resolve = message.init_resolve();
                resolve.set_promise_id(5);
                resolve.init_cap().set_none(());
            },
            "CapDescriptor.none",
        ),
        (
            |message| {
                let inner = message.init_unimplemented();
                inner.init_call();
            },
            "did not implement required",
        ),
    ];
    let server = Server::new();
    for (offence, reason) in offences {
        let mut peer = server.peer().bootstrap();
        assert_eq!(peer.root(), 0, "the messages above name the first object so");
        peer.send(offence);
        peer.outcome(u32::MAX).is_end(reason);
        assert!(peer.receive().is_none(), "{reason}: nothing follows an Abort");
    }
    server.check();
}

#[test]
fn a_peer_that_breaks_the_rules_and_leaves_at_once_disturbs_nobody() {
    let server = Server::new();
    for _ in 0..50 {
        let mut peer = server.peer().bootstrap();
        let root = peer.root();
        peer.send_call(root, TARGET, method::CALLBACK, &[&[0]], &[Cap::Own(1), Cap::OwnPromise(2)]);
        peer.send(|message| message.init_return().set_answer_id(99));
        drop(peer);
        let mut peer = server.peer();
        peer.send_raw(&[0xff; 64]);
        drop(peer);
    }
    server.check();
}

#[test]
fn an_abort_of_the_peer_ends_its_connection() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    peer.send(|message| message.init_abort().set_reason("enough"));
    assert!(matches!(peer.outcome(u32::MAX), Outcome::Ended(_)));
    server.check();
}

#[test]
fn finishing_what_was_never_asked_disturbs_nothing() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    for question in [99, u32::MAX, 0, 0] {
        peer.send(|message| {
            let mut finish = message.init_finish();
            finish.set_question_id(question);
            finish.set_release_result_caps(false);
        });
    }
    peer.check();
    server.check();
}

#[test]
fn a_capability_of_ours_that_does_not_exist_is_an_error_for_whoever_calls_it() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    let context = [struct_pointer(0, 1, 1), 5, struct_pointer(0, 0, 2), cap_pointer(0), cap_pointer(0)];
    let outcome = peer.call_with(TARGET, method::ON_THREAD, &context, &[Cap::Theirs(99)]);
    outcome.is_exception("invalid thread handle");
    peer.check();
    server.check();
}

#[test]
fn a_call_on_the_answer_to_nothing_is_an_error_of_that_call() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    let question = peer.question();
    peer.send(|message| {
        let mut call = message.init_call();
        call.set_question_id(question);
        call.set_interface_id(TARGET);
        call.init_target().init_promised_answer().set_question_id(4711);
    });
    peer.outcome(question).is_exception("Pipeline call");
    peer.check();
    server.check();
}

#[test]
fn promises_that_resolve_to_themselves_stop_nobody() {
    let server = Server::new();
    // One that resolves to itself, and two that resolve to each other.
    for cycle in [&[(30, 30)][..], &[(30, 31), (31, 30)]] {
        let mut peer = server.peer().bootstrap();
        let params = [struct_pointer(0, 0, 1), cap_pointer(0)];
        let caps: Vec<Cap> = cycle.iter().map(|(promise, _)| Cap::OwnPromise(*promise)).collect();
        let root = peer.root();
        // The calls hold the promises, for a promise is no thread until it is resolved.
        let context = [struct_pointer(0, 1, 1), 5, struct_pointer(0, 0, 2), cap_pointer(0), 0, 0];
        for cap in &caps {
            peer.send_call(root, TARGET, method::ON_THREAD, &[&context], &[*cap]);
        }
        for (promise, target) in cycle {
            peer.send(|message| {
                let mut resolve = message.init_resolve();
                resolve.set_promise_id(*promise);
                resolve.init_cap().set_sender_promise(*target);
            });
        }
        peer.send_call(root, TARGET, method::CALLBACK, &[&params], &caps);
        server.check();
        peer.finish_stream();
        while peer.receive().is_some() {}
        server.check();
    }
}

#[test]
fn a_peer_that_makes_threads_without_end_is_told_to_stop() {
    const THREAD_MAP: u64 = 0xee5e_3717_9ad9_dc9d;
    let started = Instant::now();
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    let root = peer.root();
    let construct = peer.send_call(root, TARGET, method::CONSTRUCT, &[&[0]], &[]);
    let mut refused = None;
    for _ in 0..6000 {
        let question = peer.question();
        peer.send(|message| {
            let mut call = message.init_call();
            call.set_question_id(question);
            call.set_interface_id(THREAD_MAP);
            call.set_method_id(0);
            let mut target = call.init_target().init_promised_answer();
            target.set_question_id(construct);
            target.init_transform(1).get(0).set_get_pointer_field(0);
        });
        if let Outcome::Exception(text) = peer.outcome(question) {
            refused = Some(text);
            break;
        }
    }
    let refused = refused.expect("a limit");
    assert!(refused.contains("the most it may have"), "{refused}");
    assert!(started.elapsed() < PATIENCE);
    peer.check();
    server.check();
}
