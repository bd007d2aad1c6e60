//! Interfaces that extend others: first ones with peers that know only the base, and objects that
//! come home as what they were not sent as.

use std::os::unix::net::UnixStream;
use std::sync::Arc;

use mp_runtime::{
    Connection, ErrorKind, EventLoop, Interface, Remote, Result, connect_stream, ipc_interface, serve_stream,
};

#[ipc_interface(file = "inherited.capnp", file_id = 0xe5a1_0000_0000_000c)]
trait Animal: Send + Sync {
    fn legs(&self) -> Result<u32>;
}

#[ipc_interface(file = "inherited.capnp", file_id = 0xe5a1_0000_0000_000c)]
trait Dog: Animal {
    fn bark(&self) -> Result<String>;
    async fn fetch(&self, what: String) -> Result<String>;
}

#[ipc_interface(file = "inherited.capnp", file_id = 0xe5a1_0000_0000_000c)]
trait Puppy: Dog {
    fn age(&self) -> Result<u32>;
}

#[ipc_interface(file = "inherited.capnp", file_id = 0xe5a1_0000_0000_000c, construct)]
trait Farm: Send + Sync {
    /// Calls back, for which thread maps have to be exchanged.
    fn count_legs(&self, animal: &dyn Animal) -> Result<u32>;
    fn shared_legs(&self, animal: Arc<dyn Animal>) -> Result<u32>;
    fn boxed_legs(&self, animal: Box<dyn Animal>) -> Result<u32>;
}

#[ipc_interface(file = "inherited.capnp", file_id = 0xe5a1_0000_0000_000c)]
trait DogFarm: Farm {
    fn make_puppy(&self) -> Result<Arc<dyn Puppy>>;
    fn make_boxed(&self) -> Result<Box<dyn Puppy>>;
    fn age_of(&self, puppy: Arc<dyn Puppy>) -> Result<u32>;
    fn bark_of(&self, dog: Arc<dyn Dog>) -> Result<String>;
}

struct Rex;

impl Animal for Rex {
    fn legs(&self) -> Result<u32> {
        Ok(4)
    }
}

#[ipc_interface]
impl Dog for Rex {
    fn bark(&self) -> Result<String> {
        Ok("woof".into())
    }

    async fn fetch(&self, what: String) -> Result<String> {
        Ok(format!("the {what}"))
    }
}

impl Puppy for Rex {
    fn age(&self) -> Result<u32> {
        Ok(1)
    }
}

struct Barn;

impl Farm for Barn {
    fn count_legs(&self, animal: &dyn Animal) -> Result<u32> {
        animal.legs()
    }

    fn shared_legs(&self, animal: Arc<dyn Animal>) -> Result<u32> {
        animal.legs()
    }

    fn boxed_legs(&self, animal: Box<dyn Animal>) -> Result<u32> {
        animal.legs()
    }
}

impl DogFarm for Barn {
    fn make_puppy(&self) -> Result<Arc<dyn Puppy>> {
        Ok(Arc::new(Rex))
    }

    fn make_boxed(&self) -> Result<Box<dyn Puppy>> {
        Ok(Box::new(Rex))
    }

    fn age_of(&self, puppy: Arc<dyn Puppy>) -> Result<u32> {
        puppy.age()
    }

    fn bark_of(&self, dog: Arc<dyn Dog>) -> Result<String> {
        dog.bark()
    }
}

/// A barn served as `S` to a client that knows it as `C`.
fn between<C, S>(barn: Arc<S>) -> (Remote<C>, Connection)
where
    C: Interface + ?Sized + 'static,
    S: Interface + ?Sized + 'static,
{
    let (near, far) = UnixStream::pair().unwrap();
    let served = serve_stream::<S>(&EventLoop::new("server").unwrap(), far, barn);
    (connect_stream::<C>(&EventLoop::new("client").unwrap(), near), served)
}

#[test]
fn a_first_interface_inherits_the_exchange_of_threads() {
    let (farm, _served) = between::<dyn DogFarm, dyn DogFarm>(Arc::new(Barn));
    assert_eq!(farm.count_legs(&Rex), Ok(4));
    assert_eq!(farm.make_puppy().unwrap().age(), Ok(1));
}

#[test]
fn a_client_that_knows_only_the_base_does_not_notice() {
    let (farm, _served) = between::<dyn Farm, dyn DogFarm>(Arc::new(Barn));
    assert_eq!(farm.count_legs(&Rex), Ok(4));
}

#[test]
fn a_server_that_has_only_the_base_says_so_and_the_connection_goes_on() {
    let (farm, _served) = between::<dyn DogFarm, dyn Farm>(Arc::new(Barn));
    let error = farm.make_puppy().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unimplemented, "{error}");
    assert_eq!(farm.count_legs(&Rex), Ok(4));
}

#[test]
fn a_proxy_has_the_methods_of_all_its_bases() {
    let (farm, _served) = between::<dyn DogFarm, dyn DogFarm>(Arc::new(Barn));
    let puppy = farm.make_puppy().unwrap();
    let dog: Arc<dyn Dog> = puppy.clone();
    assert_eq!(dog.bark(), Ok("woof".into()));
    assert_eq!(futures::executor::block_on(dog.fetch("stick".into())), Ok("the stick".into()));
    let animal: Arc<dyn Animal> = dog;
    assert_eq!(animal.legs(), Ok(4));
}

#[test]
fn an_object_comes_home_as_any_of_its_bases() {
    let (farm, _served) = between::<dyn DogFarm, dyn DogFarm>(Arc::new(Barn));
    let puppy = farm.make_puppy().unwrap();
    assert_eq!(farm.shared_legs(puppy.clone()), Ok(4));
    assert_eq!(farm.bark_of(puppy.clone()), Ok("woof".into()));
    assert_eq!(farm.age_of(puppy.clone()), Ok(1));
    let boxed: Box<dyn Animal> = farm.make_boxed().unwrap();
    assert_eq!(farm.boxed_legs(boxed), Ok(4));
}

#[test]
fn an_object_of_one_peer_is_passed_on_to_another_with_all_that_it_has() {
    let (first, _first) = between::<dyn DogFarm, dyn DogFarm>(Arc::new(Barn));
    let (second, _second) = between::<dyn DogFarm, dyn DogFarm>(Arc::new(Barn));
    let puppy = first.make_puppy().unwrap();
    assert_eq!(second.age_of(puppy.clone()), Ok(1));
    assert_eq!(second.bark_of(puppy.clone()), Ok("woof".into()));
    assert_eq!(second.shared_legs(puppy), Ok(4));
}
