//! Messages that are sent in capnp-rpc's stead.
//!
//! In: what a peer asked that capnp-rpc is not to see. Out: answers to it.

use std::rc::Rc;

use capnp::message::{Builder, HeapAllocator};
use capnp::private::layout::StructSize;
use capnp_rpc::rpc_capnp::{exception, message};

use super::frame::Frame;
use crate::error::{Error, ErrorKind};
use crate::wire::raw::{RawPointerBuilder, RawPointerReader};

type Message = Rc<Builder<HeapAllocator>>;

fn build(words: u32, fill: impl FnOnce(message::Builder<'_>)) -> Message {
    let mut message = Builder::new(HeapAllocator::new().first_segment_words(words));
    fill(message.init_root());
    Rc::new(message)
}

/// An answer that refuses.
pub(super) fn exception(question: u32, error: &Error) -> Message {
    let text = error.to_rpc().extra;
    build(24 + u32::try_from(text.len() / 8).unwrap_or(0), |message| {
        let mut answer = message.init_return();
        answer.set_answer_id(question);
        // Not every peer releases what it gave because an answer says so.
        answer.set_release_param_caps(false);
        let mut exception = answer.init_exception();
        exception.set_reason(text.as_str());
        exception.set_type(match error.kind() {
            ErrorKind::Unimplemented => exception::Type::Unimplemented,
            _ => exception::Type::Overloaded,
        });
    })
}

/// Gives an object of the peer back.
pub(super) fn release(id: u32) -> Message {
    build(8, |message| {
        let mut release = message.init_release();
        release.set_id(id);
        release.set_reference_count(1);
    })
}

/// Says that a message is of no known kind. The kind is sent back and nothing else: a long message would be echoed at
/// length, and a short one may refer to the same bytes again and again.
pub(super) fn unimplemented(frame: &Frame) -> capnp::Result<Message> {
    let reader = frame.reader();
    let RawPointerReader(unknown) = reader.get_root()?;
    let kind: u16 = unknown.get_struct(None)?.get_data_field(0);
    let mut message = Builder::new(HeapAllocator::new().first_segment_words(8));
    // Both are a `Message`, and the first kind is `unimplemented`.
    let size = StructSize { data: 1, pointers: 1 };
    let RawPointerBuilder(root) = message.init_root();
    let inner = root.init_struct(size).get_pointer_field(0).init_struct(size);
    inner.set_data_field(0, kind);
    Ok(Rc::new(message))
}
