//! Enums of every width, and unions that hold themselves, objects and closures.

use std::sync::Arc;

use mp_runtime::{IpcEnum, IpcStruct, Remote, Result, ipc_file, ipc_interface};

ipc_file! {
    static UNIONS: "unions.capnp" @ 0xd1b2_0000_0000_0006;
}

#[derive(Clone, Copy, Debug, PartialEq, IpcEnum)]
enum Signed {
    Low = i32::MIN as isize,
    Zero = 0,
    High = i32::MAX as isize,
}

const FIRST: isize = 100;

#[derive(Clone, Copy, Debug, PartialEq, IpcEnum)]
#[ipc(wire = UInt8)]
enum Small {
    First = FIRST,
    Second,
    Last = 255,
}

#[derive(Clone, Copy, Debug, PartialEq, IpcEnum)]
#[ipc(wire = enumerant, file = UNIONS)]
enum Weekday {
    Monday,
    Tuesday,
}

/// Holds itself in a list, in a group and in a box.
#[derive(Clone, Debug, PartialEq, IpcStruct)]
enum Shape {
    Nothing,
    Circle(f64),
    Group { shapes: Vec<Shape>, weekday: Weekday },
    Boxed(Box<Shape>),
}

#[derive(Clone, Debug, PartialEq, IpcStruct)]
enum Single {
    Only { value: i32 },
}

#[derive(Clone, Debug, PartialEq, IpcStruct)]
enum Only {
    Maybe(Option<u32>),
}

#[ipc_interface(file = UNIONS)]
trait Counter: Send + Sync {
    fn add(&self, number: i32) -> Result<i32>;
}

#[ipc_interface(file = UNIONS, callback)]
trait Step: Send + Sync {
    fn call(&self, number: i32) -> Result<i32>;
}

#[derive(IpcStruct)]
enum Either {
    Number(i32),
    Shared(Arc<dyn Counter>),
    Owned {
        counter: Box<dyn Counter>,
        number: i32,
    },
    #[ipc(callback = Step)]
    Call(Box<dyn FnMut(i32) -> Result<i32> + Send>),
}

#[ipc_interface(file = UNIONS)]
trait Unions: Send + Sync {
    fn pass_enums(&self, signed: Signed, small: Small) -> Result<(Signed, Small)>;
    fn pass_days(&self, days: Vec<Weekday>) -> Result<Vec<Weekday>>;
    fn pass_shapes(&self, shapes: &[Shape]) -> Result<Vec<Shape>>;
    fn pass_single(&self, single: Single) -> Result<Single>;
    fn pass_only(&self, only: Vec<Only>) -> Result<Vec<Only>>;
    fn pass_either(&self, either: Either) -> Result<Either>;
    fn use_either(&self, either: Either) -> Result<i32>;
}

struct Echo;

#[rustfmt::skip]
impl Unions for Echo {
    fn pass_enums(&self, signed: Signed, small: Small) -> Result<(Signed, Small)> { Ok((signed, small)) }
    fn pass_days(&self, days: Vec<Weekday>) -> Result<Vec<Weekday>> { Ok(days) }
    fn pass_shapes(&self, shapes: &[Shape]) -> Result<Vec<Shape>> { Ok(shapes.into()) }
    fn pass_single(&self, single: Single) -> Result<Single> { Ok(single) }
    fn pass_only(&self, only: Vec<Only>) -> Result<Vec<Only>> { Ok(only) }
    fn pass_either(&self, either: Either) -> Result<Either> { Ok(either) }
    fn use_either(&self, either: Either) -> Result<i32> {
        match either {
            Either::Number(number) => Ok(number),
            Either::Shared(counter) => counter.add(1),
            Either::Owned { counter, number } => counter.add(number),
            Either::Call(mut call) => call(1).and_then(&mut call),
        }
    }
}

struct From(i32);

impl Counter for From {
    fn add(&self, number: i32) -> Result<i32> {
        Ok(self.0 + number)
    }
}

fn connect() -> Remote<dyn Unions> {
    crate::connected::<dyn Unions>(Arc::new(Echo))
}

#[test]
fn enums_travel_as_the_number_they_declare() {
    let peer = connect();
    for signed in [Signed::Low, Signed::Zero, Signed::High] {
        for small in [Small::First, Small::Second, Small::Last] {
            assert_eq!(peer.pass_enums(signed, small), Ok((signed, small)));
        }
    }
    let days = vec![Weekday::Tuesday, Weekday::Monday, Weekday::Tuesday];
    assert_eq!(peer.pass_days(days.clone()), Ok(days));
}

#[test]
fn unions_hold_themselves() {
    let peer = connect();
    let inner = vec![Shape::Nothing, Shape::Circle(-0.5)];
    let group = Shape::Group { shapes: inner.clone(), weekday: Weekday::Tuesday };
    let shapes = vec![Shape::Boxed(Box::new(group.clone())), group, Shape::Nothing];
    assert_eq!(peer.pass_shapes(&shapes), Ok(shapes));
    assert_eq!(peer.pass_shapes(&inner), Ok(inner));
    let only = vec![Only::Maybe(None), Only::Maybe(Some(0))];
    assert_eq!(peer.pass_only(only.clone()), Ok(only));
    assert_eq!(peer.pass_single(Single::Only { value: -3 }), Ok(Single::Only { value: -3 }));
}

#[test]
fn unions_hold_objects_and_closures() {
    let peer = connect();
    let counter: Arc<dyn Counter> = Arc::new(From(1));
    assert_eq!(peer.use_either(Either::Number(-9)), Ok(-9));
    assert_eq!(peer.use_either(Either::Shared(counter.clone())), Ok(2));
    assert_eq!(peer.use_either(Either::Owned { counter: Box::new(From(4)), number: 3 }), Ok(7));
    let mut calls = 0;
    let call = move |number| {
        calls += 1;
        Ok(number + 10 * calls)
    };
    assert_eq!(peer.use_either(Either::Call(Box::new(call))), Ok(31));
    let Ok(Either::Shared(home)) = peer.pass_either(Either::Shared(counter.clone())) else {
        panic!("the variant has changed")
    };
    assert!(Arc::ptr_eq(&home, &counter));
}
