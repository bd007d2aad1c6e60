//! Parameters or results on their way between a caller's thread and the event loop.
//!
//! In: a struct under construction, or a received one. Out: a message that may cross threads, with its
//! capabilities beside it: of its own, or the one in which the struct has arrived, if it has no
//! capabilities. Encoding and decoding happen on the thread that makes or serves the call, so that a
//! large value never stops the event loop.

use std::sync::Arc;

use capnp::any_pointer;
use capnp::message::{Builder, Reader};
use capnp::private::capability::ClientHook;
use capnp::private::layout::{CapTable, StructBuilder, StructReader, StructSize};
use capnp::traits::{Imbue, ImbueMut};
use capnp_rpc::rpc_capnp::{message, payload, return_};

use super::budget::{Budget, Permit};
use super::network::{self, Frame, Segments, Wire, can_be_content};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Limits, MESSAGE_LIMIT_WORDS};
use crate::wire::capability::{MessageCap, SlotHook};
use crate::wire::node::StructNode;
use crate::wire::raw::{RawPointerBuilder, RawPointerReader};

/// From so many words on a struct is not copied into the message that brings it to the peer.
const LARGE: usize = 2 << 10;
/// Words for what capnp-rpc puts around such a struct, with the longest way to the target that the peer lets pass.
const ENVELOPE: usize = 256;

/// A struct that belongs to no connection.
pub(crate) struct Payload {
    content: Content,
    pub(crate) caps: Vec<MessageCap>,
    /// What a received message counts for.
    _permit: Option<Permit>,
}

/// Where the struct is.
enum Content {
    /// In a message of its own.
    Own(network::Content),
    /// In the call or the answer that brought it.
    Arrived(Reader<Frame>),
}

impl Content {
    fn root(&self) -> capnp::Result<any_pointer::Reader<'_>> {
        match self {
            Content::Own(message) => message.get_root_as_reader(),
            Content::Arrived(message) => Ok(brought(message)?.get_content()),
        }
    }

    /// The struct of `node`, new unless it was begun before. Apart from what is written into it, so that there is one of
    /// this for all methods.
    fn begin<'a>(&'a mut self, node: &StructNode, table: &'a mut CapTable) -> Result<StructBuilder<'a>> {
        let error = |error: capnp::Error| Error::from_message(&error);
        let Content::Own(message) = self else {
            return Err(Error::new(ErrorKind::Misuse, "a message that has arrived is not written to"));
        };
        let mut root: any_pointer::Builder<'_> = message.get_root().map_err(error)?;
        root.imbue_mut(table);
        let size = StructSize { data: node.data_words, pointers: node.pointers };
        if root.is_null() {
            let RawPointerBuilder(pointer) = root.init_as();
            return Ok(pointer.init_struct(size));
        }
        let RawPointerBuilder(pointer) = root.get_as().map_err(error)?;
        pointer.get_struct(size, None).map_err(error)
    }
}

/// What a call or an answer brings.
fn brought(message: &Reader<Frame>) -> capnp::Result<payload::Reader<'_>> {
    match message.get_root::<message::Reader<'_>>()?.which()? {
        message::Call(call) => call?.get_params(),
        message::Return(answer) => match answer?.which()? {
            return_::Results(results) => results,
            _ => Err(capnp::Error::failed("the answer has no results".into())),
        },
        _ => Err(capnp::Error::failed("the message is neither a call nor an answer".into())),
    }
}

/// A received struct whose capabilities have yet to be filed.
pub(crate) struct Received {
    message: network::Content,
    pub(crate) hooks: Vec<Option<Box<dyn ClientHook>>>,
}

impl Received {
    /// Copies a received struct.
    ///
    /// # Errors
    ///
    /// When the struct is malformed.
    pub(crate) fn copy(source: any_pointer::Reader<'_>) -> Result<Self> {
        // Asking the source for its size would be reading all of it. What does not fit here goes to
        // further segments, each as large as all before it.
        let mut message = Builder::new(Segments::new());
        let mut hooks: CapTable = Vec::new();
        {
            let mut root: any_pointer::Builder<'_> = message.init_root();
            root.imbue_mut(&mut hooks);
            root.set_as::<any_pointer::Owned>(source).map_err(|error| Error::from_message(&error))?;
        }
        Ok(Received { message, hooks })
    }

    /// The message, for any thread; `file` says what each capability in it is to other threads.
    pub(crate) fn file(
        self,
        budget: &Arc<Budget>,
        mut file: impl FnMut(Box<dyn ClientHook>) -> MessageCap,
    ) -> Payload {
        let caps = self.hooks.into_iter().map(|hook| hook.map_or_else(MessageCap::null, &mut file)).collect();
        let permit = budget.hold_received(self.message.size_in_words() * 8);
        Payload { content: Content::Own(self.message), caps, _permit: Some(permit) }
    }
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Payload").field("caps", &self.caps).finish_non_exhaustive()
    }
}

impl Payload {
    /// An empty message.
    pub(crate) fn new() -> Self {
        Payload { content: Content::Own(Builder::new(Segments::new())), caps: Vec::new(), _permit: None }
    }

    /// What a message has brought, read where it lies; nothing if it has more capabilities than the first `known`
    /// ones, which nobody asks for. `budget` is there if the message is not counted.
    pub(crate) fn arrived(frame: &Frame, known: usize, budget: Option<&Arc<Budget>>) -> Option<Payload> {
        let message = frame.reader();
        let caps = brought(&message).ok()?.get_cap_table().ok()?.len() as usize;
        (caps <= known).then(|| Payload {
            content: Content::Arrived(message),
            caps: vec![MessageCap::null(); caps],
            _permit: budget.map(|budget| budget.hold_received(frame.bytes())),
        })
    }

    /// Starts the struct of `node`, and hands it to `write` with the capability list.
    pub(crate) fn write<T>(
        &mut self,
        node: &StructNode,
        write: impl FnOnce(StructBuilder<'_>, &mut Vec<MessageCap>) -> Result<T>,
    ) -> Result<T> {
        let mut table: CapTable = slot_table(self.caps.len());
        let structure = self.content.begin(node, &mut table)?;
        write(structure, &mut self.caps)
    }

    /// Hands the struct inside to `read`. A message without one is a struct of defaults.
    pub(crate) fn read<T>(
        &self,
        read: impl for<'a> FnOnce(StructReader<'a>, &'a [MessageCap]) -> Result<T>,
    ) -> Result<T> {
        let table: CapTable = slot_table(self.caps.len());
        read(self.structure(&table)?, &self.caps)
    }

    /// The struct inside, for a table from [`slot_table`].
    pub(crate) fn structure<'a>(&'a self, table: &'a CapTable) -> Result<StructReader<'a>> {
        let error = |error: capnp::Error| Error::from_message(&error);
        let mut root = self.content.root().map_err(error)?;
        root.imbue(table);
        let RawPointerReader(pointer) = root.get_as().map_err(error)?;
        pointer.get_struct(None).map_err(error)
    }

    /// Puts the struct of `node` into the message that `begin` begins and in which `target` is where it belongs. `hook`
    /// gives each capability its form on the connection.
    ///
    /// # Errors
    ///
    /// When it cannot be copied there, or `target` has none.
    pub(crate) fn put<M>(
        self,
        wire: &Wire,
        node: &StructNode,
        begin: impl FnOnce() -> M,
        target: impl for<'m> Fn(&'m mut M) -> any_pointer::Builder<'m>,
        hook: impl FnMut(&MessageCap) -> Option<Box<dyn ClientHook>>,
    ) -> Result<M> {
        let words = self.words();
        let mut message = match self.content {
            Content::Own(content) if words >= LARGE && self.caps.is_empty() && can_be_content(&content) => {
                wire.expect(ENVELOPE + usize::from(node.data_words) + usize::from(node.pointers));
                let (message, left) = wire.with_content(content, begin);
                let Some(left) = left else { return Ok(message) };
                (message, Payload { content: Content::Own(left), caps: self.caps, _permit: self._permit })
            }
            content => {
                wire.expect(words + 4 * self.caps.len());
                (begin(), Payload { content, caps: self.caps, _permit: self._permit })
            }
        };
        message.1.copy(target(&mut message.0), hook)?;
        Ok(message.0)
    }

    /// Copies the struct into a message of the connection.
    fn copy(
        &self,
        mut target: any_pointer::Builder<'_>,
        hook: impl FnMut(&MessageCap) -> Option<Box<dyn ClientHook>>,
    ) -> Result<()> {
        let error = |error: capnp::Error| Error::from_message(&error);
        let table: CapTable = self.caps.iter().map(hook).collect();
        let mut root = self.content.root().map_err(error)?;
        if root.is_null() {
            return Ok(());
        }
        root.imbue(&table);
        target.set_as::<any_pointer::Owned>(root).map_err(error)
    }

    /// The size in words, which is also what the log reports (in bytes).
    pub(crate) fn words(&self) -> usize {
        match &self.content {
            Content::Own(message) => {
                message.get_segments_for_output().iter().map(|segment| segment.len() / 8).sum()
            }
            Content::Arrived(_) => {
                let size = self.content.root().and_then(|root| root.target_size());
                size.map_or(0, |size| usize::try_from(size.word_count).unwrap_or(usize::MAX)) + 1
            }
        }
    }

    /// Refuses a message that the peer would have to refuse.
    ///
    /// # Errors
    ///
    /// When the message exceeds [`MESSAGE_LIMIT_WORDS`], or carries too many capabilities.
    pub(crate) fn check_size(&self, limits: &Limits) -> Result<usize> {
        let (words, caps) = (self.words(), self.caps.len());
        let refuse = |text| Err(Error::new(ErrorKind::Limit, text));
        // Room for the envelope that the RPC system puts around the struct, and for its table of
        // capabilities.
        if words + 512 + 4 * caps > MESSAGE_LIMIT_WORDS {
            return refuse(format!(
                "the message has {words} words, more than the {MESSAGE_LIMIT_WORDS} that one may have"
            ));
        }
        // The context of a call has two more.
        let most = limits.message_capabilities();
        if caps + 2 > most {
            return refuse(format!("the message has {caps} objects, more than the {most} that one may have"));
        }
        Ok(words)
    }
}

/// The table of a detached message with this many capabilities.
pub(crate) fn slot_table(length: usize) -> CapTable {
    (0..length).map(|index| Some(Box::new(SlotHook::new(index)) as Box<dyn ClientHook>)).collect()
}
