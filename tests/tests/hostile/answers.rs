//! A server whose answers chance has changed, and our client of it, in this process.
//!
//! In: a seed. Out: each call of the client ends, by an answer or because the connection does; the client's event loop
//! goes on, and has not caught a panic. `MP_CONVERSATIONS` and `MP_SEED` are as for conversations.

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use capnp::message::ReaderOptions;
use capnp_rpc::rpc_capnp::message;
use mp_runtime::{ErrorKind, EventLoop, Remote, Result, connect_stream, ipc_interface, within};
use mp_tests::peer::{
    Cap, PATIENCE, Peer, cap_pointer, element, far_pointer, list_pointer, struct_pointer, with_content,
};
use mp_tests::victim::{Part, VICTIM, Victim, method};

use super::conversations::{Conversation, from_environment};
use super::mutations::mutate;
use super::random::Random;

struct Own;

#[ipc_interface]
impl Part for Own {
    fn number(&self) -> Result<i32> {
        Ok(5)
    }
}

/// Panics of the runtime's own threads.
static PANICS: AtomicUsize = AtomicUsize::new(0);

fn count_panics() {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let thread = std::thread::current();
        if thread.name().is_some_and(|name| name == "capnp-loop" || name.starts_with("ipc-")) {
            PANICS.fetch_add(1, Ordering::Relaxed);
        }
        told(panic);
    }));
}

/// The answer to a message, if it is one that wants an answer: numbers, bytes and objects, as may be asked for.
fn answer(bytes: &[u8]) -> Option<Vec<u8>> {
    let reader = capnp::serialize::read_message(&mut &bytes[..], ReaderOptions::new()).expect("a message");
    let (question, content) = match reader.get_root::<message::Reader<'_>>().expect("a root").which() {
        Ok(message::Bootstrap(Ok(bootstrap))) => (bootstrap.get_question_id(), vec![cap_pointer(0)]),
        Ok(message::Call(Ok(call))) => {
            let gives = [method::GIVE, method::GIVE_ON_THREAD, method::ECHO].contains(&call.get_method_id());
            let content = if gives && call.get_interface_id() == VICTIM {
                vec![struct_pointer(0, 0, 1), list_pointer(0, element::BYTE, 8), 0x0707_0707_0707_0707]
            } else {
                vec![struct_pointer(0, 1, 1), 5, cap_pointer(0)]
            };
            (call.get_question_id(), content)
        }
        _ => return None,
    };
    Some(with_content(far_pointer(false, 0, 1), &[&content], |message| {
        let mut answer = message.init_return();
        answer.set_answer_id(question);
        let mut payload = answer.init_results();
        Cap::Own(question).write(payload.reborrow().init_cap_table(1).get(0));
        payload
    }))
}

/// Answers so many questions as they should be, and the next one as chance will have it, among other messages. That is
/// the last that this server says.
fn serve(mut peer: Peer, honest: usize, random: &mut Random) {
    let mut answered = 0;
    while let Some(bytes) = peer.receive() {
        let Some(answer) = answer(&bytes) else { continue };
        if answered < honest {
            answered += 1;
            peer.send_raw(&answer);
            continue;
        }
        let mut frames = Conversation::new(random.below(4) as u32, random, true).frames;
        frames.truncate(random.below(4));
        frames.insert(random.below(frames.len() + 1), answer);
        mutate(&mut frames, random);
        peer.try_send(&frames.concat());
        peer.finish_stream();
    }
}

/// One call, of any kind.
fn ask(remote: &Remote<dyn Victim>, random: &mut Random) -> Result<()> {
    match random.below(8) {
        0 => remote.hello().map(drop),
        1 => remote.on_thread(3).map(drop),
        2 => remote.take(vec![7; random.below(4_000)]).map(drop),
        3 => remote.give_on_thread(8).map(drop),
        4 => remote.make()?.number().map(drop),
        5 => remote.keep(Arc::new(Own)),
        6 => remote.give_kept()?.number().map(drop),
        _ => futures::executor::block_on(remote.echo(vec![7; 8])).map(drop),
    }
}

#[test]
fn a_call_whose_answer_chance_has_changed_ends() {
    count_panics();
    let event_loop = EventLoop::new("client").expect("an event loop");
    let (count, first) = (from_environment("MP_CONVERSATIONS", 1_000), from_environment("MP_SEED", 1));
    let (mut answered, mut disconnected, mut failed) = (0, 0, 0);
    for seed in first..first + count {
        let mut random = Random::new(seed);
        let (near, far) = UnixStream::pair().expect("a socket pair");
        let honest = random.below(8);
        let mut chance = Random::new(random.next());
        let server = std::thread::spawn(move || serve(Peer::new(far), honest, &mut chance));
        let remote: Remote<dyn Victim> = connect_stream(&event_loop, near);
        for _ in 0..6 {
            let outcome = within(PATIENCE, || ask(&remote, &mut random));
            match outcome.map_err(|error| error.kind()) {
                Ok(()) => answered += 1,
                Err(ErrorKind::Timeout) => panic!("MP_SEED={seed}: a call has not ended"),
                Err(ErrorKind::Disconnected) => disconnected += 1,
                Err(_) => failed += 1,
            }
        }
        drop(remote);
        server.join().expect("an end of the conversation");
        assert_eq!(PANICS.load(Ordering::Relaxed), 0, "MP_SEED={seed}: the runtime has panicked");
    }
    // Of each kind there are some, or the changes prove nothing.
    let ends = [answered, disconnected, failed];
    println!("calls answered, disconnected, failed otherwise: {ends:?}");
    assert!(count < 100 || ends.iter().all(|calls| *calls > count / 50), "{ends:?}");
}
