//! One interface as blocking and as asynchronous calls, from one trait; implementors write either.

use std::sync::Arc;

use mp_runtime::schema::{Schema, interface};
use mp_runtime::{Error, ErrorKind, EventLoop, Interface, IpcStruct, Result, ipc_interface};

#[derive(Clone, Debug, PartialEq, IpcStruct)]
pub struct SoldOut {
    pub left: u32,
}

impl From<Error> for SoldOut {
    fn from(_: Error) -> Self {
        SoldOut { left: u32::MAX }
    }
}

/// What a shop sells.
#[ipc_interface(file = "views.capnp", file_id = 0xe5a1_0000_0000_0012, asynchronous = AsyncItem)]
pub trait Item: Send + Sync {
    fn price(&self) -> Result<u32>;
}

/// Written with blocking calls.
#[ipc_interface(
    file = "views.capnp",
    file_id = 0xe5a1_0000_0000_0012,
    construct,
    asynchronous(AsyncShop, Item = AsyncItem)
)]
pub trait Shop: Send + Sync {
    fn item(&self, name: &str) -> Result<Option<Box<dyn Item>>>;
    fn sum(&self, of: &dyn Item, also: Option<&dyn Item>, rest: &mut u32) -> Result<u32>;
    #[ipc(exception)]
    fn buy(&self, name: &str, #[ipc(default = 1)] many: u32) -> std::result::Result<u32, SoldOut>;
    #[ipc(local)]
    fn here(&self) -> bool {
        true
    }
}

/// Written with asynchronous calls.
#[ipc_interface(
    file = "views.capnp",
    file_id = 0xe5a1_0000_0000_0012,
    construct,
    panic_on_disconnect,
    blocking(BlockingClock, Alarm = BlockingAlarm)
)]
pub trait Clock: Send + Sync {
    async fn wait(&self, ticks: &[u32]) -> Result<u32>;
    fn now(&self) -> Result<u32>;
    async fn zone(&self) -> i32;
    async fn alarms(&self) -> Result<Vec<Arc<dyn Alarm>>>;
    #[ipc(exception)]
    async fn alarm(
        &self,
        at: u32,
        bell: Option<&str>,
    ) -> std::result::Result<Option<Box<dyn Alarm>>, SoldOut>;
}

/// Is asked for.
#[ipc_interface(file = "views.capnp", file_id = 0xe5a1_0000_0000_0012, blocking = BlockingAlarm)]
pub trait Alarm: Send + Sync {
    async fn at(&self) -> Result<u32>;
    async fn later(&self, by: u32) -> Result<Arc<dyn Alarm>>;
}

struct Price(u32);

impl Item for Price {
    fn price(&self) -> Result<u32> {
        Ok(self.0)
    }
}

#[ipc_interface]
impl AsyncItem for Price {
    async fn price(&self) -> Result<u32> {
        Ok(self.0)
    }
}

struct Bakery;

impl Shop for Bakery {
    fn item(&self, name: &str) -> Result<Option<Box<dyn Item>>> {
        Ok((name == "bread").then(|| Box::new(Price(3)) as Box<dyn Item>))
    }
    fn sum(&self, of: &dyn Item, also: Option<&dyn Item>, rest: &mut u32) -> Result<u32> {
        *rest += 1;
        Ok(of.price()? + also.map_or(Ok(0), Item::price)?)
    }
    fn buy(&self, name: &str, many: u32) -> std::result::Result<u32, SoldOut> {
        if name == "bread" { Ok(3 * many) } else { Err(SoldOut { left: many }) }
    }
}

struct Kiosk;

#[ipc_interface]
impl AsyncShop for Kiosk {
    async fn item(&self, name: &str) -> Result<Option<Box<dyn AsyncItem>>> {
        Ok((name == "paper").then(|| Box::new(Price(2)) as Box<dyn AsyncItem>))
    }
    async fn sum(
        &self,
        of: Arc<dyn AsyncItem>,
        also: Option<Arc<dyn AsyncItem>>,
        rest: &mut u32,
    ) -> Result<u32> {
        *rest += 2;
        let also = match also {
            Some(also) => also.price().await?,
            None => 0,
        };
        Ok(of.price().await? + also)
    }
    async fn buy(&self, _: &str, many: u32) -> std::result::Result<u32, SoldOut> {
        Err(SoldOut { left: many })
    }
}

struct Ticking;

#[ipc_interface]
impl Clock for Ticking {
    async fn wait(&self, ticks: &[u32]) -> Result<u32> {
        Ok(ticks.iter().sum())
    }
    fn now(&self) -> Result<u32> {
        Ok(7)
    }
    async fn zone(&self) -> i32 {
        2
    }
    async fn alarms(&self) -> Result<Vec<Arc<dyn Alarm>>> {
        Ok(vec![Arc::new(Ringing(1)), Arc::new(Ringing(2))])
    }
    async fn alarm(
        &self,
        at: u32,
        bell: Option<&str>,
    ) -> std::result::Result<Option<Box<dyn Alarm>>, SoldOut> {
        match bell {
            Some(_) => Ok(Some(Box::new(Ringing(at)))),
            None if at == 0 => Ok(None),
            None => Err(SoldOut { left: at }),
        }
    }
}

struct Ringing(u32);

#[ipc_interface]
impl Alarm for Ringing {
    async fn at(&self) -> Result<u32> {
        Ok(self.0)
    }
    async fn later(&self, by: u32) -> Result<Arc<dyn Alarm>> {
        Ok(Arc::new(Ringing(self.0 + by)))
    }
}

struct Stopped;

impl BlockingClock for Stopped {
    fn wait(&self, _: &[u32]) -> Result<u32> {
        Ok(0)
    }
    fn now(&self) -> Result<u32> {
        Ok(0)
    }
    fn zone(&self) -> i32 {
        0
    }
    fn alarms(&self) -> Result<Vec<Arc<dyn BlockingAlarm>>> {
        Ok(Vec::new())
    }
    fn alarm(&self, _: u32, _: Option<&str>) -> std::result::Result<Option<Box<dyn BlockingAlarm>>, SoldOut> {
        Ok(None)
    }
}

#[test]
fn a_blocking_trait_has_an_asynchronous_view() {
    let blocking = super::connected::<dyn Shop>(Arc::new(Bakery));
    let awaited = super::connected_as::<dyn AsyncShop, dyn Shop>(Arc::new(Bakery));
    assert!(blocking.here());
    let bread = blocking.item("bread").expect("an answer").expect("bread");
    assert_eq!(bread.price(), Ok(3));
    super::wait(async {
        let bread = awaited.item("bread").await.expect("an answer").expect("bread");
        assert_eq!(bread.price().await, Ok(3));
        assert!(awaited.item("paper").await.expect("an answer").is_none());
        let mut rest = 1;
        let sum = awaited.sum(Arc::new(Price(4)), Some(Arc::new(Price(5))), &mut rest).await;
        assert_eq!((sum, rest), (Ok(9), 2));
        assert_eq!(awaited.buy("bread", 2).await, Ok(6));
        assert_eq!(awaited.buy("paper", 2).await, Err(SoldOut { left: 2 }));
    });
}

#[test]
fn either_view_may_be_implemented() {
    let blocking = super::connected_as::<dyn Shop, dyn AsyncShop>(Arc::new(Kiosk));
    assert_eq!(blocking.item("paper").expect("an answer").expect("paper").price(), Ok(2));
    let mut rest = 1;
    assert_eq!(blocking.sum(&Price(4), None, &mut rest), Ok(4));
    assert_eq!((rest, blocking.buy("bread", 1)), (3, Err(SoldOut { left: 1 })));
    let clock = super::connected_as::<dyn Clock, dyn BlockingClock>(Arc::new(Stopped));
    assert_eq!(super::wait(clock.wait(&[1, 2])), Ok(0));
}

#[test]
fn an_asynchronous_trait_has_a_blocking_view() {
    let clock = super::connected_as::<dyn BlockingClock, dyn Clock>(Arc::new(Ticking));
    all_of(&*clock);
}

fn all_of(clock: &dyn BlockingClock) {
    assert_eq!((clock.wait(&[1, 2]), clock.now(), clock.zone()), (Ok(3), Ok(7), 2));
    let alarms = clock.alarms().expect("an answer");
    let at: Vec<_> = alarms.iter().map(|alarm| alarm.at()).collect();
    assert_eq!(at, [Ok(1), Ok(2)]);
    assert_eq!(alarms[0].later(4).and_then(|alarm| alarm.later(5)).and_then(|alarm| alarm.at()), Ok(10));
    let alarm = clock.alarm(3, Some("loud")).expect("an answer").expect("an alarm");
    assert_eq!(alarm.at(), Ok(3));
    assert_eq!(clock.alarm(0, None).map(|none| none.is_none()), Ok(true));
    assert_eq!(clock.alarm(5, None).map(|_| ()), Err(SoldOut { left: 5 }));
}

#[test]
fn any_object_has_blocking_calls() {
    let event_loop = EventLoop::new("views").expect("a loop");
    let far = super::connected::<dyn Clock>(Arc::new(Ticking));
    for clock in [Arc::new(Ticking), far.object()] {
        all_of(&*<dyn BlockingClock>::of(clock, &event_loop));
    }
}

#[test]
fn a_thread_that_must_not_wait_hears_so() {
    let event_loop = EventLoop::new("views").expect("a loop");
    let clock = <dyn BlockingClock>::of(Arc::new(Ticking), &event_loop);
    let alarm = <dyn BlockingAlarm>::of(Arc::new(Ringing(1)), &event_loop);
    super::wait(async {
        assert_eq!(clock.wait(&[1]).map_err(|error| error.kind()), Err(ErrorKind::Misuse));
        assert_eq!(clock.alarm(1, None).map(|_| ()), Err(SoldOut { left: u32::MAX }));
        assert_eq!(alarm.later(1).map(|_| ()).map_err(|error| error.kind()), Err(ErrorKind::Misuse));
        // What does not wait may be called.
        assert_eq!(clock.now(), Ok(7));
        let said =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| clock.zone())).expect_err("a panic");
        let said = said.downcast_ref::<String>().expect("a text");
        assert!(said.starts_with("Clock.zone failed, and its interface has no way to say so"), "{said}");
    });
}

#[test]
fn what_is_given_back_to_its_process_is_itself() {
    let event_loop = EventLoop::new("views").expect("a loop");
    let far = super::connected::<dyn Clock>(Arc::new(Ticking));
    let clock = <dyn BlockingClock>::of(far.object(), &event_loop);
    assert!(
        clock.proxy().is_some() && <dyn BlockingClock>::of(Arc::new(Ticking), &event_loop).proxy().is_none()
    );
}

#[test]
fn the_schema_has_each_interface_once() {
    let roots = [
        interface::<dyn Shop>(),
        interface::<dyn AsyncShop>(),
        interface::<dyn BlockingClock>(),
        interface::<dyn Clock>(),
    ];
    let schema = Schema::of(&roots).expect("a schema");
    let text = &schema.texts()[0].text;
    for line in ["interface Shop {", "interface Item {", "interface Clock {", "(result :Item)"] {
        assert_eq!(text.matches(line).count(), 1, "{line} in:\n{text}");
    }
    assert!(!text.contains("Async") && !text.contains("Blocking"), "{text}");
}
