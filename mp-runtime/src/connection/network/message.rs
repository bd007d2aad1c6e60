//! Messages as capnp-rpc handles them.
//!
//! In: whole messages from the peer, and messages that capnp-rpc builds. Out: the latter go to the outbox.

use std::rc::Rc;

use capnp::any_pointer;
use capnp::capability::Promise;
use capnp::message::{Builder, HeapAllocator, Reader};

use super::answers::Ticket;
use super::frame::Frame;
use super::letter::Content;
use super::wire::Wire;

/// A message of the peer.
pub(super) struct Incoming {
    wire: Rc<Wire>,
    frame: Frame,
    message: Reader<Frame>,
    ticket: Option<Rc<Ticket>>,
}

impl Incoming {
    pub(super) fn new(wire: &Rc<Wire>, frame: Frame, ticket: Option<Rc<Ticket>>) -> Box<Self> {
        let message = frame.reader();
        Box::new(Incoming { wire: wire.clone(), frame, message, ticket })
    }
}

impl capnp_rpc::IncomingMessage for Incoming {
    fn get_body(&self) -> capnp::Result<any_pointer::Reader<'_>> {
        self.wire.reads(&self.frame, self.ticket.as_ref());
        self.message.get_root()
    }
}

/// A message that capnp-rpc builds.
pub(super) struct Outgoing {
    wire: Rc<Wire>,
    message: Builder<HeapAllocator>,
    /// What belongs into the message, which capnp-rpc does not see.
    content: Option<Content>,
}

impl Outgoing {
    pub(super) fn new(wire: &Rc<Wire>, first_words: u32, content: Option<Content>) -> Self {
        let allocator = HeapAllocator::new().first_segment_words(first_words);
        Outgoing { wire: wire.clone(), message: Builder::new(allocator), content }
    }
}

impl capnp_rpc::OutgoingMessage for Outgoing {
    fn get_body(&mut self) -> capnp::Result<any_pointer::Builder<'_>> {
        self.message.get_root()
    }

    fn get_body_as_reader(&self) -> capnp::Result<any_pointer::Reader<'_>> {
        self.message.get_root_as_reader()
    }

    fn send(self: Box<Self>) -> (Promise<(), capnp::Error>, Rc<Builder<HeapAllocator>>) {
        let Outgoing { wire, message, content } = *self;
        let message = Rc::new(message);
        wire.send(message.clone(), content);
        // capnp-rpc asks for the end of a sending only where a stream has flow control.
        (Promise::ok(()), message)
    }

    fn take(self: Box<Self>) -> Builder<HeapAllocator> {
        self.message
    }

    fn size_in_words(&self) -> usize {
        self.message.size_in_words()
    }
}
