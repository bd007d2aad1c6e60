//! Two views of one wire.
//!
//! In: an interface with values and the same interface with what travels, such as bytes. Out:
//! connections on which one end has the one view and the other end the other, so that a test sees
//! and sends any form of a value.

use std::fmt::Debug;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};

use bitcoin_ipc::{Error, ErrorKind, Result};
use mp_runtime::{Connection, EventLoop, Interface, Remote, connect_stream, pair, serve_stream};

/// Data as it travels.
pub(crate) type Bytes = Vec<u8>;

/// Gives every value back.
pub(crate) struct Mirror;

/// Hears what travels and answers with what it was told to.
pub(crate) struct Tape<W> {
    heard: Mutex<Option<W>>,
    answer: Mutex<Option<W>>,
}

impl<W> Tape<W> {
    /// What a method of the view of the wire does.
    pub(crate) fn turn(&self, value: W) -> Result<W> {
        *self.heard.lock().expect("a lock") = Some(value);
        self.answer.lock().expect("a lock").take().ok_or_else(|| Error::failed("nothing to answer"))
    }
}

/// Declares an interface of methods that take a value and give it back, in both views.
macro_rules! echoes {
    ($values:ident, $wire:ident, $travels:ident, $id:tt; $($method:ident: $ty:ty,)*) => {
        #[mp_runtime::ipc_interface(
            file = "values.capnp", file_id = 0xd0c1_8a52_7f31_9e64, id = $id, construct, types = Bitcoin
        )]
        pub(crate) trait $values: Send + Sync {
            $(fn $method(&self, value: $ty) -> Result<$ty>;)*
        }

        #[mp_runtime::ipc_interface(
            file = "other/values.capnp", file_id = 0xd0c1_8a52_7f31_9e64, id = $id, construct
        )]
        pub(crate) trait $wire: Send + Sync {
            $(fn $method(&self, value: $travels) -> Result<$travels>;)*
        }

        impl $values for crate::ends::Mirror {
            $(fn $method(&self, value: $ty) -> Result<$ty> { Ok(value) })*
        }

        impl $wire for crate::ends::Tape<$travels> {
            $(fn $method(&self, value: $travels) -> Result<$travels> { self.turn(value) })*
        }
    };
}
pub(crate) use echoes;

/// Connections between the view with values `V` and the view of the wire `R`, in which `W` travels.
pub(crate) struct Ends<V: ?Sized, R: ?Sized, W> {
    values: Remote<V>,
    values_to_wire: Remote<V>,
    wire_to_values: Remote<R>,
    tape: Arc<Tape<W>>,
    _served: [Connection; 3],
}

impl<V: ?Sized, R: ?Sized, W> Ends<V, R, W>
where
    V: Interface + 'static,
    R: Interface + 'static,
    W: Clone + Debug + PartialEq,
{
    /// Connects the two servers with clients of either view.
    pub(crate) fn new(values: Arc<V>, wire: impl FnOnce(Arc<Tape<W>>) -> Arc<R>) -> Self {
        let event_loop = EventLoop::new("values").expect("a loop");
        let tape = Arc::new(Tape { heard: Mutex::default(), answer: Mutex::default() });
        let (both, first) = pair(&event_loop, values.clone());
        let (client, server) = UnixStream::pair().expect("sockets");
        let second = serve_stream(&event_loop, server, wire(tape.clone()));
        let values_to_wire = connect_stream(&event_loop, client);
        let (client, server) = UnixStream::pair().expect("sockets");
        let third = serve_stream(&event_loop, server, values);
        let wire_to_values = connect_stream(&event_loop, client);
        Ends { values: both, values_to_wire, wire_to_values, tape, _served: [first, second, third] }
    }

    /// Checks that `value` travels as `wire`, as a parameter and as a result, at both ends.
    pub(crate) fn same<T: Clone + Debug + PartialEq>(
        &self,
        method: fn(&V, T) -> Result<T>,
        in_wire: fn(&R, W) -> Result<W>,
        value: &T,
        wire: &W,
    ) {
        assert_eq!(method(&self.values, value.clone()).as_ref(), Ok(value));
        assert_eq!(in_wire(&self.wire_to_values, wire.clone()).as_ref(), Ok(wire));
        self.reads(method, value, wire);
        assert_eq!(self.tape.heard.lock().expect("a lock").as_ref(), Some(wire));
    }

    /// Checks that the parameter `value` is written as `wire`.
    pub(crate) fn writes<T: Debug>(&self, method: fn(&V, T) -> Result<T>, value: T, wire: &W) {
        *self.tape.answer.lock().expect("a lock") = Some(wire.clone());
        method(&self.values_to_wire, value).expect("an answer");
        assert_eq!(self.tape.heard.lock().expect("a lock").as_ref(), Some(wire));
    }

    /// Checks that a result `wire` is read as `value`.
    pub(crate) fn reads<T: Clone + Debug + PartialEq>(
        &self,
        method: fn(&V, T) -> Result<T>,
        value: &T,
        wire: &W,
    ) {
        *self.tape.answer.lock().expect("a lock") = Some(wire.clone());
        assert_eq!(method(&self.values_to_wire, value.clone()).as_ref(), Ok(value));
    }

    /// Checks that a server refuses the parameter `wire`, and a client the result `wire`; `value` is
    /// any value. Gives the client's error.
    pub(crate) fn refused<T: Clone + Debug + PartialEq>(
        &self,
        method: fn(&V, T) -> Result<T>,
        in_wire: fn(&R, W) -> Result<W>,
        value: &T,
        wire: &W,
    ) -> Error {
        let error = in_wire(&self.wire_to_values, wire.clone()).expect_err("a refused parameter");
        assert_eq!(error.kind(), ErrorKind::Failed, "{wire:?}: {error}");
        assert!(error.text().contains("bad value: field `value"), "{wire:?}: {error}");
        *self.tape.answer.lock().expect("a lock") = Some(wire.clone());
        let error = method(&self.values_to_wire, value.clone()).expect_err("a refused result");
        assert_eq!(error.kind(), ErrorKind::BadValue, "{wire:?}: {error}");
        assert!(error.field().starts_with("result"), "{wire:?}: {error}");
        error
    }

    /// Checks that `value` cannot be written, and that nothing is sent then.
    pub(crate) fn unwritable<T>(&self, method: fn(&V, T) -> Result<T>, value: T) -> Error {
        *self.tape.heard.lock().expect("a lock") = None;
        let Err(error) = method(&self.values_to_wire, value) else { panic!("a value that cannot travel") };
        assert_eq!(error.kind(), ErrorKind::BadValue, "{error}");
        assert_eq!(error.field(), "value");
        assert_eq!(*self.tape.heard.lock().expect("a lock"), None);
        error
    }
}

impl<V: Interface + ?Sized + 'static, R: Interface + ?Sized + 'static> Ends<V, R, Bytes> {
    /// Checks that `value` travels as `bytes`, that whatever is shorter or longer is refused, and
    /// that the connections work on after all of that.
    pub(crate) fn only<T: Clone + Debug + PartialEq>(
        &self,
        method: fn(&V, T) -> Result<T>,
        in_wire: fn(&R, Bytes) -> Result<Bytes>,
        value: &T,
        bytes: &[u8],
    ) {
        self.same(method, in_wire, value, &bytes.to_vec());
        let step = bytes.len() / 100 + 1;
        for length in (0..bytes.len()).step_by(step).chain([bytes.len() - 1]) {
            self.refused(method, in_wire, value, &bytes[..length].to_vec());
        }
        self.refused(method, in_wire, value, &[bytes, &[0]].concat());
        self.same(method, in_wire, value, &bytes.to_vec());
    }
}
