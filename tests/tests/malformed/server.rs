//! The server under test, with a well-behaved client beside the one that breaks the rules.

use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, Once, PoisonError};

use mp_runtime::{
    EventLoop, IpcEnum, IpcStruct, Remote, Result, connect_stream, ipc_file, ipc_interface, serve_stream,
    within,
};

use mp_tests::peer::{Outcome, PATIENCE, Peer, element, list_pointer, struct_pointer};

ipc_file! {
    static FILE: "malformed.capnp" @ 0xd1b2_0000_0000_000b;
}

#[derive(Clone, Copy, Debug, PartialEq, IpcEnum)]
#[ipc(file = FILE, wire = enumerant)]
pub(crate) enum Colour {
    Red,
    Green,
}

#[derive(Clone, Debug, PartialEq, IpcStruct)]
#[ipc(file = FILE)]
pub(crate) enum Shape {
    Circle(i32),
    Square(String),
}

#[derive(Clone, Debug, PartialEq, IpcStruct)]
#[ipc(file = FILE)]
pub(crate) struct Tree {
    pub(crate) children: Vec<Tree>,
}

impl Tree {
    fn count(&self) -> i32 {
        1 + self.children.iter().map(Tree::count).sum::<i32>()
    }
}

#[derive(Clone, Debug, PartialEq, IpcStruct)]
#[ipc(file = FILE)]
pub(crate) struct Point {
    pub(crate) x: i64,
    pub(crate) name: String,
}

#[derive(Clone, Debug, PartialEq, IpcStruct)]
#[ipc(file = FILE)]
pub(crate) struct Chain {
    pub(crate) next: Option<Box<Chain>>,
}

impl Chain {
    pub(crate) fn of(length: usize) -> Self {
        (1..length).fold(Chain { next: None }, |chain, _| Chain { next: Some(Box::new(chain)) })
    }
}

/// Something that a peer can implement.
#[ipc_interface(file = FILE)]
pub(crate) trait Callback: Send + Sync {
    fn call(&self, number: i32) -> Result<i32>;
}

/// What the peers of these tests call; ordinals are those that [`method`] names.
#[ipc_interface(file = FILE, id = 0xd1b2_0000_0000_00bb, construct)]
pub(crate) trait Target: Send + Sync {
    #[ipc(no_context)]
    fn text(&self, value: String) -> Result<String>;
    #[ipc(no_context)]
    fn data(&self, value: Vec<u8>) -> Result<i32>;
    #[ipc(no_context)]
    fn numbers(&self, value: Vec<i32>) -> Result<i32>;
    #[ipc(no_context)]
    fn texts(&self, value: Vec<String>) -> Result<i32>;
    #[ipc(no_context)]
    fn points(&self, value: Vec<Point>) -> Result<i32>;
    #[ipc(no_context)]
    fn units(&self, value: Vec<()>) -> Result<i32>;
    #[ipc(no_context)]
    fn tree(&self, value: Tree) -> Result<i32>;
    #[ipc(no_context)]
    fn colour(&self, value: Colour) -> Result<i32>;
    #[ipc(no_context)]
    fn shape(&self, value: Shape) -> Result<i32>;
    #[ipc(no_context)]
    fn callback(&self, value: Option<Arc<dyn Callback>>) -> Result<bool>;
    fn on_thread(&self, value: i32) -> Result<i32>;
    #[ipc(no_context)]
    async fn later(&self, value: String) -> Result<String>;
    #[ipc(no_context)]
    fn chain(&self, value: Chain) -> Result<i32>;
}

/// The ordinals of [`Target`]'s methods.
#[allow(missing_docs, reason = "the names are those of the methods")]
pub(crate) mod method {
    pub(crate) const CONSTRUCT: u16 = 0;
    pub(crate) const TEXT: u16 = 1;
    pub(crate) const DATA: u16 = 2;
    pub(crate) const NUMBERS: u16 = 3;
    pub(crate) const TEXTS: u16 = 4;
    pub(crate) const POINTS: u16 = 5;
    pub(crate) const UNITS: u16 = 6;
    pub(crate) const TREE: u16 = 7;
    pub(crate) const COLOUR: u16 = 8;
    pub(crate) const SHAPE: u16 = 9;
    pub(crate) const CALLBACK: u16 = 10;
    pub(crate) const ON_THREAD: u16 = 11;
    pub(crate) const LATER: u16 = 12;
    pub(crate) const CHAIN: u16 = 13;
}

/// The id of [`Target`].
pub(crate) const TARGET: u64 = 0xd1b2_0000_0000_00bb;

/// Calls of a [`Target`] by a peer that writes its messages by hand.
pub(crate) trait CallTarget {
    /// Calls a method of the server's first object with parameters given in words.
    fn call_raw(&mut self, method: u16, params: &[u64]) -> Outcome;

    /// A call that keeps to the rules, to see that the connection lives on.
    fn check(&mut self);
}

impl CallTarget for Peer {
    fn call_raw(&mut self, method: u16, params: &[u64]) -> Outcome {
        self.call_with(TARGET, method, params, &[])
    }

    #[track_caller]
    fn check(&mut self) {
        let hello = u64::from_le_bytes(*b"hello\0\0\0");
        let params = [struct_pointer(0, 0, 1), list_pointer(0, element::BYTE, 6), hello];
        let outcome = self.call_raw(method::TEXT, &params);
        assert_eq!(outcome, Outcome::Results(0, "hello".into()), "the connection has not survived");
    }
}

struct Implementation;

fn count<T>(values: &[T]) -> Result<i32> {
    Ok(i32::try_from(values.len()).expect("fewer than 2^31"))
}

#[ipc_interface]
#[rustfmt::skip]
impl Target for Implementation {
    fn text(&self, value: String) -> Result<String> { Ok(value) }
    fn data(&self, value: Vec<u8>) -> Result<i32> { count(&value) }
    fn numbers(&self, value: Vec<i32>) -> Result<i32> { count(&value) }
    fn texts(&self, value: Vec<String>) -> Result<i32> { count(&value) }
    fn points(&self, value: Vec<Point>) -> Result<i32> { count(&value) }
    fn units(&self, value: Vec<()>) -> Result<i32> { count(&value) }
    fn tree(&self, value: Tree) -> Result<i32> { Ok(value.count()) }
    fn colour(&self, value: Colour) -> Result<i32> { Ok(value as i32) }
    fn shape(&self, value: Shape) -> Result<i32> { Ok(matches!(value, Shape::Circle(_)).into()) }
    fn callback(&self, value: Option<Arc<dyn Callback>>) -> Result<bool> { Ok(value.is_some()) }
    fn on_thread(&self, value: i32) -> Result<i32> { Ok(value) }
    async fn later(&self, value: String) -> Result<String> { Ok(value) }
    fn chain(&self, value: Chain) -> Result<i32> {
        let links: Vec<&Chain> = std::iter::successors(Some(&value), |chain| chain.next.as_deref()).collect();
        count(&links)
    }
}

/// Panics of all threads but those of the tests themselves, whose names are paths.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn panics() -> Vec<String> {
    PANICS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn watch_for_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let thread = std::thread::current();
            if !thread.name().unwrap_or_default().contains("::") {
                PANICS.lock().unwrap_or_else(PoisonError::into_inner).push(info.to_string());
            }
            usual(info);
        }));
    });
}

/// A server with one event loop, and a client of it that keeps to the rules.
pub(crate) struct Server {
    event_loop: EventLoop,
    object: Arc<dyn Target>,
    client_loop: EventLoop,
    healthy: Remote<dyn Target>,
}

impl Server {
    pub(crate) fn new() -> Self {
        watch_for_panics();
        let event_loop = EventLoop::new("malformed-server").expect("an event loop");
        let client_loop = EventLoop::new("malformed-client").expect("an event loop");
        let object: Arc<dyn Target> = Arc::new(Implementation);
        let (near, far) = UnixStream::pair().expect("a socket pair");
        serve_stream(&event_loop, far, object.clone());
        let healthy = connect_stream(&client_loop, near);
        let server = Server { event_loop, object, client_loop, healthy };
        server.check();
        server
    }

    /// The client that keeps to the rules.
    pub(crate) fn healthy(&self) -> &dyn Target {
        &*self.healthy
    }

    /// The event loop of that client.
    pub(crate) fn client_loop(&self) -> &EventLoop {
        &self.client_loop
    }

    /// A peer that may do what it likes.
    pub(crate) fn peer(&self) -> Peer {
        let (near, far) = UnixStream::pair().expect("a socket pair");
        serve_stream(&self.event_loop, far, self.object.clone());
        Peer::new(near)
    }

    /// Whether the server still serves its other client, and nothing has panicked.
    #[track_caller]
    pub(crate) fn check(&self) {
        let answers = within(PATIENCE, || (self.healthy.text("healthy".into()), self.healthy.on_thread(7)));
        assert_eq!(answers, (Ok("healthy".into()), Ok(7)), "the other client was disturbed");
        assert_eq!(panics(), Vec::<String>::new());
    }
}
