//! Peers that do not read, or read slowly.

use std::io::Read;
use std::sync::Arc;

use mp_tests::peer::{PATIENCE, Peer};
use mp_tests::victim::{Process, Served, Victim, method};

use super::flood::{On, Template, number};
use super::{check, victim};

/// Reads until the end of the stream, so many bytes.
fn read_all(peer: &Peer) -> u64 {
    let mut stream = peer.stream();
    let (mut buffer, mut sum) = (vec![0; 1 << 16], 0);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return sum,
            Ok(count) => sum += count as u64,
        }
    }
}

#[test]
fn answers_are_made_as_they_are_read() {
    let mut victim = victim();
    for method in [method::GIVE, method::GIVE_ON_THREAD] {
        let mut peer = victim.peer().bootstrap();
        let root = peer.root();
        let mut call = match method {
            method::GIVE => Template::call(On::Object(root), method, &number(1 << 20), &[]),
            _ => {
                let thread = super::flood::thread(&mut peer);
                let caps = [thread, mp_tests::peer::Cap::Own(0)];
                let params = super::flood::number_on_thread(1 << 20);
                Template::call(On::Object(root), method, &params, &caps)
            }
        };
        for question in 0..2_000 {
            peer.send_raw(call.of(1_000 + question));
        }
        check(&mut victim);
        // Two thousand were asked for. What an allocator keeps of a few of them differs from run to run.
        assert!(victim.growth().resident < 64, "{:?}", victim.growth());
        // Whoever reads gets all of them.
        let mut stream = peer.stream();
        let (mut buffer, mut sum) = (vec![0; 1 << 16], 0u64);
        while sum < 2_000 << 20 {
            sum += stream.read(&mut buffer).expect("a read") as u64;
        }
        check(&mut victim);
    }
}

fn wait_until(condition: impl Fn() -> bool) {
    let until = std::time::Instant::now() + 2 * PATIENCE;
    while !condition() {
        assert!(std::time::Instant::now() < until, "it never came to that");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

type Make = fn(&Peer) -> Template;

#[test]
fn long_messages_of_no_known_kind_are_not_echoed() {
    let mut victim = victim();
    let mut peer = victim.peer().bootstrap();
    let mut unknown = Template::unknown(1 << 20);
    for question in 0..500 {
        peer.send_raw(unknown.of(question));
    }
    check(&mut victim);
    assert!(victim.growth().peak < 16, "{:?}", victim.growth());
    for _ in 0..500 {
        assert!(peer.is_unimplemented());
    }
}

#[test]
fn a_peer_that_reads_nothing_is_cut_off() {
    let floods: [(&str, Make, u32); 4] = [
        ("no such method", |peer| Template::call(On::Object(peer.root()), 999, &[0], &[]), 200_000),
        ("unknown messages", |_| Template::unknown(1 << 10), 200_000),
        (
            "failures",
            |peer| Template::call(On::Object(peer.root()), method::FAIL, &number(10_000), &[]),
            50_000,
        ),
        (
            "answers",
            |peer| Template::call(On::Object(peer.root()), method::GIVE, &number(1 << 20), &[]),
            2_000,
        ),
    ];
    let mut victim = victim();
    for (what, template, count) in floods {
        let mut peer = victim.peer().bootstrap();
        let mut template = template(&peer);
        let taken =
            (0..count).find(|question| !peer.try_send(template.of(1_000 + question))).unwrap_or(count);
        check(&mut victim);
        peer.finish_stream();
        // Whether it was cut off while it sent or is now, it gets what had left already, and the end.
        let left = read_all(&peer);
        println!("{what}: {taken} of {count} taken, {left} bytes were left to read");
        assert!(left < 100 << 20, "{what}: {left}");
        check(&mut victim);
    }
}

#[test]
fn a_peer_that_stops_reading_is_cut_off_after_a_while() {
    let mut victim = victim();
    let mut peer = victim.peer().bootstrap();
    let mut call = Template::call(On::Object(peer.root()), method::GIVE, &number(8 << 20), &[]);
    peer.send_raw(call.of(1_000));
    let descriptors = victim.growth().descriptors;
    wait_until(|| victim.log().contains("none was read for"));
    wait_until(|| victim.growth().descriptors < descriptors);
    assert!(read_all(&peer) < 8 << 20);
    check(&mut victim);
}

#[test]
fn large_answers_that_nobody_reads_are_given_to_few() {
    let mut victim = victim();
    let mut peers: Vec<Peer> = (0..10).map(|_| victim.peer().bootstrap()).collect();
    for peer in &mut peers {
        let mut call = Template::call(On::Object(peer.root()), method::GIVE, &number(60 << 20), &[]);
        peer.send_raw(call.of(1_000));
    }
    check(&mut victim);
    drop(peers);
    check(&mut victim);
}

#[test]
fn a_peer_that_says_nothing_keeps_no_place() {
    let mut victim = Process::start(env!("CARGO_BIN_EXE_victim"), &["connections=3"]);
    let silent: Vec<Peer> = (0..2).map(|_| victim.peer()).collect();
    // There is a place for it when the others have lost theirs.
    let late = victim.peer().bootstrap();
    for mut peer in silent {
        peer.outcome(u32::MAX).is_end("no message has come within 10s");
    }
    drop(late);
    check(&mut victim);
}

#[test]
fn a_peer_that_is_idle_is_cut_off_where_that_is_wanted() {
    let victim = Process::start(env!("CARGO_BIN_EXE_victim"), &["idle-milliseconds=300"]);
    let mut idle = victim.peer().bootstrap();
    idle.outcome(u32::MAX).is_end("nothing was said for 300ms");
    // A call that is under way keeps it.
    let mut busy = victim.peer().bootstrap();
    busy.send_raw(Template::call(On::Object(busy.root()), method::WAIT, &[0], &[]).of(50));
    wait_until(|| victim.healthy().connection().is_closed());
    busy.send_raw(Template::call(On::Object(busy.root()), method::HELLO, &[0], &[]).of(51));
    assert_eq!(busy.outcome(51), mp_tests::peer::Outcome::Results(1, String::new()));
}

#[test]
fn two_ends_that_send_as_much_as_they_can() {
    let mut victim = victim();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for (length, count) in [(60 << 20, 1), (8 << 20, 8), (1 << 20, 60)] {
        let own: Arc<dyn Victim> = Arc::new(Served::default());
        let echoed = runtime.block_on(async {
            let theirs = victim.healthy().ask_for_echo(own.clone(), length, count);
            let object = victim.healthy().object();
            let ours = own.ask_for_echo(object, length, count);
            let both = futures::future::try_join(theirs, ours);
            tokio::time::timeout(8 * PATIENCE, both).await.expect("an end")
        });
        assert_eq!(echoed, Ok((u64::from(count), u64::from(count))), "{length} bytes");
    }
    victim.check();
}

#[test]
fn a_process_with_few_descriptors_answers_whom_it_serves() {
    let mut victim = Process::start(env!("CARGO_BIN_EXE_victim"), &["descriptors=64"]);
    let mut early = victim.peer().bootstrap();
    // Of these some have a place, and the others wait for one.
    let others: Vec<Peer> = (0..100).map(|_| victim.peer()).collect();
    for _ in 0..3 {
        early.send_call(early.root(), mp_tests::victim::VICTIM, method::GIVE, &[&number(8 << 20)], &[]);
        while early.receive().expect("an answer").len() < 8 << 20 {}
    }
    check(&mut victim);
    drop(others);
    // And so is whoever comes when they have left.
    let mut late = victim.peer().bootstrap();
    let answer = late.send_call(late.root(), mp_tests::victim::VICTIM, method::HELLO, &[&[0]], &[]);
    late.outcome(answer);
    check(&mut victim);
}

#[test]
fn peers_that_say_nothing_cost_no_time() {
    let mut victim = victim();
    let peers: Vec<Peer> = (0..100).map(|_| victim.peer().bootstrap()).collect();
    victim.check();
    let before = victim.ticks();
    std::thread::sleep(std::time::Duration::from_millis(500));
    let ticks = victim.ticks() - before;
    assert!(ticks < 10, "{ticks} hundredths of a second");
    drop(peers);
    check(&mut victim);
}
