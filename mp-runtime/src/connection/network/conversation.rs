//! The network that capnp-rpc works on.
//!
//! In: a [`Wire`]. Out: its one connection, in the form that capnp-rpc asks for.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, ready};

use capnp::capability::Promise;
use capnp_rpc::rpc_twoparty_capnp::Side;

use super::message::{Incoming, Outgoing};
use super::wire::Wire;

/// What capnp-rpc puts around the parameters of a call, beside their capabilities.
const ENVELOPE_WORDS: u32 = 40;
/// What other messages are given at first; whatever they need more comes in further segments.
const MOST_WORDS: u32 = 64;

type Received = Box<dyn capnp_rpc::IncomingMessage>;

/// The network for capnp-rpc, which is `side` of it.
pub(crate) fn network(wire: &Rc<Wire>, side: Side) -> Box<dyn capnp_rpc::VatNetwork<Side>> {
    Box::new(Network { wire: wire.clone(), side, accepted: false })
}

/// capnp-rpc's network of this connection's two sides.
struct Network {
    wire: Rc<Wire>,
    side: Side,
    accepted: bool,
}

impl capnp_rpc::VatNetwork<Side> for Network {
    fn connect(&mut self, side: Side) -> Option<Box<dyn capnp_rpc::Connection<Side>>> {
        (side != self.side).then(|| Box::new(Conversation::new(self)) as Box<dyn capnp_rpc::Connection<Side>>)
    }

    fn accept(&mut self) -> Promise<Box<dyn capnp_rpc::Connection<Side>>, capnp::Error> {
        if std::mem::replace(&mut self.accepted, true) {
            return Promise::from_future(std::future::pending());
        }
        Promise::ok(Box::new(Conversation::new(self)))
    }

    fn drive_until_shutdown(&mut self) -> Promise<(), capnp::Error> {
        let wire = self.wire.clone();
        Promise::from_future(poll_fn(move |cx| wire.poll_ended(cx)))
    }
}

/// The connection, as capnp-rpc handles it.
struct Conversation {
    wire: Rc<Wire>,
    side: Side,
}

impl Conversation {
    fn new(network: &Network) -> Self {
        Conversation { wire: network.wire.clone(), side: network.side }
    }
}

impl capnp_rpc::Connection<Side> for Conversation {
    fn get_peer_vat_id(&self) -> Side {
        self.side
    }

    fn new_outgoing_message(&mut self, first_words: u32) -> Box<dyn capnp_rpc::OutgoingMessage> {
        let (expected, content) = self.wire.expected();
        let words = match expected {
            Some(expected) => expected + ENVELOPE_WORDS,
            None => first_words.min(MOST_WORDS),
        };
        Box::new(Outgoing::new(&self.wire, words, content))
    }

    fn receive_incoming_message(&mut self) -> Promise<Option<Received>, capnp::Error> {
        let wire = self.wire.clone();
        Promise::from_future(poll_fn(move |cx| {
            let received = ready!(wire.poll_receive(cx))?;
            let incoming = received.map(|(frame, ticket)| Incoming::new(&wire, frame, ticket) as Received);
            Poll::Ready(Ok(incoming))
        }))
    }

    fn shutdown(&mut self, result: capnp::Result<()>) -> Promise<(), capnp::Error> {
        self.wire.end(result);
        let wire = self.wire.clone();
        // Why it ends, the connection's task learns from the network; here it is only said that it has ended.
        Promise::from_future(poll_fn(move |cx| wire.poll_ended(cx).map(|_| Ok(()))))
    }
}
