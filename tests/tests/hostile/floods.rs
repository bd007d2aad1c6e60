//! More than anybody may ask for.

use std::io::Read;

use mp_tests::peer::{Cap, Outcome, Peer, cap_pointer, element, list_pointer, struct_pointer};
use mp_tests::victim::{Process, method};

use super::flood::{CONTEXT, On, Template, bytes, bytes_on_thread, number, thread};
use super::{check, victim};

const MEBIBYTE: u32 = 1 << 20;

/// Sends the message for so many questions, which are above all that the peer asks by itself. Returns how many were
/// taken.
fn flood(peer: &mut Peer, template: &mut Template, count: u32) -> u32 {
    (0..count).find(|number| !peer.try_send(template.of(1_000_000 + number))).unwrap_or(count)
}

/// Reads all that comes and throws it away, until the end of the stream.
fn drain(peer: &Peer) -> std::thread::JoinHandle<u64> {
    let mut stream = peer.stream().try_clone().expect("the stream");
    std::thread::spawn(move || {
        let (mut buffer, mut sum) = (vec![0; 1 << 16], 0);
        loop {
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => return sum,
                Ok(count) => sum += count as u64,
            }
        }
    })
}

/// A call of the peer that holds a thread of its own.
fn blocked(peer: &mut Peer) -> [Cap; 2] {
    let thread = thread(peer);
    let caps = [thread, Cap::Own(0)];
    let mut block = Template::call(On::Object(peer.root()), method::BLOCK, &CONTEXT, &caps);
    peer.send_raw(block.of(900));
    caps
}

#[test]
fn calls_that_are_finished_at_once_on_a_blocked_thread() {
    let mut victim = victim();
    let mut peer = victim.peer().bootstrap();
    let caps = blocked(&mut peer);
    let reading = drain(&peer);
    let on = On::Object(peer.root());
    let mut call = Template::call(on, method::TAKE_ON_THREAD, &bytes_on_thread(MEBIBYTE), &caps);
    let mut finish = Template::finish();
    for question in 1_000..3_000 {
        assert!(peer.try_send(call.of(question)) && peer.try_send(finish.of(question)));
    }
    check(&mut victim);
    drop(peer);
    let _ = reading;
    check(&mut victim);
}

#[test]
fn calls_on_an_answer_that_has_yet_to_come() {
    let mut victim = victim();
    let mut peer = victim.peer().bootstrap();
    let waits = peer.send_call(peer.root(), mp_tests::victim::VICTIM, method::WAIT, &[&[0]], &[]);
    let _reading = drain(&peer);
    let mut call = Template::call(On::Answer(waits), method::TAKE, &bytes(MEBIBYTE), &[]);
    flood(&mut peer, &mut call, 500);
    check(&mut victim);
    // Small ones, one behind the other: capnp-rpc would follow them by recursion.
    let mut peer = victim.peer().bootstrap();
    let waits = peer.send_call(peer.root(), mp_tests::victim::VICTIM, method::WAIT, &[&[0]], &[]);
    let _reading = drain(&peer);
    let mut last = waits;
    for question in 1_000..30_000 {
        let mut call = Template::call(On::Answer(last), method::HELLO, &[0], &[]);
        peer.try_send(call.of(question));
        last = question;
    }
    check(&mut victim);
    drop(peer);
    check(&mut victim);
}

#[test]
fn many_uses_of_an_answer_that_has_yet_to_come() {
    let mut victim = victim();
    let mut peer = victim.peer().bootstrap();
    let waits = peer.send_call(peer.root(), mp_tests::victim::VICTIM, method::WAIT, &[&[0]], &[]);
    let _reading = drain(&peer);
    let mut call = Template::call(On::Answer(waits), method::HELLO, &[0], &[]);
    let mut finish = Template::finish();
    for question in 1_000..301_000 {
        if !(peer.try_send(call.of(question)) && peer.try_send(finish.of(question))) {
            break;
        }
    }
    check(&mut victim);
}

#[test]
fn results_that_are_kept_for_the_caller() {
    let mut victim = victim();
    let mut peer = victim.peer().bootstrap();
    let on = On::Object(peer.root());
    let mut call = Template::call_with(on, method::TAKE, &bytes(MEBIBYTE), &[], |call| {
        call.get_send_results_to().set_yourself(());
    });
    let question = 999_999;
    peer.send_raw(call.of(question));
    peer.outcome(question).is_exception("`sendResultsTo.yourself` is not supported");
    let _reading = drain(&peer);
    assert_eq!(flood(&mut peer, &mut call, 500), 500);
    check(&mut victim);
}

#[test]
fn answers_that_are_never_finished() {
    let mut victim = victim();
    let mut peer = victim.peer().bootstrap();
    let mut call = Template::call(On::Object(peer.root()), method::MAKE, &[0], &[]);
    let reading = drain(&peer);
    assert_eq!(flood(&mut peer, &mut call, 200_000), 200_000);
    check(&mut victim);
    peer.finish_stream();
    assert!(reading.join().expect("a sum") > 200_000 * 24);
    check(&mut victim);
}

#[test]
fn questions_for_the_first_object() {
    let mut victim = victim();
    let mut peer = victim.peer().bootstrap();
    let _reading = drain(&peer);
    flood(&mut peer, &mut Template::bootstrap(), 1_000_000);
    check(&mut victim);
    // And without reading the answers.
    let mut peer = victim.peer().bootstrap();
    flood(&mut peer, &mut Template::bootstrap(), 300_000);
    check(&mut victim);
}

#[test]
fn a_million_capabilities_in_one_call() {
    let mut victim = victim();
    for own in [true, false] {
        let mut peer = victim.peer().bootstrap();
        let caps: Vec<Cap> =
            (0..1_000_000).map(|id| if own { Cap::Own(id) } else { Cap::Theirs(peer.root()) }).collect();
        let mut call = Template::call(On::Object(peer.root()), method::HELLO, &[0], &caps);
        peer.send_raw(call.of(7));
        peer.outcome(7).is_end("capabilities");
        check(&mut victim);
    }
}

#[test]
fn more_objects_than_are_kept_for_a_peer() {
    let mut victim = victim();
    let mut peer = victim.peer().bootstrap();
    let on = On::Object(peer.root());
    // Five thousand with each call, all of them kept.
    let mut kept = 0;
    let refused = (0..40).find_map(|round| {
        let caps: Vec<Cap> = (0..5_000).map(|number| Cap::Own(round * 5_000 + number)).collect();
        let mut params = vec![struct_pointer(0, 0, 1), list_pointer(0, element::POINTER, 5_000)];
        params.extend((0..5_000).map(cap_pointer));
        peer.send_raw(Template::call(on, method::KEEP_ALL, &params, &caps).of(1_000 + round));
        match peer.outcome(1_000 + round) {
            Outcome::Exception(text) => Some(text),
            Outcome::Results(..) => {
                kept += caps.len();
                None
            }
            ended @ Outcome::Ended(_) => panic!("{ended:?}"),
        }
    });
    assert_eq!(kept, 130_000);
    assert!(refused.is_some_and(|text| text.contains("as many as it may")));
    check(&mut victim);
    // When they are gone there is room again.
    victim.healthy().drop_kept().expect("an end of them");
    let mut one =
        Template::call(on, method::KEEP, &[struct_pointer(0, 0, 1), cap_pointer(0)], &[Cap::Own(200_000)]);
    let mut question = 2_000;
    while !matches!(
        {
            question += 1;
            peer.send_raw(one.of(question));
            peer.outcome(question)
        },
        Outcome::Results(..)
    ) {}
    check(&mut victim);
}

/// Makes a thousand parts, which are finished but not released. Returns what was refused.
fn make_a_thousand(peer: &mut Peer, round: u32) -> Option<String> {
    let mut call = Template::call(On::Object(peer.root()), method::MAKE, &[0], &[]);
    let mut finish = Template::finish();
    let questions = (round + 1) * 1_000..(round + 2) * 1_000;
    questions.clone().for_each(|question| peer.send_raw(call.of(question)));
    let mut refused = None;
    for question in questions {
        match peer.outcome(question) {
            Outcome::Results(..) => {}
            Outcome::Exception(text) => refused = Some(text),
            ended @ Outcome::Ended(_) => panic!("{ended:?}"),
        }
        let keeps = without_release(finish.of(question).to_vec());
        peer.send_raw(&keeps);
    }
    refused
}

#[test]
fn a_hundred_thousand_objects_work() {
    let mut victim = victim();
    let mut peer = victim.peer().bootstrap();
    for round in 0..100 {
        assert_eq!(make_a_thousand(&mut peer, round), None);
    }
    check(&mut victim);
}

#[test]
fn more_objects_than_a_peer_may_have() {
    let mut victim = victim();
    let mut peer = victim.peer().bootstrap();
    let refused = (0..140).find_map(|round| make_a_thousand(&mut peer, round));
    assert!(refused.is_some_and(|text| text.contains("objects of this process, as many as it may")));
    check(&mut victim);
    drop(peer);
    check(&mut victim);
}

/// A `Finish` that keeps the objects of the results.
fn without_release(mut finish: Vec<u8>) -> Vec<u8> {
    // The last word is its data: the question, and a bit whose default is true.
    let last = finish.len() - 4;
    finish[last] = 1;
    finish
}

#[test]
fn announced_messages_that_never_come() {
    let mut victim = victim();
    let head: Vec<u8> = [0u32, 8 << 20, 7].iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut peers: Vec<Peer> = (0..8).map(|_| victim.peer().bootstrap()).collect();
    for peer in &mut peers {
        peer.send_raw(&head);
    }
    check(&mut victim);
    let growth = victim.growth();
    assert!(growth.peak < 16, "{growth:?}");
    // Nobody keeps a place so for ever.
    for peer in &mut peers {
        peer.outcome(u32::MAX).is_end("has not come to its end");
    }
    check(&mut victim);
}

#[test]
fn threads_without_end() {
    let mut victim = victim();
    let mut peer = victim.peer().bootstrap();
    let root = peer.root();
    for round in 0..3_000u32 {
        let thread = thread(&mut peer);
        let caps = [thread, Cap::Own(0)];
        peer.send_raw(Template::call(On::Object(root), method::BLOCK, &CONTEXT, &caps).of(10_000 + round));
    }
    check(&mut victim);
    assert!(victim.growth().threads < 1_100, "{:?}", victim.growth());
    drop(peer);
    victim.healthy().release().expect("a release");
    check(&mut victim);
}

/// Has several peers do the same at the same time.
fn together(victim: &Process, count: usize, what: fn(&mut Peer)) -> Vec<Peer> {
    let peers: Vec<_> = (0..count)
        .map(|_| {
            let mut peer = victim.peer().bootstrap();
            std::thread::spawn(move || {
                what(&mut peer);
                peer
            })
        })
        .collect();
    peers.into_iter().map(|peer| peer.join().expect("a peer")).collect()
}

#[test]
fn many_peers_that_hold_as_much_as_they_can() {
    let mut victim = victim();
    let peers = together(&victim, 8, |peer| {
        let caps = blocked(peer);
        let _reading = drain(peer);
        let on = On::Object(peer.root());
        let mut call = Template::call(on, method::TAKE_ON_THREAD, &bytes_on_thread(MEBIBYTE), &caps);
        flood(peer, &mut call, 150);
    });
    check(&mut victim);
    // Whoever keeps to the rules gets room for more than a little all the same.
    assert_eq!(victim.healthy().take(vec![1; 8 << 20]), Ok(8 << 20));
    check(&mut victim);
    drop(peers);
    victim.healthy().release().expect("a release");
}

#[test]
fn messages_that_are_whole_but_for_their_last_bytes() {
    let mut victim = victim();
    let peers = together(&victim, 8, |peer| {
        let mut call = Template::call(On::Object(0), method::TAKE, &bytes(60 * MEBIBYTE), &[]);
        let bytes = call.of(5);
        peer.try_send(&bytes[..bytes.len() - 8]);
    });
    check(&mut victim);
    drop(peers);
    check(&mut victim);
}

#[test]
fn a_cancelled_call_keeps_its_thread_of_the_pool() {
    let mut victim = victim();
    let mut peer = victim.peer().bootstrap();
    let construct = peer.send_call(peer.root(), mp_tests::victim::VICTIM, method::CONSTRUCT, &[&[0]], &[]);
    peer.outcome(construct);
    let make_pool = 1;
    let mut pool = Template::call_with(On::Answer(construct), make_pool, &number(2), &[], |mut call| {
        call.set_interface_id(mp_tests::victim::THREAD_MAP);
    });
    peer.send_raw(pool.of(700));
    assert!(matches!(peer.outcome(700), Outcome::Results(..)));
    let threads = victim.growth().threads;
    let on = On::Object(peer.root());
    let no_thread = [struct_pointer(0, 0, 1), struct_pointer(0, 0, 2), 0, 0];
    peer.send_raw(Template::call(on, method::BLOCK, &no_thread, &[]).of(701));
    while victim.growth().threads == threads {
        std::thread::yield_now();
    }
    std::thread::sleep(std::time::Duration::from_millis(30));
    peer.send_raw(Template::finish().of(701));
    // The other thread serves what comes.
    for question in 702..706 {
        let no_thread = [struct_pointer(0, 1, 1), 5, struct_pointer(0, 0, 2), 0, 0];
        peer.send_raw(Template::call(on, method::ON_THREAD, &no_thread, &[]).of(question));
        assert!(matches!(peer.outcome(question), Outcome::Results(5, _)));
    }
    check(&mut victim);
}

#[test]
fn no_more_threads_run_than_the_process_may_have() {
    let mut victim = Process::start(env!("CARGO_BIN_EXE_victim"), &["process-threads=20"]);
    let refused = (0..4).any(|_| {
        let mut peer = victim.peer().bootstrap();
        let root = peer.root();
        let refused = (0..10).any(|round| {
            let caps = [thread(&mut peer), Cap::Own(0)];
            peer.send_raw(
                Template::call(On::Object(root), method::BLOCK, &CONTEXT, &caps).of(10_000 + round),
            );
            peer.send_raw(Template::call(On::Object(root), method::HELLO, &[0], &[]).of(20_000));
            let outcome = peer.outcome_of_any(&[10_000 + round, 20_000]);
            matches!(outcome, (_, Outcome::Exception(text)) if text.contains("threads for its peers"))
        });
        std::mem::forget(peer);
        refused
    });
    assert!(refused);
    assert!(victim.growth().threads < 30, "{:?}", victim.growth());
    victim.healthy().release().expect("a release");
    victim.check();
}
