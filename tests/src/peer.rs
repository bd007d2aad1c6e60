//! A peer written by hand: RPC messages field by field, pointers word by word.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use capnp::message::{Builder, HeapAllocator, ReaderOptions};
use capnp_rpc::rpc_capnp::{cap_descriptor, message, payload, return_};

/// Longer than anything here may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// One end of a connection.
pub struct Peer {
    stream: UnixStream,
    next_question: u32,
    /// The server's first object, as an export of the server.
    root: u32,
}

/// What a call came to.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    /// Results; their first data word and, if they have one, the text of their first pointer.
    Results(u64, String),
    /// An exception with its text; the connection lives on.
    Exception(String),
    /// The connection has ended, with the text of an `Abort` if there was one.
    Ended(Option<String>),
}

impl Outcome {
    /// The call failed with an exception whose text contains `text`.
    #[track_caller]
    pub fn is_exception(&self, text: &str) {
        assert!(
            matches!(self, Outcome::Exception(found) if found.contains(text)),
            "{text:?} expected: {self:?}"
        );
    }

    /// The connection was ended, with a reason that contains `text`.
    #[track_caller]
    pub fn is_end(&self, text: &str) {
        assert!(
            matches!(self, Outcome::Ended(Some(found)) if found.contains(text)),
            "an end because of {text:?} expected: {self:?}"
        );
    }
}

/// A capability in a call's table.
#[derive(Clone, Copy)]
pub enum Cap {
    /// An object of this peer.
    Own(u32),
    /// A promise for an object of this peer.
    OwnPromise(u32),
    /// An object of the server.
    Theirs(u32),
    /// The answer of an earlier call.
    Answer(u32),
    /// The first pointer of the answer of an earlier call.
    Part(u32),
}

impl Cap {
    /// Writes the entry of a table.
    pub fn write(self, mut descriptor: cap_descriptor::Builder<'_>) {
        match self {
            Cap::Own(id) => descriptor.set_sender_hosted(id),
            Cap::OwnPromise(id) => descriptor.set_sender_promise(id),
            Cap::Theirs(id) => descriptor.set_receiver_hosted(id),
            Cap::Answer(question) => descriptor.init_receiver_answer().set_question_id(question),
            Cap::Part(question) => {
                let mut answer = descriptor.init_receiver_answer();
                answer.set_question_id(question);
                answer.init_transform(1).get(0).set_get_pointer_field(0);
            }
        }
    }
}

/// A pointer to a struct `offset` words after the pointer.
pub const fn struct_pointer(offset: i32, data: u16, pointers: u16) -> u64 {
    (((offset as u32) << 2) as u64) | ((data as u64) << 32) | ((pointers as u64) << 48)
}

/// The sizes of list elements, by their numbers in the encoding.
#[allow(missing_docs, reason = "the names are those of the encoding")]
pub mod element {
    pub const VOID: u64 = 0;
    pub const BIT: u64 = 1;
    pub const BYTE: u64 = 2;
    pub const TWO_BYTES: u64 = 3;
    pub const FOUR_BYTES: u64 = 4;
    pub const EIGHT_BYTES: u64 = 5;
    pub const POINTER: u64 = 6;
    pub const COMPOSITE: u64 = 7;
}

/// A pointer to a list `offset` words after the pointer.
pub const fn list_pointer(offset: i32, element: u64, count: u32) -> u64 {
    1 | (((offset as u32) << 2) as u64) | (element << 32) | ((count as u64) << 35)
}

/// A pointer to a landing pad in another segment; a double one has two words there.
pub const fn far_pointer(double: bool, word: u32, segment: u32) -> u64 {
    2 | ((double as u64) << 2) | ((word as u64) << 3) | ((segment as u64) << 32)
}

/// A pointer to a capability.
pub const fn cap_pointer(index: u32) -> u64 {
    3 | ((index as u64) << 32)
}

/// The bytes of a message of these segments.
///
/// # Panics
///
/// When there is no segment.
#[must_use]
pub fn framed(segments: &[&[u64]]) -> Vec<u8> {
    let mut bytes = (segments.len() as u32 - 1).to_le_bytes().to_vec();
    for segment in segments {
        bytes.extend((segment.len() as u32).to_le_bytes());
    }
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes.extend(segments.iter().flat_map(|segment| segment.iter()).flat_map(|word| word.to_le_bytes()));
    bytes
}

/// The bytes of a message with a payload whose content is this pointer, followed by more segments.
///
/// # Panics
///
/// When the message has no payload.
#[must_use]
pub fn with_content(
    content: u64,
    segments: &[&[u64]],
    build: impl for<'m> FnOnce(message::Builder<'m>) -> payload::Builder<'m>,
) -> Vec<u8> {
    const MARK: u64 = 0x1234_5678_9abc_def0;
    // The system gives memory where it is used.
    let mut message = Builder::new(HeapAllocator::new().first_segment_words(1 << 23));
    let payload = build(message.init_root());
    // Eight bytes of data, whose pointer is then replaced.
    payload.get_content().set_as::<capnp::data::Owned>(&MARK.to_le_bytes()[..]).expect("room");
    let parts = message.get_segments_for_output();
    assert_eq!(parts.len(), 1, "a short envelope");
    let mut words: Vec<u64> = parts[0]
        .chunks_exact(8)
        .map(|word| u64::from_le_bytes(word.try_into().expect("eight bytes")))
        .collect();
    let mark = words.iter().position(|word| *word == MARK).expect("the mark");
    let pointer = (0..mark)
        .find(|index| words[*index] == list_pointer((mark - index - 1) as i32, element::BYTE, 8))
        .expect("its pointer");
    words[pointer] = content;
    let all: Vec<&[u64]> = std::iter::once(&words[..]).chain(segments.iter().copied()).collect();
    framed(&all)
}

impl Peer {
    /// One end of this stream.
    ///
    /// # Panics
    ///
    /// When the system does not take a time for it.
    #[must_use]
    pub fn new(stream: UnixStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        Peer { stream, next_question: 1, root: u32::MAX }
    }

    /// Asks for the server's first object.
    pub fn bootstrap(mut self) -> Self {
        self.send(|message| message.init_bootstrap().set_question_id(0));
        let bytes = self.receive().expect("the answer to Bootstrap");
        let reader =
            capnp::serialize::read_message(&mut &bytes[..], ReaderOptions::new()).expect("a message");
        let root: message::Reader<'_> = reader.get_root().expect("a root");
        let Ok(message::Return(Ok(answer))) = root.which() else { panic!("Bootstrap was not answered") };
        let Ok(return_::Results(Ok(payload))) = answer.which() else { panic!("Bootstrap failed") };
        let table = payload.get_cap_table().expect("a table");
        let Ok(cap_descriptor::SenderHosted(root)) = table.get(0).which() else { panic!("no capability") };
        self.root = root;
        self
    }

    /// The server's first object.
    pub fn root(&self) -> u32 {
        self.root
    }

    /// A number for a question.
    pub fn question(&mut self) -> u32 {
        self.next_question += 1;
        self.next_question - 1
    }

    /// Sends bytes as they are. An error means that the server has hung up already.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        match self.stream.write_all(bytes) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("the server reads nothing more and does not hang up")
            }
            _ => {}
        }
    }

    /// Sends bytes as they are. Returns whether the other side has taken them all; not when it has hung up, or takes
    /// nothing for a long time.
    pub fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// The stream.
    #[must_use]
    pub fn stream(&self) -> &UnixStream {
        &self.stream
    }

    /// Ends our half of the stream.
    pub fn finish_stream(&mut self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
    }

    /// Sends an RPC message.
    pub fn send(&mut self, build: impl FnOnce(message::Builder<'_>)) {
        let mut message = Builder::new(HeapAllocator::new().first_segment_words(1 << 12));
        build(message.init_root());
        self.send_raw(&capnp::serialize::write_message_to_words(&message));
    }

    /// Sends an RPC message of one segment whose words are given.
    pub fn send_words(&mut self, words: &[u64]) {
        self.send_segments(&[words]);
    }

    /// Sends an RPC message of these segments.
    pub fn send_segments(&mut self, segments: &[&[u64]]) {
        self.send_raw(&framed(segments));
    }

    /// Calls a method of the server's first object with parameters given in words: the first one
    /// is the pointer to the parameters, and they have segment 1 for themselves.
    pub fn call_with(&mut self, interface: u64, method: u16, params: &[u64], caps: &[Cap]) -> Outcome {
        let question = self.send_call(self.root, interface, method, &[params], caps);
        self.outcome(question)
    }

    /// Sends a call whose parameters have the given segments, from segment 1 on.
    pub fn send_call(
        &mut self,
        target: u32,
        interface: u64,
        method: u16,
        params: &[&[u64]],
        caps: &[Cap],
    ) -> u32 {
        let question = self.question();
        self.send_with_content(far_pointer(false, 0, 1), params, |message| {
            let mut call = message.init_call();
            call.set_question_id(question);
            call.set_interface_id(interface);
            call.set_method_id(method);
            call.reborrow().init_target().set_imported_cap(target);
            let mut payload = call.init_params();
            let count = u32::try_from(caps.len()).expect("few capabilities");
            let mut table = payload.reborrow().init_cap_table(count);
            for (index, cap) in (0..).zip(caps) {
                cap.write(table.reborrow().get(index));
            }
            payload
        });
        question
    }

    /// Sends a message with a payload whose content is this pointer, followed by more segments.
    pub fn send_with_content(
        &mut self,
        content: u64,
        segments: &[&[u64]],
        build: impl for<'m> FnOnce(message::Builder<'m>) -> payload::Builder<'m>,
    ) {
        self.send_raw(&with_content(content, segments, build));
    }

    /// Serves the other side's `Bootstrap`, as a server would, and waits for a call of `method`.
    /// Returns its question.
    pub fn serve_until_call(&mut self, method: u16) -> u32 {
        loop {
            let bytes = self.receive().expect("a call");
            let reader =
                capnp::serialize::read_message(&mut &bytes[..], ReaderOptions::new()).expect("a message");
            match reader.get_root::<message::Reader<'_>>().expect("a root").which() {
                Ok(message::Bootstrap(Ok(bootstrap))) => {
                    let question = bootstrap.get_question_id();
                    self.send_with_content(cap_pointer(0), &[], |message| {
                        let mut answer = message.init_return();
                        answer.set_answer_id(question);
                        let mut payload = answer.init_results();
                        Cap::Own(0).write(payload.reborrow().init_cap_table(1).get(0));
                        payload
                    });
                }
                Ok(message::Call(Ok(call))) if call.get_method_id() == method => {
                    return call.get_question_id();
                }
                _ => {}
            }
        }
    }

    /// Reads as many bytes, or says that the stream has ended before.
    fn read(&mut self, bytes: &mut [u8]) -> Option<()> {
        match self.stream.read_exact(bytes) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("the server neither answers nor hangs up")
            }
            read => read.ok(),
        }
    }

    /// The next message, or `None` at the end of the stream. That may come in the middle of a message: a server that
    /// hangs up does not wait long for the last bytes to leave.
    ///
    /// # Panics
    ///
    /// When nothing comes for a long time.
    pub fn receive(&mut self) -> Option<Vec<u8>> {
        let mut head = [0; 8];
        self.read(&mut head)?;
        let count = u32::from_le_bytes(head[..4].try_into().expect("four bytes")) as usize + 1;
        let mut bytes = head.to_vec();
        bytes.resize((4 + 4 * count).next_multiple_of(8), 0);
        self.read(&mut bytes[8..])?;
        let words: u32 = (0..count)
            .map(|index| u32::from_le_bytes(bytes[4 + 4 * index..][..4].try_into().expect("four bytes")))
            .sum();
        let body = bytes.len();
        bytes.resize(body + words as usize * 8, 0);
        self.read(&mut bytes[body..])?;
        Some(bytes)
    }

    /// What the call of this question comes to. Other messages are passed over.
    pub fn outcome(&mut self, question: u32) -> Outcome {
        self.outcome_of_any(&[question]).1
    }

    /// The first of these questions that comes to something, and to what. Other messages are passed over.
    ///
    /// # Panics
    ///
    /// When the other side sends what is no message, or nothing for a long time.
    pub fn outcome_of_any(&mut self, questions: &[u32]) -> (u32, Outcome) {
        loop {
            let Some(bytes) = self.receive() else { return (u32::MAX, Outcome::Ended(None)) };
            let reader =
                capnp::serialize::read_message(&mut &bytes[..], ReaderOptions::new()).expect("a message");
            let root: message::Reader<'_> = reader.get_root().expect("a root");
            match root.which().expect("a known message") {
                message::Abort(reason) => {
                    let reason = reason.expect("a reason").get_reason().expect("a text");
                    return (u32::MAX, Outcome::Ended(Some(reason.to_string().expect("UTF-8"))));
                }
                message::Return(answer) => {
                    let answer = answer.expect("an answer");
                    let question = answer.get_answer_id();
                    if !questions.contains(&question) {
                        continue;
                    }
                    let outcome = match answer.which().expect("a known answer") {
                        return_::Results(payload) => results(payload.expect("a payload").get_content()),
                        return_::Exception(exception) => {
                            let reason = exception.expect("an exception").get_reason().expect("a text");
                            Outcome::Exception(reason.to_string().expect("UTF-8"))
                        }
                        _ => panic!("an unusual answer"),
                    };
                    return (question, outcome);
                }
                _ => {}
            }
        }
    }

    /// Whether the server has sent `Unimplemented` and goes on.
    pub fn is_unimplemented(&mut self) -> bool {
        let Some(bytes) = self.receive() else { return false };
        let reader =
            capnp::serialize::read_message(&mut &bytes[..], ReaderOptions::new()).expect("a message");
        let root: message::Reader<'_> = reader.get_root().expect("a root");
        matches!(root.which(), Ok(message::Unimplemented(_)))
    }
}

/// The first data word and the first text of a struct of results.
fn results(content: capnp::any_pointer::Reader<'_>) -> Outcome {
    use capnp::traits::FromPointerReader;
    struct Results(u64, String);
    impl<'a> FromPointerReader<'a> for Results {
        fn get_from_pointer(
            reader: &capnp::private::layout::PointerReader<'a>,
            _: Option<&'a [capnp::Word]>,
        ) -> capnp::Result<Self> {
            let structure = reader.get_struct(None)?;
            let text = structure.get_pointer_field(0);
            let text = match text.get_pointer_type()? {
                capnp::private::layout::PointerType::List => text.get_text(None)?.to_string()?,
                _ => String::new(),
            };
            Ok(Results(structure.get_data_field(0), text))
        }
    }
    let Results(number, text) = content.get_as().expect("results");
    Outcome::Results(number, text)
}
