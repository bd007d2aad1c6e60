//! The one error type that callers see.
//!
//! In: what went wrong, here or at the peer. Out: [`Error`] with a kind, an origin, the interface
//! and method it belongs to, the path of the field where a value did not fit, a text, and the error of which it came.

use std::sync::Arc;
use std::{fmt, io};

/// The result of everything that may cross a process boundary.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The connection was closed before or during the call.
    Disconnected,
    /// The method ran and failed: the other side's exception.
    Failed,
    /// The other side does not have this interface or method.
    Unimplemented,
    /// The other side is out of some resource and asks to try later.
    Overloaded,
    /// A message broke the rules of the protocol.
    Protocol,
    /// A message would exceed a limit.
    Limit,
    /// The call's deadline passed.
    Timeout,
    /// The call was cancelled.
    Cancelled,
    /// A value does not fit its type: out of range, wrong length, bytes that do not decode.
    BadValue,
    /// The call is not allowed here, for example a blocking call on the event-loop thread.
    Misuse,
    /// The operating system refused something: a socket, a process, a thread.
    Io,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ErrorKind::Disconnected => "disconnected",
            ErrorKind::Failed => "failed",
            ErrorKind::Unimplemented => "unimplemented",
            ErrorKind::Overloaded => "overloaded",
            ErrorKind::Protocol => "protocol violation",
            ErrorKind::Limit => "limit exceeded",
            ErrorKind::Timeout => "timed out",
            ErrorKind::Cancelled => "cancelled",
            ErrorKind::BadValue => "bad value",
            ErrorKind::Misuse => "misuse",
            ErrorKind::Io => "input/output",
        })
    }
}

/// Which side found the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// This process.
    Local,
    /// The peer.
    Remote,
}

/// An error of a call between processes.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    origin: Origin,
    call: Option<(&'static str, &'static str)>,
    field: String,
    text: String,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// By what they say; their sources cannot be compared.
impl PartialEq for Inner {
    fn eq(&self, other: &Self) -> bool {
        let Inner { kind, origin, call, field, text, source: _ } = self;
        (kind, origin, call, field, text)
            == (&other.kind, &other.origin, &other.call, &other.field, &other.text)
    }
}

impl Eq for Inner {}

impl Error {
    /// Makes an error of this process.
    pub fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            kind,
            origin: Origin::Local,
            call: None,
            field: String::new(),
            text: text.into(),
            source: None,
        }))
    }

    /// Makes the error of what the system said.
    pub(crate) fn io(text: String, source: &io::Error) -> Self {
        let source = match source.raw_os_error() {
            Some(code) => io::Error::from_raw_os_error(code),
            None => source.kind().into(),
        };
        Error::new(ErrorKind::Io, text).because(source)
    }

    /// Makes the error that a method's implementation reports to its caller.
    pub fn failed(text: impl Into<String>) -> Self {
        Error::new(ErrorKind::Failed, text)
    }

    /// Makes the error for a value that does not fit its type.
    pub fn bad_value(text: impl Into<String>) -> Self {
        Error::new(ErrorKind::BadValue, text)
    }

    /// Makes the error for a method that is not there.
    pub fn unimplemented(text: impl Into<String>) -> Self {
        Error::new(ErrorKind::Unimplemented, text)
    }

    /// Makes the error for a call on a closed connection.
    pub fn disconnected(text: impl Into<String>) -> Self {
        Error::new(ErrorKind::Disconnected, text)
    }

    /// What kind of thing went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Which side found the error.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.0.origin
    }

    /// The interface of the call, by its schema name.
    #[must_use]
    pub fn interface(&self) -> Option<&'static str> {
        self.0.call.map(|call| call.0)
    }

    /// The method of the call, by its schema name.
    #[must_use]
    pub fn method(&self) -> Option<&'static str> {
        self.0.call.map(|call| call.1)
    }

    /// The path of the field that holds the bad value, for example `options.timeout`; empty when
    /// the error is not about a field.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.0.field
    }

    /// What happened, in words; for a remote failure the peer's own text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Adds the error of which this one came, as its [`source`](std::error::Error::source). It does not travel: a peer
    /// hears the text.
    #[must_use]
    pub fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// Adds the call the error belongs to, unless it already names one.
    #[must_use]
    pub fn in_call(mut self, interface: &'static str, method: &'static str) -> Self {
        self.0.call.get_or_insert((interface, method));
        self
    }

    /// Puts `name` in front of the error's field path.
    #[must_use]
    pub fn in_field(mut self, name: &str) -> Self {
        if self.0.kind == ErrorKind::BadValue {
            if !self.0.field.is_empty() && !self.0.field.starts_with('[') {
                self.0.field.insert(0, '.');
            }
            self.0.field.insert_str(0, name);
        }
        self
    }

    /// Marks the error as found by the peer.
    #[must_use]
    pub(crate) fn remote(mut self) -> Self {
        self.0.origin = Origin::Remote;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, origin, call, field, text, source: _ } = &*self.0;
        if let Some((interface, method)) = call {
            write!(f, "{interface}.{method}: ")?;
        }
        if *origin == Origin::Remote {
            f.write_str("remote ")?;
        }
        write!(f, "{kind}: ")?;
        if !field.is_empty() {
            write!(f, "field `{field}`: ")?;
        }
        f.write_str(text)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({self})")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// So that what cannot fail may stand where something can.
impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::new(ErrorKind::Io, error.to_string()).because(error)
    }
}

/// Text that C++ servers put before the message of an exception.
const CXX_EXCEPTION: &str = "std::exception: ";
/// Text that Cap'n Proto implementations put before an exception of the peer.
const REMOTE_EXCEPTION: &str = "remote exception: ";

impl Error {
    /// Turns an error of the RPC system about a message of the peer into the caller's form.
    pub(crate) fn from_rpc(error: &capnp::Error) -> Self {
        let text = error.extra.as_str();
        let (text, remote) = match text.strip_prefix(REMOTE_EXCEPTION) {
            Some(text) => (text, true),
            None => (text, false),
        };
        let text = text.strip_prefix(CXX_EXCEPTION).unwrap_or(text);
        let kind = match error.kind {
            capnp::ErrorKind::Disconnected => ErrorKind::Disconnected,
            capnp::ErrorKind::Overloaded => ErrorKind::Overloaded,
            capnp::ErrorKind::Unimplemented => ErrorKind::Unimplemented,
            capnp::ErrorKind::Failed if remote => ErrorKind::Failed,
            _ => ErrorKind::Protocol,
        };
        let text = if text.is_empty() { error.to_string() } else { text.to_owned() };
        let result = Error::new(kind, text);
        if remote { result.remote() } else { result }
    }

    /// Turns an error found while reading a message into the caller's form.
    pub(crate) fn from_message(error: &capnp::Error) -> Self {
        Error::new(ErrorKind::Protocol, format!("malformed message: {error}"))
    }

    /// The form in which this error goes to the peer that made the call.
    pub(crate) fn to_rpc(&self) -> capnp::Error {
        let kind = match self.kind() {
            ErrorKind::Disconnected => capnp::ErrorKind::Disconnected,
            ErrorKind::Overloaded => capnp::ErrorKind::Overloaded,
            ErrorKind::Unimplemented => capnp::ErrorKind::Unimplemented,
            _ => capnp::ErrorKind::Failed,
        };
        let extra = match self.kind() {
            // These kinds travel beside the text, so the peer's error says them again.
            ErrorKind::Failed
            | ErrorKind::Unimplemented
            | ErrorKind::Disconnected
            | ErrorKind::Overloaded
                if self.origin() == Origin::Local && self.0.field.is_empty() =>
            {
                self.text().to_owned()
            }
            _ => self.to_string(),
        };
        capnp::Error { kind, extra }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_path_grows_outwards() {
        let error = Error::bad_value("300 does not fit Int8").in_field("[2]").in_field("counts");
        assert_eq!(error.field(), "counts[2]");
        let error = error.in_field("options").in_call("Chain", "find");
        assert_eq!(
            error.to_string(),
            "Chain.find: bad value: field `options.counts[2]`: 300 does not fit Int8"
        );
    }

    #[test]
    fn an_error_keeps_the_one_of_which_it_came() {
        use std::error::Error as _;
        let error = Error::from(io::Error::from(io::ErrorKind::PermissionDenied));
        let kind = |error: &Error| {
            error.source().and_then(|source| source.downcast_ref::<io::Error>()).map(io::Error::kind)
        };
        assert_eq!(kind(&error), Some(io::ErrorKind::PermissionDenied));
        let error = error.clone().in_call("Chain", "find").remote();
        assert_eq!(kind(&error), Some(io::ErrorKind::PermissionDenied));
        let again = Error::io("cannot".into(), &io::Error::from_raw_os_error(2));
        assert_eq!(kind(&again), Some(io::ErrorKind::NotFound));
        assert_eq!(again, Error::new(ErrorKind::Io, "cannot"));
        assert!(Error::failed("no").source().is_none());
    }

    #[test]
    fn a_cxx_exception_loses_its_prefixes() {
        let error = capnp::Error {
            kind: capnp::ErrorKind::Failed,
            extra: "remote exception: std::exception: no such block".into(),
        };
        let error = Error::from_rpc(&error);
        assert_eq!(error.kind(), ErrorKind::Failed);
        assert_eq!(error.origin(), Origin::Remote);
        assert_eq!(error.text(), "no such block");
    }
}
