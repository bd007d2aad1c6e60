//! One trait, several forms on the wire: peers of an older version, in both roles.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mp_runtime::{ErrorKind, EventLoop, Interface, Result, ipc_file, ipc_interface, pair};

ipc_file! {
    static V1: "v1/versions.capnp" @ 0xe5a1_0000_0000_0021;
}

ipc_file! {
    static V2: "v2/versions.capnp" @ 0xe5a1_0000_0000_0021;
}

ipc_file! {
    static V3: "versions.capnp" @ 0xe5a1_0000_0000_0021;
}

/// A part, whose methods have changed places.
#[ipc_interface(file = V3, versions(v1(form = PartV1, file = V1), v3))]
trait Part: Send + Sync {
    #[ipc(v1(ordinal = 2))]
    fn weight(&self) -> Result<u32>;
    #[ipc(v1(ordinal = 1))]
    fn price(&self) -> Result<u32>;
}

mod part_v1 {
    use super::{Arc, Part, PartV1, Result};

    pub(super) type Wire = Arc<dyn PartV1>;

    pub(super) fn build(part: &Arc<dyn Part>) -> Result<Wire> {
        Ok(<dyn PartV1>::of(part.clone()))
    }

    pub(super) fn read(part: Wire) -> Result<Arc<dyn Part>> {
        Ok(part)
    }
}

mod yes_or_no {
    use super::Result;

    pub(super) type Wire = bool;

    pub(super) fn build(count: &u32) -> Result<Wire> {
        Ok(*count > 0)
    }

    pub(super) fn read(any: Wire) -> Result<u32> {
        Ok(any.into())
    }
}

#[ipc_interface(
    file = V3,
    construct,
    versions(
        v1(form = ShopV1, title = "the first shop", file = V1),
        v2(form = ShopV2, title = "the second shop", file = V2),
        v3
    )
)]
trait Shop: Send + Sync {
    fn price(&self, name: &str, #[ipc(since = v2, absent = 7)] percent: u32) -> Result<u32>;

    #[ipc(since = v2, v2(result(with = yes_or_no)))]
    fn stock(&self, name: &str) -> Result<u32>;

    #[ipc(until = v1)]
    fn is_open(&self) -> Result<bool> {
        Ok(self.stock("anything")? > 0)
    }

    #[ipc(until = v2)]
    async fn closing_time(&self) -> Result<u32> {
        Ok(18)
    }

    #[ipc(since = v3)]
    async fn ring(&self) -> Result<()>;

    #[ipc(v1(result(with = part_v1)))]
    async fn part(&self) -> Result<Arc<dyn Part>>;

    #[ipc(local)]
    fn of_its_own(&self) -> u32 {
        1
    }

    /// Weighs a part of somebody.
    fn weigh(&self, #[ipc(v1(with = part_v1))] part: Arc<dyn Part>) -> Result<u32>;
}

/// Knows the old method better than its default does.
#[derive(Default)]
struct Corner {
    rung: AtomicBool,
}

struct Screw;

impl Part for Screw {
    fn weight(&self) -> Result<u32> {
        Ok(3)
    }

    fn price(&self) -> Result<u32> {
        Ok(500)
    }
}

#[ipc_interface]
impl Shop for Corner {
    fn price(&self, name: &str, percent: u32) -> Result<u32> {
        Ok(name.len() as u32 * 100 - percent)
    }

    fn stock(&self, name: &str) -> Result<u32> {
        Ok(name.len() as u32)
    }

    fn is_open(&self) -> Result<bool> {
        Ok(false)
    }

    async fn ring(&self) -> Result<()> {
        self.rung.store(true, Ordering::SeqCst);
        Ok(())
    }

    async fn part(&self) -> Result<Arc<dyn Part>> {
        Ok(Arc::new(Screw))
    }

    fn weigh(&self, part: Arc<dyn Part>) -> Result<u32> {
        part.weight()
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    futures::executor::block_on(future)
}

fn methods<I: Interface + ?Sized>() -> Vec<(u16, &'static str)> {
    I::NODE.methods.iter().map(|method| (method.ordinal, method.name)).collect()
}

#[test]
fn each_version_numbers_its_own_methods() {
    assert_eq!(
        methods::<dyn ShopV1>(),
        [(0, "construct"), (1, "price"), (2, "isOpen"), (3, "closingTime"), (4, "part"), (5, "weigh")]
    );
    assert_eq!(
        methods::<dyn ShopV2>(),
        [(0, "construct"), (1, "price"), (2, "stock"), (3, "closingTime"), (4, "part"), (5, "weigh")]
    );
    assert_eq!(
        methods::<dyn Shop>(),
        [(0, "construct"), (1, "price"), (2, "stock"), (3, "ring"), (4, "part"), (5, "weigh")]
    );
    assert_eq!(<dyn ShopV1>::NODE.id, <dyn Shop>::NODE.id);
    assert_eq!(methods::<dyn PartV1>(), [(0, "destroy"), (1, "price"), (2, "weight")]);
}

#[test]
fn the_trait_of_today_calls_peers_of_each_version() {
    let event_loop = EventLoop::new("versions").unwrap();
    let (first, _served) = pair::<dyn ShopV1>(&event_loop, Arc::new(Corner::default()));
    let (second, _served) = pair::<dyn ShopV2>(&event_loop, Arc::new(Corner::default()));
    let (third, _served) = pair::<dyn Shop>(&event_loop, Arc::new(Corner::default()));
    let shops: [Arc<dyn Shop>; 3] = [first.object(), second.object(), third.object()];
    // What the method of v1 lacks is not what the caller says, but what the trait says.
    assert_eq!([&shops[0], &shops[1], &shops[2]].map(|shop| shop.price("nut", 50).unwrap()), [293, 250, 250]);
    let stock =
        |shop: &Arc<dyn Shop>| shop.stock("nut").map_err(|error| (error.kind(), error.text().to_owned()));
    let lacking = "the first shop has no stock; it needs v2 or later".to_owned();
    assert_eq!(stock(&shops[0]), Err((ErrorKind::Unimplemented, lacking)));
    assert_eq!((stock(&shops[1]), stock(&shops[2])), (Ok(1), Ok(3)));
    // Over the wire where there is such a method, else by the trait's body.
    assert_eq!((shops[0].is_open(), shops[1].is_open(), shops[2].is_open()), (Ok(false), Ok(true), Ok(true)));
    for shop in &shops {
        assert_eq!(block_on(shop.closing_time()), Ok(18));
        assert_eq!(shop.of_its_own(), 1);
        let part = block_on(shop.part()).unwrap();
        assert_eq!((part.weight(), part.price()), (Ok(3), Ok(500)));
    }
    let error = block_on(shops[1].ring()).unwrap_err();
    assert_eq!(error.text(), "the second shop has no ring; it needs v3 or later");
    assert_eq!(block_on(shops[2].ring()), Ok(()));
}

#[test]
fn an_object_travels_in_the_form_of_the_call_wherever_it_lives() {
    let event_loop = EventLoop::new("versions").unwrap();
    let (first, _served) = pair::<dyn ShopV1>(&event_loop, Arc::new(Corner::default()));
    let (third, _served) = pair::<dyn Shop>(&event_loop, Arc::new(Corner::default()));
    let old = block_on(first.part()).unwrap();
    let new = block_on(third.part()).unwrap();
    for shop in [first.object() as Arc<dyn Shop>, third.object()] {
        assert_eq!(shop.weigh(Arc::new(Screw)), Ok(3), "our own");
        assert_eq!(shop.weigh(old.clone()), Ok(3), "the old peer's");
        assert_eq!(shop.weigh(new.clone()), Ok(3), "the new peer's");
        assert_eq!(shop.weigh(<dyn PartV1>::of(new.clone())), Ok(3), "the new peer's as an old one");
    }
}
