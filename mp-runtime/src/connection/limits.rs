//! How much one peer may make this process hold.
//!
//! In: calls that begin and end, bytes that wait for the peer to read them. Out: whether there may
//! be more. capnp-rpc itself bounds neither.

use std::cell::Cell;

use crate::error::{Error, ErrorKind, Result};

/// The most calls of a peer that may be under way.
const CALLS: usize = 16 * 1024;
/// The most bytes that the parameters of these calls may have together, and the most that may wait
/// for the peer to read them: four messages of the largest size.
const BYTES: usize = 4 * 8 * crate::wire::MESSAGE_LIMIT_WORDS;

/// What a peer makes this process hold.
#[derive(Debug, Default)]
pub(crate) struct Load {
    calls: Cell<usize>,
    params: Cell<usize>,
    unread: Cell<usize>,
}

impl Load {
    /// Admits a call with so many bytes of parameters, for as long as the guard lives.
    ///
    /// # Errors
    ///
    /// When the peer has too many calls under way.
    pub(crate) fn admit(&self, bytes: usize) -> Result<Admitted<'_>> {
        if self.calls.get() >= CALLS || self.params.get().saturating_add(bytes) > BYTES {
            let text = format!(
                "{} calls with {} bytes are under way, as many as one peer may have; wait for some to return",
                self.calls.get(),
                self.params.get()
            );
            return Err(Error::new(ErrorKind::Overloaded, text));
        }
        self.calls.set(self.calls.get() + 1);
        self.params.set(self.params.get() + bytes);
        Ok(Admitted { load: self, bytes })
    }

    /// Notes bytes for the peer.
    ///
    /// # Errors
    ///
    /// When too many wait already because the peer does not read.
    pub(crate) fn send(&self, bytes: usize) -> Result<()> {
        let unread = self.unread.get().saturating_add(bytes);
        if unread > BYTES {
            let text = format!("the peer does not read; {} bytes wait for it", self.unread.get());
            return Err(Error::new(ErrorKind::Overloaded, text));
        }
        self.unread.set(unread);
        Ok(())
    }

    /// Notes that the socket has taken so many bytes, and perhaps all there were.
    pub(crate) fn taken(&self, bytes: usize, all: bool) {
        self.unread.set(if all { 0 } else { self.unread.get().saturating_sub(bytes) });
    }
}

/// A call that is under way.
pub(crate) struct Admitted<'l> {
    load: &'l Load,
    bytes: usize,
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        self.load.calls.set(self.load.calls.get() - 1);
        self.load.params.set(self.load.params.get() - self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_admitted_up_to_a_number() {
        let load = Load::default();
        let admitted: Vec<_> = (0..CALLS).map(|_| load.admit(1).expect("room")).collect();
        assert_eq!(load.admit(1).err().map(|error| error.kind()), Some(ErrorKind::Overloaded));
        drop(admitted);
        assert!(load.admit(BYTES).is_ok());
        assert!(load.admit(BYTES + 1).is_err());
    }

    #[test]
    fn bytes_wait_up_to_a_number() {
        let load = Load::default();
        load.send(BYTES).expect("room");
        assert!(load.send(1).is_err());
        load.taken(10, false);
        load.send(10).expect("room");
        assert!(load.send(1).is_err());
        load.taken(1, true);
        load.send(BYTES).expect("room");
    }
}
