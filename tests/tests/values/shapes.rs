//! Lists, sets, maps, tuples.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use mp_runtime::{Result, ipc_interface};

type Maps = (BTreeMap<i32, bool>, HashMap<String, Vec<u8>>);
type Nested = BTreeMap<String, Vec<BTreeMap<i32, Option<String>>>>;

#[ipc_interface(file = "values.capnp", file_id = 0xe5a1_0000_0000_0001)]
pub trait Shapes: Send + Sync {
    fn bools(&self, v: Vec<bool>) -> Result<Vec<bool>>;
    fn bytes(&self, v: Vec<i8>) -> Result<Vec<i8>>;
    fn words(&self, v: &[u64]) -> Result<Vec<u64>>;
    fn floats(&self, v: Vec<f32>) -> Result<Vec<f32>>;
    fn texts(&self, v: Vec<String>) -> Result<Vec<String>>;
    fn datas(&self, v: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>>;
    fn lists(&self, v: Vec<Vec<Vec<i16>>>) -> Result<Vec<Vec<Vec<i16>>>>;
    fn nothings(&self, v: Vec<()>) -> Result<Vec<()>>;
    fn hashes(&self, v: Vec<[u8; 4]>) -> Result<Vec<[u8; 4]>>;
    fn sets(&self, a: BTreeSet<String>, b: HashSet<u16>) -> Result<(BTreeSet<String>, HashSet<u16>)>;
    fn maps(&self, a: BTreeMap<i32, bool>, b: HashMap<String, Vec<u8>>) -> Result<Maps>;
    fn nested(&self, v: Nested) -> Result<Nested>;
    fn tuples(&self, v: (i8, String, (bool, u64))) -> Result<(i8, String, (bool, u64))>;
    fn pairs(&self, v: Vec<(String, i32)>) -> Result<Vec<(String, i32)>>;
    fn six(&self, v: (i8, i16, i32, i64, f32, f64)) -> Result<(i8, i16, i32, i64, f32, f64)>;
}

struct Echo;

impl Shapes for Echo {
    fn bools(&self, v: Vec<bool>) -> Result<Vec<bool>> {
        Ok(v)
    }
    fn bytes(&self, v: Vec<i8>) -> Result<Vec<i8>> {
        Ok(v)
    }
    fn words(&self, v: &[u64]) -> Result<Vec<u64>> {
        Ok(v.to_vec())
    }
    fn floats(&self, v: Vec<f32>) -> Result<Vec<f32>> {
        Ok(v)
    }
    fn texts(&self, v: Vec<String>) -> Result<Vec<String>> {
        Ok(v)
    }
    fn datas(&self, v: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>> {
        Ok(v)
    }
    fn lists(&self, v: Vec<Vec<Vec<i16>>>) -> Result<Vec<Vec<Vec<i16>>>> {
        Ok(v)
    }
    fn nothings(&self, v: Vec<()>) -> Result<Vec<()>> {
        Ok(v)
    }
    fn hashes(&self, v: Vec<[u8; 4]>) -> Result<Vec<[u8; 4]>> {
        Ok(v)
    }
    fn sets(&self, a: BTreeSet<String>, b: HashSet<u16>) -> Result<(BTreeSet<String>, HashSet<u16>)> {
        Ok((a, b))
    }
    fn maps(&self, a: BTreeMap<i32, bool>, b: HashMap<String, Vec<u8>>) -> Result<Maps> {
        Ok((a, b))
    }
    fn nested(&self, v: Nested) -> Result<Nested> {
        Ok(v)
    }
    fn tuples(&self, v: (i8, String, (bool, u64))) -> Result<(i8, String, (bool, u64))> {
        Ok(v)
    }
    fn pairs(&self, v: Vec<(String, i32)>) -> Result<Vec<(String, i32)>> {
        Ok(v)
    }
    fn six(&self, v: (i8, i16, i32, i64, f32, f64)) -> Result<(i8, i16, i32, i64, f32, f64)> {
        Ok(v)
    }
}

fn echo() -> mp_runtime::Remote<dyn Shapes> {
    super::connected(Arc::new(Echo))
}

#[test]
fn lists_keep_their_order_and_length() {
    let echo = echo();
    for length in [0, 1, 7, 8, 9, 1000] {
        let bools: Vec<bool> = (0..length).map(|index| index % 3 == 0).collect();
        assert_eq!(echo.bools(bools.clone()), Ok(bools));
        let words: Vec<u64> = (0..length).map(|index| index * 0x0123_4567_89ab).collect();
        assert_eq!(echo.words(&words), Ok(words));
        let texts: Vec<String> = (0..length).map(|index| "x".repeat(index as usize % 5)).collect();
        assert_eq!(echo.texts(texts.clone()), Ok(texts));
    }
    assert_eq!(echo.bytes(vec![-128, 127]), Ok(vec![-128, 127]));
    assert_eq!(echo.floats(vec![-0.5, f32::MAX]), Ok(vec![-0.5, f32::MAX]));
    assert_eq!(echo.datas(vec![vec![], vec![1, 2]]), Ok(vec![vec![], vec![1, 2]]));
    let lists = vec![vec![], vec![vec![], vec![-1, 1]], vec![vec![0]]];
    assert_eq!(echo.lists(lists.clone()), Ok(lists));
    assert_eq!(echo.nothings(vec![(); 5]), Ok(vec![(); 5]));
    assert_eq!(echo.hashes(vec![[1, 2, 3, 4], [0; 4]]), Ok(vec![[1, 2, 3, 4], [0; 4]]));
}

#[test]
fn sets_and_maps_keep_every_entry() {
    let echo = echo();
    let a: BTreeSet<String> = ["b", "a", ""].map(str::to_owned).into();
    let b: HashSet<u16> = (0..100).collect();
    assert_eq!(echo.sets(a.clone(), b.clone()), Ok((a, b)));
    let a: BTreeMap<i32, bool> = (-10..10).map(|key| (key, key % 2 == 0)).collect();
    let b: HashMap<String, Vec<u8>> = (0..50u8).map(|key| (format!("key {key}"), vec![key; 3])).collect();
    assert_eq!(echo.maps(a.clone(), b.clone()), Ok((a, b)));
    let inner = BTreeMap::from([(1, Some("one".to_owned())), (2, None)]);
    let nested = BTreeMap::from([("x".to_owned(), vec![inner, BTreeMap::new()]), (String::new(), vec![])]);
    assert_eq!(echo.nested(nested.clone()), Ok(nested));
}

#[test]
fn tuples_keep_every_part() {
    let echo = echo();
    let tuple = (-1, "two".to_owned(), (true, u64::MAX));
    assert_eq!(echo.tuples(tuple.clone()), Ok(tuple));
    let pairs = vec![("a".to_owned(), 1), (String::new(), -1)];
    assert_eq!(echo.pairs(pairs.clone()), Ok(pairs));
    assert_eq!(echo.six((1, 2, 3, 4, 5.5, 6.5)), Ok((1, 2, 3, 4, 5.5, 6.5)));
}

/// Types with the names that generated code gives its own parts.
mod names {
    use mp_runtime::{IpcStruct, Result, ipc_interface};

    #[derive(Clone, Debug, PartialEq, Eq, Hash, IpcStruct)]
    pub struct M(pub u8);

    #[derive(Clone, Debug, PartialEq, IpcStruct)]
    pub struct T {
        pub m: M,
        pub others: Vec<M>,
    }

    #[derive(Clone, Debug, PartialEq, IpcStruct)]
    pub struct Client(pub T);

    #[derive(Clone, Debug, PartialEq, IpcStruct)]
    pub struct Shared(pub Client);

    pub(crate) mod other {
        #[derive(Clone, Debug, PartialEq, mp_runtime::IpcStruct)]
        #[ipc(name = "OtherM")]
        pub struct M(pub String);
    }

    /// A hasher, which does not travel.
    pub(crate) type Hasher = std::hash::BuildHasherDefault<std::hash::DefaultHasher>;

    #[ipc_interface(file = "names.capnp", file_id = 0xe5a1_0000_0000_0013)]
    pub trait Borrowed: Send + Sync {
        fn text(&self, text: std::borrow::Cow<'_, str>) -> Result<std::borrow::Cow<'static, str>>;
        fn map(
            &self,
            map: &std::collections::HashMap<M, Vec<M>, Hasher>,
        ) -> Result<std::collections::HashMap<M, Vec<M>, Hasher>>;
    }

    #[ipc_interface(file = "names.capnp", file_id = 0xe5a1_0000_0000_0013, callback)]
    pub trait Named: Send + Sync {
        fn call(&self, m: M, other: other::M, shared: &Shared) -> Result<(M, other::M, Shared)>;
    }
}

#[test]
fn types_may_have_the_names_of_generated_ones() {
    use names::{Client, M, Named, Shared, T, other};

    struct Echo;
    impl Named for Echo {
        fn call(&self, m: M, other: other::M, shared: &Shared) -> mp_runtime::Result<(M, other::M, Shared)> {
            Ok((m, other, shared.clone()))
        }
    }
    let echo = super::connected::<dyn Named>(std::sync::Arc::new(Echo));
    let (m, text) = (M(3), other::M("text".into()));
    let shared = Shared(Client(T { m: m.clone(), others: vec![m.clone()] }));
    assert_eq!(echo.call(m.clone(), text.clone(), &shared), Ok((m, text, shared)));
}

#[test]
fn values_may_be_borrowed_and_maps_have_hashers() {
    use std::borrow::Cow;
    use std::collections::HashMap;

    use names::{Borrowed, Hasher, M};

    struct Echo;
    impl Borrowed for Echo {
        fn text(&self, text: Cow<'_, str>) -> mp_runtime::Result<Cow<'static, str>> {
            Ok(text.into_owned().into())
        }
        fn map(&self, map: &HashMap<M, Vec<M>, Hasher>) -> mp_runtime::Result<HashMap<M, Vec<M>, Hasher>> {
            Ok(map.clone())
        }
    }
    let echo = super::connected::<dyn Borrowed>(std::sync::Arc::new(Echo));
    assert_eq!(echo.text(Cow::Borrowed("text")), Ok(Cow::Borrowed("text")));
    let map = HashMap::from_iter([(M(1), vec![M(2)])]);
    assert_eq!(echo.map(&map), Ok(map));
}
