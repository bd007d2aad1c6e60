//! The forms of older versions, called by the calls of the other view.

use std::sync::Arc;

use mp_runtime::{ErrorKind, EventLoop, Interface, Result, ipc_file, ipc_interface, pair};

ipc_file! {
    static V1: "v1/store.capnp" @ 0xe5a1_0000_0000_0023;
}

ipc_file! {
    static V2: "store.capnp" @ 0xe5a1_0000_0000_0023;
}

#[ipc_interface(
    file = V2,
    asynchronous = AsyncPart,
    versions(v1(form = PartV1, view = AsyncPartV1, file = V1), v2)
)]
trait Part: Send + Sync {
    #[ipc(v1(ordinal = 2))]
    fn weight(&self) -> Result<u32>;
    #[ipc(v1(ordinal = 1))]
    fn price(&self) -> Result<u32>;
}

/// A part in the form of v1, for either view.
macro_rules! in_v1 {
    ($name:ident: $Form:ident for $Trait:ident) => {
        mod $name {
            pub(super) type Wire = std::sync::Arc<dyn super::$Form>;

            pub(super) fn build(part: &std::sync::Arc<dyn super::$Trait>) -> super::Result<Wire> {
                Ok(<dyn super::$Form>::of(part.clone()))
            }

            pub(super) fn read(part: Wire) -> super::Result<std::sync::Arc<dyn super::$Trait>> {
                Ok(part)
            }
        }
    };
}

in_v1!(part_v1: PartV1 for Part);
in_v1!(async_part_v1: AsyncPartV1 for AsyncPart);

#[ipc_interface(
    file = V2,
    construct,
    asynchronous(AsyncStore, Part = AsyncPart),
    versions(v1(form = StoreV1, view = AsyncStoreV1, title = "the first store", file = V1), v2)
)]
trait Store: Send + Sync {
    #[ipc(v1(ordinal = 2))]
    fn price(&self, name: &str, #[ipc(since = v2, absent = 7)] percent: u32) -> Result<u32>;

    #[ipc(since = v2)]
    fn stock(&self) -> Result<u32>;

    #[ipc(until = v1, v1(ordinal = 1))]
    fn is_open(&self) -> Result<bool> {
        Ok(self.stock()? > 0)
    }

    #[ipc(v1(ordinal = 3, result(with = part_v1)), view(v1(ordinal = 3, result(with = async_part_v1))))]
    fn part(&self) -> Result<Arc<dyn Part>>;
}

/// The same the other way round, where every object has blocking calls.
#[ipc_interface(file = V2, blocking = BlockingTap, versions(v1(form = TapV1, view = BlockingTapV1, file = V1), v2))]
trait Tap: Send + Sync {
    #[ipc(until = v1)]
    async fn drip(&self) -> Result<u32> {
        Ok(self.pour().await? / 10)
    }

    async fn pour(&self) -> Result<u32>;

    #[ipc(since = v2)]
    async fn shut(&self) -> Result<()>;
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

struct Corner;

impl Store for Corner {
    fn price(&self, name: &str, percent: u32) -> Result<u32> {
        Ok(name.len() as u32 * 100 - percent)
    }

    fn stock(&self) -> Result<u32> {
        Ok(3)
    }

    fn part(&self) -> Result<Arc<dyn Part>> {
        Ok(Arc::new(Screw))
    }
}

/// Written with asynchronous calls; it need not know what only v1 had.
struct Night;

#[ipc_interface]
impl AsyncPart for Night {
    async fn weight(&self) -> Result<u32> {
        Ok(1)
    }

    async fn price(&self) -> Result<u32> {
        Ok(2)
    }
}

#[ipc_interface]
impl AsyncStore for Night {
    async fn price(&self, _: &str, percent: u32) -> Result<u32> {
        Ok(percent)
    }

    async fn stock(&self) -> Result<u32> {
        Ok(0)
    }

    async fn part(&self) -> Result<Arc<dyn AsyncPart>> {
        Ok(Arc::new(Night))
    }
}

struct Kitchen;

#[ipc_interface]
impl Tap for Kitchen {
    async fn pour(&self) -> Result<u32> {
        Ok(40)
    }

    async fn shut(&self) -> Result<()> {
        Ok(())
    }
}

/// A client of the one trait, of an object that is served as the other.
fn between<C: Interface + ?Sized + 'static, S: Interface + ?Sized + 'static>(object: Arc<S>) -> Arc<C> {
    let event_loop = EventLoop::new("views").expect("a loop");
    let (near, far) = std::os::unix::net::UnixStream::pair().expect("a socket pair");
    mp_runtime::serve_stream::<S>(&event_loop, far, object);
    mp_runtime::connect_stream::<C>(&event_loop, near).object()
}

fn methods<I: Interface + ?Sized>() -> Vec<(u16, &'static str)> {
    I::NODE.methods.iter().map(|method| (method.ordinal, method.name)).collect()
}

#[test]
fn a_form_has_the_same_methods_in_either_view() {
    assert_eq!(methods::<dyn AsyncStoreV1>(), methods::<dyn StoreV1>());
    assert_eq!(methods::<dyn AsyncStore>(), methods::<dyn Store>());
    assert_eq!(methods::<dyn AsyncPartV1>(), methods::<dyn PartV1>());
    assert_eq!(methods::<dyn BlockingTapV1>(), methods::<dyn TapV1>());
    assert_ne!(methods::<dyn AsyncStoreV1>(), methods::<dyn AsyncStore>());
}

#[test]
fn asynchronous_calls_reach_each_version() {
    let first = between::<dyn AsyncStoreV1, dyn StoreV1>(Arc::new(Corner));
    let second = between::<dyn AsyncStore, dyn Store>(Arc::new(Corner));
    futures::executor::block_on(async {
        assert_eq!((first.price("nut", 50).await, second.price("nut", 50).await), (Ok(293), Ok(250)));
        assert_eq!((first.is_open().await, second.stock().await), (Ok(true), Ok(3)));
        let lacking = first.stock().await.expect_err("v1 has none");
        assert_eq!(lacking.text(), "the first store has no stock; it needs v2 or later");
        // The body of the trait is written with the calls of the trait, so the view has none.
        let gone = second.is_open().await.expect_err("v2 has none");
        assert_eq!(gone.kind(), ErrorKind::Unimplemented);
        assert_eq!(gone.text(), "AsyncStore has no isOpen; v1 was the last with it");
        for store in [first as Arc<dyn AsyncStore>, second] {
            let part = store.part().await.expect("a part");
            assert_eq!((part.weight().await, part.price().await), (Ok(3), Ok(500)));
        }
    });
}

#[test]
fn an_asynchronous_implementation_serves_each_version() {
    let first = between::<dyn StoreV1, dyn AsyncStoreV1>(Arc::new(Night));
    let second = between::<dyn Store, dyn AsyncStore>(Arc::new(Night));
    assert_eq!((first.price("nut", 50), second.price("nut", 50)), (Ok(7), Ok(50)));
    assert_eq!(first.is_open().map_err(|error| error.kind()), Err(ErrorKind::Unimplemented));
    for store in [first as Arc<dyn Store>, second] {
        let part = store.part().expect("a part");
        assert_eq!((part.weight(), part.price()), (Ok(1), Ok(2)));
    }
}

#[test]
fn blocking_calls_reach_each_version_over_the_wire_and_by_way_of_any_object() {
    let event_loop = EventLoop::new("taps").expect("a loop");
    let old = between::<dyn BlockingTapV1, dyn TapV1>(Arc::new(Kitchen));
    assert_eq!((old.drip(), old.pour()), (Ok(4), Ok(40)));
    assert_eq!(old.shut().map_err(|error| error.kind()), Err(ErrorKind::Unimplemented));
    let (old, _served) = pair::<dyn TapV1>(&event_loop, Arc::new(Kitchen));
    let (new, _served) = pair::<dyn Tap>(&event_loop, Arc::new(Kitchen));
    let taps: [Arc<dyn Tap>; 3] = [old.object(), new.object(), Arc::new(Kitchen)];
    for (tap, shuts) in taps.into_iter().zip([false, true, true]) {
        let tap = <dyn BlockingTap>::of(tap, &event_loop);
        // Here the body of the trait counts.
        assert_eq!((tap.drip(), tap.pour(), tap.shut().is_ok()), (Ok(4), Ok(40), shuts));
    }
}
