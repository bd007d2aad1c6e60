//! A peer written by hand, which says what it likes.
//!
//! In: messages of `rpc.capnp`, or bytes. Out: what the server answers.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use capnp::message::{Builder, HeapAllocator, ReaderOptions};
use capnp_rpc::rpc_capnp::{message, payload, return_};

/// One end of a connection.
pub(crate) struct Peer {
    pub(crate) stream: UnixStream,
    question: u32,
}

/// What the server answered to a call.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The call returned.
    Results,
    /// It failed, with this text.
    Exception(String),
    /// The server ended the connection.
    Closed,
}

type Message = Builder<HeapAllocator>;

impl Peer {
    pub(crate) fn new(stream: UnixStream) -> Self {
        // Nothing here takes longer than this unless the server hangs.
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
        Peer { stream, question: 0 }
    }

    /// The bytes of a message.
    pub(crate) fn bytes(build: impl FnOnce(message::Builder<'_>)) -> Vec<u8> {
        let mut message: Message = Builder::new_default();
        build(message.init_root());
        capnp::serialize::write_message_to_words(&message)
    }

    pub(crate) fn send(&mut self, build: impl FnOnce(message::Builder<'_>)) {
        self.send_bytes(&Self::bytes(build));
    }

    /// Sends bytes; that the server has closed the connection shows when it is read from.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Asks for the server's first object, which is then the target of question 0.
    pub(crate) fn bootstrap(&mut self) {
        self.question = 1;
        self.send(|message| message.init_bootstrap().set_question_id(0));
    }

    /// The bytes of a call on the first object.
    pub(crate) fn call_bytes(
        &mut self,
        interface: u64,
        method: u16,
        params: impl FnOnce(payload::Builder<'_>),
    ) -> Vec<u8> {
        let question = self.question;
        self.question += 1;
        Self::bytes(|message| {
            let mut call = message.init_call();
            call.set_question_id(question);
            call.set_interface_id(interface);
            call.set_method_id(method);
            call.reborrow().init_target().init_promised_answer().set_question_id(0);
            call.reborrow().init_send_results_to().set_caller(());
            params(call.init_params());
        })
    }

    /// Calls a method of the first object and waits for the answer.
    pub(crate) fn call(
        &mut self,
        interface: u64,
        method: u16,
        params: impl FnOnce(payload::Builder<'_>),
    ) -> Answer {
        let bytes = self.call_bytes(interface, method, params);
        self.send_bytes(&bytes);
        self.answer()
    }

    /// The answer to the latest question.
    pub(crate) fn answer(&mut self) -> Answer {
        loop {
            let Some(message) = self.read() else { return Answer::Closed };
            let message: message::Reader<'_> = message.get_root().expect("a message");
            let returned = match message.which() {
                Ok(message::Return(returned)) => returned.expect("an answer"),
                Ok(message::Abort(_)) => return Answer::Closed,
                _ => continue,
            };
            if returned.get_answer_id() + 1 != self.question {
                continue;
            }
            return match returned.which() {
                Ok(return_::Exception(exception)) => {
                    let reason = exception.expect("an exception").get_reason().expect("a reason");
                    Answer::Exception(reason.to_string().expect("UTF-8"))
                }
                _ => Answer::Results,
            };
        }
    }

    /// One message, or `None` at the end of the connection.
    pub(crate) fn read(&mut self) -> Option<capnp::message::Reader<capnp::serialize::OwnedSegments>> {
        capnp::serialize::try_read_message(&mut self.stream, ReaderOptions::new()).ok().flatten()
    }

    /// Waits until the server has closed the connection.
    pub(crate) fn wait_closed(&mut self) {
        let mut buffer = [0; 4096];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return,
                Err(error) => panic!("the server keeps the connection open: {error}"),
            }
        }
    }
}
