//! One interface as blocking and as asynchronous calls, from one trait; implementors write either.

use std::sync::Arc;

use mp_runtime::schema::{Schema, interface};
use mp_runtime::{Error, IpcStruct, Result, ipc_interface};

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
#[ipc_interface(file = "views.capnp", file_id = 0xe5a1_0000_0000_0012, construct, blocking = BlockingClock)]
pub trait Clock: Send + Sync {
    async fn wait(&self, ticks: &[u32]) -> Result<u32>;
    fn now(&self) -> Result<u32>;
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
}

struct Stopped;

impl BlockingClock for Stopped {
    fn wait(&self, _: &[u32]) -> Result<u32> {
        Ok(0)
    }
    fn now(&self) -> Result<u32> {
        Ok(0)
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
    assert_eq!((clock.wait(&[1, 2]), clock.now()), (Ok(3), Ok(7)));
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
