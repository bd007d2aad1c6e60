//! Values that do not fit their type, from a peer that has another idea of it.
//!
//! In: two forms of one interface with the same ids, a strict and a loose one. Out: for each value
//! that only the loose one allows an error that names the field, on both sides, and a connection
//! that lives on.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use mp_runtime::schema::{Root, Schema};
use mp_runtime::wire::node::InterfaceNode;
use mp_runtime::{ErrorKind, IpcEnum, IpcStruct, Origin, Remote, Result, ipc_file, ipc_interface};
use serde_json::Value;

ipc_file! {
    static MISMATCH: "mismatch.capnp" @ 0xd1b2_0000_0000_0009;
}

ipc_file! {
    static OTHER_MISMATCH: "other/mismatch.capnp" @ 0xd1b2_0000_0000_0009;
}

#[derive(Clone, Copy, Debug, PartialEq, IpcEnum)]
enum Number {
    One = 1,
    Two,
}

#[derive(Clone, Copy, Debug, PartialEq, IpcEnum)]
#[ipc(file = MISMATCH, wire = enumerant)]
enum Colour {
    Red,
    Green,
}

#[derive(Clone, Copy, Debug, PartialEq, IpcEnum)]
#[ipc(file = MISMATCH, wire = enumerant)]
enum MoreColours {
    Red,
    Green,
    Blue,
}

#[derive(Clone, Debug, PartialEq, IpcStruct)]
enum Choice {
    First(i32),
    Second(String),
}

#[derive(Clone, Debug, PartialEq, IpcStruct)]
enum MoreChoices {
    First(i32),
    Second(String),
    Third,
}

#[derive(Clone, Debug, PartialEq, IpcStruct)]
struct Strictly {
    letters: Vec<char>,
}

#[derive(Clone, Debug, PartialEq, IpcStruct)]
struct Loosely {
    letters: Vec<u32>,
}

#[ipc_interface(file = MISMATCH, id = 0xd1b2_0000_0000_0099, construct)]
trait Strict: Send + Sync {
    fn letter(&self, letter: char) -> Result<char>;
    fn nested(&self, value: Vec<Strictly>) -> Result<Vec<Strictly>>;
    fn bytes(&self, hash: [u8; 4]) -> Result<[u8; 4]>;
    fn numbers(&self, pair: [i32; 2]) -> Result<[i32; 2]>;
    fn number(&self, number: Number) -> Result<Number>;
    fn colour(&self, colour: Colour) -> Result<Colour>;
    fn choice(&self, choice: Choice) -> Result<Choice>;
    fn span(&self, span: Duration) -> Result<Duration>;
    fn json(&self, value: Value) -> Result<Value>;
    fn text(&self, text: String) -> Result<String>;
    fn borrowed_text(&self, text: &str) -> Result<String>;
}

#[ipc_interface(file = OTHER_MISMATCH, id = 0xd1b2_0000_0000_0099, construct)]
trait Loose: Send + Sync {
    fn letter(&self, letter: u32) -> Result<u32>;
    fn nested(&self, value: Vec<Loosely>) -> Result<Vec<Loosely>>;
    fn bytes(&self, hash: Vec<u8>) -> Result<Vec<u8>>;
    fn numbers(&self, pair: Vec<i32>) -> Result<Vec<i32>>;
    fn number(&self, number: i32) -> Result<i32>;
    fn colour(&self, colour: MoreColours) -> Result<MoreColours>;
    fn choice(&self, choice: MoreChoices) -> Result<MoreChoices>;
    fn span(&self, span: i64) -> Result<i64>;
    fn json(&self, value: String) -> Result<String>;
    fn text(&self, text: Vec<u8>) -> Result<Vec<u8>>;
    fn borrowed_text(&self, text: Vec<u8>) -> Result<Vec<u8>>;
}

struct Echo;

#[rustfmt::skip]
impl Strict for Echo {
    fn letter(&self, letter: char) -> Result<char> { Ok(letter) }
    fn nested(&self, value: Vec<Strictly>) -> Result<Vec<Strictly>> { Ok(value) }
    fn bytes(&self, hash: [u8; 4]) -> Result<[u8; 4]> { Ok(hash) }
    fn numbers(&self, pair: [i32; 2]) -> Result<[i32; 2]> { Ok(pair) }
    fn number(&self, number: Number) -> Result<Number> { Ok(number) }
    fn colour(&self, colour: Colour) -> Result<Colour> { Ok(colour) }
    fn choice(&self, choice: Choice) -> Result<Choice> { Ok(choice) }
    fn span(&self, span: Duration) -> Result<Duration> { Ok(span) }
    fn json(&self, value: Value) -> Result<Value> { Ok(value) }
    fn text(&self, text: String) -> Result<String> { Ok(text) }
    fn borrowed_text(&self, text: &str) -> Result<String> { Ok(text.into()) }
}

/// Answers every call with a value that the strict form does not allow.
struct Wrong;

#[rustfmt::skip]
impl Loose for Wrong {
    fn letter(&self, _: u32) -> Result<u32> { Ok(0x11_0000) }
    fn nested(&self, _: Vec<Loosely>) -> Result<Vec<Loosely>> { Ok(surrogate()) }
    fn bytes(&self, _: Vec<u8>) -> Result<Vec<u8>> { Ok(vec![1; 5]) }
    fn numbers(&self, _: Vec<i32>) -> Result<Vec<i32>> { Ok(vec![]) }
    fn number(&self, _: i32) -> Result<i32> { Ok(0) }
    fn colour(&self, _: MoreColours) -> Result<MoreColours> { Ok(MoreColours::Blue) }
    fn choice(&self, _: MoreChoices) -> Result<MoreChoices> { Ok(MoreChoices::Third) }
    fn span(&self, _: i64) -> Result<i64> { Ok(-1) }
    fn json(&self, _: String) -> Result<String> { Ok("{".into()) }
    fn text(&self, _: Vec<u8>) -> Result<Vec<u8>> { Ok(b"\xff\xfe\0".into()) }
    fn borrowed_text(&self, _: Vec<u8>) -> Result<Vec<u8>> { Ok(b"no zero at the end".into()) }
}

fn surrogate() -> Vec<Loosely> {
    let fine = Loosely { letters: vec!['a'.into()] };
    vec![fine, Loosely { letters: vec!['b'.into(), 'c'.into(), 0xd800] }]
}

/// The call was refused by the server, with a text that names the field.
#[track_caller]
fn refused<T: Debug>(result: Result<T>, text: &str) {
    let error = result.expect_err("an error");
    assert_eq!((error.kind(), error.origin()), (ErrorKind::Failed, Origin::Remote), "{error}");
    assert!(error.text().contains(text), "{error}");
}

/// The result was refused by the client, with the name of the field.
#[track_caller]
fn unreadable<T: Debug>(result: Result<T>, field: &str, text: &str) {
    let error = result.expect_err("an error");
    assert_eq!((error.kind(), error.origin()), (ErrorKind::BadValue, Origin::Local), "{error}");
    assert_eq!(error.field(), field);
    assert!(error.text().contains(text), "{error}");
}

#[test]
fn a_server_refuses_values_that_do_not_fit_and_names_the_field() {
    let peer: Remote<dyn Loose> = crate::connected_as::<dyn Loose, dyn Strict>(Arc::new(Echo));
    refused(peer.letter(0xd800), "field `letter`: 55296 does not fit char");
    refused(peer.letter(u32::MAX), "field `letter`: 4294967295 does not fit char");
    refused(peer.nested(surrogate()), "field `value[1].letters[2]`: 55296 does not fit char");
    refused(peer.bytes(vec![0; 3]), "field `hash`: expected 4 elements, found 3");
    refused(peer.bytes(vec![0; 5]), "field `hash`: expected 4 elements, found 5");
    refused(peer.bytes(Vec::new()), "field `hash`: expected 4 elements, found 0");
    refused(peer.numbers(vec![1]), "field `pair`: expected 2 elements, found 1");
    refused(peer.number(3), "field `number`: 3 is no Number");
    refused(peer.number(i32::MIN), "field `number`: -2147483648 is no Number");
    refused(peer.colour(MoreColours::Blue), "field `colour`: 2 is no Colour");
    refused(peer.choice(MoreChoices::Third), "field `choice`: 2 is no variant of Choice");
    refused(peer.span(-1), "field `span`: a duration of -1 nanoseconds is negative");
    refused(peer.json("{\"a\":}".into()), "field `value`: the text is not JSON");
    refused(peer.json(String::new()), "field `value`: the text is not JSON");
    refused(peer.text(b"\xc3\x28\0".into()), "field `text`: the text is not UTF-8");
    refused(peer.borrowed_text(b"\x80\0".into()), "field `text`: the text is not UTF-8");
    assert_eq!(peer.letter('x'.into()), Ok('x'.into()), "the connection lives on");
}

#[test]
fn text_without_its_final_zero_is_malformed() {
    let peer: Remote<dyn Loose> = crate::connected_as::<dyn Loose, dyn Strict>(Arc::new(Echo));
    refused(peer.text(b"text".into()), "malformed message");
    refused(peer.borrowed_text(b"text".into()), "malformed message");
    assert_eq!(peer.text(b"text\0".into()), Ok(b"text\0".into()));
}

#[test]
fn a_client_refuses_results_that_do_not_fit_and_names_them() {
    let peer: Remote<dyn Strict> = crate::connected_as::<dyn Strict, dyn Loose>(Arc::new(Wrong));
    unreadable(peer.letter('a'), "result", "1114112 does not fit char");
    unreadable(peer.nested(Vec::new()), "result[1].letters[2]", "55296 does not fit char");
    unreadable(peer.bytes([0; 4]), "result", "expected 4 elements, found 5");
    unreadable(peer.numbers([0; 2]), "result", "expected 2 elements, found 0");
    unreadable(peer.number(Number::One), "result", "0 is no Number");
    unreadable(peer.colour(Colour::Red), "result", "2 is no Colour");
    unreadable(peer.choice(Choice::First(1)), "result", "2 is no variant of Choice");
    unreadable(peer.span(Duration::ZERO), "result", "negative");
    unreadable(peer.json(Value::Null), "result", "the text is not JSON");
    unreadable(peer.text(String::new()), "result", "the text is not UTF-8");
    let error = peer.borrowed_text("").unwrap_err();
    assert_eq!((error.kind(), error.origin()), (ErrorKind::Protocol, Origin::Local));
    assert_eq!((error.interface(), error.method()), (Some("Strict"), Some("borrowedText")));
}

#[test]
fn what_both_forms_allow_passes_between_them() {
    let peer: Remote<dyn Loose> = crate::connected_as::<dyn Loose, dyn Strict>(Arc::new(Echo));
    assert_eq!(peer.number(2), Ok(2));
    assert_eq!(peer.bytes(vec![1, 2, 3, 4]), Ok(vec![1, 2, 3, 4]));
    assert_eq!(peer.colour(MoreColours::Green), Ok(MoreColours::Green));
    let second = MoreChoices::Second("s".into());
    assert_eq!(peer.choice(second.clone()), Ok(second));
    assert_eq!(peer.choice(MoreChoices::First(-1)), Ok(MoreChoices::First(-1)));
    assert_eq!(peer.span(5), Ok(5));
    assert_eq!(peer.json("[1]".into()), Ok("[1]".into()));
}

/// An id that was copied with the rest, in another crate than the first: calls of one would reach the other.
#[test]
fn two_interfaces_with_one_id_have_no_schema() {
    static STRICT: InterfaceNode = InterfaceNode::new("Strict", 0xd1b2_0000_0000_0099, &MISMATCH, &[]);
    static LOOSE: InterfaceNode = InterfaceNode::new("Loose", 0xd1b2_0000_0000_0099, &MISMATCH, &[]);
    let roots = [Root::from(&STRICT), Root::from(&LOOSE)];
    let error = Schema::of(&roots).map(|_| ()).unwrap_err().to_string();
    assert!(
        error.contains("mismatch.capnp:Strict and mismatch.capnp:Loose have the id 0xd1b2000000000099"),
        "{error}"
    );
}
