//! Values that are absent: optionals of every kind of value, and null objects.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use mp_runtime::{IpcEnum, IpcStruct, Remote, Result, ipc_file, ipc_interface};

ipc_file! {
    static ABSENT: "absent.capnp" @ 0xd1b2_0000_0000_0005;
}

ipc_file! {
    static OTHER_ABSENT: "other/absent.capnp" @ 0xd1b2_0000_0000_0005;
}

#[derive(Clone, Copy, Debug, PartialEq, IpcEnum)]
enum Colour {
    Red,
    Green,
}

#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
struct Point {
    x: i32,
    y: i32,
}

#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
struct Options {
    float: Option<f64>,
    letter: Option<char>,
    colour: Option<Colour>,
    unit: Option<()>,
    span: Option<Duration>,
    time: Option<SystemTime>,
    map: Option<BTreeMap<i32, i32>>,
    point: Option<Point>,
    pair: Option<(i32, String)>,
    path: Option<PathBuf>,
    hash: Option<[u8; 2]>,
    #[ipc(optional = flag)]
    flagged_point: Option<Point>,
}

#[ipc_interface(file = ABSENT)]
trait Counter: Send + Sync {
    fn add(&self, number: i32) -> Result<i32>;
}

#[ipc_interface(file = ABSENT, id = 0xd1b2_0000_0000_0055)]
trait Absent: Send + Sync {
    fn pass(&self, value: Option<&Options>) -> Result<Option<Options>>;
    fn pass_slice(&self, value: Option<&[Point]>) -> Result<Option<Vec<Point>>>;
    fn pass_path(&self, value: Option<&Path>) -> Result<Option<PathBuf>>;
    fn pass_map(&self, value: BTreeMap<i32, Option<i32>>) -> Result<BTreeMap<i32, Option<i32>>>;
    fn count(&self, counter: Arc<dyn Counter>) -> Result<i32>;
    fn count_all(&self, counters: Vec<Arc<dyn Counter>>) -> Result<i32>;
    async fn pass_text(&self, value: Option<&str>) -> Result<Option<String>>;
}

/// The same, for a client that may leave the objects out.
#[ipc_interface(file = OTHER_ABSENT, id = 0xd1b2_0000_0000_0055)]
trait Careless: Send + Sync {
    #[ipc(ordinal = 1, deprecated)]
    fn unused1(&self) -> Result<()>;
    #[ipc(ordinal = 2, deprecated)]
    fn unused2(&self) -> Result<()>;
    #[ipc(ordinal = 3, deprecated)]
    fn unused3(&self) -> Result<()>;
    #[ipc(ordinal = 4, deprecated)]
    fn unused4(&self) -> Result<()>;
    fn count(&self, counter: Option<Arc<dyn Counter>>) -> Result<i32>;
    fn count_all(&self, counters: Vec<Option<Arc<dyn Counter>>>) -> Result<i32>;
}

struct Echo;

#[ipc_interface]
#[rustfmt::skip]
impl Absent for Echo {
    fn pass(&self, value: Option<&Options>) -> Result<Option<Options>> { Ok(value.cloned()) }
    fn pass_slice(&self, value: Option<&[Point]>) -> Result<Option<Vec<Point>>> { Ok(value.map(Into::into)) }
    fn pass_path(&self, value: Option<&Path>) -> Result<Option<PathBuf>> { Ok(value.map(Into::into)) }
    fn pass_map(&self, value: BTreeMap<i32, Option<i32>>) -> Result<BTreeMap<i32, Option<i32>>> { Ok(value) }
    fn count(&self, counter: Arc<dyn Counter>) -> Result<i32> { counter.add(1) }
    fn count_all(&self, counters: Vec<Arc<dyn Counter>>) -> Result<i32> {
        counters.iter().map(|counter| counter.add(1)).sum()
    }
    async fn pass_text(&self, value: Option<&str>) -> Result<Option<String>> { Ok(value.map(Into::into)) }
}

struct One;

impl Counter for One {
    fn add(&self, number: i32) -> Result<i32> {
        Ok(1 + number)
    }
}

fn connect() -> Remote<dyn Absent> {
    crate::connected::<dyn Absent>(Arc::new(Echo))
}

#[test]
fn an_empty_value_is_not_an_absent_one() {
    let zeros = Options {
        float: Some(0.0),
        letter: Some('\0'),
        colour: Some(Colour::Red),
        unit: Some(()),
        span: Some(Duration::ZERO),
        time: Some(SystemTime::UNIX_EPOCH),
        map: Some(BTreeMap::new()),
        point: Some(Point::default()),
        pair: Some((0, String::new())),
        path: Some(PathBuf::new()),
        hash: Some([0; 2]),
        flagged_point: Some(Point::default()),
    };
    let some = Options { colour: Some(Colour::Green), letter: Some('ß'), ..Options::default() };
    let peer = connect();
    for value in [None, Some(Options::default()), Some(some), Some(zeros)] {
        assert_eq!(peer.pass(value.as_ref()), Ok(value));
    }
}

#[test]
fn borrowed_values_may_be_absent() {
    let peer = connect();
    let points = [Point { x: 1, y: -1 }, Point::default()];
    for value in [None, Some(&[][..]), Some(&points[..])] {
        assert_eq!(peer.pass_slice(value), Ok(value.map(<[Point]>::to_vec)));
    }
    for value in [None, Some(""), Some("text")] {
        assert_eq!(peer.pass_path(value.map(Path::new)), Ok(value.map(PathBuf::from)));
        assert_eq!(crate::wait(peer.pass_text(value)), Ok(value.map(str::to_owned)));
    }
}

#[test]
fn the_value_of_a_map_may_be_an_absent_number_because_an_entry_is_a_struct() {
    let map = BTreeMap::from([(1, None), (2, Some(0)), (3, Some(i32::MIN))]);
    assert_eq!(connect().pass_map(map.clone()), Ok(map));
}

#[test]
fn an_absent_object_where_one_is_needed_is_an_error_that_names_the_field() {
    let peer = crate::connected_as::<dyn Careless, dyn Absent>(Arc::new(Echo));
    let error = peer.count(None).expect_err("an error");
    assert!(error.text().contains("field `counter`: a null Counter"), "{error}");
    let error = peer.count_all(vec![Some(Arc::new(One)), None]).expect_err("an error");
    assert!(error.text().contains("field `counters[1]`: a null Counter"), "{error}");
    assert_eq!(peer.count(Some(Arc::new(One))), Ok(2));
    assert_eq!(peer.count_all(vec![Some(Arc::new(One)), Some(Arc::new(One))]), Ok(4));
}
