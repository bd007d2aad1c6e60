//! Parameters or results on their way between a caller's thread and the event loop.
//!
//! In: a struct under construction, or a received one. Out: a message of its own that may cross
//! threads, with its capabilities beside it. Encoding and decoding happen on the thread that makes
//! or serves the call, so that a large value never stops the event loop.

use std::sync::Arc;

use capnp::any_pointer;
use capnp::message::{Builder, HeapAllocator};
use capnp::private::capability::ClientHook;
use capnp::private::layout::{CapTable, StructBuilder, StructReader, StructSize};
use capnp::traits::{Imbue, ImbueMut};

use super::budget::{Budget, Permit};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Limits, MESSAGE_LIMIT_WORDS};
use crate::wire::capability::{MessageCap, SlotHook};
use crate::wire::node::StructNode;
use crate::wire::raw::{RawPointerBuilder, RawPointerReader};

/// Words that a received message is given at first.
const FIRST_WORDS: u32 = 64;

/// A message that belongs to no connection.
pub(crate) struct Payload {
    message: Builder<HeapAllocator>,
    pub(crate) caps: Vec<MessageCap>,
    /// What a received message counts for.
    _permit: Option<Permit>,
}

/// A received struct whose capabilities have yet to be filed.
pub(crate) struct Received {
    message: Builder<HeapAllocator>,
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
        let mut message = Builder::new(HeapAllocator::new().first_segment_words(FIRST_WORDS));
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
        Payload { message: self.message, caps, _permit: Some(permit) }
    }
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Payload").field("caps", &self.caps).finish_non_exhaustive()
    }
}

impl Payload {
    /// An empty message, about to hold a struct and `extra` bytes behind it.
    pub(crate) fn new(extra: usize) -> Self {
        let words = 64 + u32::try_from(extra / 8).unwrap_or(0).min(1 << 20);
        let allocator = HeapAllocator::new().first_segment_words(words);
        Payload { message: Builder::new(allocator), caps: Vec::new(), _permit: None }
    }

    /// Starts the struct of `node`, and hands it to `write` with the capability list.
    pub(crate) fn write<T>(
        &mut self,
        node: &StructNode,
        write: impl FnOnce(StructBuilder<'_>, &mut Vec<MessageCap>) -> Result<T>,
    ) -> Result<T> {
        let mut table: CapTable = slot_table(self.caps.len());
        let mut root: any_pointer::Builder<'_> =
            self.message.get_root().map_err(|error| Error::from_message(&error))?;
        root.imbue_mut(&mut table);
        let fresh = root.is_null();
        let pointer = if fresh {
            root.init_as()
        } else {
            root.get_as().map_err(|error| Error::from_message(&error))?
        };
        let RawPointerBuilder(pointer) = pointer;
        let size = StructSize { data: node.data_words, pointers: node.pointers };
        let structure = if fresh {
            pointer.init_struct(size)
        } else {
            pointer.get_struct(size, None).map_err(|error| Error::from_message(&error))?
        };
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
        let mut root: any_pointer::Reader<'_> = self.message.get_root_as_reader().map_err(error)?;
        root.imbue(table);
        let RawPointerReader(pointer) = root.get_as().map_err(error)?;
        pointer.get_struct(None).map_err(error)
    }

    /// Copies the struct into a message of the connection. `hook` gives each capability its form
    /// there.
    ///
    /// # Errors
    ///
    /// When the copy fails.
    pub(crate) fn send(
        &self,
        mut target: any_pointer::Builder<'_>,
        hook: impl FnMut(&MessageCap) -> Option<Box<dyn ClientHook>>,
    ) -> Result<()> {
        let error = |error: capnp::Error| Error::from_message(&error);
        let table: CapTable = self.caps.iter().map(hook).collect();
        let mut root: any_pointer::Reader<'_> = self.message.get_root_as_reader().map_err(error)?;
        if root.is_null() {
            return Ok(());
        }
        root.imbue(&table);
        target.set_as::<any_pointer::Owned>(root).map_err(error)
    }

    /// The size in words, which is also what the log reports (in bytes).
    pub(crate) fn words(&self) -> usize {
        self.message.get_segments_for_output().iter().map(|segment| segment.len() / 8).sum()
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
