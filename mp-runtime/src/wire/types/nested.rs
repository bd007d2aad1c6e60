//! Every type that the runtime knows, three deep inside each other: what is written is what is read, and what the
//! reference compiler's reader finds with the schema that is printed for it.

use std::any::type_name;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Debug;
use std::hash::Hash;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use capnp::message::Builder;
use capnp::private::layout::StructSize;

use crate::schema::{Root, Schema};
use crate::wire::build::BuildContext;
use crate::wire::layout::{FieldPlace, Member, place};
use crate::wire::node::{FieldNode, FileNode, StructNode};
use crate::wire::raw::{RawPointerBuilder, RawPointerReader};
use crate::wire::read::ReadContext;
use crate::wire::slot::Place;
use crate::wire::structs::{StructFields, StructWriter};
use crate::wire::traits::{BuildField, ReadField, WireType};

/// A type with values to try.
trait Sample:
    WireType<()> + BuildField<()> + for<'a> ReadField<'a, ()> + Clone + Debug + PartialEq + 'static
{
    /// Values: one as full, one as empty as it can be.
    fn samples() -> Vec<Self>;
    /// The value, as `capnp convert binary:json` prints it.
    fn json(&self) -> String;
    /// What it prints where a field of this type was never written, if it prints anything.
    fn unset() -> Option<String> {
        None
    }
    /// What it prints for a null in a list.
    fn null() -> String;
    /// Whether the value is the one that is not written.
    fn is_unset(&self) -> bool {
        false
    }
}

macro_rules! plain {
    ($($ty:ty: $values:expr, $show:expr, $unset:expr;)*) => {$(
        impl Sample for $ty {
            fn samples() -> Vec<Self> {
                $values.to_vec()
            }
            fn json(&self) -> String {
                let show: fn(&Self) -> String = $show;
                show(self)
            }
            fn unset() -> Option<String> {
                Some($unset.into())
            }
            fn null() -> String {
                unreachable!("a number is no pointer")
            }
        }
    )*};
}

/// A number of 64 bits, which JavaScript could not hold.
fn long(number: impl ToString) -> String {
    format!("\"{}\"", number.to_string())
}

plain! {
    (): [()], |_| "null".into(), "null";
    bool: [true, false], bool::to_string, "false";
    i8: [i8::MIN, 0], i8::to_string, "0";
    u16: [u16::MAX, 0], u16::to_string, "0";
    i32: [-70_000, 0], i32::to_string, "0";
    u32: [7, 0], u32::to_string, "0";
    i64: [i64::MIN, 0], |v| long(v), "\"0\"";
    u64: [u64::MAX, 0], |v| long(v), "\"0\"";
    usize: [5, 0], |v| long(v), "\"0\"";
    u8: [255, 0], u8::to_string, "0";
    char: ['é', '\0'], |v| u32::from(*v).to_string(), "0";
    f64: [1.5, 0.0], f64::to_string, "0";
    f32: [-0.25, 0.0], f32::to_string, "0";
    Duration: [Duration::from_millis(3), Duration::ZERO], |v| long(v.as_nanos()), "\"0\"";
    SystemTime: [SystemTime::UNIX_EPOCH + Duration::from_secs(1), SystemTime::UNIX_EPOCH],
        |v| long(v.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_nanos()), "\"0\"";
}

impl Sample for String {
    fn samples() -> Vec<Self> {
        vec!["text".into(), String::new()]
    }
    fn json(&self) -> String {
        format!("{self:?}")
    }
    fn null() -> String {
        "\"\"".into()
    }
}

impl Sample for PathBuf {
    fn samples() -> Vec<Self> {
        vec!["/a".into()]
    }
    fn json(&self) -> String {
        "[47,97]".into()
    }
    fn null() -> String {
        "[]".into()
    }
}

fn list<'v, T: Sample>(values: impl Iterator<Item = &'v T>) -> String {
    let items = values.map(|value| if value.is_unset() { T::null() } else { value.json() });
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

fn fields<T: Sample>(name: &str, value: &T) -> Vec<String> {
    let shown = if value.is_unset() { T::unset() } else { Some(value.json()) };
    let flag = T::SLOTS.has_flag.then(|| {
        let capital = name[..1].to_uppercase() + &name[1..];
        format!("\"has{capital}\":{}", !value.is_unset())
    });
    shown.map(|shown| format!("\"{name}\":{shown}")).into_iter().chain(flag).collect()
}

impl<T: Sample> Sample for Vec<T> {
    fn samples() -> Vec<Self> {
        vec![T::samples(), Vec::new()]
    }
    fn json(&self) -> String {
        list(self.iter())
    }
    fn null() -> String {
        "[]".into()
    }
}

impl<T: Sample> Sample for [T; 2] {
    fn samples() -> Vec<Self> {
        let samples = T::samples();
        let last = samples.last().expect("one").clone();
        vec![[samples[0].clone(), last.clone()], [last.clone(), last]]
    }
    fn json(&self) -> String {
        list(self.iter())
    }
    fn null() -> String {
        "[]".into()
    }
}

impl<T: Sample> Sample for Option<T> {
    fn samples() -> Vec<Self> {
        let some = T::samples().into_iter().map(Some);
        // In a list, empty bytes are none to C++, as is documented.
        let some = some
            .filter(|some| T::LIST.is_not_bytes() || some.as_ref().is_none_or(|some| some.json() != "[]"));
        some.chain([None]).collect()
    }
    fn json(&self) -> String {
        self.as_ref().map(Sample::json).expect("something that is there")
    }
    fn unset() -> Option<String> {
        T::unset()
    }
    fn null() -> String {
        T::null()
    }
    fn is_unset(&self) -> bool {
        self.is_none()
    }
}

impl crate::wire::node::Type {
    /// Whether no list of this list is bytes.
    fn is_not_bytes(self) -> bool {
        !matches!(self, Self::List(Self::Data))
    }
}

impl<T: Sample> Sample for Box<T> {
    fn samples() -> Vec<Self> {
        T::samples().into_iter().map(Box::new).collect()
    }
    fn json(&self) -> String {
        (**self).json()
    }
    fn unset() -> Option<String> {
        T::unset()
    }
    fn null() -> String {
        T::null()
    }
    fn is_unset(&self) -> bool {
        (**self).is_unset()
    }
}

impl<A: Sample, B: Sample> Sample for (A, B) {
    fn samples() -> Vec<Self> {
        let (one, other) = (A::samples(), B::samples());
        let pair = |index: usize| {
            let at = |length: usize| index.min(length - 1);
            (one[at(one.len())].clone(), other[at(other.len())].clone())
        };
        (0..one.len().max(other.len())).map(pair).collect()
    }
    fn json(&self) -> String {
        let fields = [fields("key", &self.0), fields("value", &self.1)].concat();
        format!("{{{}}}", fields.join(","))
    }
    fn null() -> String {
        unreachable!("a list of structs has no null")
    }
}

macro_rules! collections {
    ($($name:ident<$K:ident: $($bound:ident)+ $(, $V:ident)?> $new:expr;)*) => {$(
        impl<$K: Sample $(+ $bound)+ $(, $V: Sample)?> Sample for $name<$K $(, $V)?> {
            fn samples() -> Vec<Self> {
                let new: fn() -> Self = $new;
                vec![new(), Self::default()]
            }
            fn json(&self) -> String {
                let items: Vec<String> = self.iter().map(collections!(@show $K $($V)?)).collect();
                format!("[{}]", items.join(","))
            }
            fn null() -> String {
                "[]".into()
            }
        }
    )*};
    (@show $K:ident) => { |value| if value.is_unset() { $K::null() } else { value.json() } };
    (@show $K:ident $V:ident) => { |(key, value)| format!("{{{}}}", [fields("key", key), fields("value", value)].concat().join(",")) };
}

collections! {
    BTreeMap<K: Ord, V> || K::samples().into_iter().zip(V::samples()).collect();
    HashMap<K: Eq Hash, V> || K::samples().into_iter().zip(V::samples()).take(1).collect();
    BTreeSet<K: Ord> || K::samples().into_iter().collect();
    HashSet<K: Eq Hash> || K::samples().into_iter().take(1).collect();
}

/// Writes the field at an index.
type WriteField = Box<dyn Fn(&mut StructWriter<'_>, &mut BuildContext<'_>, usize)>;
/// Reads the field at an index, and says what is there instead.
type ReadBack = Box<dyn Fn(&StructFields<'_>, &ReadContext<'_>, usize) -> Option<String>>;

/// What `capnp convert` prints of a field of this name.
type Show = Box<dyn Fn(&str) -> Vec<String>>;

/// A value in a field of its own.
struct Case {
    node: FieldNode,
    member: Member,
    write: WriteField,
    read: ReadBack,
    json: Show,
}

/// All cases, and the types without a form on the wire.
#[derive(Default)]
struct Cases {
    cases: Vec<Case>,
    refused: Vec<&'static str>,
}

impl Cases {
    fn add<T: Sample>(&mut self) {
        if T::MISTAKE.is_some() {
            return self.refused.push(type_name::<T>());
        }
        let nowhere = FieldPlace { ordinal: 0, value: Place::VOID, has: None };
        for value in T::samples() {
            let (one, other) = (value.clone(), value.clone());
            self.cases.push(Case {
                node: FieldNode::plain("", T::TYPE, nowhere),
                member: Member::new(T::SLOTS),
                write: Box::new(move |out, cx, index| {
                    out.put::<(), T>(cx, index, &one).expect("a value that fits")
                }),
                read: Box::new(move |fields, cx, index| {
                    let read = fields.get::<(), T>(cx, index).expect("a value");
                    (read != other).then(|| format!("{}: wrote {other:?}, read {read:?}", type_name::<T>()))
                }),
                json: Box::new(move |name| fields(name, &value)),
            });
        }
    }

    fn one_deep<T: Sample>(&mut self) {
        self.add::<T>();
        self.add::<Vec<T>>();
        self.add::<Option<T>>();
        self.add::<[T; 2]>();
        self.add::<(T, u8)>();
        self.add::<BTreeMap<String, T>>();
        self.add::<Box<T>>();
    }

    fn two_deep<T: Sample>(&mut self) {
        self.one_deep::<T>();
        self.one_deep::<Vec<T>>();
        self.one_deep::<Option<T>>();
        self.one_deep::<[T; 2]>();
        self.one_deep::<(T, u8)>();
        self.one_deep::<BTreeMap<String, T>>();
    }

    fn three_deep<T: Sample>(&mut self) {
        self.two_deep::<T>();
        self.two_deep::<Vec<T>>();
        self.two_deep::<Option<T>>();
        self.two_deep::<[T; 2]>();
        self.two_deep::<(T, u8)>();
        self.two_deep::<BTreeMap<String, T>>();
    }
}

static FILE: FileNode = FileNode::new("nested.capnp", 0xabcd_ef01_2345_6789);

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// A struct with a field for each case.
fn structure(number: usize, cases: &[Case]) -> &'static StructNode {
    let members: Vec<Member> = cases.iter().map(|case| case.member).collect();
    let mut places = vec![FieldPlace { ordinal: 0, value: Place::VOID, has: None }; cases.len()];
    let sizes = place(&members, 0, &mut places);
    let fields = cases.iter().zip(&places).enumerate().map(|(index, (case, place))| {
        let name: &'static str = leak(format!("f{index}"));
        FieldNode { name, ..FieldNode::plain(name, case.node.ty, *place) }
    });
    let fields = leak(fields.collect::<Vec<_>>());
    leak(StructNode {
        name: leak(format!("Cases{number}")),
        id: 0,
        explicit_id: false,
        file: Some(&FILE),
        docs: "",
        parameters: &[],
        declared: None,
        arguments: &[],
        fields,
        data_words: sizes.data_words,
        pointers: sizes.pointers,
        discriminant: None,
        annotations: &[],
    })
}

/// Text without the spaces that stand between its words.
fn squeezed(json: &str) -> String {
    let mut inside = false;
    let keep = |letter: &char| {
        inside ^= *letter == '"';
        inside || !letter.is_whitespace()
    };
    json.chars().filter(keep).collect()
}

/// The message with all cases, once our own reader has found all of them in it.
fn written(node: &'static StructNode, cases: &[Case]) -> Vec<u8> {
    let mut message = Builder::new_default();
    let mut caps = Vec::new();
    {
        let root: capnp::any_pointer::Builder<'_> = message.init_root();
        let RawPointerBuilder(pointer) = root.init_as();
        let size = StructSize { data: node.data_words, pointers: node.pointers };
        let mut out = StructWriter::new(pointer.init_struct(size), node);
        let cx = &mut BuildContext::new(&mut caps, 0);
        cases.iter().enumerate().for_each(|(index, case)| (case.write)(&mut out, cx, index));
    }
    let root: capnp::any_pointer::Reader<'_> = message.get_root_as_reader().expect("a root");
    let RawPointerReader(pointer) = root.get_as().expect("a pointer");
    let fields = StructFields::new(pointer.get_struct(None).expect("a struct"), node);
    let cx = ReadContext::new(&[]);
    let wrong = cases.iter().enumerate().filter_map(|(index, case)| (case.read)(&fields, &cx, index));
    assert_eq!(wrong.collect::<Vec<_>>(), Vec::<String>::new());
    capnp::serialize::write_message_to_words(&message)
}

#[test]
fn what_is_written_is_read_and_is_what_the_schema_says() {
    let mut all = Cases::default();
    all.three_deep::<u8>();
    all.three_deep::<bool>();
    all.three_deep::<i64>();
    all.three_deep::<String>();
    all.two_deep::<()>();
    all.two_deep::<f64>();
    all.two_deep::<Duration>();
    all.two_deep::<PathBuf>();
    all.two_deep::<BTreeSet<String>>();
    all.one_deep::<i8>();
    all.one_deep::<u16>();
    all.one_deep::<i32>();
    all.one_deep::<u32>();
    all.one_deep::<u64>();
    all.one_deep::<usize>();
    all.one_deep::<char>();
    all.one_deep::<f32>();
    all.one_deep::<SystemTime>();
    all.one_deep::<HashSet<bool>>();
    all.one_deep::<HashMap<u8, Vec<BTreeSet<String>>>>();
    all.add::<BTreeSet<Option<String>>>();
    all.add::<BTreeSet<Option<bool>>>();
    let refused = |part: &str| all.refused.iter().any(|name| name.replace("alloc::", "").contains(part));
    assert!(refused("Option<core::option::Option<string::String>>"), "{:?}", all.refused);
    assert!(refused("vec::Vec<core::option::Option<u8>>"));
    assert!(refused("vec::Vec<core::option::Option<(u8, u8)>>"));
    assert!(refused("BTreeSet<core::option::Option<bool>>"));
    assert!(!refused("vec::Vec<core::option::Option<string::String>>"), "{:?}", all.refused);
    assert!(all.cases.len() > 1_000, "{} cases", all.cases.len());

    let batches: Vec<&[Case]> = all.cases.chunks(250).collect();
    let nodes: Vec<&'static StructNode> =
        batches.iter().enumerate().map(|(number, cases)| structure(number, cases)).collect();
    let messages: Vec<Vec<u8>> =
        nodes.iter().zip(&batches).map(|(node, cases)| written(node, cases)).collect();

    let roots: Vec<Root> = nodes.iter().map(|node| Root::from(*node)).collect();
    let texts = Schema::of(&roots).expect("a schema").texts();
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("nested.capnp"), &texts[0].text).expect("a file");
    for ((node, cases), message) in nodes.iter().zip(&batches).zip(&messages) {
        let Some(found) = converted(folder.path(), node.name, message) else { return };
        let names = (0..).map(|index| format!("f{index}"));
        let expected: Vec<String> =
            cases.iter().zip(names).flat_map(|(case, name)| (case.json)(&name)).collect();
        let expected = format!("{{{}}}", expected.join(","));
        let found = squeezed(&found);
        let same = found.bytes().zip(expected.bytes()).take_while(|(one, other)| one == other).count();
        let around = |text: &str| {
            let from = text[..same].rfind("\"f").unwrap_or_default();
            text[from..].chars().take(120).collect::<String>()
        };
        assert_eq!(around(&found), around(&expected), "{}", node.name);
        assert_eq!(found, expected);
    }
}

/// What the reference compiler makes of a message, if it is installed.
fn converted(folder: &std::path::Path, name: &str, message: &[u8]) -> Option<String> {
    let mut child = match Command::new("capnp")
        .current_dir(folder)
        .args(["convert", "binary:json", "--short", "nested.capnp", name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
    {
        Ok(child) => child,
        Err(_) => {
            // Past the capture of output, so that a run shows it.
            let _ =
                writeln!(std::io::stderr(), "SKIPPED: needs the `capnp` program (Debian package capnproto)");
            return None;
        }
    };
    let mut input = child.stdin.take().expect("a pipe");
    let message = message.to_vec();
    let feeder = std::thread::spawn(move || input.write_all(&message));
    let output = child.wait_with_output().expect("capnp ends");
    feeder.join().expect("no panic").expect("capnp reads all of it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}
