//! Schema defaults: what a peer that knows less does not send reads as its default.
//!
//! In: an older and a newer form of one interface, with the same ids. Out: calls between them.

use std::sync::Arc;

use mp_runtime::{IpcStruct, Result, ipc_interface};

const STEP: u32 = 7;

#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
struct Older {
    name: String,
}

#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
struct Newer {
    name: String,
    #[ipc(default = true)]
    on: bool,
    #[ipc(default = -5)]
    small: i8,
    #[ipc(default = 0xffff_ffff_ffff_ffff)]
    large: u64,
    #[ipc(default = STEP)]
    step: u32,
    #[ipc(default = -0.5)]
    half: f64,
    #[ipc(default = 1.5)]
    single: f32,
    comment: Option<String>,
    count: Option<i32>,
    list: Vec<i32>,
    older: Older,
}

#[ipc_interface(
    file = "defaults.capnp",
    file_id = 0xd1b2_0000_0000_0008,
    id = 0xd1b2_0000_0000_0088,
    construct
)]
trait OlderForm: Send + Sync {
    fn pass(&self, value: Older) -> Result<Older>;
    fn add(&self, a: i32) -> Result<i32>;
    fn pass_list(&self, values: Vec<Older>) -> Result<Vec<Older>>;
}

#[ipc_interface(
    file = "other/defaults.capnp",
    file_id = 0xd1b2_0000_0000_0008,
    id = 0xd1b2_0000_0000_0088,
    construct
)]
trait NewerForm: Send + Sync {
    fn pass(&self, value: Newer) -> Result<Newer>;
    fn add(&self, a: i32, #[ipc(default = 10)] b: i32, #[ipc(default = true)] plus: bool) -> Result<i32>;
    fn pass_list(&self, values: Vec<Newer>) -> Result<Vec<Newer>>;
    fn is_new(&self) -> Result<bool>;
}

struct Old;

#[rustfmt::skip]
impl OlderForm for Old {
    fn pass(&self, value: Older) -> Result<Older> { Ok(value) }
    fn add(&self, a: i32) -> Result<i32> { Ok(a) }
    fn pass_list(&self, values: Vec<Older>) -> Result<Vec<Older>> { Ok(values) }
}

struct New;

#[rustfmt::skip]
impl NewerForm for New {
    fn pass(&self, value: Newer) -> Result<Newer> {
        assert!(value.name != "from an older peer" || value == defaults(&value.name));
        Ok(value)
    }
    fn add(&self, a: i32, b: i32, plus: bool) -> Result<i32> { Ok(if plus { a + b } else { a - b }) }
    fn pass_list(&self, values: Vec<Newer>) -> Result<Vec<Newer>> { Ok(values) }
    fn is_new(&self) -> Result<bool> { Ok(true) }
}

/// What a newer program reads where an older one wrote only the name.
fn defaults(name: &str) -> Newer {
    Newer {
        name: name.into(),
        on: true,
        small: -5,
        large: u64::MAX,
        step: 7,
        half: -0.5,
        single: 1.5,
        comment: None,
        count: None,
        list: Vec::new(),
        older: Older::default(),
    }
}

#[test]
fn an_explicit_zero_is_not_the_default() {
    let peer = crate::connected::<dyn NewerForm>(Arc::new(New));
    let zeros = Newer { name: "zeros".into(), ..Newer::default() };
    assert_eq!(peer.pass(zeros.clone()), Ok(zeros));
    assert_eq!(peer.pass(defaults("equal")), Ok(defaults("equal")));
    let other = Newer { small: i8::MIN, large: 1, half: f64::MAX, on: false, ..defaults("other") };
    assert_eq!(peer.pass(other.clone()), Ok(other));
    assert_eq!(peer.add(1, 0, true), Ok(1));
    assert_eq!(peer.add(1, 2, false), Ok(-1));
}

#[test]
fn an_older_client_leaves_the_server_with_defaults() {
    let peer = crate::connected_as::<dyn OlderForm, dyn NewerForm>(Arc::new(New));
    let older = Older { name: "from an older peer".into() };
    assert_eq!(peer.pass(older.clone()), Ok(older.clone()));
    assert_eq!(peer.add(1), Ok(11), "absent parameters read as 10 and true");
    assert_eq!(peer.pass_list(vec![older.clone(); 3]), Ok(vec![older; 3]));
}

#[test]
fn an_older_server_leaves_the_client_with_defaults() {
    let peer = crate::connected_as::<dyn NewerForm, dyn OlderForm>(Arc::new(Old));
    assert_eq!(peer.pass(Newer { step: 9, ..defaults("name") }), Ok(defaults("name")));
    let list = [Newer { on: false, ..defaults("a") }, defaults("b")];
    assert_eq!(peer.pass_list(list.into()), Ok(vec![defaults("a"), defaults("b")]));
    let error = peer.is_new().unwrap_err();
    assert_eq!(error.kind(), mp_runtime::ErrorKind::Unimplemented);
    assert_eq!(peer.add(3, 4, true), Ok(3), "the connection lives on");
}
