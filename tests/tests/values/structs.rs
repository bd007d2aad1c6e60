//! Structs, unions, enums, generics, recursion, JSON, declared errors.

use std::sync::Arc;

use mp_runtime::{IpcEnum, IpcStruct, Result, ipc_file, ipc_interface};

ipc_file! {
    static STRUCTS: "structs.capnp" @ 0xe5a1_0000_0000_0002;
}

#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
pub struct Unit;

#[derive(Clone, Debug, PartialEq, IpcStruct)]
pub struct Wrapper(pub i32, pub String);

#[derive(Clone, Debug, PartialEq, IpcStruct)]
#[ipc(file = STRUCTS)]
pub struct Item {
    #[ipc(ordinal = 2)]
    pub name: String,
    #[ipc(ordinal = 0, default = 12)]
    pub price: i16,
    #[ipc(ordinal = 1)]
    pub colour: Colour,
    #[ipc(ordinal = 3)]
    pub size: Size,
    #[ipc(skip)]
    pub cached: u32,
    #[ipc(ordinal = 4)]
    pub wrapper: Wrapper,
    #[ipc(ordinal = 5)]
    pub unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, IpcEnum)]
pub enum Colour {
    Red = -1,
    Blue = 1000,
}

#[derive(Clone, Copy, Debug, PartialEq, IpcEnum)]
#[ipc(wire = enumerant, file = STRUCTS)]
pub enum Size {
    Small,
    Large,
}

#[derive(Clone, Debug, PartialEq, IpcStruct)]
pub enum Payment {
    Cash,
    Card(String),
    Tip(i64),
    Credit { name: String, days: u16, paid: Option<u8> },
    Items(Vec<Item>),
    Discount(Option<u32>),
}

#[derive(Clone, Debug, PartialEq, IpcStruct)]
#[ipc(file = STRUCTS, generic)]
pub struct Labelled<T, Label> {
    pub value: T,
    pub label: Label,
}

#[derive(Clone, Debug, PartialEq, IpcStruct)]
pub struct Counted<T> {
    pub value: T,
    pub count: u8,
}

#[derive(Clone, Debug, PartialEq, IpcStruct)]
pub struct Tree {
    pub value: i32,
    pub children: Vec<Tree>,
    pub best: Option<Box<Tree>>,
}

/// Two structs that hold each other.
#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
pub struct Folder {
    pub files: Vec<Entry>,
}

#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
pub struct Entry {
    pub name: String,
    pub folder: Option<Folder>,
}

#[derive(Clone, Debug, PartialEq, IpcStruct)]
pub struct SoldOut {
    pub what: String,
    pub left: i64,
}

#[ipc_interface(file = STRUCTS)]
pub trait Structs: Send + Sync {
    fn unit(&self, v: Unit) -> Result<Unit>;
    fn item(&self, v: &Item) -> Result<Item>;
    fn items(&self, v: Vec<Item>) -> Result<Vec<Item>>;
    fn payment(&self, v: Payment) -> Result<Payment>;
    fn payments(&self, v: Vec<Payment>) -> Result<Vec<Payment>>;
    fn labelled(&self, v: Labelled<String, Vec<Item>>) -> Result<Labelled<String, Vec<Item>>>;
    fn relabelled(&self, v: Labelled<Vec<u8>, Unit>) -> Result<Labelled<Vec<u8>, Unit>>;
    fn counted(&self, v: Counted<u64>, w: Counted<String>) -> Result<(Counted<u64>, Counted<String>)>;
    fn tree(&self, v: Tree) -> Result<Tree>;
    fn folder(&self, v: Folder) -> Result<Folder>;
    #[ipc(exception)]
    fn buy(&self, what: &str) -> Result<Result<u32, SoldOut>>;
    fn json(&self, v: serde_json::Value) -> Result<serde_json::Value>;
}

struct Echo;

impl Structs for Echo {
    fn unit(&self, v: Unit) -> Result<Unit> {
        Ok(v)
    }
    fn item(&self, v: &Item) -> Result<Item> {
        Ok(v.clone())
    }
    fn items(&self, v: Vec<Item>) -> Result<Vec<Item>> {
        Ok(v)
    }
    fn payment(&self, v: Payment) -> Result<Payment> {
        Ok(v)
    }
    fn payments(&self, v: Vec<Payment>) -> Result<Vec<Payment>> {
        Ok(v)
    }
    fn labelled(&self, v: Labelled<String, Vec<Item>>) -> Result<Labelled<String, Vec<Item>>> {
        Ok(v)
    }
    fn relabelled(&self, v: Labelled<Vec<u8>, Unit>) -> Result<Labelled<Vec<u8>, Unit>> {
        Ok(v)
    }
    fn counted(&self, v: Counted<u64>, w: Counted<String>) -> Result<(Counted<u64>, Counted<String>)> {
        Ok((v, w))
    }
    fn tree(&self, v: Tree) -> Result<Tree> {
        Ok(v)
    }
    fn folder(&self, v: Folder) -> Result<Folder> {
        Ok(v)
    }
    fn buy(&self, what: &str) -> Result<Result<u32, SoldOut>> {
        Ok(match what {
            "bread" => Ok(3),
            what => Err(SoldOut { what: what.to_owned(), left: -1 }),
        })
    }
    fn json(&self, v: serde_json::Value) -> Result<serde_json::Value> {
        Ok(v)
    }
}

fn echo() -> mp_runtime::Remote<dyn Structs> {
    super::connected(Arc::new(Echo))
}

fn item(price: i16) -> Item {
    Item {
        name: "bread".into(),
        price,
        colour: Colour::Blue,
        size: Size::Large,
        cached: 0,
        wrapper: Wrapper(price.into(), "w".into()),
        unit: Unit,
    }
}

#[test]
fn structs_keep_every_field_and_fill_skipped_ones() {
    let echo = echo();
    assert_eq!(echo.unit(Unit), Ok(Unit));
    for price in [12, 0, -1, i16::MAX] {
        assert_eq!(echo.item(&Item { cached: 99, ..item(price) }), Ok(item(price)));
    }
    let items: Vec<Item> = (0..20).map(item).collect();
    assert_eq!(echo.items(items.clone()), Ok(items));
}

#[test]
fn unions_keep_their_variant() {
    let echo = echo();
    let all = vec![
        Payment::Cash,
        Payment::Card("1234".into()),
        Payment::Tip(i64::MIN),
        Payment::Credit { name: "n".into(), days: 30, paid: None },
        Payment::Credit { name: String::new(), days: 0, paid: Some(0) },
        Payment::Items(vec![item(1), item(2)]),
        Payment::Discount(None),
        Payment::Discount(Some(0)),
    ];
    for payment in &all {
        assert_eq!(echo.payment(payment.clone()).as_ref(), Ok(payment));
    }
    assert_eq!(echo.payments(all.clone()), Ok(all));
}

#[test]
fn generic_structs_take_any_argument() {
    let echo = echo();
    let labelled = Labelled { value: "v".to_owned(), label: vec![item(1)] };
    assert_eq!(echo.labelled(labelled.clone()), Ok(labelled));
    let relabelled = Labelled { value: vec![1u8, 2], label: Unit };
    assert_eq!(echo.relabelled(relabelled.clone()), Ok(relabelled));
    let counted = (Counted { value: u64::MAX, count: 1 }, Counted { value: "w".to_owned(), count: 2 });
    assert_eq!(echo.counted(counted.0.clone(), counted.1.clone()), Ok(counted));
}

#[test]
fn structs_may_hold_themselves_and_each_other() {
    let echo = echo();
    let leaf = |value| Tree { value, children: vec![], best: None };
    let tree = Tree {
        value: 1,
        children: vec![leaf(2), Tree { value: 3, children: vec![leaf(4)], best: None }],
        best: Some(Box::new(leaf(5))),
    };
    assert_eq!(echo.tree(tree.clone()), Ok(tree));
    let folder = Folder {
        files: vec![
            Entry { name: "a".into(), folder: None },
            Entry { name: "b".into(), folder: Some(Folder::default()) },
        ],
    };
    assert_eq!(echo.folder(folder.clone()), Ok(folder));
}

#[test]
fn a_tree_that_is_too_deep_is_an_error_of_the_call() {
    let echo = echo();
    let mut tree = Tree { value: 0, children: vec![], best: None };
    for value in 0..200 {
        tree = Tree { value, children: vec![tree], best: None };
    }
    assert!(echo.tree(tree).is_err());
    assert_eq!(echo.unit(Unit), Ok(Unit));
}

#[test]
fn a_declared_error_is_a_value() {
    let echo = echo();
    assert_eq!(echo.buy("bread"), Ok(Ok(3)));
    assert_eq!(echo.buy("wine"), Ok(Err(SoldOut { what: "wine".into(), left: -1 })));
}

#[test]
fn json_travels_as_text() {
    let value = serde_json::json!({"a": [1, null, {"b": "₿"}], "c": -1.5});
    assert_eq!(echo().json(value.clone()), Ok(value));
}

#[test]
fn the_schema_of_all_this_is_what_the_reference_compiler_makes_of_it() {
    if !mp_tests::reference::installed() {
        return;
    }
    use super::{numbers, objects, optionals, shapes};
    use mp_runtime::schema::{Schema, interface};
    let roots = [
        interface::<dyn Structs>(),
        interface::<dyn numbers::Numbers>(),
        interface::<dyn optionals::OptionalsEcho>(),
        interface::<dyn shapes::Shapes>(),
        interface::<dyn objects::Objects>(),
    ];
    let schema = Schema::of(&roots).expect("a schema");
    let found = mp_tests::reference::differences(&schema).expect("a verdict");
    assert!(found.is_empty(), "{}", found.join("\n"));
}
