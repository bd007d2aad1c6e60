//! Promises that lead nowhere, in circles, or far away.

use mp_tests::peer::{Cap, Peer, cap_pointer, struct_pointer};
use mp_tests::victim::{Process, VICTIM, method};

use super::flood::{CONTEXT, On, Template};
use super::{check, victim};

const ONE: [u64; 2] = [struct_pointer(0, 0, 1), cap_pointer(0)];

fn keep(peer: &mut Peer, promise: u32) {
    let root = peer.root();
    let question = peer.send_call(root, VICTIM, method::KEEP, &[&ONE], &[Cap::OwnPromise(promise)]);
    peer.outcome(question);
}

fn resolve(peer: &mut Peer, promise: u32, to: Cap) {
    let mut message = capnp::message::Builder::new_default();
    let root: capnp_rpc::rpc_capnp::message::Builder<'_> = message.init_root();
    let mut resolve = root.init_resolve();
    resolve.set_promise_id(promise);
    to.write(resolve.init_cap());
    peer.try_send(&capnp::serialize::write_message_to_words(&message));
}

/// What is done with a promise that the victim has kept.
const USES: &[fn(&mut Process, &mut Peer)] = &[
    |victim, _| drop(mp_runtime::within(mp_tests::peer::PATIENCE, || victim.healthy().use_kept())),
    |_, peer| {
        let root = peer.root();
        peer.try_send(Template::call(On::Object(root), method::GIVE_KEPT, &[0], &[]).of(50));
    },
    |victim, _| drop(victim.healthy().give_kept()),
    |_, peer| {
        let mut message = capnp::message::Builder::new_default();
        let root: capnp_rpc::rpc_capnp::message::Builder<'_> = message.init_root();
        let mut disembargo = root.init_disembargo();
        disembargo.reborrow().init_context().set_sender_loopback(3);
        disembargo.init_target().set_imported_cap(0);
        peer.try_send(&capnp::serialize::write_message_to_words(&message));
    },
    |victim, _| drop(victim.healthy().drop_kept()),
];

#[test]
fn circles() {
    for circle in [&[(30, 30)][..], &[(30, 31), (31, 30)], &[(31, 32), (30, 31), (32, 30)]] {
        for used in USES {
            let mut victim = victim();
            let mut peer = victim.peer().bootstrap();
            for (promise, _) in circle {
                keep(&mut peer, *promise);
            }
            for (promise, target) in circle {
                resolve(&mut peer, *promise, Cap::OwnPromise(*target));
            }
            if circle.len() == 1 {
                used(&mut victim, &mut peer);
                peer.outcome(u32::MAX).is_end("to itself");
            } else {
                // By the time that the circle closes, its first promise is forgotten: the last one is resolved to
                // another one of the same number.
                drop(peer);
            }
            check(&mut victim);
        }
    }
}

#[test]
fn a_promise_that_is_resolved_to_an_answer_that_returns_it() {
    let mut victim = victim();
    let mut peer = victim.peer().bootstrap();
    let waits = peer.send_call(peer.root(), VICTIM, method::WAIT, &[&[0]], &[]);
    keep(&mut peer, 30);
    resolve(&mut peer, 30, Cap::Part(waits));
    peer.outcome(u32::MAX).is_end("does not follow");
    check(&mut victim);
}

#[test]
fn chains_that_are_kept() {
    let mut victim = victim();
    for used in [true, false] {
        let mut peer = victim.peer().bootstrap();
        keep(&mut peer, 0);
        for promise in 0..50_000 {
            resolve(&mut peer, promise, Cap::OwnPromise(promise + 1));
        }
        if used {
            peer.outcome(u32::MAX).is_end("more than 64 steps");
        }
        drop(peer);
        check(&mut victim);
    }
}

#[test]
fn a_short_chain_works() {
    let mut victim = victim();
    let mut peer = victim.peer().bootstrap();
    keep(&mut peer, 0);
    for promise in 0..60 {
        resolve(&mut peer, promise, Cap::OwnPromise(promise + 1));
    }
    let asked = {
        let healthy = victim.healthy().object();
        std::thread::spawn(move || mp_runtime::within(mp_tests::peer::PATIENCE, || healthy.use_kept()))
    };
    // Its calls come to the end of the chain.
    let question = peer.serve_until_call(1);
    peer.send(|message| {
        let mut answer = message.init_return();
        answer.set_answer_id(question);
        answer.init_exception().set_reason("no number");
    });
    let error = asked.join().expect("an outcome").expect_err("an exception");
    assert!(error.text().contains("no number"), "{error}");
    check(&mut victim);
}

#[test]
fn a_chain_that_is_a_thread() {
    let mut victim = victim();
    let mut peer = victim.peer().bootstrap();
    let root = peer.root();
    let caps = [Cap::OwnPromise(0), Cap::Own(99)];
    peer.send_raw(Template::call(On::Object(root), method::BLOCK, &CONTEXT, &caps).of(50));
    for promise in 0..50_000 {
        resolve(&mut peer, promise, Cap::OwnPromise(promise + 1));
    }
    check(&mut victim);
    drop(peer);
    check(&mut victim);
}

#[test]
fn answers_that_stand_one_behind_the_other_as_parameters() {
    let mut victim = victim();
    let mut peer = victim.peer().bootstrap();
    let root = peer.root();
    let mut last = peer.send_call(root, VICTIM, method::WAIT, &[&[0]], &[]);
    for question in 1_000..20_000 {
        let mut call = Template::call(On::Object(root), method::KEEP, &ONE, &[Cap::Part(last)]);
        peer.try_send(call.of(question));
        last = question;
    }
    check(&mut victim);
    drop(peer);
    check(&mut victim);
}
