//! `util::Result` and `util::Expected`: a value or a reason, which are both results of a call.

use std::sync::Arc;

use bitcoin_ipc::interfaces::Echo;
use bitcoin_ipc::types::{BilingualStr, Bitcoin, Expected};
use bitcoin_ipc::{Error, ErrorKind, Result};
use mp_runtime::{EventLoop, IpcStruct, connect_stream, ipc_interface, pair, serve_stream};

use crate::ends::{Bytes, Mirror};

type Either = Expected<Vec<u8>, Vec<u8>>;

/// What each method does is asked for by a number: 0 for a value, 1 for a reason, 2 for an error of
/// the call.
#[ipc_interface(
    file = "values.capnp", file_id = 0xd0c1_8a52_7f31_9e64, id = 0x9a1c_4e07_55d2_8b16, construct,
    types = Bitcoin
)]
trait Outcomes: Send + Sync {
    fn text(&self, ask: u8) -> Result<Result<String, BilingualStr>>;
    fn bytes(&self, ask: u8) -> Result<Result<Vec<u8>, BilingualStr>>;
    fn nothing(&self, ask: u8) -> Result<Result<(), BilingualStr>>;
    fn made(&self, ask: u8) -> Result<Result<Box<dyn Echo>, BilingualStr>>;
    fn expected(&self, value: Either) -> Result<Either>;
}

#[ipc_interface(
    file = "other/values.capnp",
    file_id = 0xd0c1_8a52_7f31_9e64,
    id = 0x9a1c_4e07_55d2_8b16,
    construct
)]
trait OutcomesWire: Send + Sync {
    fn text(&self, ask: u8) -> Result<TextOrError>;
    fn bytes(&self, ask: u8) -> Result<BytesOrError>;
    fn nothing(&self, ask: u8) -> Result<MaybeError>;
}

/// A result as it travels.
#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
struct TextOrError {
    value: Option<String>,
    error: Option<BilingualStr>,
}

/// A result as it travels.
#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
struct BytesOrError {
    value: Option<Bytes>,
    error: Option<BilingualStr>,
}

/// A result without a value as it travels.
#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
struct MaybeError {
    error: Option<BilingualStr>,
}

fn reason() -> BilingualStr {
    BilingualStr { original: "no coins".into(), translated: "keine Münzen".into() }
}

fn outcome<T>(ask: u8, value: T) -> Result<Result<T, BilingualStr>> {
    match ask {
        0 => Ok(Ok(value)),
        1 => Ok(Err(reason())),
        _ => Err(Error::failed("asked for")),
    }
}

impl Outcomes for Mirror {
    fn text(&self, ask: u8) -> Result<Result<String, BilingualStr>> {
        outcome(ask, "value".into())
    }
    fn bytes(&self, ask: u8) -> Result<Result<Vec<u8>, BilingualStr>> {
        outcome(ask, vec![1, 2])
    }
    fn nothing(&self, ask: u8) -> Result<Result<(), BilingualStr>> {
        outcome(ask, ())
    }
    fn made(&self, ask: u8) -> Result<Result<Box<dyn Echo>, BilingualStr>> {
        outcome(ask, Box::new(Mirror))
    }
    fn expected(&self, value: Either) -> Result<Either> {
        Ok(value)
    }
}

/// Answers with what no correct peer sends.
struct Both;

impl OutcomesWire for Both {
    fn text(&self, _: u8) -> Result<TextOrError> {
        Ok(TextOrError { value: Some("value".into()), error: Some(reason()) })
    }
    fn bytes(&self, _: u8) -> Result<BytesOrError> {
        Ok(BytesOrError::default())
    }
    fn nothing(&self, _: u8) -> Result<MaybeError> {
        Ok(MaybeError { error: Some(BilingualStr::default()) })
    }
}

#[test]
fn a_value_or_a_reason_or_an_error_of_the_call() {
    let event_loop = EventLoop::new("outcomes").expect("a loop");
    let (client, _served) = pair::<dyn Outcomes>(&event_loop, Arc::new(Mirror));
    assert_eq!(client.text(0), Ok(Ok("value".into())));
    assert_eq!(client.text(1), Ok(Err(reason())));
    assert_eq!(client.bytes(0), Ok(Ok(vec![1, 2])));
    assert_eq!(client.nothing(0), Ok(Ok(())));
    assert_eq!(client.nothing(1), Ok(Err(reason())));
    let error = client.text(2).expect_err("an error");
    assert_eq!((error.kind(), error.text()), (ErrorKind::Failed, "asked for"));
    assert_eq!(client.nothing(2).expect_err("an error").text(), "asked for");
}

#[test]
fn an_owned_interface_may_be_the_value() {
    let event_loop = EventLoop::new("outcomes").expect("a loop");
    let (client, _served) = pair::<dyn Outcomes>(&event_loop, Arc::new(Mirror));
    let Ok(Ok(object)) = client.made(0) else { panic!("no object") };
    assert_eq!(futures::executor::block_on(object.echo("hi")), Ok("hi".into()));
    assert_eq!(client.made(1).expect("an answer").err(), Some(reason()));
    assert_eq!(client.made(2).err().expect("an error").text(), "asked for");
}

#[test]
fn in_the_struct_one_pointer_is_set() {
    let event_loop = EventLoop::new("outcomes").expect("a loop");
    let (client, server) = std::os::unix::net::UnixStream::pair().expect("sockets");
    let _served = serve_stream::<dyn Outcomes>(&event_loop, server, Arc::new(Mirror));
    let wire = connect_stream::<dyn OutcomesWire>(&event_loop, client);
    let text = TextOrError { value: Some("value".into()), error: None };
    assert_eq!(wire.text(0), Ok(text));
    assert_eq!(wire.text(1), Ok(TextOrError { value: None, error: Some(reason()) }));
    assert_eq!(wire.bytes(0), Ok(BytesOrError { value: Some(vec![1, 2]), error: None }));
    assert_eq!(wire.nothing(0), Ok(MaybeError::default()));
    assert_eq!(wire.nothing(1), Ok(MaybeError { error: Some(reason()) }));
}

#[test]
fn a_reason_counts_more_than_a_value_and_may_be_empty() {
    let event_loop = EventLoop::new("outcomes").expect("a loop");
    let (client, server) = std::os::unix::net::UnixStream::pair().expect("sockets");
    let _served = serve_stream::<dyn OutcomesWire>(&event_loop, server, Arc::new(Both));
    let values = connect_stream::<dyn Outcomes>(&event_loop, client);
    assert_eq!(values.text(0), Ok(Err(reason())));
    assert_eq!(values.bytes(0), Ok(Ok(Vec::new())));
    assert_eq!(values.nothing(0), Ok(Err(BilingualStr::default())));
    // The server does not have this one at all.
    let error = values.made(0).err().expect("an error");
    assert_eq!(error.kind(), ErrorKind::Unimplemented);
}

#[test]
fn what_is_expected_is_one_of_two_values() {
    let event_loop = EventLoop::new("outcomes").expect("a loop");
    let (client, _served) = pair::<dyn Outcomes>(&event_loop, Arc::new(Mirror));
    for either in [Expected::Value(vec![1]), Expected::Error(vec![2]), Expected::Value(Vec::new())] {
        assert_eq!(client.expected(either.clone()), Ok(either));
    }
}
