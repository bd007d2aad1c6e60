//! An object that comes home as an owned one is itself in all that it does, also on its own side.

use std::sync::{Arc, Mutex};

use mp_runtime::{EventLoop, Result, ipc_interface, pair};

#[ipc_interface(file = "home.capnp", file_id = 0xe5a1_0000_0000_00c1)]
trait Dog: Send + Sync {
    fn name(&self) -> Result<String>;
    fn age(&self) -> Result<u32> {
        Ok(0)
    }
    #[ipc(local)]
    fn bark(&self, times: usize) -> String {
        "woof".repeat(times)
    }
    #[ipc(local)]
    #[allow(dead_code, reason = "only that it can be declared matters")]
    fn boxed<T: Into<u32>>(self: Box<Self>, _: T) -> u32
    where
        Self: Sized,
    {
        0
    }
}

#[ipc_interface(file = "home.capnp", file_id = 0xe5a1_0000_0000_00c1, construct)]
trait Kennel: Send + Sync {
    fn keep(&self, dog: Box<dyn Dog>) -> Result<String>;
    fn give_back(&self) -> Result<Box<dyn Dog>>;
}

struct Rex;

impl Dog for Rex {
    fn name(&self) -> Result<String> {
        Ok("Rex".into())
    }

    fn age(&self) -> Result<u32> {
        Ok(7)
    }

    fn bark(&self, times: usize) -> String {
        "WOOF".repeat(times)
    }
}

#[derive(Default)]
struct Yard(Mutex<Option<Box<dyn Dog>>>);

impl Kennel for Yard {
    fn keep(&self, dog: Box<dyn Dog>) -> Result<String> {
        // What stays on its own side is that of the trait here.
        let heard = dog.bark(1);
        *self.0.lock().unwrap() = Some(dog);
        Ok(heard)
    }

    fn give_back(&self) -> Result<Box<dyn Dog>> {
        Ok(self.0.lock().unwrap().take().expect("a dog"))
    }
}

#[test]
fn an_object_that_comes_home_keeps_what_it_does_otherwise_on_its_own_side() {
    let event_loop = EventLoop::new("home").unwrap();
    let (kennel, _connection) = pair::<dyn Kennel>(&event_loop, Arc::new(Yard::default()));
    assert_eq!(kennel.keep(Box::new(Rex)), Ok("woof".into()));
    let dog = kennel.give_back().unwrap();
    assert_eq!((dog.name(), dog.age(), dog.bark(2)), (Ok("Rex".into()), Ok(7), "WOOFWOOF".into()));
}
