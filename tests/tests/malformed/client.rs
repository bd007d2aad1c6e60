//! A server that breaks the rules, and our client of it.
//!
//! In: answers written by hand. Out: an error of the call that was answered so, in bounded time;
//! another connection on the client's event loop goes on working.

use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, channel};

use mp_runtime::{ErrorKind, EventLoop, Origin, Remote, connect_stream, within};

use super::server::{Server, Target};
use mp_tests::peer::{PATIENCE, Peer, element, far_pointer, list_pointer, struct_pointer};

/// A client whose server is a peer of ours, with its first call on the way.
struct Client {
    peer: Peer,
    /// The question of the call.
    question: u32,
    /// What the call came to.
    outcome: Receiver<mp_runtime::Result<String>>,
    remote: Remote<dyn Target>,
}

impl Client {
    fn new(event_loop: &EventLoop) -> Self {
        let (near, far) = UnixStream::pair().expect("a socket pair");
        let remote: Remote<dyn Target> = connect_stream(event_loop, near);
        let object = remote.object();
        let (sender, outcome) = channel();
        std::thread::spawn(move || sender.send(within(PATIENCE, || object.text("question".into()))));
        let mut peer = Peer::new(far);
        let question = peer.serve_until_call(super::server::method::TEXT);
        Client { peer, question, outcome, remote }
    }

    /// Answers the call with results in these words, whose first one is the pointer to them.
    fn answer(&mut self, results: &[u64]) {
        let question = self.question;
        self.peer.send_with_content(far_pointer(false, 0, 1), &[results], |message| {
            let mut answer = message.init_return();
            answer.set_answer_id(question);
            answer.init_results()
        });
    }

    #[track_caller]
    fn fails_with(self, kind: ErrorKind) {
        let outcome = self.outcome.recv_timeout(2 * PATIENCE).expect("an outcome");
        let error = outcome.expect_err("an error");
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!((error.interface(), error.method()), (Some("Target"), Some("text")));
        drop(self.remote);
    }
}

#[test]
fn results_that_lie_are_errors_of_their_call() {
    let server = Server::new();
    let event_loop = server.client_loop();
    let root = struct_pointer(0, 0, 1);
    let lies: &[&[u64]] = &[
        &[list_pointer(0, element::BYTE, 8), 0],
        &[root, struct_pointer(0, 1, 0), 0],
        &[root, list_pointer(0, element::BYTE, 100), 0],
        &[root, list_pointer(0, element::BYTE, 2), 0x6161],
        &[root, far_pointer(false, 1, 1)],
        &[root, far_pointer(true, 77, 1)],
        &[far_pointer(false, 0, 1)],
    ];
    for lie in lies {
        let mut client = Client::new(event_loop);
        client.answer(lie);
        client.fails_with(ErrorKind::Protocol);
    }
    let mut client = Client::new(event_loop);
    client.answer(&[root, list_pointer(0, element::BYTE, 2), 0xff]);
    client.fails_with(ErrorKind::BadValue);
    let mut client = Client::new(event_loop);
    client.answer(&[root, list_pointer(0, element::BYTE, 2), 0x61]);
    assert_eq!(client.outcome.recv_timeout(2 * PATIENCE).expect("an outcome"), Ok("a".into()));
    server.check();
}

#[test]
fn a_server_that_ends_the_connection_ends_the_calls_on_it() {
    let server = Server::new();
    let endings: &[fn(&mut Peer)] = &[
        |peer| peer.finish_stream(),
        |peer| peer.send_raw(&[0xff; 8]),
        |peer| peer.send_raw(&[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]),
        |peer| peer.send(|message| message.init_abort().set_reason("enough")),
        |peer| peer.send(|message| message.init_return().set_answer_id(4711)),
        |peer| peer.send_words(&[]),
    ];
    for (number, ending) in endings.iter().enumerate() {
        let mut client = Client::new(server.client_loop());
        ending(&mut client.peer);
        client.peer.finish_stream();
        let error = client.outcome.recv_timeout(2 * PATIENCE).expect("an outcome").expect_err("an error");
        assert_ne!(error.kind(), ErrorKind::Timeout, "{number}: {error}");
        assert!(
            client.remote.connection().wait_closed(Some(PATIENCE)).expect("a thread that may wait"),
            "{number}"
        );
        let error = client.remote.text("later".into()).expect_err("an error");
        assert_eq!((error.kind(), error.origin()), (ErrorKind::Disconnected, Origin::Local), "{number}");
    }
    server.check();
}
