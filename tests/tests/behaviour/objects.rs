//! What becomes of objects whose peer vanishes.

use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};

use mp_runtime::{EventLoop, Result, connect_stream, ipc_interface, serve_stream};

use super::work::until;

#[ipc_interface(file = "objects.capnp", file_id = 0xe5a1_0000_0000_000b)]
trait Numbered: Send + Sync {
    fn number(&self) -> Result<u32>;
}

#[ipc_interface(file = "objects.capnp", file_id = 0xe5a1_0000_0000_000b, construct)]
trait Maker: Send + Sync {
    fn make(&self, number: u32) -> Result<Box<dyn Numbered>>;
}

/// The numbers of dropped objects, and the threads on which they were dropped.
type Dropped = Arc<Mutex<Vec<(u32, String)>>>;

struct Object(u32, Dropped);

impl Numbered for Object {
    fn number(&self) -> Result<u32> {
        Ok(self.0)
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        let thread = std::thread::current().name().unwrap_or_default().to_owned();
        self.1.lock().unwrap().push((self.0, thread));
    }
}

struct Factory(Dropped);

impl Maker for Factory {
    fn make(&self, number: u32) -> Result<Box<dyn Numbered>> {
        Ok(Box::new(Object(number, self.0.clone())))
    }
}

#[test]
fn objects_of_a_vanished_peer_are_dropped_in_order_and_not_on_the_event_loop() {
    let dropped = Dropped::default();
    let (near, far) = UnixStream::pair().unwrap();
    serve_stream::<dyn Maker>(&EventLoop::new("server").unwrap(), far, Arc::new(Factory(dropped.clone())));
    let maker = connect_stream::<dyn Maker>(&EventLoop::new("client").unwrap(), near);
    let objects: Vec<_> = (0..20).map(|number| maker.make(number).unwrap()).collect();
    assert!(objects.iter().zip(0..).all(|(object, number)| object.number() == Ok(number)));
    maker.connection().close();
    until(|| dropped.lock().unwrap().len() == 20);
    let dropped = dropped.lock().unwrap().clone();
    assert!(dropped.iter().map(|(number, _)| *number).eq(0..20), "{dropped:?}");
    assert!(dropped.iter().all(|(_, thread)| thread != "capnp-loop"), "{dropped:?}");
    // Nothing is sent for them any more.
    drop(objects);
}
