//! Messages for floods.
//!
//! In: what a message says. Out: its bytes, in which only the number of the question changes.

use capnp::message::{Builder, HeapAllocator};
use capnp_rpc::rpc_capnp::{call, message};

use mp_tests::peer::{
    Cap, Peer, cap_pointer, element, far_pointer, list_pointer, struct_pointer, with_content,
};
use mp_tests::victim::{VICTIM, method};

const MARK: u32 = 0x5eed_1234;

/// Where a call goes.
#[derive(Clone, Copy)]
pub(crate) enum On {
    /// An object of the server.
    Object(u32),
    /// The first pointer of an answer.
    Answer(u32),
}

/// A message, with a place for the number of its question.
pub(crate) struct Template {
    bytes: Vec<u8>,
    places: Vec<usize>,
}

impl Template {
    fn new(bytes: Vec<u8>) -> Self {
        let is_mark = |place: &usize| bytes[*place..*place + 4] == MARK.to_le_bytes();
        let places = (0..bytes.len() - 3).step_by(4).filter(is_mark).collect();
        Template { bytes, places }
    }

    /// A message that is built by hand.
    pub(crate) fn of_message(build: impl FnOnce(message::Builder<'_>)) -> Self {
        let mut message = Builder::new(HeapAllocator::new().first_segment_words(16));
        build(message.init_root());
        Template::new(capnp::serialize::write_message_to_words(&message))
    }

    /// The message for this question.
    pub(crate) fn of(&mut self, question: u32) -> &[u8] {
        for place in &self.places {
            self.bytes[*place..*place + 4].copy_from_slice(&question.to_le_bytes());
        }
        &self.bytes
    }

    /// `Bootstrap`.
    pub(crate) fn bootstrap() -> Self {
        Template::of_message(|message| message.init_bootstrap().set_question_id(MARK))
    }

    /// `Finish`.
    pub(crate) fn finish() -> Self {
        Template::of_message(|message| {
            let mut finish = message.init_finish();
            finish.set_question_id(MARK);
            finish.set_release_result_caps(true);
        })
    }

    /// A message of a kind that nobody knows, with so many bytes.
    pub(crate) fn unknown(length: usize) -> Self {
        let mut words = vec![struct_pointer(0, 1, 1), 0xffff, list_pointer(0, element::BYTE, length as u32)];
        words.resize(3 + length.div_ceil(8), 0);
        Template::new(mp_tests::peer::framed(&[&words]))
    }

    /// A call.
    pub(crate) fn call(on: On, method: u16, params: &[u64], caps: &[Cap]) -> Self {
        Self::call_with(on, method, params, caps, |_| ())
    }

    /// A call, with something more in its message.
    pub(crate) fn call_with(
        on: On,
        method: u16,
        params: &[u64],
        caps: &[Cap],
        more: impl FnOnce(call::Builder<'_>),
    ) -> Self {
        Template::new(with_content(far_pointer(false, 0, 1), &[params], |message| {
            let mut call = message.init_call();
            call.set_question_id(MARK);
            call.set_interface_id(VICTIM);
            call.set_method_id(method);
            let mut target = call.reborrow().init_target();
            match on {
                On::Object(id) => target.set_imported_cap(id),
                On::Answer(question) => {
                    let mut answer = target.init_promised_answer();
                    answer.set_question_id(question);
                    answer.init_transform(1).get(0).set_get_pointer_field(0);
                }
            }
            more(call.reborrow());
            let mut payload = call.init_params();
            let mut table = payload.reborrow().init_cap_table(caps.len() as u32);
            for (index, cap) in (0..).zip(caps) {
                cap.write(table.reborrow().get(index));
            }
            payload
        }))
    }
}

/// Parameters that are so many bytes.
pub(crate) fn bytes(length: u32) -> Vec<u64> {
    let mut words = vec![struct_pointer(0, 0, 1), list_pointer(0, element::BYTE, length)];
    words.resize(2 + length.div_ceil(8) as usize, 0x0707_0707_0707_0707);
    words
}

/// Parameters that are a context, whose thread and callback thread are the first two capabilities, and so many bytes.
pub(crate) fn bytes_on_thread(length: u32) -> Vec<u64> {
    let mut words = vec![
        struct_pointer(0, 0, 2),
        struct_pointer(1, 0, 2),
        list_pointer(2, element::BYTE, length),
        cap_pointer(0),
        cap_pointer(1),
    ];
    words.resize(5 + length.div_ceil(8) as usize, 0x0707_0707_0707_0707);
    words
}

/// Parameters that are a context alone.
pub(crate) const CONTEXT: [u64; 4] =
    [struct_pointer(0, 0, 1), struct_pointer(0, 0, 2), cap_pointer(0), cap_pointer(1)];

/// Parameters that are a number alone.
pub(crate) fn number(number: u64) -> [u64; 2] {
    [struct_pointer(0, 1, 0), number]
}

/// Parameters that are a context and a number.
pub(crate) fn number_on_thread(number: u64) -> [u64; 5] {
    [struct_pointer(0, 1, 1), number, struct_pointer(0, 0, 2), cap_pointer(0), cap_pointer(1)]
}

/// A peer with a thread at the server: the answer to this question.
pub(crate) fn thread(peer: &mut Peer) -> Cap {
    let construct = peer.send_call(peer.root(), VICTIM, method::CONSTRUCT, &[&[0]], &[]);
    let question = peer.question();
    peer.send(|message| {
        let mut call = message.init_call();
        call.set_question_id(question);
        call.set_interface_id(mp_tests::victim::THREAD_MAP);
        call.set_method_id(0);
        let mut target = call.init_target().init_promised_answer();
        target.set_question_id(construct);
        target.init_transform(1).get(0).set_get_pointer_field(0);
    });
    peer.outcome(question);
    Cap::Part(question)
}
