//! Objects and closures, also inside lists, maps, options and structs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mp_runtime::{ErrorKind, Handle, IpcStruct, Remote, Result, ipc_file, ipc_interface};

#[ipc_interface(file = "objects.capnp", file_id = 0xe5a1_0000_0000_0003)]
pub trait Counter: Send + Sync {
    fn add(&self, n: i32) -> Result<i32>;
}

/// A closure as an interface.
#[ipc_interface(file = "objects.capnp", file_id = 0xe5a1_0000_0000_0003, callback)]
pub trait Each: Send + Sync {
    fn call(&self, n: i32) -> Result<i32>;
}

/// Objects as fields.
#[derive(IpcStruct)]
pub struct Desk {
    pub shared: Arc<dyn Counter>,
    pub owned: Box<dyn Counter>,
    pub maybe: Option<Arc<dyn Counter>>,
    #[ipc(callback = dyn Each)]
    pub call: Box<dyn Fn(i32) -> Result<i32> + Send + Sync>,
}

#[ipc_interface(file = "objects.capnp", file_id = 0xe5a1_0000_0000_0003, construct)]
pub trait Objects: Send + Sync {
    fn lent(&self, counter: &dyn Counter) -> Result<i32>;
    fn maybe_lent(&self, counter: Option<&dyn Counter>) -> Result<i32>;
    /// Keeps a lent counter's number of uses for `use_kept`.
    fn keep(&self, counter: Arc<dyn Counter>) -> Result<()>;
    fn use_kept(&self) -> Result<i32>;
    fn forget(&self) -> Result<()>;
    fn owned(&self, counter: Box<dyn Counter>) -> Result<i32>;
    fn make(&self) -> Result<Box<dyn Counter>>;
    fn make_shared(&self) -> Result<Arc<dyn Counter>>;
    fn maybe_make(&self, yes: bool) -> Result<Option<Box<dyn Counter>>>;
    fn give_back(&self, counter: Arc<dyn Counter>) -> Result<Arc<dyn Counter>>;
    fn list(&self, counters: Vec<Arc<dyn Counter>>) -> Result<Vec<Box<dyn Counter>>>;
    fn map(&self, counters: BTreeMap<String, Arc<dyn Counter>>)
    -> Result<BTreeMap<String, Arc<dyn Counter>>>;
    fn pair(&self, pair: (i32, Box<dyn Counter>)) -> Result<i32>;
    fn desk(&self, desk: Desk) -> Result<Desk>;
    fn closure(
        &self,
        #[ipc(callback = Each)] call: Box<dyn Fn(i32) -> Result<i32> + Send + Sync>,
    ) -> Result<i32>;
    fn changing_closure(
        &self,
        #[ipc(callback = Each)] call: Box<dyn FnMut(i32) -> Result<i32> + Send>,
    ) -> Result<i32>;
    fn closures(
        &self,
        #[ipc(callback = Each)] calls: Vec<Box<dyn Fn(i32) -> Result<i32> + Send + Sync>>,
    ) -> Result<i32>;
    #[ipc(result(callback = Each))]
    fn make_closure(&self, by: i32) -> Result<Box<dyn Fn(i32) -> Result<i32> + Send + Sync>>;
}

/// Adds up, and counts how many of its kind there are.
struct Sum {
    total: Mutex<i32>,
    alive: Arc<AtomicUsize>,
}

impl Sum {
    fn new(alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::SeqCst);
        Sum { total: Mutex::default(), alive: alive.clone() }
    }
}

impl Drop for Sum {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Counter for Sum {
    fn add(&self, n: i32) -> Result<i32> {
        let mut total = self.total.lock().expect("a number");
        *total += n;
        Ok(*total)
    }
}

#[derive(Default)]
struct Server {
    kept: Mutex<Option<Arc<dyn Counter>>>,
    alive: Arc<AtomicUsize>,
}

impl Objects for Server {
    fn lent(&self, counter: &dyn Counter) -> Result<i32> {
        counter.add(1)?;
        counter.add(2)
    }
    fn maybe_lent(&self, counter: Option<&dyn Counter>) -> Result<i32> {
        counter.map_or(Ok(-1), |counter| counter.add(1))
    }
    fn keep(&self, counter: Arc<dyn Counter>) -> Result<()> {
        *self.kept.lock().expect("a place") = Some(counter);
        Ok(())
    }
    fn use_kept(&self) -> Result<i32> {
        let kept = self.kept.lock().expect("a place").clone();
        kept.map_or(Ok(-1), |counter| counter.add(1))
    }
    fn forget(&self) -> Result<()> {
        let kept = self.kept.lock().expect("a place").take();
        drop(kept);
        Ok(())
    }
    fn owned(&self, counter: Box<dyn Counter>) -> Result<i32> {
        counter.add(10)
    }
    fn make(&self) -> Result<Box<dyn Counter>> {
        Ok(Box::new(Sum::new(&self.alive)))
    }
    fn make_shared(&self) -> Result<Arc<dyn Counter>> {
        Ok(Arc::new(Sum::new(&self.alive)))
    }
    fn maybe_make(&self, yes: bool) -> Result<Option<Box<dyn Counter>>> {
        Ok(yes.then(|| Box::new(Sum::new(&self.alive)) as Box<dyn Counter>))
    }
    fn give_back(&self, counter: Arc<dyn Counter>) -> Result<Arc<dyn Counter>> {
        Ok(counter)
    }
    fn list(&self, counters: Vec<Arc<dyn Counter>>) -> Result<Vec<Box<dyn Counter>>> {
        for counter in &counters {
            counter.add(1)?;
        }
        Ok(counters.iter().map(|_| Box::new(Sum::new(&self.alive)) as Box<dyn Counter>).collect())
    }
    fn map(
        &self,
        counters: BTreeMap<String, Arc<dyn Counter>>,
    ) -> Result<BTreeMap<String, Arc<dyn Counter>>> {
        Ok(counters)
    }
    fn pair(&self, pair: (i32, Box<dyn Counter>)) -> Result<i32> {
        pair.1.add(pair.0)
    }
    fn desk(&self, desk: Desk) -> Result<Desk> {
        desk.shared.add(1)?;
        desk.owned.add(2)?;
        let maybe = desk.maybe.as_ref().map_or(Ok(0), |counter| counter.add(3))?;
        let call = desk.call;
        let alive = self.alive.clone();
        Ok(Desk {
            shared: Arc::new(Sum::new(&alive)),
            owned: Box::new(Sum::new(&alive)),
            maybe: None,
            call: Box::new(move |n| Ok(call(n)? + maybe)),
        })
    }
    fn closure(&self, call: Box<dyn Fn(i32) -> Result<i32> + Send + Sync>) -> Result<i32> {
        Ok(call(1)? + call(2)?)
    }
    fn changing_closure(&self, mut call: Box<dyn FnMut(i32) -> Result<i32> + Send>) -> Result<i32> {
        call(1)?;
        call(2)
    }
    fn closures(&self, calls: Vec<Box<dyn Fn(i32) -> Result<i32> + Send + Sync>>) -> Result<i32> {
        calls.iter().map(|call| call(1)).sum()
    }
    fn make_closure(&self, by: i32) -> Result<Box<dyn Fn(i32) -> Result<i32> + Send + Sync>> {
        Ok(Box::new(move |n| Ok(n * by)))
    }
}

fn server() -> (Arc<Server>, Remote<dyn Objects>) {
    let server = Arc::new(Server::default());
    (server.clone(), super::connected::<dyn Objects>(server))
}

/// Waits until as many counters are alive as expected.
fn settle(alive: &AtomicUsize, expected: usize) {
    let until = Instant::now() + Duration::from_secs(20);
    while alive.load(Ordering::SeqCst) != expected {
        assert!(Instant::now() < until, "{} alive, expected {expected}", alive.load(Ordering::SeqCst));
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_lent_object_is_used_during_the_call_and_no_longer() {
    let (_, client) = server();
    let alive = Arc::default();
    let mine = Sum::new(&alive);
    assert_eq!(client.lent(&mine), Ok(3));
    assert_eq!(client.maybe_lent(Some(&mine)), Ok(4));
    assert_eq!(client.maybe_lent(None), Ok(-1));
    drop(mine);
    settle(&alive, 0);
}

ipc_file! {
    static LENDING: "lending/objects.capnp" @ 0xe5a1_0000_0000_0003;
}

/// The wire form of `keep` in a trait that lends the counter instead of sharing it.
#[ipc_interface(file = LENDING, name = "Objects", construct)]
pub trait LendingObjects: Send + Sync {
    #[ipc(ordinal = 1, deprecated)]
    fn unused1(&self) -> Result<()>;
    #[ipc(ordinal = 2, deprecated)]
    fn unused2(&self) -> Result<()>;
    #[ipc(ordinal = 3)]
    fn keep(&self, counter: &dyn Counter) -> Result<()>;
    #[ipc(ordinal = 4)]
    fn use_kept(&self) -> Result<i32>;
}

#[test]
fn a_lent_object_that_the_peer_kept_is_refused_after_the_call() {
    let (near, far) = std::os::unix::net::UnixStream::pair().expect("a socket pair");
    let event_loop = mp_runtime::EventLoop::new("lending").expect("an event loop");
    mp_runtime::serve_stream::<dyn Objects>(&event_loop, far, Arc::new(Server::default()));
    let client = mp_runtime::connect_stream::<dyn LendingObjects>(&event_loop, near);
    let alive = Arc::default();
    let mine = Sum::new(&alive);
    assert_eq!(client.keep(&mine), Ok(()));
    let error = client.use_kept().expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(error.text().contains("was lent for one call"), "{error}");
    assert_eq!(mine.add(5), Ok(5), "the peer's attempt did not reach it");
}

#[test]
fn an_owned_object_is_dropped_by_its_new_owner() {
    let (server, client) = server();
    let alive = Arc::default();
    assert_eq!(client.owned(Box::new(Sum::new(&alive))), Ok(10));
    settle(&alive, 0);
    let made = client.make().expect("a counter");
    assert_eq!(server.alive.load(Ordering::SeqCst), 1);
    assert_eq!((made.add(1), made.add(1)), (Ok(1), Ok(2)));
    drop(made);
    assert_eq!(server.alive.load(Ordering::SeqCst), 0, "dropping a handle waits for the object's drop");
    assert!(client.maybe_make(false).expect("none").is_none());
    assert_eq!(client.maybe_make(true).expect("one").expect("one").add(1), Ok(1));
    settle(&server.alive, 0);
}

#[test]
fn a_shared_object_lives_as_long_as_anybody_holds_it() {
    let (_, client) = server();
    let alive = Arc::default();
    let mine: Arc<dyn Counter> = Arc::new(Sum::new(&alive));
    client.keep(mine.clone()).expect("kept");
    assert_eq!(client.use_kept(), Ok(1));
    drop(mine);
    assert_eq!(client.use_kept(), Ok(2));
    client.forget().expect("forgotten");
    settle(&alive, 0);
    assert_eq!(client.use_kept(), Ok(-1));
}

#[test]
fn an_object_comes_home_as_itself_and_a_proxy_stays_one() {
    let (server, client) = server();
    let alive = Arc::default();
    let mine: Arc<dyn Counter> = Arc::new(Sum::new(&alive));
    let home = client.give_back(mine.clone()).expect("it");
    assert!(Arc::ptr_eq(&mine, &home));
    let theirs = client.make_shared().expect("a counter");
    assert!(Handle::of(&*theirs).is_some() && Handle::of(&*mine).is_none());
    let again = client.give_back(theirs.clone()).expect("it");
    assert_eq!((theirs.add(1), again.add(1)), (Ok(1), Ok(2)));
    drop((theirs, again, home, mine));
    settle(&server.alive, 0);
    settle(&alive, 0);
}

#[test]
fn an_object_comes_home_however_late_it_is_looked_at() {
    let (_, client) = server();
    let client = client.object();
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let client = client.clone();
            std::thread::spawn(move || {
                let alive = Arc::default();
                for _ in 0..200 {
                    let mine: Arc<dyn Counter> = Arc::new(Sum::new(&alive));
                    // The release that follows the object home may overtake the thread that waits
                    // for it.
                    let home = client.give_back(mine.clone()).expect("it");
                    assert!(Arc::ptr_eq(&mine, &home));
                }
                settle(&alive, 0);
            })
        })
        .collect();
    for caller in callers {
        caller.join().expect("every object came home");
    }
}

#[test]
fn objects_travel_in_lists_maps_and_tuples() {
    let (server, client) = server();
    let alive = Arc::default();
    let mine: Vec<Arc<dyn Counter>> = (0..5).map(|_| Arc::new(Sum::new(&alive)) as _).collect();
    let made = client.list(mine.clone()).expect("counters");
    assert_eq!(made.len(), 5);
    assert!(made.iter().all(|counter| counter.add(7) == Ok(7)));
    assert!(mine.iter().all(|counter| counter.add(1) == Ok(2)));
    drop(made);
    settle(&server.alive, 0);
    let map: BTreeMap<String, Arc<dyn Counter>> =
        mine.iter().enumerate().map(|(index, counter)| (index.to_string(), counter.clone())).collect();
    let back = client.map(map.clone()).expect("the map");
    assert!(map.iter().zip(&back).all(|(one, other)| one.0 == other.0 && Arc::ptr_eq(one.1, other.1)));
    assert_eq!(client.pair((5, Box::new(Sum::new(&alive)))), Ok(5));
    drop((mine, map, back));
    settle(&alive, 0);
}

#[test]
fn objects_and_closures_travel_in_structs() {
    let (server, client) = server();
    let alive = Arc::default();
    let shared: Arc<dyn Counter> = Arc::new(Sum::new(&alive));
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let desk = Desk {
        shared: shared.clone(),
        owned: Box::new(Sum::new(&alive)),
        maybe: Some(shared.clone()),
        call: Box::new(move |n| {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(n * 2)
        }),
    };
    let back = client.desk(desk).expect("a desk");
    assert_eq!(shared.add(0), Ok(4));
    assert_eq!((back.shared.add(1), back.owned.add(2)), (Ok(1), Ok(2)));
    assert!(back.maybe.is_none());
    // There and back again: the server's closure calls ours.
    assert_eq!((back.call)(10), Ok(24));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    drop((back, shared));
    settle(&server.alive, 0);
    settle(&alive, 0);
}

#[test]
fn closures_are_called_and_dropped() {
    let (_, client) = server();
    assert_eq!(client.closure(Box::new(|n| Ok(n + 1))), Ok(5));
    let mut sum = 0;
    assert_eq!(
        client.changing_closure(Box::new(move |n| {
            sum += n;
            Ok(sum)
        })),
        Ok(3)
    );
    let alive = Arc::new(AtomicUsize::new(0));
    let calls = (1..=3)
        .map(|by| {
            let kept = Sum::new(&alive);
            Box::new(move |n| kept.add(n * by)) as Box<dyn Fn(i32) -> Result<i32> + Send + Sync>
        })
        .collect();
    assert_eq!(client.closures(calls), Ok(6));
    settle(&alive, 0);
    let triple = client.make_closure(3).expect("a closure");
    assert_eq!(triple(14), Ok(42));
}

#[test]
fn an_error_of_a_closure_reaches_its_caller_through_both_processes() {
    let (_, client) = server();
    let error = client.closure(Box::new(|_| Err(mp_runtime::Error::failed("enough")))).expect_err("an error");
    assert_eq!(error.text(), "Each.call: remote failed: enough");
}
