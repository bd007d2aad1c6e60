//! Generic structs of the schema, whose parameters stand anywhere in their fields.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use mp_runtime::schema::{Schema, interface};
use mp_runtime::{IpcStruct, Result, ipc_interface};
use mp_tests::reference::{differences, installed};

#[derive(Clone, Debug, PartialEq, IpcStruct)]
pub struct Job {
    pub number: u32,
    pub name: Cow<'static, str>,
    pub bytes: Cow<'static, [u8]>,
}

#[derive(Clone, Debug, PartialEq, IpcStruct)]
#[ipc(generic, file = "generics.capnp", file_id = 0xe5a1_0000_0000_0010)]
pub struct Page<T, U = String> {
    pub first: T,
    pub second: Option<T>,
    pub by_name: BTreeMap<String, U>,
    pub counted: (T, u8),
    pub rest: Option<Box<Page<T, U>>>,
    pub pages: Vec<Page<U, T>>,
    pub held: Held<T>,
}

/// No generic struct of the schema, but one whose fields have the parameters of those that hold it.
#[derive(Clone, Debug, PartialEq, IpcStruct)]
pub struct Held<T> {
    pub value: Option<T>,
    pub number: u8,
}

#[derive(Clone, Debug, PartialEq, IpcStruct)]
#[ipc(generic, file = "generics.capnp", file_id = 0xe5a1_0000_0000_0010)]
pub enum Tree<T> {
    Leaf(T),
    Node(Vec<Tree<T>>),
    Both { value: T, below: Box<Tree<T>> },
}

#[ipc_interface(file = "generics.capnp", file_id = 0xe5a1_0000_0000_0010)]
pub trait Generics: Send + Sync {
    fn pages(&self, page: Page<Job>) -> Result<Page<Job>>;
    fn lists(&self, page: Page<Vec<Job>, Vec<u8>>) -> Result<Page<Vec<Job>, Vec<u8>>>;
    fn trees(&self, tree: Tree<Tree<String>>) -> Result<Tree<Tree<String>>>;
    #[expect(clippy::type_complexity, reason = "the longest tuple there is")]
    fn twelve(
        &self,
        all: (u8, u16, u32, u64, i8, i16, i32, i64, bool, String, Vec<u8>, Option<f64>),
    ) -> Result<(u8, u16, u32, u64, i8, i16, i32, i64, bool, String, Vec<u8>, Option<f64>)>;
}

struct Echo;

impl Generics for Echo {
    fn pages(&self, page: Page<Job>) -> Result<Page<Job>> {
        Ok(page)
    }
    fn lists(&self, page: Page<Vec<Job>, Vec<u8>>) -> Result<Page<Vec<Job>, Vec<u8>>> {
        Ok(page)
    }
    fn trees(&self, tree: Tree<Tree<String>>) -> Result<Tree<Tree<String>>> {
        Ok(tree)
    }
    fn twelve(
        &self,
        all: (u8, u16, u32, u64, i8, i16, i32, i64, bool, String, Vec<u8>, Option<f64>),
    ) -> Result<(u8, u16, u32, u64, i8, i16, i32, i64, bool, String, Vec<u8>, Option<f64>)> {
        Ok(all)
    }
}

fn job(number: u32) -> Job {
    Job { number, name: Cow::Owned(format!("job {number}")), bytes: Cow::Borrowed(&[1, 2]) }
}

fn page<T: Clone, U: Clone>(first: T, other: U) -> Page<T, U> {
    let plain = Page {
        first: first.clone(),
        second: None,
        by_name: BTreeMap::from([("a".to_owned(), other.clone())]),
        counted: (first.clone(), 7),
        rest: None,
        pages: Vec::new(),
        held: Held { value: None, number: 1 },
    };
    let swapped = Page {
        first: other.clone(),
        second: Some(other.clone()),
        by_name: BTreeMap::new(),
        counted: (other, 0),
        rest: None,
        pages: vec![plain.clone()],
        held: Held { value: None, number: 2 },
    };
    Page {
        second: Some(first.clone()),
        rest: Some(Box::new(plain.clone())),
        pages: vec![swapped],
        held: Held { value: Some(first), number: 3 },
        ..plain
    }
}

#[test]
fn values_come_back() {
    let echo = super::connected::<dyn Generics>(Arc::new(Echo));
    let jobs = page(job(1), "text".to_owned());
    assert_eq!(echo.pages(jobs.clone()), Ok(jobs));
    let lists = page(vec![job(1), job(2)], vec![3u8]);
    assert_eq!(echo.lists(lists.clone()), Ok(lists));
    let leaf = |text: &str| Tree::Leaf(text.to_owned());
    let tree = Tree::Node(vec![
        Tree::Leaf(Tree::Node(vec![leaf("a"), Tree::Both { value: "b".into(), below: Box::new(leaf("c")) }])),
        Tree::Both { value: leaf("d"), below: Box::new(Tree::Leaf(leaf("e"))) },
    ]);
    assert_eq!(echo.trees(tree.clone()), Ok(tree));
    let twelve = (1, 2, 3, 4, -1, -2, -3, -4, true, "ten".to_owned(), vec![11], Some(12.0));
    assert_eq!(echo.twelve(twelve.clone()), Ok(twelve));
}

#[test]
fn the_schema_is_generic_too() {
    let schema = Schema::of(&[interface::<dyn Generics>()]).expect("a schema");
    let text = &schema.texts()[0].text;
    for line in [
        "pages @1 (context :Proxy.Context, page :Page(Job, Text)) -> (result :Page(Job, Text));",
        "struct Page(T, U) {",
        "second @1 :T;",
        "byName @2 :List(PairTextU(T, U));",
        "rest @4 :Page(T, U);",
        "pages @5 :List(Page(U, T));",
        "struct HeldT(T, U) {",
        "node @1 :List(Tree(T));",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    if installed() {
        assert_eq!(differences(&schema).expect("a verdict"), Vec::<String>::new(), "{text}");
    }
}
